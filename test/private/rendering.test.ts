import { ApiObject, ApiObjectMetadataDefinition, ApiObjectProps, App, AppProps, Chart, ImplicitTokenResolver, JsonPatch, Lazy, LazyResolver, NumberStringUnionResolver } from 'cdk8s';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import { declareObject, Manifest } from '../../src/private/declare';

/** One of ours and one of cdk8s with the same content, in two apps that are alike. */
function twins(manifest: Manifest, app: AppProps = {}, namespace?: string): [ApiObject, ApiObject] {
  const chart = () => new Chart(new App(app), 'chart', { namespace, labels: { chart: 'label' } });
  const ours = chart();
  return [declareObject(ours, 'object', 'X', ours, manifest), new ApiObject(chart(), 'object', manifest as ApiObjectProps)];
}

/** The text, since keys must come in the same order too, or the error. */
function text(object: ApiObject): string {
  try {
    // Undefined in a list is not null, though JSON writes both alike.
    return JSON.stringify(object.toJson(), (_key, value) => value === undefined ? '(undefined)' : typeof value === 'function' ? '(function)' : value);
  } catch (error) {
    return String(error);
  }
}

class Percentage {
  public constructor(public readonly value: number) {}
}

const MANIFEST: Manifest = {
  kind: 'Thing',
  spec: { b: [{ d: 1, c: [] }, {}, null], a: { deep: { none: null } }, text: 'x' },
  metadata: { namespace: 'payments', name: 'thing', labels: { own: 'label', a: 'b' }, annotations: { why: 'because' } },
  apiVersion: 'example.com/v1',
  data: {},
};

type Change = (object: ApiObject) => void;
const CHANGES: [string, Change][] = [
  ['a label', ({ metadata }) => metadata.addLabel('z', '1')],
  ['a label again', ({ metadata }) => metadata.addLabel('own', '2')],
  ['an annotation', ({ metadata }) => metadata.addAnnotation('b', '1')],
  ['finalizers', ({ metadata }) => metadata.addFinalizers('f', 'e')],
  ['an owner', ({ metadata }) => metadata.addOwnerReference({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' })],
  ['a field of metadata', ({ metadata }) => metadata.add('generation', 3)],
  ['an empty field of metadata', ({ metadata }) => metadata.add('managedFields', [{}, [], { list: [] }])],
  ['a name in metadata, which the object overrides', ({ metadata }) => metadata.add('name', 'other')],
  ['null in metadata', ({ metadata }) => metadata.add('none', null)],
  ['a lazy label', ({ metadata }) => metadata.addLabel('lazy', Lazy.any({ produce: () => 'later' }))],
  ['a lazy field of metadata', ({ metadata }) => metadata.add('lazy', Lazy.any({ produce: () => ({ b: [], a: 1 }) }))],
  ['an implicit token in metadata', ({ metadata }) => metadata.add('token', { resolve: () => 'resolved' })],
  ['a number-string union in metadata', ({ metadata }) => metadata.add('union', new Percentage(5))],
  ['a Date in metadata', ({ metadata }) => metadata.add('date', new Date(0))],
  ['a function in metadata', ({ metadata }) => metadata.add('act', () => undefined)],
  ['a patch', object => object.addJsonPatch(JsonPatch.add('/spec/added', { z: 1, a: 2 }))],
  ['a patch of the top', object => object.addJsonPatch(JsonPatch.add('/zone', 'a'), JsonPatch.remove('/data'))],
  ['a patch of the namespace', object => object.addJsonPatch(JsonPatch.replace('/metadata/namespace', 'other'))],
  ['a patch that fails', object => object.addJsonPatch(JsonPatch.remove('/nothing/there'))],
];
const replacing = (wanted: unknown, by: unknown): AppProps => ({
  resolvers: [{ resolve: context => context.value === wanted && context.replaceValue(by) }],
});

describe('an object of this library is rendered as cdk8s would', () => {
  it.each([['as declared', () => undefined] as [string, Change], ...CHANGES])('%s', (_what, change) => {
    const [ours, plain] = twins(MANIFEST);
    [ours, plain].forEach(change);
    expect(text(ours)).toBe(text(plain));
  });

  it('whatever is changed, however often it is rendered', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...CHANGES)), fc.option(fc.constant('stamp'), { nil: undefined }), (changes, namespace) => {
      const [ours, plain] = twins(MANIFEST, {}, namespace);
      for (const [, change] of changes) {
        [ours, plain].forEach(change);
        expect(text(ours)).toBe(text(plain));
      }
    }));
  });

  it.each<[string, unknown]>([
    ['a Lazy', Lazy.any({ produce: () => [{ b: 1, a: Lazy.any({ produce: () => 2 }) }] })],
    ['an implicit token', { resolve: () => 'resolved' }],
    ['a number-string union', [new Percentage(50)]],
    ['an instance of a class', { deep: new URL('https://example.com') }],
    ['an object without prototype', Object.create(null)],
    ['a function', { deep: [() => undefined] }],
    ['0, false and the empty string', [0, false, '']],
    ['keys that look like numbers', { 10: 'a', 9: 'b', x: 'c' }],
    ['capitals before small letters, and letters beyond ASCII last', { b: 1, ä: 2, B: 3, a: 4 }],
  ])('%s', (_what, spec) => {
    const [ours, plain] = twins({ ...MANIFEST, spec });
    expect(text(ours)).toBe(text(plain));
  });

  it.each<[string, AppProps]>([
    ['a value', replacing('x', { z: 1, a: [] })],
    ['the name', replacing('thing', 'other')],
    ['a label', replacing('label', 'other')],
    ['nothing', replacing('not there', 'x')],
  ])('where a resolver of the app replaces %s', (_what, props) => {
    const [ours, plain] = twins(MANIFEST, props);
    expect(text(ours)).toBe(text(plain));
  });

  it.each<[string, AppProps['resolvers']]>([
    ['one of three', [new LazyResolver(), new ImplicitTokenResolver(), { resolve: context => context.value === 'x' && context.replaceValue('y') }]],
    ['a fourth', [new LazyResolver(), new ImplicitTokenResolver(), new NumberStringUnionResolver(), { resolve: context => context.value === 'x' && context.replaceValue('y') }]],
    ['a subclass', [new class extends LazyResolver {
      public resolve(context: Parameters<LazyResolver['resolve']>[0]) {
        if (context.value === 'x') context.replaceValue('y');
      }
    }(), new ImplicitTokenResolver(), new NumberStringUnionResolver()]],
  ])('where the resolvers of the app were replaced: %s', (_what, resolvers) => {
    const both = twins(MANIFEST);
    both.forEach(object => App.of(object).resolvers.splice(0, 3, ...resolvers!));
    expect(text(both[0])).toBe(text(both[1]));
    expect(text(both[0])).toContain('"text":"y"');
  });

  it('with keys left as they are, where CDK8S_DISABLE_SORT says so', () => {
    const both = twins(MANIFEST);
    try {
      process.env.CDK8S_DISABLE_SORT = '1';
      expect(text(both[0])).toBe(text(both[1]));
      expect(text(both[0])).toContain('"spec":{"b":');
    } finally {
      delete process.env.CDK8S_DISABLE_SORT;
    }
    expect(text(both[0])).toContain('"spec":{"a":');
  });

  it('without an App, which cdk8s cannot render', () => {
    const ours = new Chart(new Construct(undefined as unknown as Construct, ''), 'chart');
    const plain = new Chart(new Construct(undefined as unknown as Construct, ''), 'chart');
    const message = text(declareObject(ours, 'object', 'X', ours, MANIFEST));
    expect(message).toContain("Failed serializing construct at path 'chart/object' with name 'thing'");
    expect(message).toBe(text(new ApiObject(plain, 'object', MANIFEST as ApiObjectProps)));
  });

  it.each<[string, (metadata: any) => void]>([
    ['a field more', metadata => Object.assign(metadata, { later: true })],
    ['a field under another name', metadata => {
      delete metadata.finalizers;
      metadata.ends = [];
    }],
  ])('by cdk8s itself, where its metadata has %s', (_what, change) => {
    const asked = jest.spyOn(ApiObjectMetadataDefinition.prototype, 'toJson');
    const [ours, plain] = twins(MANIFEST);
    expect(text(ours)).not.toContain('error');
    expect(asked).not.toHaveBeenCalled();
    [ours, plain].forEach(object => change(object.metadata));
    expect(text(ours)).toBe(text(plain));
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

it('plain data is rendered without asking a resolver about any of it', () => {
  const asked = [LazyResolver, ImplicitTokenResolver, NumberStringUnionResolver].map(resolver => jest.spyOn(resolver.prototype, 'resolve'));
  const [ours, plain] = twins(MANIFEST);
  ours.toJson();
  asked.forEach(spy => expect(spy).not.toHaveBeenCalled());
  plain.toJson();
  asked.forEach(spy => expect(spy).toHaveBeenCalled());
});

it('what is rendered is a copy: who changes it changes nothing else', () => {
  const [ours] = twins(MANIFEST);
  const before = text(ours);
  const json = ours.toJson();
  json.spec.b.push('more');
  json.metadata.labels.own = 'changed';
  expect(text(ours)).toBe(before);
  expect(MANIFEST.spec).toEqual({ b: [{ d: 1, c: [] }, {}, null], a: { deep: { none: null } }, text: 'x' });
});
