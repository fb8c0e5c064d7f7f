import { VIRTUAL_GROUP } from './virtual-rights';

/**
 * Parts of CEL expressions. Whatever a user gave goes through `literal`, so that it stays data.
 *
 * @see https://kubernetes.io/docs/reference/using-api/cel/
 */

/**
 * Text as a CEL string literal. The escapes of JSON are CEL's too; U+2028 and U+2029, which JSON leaves, are no line
 * ends in CEL. Half of a surrogate pair is no character, and must have been refused before.
 */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/** A list of expressions. */
export function list(items: string[]): string {
  return `[${items.join(', ')}]`;
}

/** Texts as a list. */
export function literals(texts: readonly string[]): string {
  return list(texts.map(literal));
}

function joined(terms: string[], operator: string, none: string): string {
  if (terms.length < 2) return terms[0] ?? none;
  return terms.map(term => (/^!?[\w.]+$/.test(term) ? term : `(${term})`)).join(operator);
}

/** True when one of them is; false when there is none. */
export function anyOf(terms: string[]): string {
  return joined(terms, ' || ', 'false');
}

/** True when all of them are; true when there is none. */
export function allOf(terms: string[]): string {
  return joined(terms, ' && ', 'true');
}

/**
 * RE2 that matches the text and nothing else. Letters, digits and what RE2 gives no meaning stand for themselves,
 * every other character is written by its code point.
 */
export function quoted(text: string): string {
  return Array.from(text, char => (/[A-Za-z0-9_/=,:@% -]/.test(char) ? char : `\\x{${char.codePointAt(0)!.toString(16)}}`)).join('');
}

/**
 * Asks the cluster's own RBAC whether the caller holds a right on a virtual resource, in the namespace of the request.
 * Each costs 350,000 of the 10,000,000 that a policy may spend on a request, so 28 can be asked at most, two of them in one
 * expression; make it a variable of its own, which is asked only when an expression comes to it.
 */
export function authorizerCheck({ resource, verb }: { readonly resource: string; readonly verb: string }, name?: string): string {
  const named = name === undefined ? '' : `.name(${literal(name)})`;
  return `authorizer.group(${literal(VIRTUAL_GROUP)}).resource(${literal(resource)}).namespace(request.namespace)${named}.check(${literal(verb)})`;
}
