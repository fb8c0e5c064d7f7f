import { DebugSession, GrantRef, PathClass, RequestRef, SessionOutcome } from './debug-session';
import { Evidence, Row } from './evidence';
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

/** The sessions of the logs, in order of their begin. */
export async function sessionsOf(evidence: Evidence, wanted: Wanted): Promise<DebugSession[]> {
  const others = group(await evidence.rows('SELECT * FROM session_grants ORDER BY namespace, name, from_us'), row => key(row, row.person));
  const wouldDeny = group(await evidence.rows('SELECT * FROM session_would_deny ORDER BY policy'), row => key(row, row.user_name));
  const sessions = await evidence.rows(`SELECT * FROM sessions ${where(wanted, 'start_us', 'person')} ORDER BY start_us, cluster, session_id, person`,
    row => session(row, others.get(key(row, row.person)) ?? [], wouldDeny.get(key(row, row.impersonator || row.person)) ?? []));
  const person = 'CASE WHEN as_user = \'\' THEN user_name ELSE as_user END';
  const changes = await evidence.rows(`SELECT * FROM past_git_changes ${where({ ...wanted, paths: undefined }, 'received_us', person)} ORDER BY received_us, cluster, audit_id`, change);
  const found = [...sessions, ...changes];
  const kept = wanted.paths === undefined ? found : found.filter(({ path }) => wanted.paths!.includes(path));
  kept.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
  return unique(kept);
}

function where({ since, until, users, withoutUsers, namespaces, paths }: Wanted, begin: string, person: string): string {
  const conditions = [
    ...since === undefined ? [] : [`${begin} >= ${since}`],
    ...until === undefined ? [] : [`${begin} <= ${until}`],
    ...users ? [`${person} IN (${texts(users)})`] : [],
    ...withoutUsers ? [`${person} NOT IN (${texts(withoutUsers)})`] : [],
    ...namespaces ? [`namespace IN (${texts(namespaces)})`] : [],
    ...paths ? [`path IN (${texts(paths)})`] : [],
  ];
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

const key = (row: Row, who: string): string => JSON.stringify([row.cluster, row.session_id, row.start_us, who]);

function group(rows: Row[], by: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const known = groups.get(by(row));
    if (known) known.push(row);
    else groups.set(by(row), [row]);
  }
  return groups;
}

/** An audit ID is chosen by the client, so it may come twice. */
function unique(sessions: DebugSession[]): DebugSession[] {
  const seen = new Map<string, number>();
  return sessions.map(one => {
    const times = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, times);
    return times === 1 ? one : { ...one, id: `${one.id}#${times}` };
  });
}

/** `2026-03-01T10:00:00.000001Z` of microseconds. */
export function time(micros: string | number): string {
  const all = BigInt(micros);
  return `${new Date(Number(all / 1000n)).toISOString().slice(0, -1)}${String(all % 1000n).padStart(3, '0')}Z`;
}

function list(json: string): string[] {
  const parsed: unknown = JSON.parse(json || '[]');
  return Array.isArray(parsed) ? parsed.map(String) : [];
}

function grantRef({ kind, namespace, name, role_kind, role }: Row): GrantRef {
  return { kind, name, ...namespace && { namespace }, role: `${role_kind}/${role}` };
}

function requestRef(name: string, { requested_by, request_reason, ticket, approvals, expires_at, from_us }: Row): RequestRef | undefined {
  if (!requested_by) return undefined;
  return {
    name,
    ...request_reason && { reason: request_reason },
    ...ticket && { ticket },
    approvers: (approvals as string || '').split('\n').filter(line => line !== '').map(line => line.split(' as ')[0]),
    ...from_us && { requestedAt: time(from_us) },
    ...expires_at && { expiresAt: expires_at },
  };
}

const POLICY = /ValidatingAdmissionPolicy '([^']*)'/;

function refusal({ decision, message }: Row): DebugSession['refusal'] {
  const policy = POLICY.exec(message)?.[1];
  if (decision === 'forbid') return { by: 'rbac', message };
  return policy === undefined ? { by: 'other', message } : { by: 'guardrail', policy, message };
}

function grantOf(row: Row) {
  if (!row.grant_kind) return {};
  const request = requestRef(row.grant_name, { ...row, from_us: row.requested_us });
  return {
    grant: grantRef({
      kind: row.grant_kind, namespace: row.grant_namespace, name: row.grant_name, role_kind: row.grant_role_kind, role: row.grant_role,
    }),
    ...request && { request },
  };
}

function session(row: Row, others: Row[], wouldDeny: Row[]): DebugSession {
  const command = list(row.command);
  const ended = row.end_us !== '0' && row.outcome !== 'open';
  return {
    id: row.session_id,
    ...row.cluster && { cluster: row.cluster },
    start: time(row.start_us),
    ...ended && { end: time(row.end_us), seconds: Number(BigInt(row.end_us) - BigInt(row.start_us)) / 1e6 },
    outcome: row.outcome as SessionOutcome,
    user: row.person,
    groups: list(row.person_groups),
    ...row.impersonator && { impersonator: row.impersonator },
    path: row.path as PathClass,
    ...row.outside && { outside: row.outside },
    capability: row.capability,
    ...row.namespace && { namespace: row.namespace },
    ...row.pod && { pod: row.pod },
    ...row.container && { container: row.container },
    ...command.length > 0 && { command },
    ...row.image && { image: row.image },
    ...grantOf(row),
    otherGrants: others.map(other => ({ ...grantRef(other), request: requestRef(other.name, other) })),
    ...row.outcome === 'refused' && { refusal: refusal(row) },
    wouldDeny: wouldDeny.map(({ policy }) => policy),
    client: row.client,
    sources: list(row.sources),
    events: Number(row.events),
  };
}

/** A change past Git: one request, in an emergency or without one. */
function change(row: Row): DebugSession {
  const undeclared = Number(row.undeclared) === 1;
  const kind = `${row.resource}${row.subresource ? `/${row.subresource}` : ''}${row.api_group ? `.${row.api_group}` : ''}`;
  return {
    id: row.audit_id,
    ...row.cluster && { cluster: row.cluster },
    start: time(row.received_us),
    end: time(row.end_us),
    seconds: Number(BigInt(row.end_us) - BigInt(row.received_us)) / 1e6,
    outcome: 'completed',
    user: row.as_user || row.user_name,
    groups: list(row.as_user ? row.as_groups : row.user_groups),
    ...row.as_user && { impersonator: row.user_name },
    path: undeclared ? 'outside' : 'gitops-emergency',
    ...undeclared && { outside: 'changed past Git, undeclared' },
    capability: 'change-past-git',
    ...row.namespace && { namespace: row.namespace },
    object: `${row.verb} ${kind}/${row.name || '?'}`,
    ...grantOf(row),
    otherGrants: [],
    wouldDeny: undeclared ? [row.policy] : [],
    client: row.client,
    sources: list(row.sources),
    events: Number(row.events),
  };
}
