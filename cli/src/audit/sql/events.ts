import { DAMAGED, UNTIMED, VALIDATION_FAILURE } from './read';
import { REQUEST_KEYS } from './request-keys';
import { text, texts } from './text';
import { isDryRunIn } from '../dry-run';

const annotation = (key: string) => `coalesce(annotations[${text(key)}], '')`;
const path = (...keys: string[]) => text(`$${keys.map(key => `."${key}"`).join('')}`);
const isJsonPatch = 'json_type(requestObject) = \'ARRAY\'';

/** An annotation that a write sets, whether it sends the object, a merge patch or a JSON patch. */
function written(key: string): string {
  const pointer = text(`/metadata/annotations/${key.replace(/~/g, '~0').replace(/\//g, '~1')}`);
  const step = `list_filter(from_json(requestObject, '["JSON"]'), lambda step: (step->>'$.path') = ${pointer} AND (step->>'$.op') IN ('add', 'replace'))[-1]`;
  return `coalesce(CASE WHEN ${isJsonPatch} THEN (${step}->>'$.value') ELSE (requestObject->>${path('metadata', 'annotations', key)}) END, '')`;
}

const subjectsPatched = 'len(list_filter(from_json(requestObject, \'["JSON"]\'), lambda step: (step->>\'$.path\') LIKE \'/subjects%\' AND (step->>\'$.op\') IN (\'add\', \'replace\')))';

/** What the authorizer says is quoted by Go. */
const unquoted = (field: string) => `replace(replace(${field}, '\\"', '"'), '\\\\', '\\')`;
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
/** No more than four groups: RE2 goes through a text once for so many, and back and forth for more. */
export const REASON = `^RBAC: allowed by (RoleBinding|ClusterRoleBinding) ${QUOTED} of (Role|ClusterRole) ${QUOTED} to (?:User|Group|ServiceAccount) "`;
/** A RoleBinding is named as name/namespace. */
const BINDING_NAMESPACE = 'split_part(grant_parts.binding, \'/\', -1)';
const BINDING_NAME = `left(grant_parts.binding, greatest(length(grant_parts.binding) - length(${BINDING_NAMESPACE}) - 1, 0))`;

/** Microseconds since 1970, of any text: people write times too, and `infinity` is one. No later than the year 2100. */
const micros = (time: string) => {
  const found = `try(epoch_us(try_cast(${time} AS TIMESTAMPTZ)))`;
  return `CASE WHEN ${found} > 4102444800000000 THEN 4102444800000000 ELSE ${found} END`;
};

/** Everything after the first question mark, as the API server takes it: another one is part of a value. */
const parameters = 'string_split(CASE WHEN strpos(requestURI, \'?\') > 0 THEN substr(requestURI, strpos(requestURI, \'?\') + 1) ELSE \'\' END, \'&\')';
const valuesOf = (name: string) => `list_transform(list_filter(${parameters}, lambda pair: starts_with(pair, ${text(`${name}=`)})), lambda pair: coalesce(try(url_decode(replace(substr(pair, ${name.length + 2}), '+', ' '))), substr(pair, ${name.length + 2})))`;
/** kubectl sends one; of more the API server takes the first. */
const parameter = (name: string) => `coalesce((${valuesOf(name)})[1], '')`;

const inPod = '(objectRef.resource = \'pods\' AND objectRef.subresource IN (\'exec\', \'attach\', \'log\'))';
const ephemeral = '(objectRef.resource = \'pods\' AND objectRef.subresource = \'ephemeralcontainers\')';
const created = '(objectRef.resource = \'pods\' AND objectRef.subresource IS NULL AND verb = \'create\')';
const binding = '(objectRef.resource IN (\'rolebindings\', \'clusterrolebindings\'))';
const review = '(objectRef.resource = \'subjectaccessreviews\')';
/** The container that a request adds: kubectl sends it last. */
const added = (field: string) => `CASE WHEN ${ephemeral} THEN (requestObject->>${text(`$.spec.ephemeralContainers[#-1].${field}`)}) WHEN ${created} THEN (requestObject->>${text(`$.spec.containers[0].${field}`)}) END`;
const when = (condition: string, value: string) => `CASE WHEN ${condition} THEN coalesce(${value}, '') ELSE '' END`;
const either = (condition: string, yes: string, no: string) => `coalesce(CASE WHEN ${condition} THEN ${yes} ELSE ${no} END, '')`;
const asked = (field: string) => `(requestObject->>${text(`$.spec.${field}`)})`;

/** The API server's own user at the kubelet, by the names that installers give it. */
export const API_SERVERS = ['kube-apiserver-kubelet-client', 'kube-apiserver', 'system:kube-apiserver', 'system:apiserver', 'apiserver'];

/**
 * The relation `events`, as DuckDB makes it from what it read: flat columns of simple types, so that all that is built on it is plain
 * SQL. Another engine has to make this relation and `failures` of its own tables, and needs nothing else that is its own.
 * What an event lacks is an empty text. Times are microseconds since 1970; lists are JSON. Some columns are for `failures`, and for who
 * wants to know what is damaged.
 *
 * Who speaks with a kubelet directly is in the log as a question of the kubelet (`subjectaccessreviews`): it becomes a request of
 * whom the kubelet asked about, without an end, for the log does not say what the answer was.
 *
 * @param kept a query of what was read, with the columns of events and the number of their log
 */
export const takenApart = (kept: string): string => `
SELECT
  s.cluster AS cluster,
  s.log AS log,
  coalesce("auditID", '') AS audit_id,
  CASE WHEN ${review} THEN 'ResponseStarted' ELSE coalesce(stage, '') END AS stage,
  ${either(review, asked('resourceAttributes.verb'), 'verb')} AS verb,
  ${either(review, '\'\'', 'objectRef.apiGroup')} AS api_group,
  ${either(review, asked('resourceAttributes.resource'), 'objectRef.resource')} AS resource,
  ${either(review, asked('resourceAttributes.subresource'), 'objectRef.subresource')} AS subresource,
  coalesce(objectRef.namespace, '') AS namespace,
  coalesce(CASE WHEN ${review} THEN ${asked('resourceAttributes.name')} END, objectRef.name, requestObject->>'$.metadata.name', '') AS name,
  CASE WHEN ${review} THEN 0 ELSE coalesce(responseStatus.code, 0) END AS code,
  coalesce(responseStatus.message, '') AS message,
  ${micros('requestReceivedTimestamp')} AS received_us,
  coalesce(${micros('stageTimestamp')}, ${micros('requestReceivedTimestamp')}) AS stage_us,
  ${either(review, asked('user'), '"user".username')} AS user_name,
  CASE WHEN ${review} THEN coalesce(requestObject->>'$.spec.groups', '[]') ELSE coalesce(CAST(to_json("user".groups) AS VARCHAR), '[]') END AS user_groups,
  coalesce(impersonatedUser.username, '') AS as_user,
  coalesce(CAST(to_json(impersonatedUser.groups) AS VARCHAR), '[]') AS as_groups,
  coalesce(CAST(to_json(sourceIPs) AS VARCHAR), '[]') AS sources,
  coalesce(userAgent, '') AS client,
  coalesce(requestURI, '') AS uri,
  ${either(review, '\'\'', annotation('authorization.k8s.io/decision'))} AS decision,
  ${either(review, '\'\'', annotation('authorization.k8s.io/reason'))} AS reason,
  grant_parts.kind AS grant_kind,
  CASE WHEN grant_parts.kind = 'RoleBinding' THEN ${unquoted(BINDING_NAMESPACE)} ELSE '' END AS grant_namespace,
  CASE WHEN grant_parts.kind = 'RoleBinding' THEN ${unquoted(BINDING_NAME)} ELSE ${unquoted('grant_parts.binding')} END AS grant_name,
  grant_parts.role_kind AS grant_role_kind,
  ${unquoted('grant_parts.role')} AS grant_role,
  CASE WHEN ${inPod} THEN ${parameter('container')} ELSE ${when(`${ephemeral} OR ${created}`, added('name'))} END AS container,
  CASE WHEN ${inPod} THEN CAST(to_json(${valuesOf('command')}) AS VARCHAR) ELSE coalesce(${added('command')}, '[]') END AS command,
  ${when(`${ephemeral} OR ${created}`, added('image'))} AS image,
  CASE WHEN ${isDryRunIn('verb', 'coalesce(requestURI, \'\')')} THEN 1 ELSE 0 END AS dry_run,
  coalesce(CAST(past.value AS VARCHAR), '') AS past_git,
  CASE WHEN past.key IS NULL THEN '' ELSE left(past.key, length(past.key) - length('/past-git')) END AS past_git_policy,
  ${when(binding, `requestObject->>${path('metadata', 'labels', REQUEST_KEYS.label)}`)} AS request_for,
  ${when(binding, written(REQUEST_KEYS.requestedBy))} AS requested_by,
  ${when(binding, written(REQUEST_KEYS.reason))} AS request_reason,
  ${when(binding, written(REQUEST_KEYS.ticket))} AS ticket,
  ${when(binding, written(REQUEST_KEYS.expiresAt))} AS expires_at,
  ${micros(when(binding, written(REQUEST_KEYS.expiresAt)))} AS expires_us,
  ${when(binding, written(REQUEST_KEYS.approvals))} AS approvals,
  ${when(binding, written(REQUEST_KEYS.closed))} AS closed,
  CASE WHEN ${binding} THEN CASE WHEN ${isJsonPatch} THEN ${subjectsPatched} ELSE coalesce(json_array_length(requestObject, '$.subjects'), 0) END ELSE 0 END AS bound_subjects,
  ${when(binding, 'requestObject->>\'$.roleRef.kind\'')} AS bound_role_kind,
  ${when(binding, 'requestObject->>\'$.roleRef.name\'')} AS bound_role,
  coalesce(NOT ${review} OR (
    ${asked('resourceAttributes.resource')} = 'nodes' AND ${asked('resourceAttributes.subresource')} = 'proxy' AND ${asked('user')} NOT IN (${texts(API_SERVERS)})
    AND (${asked('user')} NOT LIKE 'system:%' OR ${asked('resourceAttributes.verb')} = 'create')
  ), false) AS is_told,
  coalesce(annotations[${text(VALIDATION_FAILURE)}], '') AS noted,
  coalesce("user".username, '') AS noted_user,
  stage AS noted_stage,
  CASE WHEN ${DAMAGED} OR ${UNTIMED} THEN 1 ELSE 0 END AS damaged
FROM (
  SELECT * REPLACE (try_cast(requestObject AS JSON) AS requestObject),
    regexp_extract(${annotation('authorization.k8s.io/reason')}, ${text(REASON)}, ['kind', 'binding', 'role_kind', 'role']) AS grant_parts,
    list_filter(map_entries(coalesce(annotations, MAP {})), lambda entry: entry.key LIKE '%/past-git')[1] AS past
  FROM (${kept}) AS kept
) AS k JOIN sources AS s ON s.file = k.file`;

/** The relation `events`, of what was taken apart by that. */
export const TOLD_EVENTS = 'SELECT * EXCLUDE (is_told, noted, noted_user, noted_stage, damaged) FROM taken_apart WHERE is_told';

/** The relation `failures`: what policies would have refused, or did; a row for each policy. */
export const FAILURES = `
SELECT cluster, audit_id, received_us, user_name, stage, failure.policy AS policy, failure.binding AS binding, failure.message AS message,
  coalesce(CAST(to_json(failure."validationActions") AS VARCHAR), '[]') AS actions
FROM (
  SELECT cluster, audit_id, received_us, noted_user AS user_name, noted_stage AS stage,
    unnest(try(from_json(noted, '[{"policy":"VARCHAR","binding":"VARCHAR","message":"VARCHAR","validationActions":["VARCHAR"]}]'))) AS failure
  FROM taken_apart
  WHERE noted <> '' AND json_valid(noted)
)`;
