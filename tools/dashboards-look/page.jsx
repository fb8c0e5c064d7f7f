// A dashboard, drawn by the components that Grafana draws its panels with (@grafana/ui, @grafana/data), laid out by gridPos. What surrounds the
// panels (title, variables, rows), the frames made of Prometheus' answers and the defaults of fields are ours. LOOK is set before:
// { board, variables, from, to, answers }.
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import {
  applyFieldOverrides, cacheFieldDisplayNames, createTheme, dateTime, FieldColorModeId, FieldConfigOptionsRegistry, FieldType, getFieldDisplayValues,
  standardTransformers, standardTransformersRegistry, ThresholdsMode, toDataFrame, transformDataFrame, VizOrientation,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, ThemeContext, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { firstValueFrom } from 'rxjs';
import infoCircle from './node_modules/@grafana/ui/dist/public/img/icons/unicons/info-circle.svg';

// Grafana fetches its icons from its server; here there is none.
window.fetch = async url => String(url).endsWith('/info-circle.svg')
  ? new Response(infoCircle, { headers: { 'content-type': 'image/svg+xml' } })
  : Promise.reject(new Error(`${url} is not in the page`));

const { board, variables, from, to, answers } = window.LOOK;
const [SIDE, ROW, GAP] = [16, 30, 8];
const COLUMN = (window.innerWidth - 2 * SIDE + GAP) / 24;
const theme = createTheme({ colors: { mode: 'dark' } });
const timeRange = { from: dateTime(from), to: dateTime(to), raw: { from: 'now-24h', to: 'now' } };

// What a panel of Grafana has when its JSON does not say.
const THRESHOLDS = { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }] };
const GRAPH = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', spanNulls: false, showPoints: 'auto',
  pointSize: 5, stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto', axisGridShow: true, scaleDistribution: { type: 'linear' },
  barAlignment: 0, barWidthFactor: 0.6,
};

const transformers = [...new Map(Object.values(standardTransformers).map(one => [one.id, one])).values()];
standardTransformersRegistry.setInit(() => transformers.map(one => ({ id: one.id, name: one.name, transformation: async () => one })));
const STANDARD = ['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'thresholds', 'color', 'links', 'mappings'];

// What Prometheus answers, as the frames that Grafana's data source makes of it.
const legend = (format, labels) => format?.replace(/\{\{\s*(\w+)\s*\}\}/g, (_all, label) => labels[label] ?? '');
const bare = ({ __name__: _name, ...labels }) => labels;
const number = text => Number(text);

function frames(target, { resultType, result }) {
  if (target.format === 'table') {
    const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(bare(metric))))].sort();
    return result.length === 0 ? [] : [toDataFrame({
      refId: target.refId ?? 'A',
      fields: [
        { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000) },
        ...labels.map(name => ({ name, type: FieldType.string, config: { filterable: true }, values: result.map(({ metric }) => metric[name] ?? '') })),
        { name: 'Value', type: FieldType.number, values: result.map(({ value }) => number(value[1])) },
      ],
    })];
  }
  return result.map(({ metric, value, values }) => {
    const points = resultType === 'matrix' ? values : [value];
    const displayNameFromDS = legend(target.legendFormat, metric) || JSON.stringify(bare(metric));
    return toDataFrame({
      refId: target.refId ?? 'A',
      fields: [
        { name: 'Time', type: FieldType.time, values: points.map(([at]) => at * 1000), config: { interval: target.step * 1000 } },
        { name: 'Value', type: FieldType.number, labels: bare(metric), values: points.map(([, one]) => number(one)), config: { displayNameFromDS } },
      ],
    });
  });
}

const COLOR = { timeseries: FieldColorModeId.PaletteClassic, stat: FieldColorModeId.Thresholds, table: FieldColorModeId.Thresholds };

// JSON has no -Infinity.
const fromTheLowest = step => ({ ...step, value: step.value ?? -Infinity });
const common = { replaceVariables: text => text, theme, timeZone: 'utc' };

async function drawn(panel, i) {
  const got = panel.targets.flatMap((target, j) => frames({ ...target, ...answers[i][j] }, answers[i][j].data));
  const data = await firstValueFrom(transformDataFrame((panel.transformations ?? []).filter(({ disabled }) => !disabled), got));
  const { defaults, overrides } = panel.fieldConfig;
  const fieldConfig = {
    defaults: {
      thresholds: THRESHOLDS,
      color: { mode: COLOR[panel.type] },
      ...defaults,
      ...defaults.thresholds && { thresholds: { ...defaults.thresholds, steps: defaults.thresholds.steps.map(fromTheLowest) } },
      custom: { ...panel.type === 'timeseries' && GRAPH, ...defaults.custom },
    },
    overrides,
  };
  const fieldConfigRegistry = registry(Object.keys(fieldConfig.defaults.custom));
  const overridden = applyFieldOverrides({ ...common, data, fieldConfig, fieldConfigRegistry });
  cacheFieldDisplayNames(overridden);
  return overridden;
}

// The properties that fieldConfig may have. In overrides, those of a panel's own begin with custom.
const property = (id, isCustom) => ({
  id, path: id.replace(/^custom\./, ''), name: id, process: value => value, shouldApply: () => true, getItemsCount: () => 0, isCustom,
});
const registry = custom => new FieldConfigOptionsRegistry(() => [
  ...STANDARD.map(id => property(id, false)),
  ...custom.map(id => property(`custom.${id}`, true)),
]);

function Stat({ panel, data, width, height }) {
  const options = panel.options;
  const getValues = () => getFieldDisplayValues({
    ...common, fieldConfig: panel.fieldConfig, reduceOptions: options.reduceOptions, data, sparkline: options.graphMode !== 'none',
  });
  const { colorMode, graphMode, justifyMode, textMode, wideLayout } = options;
  const renderValue = ({ value: { display, sparkline }, width: w, height: h, count }) =>
    <BigValue {...{ value: display, sparkline, count, width: w, height: h, theme, colorMode, graphMode, justifyMode, textMode, wideLayout }} />;
  return <VizRepeater {...{ getValues, renderValue, width, height, source: data, renderCounter: 0, autoGrid: true, orientation: VizOrientation.Auto }} />;
}

function Inside({ panel, data, width, height }) {
  if (data.length === 0 || data.every(({ length }) => length === 0)) {
    const style = { width, height, display: 'grid', placeItems: 'center', color: theme.colors.text.secondary };
    return <div style={style}>{panel.fieldConfig.defaults.noValue || 'No data'}</div>;
  }
  const { options, fieldConfig } = panel;
  const size = { width, height, timeRange, structureRev: 1 };
  switch (panel.type) {
    case 'stat': return <Stat {...{ panel, data, width, height }} />;
    case 'table': return <TableNG {...size} data={data[options.frameIndex ?? 0]} noHeader={!options.showHeader} cellHeight={options.cellHeight}
      initialSortBy={options.sortBy} fieldConfig={fieldConfig} />;
    case 'timeseries': return <TimeSeries {...size} frames={data} timeZone="utc" legend={options.legend} options={options} />;
    default: throw new Error(`no component for a panel of the kind ${panel.type}`);
  }
}

const place = ({ x, y, w, h }) => ({
  position: 'absolute', left: x * COLUMN, top: y * (ROW + GAP), width: w * COLUMN - GAP, height: h * (ROW + GAP) - GAP,
});

function Panel({ panel, data }) {
  const box = place(panel.gridPos);
  if (panel.type === 'row') return <div style={{ ...box, fontWeight: 500, lineHeight: `${box.height}px` }}>&#8964;&ensp;{panel.title}</div>;
  return <div style={box} data-panel={panel.title}>
    <PanelChrome title={panel.title} description={panel.description} width={box.width} height={box.height}
      padding={panel.type === 'table' ? 'none' : 'md'}>
      {(width, height) => <Inside {...{ panel, data, width, height }} />}
    </PanelChrome>
  </div>;
}

const CHIP = { border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, display: 'inline-flex' };
const Chip = ({ name, value }) => <span style={{ ...CHIP, [name ? 'marginRight' : 'marginLeft']: 12 }}>
  {name && <span style={{ padding: '4px 8px', background: theme.colors.background.secondary }}>{name}</span>}
  <span style={{ padding: '4px 8px' }}>{value}</span>
</span>;

function Board({ all }) {
  const [done, setDone] = useState(false);
  useEffect(() => { const timer = setTimeout(() => setDone(true), 1500); return () => clearTimeout(timer); }, []);
  useEffect(() => { if (done) document.documentElement.dataset.ready = ''; }, [done]);
  const bottom = Math.max(...board.panels.map(({ gridPos: { y, h } }) => y + h));
  return <ThemeContext.Provider value={theme}>
    <GlobalStyles isExtensionSidebarOpen={false} />
    <div style={{ padding: `12px ${SIDE}px 0`, minHeight: '100%' }}>
      <div style={{ fontSize: 18, fontWeight: 500, marginBottom: 10 }}>{board.title}</div>
      <div style={{ marginBottom: 12, display: 'flex' }}>
        {board.templating.list.map(({ name, label }) => <Chip key={name} name={label} value={variables[name]} />)}
        <span style={{ flex: 1 }} /><Chip value="Last 24 hours" /><Chip value={board.refresh} />
      </div>
      <div style={{ position: 'relative', height: bottom * (ROW + GAP) }}>
        {board.panels.map((panel, i) => <Panel key={i} panel={panel} data={all[i]} />)}
      </div>
    </div>
  </ThemeContext.Provider>;
}

// A page that cannot be drawn says why instead of keeping one waiting.
const ready = () => { document.documentElement.dataset.ready = ''; };
addEventListener('error', ready);
addEventListener('unhandledrejection', ready);
void Promise.all(board.panels.map((panel, i) => panel.type === 'row' ? [] : drawn(panel, i)))
  .then(all => createRoot(document.getElementById('board')).render(<Board all={all} />));
