/**
 * An event of the API server's audit log, as far as it is read here. Who writes to the file can write anything, so nothing
 * of it is taken to be of a type before it is looked at.
 *
 * @see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
 */
export type AuditEvent = { readonly [field: string]: unknown };

export const asObject = (value: unknown): { readonly [key: string]: any } => value !== null && typeof value === 'object' ? value : {};
export const asText = (value: unknown): string => typeof value === 'string' ? value : '';

/** What the line of a log says; a text says what is wrong with it. */
export function parseEvent(line: string): AuditEvent | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'no JSON';
  }
  const { kind, apiVersion } = asObject(parsed);
  if (kind !== 'Event' || apiVersion !== 'audit.k8s.io/v1') return 'no event of audit.k8s.io/v1';
  return parsed as AuditEvent;
}

/** Whether something was done, and this is the event of its end. */
export function succeeded({ stage, responseStatus }: AuditEvent): boolean {
  const { code } = asObject(responseStatus);
  return stage === 'ResponseComplete' && typeof code === 'number' && code >= 200 && code < 300;
}

/** Who did it, as policies and RBAC saw them, and who acted as them. */
export function whoOf({ user, impersonatedUser }: AuditEvent): { by: string; actedBy?: string } {
  const login = asText(asObject(user).username);
  const as = asText(asObject(impersonatedUser).username);
  return as ? { by: as, actedBy: login } : { by: login };
}

/** A time in RFC 3339, in microseconds since 1970; NaN when it is none. */
export function micros(time: string): number {
  const [, to, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  if (to === undefined) return NaN;
  return Date.parse(time.replace(/\.\d+/, '')) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
