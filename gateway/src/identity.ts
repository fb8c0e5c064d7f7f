import { readFileSync } from 'fs';
import type { Credential } from './credential';
import type { Person } from './person';

/** By what the API server knows who asks. */
export interface Identity {
  /** A client certificate and its key, PEM. */
  readonly tls: { readonly cert?: string; readonly key?: string };
  /** Headers of each request; asked for anew each time. */
  headers(): { [name: string]: string | string[] };
}

/**
 * In the person's name, by the gateway's own token: it says no more than for whom it may speak, and about what.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 */
export function inTheNameOf(person: Person, folder: string): Identity {
  const name = { 'impersonate-user': utf8(person.user), ...person.groups.length && { 'impersonate-group': person.groups.map(utf8) } };
  return {
    // The kubelet replaces the token in time, so it is read for each request.
    headers: () => ({ ...name, authorization: `Bearer ${readFileSync(`${folder}/token`, 'utf8').trim()}` }),
    tls: {},
  };
}

/** By what the person handed over; the gateway itself has no right at all. */
export function byCredential({ token, certificate, key }: Credential): Identity {
  if (token === undefined) return { headers: () => ({}), tls: { cert: certificate, key } };
  return { headers: () => ({ authorization: `Bearer ${token}` }), tls: {} };
}

/** Headers of HTTP are bytes; Node takes each character for one. */
const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
