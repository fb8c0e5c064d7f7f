import { Row } from './database';
import { DebugSession, GrantRef, RequestRef, SessionOutcome } from './debug-session';
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
/** So many of them are one text: to take one out of DuckDB costs more than to make it. */
const SOME = 64;

/** The sessions of the logs, in order of their begin. */
export async function sessionsOf(evidence: Evidence, wanted: Wanted, atOnce?: number): Promise<DebugSession[]> {
  const all: DebugSession[] = [];
  for await (const some of someOf(evidence, wanted, atOnce)) all.push(...some);
  return all;
}

/** The same, some at a time: there may be many. */
export async function* someOf(evidence: Evidence, wanted: Wanted, atOnce = AT_ONCE): AsyncGenerator<DebugSession[]> {
  const seen = new Map<string, number>();
  // An audit ID is chosen by the client, so it may come twice.
  const unique = (one: DebugSession): DebugSession => {
    const times = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, times);
    return times === 1 ? one : { ...one, id: `${one.id}#${times}` };
  };
  for (const span of await spans(evidence, atOnce)) {
    for await (const told of evidence.texts(question(wanted, span))) yield (JSON.parse(`[${told}]`) as Values[]).map(row => unique(session(row)));
  }
}

/** From one time on, and before another: microseconds since 1970. */
interface Span {
  readonly from?: string;
  readonly before?: string;
}

/** All times, in spans of not too many sessions. */
async function spans(evidence: Evidence, many: number): Promise<Span[]> {
  const [{ sessions }] = await evidence.rows('SELECT CAST(count(*) AS INTEGER) AS sessions FROM sessions');
  if (sessions <= many) return [{}];
  const numbered = 'SELECT start_us, row_number() OVER (ORDER BY start_us) AS place FROM sessions';
  const edges: (string | undefined)[] = [undefined];
  for await (const edge of evidence.texts(`SELECT CAST(start_us AS VARCHAR) FROM (${numbered}) AS s WHERE place % ${many} = 0 ORDER BY start_us`)) {
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return edges.map((from, i) => ({ from, before: edges[i + 1] }));
}

/** `2026-03-01T10:00:00.000001Z` of microseconds. */
const time = (micros: string): string => `strftime(make_timestamp(${micros}), '%Y-%m-%dT%H:%M:%S.%fZ')`;
/** Texts of a JSON list. What somebody sends as a command is logged before it is looked at, so it may be anything. */
const list = (column: string): string => `list_transform(try(from_json(${column}, '["VARCHAR"]')), lambda one: coalesce(one, 'null'))`;
const ended = (value: string): string => `CASE WHEN end_us = 0 OR outcome = 'open' THEN NULL ELSE ${value} END`;

/** What is told of a session. An event that is damaged may have no time. */
const TOLD = {
  id: 'session_id',
  cluster: 'cluster',
  start: time('coalesce(start_us, 0)'),
  end: ended(time('coalesce(end_us, 0)')),
  seconds: ended('(end_us - start_us) / 1e6'),
  outcome: 'outcome',
  user: 'person',
  groups: list('person_groups'),
  impersonator: 'impersonator',
  path: 'path',
  outside: 'outside',
  capability: 'capability',
  namespace: 'namespace',
  pod: 'pod',
  container: 'container',
  command: list('command'),
  image: 'image',
  object: 'object',
  grantKind: 'grant_kind',
  grantNamespace: 'grant_namespace',
  grant: 'grant_name',
  grantRole: 'grant_role_kind || \'/\' || grant_role',
  requestedBy: 'requested_by',
  requestedAt: time('requested_us'),
  reason: 'request_reason',
  ticket: 'ticket',
  approvals: 'approvals',
  expiresAt: 'expires_at',
  others: 'others',
  decision: 'decision',
  message: 'message',
  denied: 'denied',
  client: 'client',
  sources: list('sources'),
  events: 'events',
};
/** A row of the question: without names, for they would be most of it. */
type Values = readonly any[];
/** Where each value is in a row. */
const AT = Object.fromEntries(Object.keys(TOLD).map((name, i) => [name, i])) as { readonly [name in keyof typeof TOLD]: number };

/** What is told of another grant. They come in this order. */
const OTHER = `{'namespace': namespace, 'name': name, 'from_us': from_us, 'kind': kind, 'role': role_kind || '/' || role, 'requestedBy': requested_by, 'requestedAt': ${time('from_us')},
  'reason': request_reason, 'ticket': ticket, 'approvals': approvals, 'expiresAt': expires_at}`;

/** Changes past Git as sessions: each is one request, in an emergency or without one. */
const CHANGES = `
SELECT 1 AS changed, user_name AS actor, cluster, audit_id AS session_id, received_us AS start_us, end_us, 'completed' AS outcome,
  CASE WHEN as_user = '' THEN user_name ELSE as_user END AS person, CASE WHEN as_user = '' THEN user_groups ELSE as_groups END AS person_groups,
  CASE WHEN as_user = '' THEN '' ELSE user_name END AS impersonator,
  CASE WHEN undeclared = 1 THEN 'outside' ELSE 'gitops-emergency' END AS path, CASE WHEN undeclared = 1 THEN 'changed past Git, undeclared' ELSE '' END AS outside,
  'change-past-git' AS capability, namespace,
  verb || ' ' || resource || CASE WHEN subresource = '' THEN '' ELSE '/' || subresource END || CASE WHEN api_group = '' THEN '' ELSE '.' || api_group END || '/' || CASE WHEN name = '' THEN '?' ELSE name END AS object,
  grant_kind, grant_namespace, grant_name, grant_role_kind, grant_role, requested_by, request_reason, ticket, approvals, expires_at, requested_us,
  client, sources, events, CASE WHEN undeclared = 1 THEN [policy] END AS denied
FROM past_git_changes`;

/** Sessions and changes in order, as texts of some each. What belongs to one is found by its actor too, for an audit ID is chosen by the client. */
function question(wanted: Wanted, span: Span): string {
  return `
SELECT string_agg(told, ',' ORDER BY place) FROM (
  SELECT told, row_number() OVER (ORDER BY start_us, changed, cluster, session_id, actor) - 1 AS place FROM (
    SELECT start_us, changed, cluster, session_id, actor, CAST(json_array(${Object.values(TOLD).join(', ')}) AS VARCHAR) AS told FROM (
      SELECT s.* REPLACE (coalesce(w.denied, s.denied) AS denied), o.others
      FROM (SELECT * FROM (SELECT 0 AS changed, person AS actor, * FROM sessions UNION ALL BY NAME ${CHANGES}) AS t ${where(wanted, span)}) AS s
      LEFT JOIN (
        SELECT changed, cluster, session_id, start_us, actor, list_sort(list(other)) AS others FROM (
          SELECT 0 AS changed, cluster, session_id, start_us, person AS actor, ${OTHER} AS other FROM session_grants
          UNION ALL
          SELECT 1, cluster, audit_id, received_us, user_name, ${OTHER} FROM past_git_grants
        ) AS g ${where({}, span)} GROUP BY changed, cluster, session_id, start_us, actor
      ) AS o ON o.changed = s.changed AND o.cluster = s.cluster AND o.session_id = s.session_id AND o.start_us = s.start_us AND o.actor = s.actor
      LEFT JOIN (
        SELECT 0 AS changed, cluster, session_id, start_us, user_name, list_sort(list(policy)) AS denied FROM session_would_deny ${where({}, span)} GROUP BY cluster, session_id, start_us, user_name
      ) AS w ON w.changed = s.changed AND w.cluster = s.cluster AND w.session_id = s.session_id AND w.start_us = s.start_us AND w.user_name = CASE WHEN s.impersonator = '' THEN s.person ELSE s.impersonator END
    ) AS joined
  ) AS found
) AS placed
GROUP BY place // ${SOME}
ORDER BY place // ${SOME}`;
}

function where({ since, until, users, withoutUsers, namespaces, paths }: Wanted, { from, before }: Span): string {
  const conditions = [
    ...from === undefined ? [] : [`start_us >= ${from}`],
    ...before === undefined ? [] : [`start_us < ${before}`],
    ...since === undefined ? [] : [`start_us >= ${since}`],
    ...until === undefined ? [] : [`start_us <= ${until}`],
    ...users ? [`person IN (${texts(users)})`] : [],
    ...withoutUsers ? [`person NOT IN (${texts(withoutUsers)})`] : [],
    ...namespaces ? [`namespace IN (${texts(namespaces)})`] : [],
    ...paths ? [`path IN (${texts(paths)})`] : [],
  ];
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

/** A text, if there is one. */
const some = (text: string | null): string | undefined => text || undefined;

const grantRef = (kind: GrantRef['kind'], namespace: string, name: string, role: string): GrantRef => ({ kind, name, namespace: some(namespace), role });

function requestRef(name: string, reason: string, ticket: string, approvals: string, requestedAt: string | null, expiresAt: string): RequestRef {
  return {
    name,
    reason: some(reason),
    ticket: some(ticket),
    approvers: (approvals || '').split('\n').filter(line => line !== '').map(line => line.split(' as ')[0]),
    requestedAt: some(requestedAt),
    expiresAt: some(expiresAt),
  };
}

const POLICY = /ValidatingAdmissionPolicy '([^']*)'/;

function refusal(decision: string, message: string): DebugSession['refusal'] {
  const policy = POLICY.exec(message)?.[1];
  if (decision === 'forbid') return { by: 'rbac', message };
  return policy === undefined ? { by: 'other', message } : { by: 'guardrail', policy, message };
}

const otherGrant = ({ kind, namespace, name, role, requestedBy, reason, ticket, approvals, requestedAt, expiresAt }: Row): DebugSession['otherGrants'][0] => ({
  ...grantRef(kind, namespace, name, role), request: requestedBy ? requestRef(name, reason, ticket, approvals, requestedAt, expiresAt) : undefined,
});

/** Values are taken by their place: to take a row apart by name takes several times as long. */
function session(row: Values): DebugSession {
  const outcome: SessionOutcome = row[AT.outcome];
  const command: string[] = row[AT.command] ?? [];
  const kind = row[AT.grantKind];
  return {
    id: row[AT.id],
    cluster: some(row[AT.cluster]),
    start: row[AT.start],
    end: some(row[AT.end]),
    seconds: row[AT.seconds] ?? undefined,
    outcome,
    user: row[AT.user],
    groups: row[AT.groups] ?? [],
    impersonator: some(row[AT.impersonator]),
    path: row[AT.path],
    outside: some(row[AT.outside]),
    capability: row[AT.capability],
    namespace: some(row[AT.namespace]),
    pod: some(row[AT.pod]),
    container: some(row[AT.container]),
    command: command.length > 0 ? command : undefined,
    image: some(row[AT.image]),
    object: some(row[AT.object]),
    grant: kind ? grantRef(kind, row[AT.grantNamespace], row[AT.grant], row[AT.grantRole]) : undefined,
    request: kind && row[AT.requestedBy]
      ? requestRef(row[AT.grant], row[AT.reason], row[AT.ticket], row[AT.approvals], row[AT.requestedAt], row[AT.expiresAt])
      : undefined,
    otherGrants: (row[AT.others] as Row[] | null ?? []).map(otherGrant),
    refusal: outcome === 'refused' ? refusal(row[AT.decision], row[AT.message]) : undefined,
    wouldDeny: row[AT.denied] ?? [],
    client: row[AT.client],
    sources: row[AT.sources] ?? [],
    events: Number(row[AT.events]),
  };
}
