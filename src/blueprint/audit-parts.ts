import type { Construct } from 'constructs';
import type { CentralAudit } from './central-audit';
import { AuditAlerts } from '../audit/alerts/audit-alerts';
import { AuditPolicy } from '../audit/audit-policy';
import { AuditDashboards } from '../audit/dashboards/audit-dashboards';
import { AuditLogShipping } from '../audit/shipping/audit-log-shipping';
import { AuditWebhook } from '../audit/shipping/audit-webhook';
import type { GitOpsIdentity } from '../guardrails/gitops-identity';
import type { ControlPlane } from '../model/control-plane';
import type { IDebugAccess } from '../model/debug-access';
import { auditLogOf } from '../model/platforms';
import { TeamChart } from '../model/team-chart';
import { sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';

const where = 'SecureDebugging';

/** What the constructs have to know of the cluster. */
interface AuditedCluster {
  readonly access: IDebugAccess;
  readonly controlPlane?: ControlPlane;
  readonly clusterName?: string;
  /** Whose alerts and dashboards are here; undefined: its own. */
  readonly watchedClusters?: string[];
  readonly identities?: GitOpsIdentity[];
}

/** What a declaration of central audit becomes. */
interface AuditParts {
  readonly policy?: AuditPolicy;
  readonly shipping?: AuditLogShipping;
  readonly webhook?: AuditWebhook;
  readonly alerts?: AuditAlerts;
  readonly dashboards?: AuditDashboards;
}

/** The API server's files go to the control plane; the collector and what watches get a chart each, since not every cluster has Prometheus Operator. */
export function auditParts(scope: Construct, audit: CentralAudit, cluster: AuditedCluster): AuditParts {
  const { access, controlPlane, clusterName, watchedClusters } = cluster;
  const { policy, webhook, shipping, alerts, dashboards, sessionLimit } = audit;
  for (const [field, value] of Object.entries({ policy, webhook })) {
    if (value && !controlPlane) reject({ where, field: `audit.${field}`, value, problem: 'is given without a control plane', fix: 'give controlPlane, or leave it out where the provider sets it' });
  }
  if (shipping && clusterName === undefined) {
    reject({ where, field: 'clusterName', value: clusterName, problem: 'is missing, and events are shipped that have to say where they come from', fix: 'name the cluster, e.g. "production-eu"' });
  }
  const watched = watchedClusters ?? (shipping ? [clusterName!] : undefined);
  if ((alerts || dashboards) && watched === undefined) {
    reject({ where, field: `audit.${alerts ? 'alerts' : 'dashboards'}`, value: alerts ?? dashboards, problem: 'is given, and nothing is shipped that it could be about', fix: 'give audit.shipping, or the clusters in watchedClusters' });
  }
  const watches = watched !== undefined && watched.length > 0;
  const monitoring = watches && (alerts || dashboards) ? new TeamChart(scope, 'monitoring') : undefined;
  return {
    policy: controlPlane && new AuditPolicy(controlPlane, 'audit', { ...policy, access: [access] }),
    webhook: webhook && new AuditWebhook(controlPlane!, 'audit-webhook', webhook),
    shipping: shipping && new AuditLogShipping(new TeamChart(scope, 'audit'), 'shipping', {
      ...shipping,
      clusterName: clusterName!,
      access: [access],
      sessionLimit,
      logPath: shipping.logPath ?? logOf(policy?.logPath, controlPlane),
      automation: sortedUnique([...shipping.automation ?? [], ...cluster.identities?.flatMap(({ userNames }) => userNames) ?? []]),
    }),
    alerts: monitoring && alerts && new AuditAlerts(monitoring, 'alerts', { ...alerts, clusters: watched!, sessionLimit }),
    dashboards: monitoring && dashboards && new AuditDashboards(monitoring, 'dashboards', dashboards),
  };
}

/** The file that the API server writes: what was said, or the place of its platform. */
function logOf(said: string | undefined, controlPlane: ControlPlane | undefined): string | undefined {
  if (said === '-') {
    reject({ where, field: 'audit.policy.logPath', value: said, problem: 'is standard output, where nothing can be read that was missed', fix: 'let the API server write a file, or leave audit.shipping out' });
  }
  if (said !== undefined || !controlPlane) return said;
  const places = sortedUnique(controlPlane.platforms.map(auditLogOf));
  if (places.length > 1) {
    reject({ where, field: 'audit.shipping.logPath', value: undefined, problem: `is missing, and the platforms of the control plane write to ${places.join(' and ')}`, fix: 'give one of them, or one platform' });
  }
  return places[0];
}
