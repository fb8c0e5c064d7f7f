import { Row } from './database';
import { DebugSession, GrantRef, PathClass, RequestRef, SessionOutcome } from './debug-session';
import { Evidence } from './evidence';
import { texts } from './sql/text';

/** Which sessions are wanted. */
export interface Wanted {
  /** RFC 3339 in microseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  readonly users?: string[];
  readonly withoutUsers?: string[];
  readonly namespaces?: string[];
  readonly paths?: string[];
}

/** So many sessions are put in order at a time. */
const AT_ONCE = 8_000;

/** The sessions of the logs, in order of their begin. */
export async function sessionsOf(evidence: Evidence, wanted: Wanted, atOnce?: number): Promise<DebugSession[]> {
  const all: DebugSession[] = [];
  for await (const one of eachOf(evidence, wanted, atOnce)) all.push(one);
  return all;
}

/** The same, one at a time: there may be many. */
export async function* eachOf(evidence: Evidence, wanted: Wanted, atOnce = AT_ONCE): AsyncGenerator<DebugSession> {
  const seen = new Map<string, number>();
  // An audit ID is chosen by the client, so it may come twice.
  const unique = (one: DebugSession): DebugSession => {
    const times = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, times);
    return times === 1 ? one : { ...one, id: `${one.id}#${times}` };
  };
  for (const span of await spans(evidence, atOnce)) {
    for await (const [told, others, wouldDeny] of evidence.texts(question(wanted, span))) {
      const row = JSON.parse(told!);
      const grants: Row[] = JSON.parse(others ?? '[]');
      const one = 'session_id' in row ? session(row, grants, JSON.parse(wouldDeny ?? '[]')) : change(row, grants);
      if (wanted.paths?.includes(one.path) ?? true) yield unique(one);
    }
  }
}

/** From one time on, and before another: microseconds since 1970. */
interface Span {
  readonly from?: string;
  readonly before?: string;
}

/** All times, in spans of not too many sessions. */
async function spans(evidence: Evidence, many: number): Promise<Span[]> {
  const numbered = 'SELECT start_us, row_number() OVER (ORDER BY start_us) AS place FROM sessions';
  const edges: (string | undefined)[] = [undefined];
  for await (const [edge] of evidence.texts(`SELECT CAST(start_us AS VARCHAR) FROM (${numbered}) AS s WHERE place % ${many} = 0 ORDER BY start_us`)) {
    if (edge !== edges.at(-1)) edges.push(edge!);
  }
  return edges.map((from, i) => ({ from, before: edges[i + 1] }));
}

/** A row for each session or change: one text, since each value of its own costs more than making it. */
function question(wanted: Wanted, span: Span): string {
  const person = 'CASE WHEN as_user = \'\' THEN user_name ELSE as_user END';
  const all = (relation: string) => `CAST(to_json(${relation}) AS VARCHAR)`;
  return `
SELECT told, others, would_deny FROM (
  SELECT s.start_us AS begin_us, 0 AS kind, s.cluster, s.session_id AS id, s.person AS person, ${all('s')} AS told, o.others AS others, w.would_deny AS would_deny
  FROM (SELECT * FROM sessions ${where(wanted, span, 'start_us', 'person')}) AS s
  LEFT JOIN (SELECT cluster, session_id, start_us, person, ${all('list(g ORDER BY namespace, name, from_us)')} AS others FROM session_grants AS g ${where({}, span, 'start_us')} GROUP BY cluster, session_id, start_us, person) AS o
    ON o.cluster = s.cluster AND o.session_id = s.session_id AND o.start_us = s.start_us AND o.person = s.person
  LEFT JOIN (SELECT cluster, session_id, start_us, user_name, ${all('list(policy ORDER BY policy)')} AS would_deny FROM session_would_deny ${where({}, span, 'start_us')} GROUP BY cluster, session_id, start_us, user_name) AS w
    ON w.cluster = s.cluster AND w.session_id = s.session_id AND w.start_us = s.start_us AND w.user_name = CASE WHEN s.impersonator = '' THEN s.person ELSE s.impersonator END
  UNION ALL
  SELECT c.received_us, 1, c.cluster, c.audit_id, '', ${all('c')}, o.others, NULL
  FROM (SELECT * FROM past_git_changes ${where({ ...wanted, paths: undefined }, span, 'received_us', person)}) AS c
  LEFT JOIN (SELECT cluster, audit_id, received_us, user_name, ${all('list(g ORDER BY namespace, name, from_us)')} AS others FROM past_git_grants AS g ${where({}, span, 'received_us')} GROUP BY cluster, audit_id, received_us, user_name) AS o
    ON o.cluster = c.cluster AND o.audit_id = c.audit_id AND o.received_us = c.received_us AND o.user_name = c.user_name
) AS found
ORDER BY begin_us, kind, cluster, id, person`;
}

function where({ since, until, users, withoutUsers, namespaces, paths }: Wanted, { from, before }: Span, begin: string, person = ''): string {
  const conditions = [
    ...from === undefined ? [] : [`${begin} >= ${from}`],
    ...before === undefined ? [] : [`${begin} < ${before}`],
    ...since === undefined ? [] : [`${begin} >= ${since}`],
    ...until === undefined ? [] : [`${begin} <= ${until}`],
    ...users ? [`${person} IN (${texts(users)})`] : [],
    ...withoutUsers ? [`${person} NOT IN (${texts(withoutUsers)})`] : [],
    ...namespaces ? [`namespace IN (${texts(namespaces)})`] : [],
    ...paths ? [`path IN (${texts(paths)})`] : [],
  ];
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

/** `2026-03-01T10:00:00.000001Z` of microseconds. */
export function time(micros: number): string {
  const part = ((micros % 1000) + 1000) % 1000;
  return `${new Date((micros - part) / 1000).toISOString().slice(0, -1)}${String(part).padStart(3, '0')}Z`;
}

function list(json: string): string[] {
  const parsed: unknown = JSON.parse(json || '[]');
  return Array.isArray(parsed) ? parsed.map(String) : [];
}

/** A text, if there is one. */
const some = (text: string): string | undefined => text || undefined;

function grantRef({ kind, namespace, name, role_kind, role }: Row): GrantRef {
  return { kind, name, namespace: some(namespace), role: `${role_kind}/${role}` };
}

function requestRef(name: string, { requested_by, request_reason, ticket, approvals, expires_at, from_us }: Row): RequestRef | undefined {
  if (!requested_by) return undefined;
  return {
    name,
    reason: some(request_reason),
    ticket: some(ticket),
    approvers: (approvals as string || '').split('\n').filter(line => line !== '').map(line => line.split(' as ')[0]),
    requestedAt: from_us ? time(from_us) : undefined,
    expiresAt: some(expires_at),
  };
}

const POLICY = /ValidatingAdmissionPolicy '([^']*)'/;

function refusal({ decision, message }: Row): DebugSession['refusal'] {
  const policy = POLICY.exec(message)?.[1];
  if (decision === 'forbid') return { by: 'rbac', message };
  return policy === undefined ? { by: 'other', message } : { by: 'guardrail', policy, message };
}

const grantOf = (row: Row): GrantRef | undefined => row.grant_kind ? grantRef({
  kind: row.grant_kind, namespace: row.grant_namespace, name: row.grant_name, role_kind: row.grant_role_kind, role: row.grant_role,
}) : undefined;

const otherGrant = (row: Row): DebugSession['otherGrants'][0] => ({ ...grantRef(row), request: requestRef(row.name, row) });

function requestOf(row: Row): RequestRef | undefined {
  return row.grant_kind ? requestRef(row.grant_name, { ...row, from_us: row.requested_us }) : undefined;
}

function session(row: Row, others: Row[], wouldDeny: string[]): DebugSession {
  const command = list(row.command);
  const ended = row.end_us !== 0 && row.outcome !== 'open';
  return {
    id: row.session_id,
    cluster: some(row.cluster),
    start: time(row.start_us),
    end: ended ? time(row.end_us) : undefined,
    seconds: ended ? (row.end_us - row.start_us) / 1e6 : undefined,
    outcome: row.outcome as SessionOutcome,
    user: row.person,
    groups: list(row.person_groups),
    impersonator: some(row.impersonator),
    path: row.path as PathClass,
    outside: some(row.outside),
    capability: row.capability,
    namespace: some(row.namespace),
    pod: some(row.pod),
    container: some(row.container),
    command: command.length > 0 ? command : undefined,
    image: some(row.image),
    grant: grantOf(row),
    request: requestOf(row),
    otherGrants: others.map(otherGrant),
    refusal: row.outcome === 'refused' ? refusal(row) : undefined,
    wouldDeny,
    client: row.client,
    sources: list(row.sources),
    events: Number(row.events),
  };
}

/** A change past Git: one request, in an emergency or without one. */
function change(row: Row, others: Row[]): DebugSession {
  const undeclared = Number(row.undeclared) === 1;
  const kind = `${row.resource}${row.subresource ? `/${row.subresource}` : ''}${row.api_group ? `.${row.api_group}` : ''}`;
  return {
    id: row.audit_id,
    cluster: some(row.cluster),
    start: time(row.received_us),
    end: time(row.end_us),
    seconds: (row.end_us - row.received_us) / 1e6,
    outcome: 'completed',
    user: row.as_user || row.user_name,
    groups: list(row.as_user ? row.as_groups : row.user_groups),
    impersonator: row.as_user ? row.user_name : undefined,
    path: undeclared ? 'outside' : 'gitops-emergency',
    outside: undeclared ? 'changed past Git, undeclared' : undefined,
    capability: 'change-past-git',
    namespace: some(row.namespace),
    object: `${row.verb} ${kind}/${row.name || '?'}`,
    grant: grantOf(row),
    request: requestOf(row),
    otherGrants: others.map(otherGrant),
    wouldDeny: undeclared ? [row.policy] : [],
    client: row.client,
    sources: list(row.sources),
    events: Number(row.events),
  };
}
