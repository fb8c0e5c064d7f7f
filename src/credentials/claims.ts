import { literal, literals } from '../model/cel';

/** Words that CEL keeps for itself; such a claim is selected by its text. */
const RESERVED = new Set(['as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', 'loop', 'namespace', 'null', 'package', 'return', 'true', 'var', 'void', 'while']);

/** A claim of the token, if it is there: `claims.?groups`. */
function optional(claim: string): string {
  return /^[A-Za-z_]\w*$/.test(claim) && !RESERVED.has(claim) ? `claims.?${claim}` : `claims[?${literal(claim)}]`;
}

/** A claim, or the other value where the token has none. */
export function claimOr(claim: string, other: string): string {
  return `${optional(claim)}.orValue(${other})`;
}

/** A claim as a list: some issuers write a single value without one. */
export function claimList(claim: string): string {
  const value = claimOr(claim, '[]');
  return `(type(${value}) == string ? [${value}] : ${value})`;
}

/** Whether a claim is one of these texts, or as a list contains one. */
export function claimHas(claim: string, values: readonly string[]): string {
  return `${claimList(claim)}.exists(v, v in ${literals(values)})`;
}
