import { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { GatewayIdentity } from './gateway-identity';
import { gatewayJobSpec, RECORDINGS_DIRECTORY } from './gateway-job';
import { APP, fencePolicy, templatePolicy } from './gateway-policies';
import { GatewayReach } from './gateway-reach';
import { GatewayRecording } from './gateway-recording';
import { actionsOf, checkTargets, GatewayTarget, inTheirName } from './gateway-target';
import { publicKey } from './ssh-key';
import { LOGIN, PORT, sshdConfig } from './sshd-config';
import { emitPolicy } from '../model/admission-policy';
import { DebugCapability } from '../model/capability';
import { ClusterBoundary } from '../model/cluster-boundary';
import { DOMAIN, REASON } from '../model/constants';
import { ExecAllowList } from '../model/exec-allow-list';
import { apiServerEgress, restrictedNamespace, scriptLabels } from '../model/script-job';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { cronJobName } from '../private/schedule';
import { each, groupName, namespaceName, objectName, pinnedImage, seconds, text } from '../private/validate';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const RBAC = 'rbac.authorization.k8s.io';
const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';
/** The first version whose API server bounds impersonation. */
const CONSTRAINED = 36;
/** The first version that has all the gateway needs besides: policies, and streams of the fifth protocol. */
const WITHOUT_RIGHTS = 30;
/** Names of containers have to fit a session's memory; more people start more gateways. */
const MOST_SESSIONS = 200;

/** What is never recorded, unless the props say otherwise: keys, tokens and passwords as they usually look. */
const MASKS = [
  '(?<![A-Za-z0-9+/])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])',
  '(?:[Bb]earer|BEARER|[Bb]asic|BASIC) +(?<secret>[A-Za-z0-9._~+/=-]{16,})',
  'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}',
  '(?:gh[pousr]|github_pat|glpat|xox[abprs])[_-][A-Za-z0-9_-]{16,}',
  '-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?',
  '[A-Za-z0-9_.-]*(?:[Pp]assword|PASSWORD|[Pp]asswd|PASSWD|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Aa]pi_?[Kk]ey|API_?KEY)[A-Za-z0-9_.-]*["\']?\\s{0,4}[=:]\\s{0,4}["\']?(?<secret>[^\\s"\']{4,})',
  '[a-z][a-z0-9+.-]*://[^\\s/:@]+:(?<secret>[^\\s/@]+)@',
];

/** An SSH door to pods of some namespaces. */
export interface DebugGatewayProps {
  /**
   * Version of the cluster, `1.36` or newer: before that, Kubernetes cannot bound for whom, and about what, the gateway speaks. With
   * `GatewayIdentity.ownCredential()`, `1.30` or newer.
   */
  readonly clusterVersion: string;

  /**
   * As whom the API server is asked.
   *
   * @default GatewayIdentity.impersonation()
   */
  readonly identity?: GatewayIdentity;

  /**
   * Which commands are let through, as a broker policy says: what it does not have is refused before the API server is asked, in the
   * guardrail's words. With a policy that only watches, it is a remark in the recording. The guardrail decides in any case.
   *
   * @default - the guardrails of the cluster alone
   */
  readonly allowList?: ExecAllowList;

  /** How long a gateway lives, with everything that is open in it: 1 minute to 4 hours, in whole seconds. */
  readonly deadline: Duration;

  /** Where recordings go. There is no gateway without. */
  readonly recording: GatewayRecording;

  /** The namespaces that are reached, and by which groups. */
  readonly targets: GatewayTarget[];

  /** Public keys of the authorities that sign the certificates of people, as in a `.pub` file. Ed25519, or ECDSA, also on hardware. */
  readonly userAuthorities: string[];

  /** Public key of the authority that signed the gateway's own key. Clients get it from the API server, by an annotation of the CronJob. */
  readonly hostAuthority: string;

  /** The image: `gateway/Dockerfile`, built and pinned by you, with a version tag or a digest. */
  readonly image: string;

  /**
   * Groups that may start a gateway, see its pod and forward a port to it.
   *
   * @default - the groups of the targets
   */
  readonly starters?: string[];

  /**
   * How an SSH client reaches it.
   *
   * @default GatewayReach.portForward()
   */
  readonly reach?: GatewayReach;

  /**
   * Name of a Secret in the gateway's namespace with `ssh_host_ed25519_key` and `ssh_host_ed25519_key-cert.pub`. It is not made
   * here, since it is a secret; its certificate has the principal `<name>.<gatewayNamespace>`.
   *
   * @default - the gateway's name with `-host-key`
   */
  readonly hostKeySecret?: string;

  /**
   * Whether only keys on hardware are let in, that were touched and asked for a PIN (`sk-` keys, `verify-required`).
   *
   * @default false
   */
  readonly hardwareKeys?: boolean;

  /**
   * The longest that a person's certificate may be for: 5 to 60 minutes, in whole seconds. One that is for longer lets nobody in.
   *
   * @default Duration.hours(1)
   */
  readonly maxCertificateLife?: Duration;

  /**
   * Public keys, of people or authorities, that let nobody in any more. A running gateway hears of it within about a minute.
   *
   * @default - none
   */
  readonly revokedKeys?: string[];

  /**
   * Serial numbers of certificates that let nobody in any more, as whole numbers in text.
   *
   * @default - none
   */
  readonly revokedSerials?: string[];

  /**
   * Regular expressions of JavaScript (flags `du`) of what is masked in recordings besides what is masked anyway. A group named
   * `secret` limits what is replaced. A secret that a terminal draws in pieces is not found.
   *
   * @default - none
   */
  readonly masks?: string[];

  /**
   * Images of debug containers; the first is the default.
   *
   * @default - none: debug containers are not offered
   */
  readonly debugImages?: string[];

  /**
   * Sessions at the same time, 1 to 200. Each is allowed 96 MiB of memory.
   *
   * @default 20
   */
  readonly maxSessions?: number;

  /**
   * Name of the CronJob and of all that belongs to it: at most 52 characters.
   *
   * @default debug-gateway
   */
  readonly name?: string;

  /**
   * The namespace it runs in, for nothing else: every Job there has to be a gateway.
   *
   * @default debug-gateway
   */
  readonly gatewayNamespace?: string;

  /**
   * Whether that namespace is emitted too, with Pod Security `restricted` enforced.
   *
   * @default - true when `gatewayNamespace` is left out: a namespace you name is yours
   */
  readonly createNamespace?: boolean;

  /**
   * CIDR blocks of the API server, behind its Service: those of its endpoints. The NetworkPolicy lets the gateway reach nothing else.
   *
   * @default - any address, since the library cannot know it; only the API server's ports are open
   */
  readonly apiServerCidrs?: string[];

  /**
   * TCP ports of the API server: that of its Service and that of its endpoints.
   *
   * @default [443, 6443]
   */
  readonly apiServerPorts?: number[];

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be targets.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * An SSH gateway that is started when it is needed and ends with all its sessions when its deadline has passed: a suspended
 * CronJob as its template, policies that let its starters create exactly that Job and nobody enter its pod, and the right to ask
 * the API server in the name of those who log in. What they may do is up to their own rights and to the guardrails, and the audit
 * log names them.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 * @see https://man.openbsd.org/sshd_config
 */
export class DebugGateway extends Construct {
  /** Annotation of the CronJob: public key of the authority that signed the gateway's key. */
  public static readonly HOST_AUTHORITY = `${DOMAIN}/ssh-host-authority`;
  /** Annotation of the CronJob: `own-credential` when clients have to hand over theirs. */
  public static readonly IDENTITY = `${DOMAIN}/ssh-identity`;
  /** The user to log in as. Who somebody is stands in their certificate. */
  public static readonly LOGIN = LOGIN;
  /** The port of sshd. */
  public static readonly PORT = PORT;

  /** Name of the CronJob, and of its ServiceAccount, ConfigMap, NetworkPolicy, Roles and bindings. It is also the principal that certificates need. */
  public readonly name: string;
  /** The namespace it runs in. */
  public readonly gatewayNamespace: string;
  /** The namespaces that are reached, sorted. */
  public readonly namespaces: string[];
  /** The name by which clients know it: the principal of its own certificate. */
  public readonly hostName: string;

  /**
   * @throws on a deadline that is missing or over four hours, a missing recording, a cluster before 1.36 (1.30 with
   * `ownCredential()`), an allow-list without one of the targets, system groups and namespaces, keys that are private, damaged or of a weak type, an image that is not pinned, malformed names, blocks and ports
   */
  public constructor(scope: Construct, id: string, props: DebugGatewayProps) {
    super(scope, id);
    const where = 'DebugGateway';
    const checked = allOrNothing(this, where, () => {
      const all = check(where, props);
      this.declare(where, all);
      return all;
    });
    this.name = checked.name;
    this.gatewayNamespace = checked.namespace;
    this.namespaces = checked.targets.map(target => target.namespace);
    this.hostName = `${checked.name}.${checked.namespace}`;
  }

  private declare(where: string, checked: Checked): void {
    const { name, namespace, targets, reach } = checked;
    const labels = scriptLabels({ app: APP, name });
    const podLabels = { 'app.kubernetes.io/name': APP, 'app.kubernetes.io/instance': name };
    const metadata = { name, namespace, labels };
    const boundary = ClusterBoundary.of(this);
    const declare = (childId: string, manifest: Manifest) => declareObject(this, childId, where, boundary, manifest);
    const serviceAccount = { kind: 'ServiceAccount', name, namespace };
    const bound = (childId: string, kind: 'Role' | 'ClusterRole', at: object, roleName: string, rules: object[], subjects: object[]) => {
      declare(`${childId}-role`, { apiVersion: `${RBAC}/v1`, kind, metadata: { name: roleName, labels, ...at }, rules });
      declare(`${childId}-binding`, {
        apiVersion: `${RBAC}/v1`, kind: `${kind}Binding`, metadata: { name: roleName, labels, ...at }, roleRef: { apiGroup: RBAC, kind, name: roleName }, subjects,
      });
    };

    // They contain the rights below, so they are there first and refuse from the first apply on.
    const first = { 'argocd.argoproj.io/sync-wave': '-2' };
    for (const policy of [templatePolicy({ name, namespace }), fencePolicy({ namespace })]) {
      emitPolicy(new Construct(this, policy.name), where, { ...policy, annotations: first, bindingAnnotations: first });
    }

    if (checked.createNamespace) declare('namespace', restrictedNamespace(namespace));
    declare('service-account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    declare('config', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: filesOf(checked) });
    declare('cron-job', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: {
        ...metadata,
        annotations: {
          [DebugGateway.HOST_AUTHORITY]: checked.hostAuthority,
          ...checked.maxCredentialSeconds !== undefined && { [DebugGateway.IDENTITY]: 'own-credential' },
          [REASON]: 'A template: kubectl create job --from=cronjob starts a gateway. It never runs by itself.',
        },
      },
      spec: {
        concurrencyPolicy: 'Allow',
        jobTemplate: { metadata: { labels }, spec: gatewayJobSpec({ ...checked, labels: podLabels, claimName: checked.recording.claimName }) },
        // Kubernetes wants a schedule; this day does not exist, and it is suspended.
        schedule: '0 0 31 2 *',
        suspend: true,
      },
    });

    const ingress = reach.sourceCidrs.length
      ? [{ from: reach.sourceCidrs.map(block => ({ ipBlock: { cidr: block } })), ports: [{ port: PORT, protocol: 'TCP' }] }] : [];
    declare('network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, annotations: { [REASON]: 'In: a port-forward, which comes from the node, or the declared blocks. Out: the Kubernetes API, by its IP address.' } },
      spec: { podSelector: { matchLabels: podLabels }, policyTypes: ['Ingress', 'Egress'], ...ingress.length > 0 && { ingress }, egress: checked.egress },
    });
    if (reach.sourceCidrs.length) {
      declare('service', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          loadBalancerSourceRanges: reach.sourceCidrs,
          selector: podLabels,
          ports: [{ name: 'ssh', port: 22, targetPort: PORT, protocol: 'TCP' }],
        },
      });
    }

    if (checked.maxCredentialSeconds === undefined) {
      // Whose name: any person's, for people are not declared; which groups: these alone. And which right it is that they have.
      bound('speaks-for', 'ClusterRole', {}, `secure-debug-${name}.${namespace}`, [
        { apiGroups: [AUTHENTICATION], resources: ['groups'], verbs: ['impersonate:user-info'], resourceNames: checked.groups },
        { apiGroups: [AUTHENTICATION], resources: ['users'], verbs: ['impersonate:user-info'] },
        { apiGroups: [AUTHORIZATION], resources: ['selfsubjectaccessreviews'], verbs: ['impersonate-on:user-info:create'] },
      ], [serviceAccount]);
      for (const target of targets) {
        bound(`speaks-in-${target.namespace}`, 'Role', { namespace: target.namespace }, `${name}.${namespace}`, inTheirName(target).map(rule => ({ ...rule })), [serviceAccount]);
      }
    }
    bound('starters', 'Role', { namespace }, `${name}-starters`, [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
      { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'], resourceNames: [name] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list', 'watch', 'create'] },
    ], checked.starters.map(group => ({ apiGroup: RBAC, kind: 'Group', name: group })));
  }
}

type Checked = ReturnType<typeof check>;

function check(where: string, props: DebugGatewayProps) {
  const minor = /^1\.(\d{1,3})(?:\.\d{1,3})?$/.exec(props.clusterVersion)?.[1];
  if (minor === undefined) reject({ where, field: 'clusterVersion', value: props.clusterVersion, problem: 'is not a version of Kubernetes', fix: 'write it as "1.36"' });
  if (props.identity !== undefined && !(props.identity instanceof GatewayIdentity)) {
    reject({ where, field: 'identity', value: props.identity, problem: 'is no GatewayIdentity', fix: 'use GatewayIdentity.impersonation() or GatewayIdentity.ownCredential()' });
  }
  const { maxCredentialSeconds } = props.identity ?? GatewayIdentity.impersonation();
  if (Number(minor) < CONSTRAINED && maxCredentialSeconds === undefined) {
    reject({
      where,
      field: 'clusterVersion',
      value: props.clusterVersion,
      problem: 'cannot bound impersonation: a stolen token of the gateway would read every Secret of the cluster, as one of its controllers',
      fix: `give identity: GatewayIdentity.ownCredential(), or use kubectl with a short login, until the cluster runs 1.${CONSTRAINED} or newer`,
    });
  }
  if (Number(minor) < WITHOUT_RIGHTS) {
    reject({ where, field: 'clusterVersion', value: props.clusterVersion, problem: 'has no admission policies to fence a gateway', fix: `use kubectl with a short login until the cluster runs 1.${WITHOUT_RIGHTS} or newer` });
  }
  if (!(props.recording instanceof GatewayRecording)) {
    reject({ where, field: 'recording', value: props.recording, problem: 'is missing: a gateway without recordings is a way around the audit log', fix: 'name a volume claim: GatewayRecording.volumeClaim("debug-recordings")' });
  }
  if (props.deadline === undefined) {
    reject({ where, field: 'deadline', value: undefined, problem: 'is missing: the end of the gateway is what ends open sessions', fix: 'give 1 minute to 4 hours, e.g. deadline: Duration.hours(1)' });
  }
  if (props.reach !== undefined && !(props.reach instanceof GatewayReach)) {
    reject({ where, field: 'reach', value: props.reach, problem: 'is no GatewayReach', fix: 'use GatewayReach.portForward() or GatewayReach.loadBalancer([…])' });
  }
  const allowSystem = props.allowSystemNamespaces ?? false;
  const targets = checkTargets(where, props.targets, allowSystem);
  const name = cronJobName(where, 'name', props.name ?? APP);
  const namespace = namespaceName(where, 'gatewayNamespace', props.gatewayNamespace ?? APP);
  const reached = targets.find(target => target.namespace === namespace);
  if (reached) reject({ where, field: 'gatewayNamespace', value: namespace, problem: 'is a target too, so who comes in could reach the gateway itself', fix: 'give the gateway a namespace of its own' });
  const groups = sortedUnique(targets.flatMap(target => target.groups));
  const starters = [...props.starters === undefined ? groups : each(where, 'starters', props.starters, 'group', (field, value) => groupName(where, field, value))].sort(byCodeUnit);
  const keys = (field: string, values: string[]) => {
    each(where, field, values, 'public key', (_at, value) => value);
    return values.map((value, i) => publicKey(where, `${field}[${i}]`, value));
  };
  const maxSessions = props.maxSessions ?? 20;
  if (!Number.isInteger(maxSessions) || maxSessions < 1 || maxSessions > MOST_SESSIONS) {
    reject({ where, field: 'maxSessions', value: maxSessions, problem: `is not a whole number from 1 to ${MOST_SESSIONS}`, fix: 'leave it out for 20; more people start more gateways' });
  }
  const debugImages = props.debugImages === undefined ? [] : each(where, 'debugImages', props.debugImages, 'image', (field, value) => pinnedImage(where, field, value));
  const masks = props.masks === undefined ? [] : each(where, 'masks', props.masks, 'regular expression', (field, value) => mask(where, field, value));
  props.targets.forEach(({ namespace: target, capabilities }) => {
    if (capabilities?.includes(DebugCapability.EPHEMERAL_CONTAINERS) && debugImages.length === 0) {
      reject({ where, field: 'debugImages', value: props.debugImages, problem: `is empty, and debug containers are offered in ${target}`, fix: 'name an image, e.g. debugImages: ["docker.io/library/busybox:1.37.0"], or leave EPHEMERAL_CONTAINERS out' });
    }
  });
  const { allowList } = props;
  if (allowList !== undefined && !(allowList instanceof ExecAllowList)) {
    reject({ where, field: 'allowList', value: allowList, problem: 'is no ExecAllowList', fix: 'use BrokerPolicy.fromFile("broker.json").execAllowList()' });
  }
  const unguarded = allowList && targets.find(target => !allowList.namespaces.includes(target.namespace));
  if (unguarded) {
    reject({ where, field: 'allowList', value: allowList.namespaces, problem: `does not have the target ${unguarded.namespace}, so it would allow nothing there`, fix: 'add the namespace to a team of the policy, or give the target a gateway of its own' });
  }
  return {
    name,
    namespace,
    maxCredentialSeconds,
    allowList: allowList?._toJson(targets.map(target => target.namespace)),
    createNamespace: props.createNamespace ?? props.gatewayNamespace === undefined,
    groups,
    starters,
    targets: debugImages.length ? targets : targets.map(target => ({
      ...target, capabilities: target.capabilities.filter(one => one !== DebugCapability.EPHEMERAL_CONTAINERS),
    })),
    deadlineSeconds: seconds(where, 'deadline', props.deadline, MINUTE, 4 * HOUR),
    recording: props.recording,
    reach: props.reach ?? GatewayReach.portForward(),
    image: pinnedImage(where, 'image', props.image),
    hostKeySecret: objectName(where, 'hostKeySecret', props.hostKeySecret ?? `${name}-host-key`),
    hostAuthority: publicKey(where, 'hostAuthority', props.hostAuthority),
    userAuthorities: keys('userAuthorities', props.userAuthorities),
    hardwareKeys: props.hardwareKeys ?? false,
    maxCertificateSeconds: seconds(where, 'maxCertificateLife', props.maxCertificateLife ?? Duration.hours(1), 5 * MINUTE, HOUR),
    revokedKeys: props.revokedKeys === undefined ? [] : keys('revokedKeys', props.revokedKeys),
    revokedSerials: props.revokedSerials === undefined ? [] : each(where, 'revokedSerials', props.revokedSerials, 'serial number', (field, value) => serial(where, field, value)),
    masks: [...MASKS, ...masks],
    debugImages: [...debugImages],
    maxSessions,
    egress: apiServerEgress(where, props.apiServerCidrs, props.apiServerPorts ?? [443, 6443]),
  };
}

function serial(where: string, field: string, value: string): string {
  if (typeof value !== 'string' || !/^(0|[1-9]\d{0,19})$/.test(value)) {
    reject({ where, field, value, problem: 'is no serial number', fix: 'write it as ssh-keygen -L shows it, e.g. "1234"' });
  }
  return value;
}

function mask(where: string, field: string, value: string): string {
  text(where, field, value, 'a regular expression such as "ledger-key-[0-9a-f]+"', 500);
  try {
    if (new RegExp(value, 'du').test('')) reject({ where, field, value, problem: 'matches nothing at all, so it would match everywhere', fix: 'say what the secret looks like, e.g. "ledger-key-[0-9a-f]+"' });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reject({ where, field, value, problem: 'is no regular expression', fix: 'write one of JavaScript, e.g. "ledger-key-[0-9a-f]+"' });
  }
  return value;
}

/** The files of the ConfigMap. */
function filesOf(checked: Checked): { [file: string]: string } {
  const { name, namespace, targets, groups, maxCertificateSeconds, revokedSerials, masks, debugImages, maxSessions } = checked;
  const lines = (all: string[]) => all.map(line => `${line}\n`).join('');
  const config = {
    name,
    namespace,
    targets: targets.map(target => ({ namespace: target.namespace, actions: actionsOf(target), ports: target.ports })),
    groups,
    maxCertificateSeconds,
    revokedSerials,
    recordings: RECORDINGS_DIRECTORY,
    pipeBytes: 1024 * 1024,
    masks,
    debugImages,
    maxSessions,
    ...checked.maxCredentialSeconds !== undefined && { ownCredential: { maxSeconds: checked.maxCredentialSeconds } },
    ...checked.allowList && { allowList: checked.allowList },
  };
  return {
    'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
    'principals': lines([name]),
    'revoked_keys': lines(checked.revokedKeys),
    'sshd_config': sshdConfig(checked),
    'user_authorities': lines(checked.userAuthorities),
  };
}
