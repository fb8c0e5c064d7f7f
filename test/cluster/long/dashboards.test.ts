/**
 * The query of each panel of the dashboards, run by Prometheus' own engine on series as the collector makes them. It needs no cluster, but
 * minutes to build promtool.
 */
import { mkdirSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { stringify } from 'yaml';
import { thePrometheus } from './audit-shipping/processes';
import { DASHBOARDS } from '../../../tools/dashboards';
import { scratch, theCluster } from '../lab/cluster';
import { run } from '../lab/process';

const folder = scratch(theCluster(), 'dashboards');

type Labels = { readonly [label: string]: string };
const labelled = (labels: Labels) => `{${Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(',')}}`;

const eu = { k8s_cluster_name: 'eu' };
const exec = { debug_capability: 'exec', debug_namespace: 'payments' };
const admin = { ...eu, debug_privileged: 'cluster-admin' };
const glass = { ...eu, debug_user: 'alice', debug_namespace: 'payments' };
const mallory = { k8s_cluster_name: 'us', debug_user: 'mallory', debug_outside: 'other role', debug_capability: 'exec', debug_namespace: 'search' };
const denied = { ...eu, debug_would_deny: 'secure-debug-exec', debug_namespace: 'payments' };

/** Begins within the time that is shown, and stays. */
const once = (number: number) => `_x15 ${number}x20`;

const SERIES: readonly [string, Labels, string][] = [
  ['secure_debug_privileged_total', { ...admin, debug_user: 'alice', debug_window: 'none' }, once(2)],
  ['secure_debug_privileged_total', { ...admin, debug_user: 'bob', debug_window: 'nightly' }, once(3)],
  ['secure_debug_break_glass_total', { ...glass, debug_break_glass: 'requested' }, once(1)],
  ['secure_debug_break_glass_total', { ...glass, debug_break_glass: 'used' }, once(4)],
  ['secure_debug_sessions_started_total', { ...eu, ...exec, debug_user: 'alice', debug_path: 'on-call', debug_outside: 'none', debug_window: 'none' }, once(5)],
  ['secure_debug_sessions_started_total', { ...mallory, debug_path: 'outside', debug_window: 'none' }, once(1)],
  ['secure_debug_sessions_ended_total', { ...eu, ...exec, debug_user: 'alice', debug_path: 'on-call', debug_over_limit: 'true' }, once(2)],
  ['secure_debug_sessions_ended_total', { ...eu, ...exec, debug_user: 'alice', debug_path: 'on-call', debug_over_limit: 'false' }, once(1)],
  ['secure_debug_refusals_total', { ...eu, ...exec, debug_user: 'bob', debug_refused_by: 'rbac' }, once(6)],
  ['secure_debug_refusals_total', { ...eu, ...exec, debug_user: 'bob', debug_refused_by: 'guardrail' }, once(2)],
  ['secure_debug_would_deny_total', { ...denied, debug_user: 'alice' }, once(7)],
  ['secure_debug_would_deny_total', { ...denied, debug_user: 'bob' }, once(1)],
  ['secure_debug_events_total', eu, '0+10x40'],
  ['otelcol_exporter_queue_size', { exporter: 'otlp_http/loki', instance: 'a' }, '25x40'],
  ['otelcol_exporter_queue_capacity', { exporter: 'otlp_http/loki', instance: 'a' }, '100x40'],
];

/** By dashboard, kind of panel and title: what it shows. */
const SHOWN: { readonly [panel: string]: readonly [Labels, number][] } = {
  'privileged-access stat Cluster-admin outside windows': [[{}, 2]],
  'privileged-access stat Cluster-admin in windows': [[{}, 3]],
  'privileged-access stat Break-glass requests': [[{}, 1]],
  'privileged-access stat Outside every path': [[{}, 1]],
  'privileged-access table People with cluster-admin': [[{ ...admin, debug_user: 'alice', debug_window: 'none' }, 2], [{ ...admin, debug_user: 'bob', debug_window: 'nightly' }, 3]],
  'privileged-access table Break-glass': [[{ ...glass, debug_break_glass: 'requested' }, 1], [{ ...glass, debug_break_glass: 'used' }, 4]],
  'privileged-access table Outside every path': [[mallory, 1]],
  'privileged-access timeseries Cluster-admin by cluster': [[{ ...eu, debug_window: 'none' }, 0], [{ ...eu, debug_window: 'nightly' }, 0]],
  'debug-sessions stat Sessions': [[{}, 6]],
  'debug-sessions stat Open streams': [[{}, 3]],
  'debug-sessions stat Over the limit': [[{}, 2]],
  'debug-sessions stat Refusals': [[{}, 8]],
  'debug-sessions timeseries Sessions by path': [[{ debug_path: 'on-call' }, 0], [{ debug_path: 'outside' }, 0]],
  'debug-sessions table Who by which path': [[{ ...eu, ...exec, debug_user: 'alice', debug_path: 'on-call' }, 5], [{ k8s_cluster_name: 'us', debug_user: 'mallory', debug_path: 'outside', debug_capability: 'exec', debug_namespace: 'search' }, 1]],
  'debug-sessions table Refusals': [[{ ...eu, ...exec, debug_user: 'bob', debug_refused_by: 'rbac' }, 6], [{ ...eu, ...exec, debug_user: 'bob', debug_refused_by: 'guardrail' }, 2]],
  'debug-sessions timeseries Events': [[eu, 50]],
  'debug-sessions timeseries Queues': [[{ exporter: 'otlp_http/loki', instance: 'a' }, 0.25]],
  'would-have-denied stat Would have been denied': [[{}, 8]],
  'would-have-denied stat People affected': [[{}, 2]],
  'would-have-denied stat Guardrails': [[{}, 1]],
  'would-have-denied stat Refused by guardrails': [[{}, 2]],
  'would-have-denied timeseries By guardrail': [[{ debug_would_deny: 'secure-debug-exec' }, 0]],
  'would-have-denied table Who': [[{ ...denied, debug_user: 'alice' }, 7], [{ ...denied, debug_user: 'bob' }, 1]],
};

/** Minutes after the first event of each series: a bar that `increase` alone would leave out. */
const BEGUN: typeof SHOWN = {
  'privileged-access timeseries Cluster-admin by cluster': [[{ ...eu, debug_window: 'none' }, 2], [{ ...eu, debug_window: 'nightly' }, 3]],
  'debug-sessions timeseries Sessions by path': [[{ debug_path: 'on-call' }, 5], [{ debug_path: 'outside' }, 1]],
  'would-have-denied timeseries By guardrail': [[{ debug_would_deny: 'secure-debug-exec' }, 8]],
};

test('each panel shows what happened, and bars show the first time too', async () => {
  const { promtool } = await thePrometheus();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const panels = Object.entries(DASHBOARDS).flatMap(([file, board]) => (board.panels as any[]).filter(({ targets }) => targets?.length > 0)
    .map(({ type, title, targets: [{ expr }] }) => [`${file.replace('.json', '')} ${type} ${title}`, expr as string] as const));
  expect(panels.map(([name]) => name).sort()).toEqual(Object.keys(SHOWN).sort());
  const file = join(folder, 'panels.yaml');
  writeFileSync(file, stringify({
    evaluation_interval: '1m',
    tests: [{
      interval: '1m',
      input_series: SERIES.map(([metric, labels, values]) => ({ series: `${metric}${labelled(labels)}`, values })),
      promql_expr_test: [['30m', SHOWN] as const, ['18m', BEGUN] as const].flatMap(([time, shown]) => panels.filter(([name]) => shown[name]).map(([name, expr]) => ({
        expr: expr.replace(/\$__range/g, '20m').replace(/\$__rate_interval/g, '5m').replace(/\$cluster/g, '.*'),
        eval_time: time,
        exp_samples: shown[name].map(([labels, value]) => ({ labels: labelled(labels), value })),
      }))),
    }],
  }, { aliasDuplicateObjects: false }));
  const ended = await run(promtool, ['test', 'rules', file], { env: process.env });
  expect([ended.code, ended.stdout + ended.stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
}, 25 * 60_000);
