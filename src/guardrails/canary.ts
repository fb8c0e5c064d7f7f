import { ApiObject, Cron, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { CanaryRequest, GuardrailProbe, PROBE_NAMESPACE, REQUESTS_NAMESPACE } from './canary-probe';
import { ClusterBoundary } from '../model/cluster-boundary';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { apiServerEgress, emitScriptParts, restrictedNamespace, scriptLabels } from '../model/script-job';
import type { ScriptJobOptions } from '../model/script-job-options';
import { readAsset } from '../private/assets';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { NODE_IMAGE, restrictedJobSpec } from '../private/restricted-job';
import { checkSchedule, cronJobName } from '../private/schedule';
import { namespaceName, pinnedImage, seconds } from '../private/validate';

const where = 'GuardrailCanary';
const APP = 'guardrail-canary';
const SCRIPT_FILE = 'guardrail-canary.js';
const CONFIG_FILE = 'config.json';
const RBAC = 'rbac.authorization.k8s.io';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** For a pod to start and to end. */
const SLACK = 2 * MINUTE;

type Declare = (id: string, manifest: Manifest) => ApiObject;

/** As the policies that contain a right are: see `AccessRequestPolicy`. */
const WAVE = 'argocd.argoproj.io/sync-wave';
const WITH_THE_POLICIES = '-2';

/** Which guardrails are watched, and how. */
export interface GuardrailCanaryProps extends ScriptJobOptions {
  /** What is asked. Each guardrail has to deny already. */
  readonly probes: GuardrailProbe[];

  /**
   * When it looks.
   *
   * @default - every ten minutes
   */
  readonly schedule?: Cron;

  /**
   * For how long it tries again, until each policy decided: 10 seconds to 30 minutes, in whole seconds. A policy that was just
   * applied decides after a moment.
   *
   * @default Duration.minutes(2)
   */
  readonly retry?: Duration;

  /**
   * Whether there is a Job too, which Argo CD runs at each sync between the policies and everything else, so that rights that
   * only a policy contains are not applied before it decides. Flux waits for it where another Kustomization `dependsOn` its own.
   *
   * @default true
   */
  readonly gate?: boolean;

  /**
   * Name of the CronJob and of all that belongs to it: at most 52 characters.
   *
   * @default guardrail-canary
   */
  readonly name?: string;

  /**
   * The namespace it runs in. It need not allow more than Pod Security `restricted`.
   *
   * @default secure-debug
   */
  readonly jobNamespace?: string;

  /**
   * Whether that namespace is emitted too, with Pod Security `restricted` enforced.
   *
   * @default - true when `jobNamespace` is left out: a namespace you name is yours
   */
  readonly createNamespace?: boolean;
}

/**
 * Shows that guardrails are loaded and decide, for no policy guards policies: whoever may delete one, or turn its binding to
 * Audit, turns the guardrail off. It sends requests that each policy has to refuse, as dry runs, and succeeds when each was
 * refused by the policy of that name. When one is not, its log has a line of level `alarm` with the event
 * `guardrail-does-not-decide`, the CronJob gets an Event `GuardrailDoesNotDecide`, and its Job fails.
 *
 * What it may do would be of no use to who steals its token: it may write Roles without rights, bind them, and write Jobs and
 * Secrets, in two namespaces of its own in which a quota lets nothing run; and run commands in a pod that there is not.
 *
 * It looks at one API server. Where there are several, another may learn of a policy a moment later.
 *
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies
 */
export class GuardrailCanary extends Construct {
  /** Name of the CronJob, the Job, and what belongs to them. */
  public readonly name: string;
  /** The namespace it runs in. */
  public readonly jobNamespace: string;
  /** Names of the policies that are watched, sorted. */
  public readonly policies: string[];

  /**
   * @throws on malformed names, no probe or one twice, a schedule or time out of bounds, an image that is not pinned, and a bad
   * CIDR or port
   */
  public constructor(scope: Construct, id: string, props: GuardrailCanaryProps) {
    super(scope, id);
    const requests = allOrNothing(this, where, () => requestsOf(props.probes));
    this.policies = sortedUnique(requests.map(({ policy }) => policy));
    this.name = allOrNothing(this, where, () => cronJobName(where, 'name', props.name ?? APP));
    this.jobNamespace = allOrNothing(this, where, () => namespaceName(where, 'jobNamespace', props.jobNamespace ?? 'secure-debug'));
    allOrNothing(this, where, () => emit(this, requests, props));
  }
}

/** All that is asked, in the order of the policies. */
function requestsOf(probes: GuardrailProbe[]): CanaryRequest[] {
  const field = 'probes';
  if (!Array.isArray(probes) || probes.length === 0) {
    reject({ where, field, value: probes, problem: 'is empty, so nothing would be watched', fix: 'give at least one, e.g. GuardrailProbe.accessRequests()' });
  }
  probes.forEach((probe, i) => {
    if (!(probe instanceof GuardrailProbe)) reject({ where, field: `${field}[${i}]`, value: probe, problem: 'is no GuardrailProbe', fix: 'use GuardrailProbe.accessRequests(), .bindings() and so on' });
    const same = probes.findIndex(other => other._requests.some(a => probe._requests.some(b => a.policy === b.policy && a.path === b.path)));
    if (same !== i) reject({ where, field: `${field}[${i}]`, value: probe.toString(), problem: 'is given twice', fix: 'remove one of the two' });
  });
  return probes.flatMap(({ _requests }) => _requests).sort((a, b) => byCodeUnit(a.policy, b.policy) || byCodeUnit(a.path ?? '', b.path ?? ''));
}

function emit(canary: GuardrailCanary, requests: CanaryRequest[], props: GuardrailCanaryProps): void {
  const { name, jobNamespace: namespace } = canary;
  const schedule = checkSchedule(where, 'schedule', props.schedule ?? Cron.schedule({ minute: '*/10' }));
  const retrySeconds = seconds(where, 'retry', props.retry ?? Duration.minutes(2), 10, 30 * MINUTE);
  const image = pinnedImage(where, 'image', props.image ?? NODE_IMAGE);
  const egress = apiServerEgress(where, props.apiServerCidrs, props.apiServerPorts ?? [443, 6443]);
  const labels = scriptLabels({ app: APP, name });
  const boundary = ClusterBoundary.of(canary);
  const declare: Declare = (id, manifest) => declareObject(canary, id, where, boundary, manifest);
  const config = { cronJob: name, namespace, probes: requests.map(({ policy, path, body }) => ({ policy, path, body })), retrySeconds };

  // Other constructs may declare it too, and it has to be there before what is in it, whoever was first.
  if (props.createNamespace ?? props.jobNamespace === undefined) early(declare('namespace', restrictedNamespace(namespace)));
  emitScriptParts(canary, where, {
    app: APP,
    name,
    namespace,
    createNamespace: false,
    data: { [CONFIG_FILE]: `${JSON.stringify(config, undefined, 2)}\n`, [SCRIPT_FILE]: readAsset(`cleanup/${SCRIPT_FILE}`), 'kubernetes.js': readAsset('cleanup/kubernetes.js') },
    egress,
  });
  for (const target of probeNamespaces(requests)) {
    declare(`namespace-${target}`, restrictedNamespace(target));
    declare(`quota-${target}`, {
      apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'nothing-runs-here', namespace: target, labels }, spec: { hard: { 'count/jobs.batch': '0', 'count/secrets': '0', 'pods': '0' } },
    });
  }
  requests.flatMap(({ needs = [] }) => needs).forEach(manifest => declare(`needed-${manifest.metadata.namespace}-${manifest.metadata.name}`, manifest));
  emitRights(declare, canary, labels, requests);

  const spec = restrictedJobSpec({
    name, container: 'canary', image, labels, directory: `/opt/${APP}`, scriptFile: SCRIPT_FILE, configFile: CONFIG_FILE, deadlineSeconds: retrySeconds + SLACK,
  });
  declare('cron-job', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace, labels },
    spec: {
      concurrencyPolicy: 'Forbid',
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: { labels }, spec },
      schedule: schedule.expression,
      startingDeadlineSeconds: HOUR,
      successfulJobsHistoryLimit: 1,
      suspend: false,
      timeZone: 'Etc/UTC',
    },
  });
  canary.node.children.forEach(child => { if (child instanceof ApiObject) early(child); });
  if (props.gate ?? true) declare('gate', gate(`${name}-gate`, namespace, labels, spec));
}

function early(object: ApiObject): void {
  object.metadata.addAnnotation(WAVE, WITH_THE_POLICIES);
}

/** A Job cannot be changed, so both GitOps controllers are told to make it anew. */
function gate(name: string, namespace: string, labels: { [key: string]: string }, spec: object): Manifest {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace,
      labels,
      annotations: {
        'argocd.argoproj.io/hook': 'Sync',
        'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
        [WAVE]: '-1',
        'kustomize.toolkit.fluxcd.io/force': 'enabled',
      },
    },
    spec,
  };
}

/** Those of the canary itself; what else is asked about is there already. */
function probeNamespaces(requests: CanaryRequest[]): string[] {
  return [PROBE_NAMESPACE, REQUESTS_NAMESPACE].filter(namespace => requests.some(({ right }) => right?.namespace === namespace));
}

/** A Role in each namespace that is asked about, one beside the CronJob, and a ClusterRole to read the policies. */
function emitRights(declare: Declare, canary: GuardrailCanary, labels: { [key: string]: string }, requests: CanaryRequest[]): void {
  const { name, jobNamespace, policies } = canary;
  const subjects = [{ kind: 'ServiceAccount', name, namespace: jobNamespace }];
  const emitOne = (kind: 'Role' | 'ClusterRole', rules: PolicyRule[], namespace?: string) => {
    const metadata = { name, ...namespace !== undefined && { namespace }, labels };
    const id = `${namespace ?? 'cluster'}-`;
    declare(`${id}role`, { apiVersion: `${RBAC}/v1`, kind, metadata, rules: PolicyRules.compact(rules) });
    declare(`${id}binding`, { apiVersion: `${RBAC}/v1`, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: RBAC, kind, name }, subjects });
  };
  const stored = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
  emitOne('ClusterRole', [{ apiGroups: ['admissionregistration.k8s.io'], resources: stored, verbs: ['get'], resourceNames: [...policies] }]);
  const own: PolicyRule[] = [
    { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'], resourceNames: [name] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
  ];
  const rights = [...own.map(rule => ({ namespace: jobNamespace, rule })), ...requests.flatMap(({ right }) => right ?? [])];
  for (const namespace of sortedUnique(rights.map(right => right.namespace))) {
    emitOne('Role', rights.filter(right => right.namespace === namespace).map(({ rule }) => rule), namespace);
  }
}
