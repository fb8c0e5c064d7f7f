import { Finding } from './finding';
import { Json, Path } from './json-source';
import { closest, orMeant } from './suggest';
import { readAsset } from '../private/assets';
import { show } from '../private/errors';

/** The part of JSON Schema (draft-07) that the schema of the policy uses. */
interface Schema {
  readonly $ref?: string;
  /** A noun with its article: `… is not a duration`. */
  readonly title?: string;
  readonly examples?: Json[];
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly const?: Json;
  readonly enum?: Json[];
  readonly oneOf?: Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: { [key: string]: Schema };
  readonly required?: string[];
  readonly additionalProperties?: boolean;
  readonly definitions?: { [name: string]: Schema };
}

const UNDERSTOOD = new Set([
  '$ref', 'title', 'examples', 'type', 'const', 'enum', 'oneOf', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'items', 'minItems', 'maxItems',
  'uniqueItems', 'properties', 'required', 'additionalProperties', 'definitions', '$schema', '$id', '$comment', 'description', 'default',
]);

const TYPES: { readonly [type: string]: { readonly of: (value: Json) => boolean; readonly title: string; readonly fix: string } } = {
  object: { of: value => typeof value === 'object' && value !== null && !Array.isArray(value), title: 'an object', fix: 'write {…}' },
  array: { of: value => Array.isArray(value), title: 'a list', fix: 'write […]' },
  string: { of: value => typeof value === 'string', title: 'text', fix: 'write it in double quotes' },
  integer: { of: value => Number.isInteger(value), title: 'a whole number', fix: 'write digits without quotes' },
  boolean: { of: value => typeof value === 'boolean', title: 'true or false', fix: 'write true or false, without quotes' },
};

/** The published schema, as text. */
export function schemaText(): string {
  return readAsset('broker-policy.schema.json');
}

let parsed: Schema | undefined;

/** What is wrong with a document by the published schema. It is the schema that decides, so editors and this never disagree. */
export function schemaFindings(document: Json): Finding[] {
  return new SchemaChecker(parsed ??= JSON.parse(schemaText()) as Schema).check(document);
}

/** Says what a schema does not let pass, in words. */
export class SchemaChecker {
  public constructor(private readonly root: Schema) {}

  public check(document: Json): Finding[] {
    return this.findings(this.root, document, []);
  }

  private findings(given: Schema, value: Json, path: Path): Finding[] {
    const schema = this.resolved(given);
    const wrong = (problem: string, fix: string): Finding[] => [{ path, value, problem, fix }];
    const type = schema.type === undefined ? undefined : TYPES[schema.type];
    if (type && !type.of(value)) return wrong(`is not ${schema.title ?? type.title}`, examples(schema) ?? type.fix);
    if (schema.const !== undefined && value !== schema.const) return wrong(`is not ${show(schema.const)}`, `write ${show(schema.const)}`);
    if (schema.enum && !schema.enum.includes(value)) return wrong(`is not ${schema.title ?? 'known'}`, oneOfThese(value, schema.enum));
    return [
      ...this.alternatives(schema, value, path),
      ...typeof value === 'string' ? ofText(schema, value, wrong) : [],
      ...typeof value === 'number' ? ofNumber(schema, value, wrong) : [],
      ...Array.isArray(value) ? this.ofList(schema, value, path, wrong) : [],
      ...TYPES.object.of(value) ? this.ofObject(schema, value as { [key: string]: Json }, path) : [],
    ];
  }

  private resolved(schema: Schema): Schema {
    const unknown = Object.keys(schema).find(keyword => !UNDERSTOOD.has(keyword));
    if (unknown !== undefined) throw new Error(`The schema uses "${unknown}", which its checker does not understand.`);
    if (schema.$ref === undefined) return schema;
    const name = schema.$ref.replace('#/definitions/', '');
    // Draft-07 ignores what stands beside a $ref.
    return this.resolved(this.root.definitions![name]);
  }

  /** Exactly one has to fit. When none does, the one that was probably meant says why. */
  private alternatives(schema: Schema, value: Json, path: Path): Finding[] {
    if (!schema.oneOf) return [];
    const options = schema.oneOf.map(option => ({ schema: this.resolved(option), findings: this.findings(option, value, path) }));
    const fitting = options.filter(({ findings }) => findings.length === 0);
    if (fitting.length === 1) return [];
    const wrong = (problem: string, fix: string): Finding[] => [{ path, value, problem, fix }];
    const choices = options.flatMap(option => (option.schema.properties ? [] : option.schema.required ?? []));
    if (choices.length) {
      const given = choices.filter(key => Object.hasOwn(value as object, key));
      return given.length === 0 ? wrong(`says none of ${choices.join(', ')}`, 'say one of them, and one only') : wrong(`says ${given.join(' and ')}`, 'say one of them, and one only');
    }
    if (!TYPES.object.of(value)) {
      const known = options.flatMap(option => option.schema.enum ?? []);
      const sameType = options.find(option => option.schema.type !== undefined && TYPES[option.schema.type].of(value) && !option.schema.enum);
      if (known.length || !sameType) return wrong(`is not ${schema.title}`, known.length ? oneOfThese(value, known) : examples(schema)!);
      return sameType.findings;
    }
    const score = (option: Schema) => (option.required ?? []).filter(key => Object.hasOwn(value as object, key)).length + (option.type === 'object' ? 0.5 : 0);
    return [...options].sort((a, b) => score(b.schema) - score(a.schema) || a.findings.length - b.findings.length)[0].findings;
  }

  private ofList(schema: Schema, value: Json[], path: Path, wrong: (problem: string, fix: string) => Finding[]): Finding[] {
    const { items, minItems = 0, maxItems = Infinity } = schema;
    if (value.length < minItems) return wrong('is empty', 'give at least one entry');
    if (value.length > maxItems) return wrong(`has ${value.length} entries, ${maxItems} at most are allowed`, 'leave some out');
    const seen = new Set<Json>();
    const twice = schema.uniqueItems ? value.findIndex(one => seen.size === seen.add(one).size) : -1;
    return [
      ...twice < 0 ? [] : [{ path: [...path, twice], value: value[twice], problem: 'is listed twice', fix: 'remove one of the two' }],
      ...items ? value.flatMap((one, i) => this.findings(items, one, [...path, i])) : [],
    ];
  }

  private ofObject(schema: Schema, value: { [key: string]: Json }, path: Path): Finding[] {
    const { properties = {}, required = [], additionalProperties = true } = schema;
    const known = Object.keys(properties);
    const isKnown = (key: string) => Object.hasOwn(properties, key);
    const missing = required.filter(key => !Object.hasOwn(value, key));
    const unknown = additionalProperties ? [] : Object.keys(value).filter(key => !isKnown(key));
    // A key that was only misspelt is told once.
    const misspelt = unknown.map(key => closest(key, missing));
    return [
      ...missing.filter(key => !misspelt.includes(key)).map(key => ({
        path: [...path, key], value: undefined, problem: 'is missing', fix: isKnown(key) ? this.how(properties[key]) : 'add it',
      })),
      ...unknown.map(key => ({
        path: [...path, key], key: true, value: value[key], problem: 'is no key that is known here', fix: orMeant(key, known, `remove it; there are ${known.filter(one => one !== '$schema').join(', ')}`),
      })),
      ...Object.keys(value).filter(isKnown).flatMap(key => this.findings(properties[key], value[key], [...path, key])),
    ];
  }

  /** How to write what is missing. */
  private how(given: Schema): string {
    const schema = this.resolved(given);
    if (schema.const !== undefined) return `add it as ${show(schema.const)}`;
    return examples(schema)?.replace(/^write it as/, 'add it, such as') ?? (schema.type ? `add it: ${TYPES[schema.type].title}` : 'add it');
  }
}

function examples({ examples: some }: Schema): string | undefined {
  return some && `write it as ${some.map(show).join(' or ')}`;
}

function oneOfThese(value: Json, known: readonly Json[]): string {
  const list = `use one of ${known.map(show).join(', ')}`;
  return typeof value === 'string' ? orMeant(value, known.map(String), list) : list;
}

function ofText(schema: Schema, value: string, wrong: (problem: string, fix: string) => Finding[]): Finding[] {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  const length = [...value].length;
  if (length < minLength) return wrong('is empty', examples(schema) ?? 'give a text');
  if (length > maxLength) return wrong(`is ${length} characters long, the limit is ${maxLength}`, `shorten it to ${maxLength} characters`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return wrong(`is not ${schema.title ?? 'in the form that is wanted'}`, examples(schema) ?? `match ${pattern}`);
  return [];
}

function ofNumber({ minimum = -Infinity, maximum = Infinity }: Schema, value: number, wrong: (problem: string, fix: string) => Finding[]): Finding[] {
  return value < minimum || value > maximum ? wrong(`is not from ${minimum} to ${maximum}`, `give a whole number from ${minimum} to ${maximum}`) : [];
}
