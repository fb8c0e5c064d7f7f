import { readFileSync } from 'fs';
import { join } from 'path';
import { Duration, Testing } from 'cdk8s';
import { AuditAlerts, AuditAlertsProps, AuditDashboard, AuditDashboards } from '../../src';
import { countMetrics } from '../../src/audit/shipping/metrics';
import { parseYaml } from '../../src/private/yaml-text';
import { DASHBOARDS, dashboardText } from '../../tools/dashboards';

const RUNBOOK = readFileSync(join(__dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');

const declare = (props: Partial<AuditAlertsProps> = {}) => {
  const chart = Testing.chart();
  const alerts = new AuditAlerts(chart, 'alerts', { clusters: ['production-eu', 'production-us'], ...props });
  return { alerts, manifests: Testing.synth(chart) };
};
const prometheus = (props?: Partial<AuditAlertsProps>): any[] => (parseYaml('test', declare(props).alerts.toPrometheusRules()) as any).groups[0].rules;
const loki = (props?: Partial<AuditAlertsProps>): any[] => (parseYaml('test', declare(props).alerts.toLokiRules()) as any).groups[0].rules;

/** What the collector makes of the names in its configuration. */
const LABELS: { [metric: string]: string[] } = Object.fromEntries(Object.entries<any>(countMetrics())
  .map(([name, { attributes }]) => [`${name}_total`, attributes.map(({ key }: { key: string }) => key.replace(/[^a-z0-9]/g, '_'))]));

describe('AuditAlerts', () => {
  test('is a PrometheusRule', () => {
    expect(declare().manifests.map(one => `${one.apiVersion} ${one.kind} ${one.metadata.namespace}/${one.metadata.name}`)).toEqual(['monitoring.coreos.com/v1 PrometheusRule monitoring/audit-alerts']);
    expect(declare().alerts.toPrometheusRules()).toMatchSnapshot();
  });

  test('for Loki it is a ConfigMap that the ruler loads', () => {
    const { manifests: [config], alerts } = declare({ prometheus: false, loki: true });
    expect(config.metadata.labels.loki_rule).toBe('');
    expect(config.data['secure-debug-audit.yaml']).toBe(alerts.toLokiRules());
    expect(alerts.toLokiRules()).toMatchSnapshot();
  });

  test.each(prometheus().map(rule => [rule.alert, rule]))('%s says how bad it is, what happened, and what to do', (name, rule) => {
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/[{][{] \$/);
    expect(rule.annotations.description).toMatch(/\.$/);
    expect(rule.annotations.runbook_url).toBe(`${AuditAlerts.RUNBOOK}#${name.toLowerCase()}`);
    expect(RUNBOOK).toContain(`\n## ${name}\n`);
  });

  test('what a log can tell is told by both, under the same names', () => {
    const missing = prometheus().map(rule => rule.alert).filter(name => !loki().some(rule => rule.alert === name));
    expect(missing).toEqual(['DebugSessionOpenForLong', 'AuditDeliveryBehind', 'AuditEventsRefused']);
    const said = (rules: any[]) => rules.map(({ alert, annotations }) => JSON.stringify([alert, annotations]));
    expect(said(prometheus())).toEqual(expect.arrayContaining(said(loki())));
  });

  test('asks for metrics and labels that the collector counts by', () => {
    for (const { alert, expr } of prometheus()) {
      for (const [, metric, filter] of expr.matchAll(/(secure_debug_\w+)(?:\{([^}]*)\})?/g)) {
        expect([alert, metric, Object.keys(LABELS)]).toEqual([alert, metric, expect.arrayContaining([metric])]);
        for (const [, label] of (filter ?? '').matchAll(/(\w+)(?:=|!)/g)) expect([alert, LABELS[metric]]).toEqual([alert, expect.arrayContaining([label])]);
      }
    }
  });

  test('cluster-admin is quiet in a window, and nothing else is', () => {
    const withWindow = prometheus().filter(rule => rule.expr.includes('debug_window'));
    expect(withWindow.map(rule => rule.alert)).toEqual(['ClusterAdminOutsideWindow']);
  });

  test('each cluster is missed by its name', () => {
    const { expr } = prometheus().find(rule => rule.alert === 'AuditPipelineSilent');
    expect(expr).toContain('absent_over_time(secure_debug_events_total{k8s_cluster_name="production-us"}[15m])');
    expect(loki({ silentFor: Duration.hours(1) }).find(rule => rule.alert === 'AuditPipelineSilent').expr).toContain('k8s_cluster_name="production-eu"}[1h])');
  });

  test('limits are yours', () => {
    const rules = prometheus({ sessionLimit: Duration.minutes(90), refusals: 5, runbookUrl: 'https://wiki.example.com/audit' });
    expect(rules.find(rule => rule.alert === 'DebugSessionOpenForLong').for).toBe('90m');
    expect(rules.find(rule => rule.alert === 'DebugRefusals').expr).toMatch(/> 5$/);
    expect(rules[0].annotations.runbook_url).toBe('https://wiki.example.com/audit#clusteradminoutsidewindow');
    expect(declare({ labels: { release: 'prometheus' } }).manifests[0].metadata.labels.release).toBe('prometheus');
  });

  test.each<[string, Partial<AuditAlertsProps>, string]>([
    ['no cluster', { clusters: [] }, 'AuditAlerts: clusters = [] is empty'],
    ['a cluster twice', { clusters: ['a', 'a'] }, 'clusters[1] = "a" is listed twice'],
    ['a name that would end the expression', { clusters: ['a"} or vector(1) #'] }, 'clusters[0]'],
    ['no refusal at all', { refusals: 0 }, 'refusals = 0 is not a whole number'],
    ['a runbook without TLS', { runbookUrl: 'http://wiki.example.com' }, 'runbookUrl'],
    ['silence that begins at once', { silentFor: Duration.minutes(1) }, 'silentFor = "60 s" is too short'],
    ['no rule at all', { prometheus: false }, 'and loki are both off'],
    ['a label that is none', { labels: { 'a b': 'c' } }, 'labels = "a b" is not a label key'],
    ['a label value that is none', { labels: { a: 'b c' } }, 'labels.a = "b c" is not a label value'],
    ['a name that cannot be one', { name: 'My Alerts' }, 'name = "My Alerts"'],
  ])('refuses %s', (_, props, message) => {
    expect(() => declare(props)).toThrow(message);
  });
});

describe('AuditDashboards', () => {
  const synth = (props = {}) => {
    const chart = Testing.chart();
    new AuditDashboards(chart, 'dashboards', props);
    return Testing.synth(chart);
  };

  test.each(Object.keys(DASHBOARDS))('%s is as its program makes it', file => {
    expect(readFileSync(join(__dirname, '..', '..', 'assets', 'dashboards', file), 'utf8')).toBe(dashboardText(file));
  });

  test('are ConfigMaps that the sidecar of Grafana finds', () => {
    const manifests = synth();
    expect(manifests.map(one => one.metadata.name)).toEqual(['secure-debug-debug-sessions', 'secure-debug-privileged-access', 'secure-debug-would-have-denied']);
    for (const { metadata, data } of manifests) {
      expect(metadata.labels.grafana_dashboard).toBe('1');
      expect(metadata.annotations.grafana_folder).toBe('Secure debugging');
      expect(JSON.parse(data[`${metadata.name}.json`]).uid).toMatch(/^secure-debug-/);
      expect(data[`${metadata.name}.json`].length).toBeLessThan(256 * 1024);
    }
  });

  test('can be some, elsewhere, with other labels', () => {
    const [one, ...rest] = synth({ dashboards: [AuditDashboard.DEBUG_SESSIONS], namespace: 'grafana', folder: 'Security', labels: { dashboards: 'yes' } });
    expect(rest).toEqual([]);
    expect(one.metadata).toMatchObject({ namespace: 'grafana', labels: { dashboards: 'yes' }, annotations: { grafana_folder: 'Security' } });
  });

  test('every panel has a title, a description and a source that can be chosen', () => {
    for (const { panels } of Object.values(DASHBOARDS)) {
      for (const panel of panels!.filter(one => one.type !== 'row') as any[]) {
        expect(panel.title).toBeTruthy();
        expect(panel.description).toMatch(/\.$/);
        expect(panel.datasource.uid).toBe('${datasource}');
        expect(panel.targets[0].expr).toBeTruthy();
      }
    }
  });

  test('asks for metrics and labels that the collector counts by', () => {
    let seen = 0;
    for (const [, metric, filter] of Object.keys(DASHBOARDS).map(dashboardText).join('').matchAll(/(secure_debug_\w+)(?:\{([^}]*)\})?/g)) {
      expect(Object.keys(LABELS)).toContain(metric);
      for (const [, label] of (filter ?? '').matchAll(/(\w+)(?:=|!)/g)) expect(LABELS[metric]).toContain(label);
      seen++;
    }
    expect(seen).toBeGreaterThan(30);
  });

  test.each<[string, object, string]>([
    ['no dashboard', { dashboards: [] }, 'AuditDashboards: dashboards = [] is empty'],
    ['one twice', { dashboards: [AuditDashboard.DEBUG_SESSIONS, AuditDashboard.DEBUG_SESSIONS] }, 'dashboards[1] = "debug-sessions" is listed twice'],
    ['a folder without a name', { folder: '' }, 'folder = "" is empty'],
    ['a label that is none', { labels: { 'a b': 'c' } }, 'labels = "a b" is not a label key'],
  ])('refuses %s', (_, props, message) => {
    expect(() => synth(props)).toThrow(message);
  });
});
