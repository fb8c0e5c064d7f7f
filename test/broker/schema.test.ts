import Ajv from 'ajv';
import * as fc from 'fast-check';
import { policies } from './policies';
import { AttachScope, BrokerPolicy, DebugCapability, GuardrailMode, PodSecurityLevel } from '../../src';
import { SchemaChecker, schemaFindings } from '../../src/broker/schema';
import { documentOf } from '../../src/broker/write';

const schema = JSON.parse(BrokerPolicy.schema());
const { definitions } = schema;
const ajv = new Ajv({ strict: true, strictRequired: false, allErrors: true });
const byAjv = ajv.compile(schema);

it('the schema is valid by the metaschema of draft-07, and has no keyword that its checker passes over', () => {
  expect(ajv.validateSchema(schema)).toBe(true);
  expect(() => new SchemaChecker({ ...schema, not: {} }).check({})).toThrow('uses "not"');
});

it('names what there is: capabilities of a namespace, modes, levels, scopes of attach', () => {
  expect(definitions.capability.oneOf[0].enum).toEqual(DebugCapability.all().filter(({ namespaced }) => namespaced).map(({ id }) => id));
  expect(schema.properties.podSecurityLevel.enum).toEqual(Object.values(PodSecurityLevel));
  expect(definitions.team.properties.attach.enum).toEqual(Object.values(AttachScope));
  expect(schema.properties.mode.enum).toEqual(Object.values(GuardrailMode).filter(mode => mode !== GuardrailMode.WARN));
});

it('says of each key what it is, for the editor that shows it', () => {
  const objects: [string, any][] = [['policy', schema], ...Object.entries<any>(definitions)];
  const silent = objects.flatMap(([name, { properties = {} }]) => Object.entries<any>(properties)
    .filter(([, value]) => value.description === undefined && value.$ref === undefined).map(([key]) => `${name}.${key}`));
  expect(silent).toEqual([]);
});

/** Any way into a document. */
function waysInto(value: any, way: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.keys(value).flatMap(key => waysInto(value[key], [...way, Array.isArray(value) ? Number(key) : key]))];
}

const junk = fc.oneof(
  fc.constantFrom<any>(null, true, false, 0, 1, 2, 33, -1, 1.5, '', 'a', '1h', 'exec', 'deny', 'ünï', [], {}, ['a'], ['a', 'a'], [''], { name: 'x' }, { builtIn: 'shell' }, { copyFrom: '/x' }, { word: true },
    { word: true, number: true }, { group: 'g', approvals: 1 }, { user: 'u', reason: 'r' }, { user: 'u', group: 'g', reason: 'r' }, { __proto__: null }, 'x'.repeat(300), 'read-x.example.com', 'read-x'),
  fc.jsonValue({ maxDepth: 2 }),
);
const KEYS = ['name', 'reason', 'builtIn', 'commands', 'argv', 'arguments', 'word', 'path', 'optional', 'repeated', 'user', 'group', 'onCall', 'requesters', 'extra', 'constructor', 'toString', '__proto__', '$schema'];

/** One change somewhere: another value, a key more or less, an entry twice, a list without entries. */
function changed(document: any, at: number, how: number, value: any, key: string): any {
  const copy = JSON.parse(JSON.stringify(document));
  const ways = waysInto(copy);
  const way = ways[at % ways.length];
  const last = way[way.length - 1];
  const parent = way.slice(0, -1).reduce((inner, step) => inner[step], copy);
  const here = way.reduce((inner, step) => inner[step], copy);
  if (how === 0 || last === undefined) return last === undefined && how === 0 ? value : copy;
  if (how === 1) parent[last] = value;
  if (how === 2) {
    if (Array.isArray(parent)) parent.splice(Number(last), 1); else delete parent[last];
  }
  if (how === 3 && typeof here === 'object' && here !== null) {
    if (Array.isArray(here)) here.push(value); else Object.defineProperty(here, key, { value, enumerable: true, configurable: true, writable: true });
  }
  if (how === 4 && Array.isArray(here) && here.length) here.push(here[0]);
  if (how === 5 && Array.isArray(here)) here.length = 0;
  return copy;
}

it('its checker and ajv let the same documents pass', () => {
  const seen = { good: 0, bad: 0 };
  const change = fc.record({ at: fc.nat(100_000), how: fc.nat(5), value: junk, key: fc.constantFrom(...KEYS) });
  fc.assert(fc.property(policies, fc.array(change, { minLength: 10, maxLength: 20 }), (props, changes) => {
    const good = documentOf(props);
    expect(schemaFindings(good)).toEqual([]);
    expect(byAjv(good)).toBe(true);
    for (const { at, how, value, key } of changes) {
      const document = changed(good, at, how, value, key);
      const findings = schemaFindings(document);
      const accepted = byAjv(document);
      if ((findings.length === 0) !== accepted) throw new Error(`${JSON.stringify(document)}: ajv ${JSON.stringify(byAjv.errors)}, the checker ${JSON.stringify(findings)}`);
      seen[accepted ? 'good' : 'bad']++;
    }
  }), { numRuns: 80 });
  expect(seen.good).toBeGreaterThan(50);
  expect(seen.bad).toBeGreaterThan(200);
});

it('whatever is given instead of a policy is an error in words', () => {
  fc.assert(fc.property(fc.json(), text => {
    expect(() => BrokerPolicy.fromJson(text)).toThrow(/^(broker\.json:\d+:\d+: .+ Fix: [^]+[.?!]\n?)+/);
  }));
});
