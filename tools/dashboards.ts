/**
 * Writes the Grafana dashboards, assets/dashboards/*.json; a test compares them with what this makes.
 *
 *     npx tsx --tsconfig tsconfig.dev.json tools/dashboards.ts
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join, resolve } from 'path';
import { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueGraphMode, GraphDrawStyle, GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode, LegendDisplayMode, LegendPlacement, SortOrder,
  StackingConfigBuilder, StackingMode, TooltipDisplayMode, VizLegendOptionsBuilder, VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  Dashboard, DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder, FieldColorBuilder,
  FieldColorModeId, Panel, QueryVariableBuilder, RowBuilder, Threshold, ThresholdsConfigBuilder, ThresholdsMode, VariableRefresh, VariableSort,
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
/** How much it grew in a time; a series that began in it counts whole, for its first event is no growth. */
const grown = (time: string) => (what: string, ...labels: string[]) =>
  `sum by (${labels.join(', ')}) ((increase(${what}[${time}]) and ${what} offset ${time}) or ${what} unless ${what} offset ${time})`;
const inRange = grown('$__range');
const over = grown('$__rate_interval');

const query = (expr: string) => new DataqueryBuilder().expr(expr).datasource(SOURCE);

const WIDTH = 24;

/** What a number means: nothing by itself, that one should look, or what should not be. Without steps Grafana has its own: green, and red from 80. */
const PLAIN: Threshold[] = [{ value: null, color: 'text' }];
const LOOK: Threshold[] = [{ value: null, color: 'green' }, { value: 1, color: 'orange' }];
const WRONG: Threshold[] = [{ value: null, color: 'green' }, { value: 1, color: 'red' }];
const steps = (thresholds: Threshold[]) => new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds);

function stat(title: string, description: string, means: Threshold[], expr: string): Builder<Panel> {
  return new StatBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH / 4).height(4).decimals(0).noValue('0')
    .graphMode(BigValueGraphMode.None).thresholds(steps(means)).withTarget(query(`${expr} or vector(0)`).instant());
}

function series(title: string, description: string, legend: string, expr: string): TimeseriesBuilder {
  return new TimeseriesBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH).height(8).min(0).noValue('none')
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .withTarget(query(expr).range().legendFormat(legend));
}

/**
 * How often something rare happened, in bars of ten minutes: a line of it would be needles that nobody sees. What is asked for is a scrape longer
 * than a bar, so what happens between two bars is in both rather than in none.
 */
function bars(title: string, description: string, legend: string, what: string, ...labels: string[]): TimeseriesBuilder {
  return series(title, description, legend, over(what, ...labels)).interval('10m').decimals(0).unit('short')
    .drawStyle(GraphDrawStyle.Bars).fillOpacity(80).lineWidth(0).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

const COLUMNS: { readonly [label: string]: string } = {
  [cluster]: 'Cluster',
  [label.user]: 'Person',
  [label.privileged]: 'By',
  [label.window]: 'Window',
  [label.namespace]: 'Namespace',
  [label.breakGlass]: 'Break-glass',
  [label.outside]: 'Why',
  [label.capability]: 'Capability',
  [label.path]: 'Path',
  [label.by]: 'Refused by',
  [label.wouldDeny]: 'Guardrail',
};

/** A column for each label, in their order, and how often. */
function table(title: string, description: string, what: string, ...labels: string[]): TableBuilder {
  const columns = Object.fromEntries(labels.map(name => {
    if (COLUMNS[name] === undefined) throw new Error(`no column for ${name}`);
    return [name, COLUMNS[name]];
  }));
  return new TableBuilder().title(title).description(description).datasource(SOURCE).span(WIDTH).height(8).decimals(0).noValue('none')
    .withTarget(query(`sort_desc(${inRange(what, ...labels)} > 0.5)`).instant().format(PromQueryFormat.Table))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries([...labels, 'Value'].map((name, i) => [name, i])),
        renameByName: { ...columns, Value: 'Times' },
      },
    });
}

const shades = (color: string) => new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor(color);

/** Paths have the same colour on each day, and what lies outside of them is red. */
const PATHS: readonly (readonly [path: string, color: string])[] = [
  ['read-only', 'green'], ['on-call', 'blue'], ['just-in-time', 'purple'], ['gateway', 'super-light-blue'], ['gitops-emergency', 'yellow'], ['break-glass', 'orange'], ['outside', 'red'],
];

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
      ['In the time shown', [
        stat('Cluster-admin outside windows', 'Requests of people that cluster-admin or system:masters allowed, outside every maintenance window.', WRONG, `sum(${inRange(of('privileged', none), cluster)})`),
        stat('Cluster-admin in windows', 'The same within a maintenance window.', PLAIN, `sum(${inRange(of('privileged', `${label.window}!="none"`), cluster)})`),
        stat('Break-glass requests', 'How often break-glass access was asked for.', LOOK, `sum(${inRange(of('break_glass', `${label.breakGlass}="requested"`), cluster)})`),
        stat('Outside every path', 'Debug requests that none of the declared paths allowed.', WRONG, `sum(${inRange(of('sessions_started', outside), cluster)})`),
      ]],
      ['Who', [
        table('People with cluster-admin', 'By cluster, person and window.', of('privileged'), cluster, label.user, label.privileged, label.window),
        table('Break-glass', 'Asked for and used, by person and namespace.', of('break_glass'), cluster, label.user, label.namespace, label.breakGlass).height(6),
        table('Outside every path', 'By person and reason.', of('sessions_started', outside), cluster, label.user, label.outside, label.capability, label.namespace).height(6),
      ]],
      ['Over time', [
        bars('Cluster-admin by cluster', 'It should go down to the windows.', `{{${cluster}}} (window: {{${label.window}}})`, of('privileged'), cluster, label.window)
          .colorScheme(shades('blue')).overrideByRegexp('/window: none/', [{ id: 'color', value: shades('red').build() }]),
      ]],
    ],
  }),
  'debug-sessions.json': dashboard({
    uid: 'secure-debug-sessions',
    title: 'Debug sessions',
    description: 'Which paths people debug by, how long sessions last, and what was refused.',
    rows: [
      ['In the time shown', [
        stat('Sessions', 'Debug requests that began.', PLAIN, `sum(${inRange(of('sessions_started'), cluster)})`),
        stat('Open streams', 'Streams that began and have not ended.', PLAIN, `sum(${of('sessions_started', `${label.capability}=~"exec|attach|port-forward"`)}) - sum(${of('sessions_ended', `${label.capability}=~"exec|attach|port-forward"`)})`),
        stat('Over the limit', 'Streams that lasted longer than they should.', LOOK, `sum(${inRange(of('sessions_ended', `${label.overLimit}="true"`), cluster)})`),
        stat('Refusals', 'Debug requests that RBAC or a guardrail refused; kubectl asks twice.', PLAIN, `sum(${inRange(of('refusals'), cluster)})`),
      ]],
      ['Paths', [
        PATHS.reduce(
          (panel, [path, color]) => panel.overrideByName(path, [{ id: 'color', value: new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(color).build() }]),
          bars('Sessions by path', 'On-call and read-only by day, just-in-time and break-glass when needed, outside never.', `{{${label.path}}}`, of('sessions_started'), label.path),
        ),
        table('Who by which path', 'Each person, path and capability.', of('sessions_started'), cluster, label.user, label.path, label.capability, label.namespace).height(10),
      ]],
      ['Refused', [
        table('Refusals', 'By person, and by whom.', of('refusals'), cluster, label.user, label.by, label.capability, label.namespace),
      ]],
      ['Pipeline', [
        series('Events', 'Events that were read in five minutes, by cluster. A line that ends or lies at zero is a pipeline that is silent.', `{{${cluster}}}`, `sum by (${cluster}) (increase(${of('events')}[5m]))`)
          .decimals(0).unit('short'),
        series('Queues', 'How full the queues on the nodes are; they fill while a sink is away. From a quarter on, an alert says so.', '{{exporter}} {{instance}}', 'max by (exporter, instance) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)')
          .unit('percentunit').max(1).thresholds(steps([{ value: null, color: 'green' }, { value: 0.25, color: 'orange' }]))
          .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed)),
      ]],
    ],
  }),
  'would-have-denied.json': dashboard({
    uid: 'secure-debug-would-deny',
    title: 'Would have denied',
    description: 'What guardrails that only watch would have refused: is it safe to let them deny?',
    rows: [
      ['In the time shown', [
        stat('Would have been denied', 'Requests that a watching guardrail would have refused.', LOOK, `sum(${inRange(of('would_deny'), cluster)})`),
        stat('People affected', 'How many people would have been stopped.', PLAIN, `count(${inRange(of('would_deny'), label.user)} > 0.5)`),
        stat('Guardrails', 'How many guardrails would have refused something.', PLAIN, `count(${inRange(of('would_deny'), label.wouldDeny)} > 0.5)`),
        stat('Refused by guardrails', 'What those that deny did refuse.', PLAIN, `sum(${inRange(of('refusals', `${label.by}="guardrail"`), cluster)})`),
      ]],
      ['By guardrail', [
        bars('By guardrail', 'When this stays at zero for as long as your busiest month, let it deny.', `{{${label.wouldDeny}}}`, of('would_deny'), label.wouldDeny),
        table('Who', 'Talk to them first.', of('would_deny'), cluster, label.wouldDeny, label.user, label.namespace),
      ]],
    ],
  }),
};

export const dashboardText = (file: string) => `${JSON.stringify(DASHBOARDS[file], undefined, 1)}\n`;

if (require.main === module) {
  mkdirSync(FOLDER, { recursive: true });
  for (const file of Object.keys(DASHBOARDS)) writeFileSync(join(FOLDER, file), dashboardText(file));
}
