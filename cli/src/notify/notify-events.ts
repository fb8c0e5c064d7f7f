import { AccessRequests } from 'cdk8s-secure-debug';
import { isDryRun } from '../audit/dry-run';

/** What happened, for those who approve. */
export interface Notification {
  /**
   * `requested`: waits for approval. `taken`: had at once, by whoever needs no approval. `break-glass`: the same, of an emergency
   * Role. `approved`: one approval, not the last. `granted`: the last one. `denied`, `revoked`, `withdrawn`: closed.
   * `sealed-credential`: somebody uses a sealed credential, for whatever.
   */
  readonly event: 'requested' | 'taken' | 'break-glass' | 'approved' | 'granted' | 'denied' | 'revoked' | 'withdrawn' | 'sealed-credential';
  readonly auditID: string;
  readonly at: string;
  /** Who did it. */
  readonly user: string;
  readonly sourceIPs: string[];
  /** Empty for a sealed credential outside of any namespace. */
  readonly namespace: string;
  /** Name of the request; empty for a sealed credential. */
  readonly name: string;
  readonly role: string;
  readonly reason: string;
  readonly ticket: string;
  readonly expiresAt: string;
  /** `bob as payments-leads`, in order. */
  readonly approvals: string[];
}

/** What is looked for. */
export interface Wanted {
  /** Empty for all. */
  readonly namespaces: string[];
  readonly sealedGroups: string[];
}

const PREFIX = `${AccessRequests.RIGHTS_GROUP}/`;
const LONGEST = 500;
const MOST_APPROVALS = 20;

/** A text that somebody wrote, of a bearable length, whatever it was. */
function text(value: unknown): string {
  const said = typeof value === 'string' ? value : '';
  return said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
}

/** What an audit event means for approvers; undefined when nothing. Never throws: what is in a log was sent by anybody. */
export function notificationOf(event: any, { namespaces, sealedGroups }: Wanted): Notification | undefined {
  if (event?.kind !== 'Event' || typeof event.auditID !== 'string' || !['ResponseComplete', 'ResponseStarted', 'Panic'].includes(event.stage)) return undefined;
  const { objectRef: object = {}, user = {} } = event;
  const base = {
    auditID: event.auditID,
    at: text(event.requestReceivedTimestamp),
    user: text(user.username),
    sourceIPs: Array.isArray(event.sourceIPs) ? event.sourceIPs.slice(0, MOST_APPROVALS).map(text) : [],
    namespace: text(object.namespace),
    name: '',
    role: '',
    reason: '',
    ticket: '',
    expiresAt: '',
    approvals: [],
  };
  const asked = requestOf(event);
  if (asked && (namespaces.length === 0 || namespaces.includes(base.namespace))) return { ...base, ...asked };
  const groups: unknown = user.groups;
  if (!Array.isArray(groups) || !groups.some(group => sealedGroups.includes(group))) return undefined;
  return { ...base, event: 'sealed-credential', reason: text(`${event.verb} ${String(event.requestURI ?? '').split('?')[0]}`) };
}

type OfRequest = Partial<Notification> & Pick<Notification, 'event'>;

function requestOf(event: any): OfRequest | undefined {
  const { objectRef: object = {}, requestObject: sent, responseStatus, verb } = event;
  const done = event.stage === 'ResponseComplete' && responseStatus?.code >= 200 && responseStatus?.code < 300;
  if (!done || object?.apiGroup !== 'rbac.authorization.k8s.io' || object.resource !== 'rolebindings' || object.subresource) return undefined;
  if (isDryRun(event)) return undefined;
  const name = text(object.name || sent?.metadata?.name);
  const role = name.slice(0, Math.max(0, name.indexOf(':')));
  const said = Object(sent?.metadata?.annotations);
  const given = Array.isArray(sent?.subjects) && sent.subjects.length > 0;
  const all = {
    name,
    role: text(sent?.roleRef?.name) || role,
    reason: text(said[`${PREFIX}request-reason`]),
    ticket: text(said[`${PREFIX}ticket`]),
    expiresAt: text(said[`${PREFIX}expires-at`]),
    approvals: text(said[`${PREFIX}approvals`]).split('\n').filter(Boolean).slice(0, MOST_APPROVALS),
  };
  // The policy's own account, where the audit policy records no bodies.
  const step = policyStep(event.annotations);
  if (verb === 'create' && (step === 'CREATE' || sent?.metadata?.labels?.[AccessRequests.REQUEST_LABEL] !== undefined)) {
    const atOnce = sent === undefined ? / subjects 1$/.test(policyText(event.annotations)) : given;
    return { ...all, event: !atOnce ? 'requested' : /^break-glass(-|$)/.test(all.role) ? 'break-glass' : 'taken' };
  }
  if ((verb !== 'patch' && verb !== 'update') || role === '') return undefined;
  const closed = said[`${PREFIX}closed`];
  if (closed === 'denied' || closed === 'revoked' || closed === 'withdrawn') return { ...all, event: closed, reason: text(said[`${PREFIX}closed-reason`]) };
  if (step === 'close') return { ...all, event: 'revoked' };
  if (step !== 'approve' && said[`${PREFIX}approvals`] === undefined) return undefined;
  return { ...all, event: given || (sent === undefined && / subjects 1$/.test(policyText(event.annotations))) ? 'granted' : 'approved' };
}

/** `secure-debug-requests/request`, or what else the policy is called. */
function policyText(annotations: unknown): string {
  for (const [key, value] of Object.entries(Object(annotations))) {
    if (/^secure-debug-requests[a-z0-9.-]*\/request$/.test(key)) return String(value);
  }
  return '';
}

function policyStep(annotations: unknown): string {
  return policyText(annotations).split(' ')[0];
}
