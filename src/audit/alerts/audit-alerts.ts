import { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { AlertRule, alertRules, span } from './alert-rules';
import { ClusterBoundary } from '../../model/cluster-boundary';
import { COMPONENT, MANAGED_BY } from '../../model/constants';
import { byCodeUnit } from '../../private/canonical';
import { allOrNothing, declareObject } from '../../private/declare';
import { reject } from '../../private/errors';
import { httpsUrl } from '../../private/https-url';
import { dnsSubdomain, each, labelKey, labelValue, namespaceName, objectName, seconds } from '../../private/validate';
import { yamlFile } from '../../private/yaml-text';

const where = 'AuditAlerts';
const APP = 'audit-alerts';
const GROUP = 'secure-debug-audit';

/** From when on it is an alert, and where the rules go. */
export interface AuditAlertsOptions {
  /**
   * After how long without any event the pipeline counts as silent, from 5 minutes to a day.
   *
   * @default Duration.minutes(15)
   */
  readonly silentFor?: Duration;

  /**
   * How many refusals of one person within ten minutes are too many, 1 to 10000.
   *
   * @default 20
   */
  readonly refusals?: number;

  /**
   * The runbook, whose anchors are the names of the alerts in lower case.
   *
   * @default AuditAlerts.RUNBOOK
   */
  readonly runbookUrl?: string;

  /**
   * Emit a PrometheusRule, which Prometheus Operator reads.
   *
   * @default true
   */
  readonly prometheus?: boolean;

  /**
   * Emit a ConfigMap with rules for the ruler of Loki, with the label `loki_rule` for its sidecar.
   *
   * @default false
   */
  readonly loki?: boolean;

  /**
   * Labels by which Prometheus finds its rules.
   *
   * @default - none but those of this library
   */
  readonly labels?: { [key: string]: string };

  /**
   * Name of the objects.
   *
   * @default audit-alerts
   */
  readonly name?: string;

  /**
   * The namespace of Prometheus, which has to be there.
   *
   * @default monitoring
   */
  readonly namespace?: string;
}

/** Which clusters, and from when on it is an alert. */
export interface AuditAlertsProps extends AuditAlertsOptions {
  /** The names that `AuditLogShipping` gives the clusters: each is missed when nothing comes from it. */
  readonly clusters: string[];

  /**
   * How long a session should last at most; as in `AuditLogShipping`.
   *
   * @default Duration.hours(1)
   */
  readonly sessionLimit?: Duration;
}

/**
 * Alerts about what `AuditLogShipping` sees: cluster-admin used outside maintenance windows, break-glass used, sessions that last
 * too long, debugging by none of the paths, many refusals, and a pipeline that is silent or behind. Each has a severity and a page
 * of the runbook.
 *
 * Windows are judged by the time of the event, in the collector; nothing here depends on when it arrives.
 *
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule
 * @see https://grafana.com/docs/loki/latest/alert/
 */
export class AuditAlerts extends Construct {
  /** The runbook of this library. */
  public static readonly RUNBOOK = 'https://github.com/cdk8s-secure-debug/cdk8s-secure-debug/blob/main/docs/runbook.md';

  private readonly rules: AlertRule[];
  private readonly runbookUrl: string;

  /** @throws on no cluster, and on whatever is malformed or out of bounds */
  public constructor(scope: Construct, id: string, props: AuditAlertsProps) {
    super(scope, id);
    each(where, 'clusters', props.clusters, 'cluster', (field, value) => dnsSubdomain(where, field, value, 'the name of a cluster as AuditLogShipping has it'));
    const refusals = props.refusals ?? 20;
    if (!Number.isInteger(refusals) || refusals < 1 || refusals > 10_000) reject({ where, field: 'refusals', value: refusals, problem: 'is not a whole number from 1 to 10000', fix: 'give one' });
    this.runbookUrl = httpsUrl(where, 'runbookUrl', props.runbookUrl ?? AuditAlerts.RUNBOOK, 'the URL of a page such as "https://wiki.example.com/audit-runbook"');
    this.rules = alertRules({
      clusters: [...props.clusters].sort(byCodeUnit),
      refusals,
      sessionLimitSeconds: seconds(where, 'sessionLimit', props.sessionLimit ?? Duration.hours(1), 60, 7 * 24 * 3600),
      silentSeconds: seconds(where, 'silentFor', props.silentFor ?? Duration.minutes(15), 300, 24 * 3600),
    });
    allOrNothing(this, where, () => this.emit(props));
  }

  /** The groups of rules, as a file for Prometheus and promtool. */
  public toPrometheusRules(): string {
    return yamlFile(['Made by cdk8s-secure-debug.'], { groups: [this.prometheusGroup()] });
  }

  /** The groups of rules, as a file for the ruler of Loki. */
  public toLokiRules(): string {
    return yamlFile(['Made by cdk8s-secure-debug.'], { groups: [this.lokiGroup()] });
  }

  private emit(props: AuditAlertsProps): void {
    const { prometheus = true, loki = false } = props;
    if (!prometheus && !loki) reject({ where, field: 'prometheus', value: prometheus, problem: 'and loki are both off, so there would be no alert', fix: 'set one of the two' });
    const own = Object.entries(props.labels ?? {});
    for (const [key, value] of own) {
      labelKey(where, 'labels', key);
      labelValue(where, `labels.${key}`, value);
    }
    const name = objectName(where, 'name', props.name ?? APP);
    const namespace = namespaceName(where, 'namespace', props.namespace ?? 'monitoring', true);
    const labels = { ...Object.fromEntries(own), 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: APP };
    const boundary = ClusterBoundary.of(this);
    if (prometheus) {
      declareObject(this, 'prometheus', where, boundary, {
        apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name, namespace, labels }, spec: { groups: [this.prometheusGroup()] },
      });
    }
    if (loki) {
      declareObject(this, 'loki', where, boundary, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `${name}-loki`, namespace, labels: { ...labels, loki_rule: '' } },
        data: { 'secure-debug-audit.yaml': this.toLokiRules() },
      });
    }
  }

  private prometheusGroup(): any {
    return { name: GROUP, interval: '1m', rules: this.rules.map(rule => this.rule(rule, rule.prometheus)) };
  }

  private lokiGroup(): any {
    return { name: GROUP, interval: '1m', rules: this.rules.filter(rule => rule.loki !== undefined).map(rule => this.rule(rule, rule.loki!)) };
  }

  private rule(rule: AlertRule, expr: string): any {
    return {
      alert: rule.name,
      expr,
      ...rule.forSeconds > 0 && { for: span(rule.forSeconds) },
      labels: { severity: rule.severity },
      annotations: { summary: rule.summary, description: rule.description, runbook_url: `${this.runbookUrl}#${rule.name.toLowerCase()}` },
    };
  }
}
