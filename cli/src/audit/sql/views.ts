import { capabilityOf, NODE_PROXY } from './capabilities';
import { text, texts } from './text';

/** No time of a log comes after it: the year 2100. */
const FOREVER = '4102444800000000';
/** A refused request and the next try belong together within so many microseconds. */
const RETRY = 2_000_000;
/** kubectl debug attaches once the image is there; so long may that take. */
const PULL = 600_000_000;
/** So long after its end a grant may be used still: its timer is a Job that a controller ends, and caches follow. */
const SLACK = 300_000_000;

/** That a grant is one of break-glass. */
const EMERGENCY = 'g.role_kind = \'Role\' AND (g.role = \'break-glass\' OR g.role LIKE \'break-glass-%\')';

/** Roles that the constructs make by default, and by which way who holds them came. */
export const BY_NAME: readonly (readonly [kind: string, role: string, path: string])[] = [
  ['Role', 'oncall-debug', 'on-call'],
  ['Role', 'debug-read', 'read-only'],
  ['ClusterRole', 'debug-cluster-read', 'read-only'],
  ['Role', 'jit-debug', 'just-in-time'],
  ['ClusterRole', 'jit-cluster-read', 'just-in-time'],
  ['Role', 'debug-grant', 'just-in-time'],
  ['Role', 'debug-grant-%', 'just-in-time'],
  ['Role', 'break-glass', 'break-glass'],
  ['Role', 'break-glass-%', 'break-glass'],
];

const EVENT = { verb: 'verb', apiGroup: 'api_group', resource: 'resource', subresource: 'subresource', name: 'name', user: 'user_name', client: 'client', uri: 'uri' };

/** What identifies one request. A client may choose its audit ID, so that alone would let it hide one request in another. */
const REQUEST = ['cluster', 'audit_id', 'received_us', 'user_name', 'as_user', 'verb', 'uri'].join(', ');
/** Requests of one session share this. */
const SESSION = ['cluster', 'user_name', 'as_user', 'capability', 'namespace', 'pod', 'container', 'command_key'].join(', ');

/** Stages of an event. */
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];
/** How many stages there are of a request; several logs may have the same. COUNT(DISTINCT) makes a table for each request. */
const stages = [...STAGES.map(stage => `MAX(CASE WHEN stage = ${text(stage)} THEN 1 ELSE 0 END)`), `MAX(CASE WHEN stage IN (${texts(STAGES)}) THEN 0 ELSE 1 END)`].join(' + ');

const max = (...columns: string[]) => columns.map(column => `MAX(${column}) AS ${column}`).join(', ');

/**
 * All that is asked about debugging, in plain SQL on `events`, `failures` and `declared`, in order of use. No dialect: functions are
 * those that every engine has (MAX, SUM, LAG, ROW_NUMBER, COALESCE, CASE, LIKE), texts and whole numbers are the only types.
 *
 * @param declaredOnly whether a binding counts only when it is among what was declared; else the default names of Roles count
 */
export function views(declaredOnly: boolean): { readonly [name: string]: string } {
  const named = BY_NAME.map(([kind, role, path]) => `WHEN grant_role_kind = ${text(kind)} AND grant_role LIKE ${text(role)} THEN ${text(path)}`).join(' ');
  return {
    // One row for each request that uses a capability: its stages joined.
    debug_requests: `
SELECT ${REQUEST}, MAX(capability) AS capability, MAX(log) AS log, ${stages} AS stages,
  MAX(CASE WHEN stage = 'ResponseComplete' OR stage = 'Panic' THEN stage_us ELSE 0 END) AS end_us,
  MAX(CASE WHEN stage = 'Panic' THEN 500 ELSE code END) AS code,
  ${max('namespace', 'name', 'message', 'user_groups', 'as_groups', 'sources', 'client', 'decision', 'reason', 'grant_kind', 'grant_namespace', 'grant_name', 'grant_role_kind', 'grant_role', 'container', 'command', 'image')}
FROM (SELECT events.*, ${capabilityOf(EVENT)} AS capability FROM events) AS e
WHERE capability IS NOT NULL AND dry_run = 0
GROUP BY ${REQUEST}`,

    // Attaching to a container that one added, or reading its log, is part of adding it. No more is here than what makes requests one session.
    debug_steps: `
SELECT r.cluster, r.audit_id, r.received_us, r.user_name, r.as_user, r.verb, r.uri, r.stages, r.end_us, r.code, r.namespace, r.name AS pod, r.container,
  CASE WHEN d.debug_us IS NULL THEN 0 ELSE 1 END AS follows,
  CASE WHEN d.debug_us IS NULL THEN r.capability ELSE 'ephemeral-containers' END AS capability,
  CASE WHEN d.debug_us IS NULL AND r.capability <> 'ephemeral-containers' THEN r.command ELSE '' END AS command_key
FROM debug_requests AS r
LEFT JOIN (
  SELECT a.cluster AS cluster, a.audit_id AS audit_id, a.received_us AS received_us, a.user_name AS user_name, a.as_user AS as_user, a.verb AS verb, a.uri AS uri, MIN(p.received_us) AS debug_us
  FROM debug_requests AS a
  JOIN debug_requests AS p ON p.cluster = a.cluster AND p.namespace = a.namespace AND p.name = a.name AND p.user_name = a.user_name AND p.as_user = a.as_user AND p.container = a.container
  WHERE a.capability IN ('attach', 'read-logs') AND p.capability = 'ephemeral-containers' AND p.code < 300 AND a.container <> ''
    AND a.received_us >= p.received_us AND a.received_us <= p.received_us + ${PULL}
  GROUP BY a.cluster, a.audit_id, a.received_us, a.user_name, a.as_user, a.verb, a.uri
) AS d ON d.cluster = r.cluster AND d.audit_id = r.audit_id AND d.received_us = r.received_us AND d.user_name = r.user_name AND d.as_user = r.as_user AND d.verb = r.verb AND d.uri = r.uri`,

    // kubectl tries a WebSocket (get), then SPDY (create): a refused get and the create after it are one session. Every other try is one of its own, for
    // who is refused may have got a grant a second later.
    session_requests: `
SELECT m.*,
  FIRST_VALUE(audit_id) OVER (PARTITION BY ${SESSION}, session_number ORDER BY received_us, audit_id, verb ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_id,
  MIN(received_us) OVER (PARTITION BY ${SESSION}, session_number) AS start_us,
  ROW_NUMBER() OVER (PARTITION BY ${SESSION}, session_number ORDER BY follows, received_us DESC, audit_id DESC, verb DESC) AS place
FROM (
  SELECT n.*, SUM(begins) OVER (PARTITION BY ${SESSION} ORDER BY received_us, audit_id, verb ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_number
  FROM (
    SELECT s.*, CASE
      WHEN follows = 1 THEN 0
      WHEN verb = 'create' AND LAG(verb) OVER (PARTITION BY ${SESSION} ORDER BY received_us, audit_id, verb) = 'get'
        AND LAG(code) OVER (PARTITION BY ${SESSION} ORDER BY received_us, audit_id, verb) >= 400
        AND received_us - LAG(received_us) OVER (PARTITION BY ${SESSION} ORDER BY received_us, audit_id, verb) <= ${RETRY} THEN 0
      ELSE 1 END AS begins
    FROM debug_steps AS s
  ) AS n
) AS m`,

    // What was written of each binding, and the number of its life: a name may be given again.
    binding_writes: `
SELECT w.*, SUM(created) OVER (PARTITION BY cluster, resource, namespace, name ORDER BY received_us, audit_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life
FROM (
  SELECT cluster, resource, namespace, name, audit_id, received_us, user_name, as_user, verb, request_for, requested_by, request_reason, ticket, expires_at, expires_us, approvals, closed, bound_subjects, bound_role_kind, bound_role,
    CASE WHEN verb = 'create' OR code = 201 THEN 1 ELSE 0 END AS created
  FROM events
  WHERE resource IN ('rolebindings', 'clusterrolebindings') AND subresource = '' AND name <> '' AND stage = 'ResponseComplete' AND code >= 200 AND code < 300 AND dry_run = 0
    AND verb IN ('create', 'update', 'patch', 'delete')
) AS w`,

    // Bindings that were made while the log ran, with the request for access that one may be. Approvals only ever grow, so the greatest text is the last.
    grants: `
SELECT cluster, kind, namespace, name, role_kind, role, requested_by, request_reason, ticket, approvals, expires_at, closed, created_by, from_us, granted_us,
  CASE WHEN over_us < next_us THEN over_us ELSE next_us END AS over_us, CASE WHEN ended_us < next_us THEN ended_us ELSE next_us END AS until_us
FROM (
  SELECT g.*, COALESCE(LEAD(from_us) OVER (PARTITION BY cluster, kind, namespace, name ORDER BY life), ${FOREVER}) AS next_us
  FROM (
    SELECT cluster, CASE WHEN resource = 'rolebindings' THEN 'RoleBinding' ELSE 'ClusterRoleBinding' END AS kind, namespace, name, life,
      MAX(bound_role_kind) AS role_kind, MAX(bound_role) AS role, MAX(requested_by) AS requested_by, MAX(request_reason) AS request_reason, MAX(ticket) AS ticket,
      MAX(approvals) AS approvals, MAX(expires_at) AS expires_at, MAX(closed) AS closed,
      MAX(CASE WHEN created = 1 THEN user_name ELSE '' END) AS created_by, MIN(received_us) AS from_us,
      COALESCE(MIN(CASE WHEN bound_subjects > 0 THEN received_us END), ${FOREVER}) AS granted_us,
      COALESCE(MIN(CASE WHEN verb = 'delete' OR closed <> '' THEN received_us WHEN expires_us IS NOT NULL THEN expires_us END), ${FOREVER}) AS over_us,
      COALESCE(MIN(CASE WHEN verb = 'delete' OR closed <> '' THEN received_us + 60000000 WHEN expires_us IS NOT NULL THEN expires_us + ${SLACK} END), ${FOREVER}) AS ended_us
    FROM binding_writes
    WHERE life > 0
    GROUP BY cluster, resource, namespace, name, life
  ) AS g
) AS h`,

    // Whoever broke the glass acts in an emergency: RBAC names the binding that they have at any time, if that allows it too.
    open_emergencies: `
SELECT r.cluster, r.session_id, r.start_us, r.user_name, r.as_user, MAX(g.from_us) AS from_us
FROM (SELECT DISTINCT cluster, session_id, start_us, user_name, as_user, namespace FROM session_requests) AS r
JOIN grants AS g ON g.cluster = r.cluster AND g.namespace = r.namespace AND g.requested_by = CASE WHEN r.as_user = '' THEN r.user_name ELSE r.as_user END
WHERE g.kind = 'RoleBinding' AND ${EMERGENCY} AND r.start_us >= g.granted_us AND r.start_us < g.over_us
GROUP BY r.cluster, r.session_id, r.start_us, r.user_name, r.as_user`,

    // Joined by equal values alone: engines compare each session with each emergency otherwise. No session's ID is empty.
    sessions: `
SELECT p.cluster, p.session_id, p.start_us, CASE WHEN p.open_requests > 0 AND p.outcome = 'completed' THEN 0 ELSE p.end_us END AS end_us,
  CASE WHEN p.open_requests > 0 AND p.outcome = 'completed' THEN 'open' ELSE p.outcome END AS outcome,
  CASE WHEN p.as_user = '' THEN p.user_name ELSE p.as_user END AS person, CASE WHEN p.as_user = '' THEN '' ELSE p.user_name END AS impersonator,
  CASE WHEN p.as_user = '' THEN p.user_groups ELSE p.as_groups END AS person_groups,
  p.capability, p.namespace, p.pod, p.container, p.command, p.image,
  CASE WHEN p.outside <> '' THEN 'outside' WHEN e.from_us IS NOT NULL THEN 'break-glass' ELSE p.path END AS path, p.outside,
  p.grant_kind, p.grant_namespace, p.grant_name, p.grant_role_kind, p.grant_role,
  ${['requested_by', 'request_reason', 'ticket', 'approvals', 'expires_at'].map(column => `CASE WHEN e.from_us IS NOT NULL THEN e.${column} ELSE g.${column} END AS ${column}`).join(', ')},
  CASE WHEN e.from_us IS NOT NULL THEN e.from_us ELSE g.from_us END AS requested_us,
  p.decision, p.code, p.message, p.client, p.sources, p.events, p.requests
FROM (
  SELECT q.*,
    CASE
      WHEN path = 'none' THEN ''
      WHEN capability = ${text(NODE_PROXY)} THEN 'node proxy'
      WHEN grant_role_kind = 'ClusterRole' AND grant_role = 'cluster-admin' THEN 'cluster-admin'
      WHEN user_groups LIKE '%"system:masters"%' AND as_user <> '' THEN 'system:masters'
      WHEN path <> '' AND user_name LIKE 'system:serviceaccount:%' AND as_user <> '' THEN ''
      WHEN user_name LIKE 'system:serviceaccount:%' OR as_user LIKE 'system:serviceaccount:%' THEN 'service account'
      WHEN path <> '' THEN ''
      WHEN grant_kind = '' AND (user_groups LIKE '%"system:masters"%' OR as_groups LIKE '%"system:masters"%') THEN 'system:masters'
      WHEN grant_kind = '' THEN 'no binding named'
      ELSE 'other binding'
    END AS outside
  FROM (
    SELECT r.*, CASE
        WHEN decision = 'forbid' THEN 'none'
        WHEN as_user <> '' AND user_name LIKE 'system:serviceaccount:%:debug-gateway%' THEN 'gateway'
        ELSE COALESCE(d.path, ${declaredOnly ? '\'\'' : `CASE ${named} ELSE '' END`})
      END AS path,
      CASE
        WHEN decision = 'forbid' OR message LIKE '%ValidatingAdmissionPolicy%denied%' OR code = 401 OR code = 403 THEN 'refused'
        WHEN code >= 400 THEN 'failed'
        ELSE 'completed' END AS outcome
    FROM (
      SELECT t.*, ${['user_groups', 'as_groups', 'sources', 'client', 'decision', 'message', 'grant_kind', 'grant_namespace', 'grant_name', 'grant_role_kind', 'grant_role', 'command', 'image', 'code'].map(column => `m.${column} AS ${column}`).join(', ')}
      FROM (
        SELECT ${SESSION.replace('command_key', 'session_number')}, session_id, start_us, MAX(end_us) AS end_us, SUM(stages) AS events, COUNT(*) AS requests,
          SUM(CASE WHEN end_us = 0 THEN 1 ELSE 0 END) AS open_requests,
          ${['audit_id', 'verb', 'uri'].map(column => `MAX(CASE WHEN place = 1 THEN ${column} ELSE '' END) AS main_${column}`).join(', ')}, MAX(CASE WHEN place = 1 THEN received_us END) AS main_us
        FROM session_requests
        GROUP BY ${SESSION}, session_number, session_id, start_us
      ) AS t
      JOIN debug_requests AS m ON m.cluster = t.cluster AND m.audit_id = t.main_audit_id AND m.verb = t.main_verb AND m.uri = t.main_uri
        AND m.user_name = t.user_name AND m.as_user = t.as_user AND COALESCE(m.received_us, 0) = COALESCE(t.main_us, 0)
    ) AS r
    LEFT JOIN declared AS d ON d.binding_kind = r.grant_kind AND d.namespace = r.grant_namespace AND d.role_kind = r.grant_role_kind AND d.role = r.grant_role AND (d.binding = r.grant_name OR d.binding = '')
  ) AS q
) AS p
LEFT JOIN open_emergencies AS o ON o.cluster = p.cluster AND o.start_us = p.start_us AND o.user_name = p.user_name AND o.as_user = p.as_user
  AND o.session_id = CASE WHEN p.outside = '' AND p.path IN ('on-call', 'read-only', 'just-in-time') THEN p.session_id ELSE '' END
LEFT JOIN grants AS e ON e.cluster = o.cluster AND e.kind = 'RoleBinding' AND e.namespace = p.namespace AND e.from_us = o.from_us AND ${EMERGENCY.replace(/g\./g, 'e.')}
  AND e.requested_by = CASE WHEN p.as_user = '' THEN p.user_name ELSE p.as_user END
LEFT JOIN grants AS g ON g.cluster = p.cluster AND g.kind = p.grant_kind AND g.namespace = p.grant_namespace AND g.name = p.grant_name AND p.start_us >= g.from_us AND p.start_us < g.until_us`,

    // What was refused, by whom, and why.
    denials: `
SELECT cluster, session_id, start_us, person, impersonator, capability, namespace, pod, container, command, path,
  CASE WHEN decision = 'forbid' THEN 'rbac' WHEN message LIKE '%ValidatingAdmissionPolicy%' THEN 'guardrail' ELSE 'other' END AS refused_by, message, code, requests, events, client, sources
FROM sessions
WHERE outcome = 'refused'`,

    // What a guardrail would have refused, had it not only watched; of any request, not of debugging alone.
    would_deny: `
SELECT f.cluster, f.audit_id, f.received_us, f.policy, f.binding, MAX(f.message) AS message, MAX(f.actions) AS actions, MAX(e.user_name) AS user_name, MAX(e.as_user) AS as_user,
  MAX(e.verb) AS verb, MAX(e.resource) AS resource, MAX(e.subresource) AS subresource, MAX(e.namespace) AS namespace, MAX(e.name) AS name, MAX(e.command) AS command
FROM failures AS f
JOIN events AS e ON e.cluster = f.cluster AND e.audit_id = f.audit_id AND e.received_us = f.received_us AND e.user_name = f.user_name AND e.stage = f.stage
WHERE f.stage = 'ResponseComplete' AND f.actions NOT LIKE '%"Deny"%' AND e.dry_run = 0
GROUP BY f.cluster, f.audit_id, f.received_us, f.policy, f.binding`,

    // What each session would have been refused.
    session_would_deny: `
SELECT DISTINCT r.cluster, r.session_id, r.start_us, r.user_name, f.policy
FROM session_requests AS r
JOIN failures AS f ON f.cluster = r.cluster AND f.audit_id = r.audit_id AND f.received_us = r.received_us AND f.user_name = r.user_name
WHERE f.actions NOT LIKE '%"Deny"%'`,

    // Other grants of the person that were open when the session began: the log names the first that matched.
    session_grants: `
SELECT s.cluster, s.session_id, s.start_us, s.person, g.kind, g.namespace, g.name, g.role_kind, g.role, g.requested_by, g.request_reason, g.ticket, g.approvals, g.expires_at, g.from_us
FROM sessions AS s
JOIN grants AS g ON g.cluster = s.cluster AND g.requested_by = s.person AND g.namespace = s.namespace
WHERE s.start_us >= g.granted_us AND s.start_us < g.until_us AND NOT (g.kind = s.grant_kind AND g.namespace = s.grant_namespace AND g.name = s.grant_name)`,

    // Changes past Git that a guardrail noted: let through in an emergency, or because it only watched.
    past_git_changes: `
SELECT e.cluster, e.audit_id, e.received_us, MAX(e.stage_us) AS end_us, MAX(e.user_name) AS user_name, MAX(e.as_user) AS as_user, MAX(e.user_groups) AS user_groups, MAX(e.as_groups) AS as_groups,
  MAX(e.verb) AS verb, MAX(e.api_group) AS api_group, MAX(e.resource) AS resource, MAX(e.subresource) AS subresource, MAX(e.namespace) AS namespace, MAX(e.name) AS name,
  MAX(e.grant_kind) AS grant_kind, MAX(e.grant_namespace) AS grant_namespace, MAX(e.grant_name) AS grant_name, MAX(e.grant_role_kind) AS grant_role_kind, MAX(e.grant_role) AS grant_role,
  MAX(g.requested_by) AS requested_by, MAX(g.request_reason) AS request_reason, MAX(g.ticket) AS ticket, MAX(g.approvals) AS approvals, MAX(g.expires_at) AS expires_at, MAX(g.from_us) AS requested_us,
  MAX(e.client) AS client, MAX(e.sources) AS sources, 1 AS events, MAX(CASE WHEN f.policy IS NULL THEN 0 ELSE 1 END) AS undeclared, MAX(e.past_git_policy) AS policy
FROM events AS e
LEFT JOIN failures AS f ON f.cluster = e.cluster AND f.audit_id = e.audit_id AND f.received_us = e.received_us AND f.user_name = e.user_name AND f.policy = e.past_git_policy
LEFT JOIN grants AS g ON g.cluster = e.cluster AND g.kind = e.grant_kind AND g.namespace = e.grant_namespace AND g.name = e.grant_name AND e.received_us >= g.from_us AND e.received_us < g.until_us
WHERE e.past_git <> '' AND e.stage = 'ResponseComplete' AND e.code >= 200 AND e.code < 300 AND e.dry_run = 0
GROUP BY e.cluster, e.audit_id, e.received_us, e.user_name`,

    // Other grants of who made such a change that were open then: the emergency is one of them when RBAC names another binding.
    past_git_grants: `
SELECT c.cluster, c.audit_id, c.received_us, c.user_name, g.kind, g.namespace, g.name, g.role_kind, g.role, g.requested_by, g.request_reason, g.ticket, g.approvals, g.expires_at, g.from_us
FROM past_git_changes AS c
JOIN grants AS g ON g.cluster = c.cluster AND g.namespace = c.namespace AND g.requested_by = CASE WHEN c.as_user = '' THEN c.user_name ELSE c.as_user END
WHERE c.received_us >= g.granted_us AND c.received_us < g.until_us AND NOT (g.kind = c.grant_kind AND g.namespace = c.grant_namespace AND g.name = c.grant_name)`,
  };
}

/** For documents and errors: what is meant for questions of users. */
export const DOCUMENTED = ['sessions', 'denials', 'grants', 'would_deny', 'events'];

