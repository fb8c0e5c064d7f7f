import { Cron, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import type { CleanupJobOptions } from './cleanup-job-options';
import { scripts } from './scripts';
import { ClusterBoundary } from '../model/cluster-boundary';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { apiServerEgress, emitScriptParts, scriptLabels } from '../model/script-job';
import { VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { declareObject, Manifest } from '../private/declare';
import { NODE_IMAGE, restrictedJobSpec } from '../private/restricted-job';
import { checkSchedule, checkTimeZone, cronJobName } from '../private/schedule';
import { each, namespaceName, pinnedImage, seconds } from '../private/validate';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const RBAC = 'rbac.authorization.k8s.io';
const APP = 'expired-access-cleanup';
const SCRIPT_FILE = 'expired-access-cleanup.js';
const CONFIG_FILE = 'config.json';

/** Where temporary access is watched, how often, and how long its timer may take. */
export interface ExpiredAccessCleanupProps extends CleanupJobOptions {
  /** The namespaces where access can be requested, by name. */
  readonly namespaces: string[];

  /**
   * How long after its end a grant may still be there before it is deleted and an alarm is raised: 10 seconds to 1 hour, in
   * whole seconds. Its timer takes a second or two; the rest is for clocks that differ.
   *
   * @default Duration.minutes(1)
   */
  readonly grace?: Duration;

  /**
   * When it runs. A grant whose timer fails lives for `grace` and until the next run.
   *
   * @default - every five minutes
   */
  readonly schedule?: Cron;

  /**
   * How long one run may take: 1 minute to 1 hour, in whole seconds. What it did not reach is for the next run.
   *
   * @default Duration.minutes(4)
   */
  readonly deadline?: Duration;

  /**
   * Name of the CronJob and of all that belongs to it: at most 52 characters.
   *
   * @default expired-access-cleanup
   */
  readonly name?: string;
}

/**
 * The backstop of access that is granted for a time. The timer of a grant removes it without any help; this CronJob finds
 * the grants whose timer failed (past their end by more than `grace`, without an end that can be read, or without a
 * timer), deletes them, and raises an alarm. Requests without subjects are tidied up the same way, without an alarm, for a
 * leftover keeps its author from asking again. A RoleBinding that gives a requestable Role and is no request is an alarm
 * too, and is left to people.
 *
 * Its log is JSON, one object a line. **Alert on `level` = `alarm`**: `event` says which (`overdue-grant`,
 * `grant-without-timer`, `unreadable-grant`, `unexpected-binding`), beside `person`, `role`, `ticket`, `namespace` and
 * `overdueSeconds`; and on Jobs that fail, for one that cannot look finds nothing. Each is also a Warning Event on the
 * RoleBinding (`OverdueGrant` and so on). A run with alarms exits with 0, one that could not do its work with 1. The last
 * line counts requests by state, for dashboards. A deletion carries UID and resourceVersion: what changed since it was
 * looked at is for the next run.
 *
 * What it may do: list and delete RoleBindings and look at Jobs, in these namespaces. RBAC cannot limit that to requests,
 * whose names vary; where `AccessRequestPolicy` governs, it does. No policy knows the time on DELETE, so whoever steals
 * the token of this ServiceAccount can end access early, and give none.
 *
 * It ends no session. The end of a grant stops new ones, and Kubernetes keeps a stream that is open: a shell goes on until
 * its pod ends. Which pod was entered is in the audit log alone, so nothing here can tell which one would have to go.
 * `DebugContainerCleanup` evicts pods whose debug containers run for longer than its `maxAge`; for a shell in an
 * application's container, delete the pod that the log names.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/#ttl-mechanism-for-finished-jobs
 * @see https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export class ExpiredAccessCleanup extends Construct {
  /** The image that runs the script when no other is given: the public one of Node.js, by version tag. */
  public static readonly DEFAULT_IMAGE = NODE_IMAGE;

  /** Name of the CronJob, and of its ServiceAccount, ConfigMap, NetworkPolicy, Roles and RoleBindings. */
  public readonly name: string;
  /** The namespace the CronJob runs in. */
  public readonly jobNamespace: string;
  /** The namespaces that are watched, sorted. */
  public readonly namespaces: string[];
  /** What the job may do in each of them, as in the Role. */
  public readonly rules: PolicyRule[];

  /**
   * @throws on empty or malformed names, system namespaces, durations and schedules out of bounds, an image that is not
   * pinned, a bad CIDR or port, and when the same objects are declared elsewhere with other content
   */
  public constructor(scope: Construct, id: string, props: ExpiredAccessCleanupProps) {
    super(scope, id);
    const where = 'ExpiredAccessCleanup';
    const allowSystem = props.allowSystemNamespaces ?? false;
    const checkNamespace = (field: string, value: string) => namespaceName(where, field, value, allowSystem);
    this.namespaces = [...each(where, 'namespaces', props.namespaces, 'namespace', checkNamespace)].sort(byCodeUnit);
    this.jobNamespace = checkNamespace('jobNamespace', props.jobNamespace ?? 'secure-debug');
    this.name = cronJobName(where, 'name', props.name ?? APP);
    this.rules = PolicyRules.compact([
      { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['list', 'delete'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
      { apiGroups: [VIRTUAL_GROUP], resources: [VIRTUAL.expire.resource], verbs: [VIRTUAL.expire.verb] },
    ]);

    const config = {
      dryRun: props.dryRun ?? false,
      graceSeconds: seconds(where, 'grace', props.grace ?? Duration.minutes(1), 10, HOUR),
      namespaces: this.namespaces,
    };
    const schedule = checkSchedule(where, 'schedule', props.schedule ?? Cron.schedule({ minute: '*/5' }));
    const suspend = props.suspend ?? false;
    const timeZone = checkTimeZone(where, 'timeZone', props.timeZone ?? 'Etc/UTC');
    const deadlineSeconds = seconds(where, 'deadline', props.deadline ?? Duration.minutes(4), MINUTE, HOUR);
    const image = pinnedImage(where, 'image', props.image ?? ExpiredAccessCleanup.DEFAULT_IMAGE);
    const egress = apiServerEgress(where, props.apiServerCidrs, props.apiServerPorts ?? [443, 6443]);

    const { name, jobNamespace: namespace } = this;
    const labels = scriptLabels({ app: APP, name });
    const boundary = ClusterBoundary.of(this);
    const declare = (childId: string, manifest: Manifest) => declareObject(this, childId, where, boundary, manifest);

    emitScriptParts(this, where, {
      app: APP,
      name,
      namespace,
      createNamespace: props.createNamespace ?? props.jobNamespace === undefined,
      data: { [CONFIG_FILE]: `${JSON.stringify(config, undefined, 2)}\n`, ...scripts(SCRIPT_FILE) },
      egress,
    });
    declare('cron-job', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name, namespace, labels },
      spec: {
        concurrencyPolicy: 'Forbid',
        failedJobsHistoryLimit: 3,
        schedule: schedule.expression,
        // A run that is late is still worth it; of those that were missed, Kubernetes starts one.
        startingDeadlineSeconds: HOUR,
        successfulJobsHistoryLimit: 1,
        suspend,
        timeZone,
        jobTemplate: {
          metadata: { labels },
          spec: restrictedJobSpec({ name, container: 'cleanup', image, labels, directory: `/opt/${APP}`, scriptFile: SCRIPT_FILE, configFile: CONFIG_FILE, deadlineSeconds }),
        },
      },
    });
    for (const target of this.namespaces) {
      const metadata = { name, namespace: target, labels };
      declare(`role-${target}`, { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: this.rules.map(rule => ({ ...rule })) });
      declare(`binding-${target}`, {
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      });
    }

    const warn = (rule: string, detail: string) => SecureDebugWarnings._add(this, rule, detail);
    if (suspend || config.dryRun) warn('SD4005', `${name} ${suspend ? 'is suspended' : 'only tries'}`);
    if (schedule.longestGapMinutes * MINUTE > HOUR) warn('SD4006', `"${schedule.expression}" leaves up to ${schedule.longestGapMinutes} min between two runs`);
  }
}
