/** What stands in a token. Only to be shown: who may rely on it is the API server, which checks the signature. */
export interface Claims {
  readonly [claim: string]: unknown;
}

/** The claims of a JWT; undefined when the text is none. */
export function claimsOf(token: string): Claims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(parts[1], 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** A claim that is a point in time, in milliseconds. */
export function timeOf(claims: Claims, claim: 'exp' | 'iat'): number | undefined {
  const value = claims[claim];
  return typeof value === 'number' && Number.isFinite(value) ? value * 1_000 : undefined;
}

/** A claim that is a text or a list of them, as a list. */
export function textsOf(claims: Claims, claim: string): string[] | undefined {
  const value = claims[claim];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : undefined;
}

/** By which name a person is told who logged in: what they know themselves by. */
export function nameIn(claims: Claims): string {
  const found = ['email', 'preferred_username', 'upn', 'name', 'sub'].map(claim => claims[claim]).find(value => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found : 'nobody in particular';
}
