import { App, Chart } from 'cdk8s';
import * as fc from 'fast-check';
import { applied, bytes, newChart, title } from './cluster';
import { ClusterReadAccess, JustInTimeAccess, OnCallDebugAccess, OnCallDebugAccessProps, ReadOnlyAccess } from '../../src/access';
import { ClusterBoundary, DebugCapability, DebugSubject, SecureDebugWarnings } from '../../src/model';
import { refusal } from '../private/refusal';

const ONE = { namespace: 'payments', group: 'oncall-payments' };
const OTHER = { namespace: 'payments', group: 'oncall-ledger' };
const onCall = (chart: Chart, id: string, props: OnCallDebugAccessProps = ONE) => new OnCallDebugAccess(chart, id, props);
const TWICE = ['Role payments/oncall-debug', 'RoleBinding payments/oncall-debug'];

describe('two declarations of one identity with different content are refused', () => {
  const twice = (kind: string, first: string, again: string) => `OnCallDebugAccess: name = "oncall-debug" declares ${kind} oncall-debug in namespace payments a second time with different content `
    + `(first at "${first}", again at "${again}"). Fix: join the two declarations, give one of them another name, or, when they go to different clusters, call ClusterBoundary.at(chart) on each chart first.`;

  it('in one chart: another group', () => {
    const chart = newChart();
    onCall(chart, 'a');
    expect(refusal(() => onCall(chart, 'b', OTHER))).toBe(twice('RoleBinding', 'chart/a/binding', 'chart/b'));
  });

  it.each<[string, Partial<OnCallDebugAccessProps>]>([
    ['other capabilities', { capabilities: [DebugCapability.READ_LOGS] }],
    ['other pods', { resourceNames: ['ledger-0'] }],
  ])('in one chart: %s', (_what, props) => {
    const chart = newChart();
    onCall(chart, 'a');
    expect(refusal(() => onCall(chart, 'b', { ...ONE, ...props }))).toBe(twice('Role', 'chart/a/role', 'chart/b'));
  });

  it('in two charts of one app', () => {
    const app = new App();
    onCall(new Chart(app, 'one'), 'a');
    expect(refusal(() => onCall(new Chart(app, 'two'), 'a', OTHER))).toBe(twice('RoleBinding', 'one/a/binding', 'two/a'));
  });

  it('in two charts of one cluster of several', () => {
    const app = new App();
    const eu = new Chart(app, 'eu');
    ClusterBoundary.at(eu);
    onCall(new Chart(eu, 'one'), 'a');
    expect(() => onCall(new Chart(eu, 'two'), 'a', OTHER)).toThrow('a second time with different content');
  });

  it('by two constructs that chose one name', () => {
    const chart = newChart();
    onCall(chart, 'a');
    expect(refusal(() => new ReadOnlyAccess(chart, 'b', { ...ONE, name: 'oncall-debug' }))).toMatch(/^ReadOnlyAccess: name = "oncall-debug" declares Role oncall-debug in namespace payments a second time/);
  });

  it('for the cluster', () => {
    const chart = newChart();
    new ClusterReadAccess(chart, 'a', { group: 'platform' });
    expect(refusal(() => new ClusterReadAccess(chart, 'b', { group: 'others' }))).toContain('declares ClusterRoleBinding debug-cluster-read a second time');
  });

  it('just in time, by another prefix', () => {
    const chart = newChart();
    new JustInTimeAccess(chart, 'a', { namespace: 'payments' });
    expect(() => new JustInTimeAccess(chart, 'b', { namespace: 'ledger', groupPrefix: 'elevated:' })).toThrow('declares ClusterRoleBinding jit-cluster-read a second time');
  });

  it('and swallowing the error does not help: nothing is synthesized', () => {
    const app = new App();
    const [one, two] = [new Chart(app, 'one'), new Chart(app, 'two')];
    onCall(one, 'a');
    expect(() => onCall(two, 'b', { namespaces: ['ledger', 'payments'], group: 'oncall-ledger' })).toThrow();
    for (const synthesize of [() => app.synthYaml(), () => one.toJson(), () => two.toJson()]) {
      expect(synthesize).toThrow('declares RoleBinding oncall-debug in namespace payments a second time with different content');
    }
  });
});

describe('the same declaration twice', () => {
  it('in one chart is emitted once, from whatever order of the input', () => {
    const chart = newChart();
    onCall(chart, 'a', { namespaces: ['payments', 'ledger'], groups: ['x', 'y'] });
    onCall(chart, 'b', { namespaces: ['ledger', 'payments'], groups: ['y', 'x'], capabilities: DebugCapability.onCallDefault().reverse() });
    expect(applied(chart).map(title)).toEqual(['Role ledger/oncall-debug', 'RoleBinding ledger/oncall-debug', ...TWICE]);
  });

  it('in two charts is emitted in each, so that each file stands alone', () => {
    const app = new App();
    const charts = ['one', 'two'].map(id => new Chart(app, id));
    for (const id of ['a', 'b']) charts.forEach(chart => onCall(chart, id));
    for (const chart of charts) expect(chart.toJson().map(title)).toEqual(TWICE);
  });

  it('warns at both places', () => {
    const chart = newChart();
    for (const id of ['a', 'b']) onCall(chart, id, { namespace: 'payments', subjects: [DebugSubject.userBecause('alice', 'on call alone')] });
    expect(SecureDebugWarnings.of(chart).map(({ path }) => path)).toEqual(['chart/a', 'chart/b']);
  });

  it('and with more beside it: each namespace has one Role', () => {
    const chart = newChart();
    onCall(chart, 'a', { namespaces: ['ledger'], group: 'x' });
    onCall(chart, 'b', { namespaces: ['ledger', 'payments'], group: 'x' });
    onCall(chart, 'c', { namespaces: ['payments', 'vault'], group: 'x' });
    expect(applied(chart).filter(object => object.kind === 'Role').map(title)).toEqual(['Role ledger/oncall-debug', 'Role payments/oncall-debug', 'Role vault/oncall-debug']);
  });
});

it('two clusters in one app may each have their own', () => {
  const app = new App();
  const [eu, us] = ['eu', 'us'].map(id => new Chart(app, id));
  [eu, us].forEach(chart => ClusterBoundary.at(chart));
  onCall(eu, 'a');
  onCall(us, 'a', OTHER);
  expect(eu.toJson()[1].subjects[0].name).toBe('oncall-payments');
  expect(us.toJson()[1].subjects[0].name).toBe('oncall-ledger');
});

it('a boundary that comes too late is refused, for it would hide what differs', () => {
  const chart = newChart();
  onCall(chart, 'a');
  expect(() => ClusterBoundary.at(chart)).toThrow('already contains objects that were declared for the cluster above it');
});

it('a chart with a namespace stamps it on nothing of the cluster, and on no other namespace', () => {
  const chart = newChart({ namespace: 'stamp' });
  new JustInTimeAccess(chart, 'j', { namespace: 'payments' });
  new ClusterReadAccess(chart, 'c', { group: 'platform' });
  expect(applied(chart).map(title)).toEqual([
    'Role payments/jit-debug', 'RoleBinding payments/jit-debug', 'ClusterRole jit-cluster-read', 'ClusterRoleBinding jit-cluster-read', 'ClusterRole debug-cluster-read', 'ClusterRoleBinding debug-cluster-read',
  ]);
});

describe('order that has no meaning gives the same bytes', () => {
  const shuffled = <T>(values: T[]) => fc.shuffledSubarray(values, { minLength: values.length });
  const why = 'on call alone';
  const people = () => [DebugSubject.userBecause('alice', why), DebugSubject.serviceAccountBecause('drills', 'runner', why), DebugSubject.group('leads')];
  const capabilities = [...DebugCapability.onCallDefault(), DebugCapability.READ_METRICS, DebugCapability.reading('argoproj.io', 'rollouts')];

  it('of namespaces, groups, subjects, capabilities and pods', () => {
    const props = fc.record({
      namespaces: shuffled(['payments', 'ledger', 'a-b', 'a']),
      groups: shuffled(['oncall-payments', 'Leads', 'größe', 'a']),
      subjects: shuffled(people()),
      capabilities: shuffled(capabilities),
      resourceNames: shuffled(['ledger-0', 'ledger-1', 'ledger-10']),
    });
    const of = (given: OnCallDebugAccessProps) => {
      const chart = newChart();
      const access = onCall(chart, 'x', given);
      const grants = access.grants.map(({ namespace, subjects, rules, capabilities: ids }) => [namespace, subjects, rules, ids.map(String)]);
      return JSON.stringify([bytes(chart), grants]);
    };
    fc.assert(fc.property(props, props, (one, other) => expect(of(one)).toBe(of(other))), { numRuns: 50 });
  });

  it('of one group and the list of others', () => {
    const of = (given: Partial<OnCallDebugAccessProps>) => {
      const chart = newChart();
      onCall(chart, 'x', { namespace: 'payments', ...given });
      return bytes(chart);
    };
    expect(of({ group: 'b', groups: ['c', 'a'] })).toBe(of({ groups: ['a', 'b', 'c'] }));
    expect(of({ group: 'b', subjects: [DebugSubject.group('a')] })).toBe(of({ groups: ['a', 'b'] }));
  });

  it('of declarations, but for the order of the objects', () => {
    const declare = [
      (chart: Chart) => onCall(chart, 'a'),
      (chart: Chart) => onCall(chart, 'b', { namespaces: ['ledger', 'payments'], group: 'oncall-payments' }),
      (chart: Chart) => new ReadOnlyAccess(chart, 'c', { namespace: 'ledger', group: 'developers' }),
      (chart: Chart) => new JustInTimeAccess(chart, 'd', { namespaces: ['ledger', 'payments'] }),
      (chart: Chart) => new JustInTimeAccess(chart, 'e', { namespace: 'vault' }),
      (chart: Chart) => new ClusterReadAccess(chart, 'f', { group: 'platform' }),
    ];
    const of = (order: typeof declare) => {
      const chart = newChart();
      order.forEach(act => act(chart));
      return applied(chart).map(object => JSON.stringify(object)).sort();
    };
    fc.assert(fc.property(shuffled(declare), order => expect(of(order)).toEqual(of(declare))), { numRuns: 30 });
  });

  it('and declaring it again gives the same bytes again', () => {
    const of = () => {
      const chart = newChart();
      new JustInTimeAccess(chart, 'x', { namespaces: ['b', 'a'] });
      return bytes(chart);
    };
    expect(of()).toBe(of());
  });
});
