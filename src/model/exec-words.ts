import { literal } from './cel';

/**
 * What the guardrail on exec says, in pieces: said by the API server in CEL, and by the session program of the gateway, in the same
 * words. A piece that begins with `$` is a name of what stands there.
 */
export const EXEC_WORDS = {
  unknown: ['exec of "', '$shown', '" in ', '$place', ' is in none of the command sets: ', '$sets'],
  withoutStreams: ['exec of "', '$shown', '" in ', '$place', ' is allowed without -i and -t only'],
  notGranted: ['exec of "', '$shown', '" in ', '$place', ' takes the command set ', '$fitting', ', which is not granted to you; rights by wildcard do not count. Request access, or break glass'],
  stream: ['$stream', '$place', ' is not granted to you; rights by wildcard do not count'],
} as const;

/** As a CEL expression; `values` has those that differ from the policy's variables of that name. */
export function celOfWords(words: readonly string[], values: { [name: string]: string } = {}): string {
  return words.map(word => word.startsWith('$') ? values[word.slice(1)] ?? `variables.${word.slice(1)}` : `'${word}'`).join(' + ');
}

/** What begins the sentence about a stream that is no exec. */
export const streamWords = (what: string) => `${what} to `;

/** The same as an expression. */
export const streamExpression = (what: string) => literal(streamWords(what));
