import { Json } from './json-source';
import { byCodeUnit, canonicalJson } from '../private/canonical';

/** Lists whose order has a meaning, or is canonical already. */
const ORDERED = new Set(['argv', 'arguments', 'commands', 'oneOf']);

const NAMED = ['name', 'profile', 'group'];

function keyOf(value: Json): string {
  if (typeof value === 'string') return value;
  const object = value as { [key: string]: Json };
  const name = NAMED.find(field => typeof object[field] === 'string');
  // What has a name is sorted by it; a blank comes before all that a name is made of.
  return `${name === undefined ? '' : object[name]} ${canonicalJson(value)}`;
}

/** The same with keys and lists in one order, without what is undefined. */
export function canonical(value: Json, ordered = false): Json {
  if (Array.isArray(value)) {
    const items = value.map(item => canonical(item));
    return ordered ? items : items.map(item => ({ item, key: keyOf(item) })).sort((a, b) => byCodeUnit(a.key, b.key)).map(({ item }) => item);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined).sort(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner, ORDERED.has(key))]));
}

const WIDTH = 120;

/** JSON for people: what fits in a line stands in one. */
export function jsonText(value: Json, indent = '', before = 0): string {
  const inline = flat(value);
  if (indent.length + before + inline.length < WIDTH || typeof value !== 'object' || value === null) return inline;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map(item => `${deeper}${jsonText(item, deeper)}`).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([key, inner]) => {
    const name = `${JSON.stringify(key)}: `;
    return `${deeper}${name}${jsonText(inner, deeper, name.length)}`;
  });
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function flat(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flat).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${flat(inner)}`);
  return members.length ? `{ ${members.join(', ')} }` : '{}';
}
