/**
 * How much of a request the API server records.
 *
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy
 */
export enum AuditLevel {
  /** Nothing. */
  NONE = 'None',
  /** Who, when, verb, object, outcome; no bodies. The command of an exec is in the URI, so it is included. */
  METADATA = 'Metadata',
  /** And the body of the request. */
  REQUEST = 'Request',
  /** And the body of the response. */
  REQUEST_RESPONSE = 'RequestResponse',
}

const ORDER = [AuditLevel.NONE, AuditLevel.METADATA, AuditLevel.REQUEST, AuditLevel.REQUEST_RESPONSE];

/** Whether a level records at least as much as another. */
export function atLeast(level: AuditLevel, wanted: AuditLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(wanted);
}
