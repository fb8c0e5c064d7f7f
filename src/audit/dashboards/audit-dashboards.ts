import { Construct } from 'constructs';
import { ClusterBoundary } from '../../model/cluster-boundary';
import { COMPONENT, MANAGED_BY } from '../../model/constants';
import { readAsset } from '../../private/assets';
import { byCodeUnit } from '../../private/canonical';
import { declareObject } from '../../private/declare';
import { each, labelKey, labelValue, namespaceName, text } from '../../private/validate';

const where = 'AuditDashboards';
const APP = 'audit-dashboards';

/** A dashboard for Grafana. */
export enum AuditDashboard {
  /** Who used cluster-admin, system:masters and break-glass, in which cluster, inside and outside of windows. */
  PRIVILEGED_ACCESS = 'privileged-access',
  /** By which paths people debug, how long sessions last, what was refused, whether the pipeline lives. */
  DEBUG_SESSIONS = 'debug-sessions',
  /** What guardrails that only watch would have refused. */
  WOULD_HAVE_DENIED = 'would-have-denied',
}

/** Which dashboards, and how Grafana finds them. */
export interface AuditDashboardsProps {
  /**
   * Which dashboards.
   *
   * @default - all of them
   */
  readonly dashboards?: AuditDashboard[];

  /**
   * The namespace of Grafana, which has to be there.
   *
   * @default monitoring
   */
  readonly namespace?: string;

  /**
   * Labels by which the sidecar of Grafana finds ConfigMaps.
   *
   * @default - grafana_dashboard: "1"
   */
  readonly labels?: { [key: string]: string };

  /**
   * The folder in Grafana, as the annotation `grafana_folder`.
   *
   * @default Secure debugging
   */
  readonly folder?: string;
}

/**
 * Dashboards for Grafana over what `AuditLogShipping` counts, each in a ConfigMap that the sidecar of Grafana loads. They ask any
 * Prometheus that has the metrics of all clusters.
 *
 * @see https://github.com/grafana/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards
 */
export class AuditDashboards extends Construct {
  /** @throws on an empty list, a dashboard given twice, and malformed names and labels */
  public constructor(scope: Construct, id: string, props: AuditDashboardsProps = {}) {
    super(scope, id);
    const dashboards = each(where, 'dashboards', props.dashboards ?? Object.values(AuditDashboard), 'dashboard', (_field, value) => value);
    const namespace = namespaceName(where, 'namespace', props.namespace ?? 'monitoring', true);
    const folder = text(where, 'folder', props.folder ?? 'Secure debugging', 'the name of a folder in Grafana', 100);
    const found = Object.entries(props.labels ?? { grafana_dashboard: '1' });
    for (const [key, value] of found) {
      labelKey(where, 'labels', key);
      labelValue(where, `labels.${key}`, value);
    }
    for (const name of [...dashboards].sort(byCodeUnit)) {
      declareObject(this, name, where, ClusterBoundary.of(this), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: `secure-debug-${name}`,
          namespace,
          labels: { ...Object.fromEntries(found), 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: APP },
          annotations: { grafana_folder: folder },
        },
        data: { [`secure-debug-${name}.json`]: readAsset(`dashboards/${name}.json`) },
      });
    }
  }
}
