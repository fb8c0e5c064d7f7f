import { ApiObject, App, Chart, ChartProps, JsonPatch, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import { refusal } from './refusal';
import { allOrNothing, declareObject, Manifest } from '../../src/private/declare';

const role = (name: string, more: Partial<Manifest['metadata']> = {}, rules: unknown[] = []): Manifest => ({
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, ...more }, rules,
});

let app: App;
beforeEach(() => app = new App());
const chart = (id: string, props?: ChartProps) => new Chart(app, id, props);
/** As a construct does: a scope of its own for each declaration. */
let ids = 0;
const declare = (scope: Construct, manifest: Manifest, boundary: Construct = app) => declareObject(new Construct(scope, `c${ids++}`), 'object', 'X', boundary, manifest);
const emitted = (scope: Chart) => Testing.synth(scope);

describe('one identity is declared once for each cluster', () => {
  it('the same content twice in one chart is emitted once, and is the same object', () => {
    const a = chart('a');
    expect(declare(a, role('r'))).toBe(declare(a, role('r')));
    expect(emitted(a)).toHaveLength(1);
  });

  it('the same content in three charts is emitted once in each, however often each declares it', () => {
    const charts = ['a', 'b', 'c'].map(id => chart(id));
    for (let i = 0; i < 3; i++) charts.forEach(scope => declare(scope, role('r')));
    for (const scope of charts) expect(emitted(scope)).toEqual([role('r')]);
  });

  it('keys in another order are the same content', () => {
    const a = chart('a');
    declare(a, role('r', { labels: { x: '1', y: '2' } }));
    declare(a, role('r', { labels: { y: '2', x: '1' } }));
    expect(emitted(a)).toHaveLength(1);
  });

  it('other content is refused, and both places are named', () => {
    const [a, b] = [chart('a'), chart('b')];
    ids = 0;
    declare(a, role('r', { namespace: 'n' }, [1]));
    expect(refusal(() => declare(b, role('r', { namespace: 'n' }, [2])))).toBe(
      'X: name = "r" declares Role r in namespace n a second time with different content (first at "a/c0/object", again at "b/c1"). '
      + 'Fix: join the two declarations, give one of them another name, or, when they go to different clusters, call ClusterBoundary.at(chart) on each chart first.');
  });

  it('a cluster-scoped object is named without namespace', () => {
    const a = chart('a');
    declare(a, { ...role('r'), kind: 'ClusterRole' });
    expect(refusal(() => declare(a, { ...role('r', {}, [2]), kind: 'ClusterRole' }))).toContain('declares ClusterRole r a second time');
  });

  it('an app that swallows the error is not synthesized, in whole or by chart', () => {
    const [a, b] = [chart('a'), chart('b')];
    declare(a, role('r'));
    expect(() => declare(b, role('r', {}, [2]))).toThrow();
    const again = /Validation failed[^]*X: name = "r" declares Role r a second time with different content/;
    expect(() => app.synthYaml()).toThrow(again);
    expect(() => a.toJson()).toThrow(again);
  });

  it.each<[string, Manifest]>([
    ['name', role('s', { namespace: 'n' })],
    ['namespace', role('r', { namespace: 'm' })],
    ['lack of a namespace', role('r')],
    ['kind', { ...role('r', { namespace: 'n' }), kind: 'RoleBinding' }],
    ['API group', { ...role('r', { namespace: 'n' }), apiVersion: 'example.com/v1' }],
    ['core group', { ...role('r', { namespace: 'n' }), apiVersion: 'v1' }],
  ])('another %s is another object', (_what, other) => {
    const a = chart('a');
    declare(a, role('r', { namespace: 'n' }, [1]));
    declare(a, other);
    expect(emitted(a)).toHaveLength(2);
  });

  it.each([['rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io/v1beta1'], ['v1', 'v2']])('%s and %s of one name are one object', (one, other) => {
    const a = chart('a');
    declare(a, { ...role('r'), apiVersion: one });
    expect(() => declare(a, { ...role('r'), apiVersion: other })).toThrow('a second time with different content');
  });

  it('another cluster may have other content', () => {
    const [a, b] = [chart('a'), chart('b')];
    declare(a, role('r', {}, [1]), a);
    declare(b, role('r', {}, [2]), b);
    expect([...emitted(a), ...emitted(b)]).toHaveLength(2);
    expect(() => declare(b, role('r', {}, [1]), b)).toThrow('a second time');
  });
});

describe('what is emitted', () => {
  it('a cluster-scoped object stays out of the namespace that its chart stamps on everything; a namespaced one keeps its own', () => {
    const a = chart('a', { namespace: 'stamp', labels: { team: 'x' } });
    declare(a, role('cluster'));
    declare(a, role('own', { namespace: 'own', labels: { l: '1' } }));
    expect(emitted(a).map(object => object.metadata)).toEqual([
      { name: 'cluster', labels: { team: 'x' } },
      { name: 'own', namespace: 'own', labels: { l: '1', team: 'x' } },
    ]);
  });

  it('a patch of the user is applied', () => {
    const a = chart('a', { namespace: 'stamp' });
    declare(a, role('r')).addJsonPatch(JsonPatch.add('/rules/-', { verbs: [] }));
    expect(emitted(a)[0]).toEqual(role('r', {}, [{ verbs: [] }]));
  });

  it('a label that the user adds is there', () => {
    const a = chart('a');
    declare(a, role('r')).metadata.addLabel('x', 'y');
    expect(emitted(a)[0].metadata).toEqual({ name: 'r', labels: { x: 'y' } });
  });

  it('a resolver of the user sees it', () => {
    app = new App({ resolvers: [{ resolve: context => context.value === 'before' && context.replaceValue('after') }] });
    const a = chart('a');
    declare(a, role('r', {}, ['before']));
    expect(emitted(a)[0].rules).toEqual(['after']);
  });

  it('a Date is refused by cdk8s, in its words', () => {
    const a = chart('a');
    declare(a, role('r', {}, [new Date(0)]));
    expect(() => emitted(a)).toThrow(/Failed serializing construct at path 'a\/c\d+\/object' with name 'r'/);
  });

  it('is for plain data the same, byte for byte, as an ApiObject of cdk8s gives', () => {
    const value = fc.letrec(tie => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(undefined), fc.constant(null),
        fc.array(tie('any').filter(inner => inner !== undefined && inner !== null)), fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9]{1,4}$/), tie('any'), { noNullPrototype: true })),
    })).any;
    fc.assert(fc.property(value, fc.option(fc.constant('own'), { nil: undefined }), fc.boolean(), (spec, namespace, disableSort) => {
      app = new App();
      const a = chart('a', { labels: { z: '1' } });
      const manifest: Manifest = { kind: 'Thing', spec, metadata: { namespace, name: 'r', labels: { b: '1', a: '2' } }, apiVersion: 'example.com/v1', data: { spec } };
      const plain = new ApiObject(a, 'plain', manifest);
      const ours = declare(a, manifest);
      try {
        if (disableSort) process.env.CDK8S_DISABLE_SORT = '1';
        expect(JSON.stringify(ours.toJson())).toBe(JSON.stringify(plain.toJson()));
      } finally {
        delete process.env.CDK8S_DISABLE_SORT;
      }
    }));
  });
});

it('outside any chart an object would go nowhere, which is refused with the fix', () => {
  ids = 0;
  expect(refusal(() => declare(app, role('r')))).toBe(
    'X: scope = "c0" lies in no chart, so no file would contain its objects. Fix: pass a Chart as scope, e.g. new Chart(app, "payments").');
});

it('a construct that was refused keeps everything from being synthesized, one that came to its end does not', () => {
  const a = chart('a');
  expect(allOrNothing(new Construct(a, 'whole'), 'X', () => 'made')).toBe('made');
  expect(app.synthYaml()).toBe('');
  const refused = new Error('refused');
  expect(() => allOrNothing(new Construct(a, 'half'), 'X', () => { throw refused; })).toThrow(refused);
  expect(() => app.synthYaml()).toThrow('[a/half] X: "a/half" was refused, so nothing is synthesized. Fix: mend its error, or leave it out.');
});
