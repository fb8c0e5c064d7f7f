import { isDryRunIn } from '../dry-run';
import { Dialect, Path } from './dialects/dialect';
import { Fields, usesCapability } from '../sql/capabilities';
import { API_SERVERS, REASON } from '../sql/events';
import { VALIDATION_FAILURE } from '../sql/read';
import { REQUEST_KEYS } from '../sql/request-keys';
import { all, any, oneOf, text, texts } from '../sql/text';

/** Days of the raw table that the relations see; undefined: all. */
export interface Days {
  /** The first, as yyyy-mm-dd. */
  readonly since?: string;
  /** The first one that they do not see. */
  readonly until?: string;
}

/** A regular expression of which only the group with this number, from 1, is one; not every engine takes more. */
export function onlyGroup(regex: string, wanted: number): string {
  let group = 0;
  return regex.replace(/\\.|\[(?:\\.|[^\]])*\]|\((?!\?)/g, part => part === '(' && ++group !== wanted ? '(?:' : part);
}

/** No time of a log comes after it: the year 2100. */
const FOREVER = '4102444800000000';
const RFC_3339 = '^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))$';

const or = (value: string, other = '\'\'') => `COALESCE(${value}, ${other})`;
const when = (condition: string, yes: string, no = '\'\'') => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`;
const selected = (columns: { readonly [name: string]: string }) => Object.entries(columns).map(([name, value]) => value === name ? name : `${value} AS ${name}`).join(',\n  ');

/** What people write as a time may be anything, so its form is looked at first. */
const micros = (d: Dialect, time: string) => `CASE WHEN ${d.extract(or(time), RFC_3339)} = '' THEN NULL WHEN ${d.micros(time)} > ${FOREVER} THEN ${FOREVER} ELSE ${d.micros(time)} END`;

/** What is read of each line, by name; the rest is made of these. */
function read(d: Dialect): { readonly [name: string]: string } {
  const value = (...path: Path) => or(d.value('line', path));
  const list = (...path: Path) => or(`NULLIF(${d.render(d.part('line', path))}, 'null')`, '\'[]\'');
  return {
    cluster: 'cluster',
    log: 'log',
    r_id: value('auditID'),
    r_kind: value('kind'),
    r_version: value('apiVersion'),
    r_stage: value('stage'),
    r_verb: value('verb'),
    r_group: value('objectRef', 'apiGroup'),
    r_resource: value('objectRef', 'resource'),
    r_subresource: value('objectRef', 'subresource'),
    r_namespace: value('objectRef', 'namespace'),
    r_name: value('objectRef', 'name'),
    r_code: or(d.integer(d.value('line', ['responseStatus', 'code'])), '0'),
    r_message: value('responseStatus', 'message'),
    r_received: value('requestReceivedTimestamp'),
    r_ended: value('stageTimestamp'),
    r_user: value('user', 'username'),
    r_groups: list('user', 'groups'),
    r_as: value('impersonatedUser', 'username'),
    r_as_groups: list('impersonatedUser', 'groups'),
    r_sources: list('sourceIPs'),
    r_client: value('userAgent'),
    r_uri: value('requestURI'),
    r_decision: value('annotations', 'authorization.k8s.io/decision'),
    r_reason: value('annotations', 'authorization.k8s.io/reason'),
    r_failures: value('annotations', VALIDATION_FAILURE),
    // The name of the policy is in the key.
    r_annotations: or(d.render(d.part('line', ['annotations']))),
    r_body: d.part('line', ['requestObject']),
  };
}

const RAW: Fields = { verb: 'r_verb', apiGroup: 'r_group', resource: 'r_resource', subresource: 'r_subresource', name: 'r_name', user: 'r_user', client: 'r_client', uri: 'r_uri' };

const PAST_GIT = '"([^"\\\\]*)/past-git":"((?:[^"\\\\]|\\\\.)*)"';
const BINDING = oneOf('r_resource', ['rolebindings', 'clusterrolebindings']);
const REVIEW = 'r_resource = \'subjectaccessreviews\'';
const IN_POD = '(r_resource = \'pods\' AND r_subresource IN (\'exec\', \'attach\', \'log\'))';
const EPHEMERAL = '(r_resource = \'pods\' AND r_subresource = \'ephemeralcontainers\')';
const CREATED = '(r_resource = \'pods\' AND r_subresource = \'\' AND r_verb = \'create\')';

/** What can matter, as the command line chooses it from files. */
const RELEVANT = any(
  usesCapability(RAW),
  all(BINDING, 'r_subresource = \'\'', oneOf('r_verb', ['create', 'update', 'patch', 'delete'])),
  'r_failures <> \'\'',
  'r_annotations LIKE \'%/past-git":%\'',
  all(REVIEW, 'r_user LIKE \'system:node:%\''),
);

/** The relation `audit_fields`: a row for each event that can matter, with what is read of its JSON. */
export function fields(d: Dialect, table: string, { since, until }: Days): string {
  const day = d.raw?.day ?? 'day';
  const days = [...since === undefined ? [] : [`${day} >= ${d.day(since)}`], ...until === undefined ? [] : [`${day} < ${d.day(until)}`]];
  return `
SELECT * FROM (
SELECT
  ${selected(read(d))}
FROM (SELECT cluster, ${d.raw?.log === undefined ? 'log' : `${d.raw.log} AS log`}, ${d.parse('line')} AS line FROM ${table}${days.length === 0 ? '' : ` WHERE ${all(...days)}`}) AS parsed
) AS r
WHERE r_kind = 'Event' AND r_version = 'audit.k8s.io/v1' AND r_id <> '' AND ${micros(d, 'r_received')} IS NOT NULL
  AND ${RELEVANT}`;
}

/** The relation `events`, with the columns that the command line gives it; see there for what they mean. */
export function events(d: Dialect, source: string): string {
  const body = (...path: Path) => d.value('r_body', path);
  const asked = (...path: Path) => or(body('spec', ...path));
  const escaped = (value: string) => `REPLACE(REPLACE(${value}, ${d.literal('\\"')}, '"'), ${d.literal('\\\\')}, ${d.literal('\\')})`;
  const reason = (group: number) => d.extract('r_reason', onlyGroup(REASON, group));
  const place = (group: number) => d.extract('e_binding', onlyGroup('^(.*)/([^/]*)$', group));
  // A JSON patch is a list of steps.
  const step = (element: string, where: string) => all(`${d.value(element, ['path'])} ${where}`, oneOf(d.value(element, ['op']), ['add', 'replace']));
  const written = (key: string) => {
    const pointer = d.literal(`/metadata/annotations/${key.replace(/~/g, '~0').replace(/\//g, '~1')}`);
    return or(when('e_patch = 1', d.value(d.last('r_body', element => step(element, `= ${pointer}`)), ['value']), body('metadata', 'annotations', key)));
  };
  const added = (inEphemeral: string, inPod: string) => `CASE WHEN ${EPHEMERAL} THEN ${inEphemeral} WHEN ${CREATED} THEN ${inPod} END`;
  const container = d.last(d.part('r_body', ['spec', 'ephemeralContainers']), () => '1 = 1');
  const addedValue = (field: string) => or(added(d.value(container, [field]), body('spec', 'containers', 0, field)));
  const addedList = (field: string) => or(`NULLIF(${added(d.render(d.part(container, [field])), d.render(d.part('r_body', ['spec', 'containers', 0, field])))}, 'null')`, '\'[]\'');
  const parameters = (name: string) => d.parameters('e_query', name);
  const ofBinding = (value: string) => when(BINDING, or(value));
  // A value of JSON text that stands alone.
  const unquoted = (value: string) => or(d.value(d.parse(`CONCAT('["', ${value}, '"]')`), [0]));

  const columns = {
    cluster: 'cluster',
    log: 'log',
    audit_id: 'r_id',
    stage: when(REVIEW, '\'ResponseStarted\'', 'r_stage'),
    verb: when(REVIEW, asked('resourceAttributes', 'verb'), 'r_verb'),
    api_group: when(REVIEW, '\'\'', 'r_group'),
    resource: when(REVIEW, asked('resourceAttributes', 'resource'), 'r_resource'),
    subresource: when(REVIEW, asked('resourceAttributes', 'subresource'), 'r_subresource'),
    namespace: 'r_namespace',
    name: or(`CASE WHEN ${REVIEW} THEN ${body('spec', 'resourceAttributes', 'name')} END`, or('NULLIF(r_name, \'\')', or(body('metadata', 'name')))),
    code: when(REVIEW, '0', 'r_code'),
    message: 'r_message',
    received_us: micros(d, 'r_received'),
    stage_us: or(micros(d, 'r_ended'), micros(d, 'r_received')),
    user_name: when(REVIEW, asked('user'), 'r_user'),
    user_groups: when(REVIEW, or(`NULLIF(${d.render(d.part('r_body', ['spec', 'groups']))}, 'null')`, '\'[]\''), 'r_groups'),
    as_user: 'r_as',
    as_groups: 'r_as_groups',
    sources: 'r_sources',
    client: 'r_client',
    uri: 'r_uri',
    decision: when(REVIEW, '\'\'', 'r_decision'),
    reason: when(REVIEW, '\'\'', 'r_reason'),
    grant_kind: 'e_kind',
    grant_namespace: when('e_kind = \'RoleBinding\'', escaped(place(2))),
    grant_name: when('e_kind = \'RoleBinding\'', escaped(place(1)), escaped('e_binding')),
    grant_role_kind: reason(3),
    grant_role: escaped(reason(4)),
    container: when(IN_POD, or(d.first(parameters('container'))), addedValue('name')),
    command: when(IN_POD, d.listAsJson(parameters('command')), addedList('command')),
    image: addedValue('image'),
    dry_run: when(isDryRunIn('r_verb', 'r_uri'), '1', '0'),
    past_git: unquoted(d.extract('r_annotations', onlyGroup(PAST_GIT, 2))),
    past_git_policy: d.extract('r_annotations', onlyGroup(PAST_GIT, 1)),
    request_for: ofBinding(body('metadata', 'labels', REQUEST_KEYS.label)),
    requested_by: ofBinding(written(REQUEST_KEYS.requestedBy)),
    request_reason: ofBinding(written(REQUEST_KEYS.reason)),
    ticket: ofBinding(written(REQUEST_KEYS.ticket)),
    expires_at: 'e_expires_at',
    expires_us: micros(d, 'e_expires_at'),
    approvals: ofBinding(written(REQUEST_KEYS.approvals)),
    closed: ofBinding(written(REQUEST_KEYS.closed)),
    bound_subjects: when(BINDING, when('e_patch = 1', d.count('r_body', element => step(element, 'LIKE \'/subjects%\'')), or(d.length('r_body', ['subjects']), '0')), '0'),
    bound_role_kind: ofBinding(body('roleRef', 'kind')),
    bound_role: ofBinding(body('roleRef', 'name')),
  };
  return `
SELECT
  ${selected(columns)}
FROM (
  SELECT q.*, ${ofBinding(written(REQUEST_KEYS.expiresAt))} AS e_expires_at
  FROM (
    SELECT f.*, ${reason(1)} AS e_kind, ${reason(2)} AS e_binding, ${d.extract('r_uri', '^[^?]*[?](.*)$')} AS e_query,
      ${when(`${d.render('r_body')} LIKE '[%'`, '1', '0')} AS e_patch
    FROM ${source} AS f
  ) AS q
) AS e
WHERE NOT ${REVIEW} OR (
  ${all(`${asked('resourceAttributes', 'resource')} = 'nodes'`, `${asked('resourceAttributes', 'subresource')} = 'proxy'`, `${asked('user')} <> ''`, `${asked('user')} NOT IN (${texts(API_SERVERS)})`)}
  AND ${any(`${asked('user')} NOT LIKE 'system:%'`, `${asked('resourceAttributes', 'verb')} = 'create'`)}
)`;
}

/** The relation `failures`: what policies would have refused, or did; a row for each policy. */
export function failures(d: Dialect, source: string): string {
  const said = (name: string) => or(d.value('failure', [name]));
  return `
SELECT cluster, audit_id, received_us, user_name, stage, ${said('policy')} AS policy, ${said('binding')} AS binding, ${said('message')} AS message,
  ${or(`NULLIF(${d.render(d.part('failure', ['validationActions']))}, 'null')`, '\'[]\'')} AS actions
FROM (
  ${d.explode('cluster, audit_id, received_us, user_name, stage', 'failures_json',
    `(SELECT cluster, r_id AS audit_id, ${micros(d, 'r_received')} AS received_us, r_user AS user_name, r_stage AS stage, r_failures AS failures_json FROM ${source} WHERE r_failures <> ${text('')}) AS noted`)}
) AS f`;
}
