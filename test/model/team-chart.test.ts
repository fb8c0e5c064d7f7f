import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { ApiObject, App, AppProps, Chart, JsonPatch, Lazy, Testing, YamlOutputType } from 'cdk8s';
import { Construct, Dependable, IConstruct } from 'constructs';
import * as fc from 'fast-check';
import { DefaultDenyNetwork, OnCallDebugAccess, TeamChart } from '../../src';

/** A tree of constructs as data, so that it can be built twice: of ordinary charts, and of team charts. */
interface Shape {
  readonly type: 'chart' | 'group' | 'object';
  readonly namespace?: string;
  readonly labels?: { [key: string]: string };
  readonly patched: boolean;
  readonly named: boolean;
  readonly children: Shape[];
}
interface Forest {
  readonly charts: Shape[];
  /** Who depends on whom, by place in the tree. */
  readonly dependencies: [number, number][];
}

const node = (children: fc.Arbitrary<Shape[]>): fc.Arbitrary<Shape> => fc.record({
  type: fc.constantFrom<Shape['type']>('chart', 'group', 'object', 'object'),
  namespace: fc.constantFrom(undefined, undefined, 'stamp'),
  labels: fc.constantFrom(undefined, { team: 'payments' }),
  patched: fc.boolean(),
  named: fc.boolean(),
  children,
});
const shape = fc.letrec<{ shape: Shape }>(tie => ({
  shape: fc.oneof({ maxDepth: 3, depthIdentifier: 'tree' }, node(fc.constant([])), node(fc.array(tie('shape'), { maxLength: 4 }))),
})).shape;
const forest: fc.Arbitrary<Forest> = fc.record({
  charts: fc.array(shape.map((root): Shape => ({ ...root, type: 'chart' })), { minLength: 1, maxLength: 4 }),
  dependencies: fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 5 }),
});

/** A token of somebody's own, beside those of cdk8s. */
const RESOLVER: AppProps['resolvers'] = [{ resolve: context => context.value === 'token' && context.replaceValue(`resolved ${context.key.join('.')}`) }];

function build(ChartClass: typeof Chart, { charts, dependencies }: Forest, props: AppProps = {}): { app: App; made: IConstruct[] } {
  const app = new App({ outdir: 'nowhere', ...props });
  const made: IConstruct[] = [];
  const add = (scope: Construct, id: string, { type: kind, namespace, labels, patched, named, children }: Shape) => {
    const own = kind === 'chart' ? new ChartClass(scope, id, { namespace, labels })
      : kind === 'group' ? new Construct(scope, id)
        : new ApiObject(scope, id, {
          kind: 'Thing',
          apiVersion: 'example.com/v1',
          spec: { z: 'token', lazy: Lazy.any({ produce: () => ({ path: own.node.path }) }), implicit: { resolve: () => 1 }, empty: [] },
          metadata: { ...named && { name: `name-${made.length}` }, labels: { own: 'label' } },
        });
    made.push(own);
    if (patched && own instanceof ApiObject) own.addJsonPatch(JsonPatch.add('/spec/added', made.length));
    children.forEach((child, i) => add(own, `n${i}`, child));
  };
  charts.forEach((chart, i) => add(app, `c${i}`, chart));
  dependencies.forEach(([from, to]) => made[from % made.length].node.addDependency(made[to % made.length]));
  return { app, made };
}

/** What it gives, or how it fails. */
function outcome(act: () => string): string {
  try {
    return act();
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

/** What is written, file by file. */
function files(app: App): string {
  app.synth();
  const list = (dir: string): string[] => readdirSync(dir).sort().map(name => join(dir, name))
    .flatMap(path => statSync(path).isDirectory() ? list(path) : [path]);
  return list(app.outdir).map(path => `${path.slice(app.outdir.length)}\n${readFileSync(path, 'utf8')}`).join('\n');
}

function inDirectory<T>(act: (outdir: string) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'team-chart-'));
  try {
    return act(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const thing = (scope: Construct, id: string) => new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id } });
const names = (chart: Chart) => chart.toJson().map(({ metadata }) => metadata.name);

describe('a chart renders its own objects', () => {
  const team = () => {
    const chart = new TeamChart(new App(), 'team', { namespace: 'payments', labels: { team: 'payments' } });
    const group = new Construct(chart, 'group');
    const nested = new TeamChart(chart, 'nested');
    return { chart, nested, objects: [thing(chart, 'a'), thing(group, 'b'), thing(nested, 'c'), thing(chart, 'd')] };
  };

  it('in its namespace and with its labels, in the order of the tree; a chart within it renders its own', () => {
    const { chart, nested } = team();
    expect(names(chart)).toEqual(['b', 'a', 'd']);
    expect(names(nested)).toEqual(['c']);
    expect(chart.toJson()[0]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'payments', labels: { team: 'payments' } } });
  });

  it('those first that others depend on', () => {
    const { chart, objects: [, b, , d] } = team();
    b.node.addDependency(d);
    expect(names(chart)).toEqual(['d', 'b', 'a']);
  });

  it('not when they depend on each other', () => {
    const { chart, objects: [a, b] } = team();
    a.addDependency(b);
    b.addDependency(a);
    expect(() => chart.toJson()).toThrow('Dependency cycle detected: team/group/b => team/a => team/group/b');
  });
});

describe('byte for byte what an ordinary chart gives, cycles refused alike', () => {
  const both = (give: (ChartClass: typeof Chart, of: Forest) => string) => fc.property(forest, of => {
    expect(give(TeamChart, of)).toBe(give(Chart, of));
  });

  it('each chart by itself', () => fc.assert(both((ChartClass, of) => {
    const count = build(ChartClass, of).made.length;
    return Array.from({ length: count }, (_, i) => {
      const chart = build(ChartClass, of, { resolvers: RESOLVER }).made[i];
      return chart instanceof Chart ? outcome(() => JSON.stringify(chart.toJson())) : '';
    }).join('\n');
  }), { numRuns: 150 }));

  it('one chart after the other', () => fc.assert(both((ChartClass, of) =>
    build(ChartClass, of).made.map(chart => chart instanceof Chart ? outcome(() => JSON.stringify(chart.toJson())) : '').join('\n')), { numRuns: 150 }));

  it('the app as a string', () => fc.assert(both((ChartClass, of) =>
    outcome(() => build(ChartClass, of, { resolvers: RESOLVER }).app.synthYaml())), { numRuns: 150 }));

  it.each<[string, YamlOutputType]>([
    ['a file for the app', YamlOutputType.FILE_PER_APP],
    ['a file for each chart', YamlOutputType.FILE_PER_CHART],
    ['a file for each resource', YamlOutputType.FILE_PER_RESOURCE],
    ['a folder for each chart', YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE],
  ])('%s', (_what, yamlOutputType) => fc.assert(both((ChartClass, of) => inDirectory(outdir =>
    outcome(() => files(build(ChartClass, of, { outdir, yamlOutputType, recordConstructMetadata: true }).app)))), { numRuns: 25 }));

  it('beside ordinary charts', () => {
    const mixed = (Other: typeof Chart) => {
      const app = new App();
      [Chart, Other, Chart, Other].forEach((ChartClass, i) => thing(new ChartClass(app, `c${i}`), 'object'));
      return app.synthYaml();
    };
    expect(mixed(TeamChart)).toBe(mixed(Chart));
  });

  it('the constructs of this library', () => {
    const team = (ChartClass: typeof Chart) => {
      const chart = new ChartClass(new App(), 'payments', { labels: { team: 'payments' } });
      const fence = new DefaultDenyNetwork(chart, 'fence', { namespace: 'payments' });
      const access = new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
      fence.node.addDependency(access);
      return Testing.synth(chart);
    };
    expect(team(TeamChart)).toEqual(team(Chart));
    expect(team(TeamChart).map(object => object.kind)).toEqual(['Role', 'RoleBinding', 'NetworkPolicy']);
  });

  it('a dependable that stands for several constructs', () => {
    const order = (ChartClass: typeof Chart) => {
      const chart = new ChartClass(new App(), 'c');
      const [first, ...rest] = ['a', 'b', 'c'].map(id => thing(chart, id));
      const group = {};
      Dependable.implement(group, { get dependencyRoots() { return rest; } });
      first.node.addDependency(group);
      return names(chart);
    };
    expect(order(TeamChart)).toEqual(['b', 'c', 'a']);
    expect(order(Chart)).toEqual(['b', 'c', 'a']);
  });
});

describe('a chart that depends on another is applied after it', () => {
  it('the number in the name of the file says so', () => inDirectory(outdir => {
    const app = new App({ outdir });
    const [team, cluster] = ['team', 'cluster'].map(id => new TeamChart(app, id));
    [team, cluster].forEach(chart => thing(chart, 'object'));
    team.addDependency(cluster);
    app.synth();
    expect(readdirSync(outdir).sort()).toEqual(['0000-cluster.k8s.yaml', '0001-team.k8s.yaml']);
  }));
});

describe('nothing is written after an error', () => {
  const invalid = (construct: Construct) => construct.node.addValidation({ validate: () => ['is wrong'] });
  const teams = (app: App) => ['a', 'b', 'c'].map(id => {
    const chart = new TeamChart(app, id);
    thing(chart, 'object');
    return chart;
  });

  it.each<[string, (app: App) => Construct]>([
    ['app', app => app],
    ['first team chart', app => app.node.children[0] as Chart],
    ['last team chart', app => app.node.children[2] as Chart],
    ['object of a team chart', app => app.node.children[2].node.children[0] as ApiObject],
    ['chart within a team chart', app => new Chart(app.node.children[1] as Chart, 'nested')],
    ['ordinary chart', app => new Chart(app, 'other')],
    ['construct outside of all charts', app => new Construct(app, 'other')],
  ])('in the %s', (_where, pick) => inDirectory(outdir => {
    const app = new App({ outdir });
    teams(app);
    const wrong = pick(app);
    invalid(wrong);
    const error = `Validation failed with the following errors:\n  [${wrong.node.path}] is wrong`;
    expect(() => app.synth()).toThrow(error);
    expect(readdirSync(outdir)).toEqual([]);
    expect(() => app.synthYaml()).toThrow(error);
  }));

  it('toJson() refuses what is wrong in the chart and below it, in the words of cdk8s, and leaves the others to app.synth()', () => {
    const [a, b, c] = teams(new App());
    invalid(a);
    invalid(thing(new Chart(a, 'nested'), 'object'));
    invalid(c);
    expect(outcome(() => String(a.toJson()))).toBe('failed: Validation failed with the following errors:\n  [a] is wrong\n  [a/nested/object] is wrong');
    expect(names(b)).toEqual(['object']);
  });

  it.each<[string, typeof Chart, number, number]>([
    ['team charts are validated with the app and when they are rendered', TeamChart, 2, 1],
    ['ordinary charts with the app and whenever one is rendered', Chart, 6, 6],
  ])('%s', (_what, ChartClass, within, outside) => {
    const app = new App();
    const counts: number[] = [];
    const counted = (construct: Construct) => {
      const i = counts.push(0) - 1;
      construct.node.addValidation({ validate: () => { counts[i]++; return []; } });
    };
    counted(app);
    for (let i = 0; i < 5; i++) counted(new ChartClass(app, `c${i}`));
    app.synthYaml();
    expect(counts).toEqual([outside, ...Array(5).fill(within)]);
  });
});

describe('rendering takes time by what is in the chart', () => {
  const walks = (depend: (team: Chart, object: ApiObject, other: ApiObject, shared: Chart) => void) => {
    const app = new App();
    const [team, shared] = ['team', 'shared'].map(id => new TeamChart(app, id));
    const [object, other] = ['a', 'b'].map(id => thing(team, id));
    thing(shared, 'object');
    depend(team, object, other, shared);
    const spies = [app, team, shared].map(construct => jest.spyOn(construct.node, 'findAll'));
    team.toJson();
    return spies.map(spy => spy.mock.calls.length);
  };

  it('the app and other charts are not walked, whoever depends on them, and the chart once', () => {
    expect(walks(() => undefined)).toEqual([0, 1, 0]);
    expect(walks((team, object, _other, shared) => [team, object].forEach(c => c.node.addDependency(shared)))).toEqual([0, 1, 0]);
  });

  it('dependencies within the chart take a graph of the chart alone', () => {
    const [app, , shared] = walks((_team, object, other, outside) => object.addDependency(other, outside));
    expect([app, shared]).toEqual([0, 0]);
  });
});
