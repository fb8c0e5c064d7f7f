import { all, any, attribute, begins, field, is, isNot, literal, not, oneOf, quoted, set, temp } from './ottl';
import { Danger, DebugCapability } from '../../model/capability';
import { DOMAIN } from '../../model/constants';
import { IDebugAccess } from '../../model/debug-access';
import { BREAK_GLASS_ROLE, GRANT_ROLE } from '../../model/virtual-rights';
import { sortedUnique } from '../../private/canonical';
import { MaintenanceWindow } from '../alerts/maintenance-window';
import { windowStatements } from '../alerts/window-statements';

/** What events are labelled with. They are labels of metrics too, with underscores. */
export const LABEL = {
  /** Who logged in: to the cluster, or to the gateway, which asks for them. */
  user: 'debug.user',
  /** As whom they acted, where that is somebody else. */
  as: 'debug.as',
  /** The ServiceAccount of the gateway that asked for them. */
  via: 'debug.via',
  /** The id of the capability in the model, `node-proxy`, or `change-past-git`. */
  capability: 'debug.capability',
  namespace: 'debug.namespace',
  /** `on-call`, `read-only`, `just-in-time`, `break-glass`, `gateway`, `gitops-emergency`, or `outside`. */
  path: 'debug.path',
  /** Why it is outside. */
  outside: 'debug.outside',
  /** `began`, `ended` or `refused`: once each for a request, whatever number of events it has. */
  step: 'debug.step',
  /** By what it was refused: `rbac` or `guardrail`. */
  by: 'debug.refused_by',
  /** How long a stream was open. */
  seconds: 'debug.seconds',
  /** `true` for a stream that was open for longer than the limit. */
  overLimit: 'debug.over_limit',
  /** `cluster-admin` or `system:masters`, whatever was done with it. */
  privileged: 'debug.privileged',
  /** `requested` or `used`. */
  breakGlass: 'debug.break_glass',
  /** Name of the maintenance window, or `none`. */
  window: 'debug.window',
  /** Name of the policy that would have refused it. */
  wouldDeny: 'debug.would_deny',
  /** `true` for a line that is no audit event. */
  damaged: 'debug.damaged',
} as const;

/** What is needed to tell one event from another. */
export interface Classification {
  readonly access: IDebugAccess[];
  readonly windows: MaintenanceWindow[];
  readonly automation: string[];
  readonly sessionLimitSeconds: number;
}

/** Where requests that last are told from others: verbs and subresources that the API server takes for long-running. */
const LASTING = ['attach', 'exec', 'log', 'portforward', 'proxy'];

const [user, as, verb, uri, resource, subresource, group, objectName, namespace, stage, reason, decision, failure, code] = [
  'user', 'as', 'verb', 'uri', 'resource', 'subresource', 'group', 'name', 'namespace', 'stage', 'reason', 'decision', 'failure', 'code',
].map(temp);
/** Who it was, whoever asked for them; the kind and name of the Role; the policy that noted a change past Git; whether it is a try. */
const [person, role, pastGit, dry] = ['person', 'role', 'pastGit', 'dry'].map(temp);
const CHANGE_PAST_GIT = 'change-past-git';

/** Roles of the library's constructs, by the way they stand for. A ClusterRole that is called like a Role is another one. */
const DEFAULT_ROLES: { readonly [path: string]: string[] } = {
  'break-glass': [`Role "${BREAK_GLASS_ROLE}(-[a-z0-9-]+)?"`],
  'just-in-time': [`Role "${GRANT_ROLE}(-[a-z0-9-]+)?"`, 'Role "jit-debug"', 'ClusterRole "jit-cluster-read"'],
  'on-call': ['Role "oncall-debug"'],
  'read-only': ['ClusterRole "debug-cluster-read"', 'Role "debug-read"'],
};

const ACTS = [Danger.HIGH, Danger.CRITICAL];
const acts = (capability: DebugCapability) => ACTS.includes(capability.danger);

/** Regular expressions of Roles by path; what was declared under another name is added. */
function rolesByPath(access: IDebugAccess[]): { [path: string]: string[] } {
  const roles: { [path: string]: string[] } = Object.fromEntries(Object.entries(DEFAULT_ROLES).map(([path, names]) => [path, [...names]]));
  for (const { roleName, namespace: place, capabilities, onRequest } of access.flatMap(one => one.grants)) {
    const named = `${place === undefined ? 'ClusterRole' : 'Role'} "${roleName}"`;
    if (Object.values(roles).flat().some(known => new RegExp(`^(${known})$`).test(named))) continue;
    const path = onRequest ? 'just-in-time' : capabilities.some(acts) ? 'on-call' : 'read-only';
    roles[path].push(quoted(named));
  }
  return roles;
}

/** The fields by which an event is told, as texts that are there whatever the event has. */
function flatten(): string[] {
  const from: [string, string[]][] = [
    ['user', ['user', 'username']], ['as', ['impersonatedUser', 'username']], ['verb', ['verb']], ['uri', ['requestURI']], ['stage', ['stage']],
    ['resource', ['objectRef', 'resource']], ['subresource', ['objectRef', 'subresource']], ['group', ['objectRef', 'apiGroup']],
    ['name', ['objectRef', 'name']], ['namespace', ['objectRef', 'namespace']],
    ['reason', ['annotations', 'authorization.k8s.io/reason']], ['decision', ['annotations', 'authorization.k8s.io/decision']],
    ['failure', ['annotations', 'validation.policy.admission.k8s.io/validation_failure']],
  ];
  return [
    set(temp('event'), 'ParseJSON(log.body)'),
    // Apart from each other: of JSON that is no object, no field can be asked for.
    set(attribute(LABEL.damaged), literal('true'), not(`IsMap(${temp('event')})`)),
    set(attribute(LABEL.damaged), literal('true'), isNot(field('kind'), 'Event')),
    ...from.flatMap(([to, path]) => [set(temp(to), literal('')), set(temp(to), field(...path), `IsString(${field(...path)})`)]),
    set(code, '0'),
    set(code, `Int(${field('responseStatus', 'code')})`),
    // What the log says, not when it was read: after an outage the two differ.
    ...['requestReceivedTimestamp', 'stageTimestamp'].map(time => set('log.time', timeOf(time))),
  ];
}

const timeOf = (name: string) => `Time(${field(name)}, ${literal('%Y-%m-%dT%H:%M:%S.%fZ')})`;

/** The same predicates as everywhere else, in this language. */
function capabilityStatements(): string[] {
  const used = DebugCapability.all().filter(capability => capability.logPredicates().length > 0);
  return [
    ...used.flatMap(capability => capability.logPredicates().map(one => set(attribute(LABEL.capability), literal(capability.id), all(
      is(group, one.apiGroup), is(resource, one.resource), is(subresource, one.subresource), oneOf(verb, one.verbs),
      ...one.namePrefix ? [begins(objectName, one.namePrefix)] : [],
      // Every controller makes pods; a person who makes one may do so to look around.
      ...one.subresource === '' ? [not(begins(person, 'system:'))] : [],
    )))),
    set(attribute(LABEL.capability), literal('node-proxy'), all(is(resource, 'nodes'), is(subresource, 'proxy'), not(begins(person, 'system:')))),
    // The stamp of GitOpsGuardrail. Where it only watched, it says so itself, and nobody had declared an emergency.
    set(pastGit, `ExtractPatterns(String(${field('annotations')}), ${literal('"(?P<policy>[^"/\\\\]+)/past-git":')})["policy"]`),
    set(attribute(LABEL.capability), literal(CHANGE_PAST_GIT), all(
      `${pastGit} != nil`, `${attribute(LABEL.capability)} == nil`, is(stage, 'ResponseComplete'), succeeded, `not (IsMatch(${failure}, Concat([${literal('"policy":"')}, ${pastGit}, ${literal('"')}], "")))`)),
    `delete_key(log.attributes, ${literal(LABEL.capability)}) where ${is(dry, 'true')}`,
  ];
}

/** A try without effect: `dryRun` as a parameter of its own, in a write whose options are in the URL. Whoever debugs writes the URL. */
const isTry = all(oneOf(verb, ['create', 'update', 'patch']), `IsMatch(${uri}, ${literal('^[^?]*[?](.*&)?dryRun=All(&|$)')})`);
/** The gateway asks in the name of somebody. */
const byGateway = all(isNot(as, ''), `IsMatch(${user}, ${literal('^system:serviceaccount:[^:]+:debug-gateway')})`);

const CLUSTER_ADMIN = 'ClusterRole "cluster-admin"';
const isDebug = `${attribute(LABEL.capability)} != nil`;
const actsIn = (ids: string[]) => oneOf(attribute(LABEL.capability), ids);
const succeeded = all(`${code} >= 100`, `${code} < 400`);
/** A request that lasts has an event when it begins and one when it ends; any other has one. */
const lasts = any(is(verb, 'watch'), oneOf(subresource, LASTING));
const began = all(succeeded, isNot(dry, 'true'), any(is(stage, 'ResponseStarted'), all(is(stage, 'ResponseComplete'), not(lasts))));
const ended = all(succeeded, is(stage, 'ResponseComplete'), lasts);
const refused = all(is(stage, 'ResponseComplete'), any(...[403, 422].map(one => `${code} == ${one}`)));

/** Statements that label each event, in their order. They drop nothing. */
export function classifyStatements({ access, windows, automation, sessionLimitSeconds }: Classification): string[] {
  const roles = rolesByPath(access);
  const acting = DebugCapability.all().filter(one => acts(one) && one.logPredicates().length > 0).map(one => one.id);
  const debug = all(isDebug, `${attribute(LABEL.step)} != nil`);
  const outside = (why: string, where: string) => set(attribute(LABEL.outside), literal(why), all(debug, actsIn([...acting, 'node-proxy']), where));
  const isMaster = `ContainsValue(${field('user', 'groups')}, ${literal('system:masters')})`;
  const isAutomation = automation.length ? [oneOf(user, sortedUnique(automation))] : [];
  const people = all(isNot(person, ''), not(begins(person, 'system:')), ...isAutomation.map(not));
  const allowed = isNot(attribute(LABEL.step), 'refused');
  return [
    ...flatten(),
    set(dry, literal('true'), isTry),
    set(person, user),
    set(person, as, byGateway),
    set(attribute(LABEL.user), person, isNot(person, '')),
    set(attribute(LABEL.as), as, all(isNot(as, ''), not(byGateway))),
    set(attribute(LABEL.via), user, byGateway),
    set(attribute(LABEL.namespace), namespace, isNot(namespace, '')),
    ...capabilityStatements(),
    set(attribute(LABEL.step), literal('began'), began),
    set(attribute(LABEL.step), literal('ended'), ended),
    set(attribute(LABEL.step), literal('refused'), all(isDebug, refused)),
    set(attribute(LABEL.by), literal('guardrail'), is(attribute(LABEL.step), 'refused')),
    set(attribute(LABEL.by), literal('rbac'), all(is(attribute(LABEL.step), 'refused'), is(decision, 'forbid'))),

    set(role, literal('')),
    set(role, `ExtractPatterns(${reason}, ${literal('^RBAC: allowed by [^"]+"[^"]+" of (?P<role>(?:Cluster)?Role "[^"]+")')})["role"]`),
    ...Object.entries(roles).map(([path, names]) => set(attribute(LABEL.path), literal(path), all(debug, `IsMatch(${role}, ${literal(`^(?:${sortedUnique(names).join('|')})$`)})`))),
    set(attribute(LABEL.path), literal('gateway'), all(debug, byGateway, isNot(decision, 'forbid'))),
    set(attribute(LABEL.path), literal('gitops-emergency'), is(attribute(LABEL.capability), CHANGE_PAST_GIT)),
    outside('other role', all(`${attribute(LABEL.path)} == nil`, allowed)),
    // One that asks in the name of a person is told by what they may.
    outside('service account', all(
      any(begins(as, 'system:serviceaccount:'), all(begins(user, 'system:serviceaccount:'), any(is(as, ''), `${attribute(LABEL.path)} == nil`))), allowed, ...isAutomation.map(not))),
    outside('cluster-admin', all(is(role, CLUSTER_ADMIN), allowed)),
    outside('system:masters', all(isMaster, allowed)),
    outside('node proxy', all(is(attribute(LABEL.capability), 'node-proxy'), allowed)),
    // A program that was named may hold what it likes.
    ...isAutomation.map(one => `delete_key(log.attributes, ${literal(LABEL.outside)}) where ${one}`),
    set(attribute(LABEL.path), literal('outside'), `${attribute(LABEL.outside)} != nil`),

    set(attribute(LABEL.seconds), `UnixSeconds(${timeOf('stageTimestamp')}) - UnixSeconds(${timeOf('requestReceivedTimestamp')})`, all(debug, is(attribute(LABEL.step), 'ended'))),
    set(attribute(LABEL.overLimit), literal('false'), `${attribute(LABEL.seconds)} != nil`),
    set(attribute(LABEL.overLimit), literal('true'), all(`${attribute(LABEL.seconds)} != nil`, `${attribute(LABEL.seconds)} > ${sessionLimitSeconds}`)),

    set(attribute(LABEL.privileged), literal('cluster-admin'), all(is(attribute(LABEL.step), 'began'), people, is(role, CLUSTER_ADMIN))),
    set(attribute(LABEL.privileged), literal('system:masters'), all(is(attribute(LABEL.step), 'began'), people, isMaster)),
    set(attribute(LABEL.breakGlass), literal('used'), all(is(attribute(LABEL.step), 'began'), `IsMatch(${role}, ${literal(`^${DEFAULT_ROLES['break-glass'][0]}$`)})`)),
    set(attribute(LABEL.breakGlass), literal('requested'), all(
      is(attribute(LABEL.step), 'began'), is(resource, 'rolebindings'), is(verb, 'create'), `IsMatch(${objectName}, ${literal(`^${BREAK_GLASS_ROLE}(-[a-z0-9-]+)?:`)})`)),

    set(attribute(LABEL.wouldDeny), `ExtractPatterns(${failure}, ${literal('"policy":"(?P<policy>[^"]+)"')})["policy"]`,
      is(stage, 'ResponseComplete')),
    ...windowStatements(windows, attribute(LABEL.window)),
  ];
}

/** The key under which an event says which cluster it is from, as OpenTelemetry calls it. */
export const CLUSTER = 'k8s.cluster.name';
export const SERVICE = 'kube-apiserver-audit';
/** Who made the metrics. */
export const METRIC_PREFIX = DOMAIN.split('.')[0].replace('-', '_');
