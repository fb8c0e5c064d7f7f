import { literal, literals } from '../model/cel';

/** Words that CEL keeps for itself; such a claim is selected by its text. */
const RESERVED = new Set(['as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', 'loop', 'namespace', 'null', 'package', 'return', 'true', 'var', 'void', 'while']);

/** A claim of the token: `claims.groups`, or with a mark `claims.?groups` if it is there. */
function select(claim: string, mark: '' | '?'): string {
  return /^[A-Za-z_]\w*$/.test(claim) && !RESERVED.has(claim) ? `claims.${mark}${claim}` : `claims[${mark}${literal(claim)}]`;
}

/** A claim, or the other value where the token has none. */
export function claimOr(claim: string, other: string): string {
  return `${select(claim, '?')}.orValue(${other})`;
}

/** A claim as a list: some issuers write a single value without one. Of a claim, CEL believes that it is a list only by `dyn`. */
export function claimList(claim: string): string {
  const value = claimOr(claim, '[]');
  return `dyn(type(${value}) == list ? ${value} : [${select(claim, '')}])`;
}

/** Whether a claim is one of these texts, or as a list contains one. */
export function claimHas(claim: string, values: readonly string[]): string {
  return `${claimList(claim)}.exists(v, v in ${literals(values)})`;
}
