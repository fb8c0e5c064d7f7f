import { Cron, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import type { CleanupJobOptions } from './cleanup-job-options';
import { scripts } from './scripts';
import { ClusterBoundary } from '../model/cluster-boundary';
import { CLEANUP_EXEMPT_REASON, CLEANUP_EXEMPT_UNTIL } from '../model/constants';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { apiServerEgress, emitScriptParts, scriptLabels } from '../model/script-job';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { NODE_IMAGE, restrictedJobSpec } from '../private/restricted-job';
import { checkSchedule, checkTimeZone, cronJobName } from '../private/schedule';
import { each, isSystemNamespace, labelKey, labelValue, namespaceName, pinnedImage, seconds } from '../private/validate';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

const APP = 'debug-container-cleanup';
const SCRIPT_FILE = 'debug-container-cleanup.js';
const CONFIG_FILE = 'config.json';

/** Where debug containers are collected, when, and what is left alone. */
export interface DebugContainerCleanupProps extends CleanupJobOptions {
  /** The namespaces to clean up, by name. */
  readonly namespaces: string[];

  /**
   * How long a debug container, a node debugger or a copy may run: 1 minute to 7 days, in whole seconds.
   *
   * @default Duration.hours(1)
   */
  readonly maxAge?: Duration;

  /**
   * How long a pod is left alone after its last debug container has ended: 1 minute to 7 days, in whole seconds. An
   * ended one cannot be removed from its pod either, and what was done in the pod stays in it.
   *
   * @default Duration.minutes(15)
   */
  readonly graceAfterEnd?: Duration;

  /**
   * When it runs. A debug container lives for `maxAge` and until the next run.
   *
   * @default - every ten minutes
   */
  readonly schedule?: Cron;

  /**
   * Labels that mark the copies that `kubectl debug --copy-to` makes; all of them must match. kubectl itself leaves no
   * mark on a copy, so whoever makes one has to label it. Pods that something owns never count as copies.
   *
   * @default - copies are not collected
   */
  readonly copySelector?: { [key: string]: string };

  /**
   * Whether debugged pods of DaemonSets are evicted too.
   *
   * @default false - they are reported
   */
  readonly includeDaemonSets?: boolean;

  /**
   * Whether debugged pods are evicted that no controller brings back. Node debuggers and copies always are: they exist
   * for debugging alone.
   *
   * @default false - they are reported
   */
  readonly includeBarePods?: boolean;

  /**
   * How long one run may take: 1 minute to 1 hour, in whole seconds. What it did not reach is for the next run.
   *
   * @default Duration.minutes(5)
   */
  readonly deadline?: Duration;

  /**
   * Name of the CronJob and of all that belongs to it: at most 52 characters.
   *
   * @default debug-container-cleanup
   */
  readonly name?: string;
}

/**
 * Collects what debugging leaves behind: a CronJob that evicts the pods whose debug containers ended or ran for too
 * long, node debuggers, and copies of pods, through the Eviction API, so that PodDisruptionBudgets hold. An ephemeral
 * container cannot be removed from a pod, so its pod goes, and its controller makes a clean one.
 *
 * A pod is left alone while its annotations say until when and why:
 * `secure-debug.internal/cleanup-exempt-until: "2026-03-01T18:00:00Z"` (RFC 3339) and
 * `secure-debug.internal/cleanup-exempt-reason`. Each decision is a line of JSON in the job's log and, where it matters
 * to the owner of the pod, an Event on the pod. Of one controller at most one pod is evicted in a run.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
 */
export class DebugContainerCleanup extends Construct {
  /** The image that runs the script when no other is given: the public one of Node.js, by version tag. */
  public static readonly DEFAULT_IMAGE = NODE_IMAGE;
  /** Annotation of a pod: leave it alone until this time (RFC 3339, such as `2026-03-01T18:00:00Z`). Without a reason it does not count. */
  public static readonly EXEMPT_UNTIL = CLEANUP_EXEMPT_UNTIL;
  /** Annotation of a pod: why it is left alone. */
  public static readonly EXEMPT_REASON = CLEANUP_EXEMPT_REASON;

  /** Name of the CronJob, and of its ServiceAccount, ConfigMap, NetworkPolicy, Roles and RoleBindings. */
  public readonly name: string;
  /** The namespace the CronJob runs in. */
  public readonly jobNamespace: string;
  /** The namespaces that are cleaned up, sorted. */
  public readonly namespaces: string[];
  /** What the job may do in each of them, as in the Role. */
  public readonly rules: PolicyRule[];

  /**
   * @throws on empty or malformed names, system namespaces, durations and schedules out of bounds, an image that is not
   * pinned, a bad CIDR or port, and when the same objects are declared elsewhere with other content
   */
  public constructor(scope: Construct, id: string, props: DebugContainerCleanupProps) {
    super(scope, id);
    const where = 'DebugContainerCleanup';
    const allowSystem = props.allowSystemNamespaces ?? false;
    const checkNamespace = (field: string, value: string) => namespaceName(where, field, value, allowSystem);
    this.namespaces = [...each(where, 'namespaces', props.namespaces, 'namespace', checkNamespace)].sort(byCodeUnit);
    this.jobNamespace = checkNamespace('jobNamespace', props.jobNamespace ?? 'secure-debug');
    this.name = cronJobName(where, 'name', props.name ?? APP);
    this.rules = PolicyRules.compact([
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    ]);

    const maxAgeSeconds = seconds(where, 'maxAge', props.maxAge ?? Duration.hours(1), MINUTE, WEEK);
    const schedule = checkSchedule(where, 'schedule', props.schedule ?? Cron.schedule({ minute: '*/10' }));
    const config = {
      copySelector: checkSelector(where, props.copySelector),
      dryRun: props.dryRun ?? false,
      graceAfterEndSeconds: seconds(where, 'graceAfterEnd', props.graceAfterEnd ?? Duration.minutes(15), MINUTE, WEEK),
      includeBarePods: props.includeBarePods ?? false,
      includeDaemonSets: props.includeDaemonSets ?? false,
      maxAgeSeconds,
      namespaces: this.namespaces,
    };
    const spec = {
      concurrencyPolicy: 'Forbid',
      failedJobsHistoryLimit: 3,
      schedule: schedule.expression,
      // A run that is late is still worth it; of those that were missed, Kubernetes starts one.
      startingDeadlineSeconds: HOUR,
      successfulJobsHistoryLimit: 1,
      suspend: props.suspend ?? false,
      timeZone: checkTimeZone(where, 'timeZone', props.timeZone ?? 'Etc/UTC'),
    };
    const deadlineSeconds = seconds(where, 'deadline', props.deadline ?? Duration.minutes(5), MINUTE, HOUR);
    const image = pinnedImage(where, 'image', props.image ?? DebugContainerCleanup.DEFAULT_IMAGE);
    const egress = apiServerEgress(where, props.apiServerCidrs, props.apiServerPorts ?? [443, 6443]);

    const { name, jobNamespace: namespace } = this;
    const labels = scriptLabels({ app: APP, name });
    const metadata = { name, namespace, labels };
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
      metadata,
      spec: {
        ...spec,
        jobTemplate: {
          metadata: { labels },
          spec: restrictedJobSpec({ name, container: 'cleanup', image, labels, directory: `/opt/${APP}`, scriptFile: SCRIPT_FILE, configFile: CONFIG_FILE, deadlineSeconds }),
        },
      },
    });
    for (const target of this.namespaces) {
      const inTarget = { name, namespace: target, labels };
      declare(`role-${target}`, {
        apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: inTarget, rules: this.rules.map(rule => ({ ...rule })),
      });
      declare(`binding-${target}`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: inTarget,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      });
    }

    const warn = (rule: string, detail: string) => SecureDebugWarnings._add(this, rule, detail);
    this.namespaces.filter(isSystemNamespace).forEach(target => warn('SD4001', `in ${target}`));
    if (config.includeBarePods) warn('SD4002', `in ${this.namespaces.join(', ')}`);
    if (schedule.longestGapMinutes * MINUTE > maxAgeSeconds) {
      warn('SD4003', `"${schedule.expression}" leaves up to ${schedule.longestGapMinutes * MINUTE} s between two runs, maxAge is ${maxAgeSeconds} s`);
    }
    if (spec.suspend) warn('SD4004', name);
  }
}

function checkSelector(where: string, selector?: { [key: string]: string }): { [key: string]: string } {
  if (selector === undefined) return {};
  const field = 'copySelector';
  const entries = Object.entries(selector).sort(([a], [b]) => byCodeUnit(a, b));
  if (entries.length === 0) {
    reject({ where, field, value: selector, problem: 'is empty, so it would match every pod', fix: 'give the labels that copies carry, e.g. { "debug-copy": "true" }' });
  }
  entries.forEach(([key, value]) => {
    labelKey(where, `${field} key`, key);
    labelValue(where, `${field}["${key}"]`, value);
  });
  return Object.fromEntries(entries);
}
