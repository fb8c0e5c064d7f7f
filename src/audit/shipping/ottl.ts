/**
 * The language of the collector's transform, filter and count components.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl
 */

/** A text as a literal. A dollar sign would be read as a variable when the configuration is loaded. */
export function literal(text: string): string {
  return JSON.stringify(text).replace(/\$/g, '$$$$');
}

/** What a text may contain so that it matches itself in a regular expression. */
export function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A field of this event that is only needed while it is classified. */
export const temp = (name: string) => `log.cache[${literal(name)}]`;
/** An attribute that goes along with the event. */
export const attribute = (name: string) => `log.attributes[${literal(name)}]`;
/** A field of the event itself; undefined on the way to it is an error, which leaves the statement out. */
export const field = (...path: string[]) => [temp('event'), ...path.map(part => `[${literal(part)}]`)].join('');

export const is = (path: string, value: string) => `${path} == ${literal(value)}`;
export const isNot = (path: string, value: string) => `${path} != ${literal(value)}`;
export const begins = (path: string, prefix: string) => `HasPrefix(${path}, ${literal(prefix)})`;
export const all = (...conditions: string[]) => conditions.length === 1 ? conditions[0] : conditions.map(one => `(${one})`).join(' and ');
export const any = (...conditions: string[]) => conditions.length === 1 ? conditions[0] : conditions.map(one => `(${one})`).join(' or ');
export const not = (condition: string) => `not (${condition})`;
/** Whether a text is one of these. */
export const oneOf = (path: string, values: string[]) => any(...values.map(value => is(path, value)));

export const set = (path: string, value: string, where?: string) => `set(${path}, ${value})${where === undefined ? '' : ` where ${where}`}`;
