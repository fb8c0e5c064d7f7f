/**
 * Pictures of the dashboards: a Prometheus with two days of counters answers each query, and tools/dashboards-look/page.jsx draws the answers.
 * tools/dashboards-look.sh runs it: `tsx --tsconfig tsconfig.dev.json tools/dashboards-look.ts FOLDER PAGE PROMETHEUS PROMTOOL IMAGES`, where
 * PAGE is the page built, without its ending. Without arguments it says by its status, 77, that there is no browser.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import { chromium, ReportBrowser } from './report-browser';
import { counter } from '../../src/audit/shipping/metrics';
import { eventually, must } from '../../test/cluster/lab/process';
import { freePort, Restartable } from '../../test/cluster/long/audit-shipping/processes';

const BOARDS = join(__dirname, '..', '..', 'assets', 'dashboards');
const WIDTH = 1280;
/** The pictures stay small enough for a repository. */
const LARGEST = 250_000;

const [MINUTE, HOUR] = [60, 3600];
/** The end of what is shown: a Wednesday, 08:20 UTC. */
const TO = Date.UTC(2026, 2, 4, 8, 20) / 1000;
const FROM = TO - 24 * HOUR;
const BEGIN = FROM - 26 * HOUR;
/** As kube-prometheus-stack has it, in Prometheus and as the interval of Grafana's data source. */
const SCRAPE = 30;

type Labels = { readonly [label: string]: string };

/** How often something happened by then; undefined before the first time, for a counter begins with what it counts. */
interface Series { readonly metric: string; readonly labels: Labels; readonly at: (time: number) => number | undefined }

const written = (labels: Labels) => `{${Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(',')}}`;

/** Hours of the day that is shown; negative ones are of the day before. Not on the full minutes at which bars begin. */
const counted = (name: string, labels: Labels, ...hours: number[]): Series => {
  const times = hours.map(hour => FROM + hour * HOUR + 130);
  return { metric: counter(name), labels, at: time => times.some(one => one <= time) ? times.filter(one => one <= time).length : undefined };
};

const every = (minutes: number, from: number, to: number) =>
  Array.from({ length: Math.ceil((to - from) * 60 / minutes) }, (_none, i) => from + i * minutes / 60);

const [eu, us, staging] = ['production-eu', 'production-us', 'staging'].map(name => ({ k8s_cluster_name: name }));

function started(cluster: Labels, user: string, path: string, capability: string, namespace: string, ...hours: number[]): Series[] {
  const outside = path === 'outside' ? 'cluster-admin' : 'none';
  const how = { debug_user: user, debug_path: path, debug_outside: outside, debug_capability: capability };
  return [counted('sessions_started', { ...cluster, ...how, debug_namespace: namespace, debug_window: 'none' }, ...hours)];
}

function session(cluster: Labels, user: string, path: string, capability: string, namespace: string, lasts: number, ...hours: number[]): Series[] {
  const how = { debug_user: user, debug_path: path, debug_capability: capability, debug_namespace: namespace, debug_over_limit: String(lasts > 1) };
  return [
    ...started(cluster, user, path, capability, namespace, ...hours),
    counted('sessions_ended', { ...cluster, ...how }, ...hours.map(hour => hour + lasts)),
  ];
}

const privileged = (cluster: Labels, user: string, by: string, window: string, ...hours: number[]) =>
  counted('privileged', { ...cluster, debug_user: user, debug_privileged: by, debug_window: window }, ...hours);
const glass = (cluster: Labels, user: string, what: string, ...hours: number[]) =>
  counted('break_glass', { ...cluster, debug_user: user, debug_namespace: 'checkout', debug_break_glass: what }, ...hours);
const refused = (cluster: Labels, user: string, by: string, capability: string, namespace: string, ...hours: number[]) =>
  counted('refusals', { ...cluster, debug_user: user, debug_refused_by: by, debug_capability: capability, debug_namespace: namespace }, ...hours);
const watched = (cluster: Labels, user: string, guardrail: string, namespace: string, ...hours: number[]) =>
  counted('would_deny', { ...cluster, debug_user: user, debug_would_deny: guardrail, debug_namespace: namespace }, ...hours);

/** More by day than by night. */
function events(cluster: Labels, perMinute: number): Series {
  const wave = (time: number) => 0.4 * 24 * 60 / (2 * Math.PI) * Math.sin(2 * Math.PI * (time - FROM + 7 * HOUR) / (24 * HOUR));
  return { metric: counter('events'), labels: cluster, at: time => Math.round(perMinute * ((time - BEGIN) / MINUTE - wave(time) + 240)) };
}

function queue(exporter: string, instance: string, full: (hour: number) => number): Series[] {
  const labels = { exporter, instance };
  return [
    { metric: 'otelcol_exporter_queue_size', labels, at: time => Math.max(0, Math.round(1000 * full((time - FROM) / HOUR))) },
    { metric: 'otelcol_exporter_queue_capacity', labels, at: () => 1000 },
  ];
}

/** A sink was away for an hour and a half in the night. */
const away = (perHour: number) => (hour: number) => {
  if (hour < 18 || hour > 19.75) return 0.01;
  return 0.01 + (hour < 19.5 ? hour - 18 : (19.75 - hour) * 6) * perHour;
};

const SERIES: Series[] = [
  // Every day, and in the window of the release (Tuesday, 22:00 to 02:00 in Berlin).
  ...session(eu, 'alice', 'on-call', 'exec', 'checkout', 0.3, -20, -18, 1.2, 1.6, 2.4, 5.1, 7.3, 7.8, 22.6),
  ...session(eu, 'alice', 'on-call', 'port-forward', 'checkout', 0.8, -19, 1.9, 6.2),
  ...started(eu, 'alice', 'read-only', 'logs', 'checkout', ...every(45, -22, -12), ...every(40, 1, 9)),
  ...session(us, 'bob', 'on-call', 'exec', 'search', 0.5, -10, 8.2, 9.5, 11.1),
  ...started(us, 'bob', 'read-only', 'logs', 'search', ...every(50, -12, -4), ...every(35, 7, 14)),
  ...session(eu, 'carol', 'just-in-time', 'debug', 'payments', 0.6, 3.2, 3.9),
  ...session(eu, 'carol', 'just-in-time', 'exec', 'payments', 1.4, 4.1),
  ...session(eu, 'dave', 'break-glass', 'exec', 'checkout', 0.4, 17.4, 17.7, 18.2),
  ...started(staging, 'erin', 'read-only', 'logs', 'web', ...every(30, -22, -14), ...every(25, 1, 9)),
  ...session(staging, 'erin', 'outside', 'exec', 'web', 0.2, 5.5),
  ...session(us, 'bob', 'on-call', 'attach', 'search', 2, 23.4),
  privileged(eu, 'frank', 'cluster-admin', 'releases', ...every(4, 13.1, 14.3), ...every(9, 15, 16.2)),
  privileged(us, 'frank', 'cluster-admin', 'releases', ...every(6, 14.4, 15.4)),
  privileged(staging, 'erin', 'cluster-admin', 'none', 5.5, 5.6, 5.62),
  privileged(eu, 'grace', 'system:masters', 'none', 20.3),
  glass(eu, 'dave', 'requested', 17.3),
  glass(eu, 'dave', 'used', 17.4, 17.7, 18.2),
  refused(eu, 'alice', 'rbac', 'exec', 'payments', 2.1, 2.11, 2.2, 2.21),
  refused(eu, 'carol', 'guardrail', 'debug', 'payments', 3.1, 3.15),
  refused(us, 'bob', 'rbac', 'port-forward', 'checkout', 8.8, 8.81),
  refused(staging, 'erin', 'guardrail', 'exec', 'kube-system', 6.4),
  watched(eu, 'alice', 'secure-debug-exec-command', 'checkout', -20, 1.2, 2.4, 7.3),
  watched(eu, 'carol', 'secure-debug-debug-images', 'payments', 3.2, 3.9),
  watched(us, 'bob', 'secure-debug-exec-command', 'search', -10, ...every(20, 8.2, 11.4)),
  watched(staging, 'erin', 'secure-debug-port-forward', 'web', 4.5, 5.5, 6.5, 6.6),
  ...[[eu, 900], [us, 640], [staging, 150]].map(([cluster, perMinute]) => events(cluster as Labels, perMinute as number)),
  ...queue('otlp_http/loki', 'eu-1:8888', away(0.22)),
  ...queue('otlp_http/loki', 'eu-2:8888', away(0.13)),
  ...queue('otlp_http/loki', 'us-1:8888', () => 0.01),
];

/** Each counter as Prometheus would have scraped it. */
function openMetrics(): string {
  const times = Array.from({ length: (TO - BEGIN) / SCRAPE + 1 }, (_none, i) => BEGIN + i * SCRAPE);
  const samples = ({ metric, labels, at }: Series) => times.flatMap(time => at(time) === undefined ? [] : [`${metric}${written(labels)} ${at(time)} ${time}`]);
  const metrics = [...new Set(SERIES.map(({ metric }) => metric))];
  return `${metrics.map(metric => [
    `# TYPE ${metric.replace(/_total$/, '')} ${metric.endsWith('_total') ? 'counter' : 'gauge'}`,
    ...SERIES.filter(one => one.metric === metric).flatMap(samples),
  ].join('\n')).join('\n')}\n# EOF\n`;
}

/** Seconds of `10m`. */
const seconds = (text: string) => Number(text.slice(0, -1)) * ({ s: 1, m: MINUTE, h: HOUR } as { [unit: string]: number })[text.slice(-1)];

/** As Grafana asks: a point for about each pixel, not less than the interval of the panel, and a range of at least four scrapes. */
async function answer(port: number, panel: any, target: any): Promise<any> {
  const step = Math.max(panel.interval === undefined ? SCRAPE : seconds(panel.interval), MINUTE);
  const expr = String(target.expr).replace(/\$__range\b/g, '24h').replace(/\$__rate_interval\b/g, `${Math.max(step + SCRAPE, 4 * SCRAPE)}s`)
    .replace(/\$__interval\b/g, `${step}s`).replace(/\$cluster\b/g, '.*');
  const asked = target.instant ? { query: expr, time: TO } : { query: expr, start: FROM, end: TO, step };
  const url = new URL(`http://127.0.0.1:${port}/api/v1/${target.instant ? 'query' : 'query_range'}`);
  for (const [key, value] of Object.entries(asked)) url.searchParams.set(key, String(value));
  const said = await (await fetch(url)).json() as any;
  if (said.status !== 'success') throw new Error(`${panel.title}: ${said.error}`);
  if (said.data.result.length === 0) throw new Error(`${panel.title}: there is nothing to show, from ${expr}`);
  return { step, data: said.data };
}

async function main(folder: string, page: string, prometheus: string, promtool: string, images: string): Promise<void> {
  mkdirSync(images, { recursive: true });
  const [data, metrics, config, log] = ['data', 'metrics', 'prometheus.yaml', 'prometheus.log'].map(name => join(folder, name));
  // What a run before has left would be in the pictures.
  rmSync(data, { recursive: true, force: true });
  writeFileSync(metrics, openMetrics());
  writeFileSync(config, '');
  await must(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', metrics, data], { env: process.env, timeout: 120_000 });
  const port = await freePort();
  const server = new Restartable(prometheus, [`--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'], log);
  const browser = await ReportBrowser.start();
  try {
    server.start();
    await eventually('Prometheus', async () => {
      server.mustRun();
      return fetch(`http://127.0.0.1:${port}/-/ready`).then(({ ok }) => ok || undefined, () => undefined);
    });
    const script = readFileSync(`${page}.js`, 'utf8').replace(/<\/script/g, '<\\/script');
    for (const file of readdirSync(BOARDS).sort()) {
      const board = JSON.parse(readFileSync(join(BOARDS, file), 'utf8'));
      const answers = [];
      for (const panel of board.panels) answers.push(await Promise.all((panel.targets ?? []).map((target: any) => answer(port, panel, target))));
      const look = { board, variables: { datasource: 'prometheus', cluster: 'All' }, from: FROM * 1000, to: TO * 1000, answers };
      const bottom = Math.max(...board.panels.map(({ gridPos: { y, h } }: any) => y + h));
      const { page: opened, errors } = await browser.open(`<!doctype html><html lang="en"><meta charset="utf-8"><style>${readFileSync(`${page}.css`, 'utf8')}</style>
<body style="margin: 0; overflow: hidden"><div id="board"></div><script>window.LOOK = ${JSON.stringify(look).replace(/</g, '\\u003c')}; window.public_path = '';</script><script>${script}</script>`, { width: WIDTH, height: bottom * 38 + 100, dark: true });
      const name = `dashboard-${file.replace('.json', '.png')}`;
      await opened.screenshot({ path: join(images, name) as `${string}.png` });
      const { panels, wide } = await opened.evaluate(`({
        panels: document.querySelectorAll('[data-panel]').length,
        wide: [document.documentElement, ...document.querySelectorAll('[role=grid]')].filter(one => one.scrollWidth > one.clientWidth + 1)
          .map(one => one.closest('[data-panel]')?.dataset.panel ?? 'the page'),
      })`) as { panels: number; wide: string[] };
      await opened.close();
      const { size } = statSync(join(images, name));
      const wanted = board.panels.filter(({ type }: any) => type !== 'row').length;
      const wrong = [
        // Grafana's styles name the fonts of its server too; those of the page are in it.
        ...errors.filter(one => !one.includes('ERR_FILE_NOT_FOUND')),
        ...wide.map(one => `${one} is wider than it may be`),
        ...panels === wanted ? [] : [`${panels} panels instead of ${wanted}`],
        ...size <= LARGEST ? [] : [`larger than ${LARGEST} bytes`],
      ];
      console.log(`${name}: ${panels} panels, ${Math.round(size / 1000)} kB, ${wrong.length} wrong`);
      for (const one of wrong) console.log(`  ${one.slice(0, 300)}`);
      if (wrong.length > 0) process.exitCode = 1;
    }
  } finally {
    await browser.close();
    await server.stop('SIGTERM');
  }
}

const [folder, page, prometheus, promtool, images] = process.argv.slice(2);
if (folder === undefined) {
  process.exitCode = chromium() === undefined ? 77 : 0;
} else {
  void main(folder, page, prometheus, promtool, images).catch(error => {
    console.error(error);
    process.exitCode = 1;
  });
}
