import { Outcome, Use } from './use';
import { CONTROL_PLANE, Looked } from './who';

/** The fields that are read; everything else of an event is passed over as it is parsed. */
const FIELDS = {
  kind: 'VARCHAR',
  apiVersion: 'VARCHAR',
  stage: 'VARCHAR',
  verb: 'VARCHAR',
  requestURI: 'VARCHAR',
  user: 'STRUCT(username VARCHAR, groups VARCHAR[])',
  impersonatedUser: 'STRUCT(username VARCHAR, groups VARCHAR[])',
  objectRef: 'STRUCT(resource VARCHAR, apiGroup VARCHAR, subresource VARCHAR, namespace VARCHAR, name VARCHAR)',
  responseStatus: 'STRUCT(code INTEGER, message VARCHAR)',
  requestReceivedTimestamp: 'VARCHAR',
  stageTimestamp: 'VARCHAR',
  annotations: 'STRUCT("authorization.k8s.io/decision" VARCHAR)',
};

/** An event holds at most an object as it was sent and as it was stored. */
const LONGEST = 64 * 1_048_576;

const quoted = (text: string) => `'${text.replace(/'/g, '\'\'')}'`;

/** The same for json_transform. */
const SHAPE = JSON.stringify({
  ...FIELDS,
  user: { username: 'VARCHAR', groups: ['VARCHAR'] },
  impersonatedUser: { username: 'VARCHAR', groups: ['VARCHAR'] },
  objectRef: { resource: 'VARCHAR', apiGroup: 'VARCHAR', subresource: 'VARCHAR', namespace: 'VARCHAR', name: 'VARCHAR' },
  responseStatus: { code: 'INTEGER', message: 'VARCHAR' },
  annotations: { 'authorization.k8s.io/decision': 'VARCHAR' },
});

/** How JSON writes such a text, whoever wrote it: nothing in it can be escaped. Groups of Kubernetes' own are in nearly every event. */
const AS_IT_IS = /^(?!system:(?!serviceaccount:))[A-Za-z0-9@._:-]+$/;

/** The name of the table that `findSql` makes. */
const FOUND = 'found';

const how = (file: string) => `${quoted(file)}, format = 'newline_delimited', maximum_object_size = ${LONGEST}, ignore_errors = true`;

/**
 * Puts the events that can matter aside: few lines are about one subject, and to look for a text costs less than to take a line
 * apart. A statement of its own, for as part of the other the planner takes every line apart. Undefined where it would not help.
 */
export function findSql(file: string, who: Looked): string | undefined {
  if (!who || who === 'movable' || !AS_IT_IS.test(who.logName)) return undefined;
  return `CREATE OR REPLACE TEMP TABLE ${FOUND} AS SELECT unnest(json_transform(json, ${quoted(SHAPE)})) FROM read_json_objects(${how(file)})
    WHERE json IS NULL OR contains(json::VARCHAR, ${quoted(who.logName)}) OR NOT contains(json::VARCHAR, 'audit.k8s.io/v1')`;
}

function source(file: string, who: Looked): string {
  if (findSql(file, who) !== undefined) return FOUND;
  return `read_json(${how(file)}, columns = {${Object.entries(FIELDS).map(([name, type]) => `${name}: ${quoted(type)}`).join(', ')}})`;
}

function wanted(who: Looked): string {
  if (!who) return 'true';
  if (who === 'movable') {
    return `NOT regexp_matches(coalesce("user".username, ''), '${CONTROL_PLANE}')`;
  }
  const name = quoted(who.logName);
  return who.kind === 'Group'
    ? `(list_contains("user".groups, ${name}) OR list_contains(impersonatedUser.groups, ${name}))`
    : `("user".username = ${name} OR impersonatedUser.username = ${name})`;
}

/** Requests in one log that are alike, as `useOf` tells them, and whether any of its lines is no event; after `findSql`. */
export function usesSql(file: string, who: Looked): string {
  return `WITH lines AS (SELECT *, kind IS DISTINCT FROM 'Event' OR apiVersion IS DISTINCT FROM 'audit.k8s.io/v1' AS damaged FROM ${source(file, who)}),
  events AS (
    SELECT damaged, stage, verb, impersonatedUser.username AS imposed, "user".username AS login, "user".groups AS loginGroups, impersonatedUser.groups AS imposedGroups,
      coalesce(objectRef.resource, '') AS plain, coalesce(objectRef.subresource, '') AS subresource, coalesce(objectRef.apiGroup, '') AS apiGroup,
      coalesce(objectRef.namespace, '') AS namespace, coalesce(objectRef.name, '') AS objectName, requestURI,
      coalesce(annotations."authorization.k8s.io/decision", '') AS decision, coalesce(responseStatus.code, 0) AS code, coalesce(responseStatus.message, '') AS message,
      coalesce(nullif(requestReceivedTimestamp, ''), stageTimestamp, '') AS moment
    FROM lines WHERE damaged OR (stage IN ('ResponseComplete', 'ResponseStarted') AND coalesce(verb, '') <> '' AND ${wanted(who)})
  )
  SELECT damaged,
    coalesce(nullif(imposed, ''), login) AS who,
    coalesce(CASE WHEN coalesce(imposed, '') <> '' THEN imposedGroups ELSE loginGroups END, []) AS groups,
    CASE WHEN coalesce(imposed, '') <> '' THEN coalesce(login, '') END AS actor,
    CASE WHEN coalesce(imposed, '') <> '' THEN coalesce(loginGroups, []) END AS actorGroups,
    verb, namespace, apiGroup,
    CASE WHEN subresource = '' THEN plain ELSE plain || '/' || subresource END AS resource,
    CASE WHEN subresource = '' AND verb IN ('create', 'deletecollection') THEN '' ELSE objectName END AS name,
    CASE WHEN plain = '' THEN split_part(coalesce(requestURI, ''), '?', 1) ELSE '' END AS path,
    CASE WHEN decision = 'forbid' OR code = 401 THEN 'refused'
      WHEN code < 400 THEN 'allowed'
      WHEN regexp_matches(message, '(?s)ValidatingAdmissionPolicy ''.*'' denied request|\\Aadmission webhook ".*" denied the request') THEN 'admission'
      WHEN code <> 403 THEN 'allowed'
      WHEN decision <> 'allow' OR regexp_matches(message, 'cannot [^\\s]+ resource "') THEN 'refused'
      ELSE 'admission' END AS outcome,
    code = 201 AND verb IN ('patch', 'update') AS created,
    count(*) FILTER (stage = 'ResponseComplete') AS times, min(moment) AS first, max(moment) AS last, list(DISTINCT moment[:10]) AS days
  FROM events GROUP BY ALL`;
}

/** A row of it; undefined for lines that are no events, and for what names nobody. */
export function useOfRow(row: { readonly [column: string]: any }): Use | undefined {
  if (row.damaged || !row.who) return undefined;
  const texts = (list: (string | null)[]) => list.filter((one): one is string => one !== null);
  return {
    user: row.who,
    groups: texts(row.groups),
    ...row.actor !== null && { actor: row.actor, actorGroups: texts(row.actorGroups) },
    verb: row.verb,
    namespace: row.namespace,
    apiGroup: row.apiGroup,
    resource: row.resource,
    name: row.name,
    path: row.path,
    outcome: row.outcome as Outcome,
    created: row.created,
    times: Number(row.times),
    first: row.first,
    last: row.last,
    days: texts(row.days).filter(day => /^\d{4}-\d\d-\d\d$/.test(day)).sort(),
  };
}
