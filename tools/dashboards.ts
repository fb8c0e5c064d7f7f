/**
 * Writes the Grafana dashboards, assets/dashboards/*.json; a test compares them with what this makes.
 *
 *     npx tsx --tsconfig tsconfig.dev.json tools/dashboards.ts
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join, resolve } from 'path';
import { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  Dashboard, DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder, Panel,
  QueryVariableBuilder, RowBuilder, VariableRefresh, VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { CLUSTER, LABEL } from '../src/audit/shipping/classify';
import { counter, labelName } from '../src/audit/shipping/metrics';

const FOLDER = resolve(__dirname, '..', 'assets', 'dashboards');
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

const cluster = labelName(CLUSTER);
const label = Object.fromEntries(Object.entries(LABEL).map(([key, value]) => [key, labelName(value)])) as { [key in keyof typeof LABEL]: string };

/** A counter of the chosen clusters. */
const of = (name: string, filter = '') => `${counter(name)}{${cluster}=~"$cluster"${filter && `,${filter}`}}`;
/** How much it grew in the time that is shown; a series that began in it counts whole. */
const inRange = (what: string, ...labels: string[]) =>
  `sum by (${labels.join(', ')}) ((increase(${what}[$__range]) and ${what} offset $__range) or ${what} unless ${what} offset $__range)`;
const over = (what: string, ...labels: string[]) => `sum by (${labels.join(', ')}) (increase(${what}[$__rate_interval]))`;

const query = (expr: string) => new DataqueryBuilder().expr(expr).datasource(SOURCE);

const WIDTH = 24;

function stat(title: string, description: string, expr: string): Builder<Panel> {
  return new StatBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH / 4).height(4).decimals(0).noValue('0')
    .withTarget(query(`${expr} or vector(0)`).instant());
}

function series(title: string, description: string, legend: string, expr: string): Builder<Panel> {
  return new TimeseriesBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH).height(8).min(0).decimals(0).noValue('none')
    .withTarget(query(expr).range().legendFormat(legend));
}

function table(title: string, description: string, expr: string): Builder<Panel> {
  return new TableBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH).height(9).decimals(0).noValue('none')
    .withTarget(query(`sort_desc(${expr} > 0.5)`).instant().format(PromQueryFormat.Table));
}

interface Page { readonly uid: string; readonly title: string; readonly description: string; readonly rows: [string, Builder<Panel>[]][] }

function dashboard({ uid, title, description, rows }: Page): Dashboard {
  const builder = new DashboardBuilder(title).uid(uid).description(description).tags(['secure-debug', 'audit']).readonly().refresh('1m')
    .time({ from: 'now-24h', to: 'now' }).timezone('browser').tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(new QueryVariableBuilder('cluster').label('Cluster').datasource(SOURCE).query(`label_values(${counter('events')}, ${cluster})`)
      .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc).multi(true).includeAll(true).allValue('.*'))
    .link(new DashboardLinkBuilder('secure-debug').type(DashboardLinkType.Dashboards).tags(['secure-debug']).asDropdown(true).keepTime(true).includeVars(true));
  for (const [name, panels] of rows) {
    builder.withRow(new RowBuilder(name));
    panels.forEach(panel => builder.withPanel(panel as any));
  }
  return builder.build();
}

const none = `${label.window}="none"`;
const outside = `${label.path}="outside"`;

/** The dashboards by file name. */
export const DASHBOARDS: { [file: string]: Dashboard } = {
  'privileged-access.json': dashboard({
    uid: 'secure-debug-privileged',
    title: 'Privileged access',
    description: 'Who used cluster-admin, system:masters and break-glass, in which cluster, and what lay outside every path and window.',
    rows: [
      ['Now', [
        stat('Cluster-admin outside windows', 'Requests of people that cluster-admin or system:masters allowed, outside every maintenance window.', `sum(${inRange(of('privileged', none), cluster)})`),
        stat('Cluster-admin in windows', 'The same within a maintenance window.', `sum(${inRange(of('privileged', `${label.window}!="none"`), cluster)})`),
        stat('Break-glass requests', 'How often break-glass access was asked for.', `sum(${inRange(of('break_glass', `${label.breakGlass}="requested"`), cluster)})`),
        stat('Outside every path', 'Debug requests that none of the declared paths allowed.', `sum(${inRange(of('sessions_started', outside), cluster)})`),
      ]],
      ['Who', [
        table('People with cluster-admin', 'By cluster, person and window.', inRange(of('privileged'), cluster, label.user, label.privileged, label.window)),
        table('Break-glass', 'Asked for and used, by person and namespace.', inRange(of('break_glass'), cluster, label.user, label.namespace, label.breakGlass)),
        table('Outside every path', 'By person and reason.', inRange(of('sessions_started', outside), cluster, label.user, label.outside, label.capability, label.namespace)),
      ]],
      ['Over time', [
        series('Cluster-admin by cluster', 'It should go down to the windows.', `{{${cluster}}} {{${label.window}}}`, over(of('privileged'), cluster, label.window)),
      ]],
    ],
  }),
  'debug-sessions.json': dashboard({
    uid: 'secure-debug-sessions',
    title: 'Debug sessions',
    description: 'Which paths people debug by, how long sessions last, and what was refused.',
    rows: [
      ['Now', [
        stat('Sessions', 'Debug requests that began.', `sum(${inRange(of('sessions_started'), cluster)})`),
        stat('Open streams', 'Streams that began and have not ended.', `sum(${of('sessions_started', `${label.capability}=~"exec|attach|port-forward"`)}) - sum(${of('sessions_ended', `${label.capability}=~"exec|attach|port-forward"`)})`),
        stat('Over the limit', 'Streams that lasted longer than they should.', `sum(${inRange(of('sessions_ended', `${label.overLimit}="true"`), cluster)})`),
        stat('Refusals', 'Debug requests that RBAC or a guardrail refused; kubectl asks twice.', `sum(${inRange(of('refusals'), cluster)})`),
      ]],
      ['Paths', [
        series('Sessions by path', 'On-call and read-only by day, just-in-time and break-glass when needed, outside never.', `{{${label.path}}}`, over(of('sessions_started'), label.path)),
        table('Who by which path', 'Each person, path and capability.', inRange(of('sessions_started'), cluster, label.user, label.path, label.capability, label.namespace)),
      ]],
      ['Refused', [
        table('Refusals', 'By person, and by whom.', inRange(of('refusals'), cluster, label.user, label.by, label.capability, label.namespace)),
      ]],
      ['Pipeline', [
        series('Events', 'Events that were read, by cluster. A line that ends is a pipeline that is silent.', `{{${cluster}}}`, over(of('events'), cluster)),
        series('Queues', 'How full the queues on the nodes are; they fill while a sink is away.', '{{exporter}} {{instance}}', 'max by (exporter, instance) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)'),
      ]],
    ],
  }),
  'would-have-denied.json': dashboard({
    uid: 'secure-debug-would-deny',
    title: 'Would have denied',
    description: 'What guardrails that only watch would have refused: is it safe to let them deny?',
    rows: [
      ['Now', [
        stat('Would have been denied', 'Requests that a watching guardrail would have refused.', `sum(${inRange(of('would_deny'), cluster)})`),
        stat('People affected', 'How many people would have been stopped.', `count(${inRange(of('would_deny'), label.user)} > 0.5)`),
        stat('Guardrails', 'How many guardrails would have refused something.', `count(${inRange(of('would_deny'), label.wouldDeny)} > 0.5)`),
        stat('Refused by guardrails', 'What those that deny did refuse.', `sum(${inRange(of('refusals', `${label.by}="guardrail"`), cluster)})`),
      ]],
      ['By guardrail', [
        series('By guardrail', 'When this stays at zero for as long as your busiest month, let it deny.', `{{${label.wouldDeny}}}`, over(of('would_deny'), label.wouldDeny)),
        table('Who', 'Talk to them first.', inRange(of('would_deny'), cluster, label.wouldDeny, label.user, label.namespace)),
      ]],
    ],
  }),
};

export const dashboardText = (file: string) => `${JSON.stringify(DASHBOARDS[file], undefined, 1)}\n`;

if (require.main === module) {
  mkdirSync(FOLDER, { recursive: true });
  for (const file of Object.keys(DASHBOARDS)) writeFileSync(join(FOLDER, file), dashboardText(file));
}
