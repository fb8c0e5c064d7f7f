import { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { certificatesPolicy } from './certificates-policy';
import { emitPolicy } from '../model/admission-policy';
import { CERTIFICATES_POLICY, CLIENT_SIGNER, declareApprover } from '../model/certificate-approver';
import { ClusterBoundary } from '../model/cluster-boundary';
import { apiServerEgress, emitScriptParts, scriptLabels } from '../model/script-job';
import type { ScriptJobOptions } from '../model/script-job-options';
import { DebugSubject } from '../model/subject';
import { SecureDebugWarnings } from '../model/warnings';
import { readAsset } from '../private/assets';
import { byCodeUnit } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { shortHash } from '../private/naming';
import { NODE_IMAGE, podSpec } from '../private/restricted-job';
import { each, groupName, namespaceName, objectName, pinnedImage, seconds } from '../private/validate';

const where = 'CertificateAccess';
const APP = 'certificate-approver';
const RBAC = 'rbac.authorization.k8s.io';
const CERTIFICATES = 'certificates.k8s.io';
const SCRIPT_FILE = 'certificate-approver.js';
const CONFIG_FILE = 'config.json';
const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Who may have a certificate, and for how long. */
export interface CertificateAccessProps extends ScriptJobOptions {
  /** The groups that may have one, as the API server sees their names. A certificate says no other group. */
  readonly groups: string[];

  /**
   * The longest life of a certificate: 10 minutes, which is the least that Kubernetes signs for, to 8 hours, in whole seconds.
   *
   * @default Duration.minutes(30)
   */
  readonly maxLife?: Duration;

  /**
   * Whether somebody who came with a certificate may ask for the next. Then whoever has one never needs to log in again, so
   * leave it out wherever there is another way to log in. Kubernetes tells the two apart from 1.32 on.
   *
   * @default false
   */
  readonly renewByCertificate?: boolean;

  /**
   * Users and ServiceAccounts, each with its reason, that may ask for and approve certificates for the API server past all of
   * this: an operator that makes its own.
   *
   * @default - nobody
   */
  readonly exceptions?: DebugSubject[];

  /**
   * Name of the Deployment and of all that belongs to it: at most 63 characters.
   *
   * @default certificate-approver
   */
  readonly name?: string;

  /**
   * The namespace the approver runs in. Whoever may create pods or change ConfigMaps there can have a certificate in any name.
   *
   * @default secure-debug
   */
  readonly approverNamespace?: string;

  /**
   * Whether that namespace is emitted too, with Pod Security `restricted` enforced.
   *
   * @default - true when `approverNamespace` is left out: a namespace you name is yours
   */
  readonly createNamespace?: boolean;
}

/**
 * Client certificates for people, through the API (signer kubernetes.io/kube-apiserver-client), where OIDC cannot be had. Log in
 * by OIDC first, if you can: a certificate cannot be taken back, and names its groups until it ends.
 *
 * No person approves. Admission cannot read what a request asks for, so whoever approves by hand signs any name and any
 * group. Here the policy `secure-debug-certificates` lets only members of the groups ask, for a bounded time and the usages of a
 * client; and only the approver approve, a Deployment of one small script: the name must be that of who asks, the groups be
 * of theirs and of this list, and there must be nothing else in it.
 *
 * `BindingGuardrail` guards approvals too. Where both are declared for one cluster (`ClusterBoundary`), in whichever order, it lets
 * this approver approve for this signer, and nobody and nothing else. One that an app of its own declares has to be told:
 * `GuardrailException.serviceAccount(access.approverNamespace, access.name, 'approves certificates of people')`.
 *
 * EKS does not sign for this signer. An open stream outlives the certificate that opened it.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
export class CertificateAccess extends Construct {
  /** The image that runs the script when no other is given: the public one of Node.js, by version tag. */
  public static readonly DEFAULT_IMAGE = NODE_IMAGE;

  /** Name of the Deployment, and of its ServiceAccount, ConfigMap, NetworkPolicy, ClusterRole and ClusterRoleBinding. */
  public readonly name: string;
  /** The namespace the approver runs in. */
  public readonly approverNamespace: string;
  /** The groups that may have a certificate, sorted. */
  public readonly groups: string[];
  /** The longest life of a certificate, in seconds. */
  public readonly maxLifeSeconds: number;

  /**
   * @throws on no, malformed or `system:` groups, a life out of bounds, exceptions that are groups, an image that is not pinned,
   * a bad CIDR or port, and when the same objects are declared elsewhere with other content
   */
  public constructor(scope: Construct, id: string, props: CertificateAccessProps) {
    super(scope, id);
    this.groups = [...each(where, 'groups', props.groups, 'group', (field, value) => groupName(where, field, value))].sort(byCodeUnit);
    this.maxLifeSeconds = seconds(where, 'maxLife', props.maxLife ?? Duration.minutes(30), 10 * MINUTE, 8 * HOUR);
    this.name = objectName(where, 'name', props.name ?? APP);
    this.approverNamespace = namespaceName(where, 'approverNamespace', props.approverNamespace ?? 'secure-debug');
    allOrNothing(this, where, () => this.emit(props));

    const warn = (rule: string, detail: string) => SecureDebugWarnings._add(this, rule, detail);
    if (this.maxLifeSeconds > HOUR) warn('SD7003', `up to ${this.maxLifeSeconds / HOUR} h`);
    if (props.renewByCertificate) warn('SD7004', this.groups.join(', '));
  }

  private emit(props: CertificateAccessProps): void {
    const { name, approverNamespace: namespace, groups, maxLifeSeconds } = this;
    const byCertificate = props.renewByCertificate ?? false;
    const exceptions = exceptionsOf(props.exceptions ?? []);
    const image = pinnedImage(where, 'image', props.image ?? CertificateAccess.DEFAULT_IMAGE);
    const config = { byCertificate, exceptions: exceptions.map(({ user }) => user), groups, maxSeconds: maxLifeSeconds };
    const data = {
      [CONFIG_FILE]: `${JSON.stringify(config, undefined, 2)}\n`,
      [SCRIPT_FILE]: readAsset(`${APP}/${SCRIPT_FILE}`),
      'certificate-request.js': readAsset(`${APP}/certificate-request.js`),
      'kubernetes.js': readAsset('cleanup/kubernetes.js'),
    };

    emitScriptParts(this, where, {
      app: APP,
      name,
      namespace,
      data,
      createNamespace: props.createNamespace ?? props.approverNamespace === undefined,
      egress: apiServerEgress(where, props.apiServerCidrs, props.apiServerPorts ?? [443, 6443]),
    });
    const approver = `system:serviceaccount:${namespace}:${name}`;
    emitPolicy(new Construct(this, 'admission'), where, certificatesPolicy({ groups, maxLifeSeconds, byCertificate, exceptions, approver }));
    declareApprover(this, approver);
    this.emitDeployment(image, data);
    this.emitRights();
  }

  private emitDeployment(image: string, data: { [file: string]: string }): void {
    const { name, approverNamespace: namespace } = this;
    const labels = scriptLabels({ app: APP, name });
    const directory = `/opt/${APP}`;
    declareObject(this, 'deployment', where, ClusterBoundary.of(this), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        revisionHistoryLimit: 2,
        selector: { matchLabels: { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/name': APP } },
        strategy: { type: 'Recreate' },
        template: {
          // The pod starts anew when the script or its configuration changes.
          metadata: { annotations: { 'secure-debug.internal/config-hash': shortHash(JSON.stringify(data)) }, labels },
          spec: { ...podSpec({ name, container: 'approver', image, labels, directory, scriptFile: SCRIPT_FILE, configFile: CONFIG_FILE }), restartPolicy: 'Always' },
        },
      },
    });
  }

  /** Who may ask, and what the approver may do: no more than it calls. */
  private emitRights(): void {
    const { name, approverNamespace: namespace, groups } = this;
    const labels = scriptLabels({ app: APP, name });
    const declare = (id: string, manifest: Manifest) => declareObject(this, id, where, ClusterBoundary.of(this), manifest);
    const grant = (id: string, role: string, rules: object[], subjects: object[]) => {
      const metadata = { name: role, labels };
      declare(`${id}-role`, { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata, rules });
      declare(`${id}-binding`, { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role }, subjects });
    };
    grant('approver', name, [
      { apiGroups: [CERTIFICATES], resources: ['certificatesigningrequests'], verbs: ['list'] },
      { apiGroups: [CERTIFICATES], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
      { apiGroups: [CERTIFICATES], resources: ['signers'], resourceNames: [CLIENT_SIGNER], verbs: ['approve'] },
    ], [{ kind: 'ServiceAccount', name, namespace }]);
    grant('requesters', `${name}-requesters`, [
      { apiGroups: [CERTIFICATES], resources: ['certificatesigningrequests'], verbs: ['create', 'get'] },
      // For whom, for how long: the command line asks for no more than is given.
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingadmissionpolicies'], resourceNames: [CERTIFICATES_POLICY], verbs: ['get'] },
    ], groups.map(group => DebugSubject.group(group).toManifest()));
  }
}

/** Users as the API server sees them, each with its reason. */
function exceptionsOf(subjects: DebugSubject[]): { user: string; reason: string }[] {
  return subjects.map((subject, i) => {
    if (!(subject instanceof DebugSubject) || subject.kind === 'Group') {
      reject({ where, field: `exceptions[${i}]`, value: subject instanceof DebugSubject ? String(subject) : subject, problem: 'is no user and no ServiceAccount', fix: 'use DebugSubject.serviceAccountBecause(…) or .userBecause(…)' });
    }
    const { kind, namespace, name, reason } = subject;
    return { user: kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name, reason: reason! };
  }).sort((a, b) => byCodeUnit(a.user, b.user));
}
