import type { Duration } from 'cdk8s';
import type { AuditAlertsOptions } from '../audit/alerts/audit-alerts';
import type { AuditPolicyOptions } from '../audit/audit-policy';
import type { AuditDashboardsProps } from '../audit/dashboards/audit-dashboards';
import type { AuditLogShippingOptions } from '../audit/shipping/audit-log-shipping';
import type { AuditWebhookProps } from '../audit/shipping/audit-webhook';

/**
 * What is recorded, where it is brought together, and who is told: once for all clusters, in every phase. Each event carries the
 * name of its cluster.
 */
export interface CentralAudit {
  /**
   * What the API server records beyond debug requests, and where it writes its log. For a control plane whose files are made here.
   *
   * @default - what `AuditPolicy` records by itself
   */
  readonly policy?: AuditPolicyOptions;

  /**
   * Bring the log away from the nodes: where to, when planned work may use cluster-admin (`windows`), what is left out. The declared
   * access and the `identities` are known to it; `logPath` is that of the audit policy.
   *
   * @default - the log stays on the nodes
   */
  readonly shipping?: AuditLogShippingOptions;

  /**
   * Let the API server send its events itself, for control planes on whose nodes nothing can run. Nothing counts them, so the
   * alerts are not for them.
   *
   * @default - it sends none
   */
  readonly webhook?: AuditWebhookProps;

  /**
   * Alerts about what is shipped; `{}` for all of them with their defaults.
   *
   * @default - none
   */
  readonly alerts?: AuditAlertsOptions;

  /**
   * Dashboards over what is shipped; `{}` for all of them with their defaults.
   *
   * @default - none
   */
  readonly dashboards?: AuditDashboardsProps;

  /**
   * How long a debug session should last at most: longer ones are labelled, and alerted on.
   *
   * @default Duration.hours(1)
   */
  readonly sessionLimit?: Duration;
}
