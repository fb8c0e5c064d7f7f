/**
 * What the collector makes of events: labels, windows across changes of clocks, what is dropped and redacted; and the alerts that
 * promtool makes of what it counted. It needs no cluster, but minutes to build the collector and promtool.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import * as fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { collectedBy } from './audit-shipping/collected';
import { theCollector, thePrometheus } from './audit-shipping/processes';
import { AuditAlerts, AuditLevel, AuditRule, LogRedaction, MaintenanceWindow, Weekday } from '../../../src';
import { matches } from '../../../src/audit/match';
import { CollectorInput } from '../../../src/audit/shipping/collector-config';
import { DASHBOARDS } from '../../../tools/dashboards';
import { event, lines, stream, Told } from '../../audit/shipping-events';
import { scratch, theCluster } from '../lab/cluster';
import { must, run } from '../lab/process';

const folder = scratch(theCluster(), 'audit-labels');
let collector: string;

beforeAll(async () => {
  collector = await theCollector();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}, 25 * 60_000);

const collected = (name: string, texts: string[], props: Partial<CollectorInput> = {}) => collectedBy(collector, join(folder, name), texts, props);

const masters = ['system:masters', 'system:authenticated'];
const bot = 'system:serviceaccount:argocd:argocd-application-controller';

test('each event is told for what it is', async () => {
  const table: [string, any[], { [label: string]: string }][] = [
    ['a line that is none', [], { damaged: 'true' }],
    ['JSON that is a list', [[]], { damaged: 'true' }],
    ['JSON that is a number', [5], { damaged: 'true' }],
    ['an object of another kind', [{ kind: 'Pod' }], { damaged: 'true' }],
    ['a session of on call', stream('exec', { lasts: 4_000 }), { capability: 'exec', path: 'on-call', step: 'ended', seconds: '4000', over_limit: 'true' }],
    ['a read', [event({})], { user: 'alice', step: 'began' }],
    ['refused by RBAC', [event({ subresource: 'exec', code: 403, decision: 'forbid' })], { step: 'refused', refused_by: 'rbac', capability: 'exec' }],
    ['refused by a guardrail', [event({ subresource: 'exec', code: 422 })], { step: 'refused', refused_by: 'guardrail' }],
    ['a certificate of system:masters', stream('exec', { user: 'root', groups: masters, role: '' }), { path: 'outside', outside: 'system:masters' }],
    ['cluster-admin, impersonated', stream('attach', { role: 'cluster-admin', roleKind: 'ClusterRole', as: 'carol' }), { path: 'outside', outside: 'cluster-admin', as: 'carol' }],
    ['the token of a ServiceAccount', stream('exec', { user: 'system:serviceaccount:payments:default', role: 'edit' }), { path: 'outside', outside: 'service account' }],
    ['a program that was named', stream('exec', { user: bot, role: 'argocd', roleKind: 'ClusterRole' }), { capability: 'exec' }],
    ['a pod by edit', [event({ verb: 'create', name: '', role: 'edit' })], { capability: 'pod-copy', path: 'outside', outside: 'other role' }],
    ['a pod of a controller', [event({ user: 'system:serviceaccount:kube-system:replicaset-controller', verb: 'create' })], {}],
    ['a debug container by break-glass', [event({ verb: 'patch', subresource: 'ephemeralcontainers', role: 'break-glass-payments' })], { path: 'break-glass', break_glass: 'used' }],
    ['a request to break the glass', [event({ verb: 'create', resource: 'rolebindings', apiGroup: 'rbac.authorization.k8s.io', name: 'break-glass:alice', role: 'request-break-glass', code: 201 })], { break_glass: 'requested' }],
    ['just in time', stream('portforward', { role: 'debug-grant-reader' }), { path: 'just-in-time', capability: 'port-forward' }],
    ['logs by a reader', stream('log', { role: 'debug-read' }), { path: 'read-only', capability: 'read-logs', over_limit: 'false' }],
    ['the kubelet', [event({ resource: 'nodes', subresource: 'proxy', stage: 'ResponseStarted', role: 'x' })], { path: 'outside', outside: 'node proxy', capability: 'node-proxy' }],
    ['a Role that looks like one of ours', stream('exec', { role: 'oncall-debug-2' }), { path: 'outside', outside: 'other role' }],
    ['a ClusterRole that is called like a Role of ours', stream('exec', { role: 'oncall-debug', roleKind: 'ClusterRole' }), { path: 'outside', outside: 'other role' }],
    ['through the gateway', stream('exec', { user: 'system:serviceaccount:secure-debug-gateway:debug-gateway', groups: ['system:serviceaccounts'], as: 'alice' }), { path: 'gateway', user: 'alice', via: 'system:serviceaccount:secure-debug-gateway:debug-gateway' }],
    ['cluster-admin through the gateway', stream('exec', { user: 'system:serviceaccount:a:debug-gateway', as: 'alice', role: 'cluster-admin', roleKind: 'ClusterRole' }), { path: 'outside', outside: 'cluster-admin', user: 'alice', via: 'system:serviceaccount:a:debug-gateway' }],
    ['a person who calls themselves like the gateway', stream('exec', { user: 'debug-gateway', as: 'carol' }), { path: 'on-call', user: 'debug-gateway', as: 'carol' }],
    ['a ServiceAccount that acts as somebody on call', stream('exec', { user: 'system:serviceaccount:a:proxy', as: 'carol' }), { path: 'on-call', as: 'carol' }],
    ['a person who acts as a ServiceAccount', stream('exec', { as: 'system:serviceaccount:a:b' }), { path: 'outside', outside: 'service account', as: 'system:serviceaccount:a:b' }],
    ['a change past Git in an emergency', [event({ verb: 'patch', resource: 'deployments', apiGroup: 'apps', role: 'break-glass', annotations: { 'secure-debug-gitops/past-git': 'UPDATE deployments web in payments by alice' } })], { path: 'gitops-emergency', capability: 'change-past-git', break_glass: 'used' }],
    ['a change past Git that a policy only watched', [event({ verb: 'patch', resource: 'deployments', apiGroup: 'apps', annotations: { 'secure-debug-gitops/past-git': 'UPDATE deployments web in payments by alice', 'validation.policy.admission.k8s.io/validation_failure': '[{"policy":"secure-debug-gitops"}]' } })], { would_deny: 'secure-debug-gitops' }],
    ['a change past Git that another policy watched', [event({ verb: 'patch', resource: 'deployments', apiGroup: 'apps', annotations: { 'secure-debug-gitops/past-git': 'UPDATE deployments web in payments by alice', 'validation.policy.admission.k8s.io/validation_failure': '[{"policy":"secure-debug-other"}]' } })], { would_deny: 'secure-debug-other', path: 'gitops-emergency' }],
    ['an annotation that only quotes the stamp', [event({ verb: 'patch', resource: 'deployments', apiGroup: 'apps', annotations: { note: '"x/past-git":"y"' } })], {}],
    ['a try', [event({ verb: 'patch', subresource: 'ephemeralcontainers', more: { requestURI: '/api/v1/namespaces/payments/pods/ledger-0/ephemeralcontainers?fieldManager=x&dryRun=All' } })], {}],
    ['what only looks like a try', [event({ verb: 'patch', subresource: 'ephemeralcontainers', more: { requestURI: '/api/v1/namespaces/payments/pods/ledger-0/ephemeralcontainers?fieldManager=?dryRun=All' } })], { path: 'on-call', step: 'began' }],
    ['a name that pretends to be another Role', [event({ subresource: 'exec', stage: 'ResponseStarted', code: 101, annotations: { 'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "x of Role oncall-debug" of Role "edit" to Group "a"' } })], { path: 'outside', outside: 'other role' }],
    ['what a guardrail would have refused', [event({ verb: 'patch', subresource: 'ephemeralcontainers', annotations: { 'validation.policy.admission.k8s.io/validation_failure': '[{"message":"x","policy":"secure-debug-containers","binding":"b"}]' } })], { would_deny: 'secure-debug-containers' }],
    ['no resource', [{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', verb: 'get', requestURI: '/healthz', stage: 'ResponseComplete', auditID: 'x', user: { username: 'system:anonymous' } }], { user: 'system:anonymous' }],
  ];
  const { records, scrapes: [metrics] } = await collected('labels', ['half a line {\n' + table.map(([, events]) => lines(events)).join('')], { automation: [bot] });
  for (const [what, events, labels] of table) {
    const last = events.length > 0 ? JSON.stringify(events[events.length - 1]) : 'half a line {';
    const record = records.find(({ body }) => body === last);
    expect([what, record?.cluster]).toEqual([what, 'production-eu']);
    const found = Object.fromEntries(Object.entries(record!.attributes).filter(([key]) => key.startsWith('debug.')).map(([key, value]) => [key.slice(6), value]));
    expect([what, found]).toEqual([what, expect.objectContaining(labels)]);
    for (const label of ['path', 'outside', 'capability', 'step', 'refused_by', 'break_glass', 'would_deny', 'damaged', 'as', 'via']) {
      if (!(label in labels) && !['path', 'capability', 'step'].includes(label)) expect([what, label, found[label]]).toEqual([what, label, undefined]);
    }
    if (['a program that was named', 'a try', 'a change past Git that a policy only watched', 'an annotation that only quotes the stamp'].includes(what)) expect(found).not.toHaveProperty('path');
    if (what === 'a try') expect(found).not.toHaveProperty('step');
  }
  expect(metrics).toMatch(/secure_debug_privileged_total\{[^}]*debug_privileged="system:masters"[^}]*debug_user="root"[^}]*\} 1\n/);
  // A stream has two events and is one session.
  expect(metrics).toMatch(/secure_debug_sessions_started_total\{[^}]*debug_capability="port-forward"[^}]*\} 1\n/);
  expect(metrics).toMatch(/secure_debug_sessions_ended_total\{[^}]*debug_over_limit="true"[^}]*\} 1\n/);
}, 300_000);

const WINDOWS = [
  new MaintenanceWindow('berlin', { days: [Weekday.SATURDAY, Weekday.SUNDAY], from: '22:30', to: '03:30', timeZone: 'Europe/Berlin' }),
  new MaintenanceWindow('new-york', { days: [Weekday.SUNDAY], from: '00:00', to: '24:00', timeZone: 'America/New_York' }),
  new MaintenanceWindow('santiago', { days: [Weekday.SATURDAY], from: '20:00', to: '02:00', timeZone: 'America/Santiago' }),
  new MaintenanceWindow('lord-howe', { days: [Weekday.SUNDAY], from: '01:15', to: '02:45', timeZone: 'Australia/Lord_Howe' }),
  new MaintenanceWindow('dublin', { days: [Weekday.SUNDAY], from: '00:30', to: '02:00', timeZone: 'Europe/Dublin' }),
  new MaintenanceWindow('kolkata', { days: [Weekday.WEDNESDAY], from: '10:00', to: '12:00', timeZone: 'Asia/Kolkata' }),
];

/** Every quarter of an hour around the changes of clocks of two years, and each hour of some weeks between. */
function moments(): string[] {
  const around = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-09-06', '2026-10-04', '2026-10-25', '2026-11-01', '2027-01-01', '2027-03-14', '2027-03-28', '2027-04-04'];
  const quarter = around.flatMap(day => Array.from({ length: 4 * 4 * 24 }, (_, i) => Date.parse(`${day}T00:00:00Z`) - 36 * 3_600_000 + i * 900_000));
  const hourly = ['2026-01-12', '2026-07-13', '2026-12-28'].flatMap(day => Array.from({ length: 7 * 24 }, (_, i) => Date.parse(`${day}T00:00:00Z`) + i * 3_600_000));
  return [...new Set([...quarter, ...hourly])].map(at => new Date(at).toISOString().replace('.000Z', 'Z'));
}

test('an event is in the window that Alertmanager says, across changes of clocks', async () => {
  const { muted } = await thePrometheus();
  const at = moments();
  const config = join(folder, 'alertmanager.yaml');
  writeFileSync(config, stringify({ route: { receiver: 'none' }, receivers: [{ name: 'none' }], time_intervals: WINDOWS.map(window => window.toAlertmanager()) }));
  const said = (await must(muted, [config], { env: process.env, stdin: `${at.join('\n')}\n` })).split('\n').slice(0, at.length).map(line => line.split(' ').filter(name => name !== ''));
  expect(said).toHaveLength(at.length);
  expect(at.map(one => WINDOWS.filter(window => window.contains(one)).map(window => window.name).sort())).toEqual(said);

  // One window at a time, for an event has the name of one.
  for (const window of WINDOWS) {
    const { records } = await collected(`window-${window.name}`, [lines(at.map(one => event({ at: one, user: one })))], { windows: [window] });
    const labels = new Map(records.map(({ attributes }) => [attributes['debug.user'], attributes['debug.window']]));
    const wrong = at.filter((one, i) => labels.get(one) !== (said[i].includes(window.name) ? window.name : 'none'));
    expect([window.name, wrong]).toEqual([window.name, []]);
    process.stderr.write(`${window}: ${[...labels.values()].filter(label => label !== 'none').length} of ${labels.size} moments lie in it, as Alertmanager says\n`);
  }
}, 600_000);

test('what is dropped is what the rules of an audit policy match, and no more', async () => {
  const users = ['alice', 'bob', 'system:serviceaccount:argocd:controller'];
  const groups = ['devs', 'ops'];
  const rules: AuditRule[] = [
    { level: AuditLevel.NONE, users: ['bob'], verbs: ['get', 'list'], resources: [{ group: '', resources: ['events', 'services'] }] },
    { level: AuditLevel.NONE, userGroups: ['ops'], resources: [{ group: 'coordination.k8s.io' }] },
    { level: AuditLevel.NONE, resources: [{ group: '*', resources: ['deployments/*'], resourceNames: ['a'] }], namespaces: ['x'] },
    { level: AuditLevel.NONE, resources: [{ group: 'apps', resources: ['*/status'] }] },
    { level: AuditLevel.NONE, nonResourceUrls: ['/healthz*', '/version'], verbs: ['get'] },
  ];
  const pick = <T>(...values: T[]) => fc.constantFrom(...values);
  const asked = fc.sample(fc.record({
    user: pick(...users),
    group: pick(...groups),
    verb: pick('get', 'list', 'patch'),
    apiGroup: pick('', 'apps', 'coordination.k8s.io'),
    resource: pick('events', 'services', 'deployments', 'leases', undefined),
    subresource: pick('', 'status', 'scale'),
    name: pick('a', 'b'),
    namespace: pick('x', 'y'),
    path: pick('/healthz', '/healthz/etcd?verbose', '/version', '/versions', '/metrics'),
  }), { numRuns: 3_000, seed: 7 });
  const events = asked.map(({ user, group, path, resource, apiGroup, subresource, ...told }, i) => ({
    ...event({ user, groups: [group], resource: resource ?? 'none', apiGroup, subresource, ...told } as Told),
    auditID: String(i),
    ...resource === undefined && { objectRef: undefined, requestURI: path },
  }));
  const { records } = await collected('drop', [lines(events)], { drop: rules });
  const kept = new Set(records.map(({ body }) => JSON.parse(body).auditID));
  const wrong = asked.filter(({ user, group, path, ...rest }, i) => {
    const attributes = rest.resource === undefined
      ? { user, groups: [group], verb: rest.verb, apiGroup: '', subresource: '', name: '', namespace: '', path: path.split('?')[0] }
      : { ...rest, user, groups: [group], path: '' };
    return kept.has(String(i)) === rules.some(rule => matches(rule, attributes));
  });
  expect(wrong).toEqual([]);
  expect(kept.size).toBeLessThan(asked.length - 300);
}, 300_000);

test('redaction changes what it says, and leaves all others as they were written', async () => {
  const redact = [LogRedaction.bodies('', 'configmaps'), LogRedaction.pattern('(?i)password%3D[^&+]+'), LogRedaction.sourceAddresses()];
  const config = event({ resource: 'configmaps', verb: 'update', more: { requestObject: { data: { secret: 'hunter2' } }, responseObject: { data: { secret: 'hunter2' } } } });
  const command = event({ subresource: 'exec', stage: 'ResponseStarted', code: 101, more: { requestURI: '/api/v1/namespaces/payments/pods/ledger-0/exec?command=login&command=PASSWORD%3Dhunter2&command=x' } });
  const { records } = await collected('redact', [lines([config, command])], { redact });
  expect(records.map(({ body }) => body).join()).not.toContain('hunter2');
  const [first, second] = records.map(({ body }) => JSON.parse(body));
  expect(first).toEqual({ ...config, requestObject: undefined, responseObject: undefined, sourceIPs: undefined, annotations: { ...config.annotations, 'secure-debug.internal/redacted': 'source addresses' } });
  expect(second.requestURI).toBe('/api/v1/namespaces/payments/pods/ledger-0/exec?command=login&command=***&command=x');

  const untouched = await collected('redact-not', [lines([config, { ...command, sourceIPs: undefined }])], { redact: redact.slice(1, 2) });
  expect(untouched.records[0].body).toBe(JSON.stringify(config));
}, 120_000);

/** A counter in the text that Prometheus reads, without what the exporter adds. */
function seriesOf(metrics: string): Map<string, number> {
  return new Map([...metrics.matchAll(/^(secure_debug_\w+)\{([^}]*)\} (\d+)$/gm)].map(([, name, labels, value]) =>
    [`${name}{${labels.split(/,(?=\w+=)/).filter(label => !label.startsWith('otel_scope')).join(',')}}`, Number(value)]));
}

const rulesFile = () => {
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, new AuditAlerts(new Chart(new App(), 'alerts'), 'alerts', { clusters: ['production-eu'] }).toPrometheusRules());
  return file;
};

test('promtool: cluster-admin in a window is quiet and an hour later is not, before and after the change of clocks', async () => {
  const { promtool } = await thePrometheus();
  const nightly = new MaintenanceWindow('nightly', { days: [Weekday.SUNDAY, Weekday.MONDAY], from: '04:00', to: '05:00', timeZone: 'Europe/Berlin' });
  const admin = (at: string, user: string) => lines([event({ at, user, role: 'cluster-admin', roleKind: 'ClusterRole' })]);
  // 04:30 in Berlin is 03:30 UTC in winter and 02:30 in summer, which begins on 2026-03-29. The same hour of UTC is wrong on the other side.
  const steps: [string, string, boolean][] = [
    ['winter, in the window', admin('2026-03-23T03:30:00Z', 'w-in'), false], ['winter, out of it', admin('2026-03-23T02:30:00Z', 'w-out'), true],
    ['the first day of summer, in it', admin('2026-03-29T02:30:00Z', 's-in'), false], ['the first day of summer, out of it', admin('2026-03-29T03:30:00Z', 's-out'), true],
    ['the first day of winter, in it', admin('2026-10-25T03:30:00Z', 'a-in'), false], ['the first day of winter, out of it', admin('2026-10-25T02:30:00Z', 'a-out'), true],
  ];
  const { scrapes } = await collected('windows', steps.map(([, text]) => text), { windows: [nightly] });
  // Each scrape stands for half an hour; an alert looks back ten minutes.
  const found = scrapes.map(seriesOf);
  const series = [...new Set(found.flatMap(one => [...one.keys()]))].map(name => ({
    series: name,
    // `_x30` is thirty samples, and `1x29` too.
    values: ['_x30', ...found.map(one => one.has(name) ? `${one.get(name)}x29` : '_x30')].join(' '),
  }));
  const file = join(folder, 'windows.yaml');
  writeFileSync(file, stringify({
    rule_files: [rulesFile()],
    evaluation_interval: '1m',
    tests: [{
      interval: '1m',
      input_series: series,
      // ALERTS has a series for each that fires, whatever its annotations.
      promql_expr_test: steps.map(([, text, fires], i) => ({
        expr: 'count by (alertname, debug_user) (ALERTS{alertstate="firing",alertname="ClusterAdminOutsideWindow"})',
        eval_time: `${(i + 1) * 30 + 5}m`,
        exp_samples: fires ? [{ labels: `{alertname="ClusterAdminOutsideWindow",debug_user="${JSON.parse(text).user.username}"}`, value: 1 }] : [],
      })),
    }],
  }, { aliasDuplicateObjects: false }));
  const ended = await run(promtool, ['test', 'rules', file], { env: process.env });
  expect([ended.code, ended.stdout + ended.stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
}, 300_000);

test('promtool: every alert fires on what it is about, and on nothing else', async () => {
  const { promtool } = await thePrometheus();
  const file = rulesFile();
  expect(await must(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', file], { env: process.env })).toContain('10 rules found');

  const eu = 'k8s_cluster_name="production-eu"';
  const alive = { series: `secure_debug_events_total{${eu}}`, values: '0+10x240' };
  const session = `${eu},debug_user="alice",debug_namespace="payments",debug_capability="exec"`;
  const cases: [string, { series: string; values: string }[], string, string[]][] = [
    ['nothing', [alive], '60m', []],
    ['a first event, of which increase sees nothing', [alive, { series: `secure_debug_privileged_total{${eu},debug_user="alice",debug_privileged="cluster-admin",debug_window="none"}`, values: '_x30 1x60' }], '35m', ['ClusterAdminOutsideWindow']],
    ['a second event', [alive, { series: `secure_debug_privileged_total{${eu},debug_user="alice",debug_privileged="cluster-admin",debug_window="none"}`, values: '1x59 2x60' }], '65m', ['ClusterAdminOutsideWindow']],
    ['an event of an hour ago', [alive, { series: `secure_debug_privileged_total{${eu},debug_user="alice",debug_privileged="cluster-admin",debug_window="none"}`, values: '_x30 1x120' }], '100m', []],
    ['the same in a window', [alive, { series: `secure_debug_privileged_total{${eu},debug_user="alice",debug_privileged="cluster-admin",debug_window="nightly"}`, values: '_x30 1x60' }], '35m', []],
    ['break-glass', [alive, { series: `secure_debug_break_glass_total{${eu},debug_user="alice",debug_namespace="payments",debug_break_glass="used"}`, values: '_x30 3x60' }], '35m', ['BreakGlassUsed']],
    ['a long session', [alive, { series: `secure_debug_sessions_ended_total{${session},debug_path="on-call",debug_over_limit="true"}`, values: '_x30 1x60' }], '35m', ['DebugSessionOverLimit']],
    ['a session within the limit', [alive, { series: `secure_debug_sessions_ended_total{${session},debug_path="on-call",debug_over_limit="false"}`, values: '_x30 1x60' }], '35m', []],
    ['an open session', [alive, { series: `secure_debug_sessions_started_total{${session},debug_path="on-call",debug_outside="none",debug_window="none"}`, values: '_x30 1x120' }], '95m', ['DebugSessionOpenForLong']],
    ['an open session that is young', [alive, { series: `secure_debug_sessions_started_total{${session},debug_path="on-call",debug_outside="none",debug_window="none"}`, values: '_x30 1x120' }], '60m', []],
    ['a session that ended', [alive, { series: `secure_debug_sessions_started_total{${session},debug_path="on-call",debug_outside="none",debug_window="none"}`, values: '_x30 1x120' }, { series: `secure_debug_sessions_ended_total{${session},debug_path="on-call",debug_over_limit="false"}`, values: '_x50 1x120' }], '95m', []],
    ['the token of a ServiceAccount', [alive, { series: `secure_debug_sessions_started_total{${eu},debug_user="system:serviceaccount:a:b",debug_namespace="payments",debug_capability="exec",debug_path="outside",debug_outside="service account",debug_window="none"}`, values: '_x30 1x10' }], '35m', ['DebuggingOutsideEveryPath']],
    ['cluster-admin, which has an alert of its own', [alive, { series: `secure_debug_sessions_started_total{${eu},debug_user="alice",debug_namespace="payments",debug_capability="exec",debug_path="outside",debug_outside="cluster-admin",debug_window="nightly"}`, values: '_x30 1x10' }], '35m', []],
    ['many refusals', [alive, { series: `secure_debug_refusals_total{${session},debug_refused_by="rbac"}`, values: '_x30 25x60' }], '35m', ['DebugRefusals']],
    ['some refusals', [alive, { series: `secure_debug_refusals_total{${session},debug_refused_by="rbac"}`, values: '_x30 12x60' }], '35m', []],
    ['events that stop', [{ series: `secure_debug_events_total{${eu}}`, values: '0+10x60 600x120' }], '90m', ['AuditPipelineSilent']],
    ['a collector that is gone', [{ series: `secure_debug_events_total{${eu}}`, values: '0+10x60 _x120' }], '90m', ['AuditPipelineSilent']],
    ['a collector that never was', [{ series: 'up', values: '1x120' }], '60m', ['AuditPipelineSilent']],
    ['a queue that fills', [alive, { series: 'otelcol_exporter_queue_size{exporter="otlp_http/loki",instance="a"}', values: '0x30 500x60' }, { series: 'otelcol_exporter_queue_capacity{exporter="otlp_http/loki",instance="a"}', values: '1000x120' }], '50m', ['AuditDeliveryBehind']],
    ['a queue that is used', [alive, { series: 'otelcol_exporter_queue_size{exporter="otlp_http/loki",instance="a"}', values: '0x30 100x60' }, { series: 'otelcol_exporter_queue_capacity{exporter="otlp_http/loki",instance="a"}', values: '1000x120' }], '50m', []],
    ['events that a sink refused, asked for as text', [alive, { series: 'otelcol_exporter_send_failed_log_records{exporter="otlp_http/loki",instance="a"}', values: '0x30 30x60' }], '35m', ['AuditEventsRefused']],
    ['and asked for as OpenMetrics', [alive, { series: 'otelcol_exporter_send_failed_log_records_total{exporter="otlp_http/loki",instance="a"}', values: '_x30 30x60' }], '35m', ['AuditEventsRefused']],
    ['a sink that refuses nothing', [alive, { series: 'otelcol_exporter_send_failed_log_records{exporter="otlp_http/loki",instance="a"}', values: '0x120' }], '60m', []],
    ['a damaged line', [alive, { series: `secure_debug_damaged_total{${eu}}`, values: '_x30 1x60' }], '35m', ['AuditLogDamaged']],
  ];
  const names = (parseRules(file)).map(rule => rule.alert);
  expect(new Set(cases.flatMap(([, , , fires]) => fires)).size).toBe(names.length);
  for (const [what, input_series, eval_time, fires] of cases) {
    const test = join(folder, 'case.yaml');
    writeFileSync(test, stringify({
      rule_files: [file],
      evaluation_interval: '1m',
      // ALERTS has a series for each that fires, whatever its annotations.
      tests: [{ interval: '1m', input_series, promql_expr_test: [{ expr: 'count by (alertname) (ALERTS{alertstate="firing"})', eval_time, exp_samples: fires.map(name => ({ labels: `{alertname="${name}"}`, value: 1 })) }] }],
    }, { aliasDuplicateObjects: false }));
    const ended = await run(promtool, ['test', 'rules', test], { env: process.env });
    expect([what, ended.code, ended.stdout + ended.stderr]).toEqual([what, 0, expect.stringContaining('SUCCESS')]);
  }
}, 300_000);

test('promtool reads every expression of the dashboards', async () => {
  const { promtool } = await thePrometheus();
  const file = join(folder, 'dashboards.yaml');
  const targets = Object.values(DASHBOARDS).flatMap(({ panels }) => (panels as any[]).flatMap(panel => panel.targets ?? []));
  const exprs = targets.map(({ expr }): string => expr);
  const concrete = exprs.map(expr => expr.replace(/\$__range/g, '1d').replace(/\$__rate_interval/g, '5m').replace(/\$cluster/g, '.*'));
  writeFileSync(file, stringify({ groups: [{ name: 'dashboards', rules: concrete.map((expr, i) => ({ record: `panel:number${i}`, expr })) }] }));
  expect(await must(promtool, ['check', 'rules', '--lint=none', file], { env: process.env })).toContain(`${exprs.length} rules found`);
}, 60_000);

function parseRules(file: string): any[] {
  return parse(readFileSync(file, 'utf8')).groups[0].rules;
}
