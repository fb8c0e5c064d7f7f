import type { ScriptJobOptions } from '../model/script-job-options';

/** What the clean-up jobs have in common, whatever they look for. */
export interface CleanupJobOptions extends ScriptJobOptions {
  /**
   * The IANA time zone of the schedule.
   *
   * @default Etc/UTC
   * @see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones
   */
  readonly timeZone?: string;

  /**
   * Ask the API server what would happen, write that to the log and to Events, and change nothing.
   *
   * @default false
   */
  readonly dryRun?: boolean;

  /**
   * Do not run until this is taken away.
   *
   * @default false
   */
  readonly suspend?: boolean;

  /**
   * The namespace the CronJob runs in. It need not allow more than Pod Security `restricted`. Whoever may change
   * ConfigMaps or create pods there can do what the job may: evict pods, and end the access of others.
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

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}
