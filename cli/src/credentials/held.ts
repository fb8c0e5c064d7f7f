import { X509Certificate } from 'crypto';
import { Claims, claimsOf, timeOf } from './id-token';
import { Connection } from '../connection';

/** What somebody comes with to an API server. */
export interface Held {
  readonly kind: 'token' | 'certificate' | 'other';
  /** Its end, in milliseconds. */
  readonly endsAt?: number;
  /** Of a token that can be read. */
  readonly claims?: Claims;
  /** Of a certificate: O and CN. */
  readonly subject?: string;
}

/** The credential of a connection. A token goes before a certificate, as at the API server; what it says is not verified here. */
export function heldIn({ options }: Connection): Held {
  const { Authorization: upper, authorization = upper } = (options.headers ?? {}) as Record<string, unknown>;
  const [, token] = /^Bearer (\S+)$/.exec(String(authorization ?? '')) ?? [];
  if (token !== undefined) {
    const claims = claimsOf(token);
    return { kind: 'token', claims, endsAt: claims && timeOf(claims, 'exp') };
  }
  if (options.cert) {
    const { subject, validTo } = new X509Certificate([options.cert].flat()[0] as string | Buffer);
    return { kind: 'certificate', subject: subject.split('\n').join(', '), endsAt: Date.parse(validTo) };
  }
  return { kind: 'other' };
}
