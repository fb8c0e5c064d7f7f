import { Construct } from 'constructs';
import { AuditRule, AuditStage } from './audit-rule';
import { Grantees, rulesAfter, rulesBefore } from './default-rules';
import { checkExtensionRules } from './extension-rules';
import { AuditPolicyEvaluator } from './policy-evaluator';
import { policyFile } from './policy-file';
import { ruleManifest } from './rule-text';
import { ControlPlane } from '../model/control-plane';
import { ControlPlanePlatform } from '../model/control-plane-platform';
import { IDebugAccess } from '../model/debug-access';
import { addServerFile, serverFiles, ServerFlag } from '../model/server-file';
import { DebugSubject } from '../model/subject';
import { SecureDebugWarnings } from '../model/warnings';
import { sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { text } from '../private/validate';

const where = 'AuditPolicy';
const FILE = 'audit-policy.yaml';
/** The folder is mounted into the pod, so it must not be the root. */
const FILE_IN_FOLDER = /^(\/(?!\.{1,2}(\/|$))[^/]+){2,}$/;

/** What is recorded beyond debug requests and declared access, and where. */
export interface AuditPolicyOptions {
  /**
   * Rules of your own. They stand after the rules on debug requests, tokens, secrets, grants and declared access,
   * which they cannot change, and before noise reduction and the default. A None rule on a ServiceAccount that
   * impersonates people drops what they do through it.
   *
   * @default - none
   */
  readonly additionalRules?: AuditRule[];

  /**
   * Where the API server writes its log: an absolute path, or `-` for standard output.
   *
   * @default - /var/log/kubernetes/audit/audit.log; on K3s and RKE2 server/logs/audit.log in their data folder, on
   * Talos /var/log/audit/kube/kube-apiserver.log, which cannot be changed
   */
  readonly logPath?: string;

  /**
   * How long rotated files are kept, in days (--audit-log-maxage), 1 to 3650.
   *
   * @default 30
   */
  readonly logMaxAgeDays?: number;

  /**
   * How many rotated files are kept (--audit-log-maxbackup), 1 to 1000.
   *
   * @default 10
   */
  readonly logMaxBackups?: number;

  /**
   * Size at which the file is rotated, in megabytes (--audit-log-maxsize), 1 to 10240.
   *
   * @default 100
   */
  readonly logMaxSizeMegabytes?: number;
}

/** What is recorded beyond debug requests, and where. */
export interface AuditPolicyProps extends AuditPolicyOptions {
  /**
   * The declared access. Whatever these groups, users and ServiceAccounts do is recorded before any noise reduction,
   * reads included, and the pods they create with their bodies.
   *
   * @default - nobody in particular; debug requests are recorded whoever sends them
   */
  readonly access?: IDebugAccess[];
}

/**
 * The audit policy of a control plane (audit.k8s.io/v1): records every debug request of every client version, before
 * anything could hide it; secrets and tokens never above Metadata; writes of what carries a right or a reason with
 * their bodies; the noise of the control plane not at all; everything else at Metadata.
 *
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
 */
export class AuditPolicy extends Construct {
  /** Decides what the policy does with a request. */
  public readonly evaluator: AuditPolicyEvaluator;
  private readonly ruleList: AuditRule[];

  /**
   * @param scope the control plane, or a construct in it
   * @throws in a chart of cluster objects, outside a control plane, and as the second one of a control plane; on an
   * added rule that would hide a debug request, record a secret, or never decide anything; on flags out of bounds
   */
  public constructor(scope: Construct, id: string, props: AuditPolicyProps = {}) {
    super(ControlPlane._scopeFor(where, 'audit policy', 'audit', scope), id);
    const controlPlane = ControlPlane._of(this)!;
    let complete = false;
    // An app that swallows an error below must not be synthesized without its audit policy.
    this.node.addValidation({ validate: () => complete ? [] : ['AuditPolicy was refused when it was declared'] });

    if (serverFiles(controlPlane).some(file => file.name === FILE)) {
      reject({ where, field: 'id', value: id, problem: 'is a second audit policy of this control plane, and the API server reads one', fix: 'join the two, or make another ControlPlane' });
    }
    const grantees = granteesOf(props.access);
    const [before, added, after] = [rulesBefore(grantees), props.additionalRules ?? [], rulesAfter()];
    const drops = checkExtensionRules(before, added, after);
    const flags = logFlags(props, controlPlane);

    this.ruleList = [...before, ...added.map(rule => ({ ...rule, reason: rule.reason ?? 'Added by this cluster.' })), ...after];
    this.evaluator = AuditPolicyEvaluator.fromManifest(this.toManifest());
    addServerFile(controlPlane, {
      name: FILE,
      text: () => this.toYaml(),
      compact: () => policyFile([], head(), this.ruleList.map(rule => ({ ...rule, reason: undefined }))),
      flags,
      logPath: props.logPath,
      talos: {
        apiServer: { auditPolicy: this.toManifest() },
        remarks: ['The policy replaces the one that is there (since Talos 1.5). The log is /var/log/audit/kube/kube-apiserver.log.'],
      },
      rke2: { flag: 'audit-policy-file', missing: 'where the policy is missing, RKE2 writes one that records nothing' },
    });
    complete = true;
    drops.forEach(what => SecureDebugWarnings._add(this, 'SD2001', what));
  }

  /** The rules in their order, each with its reason. */
  public get rules(): AuditRule[] {
    return [...this.ruleList];
  }

  /** The policy as an object. */
  public toManifest(): any {
    return { ...head(), rules: this.ruleList.map(ruleManifest) };
  }

  /** The policy as YAML, each rule below its reason. */
  public toYaml(): string {
    return policyFile([
      'What kube-apiserver records (--audit-policy-file). Made by cdk8s-secure-debug.',
      'The first rule that matches a request decides. This is no cluster object: kubectl apply fails on it.',
    ], head(), this.ruleList);
  }
}

/** Events without their beginning, which their end contains; managedFields say nothing that the body does not. */
function head() {
  return { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: [AuditStage.REQUEST_RECEIVED], omitManagedFields: true };
}

/** Group and user names as the API server sees them. */
function granteesOf(access: IDebugAccess[] | undefined): Grantees {
  if (access?.length === 0) {
    reject({ where, field: 'access', value: access, problem: 'is empty', fix: 'give the declared access, or leave the field out' });
  }
  const subjects = (access ?? []).flatMap(one => one.grants).flatMap(grant => grant.subjects);
  const isGroup = (subject: DebugSubject) => subject.kind === 'Group';
  return {
    userGroups: sortedUnique(subjects.filter(isGroup).map(subject => subject.name)),
    users: sortedUnique(subjects.filter(subject => !isGroup(subject))
      .map(({ kind, namespace, name }) => kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name)),
  };
}

function bounded(field: string, value: number, max: number, unit: string): number {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    reject({ where, field, value, problem: `is not a whole number of ${unit} from 1 to ${max}`, fix: 'give one; 0 would mean without limit' });
  }
  return value;
}

/** The flags that go with the policy, given where the file lies and where the platform keeps its log. */
function logFlags(props: AuditPolicyProps, controlPlane: ControlPlane): (path: string, log: string) => ServerFlag[] {
  const { logPath } = props;
  if (logPath !== undefined) {
    text(where, 'logPath', logPath, 'an absolute path such as "/var/log/kubernetes/audit/audit.log"', 512);
    if (logPath !== '-' && !FILE_IN_FOLDER.test(logPath)) {
      reject({ where, field: 'logPath', value: logPath, problem: 'is not the absolute path of a file in a folder of its own', fix: 'write e.g. "/var/log/kubernetes/audit/audit.log", or "-" for standard output' });
    }
    if (controlPlane.platforms.includes(ControlPlanePlatform.TALOS)) {
      reject({ where, field: 'logPath', value: logPath, problem: 'cannot be set on Talos, which mounts no other folder', fix: 'leave it out: the log is /var/log/audit/kube/kube-apiserver.log' });
    }
  }
  const limits: ServerFlag[] = [
    { name: 'audit-log-maxage', value: bounded('logMaxAgeDays', props.logMaxAgeDays ?? 30, 3650, 'days'), kops: 'auditLogMaxAge' },
    { name: 'audit-log-maxbackup', value: bounded('logMaxBackups', props.logMaxBackups ?? 10, 1000, 'files'), kops: 'auditLogMaxBackups' },
    { name: 'audit-log-maxsize', value: bounded('logMaxSizeMegabytes', props.logMaxSizeMegabytes ?? 100, 10240, 'megabytes'), kops: 'auditLogMaxSize' },
  ];
  return (path, log) => [
    { name: 'audit-policy-file', value: path, kops: 'auditPolicyFile' },
    { name: 'audit-log-path', value: log, kops: 'auditLogPath' },
    // Standard output is not rotated.
    ...log === '-' ? [] : limits,
  ];
}
