import { DebugCapability, PermissionModel, PermissionSubject, PolicyRule, PolicyRules } from 'cdk8s-secure-debug';
import { EVERYBODY } from './everybody';
import { areStable, canBeNamed } from './names';
import { Use } from './use';
import { isBy, Who } from './who';

/** One verb on one resource in one place, or on one URL, and what is known about it. */
export interface Right {
  /** Undefined for what is granted in the whole cluster. */
  readonly namespace?: string;
  readonly apiGroup: string;
  readonly resource: string;
  /** A URL that is no resource. */
  readonly path?: string;
  readonly verb: string;
  /** Undefined for every object. */
  readonly names?: string[];
  /** What of the log it comes from; all zero for what is only restored. */
  readonly times: number;
  readonly days: string[];
  readonly first: string;
  readonly last: string;
  /** The capability that needs it around what was seen. */
  readonly restoredFor?: string;
}

/** Requests that give no right, and why. */
export interface Skipped {
  readonly why: 'refused' | 'admission' | 'node-proxy' | 'not-a-name';
  readonly verb: string;
  readonly namespace: string;
  readonly resource: string;
  readonly times: number;
  readonly last: string;
}

export interface Needed {
  readonly rights: Right[];
  readonly skipped: Skipped[];
  /** Each day with a request of theirs. */
  readonly days: string[];
  readonly requests: number;
  readonly first: string;
  readonly last: string;
}

interface NeededOptions {
  /** False grants every object of a kind, also where names are stable. */
  readonly names?: boolean;
  /** Also what RBAC allowed and a guardrail refused. */
  readonly withGuardrailRefusals?: boolean;
}

let everybody: PermissionModel | undefined;

/** Whether everybody who has logged in may do it. */
function isEverybodys({ verb, apiGroup, resource, path }: Pick<Use, 'verb' | 'apiGroup' | 'resource' | 'path'>): boolean {
  const somebody = PermissionSubject.group('system:authenticated');
  everybody ??= PermissionModel.fromManifests(EVERYBODY);
  return (path ? everybody.canNonResource(somebody, verb, path) : everybody.can(somebody, verb, apiGroup, resource)).allowed;
}

/** What is written into a role is a name, and never a wildcard: the path of a request can be anything. */
const RESOURCE = /^[a-z][a-z0-9.-]*(\/[a-z][a-z0-9.-]*)*$/;
const GROUP = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/;
const VERB = /^[a-z][a-z-]*$/;
/** RBAC compares the decoded path, the log has it encoded: where that is not the same, it is left out. */
const URL = /^\/[A-Za-z0-9._~!$&'()+,;=:@/-]*$/;
const NAMESPACE = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const NAME = /^[^*\u0000-\u0020\u007f/][^*\u0000-\u001f\u007f/]*$/;

function isSound({ verb, apiGroup, resource, namespace, name, path }: Use): boolean {
  if (!VERB.test(verb) || [verb, apiGroup, resource, namespace, path].some(text => text.length > 253)) return false;
  if (resource === '') return URL.test(path);
  // Whom somebody impersonates is no path of the API, so that name may have slashes.
  const named = name === '' || NAME.test(name) || (verb === 'impersonate' && !/[*\p{Cc}]/u.test(name));
  if (name.length > 253 || name !== name.trim()) return false;
  return RESOURCE.test(resource) && GROUP.test(apiGroup) && NAMESPACE.test(namespace) && named && !/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name);
}

/** What somebody was seen to do in the role of another: the right to be them. Groups that come with the name need none. */
export function impersonations(use: Use): Use[] {
  if (use.actor === undefined) return [];
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(use.user) ?? [];
  const acted: Use = {
    ...use,
    user: use.actor,
    groups: use.actorGroups ?? [],
    actor: undefined,
    actorGroups: undefined,
    verb: 'impersonate',
    apiGroup: '',
    namespace: namespace ?? '',
    resource: account ? 'serviceaccounts' : 'users',
    name: account ?? use.user,
    path: '',
    // Whether what they did as somebody else was allowed is that one's concern.
    outcome: 'allowed',
    created: false,
  };
  const implied = (group: string) => group === 'system:authenticated' || (account !== undefined && /^system:serviceaccounts(:|$)/.test(group));
  return [acted, ...use.groups.filter(group => !implied(group)).map(group => ({ ...acted, namespace: '', resource: 'groups', name: group }))];
}

/** A patch or an update that makes an object needs the right to create, too. */
const creations = (use: Use): Use[] => use.created && !use.resource.includes('/') ? [{ ...use, verb: 'create', name: '', created: false }] : [];

/** Whatever RBAC was asked for what they did. */
export const asked = (use: Use): Use[] => [use, ...creations(use)];

const placeOf = ({ namespace }: Use) => namespace === '' ? undefined : namespace;

/** What somebody needs for what they did, each right with what is known about it; sorted. */
export function neededBy(who: Who, all: Use[], options: NeededOptions = {}): Needed {
  const own = all.filter(use => isBy(who, use.user, use.groups));
  const acted = all.filter(use => use.actor !== undefined && isBy(who, use.actor, use.actorGroups ?? []) && use.outcome !== 'refused').flatMap(impersonations);
  const uses = [...own, ...acted].filter(use => !isEverybodys(use));

  const skipped: Skipped[] = [];
  const counted = uses.filter(use => {
    const why = reason(use, options);
    if (why) skipped.push({ why, verb: use.verb, namespace: use.namespace, resource: use.path || use.resource, times: use.times, last: use.last });
    return !why;
  }).flatMap(asked);

  const rights = [...seen(counted, options), ...restored(counted, options)];
  const days = [...new Set(uses.flatMap(use => use.days))].sort();
  return {
    rights: joinedRights(rights),
    skipped: joinedSkipped(skipped),
    days,
    requests: uses.reduce((sum, { times }) => sum + times, 0),
    first: uses.reduce((first, use) => first === '' || use.first < first ? use.first : first, ''),
    last: uses.reduce((last, use) => use.last > last ? use.last : last, ''),
  };
}

function reason(use: Use, { withGuardrailRefusals }: NeededOptions): Skipped['why'] | undefined {
  if (use.outcome === 'refused') return 'refused';
  if (use.outcome === 'admission' && !withGuardrailRefusals) return 'admission';
  // It opens exec at the kubelet, past audit log and guardrails.
  if (use.resource === 'nodes/proxy') return 'node-proxy';
  return isSound(use) ? undefined : 'not-a-name';
}

function groups<T>(items: T[], key: (item: T) => unknown[]): T[][] {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const text = JSON.stringify(key(item));
    const group = found.get(text);
    if (group) group.push(item); else found.set(text, [item]);
  }
  return [...found.values()];
}

/** By the plain resource: a name that is made is made for its subresources too. */
const baseOf = ({ namespace, apiGroup, resource }: Use) => [namespace, apiGroup, resource.split('/')[0]];

function stableBases(uses: Use[], { names = true }: NeededOptions): (use: Use) => boolean {
  const stable = new Set(groups(uses.filter(({ resource }) => resource !== ''), baseOf)
    // Whom somebody acted as is always by name: without, it would be everybody.
    .filter(same => (names && areStable(same)) || same.every(({ verb }) => verb === 'impersonate'))
    .map(([first]) => JSON.stringify(baseOf(first))));
  return use => stable.has(JSON.stringify(baseOf(use)));
}

function seen(uses: Use[], options: NeededOptions): Right[] {
  const stable = stableBases(uses, options);
  return groups(uses, ({ namespace, apiGroup, resource, path, verb }) => [namespace, apiGroup, resource, path, verb]).map(same => {
    const [first] = same;
    const names = first.resource !== '' && stable(first) && canBeNamed(same) ? [...new Set(same.map(({ name }) => name))].sort() : undefined;
    return {
      namespace: placeOf(first),
      apiGroup: first.apiGroup,
      resource: first.resource,
      ...first.resource === '' && { path: first.path },
      verb: first.verb,
      names,
      times: same.reduce((sum, { times }) => sum + times, 0),
      days: [...new Set(same.flatMap(({ days }) => days))].sort(),
      first: same.reduce((at, use) => at === '' || use.first < at ? use.first : at, ''),
      last: same.reduce((at, use) => use.last > at ? use.last : at, ''),
    };
  });
}

/**
 * What a client needs around a request that was seen: the other verb of a stream, the pod that it fetches before, what
 * `kubectl debug` waits for. Whether a log has these depends on its policy, and on the client.
 */
function restored(uses: Use[], options: NeededOptions): Right[] {
  const stable = stableBases(uses, options);
  return DebugCapability.all().flatMap(capability => {
    const shows = capability.logPredicates().filter(({ subresource }) => subresource !== '');
    const used = uses.filter(({ apiGroup, resource, verb, namespace }) => namespace !== '' && shows.some(one =>
      one.apiGroup === apiGroup && `${one.resource}/${one.subresource}` === resource && one.verbs.includes(verb)));
    return groups(used, ({ namespace }) => [namespace]).flatMap(same => {
      const limited = same.every(use => stable(use) && use.name !== '');
      const names = limited ? [...new Set(same.map(({ name }) => name))].sort() : undefined;
      return capability.namespacedRules(names).flatMap(rule => cellsOf(rule).map(({ apiGroup, resource, verb }): Right => ({
        namespace: same[0].namespace, apiGroup, resource, verb, names: rule.resourceNames, times: 0, days: [], first: '', last: '', restoredFor: capability.id,
      })));
    });
  });
}

/** One verb on one resource. */
export interface Cell {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
}

export function cellsOf({ apiGroups, resources, verbs }: PolicyRule): Cell[] {
  return apiGroups.flatMap(apiGroup => resources.flatMap(resource => verbs.map(verb => ({ apiGroup, resource, verb }))));
}

/** One right for each verb in each place: every object covers the named ones. */
function joinedRights(rights: Right[]): Right[] {
  const order = ({ namespace = '', apiGroup, resource, path = '', verb }: Right) => JSON.stringify([namespace, apiGroup, resource, path, verb]);
  return groups(rights, right => [order(right)]).map(same => {
    const fromLog = same.filter(({ times }) => times > 0);
    const best = fromLog[0] ?? same[0];
    const names = same.some(right => right.names === undefined) ? undefined : [...new Set(same.flatMap(right => right.names!))].sort();
    const { restoredFor, ...known } = best;
    return { ...known, names, ...fromLog.length === 0 && { restoredFor } };
  }).sort((a, b) => order(a) < order(b) ? -1 : 1);
}

function joinedSkipped(skipped: Skipped[]): Skipped[] {
  return groups(skipped, ({ why, verb, namespace, resource }) => [why, verb, namespace, resource]).map(same => ({
    ...same[0],
    times: same.reduce((sum, { times }) => sum + times, 0),
    last: same.reduce((at, one) => one.last > at ? one.last : at, ''),
  }));
}

/** What is granted in one place: a namespace, or the whole cluster. */
export interface Place {
  readonly namespace?: string;
  readonly rules: PolicyRule[];
  /** Only of the whole cluster. */
  readonly urls: { readonly verbs: string[]; readonly nonResourceURLs: string[] }[];
}

/** The rights by place, as canonical rules; the whole cluster first. */
export function placesOf(rights: Right[], clusterWide = false): Place[] {
  const placed = clusterWide ? joinedRights(rights.map(right => ({ ...right, namespace: undefined }))) : rights;
  return groups(placed, ({ namespace }) => [namespace ?? '']).map(same => {
    const urls = groups(same.filter(({ path }) => path !== undefined), ({ path }) => [path])
      .map(of => ({ path: of[0].path!, verbs: of.map(({ verb }) => verb).sort() }));
    return {
      namespace: same[0].namespace,
      rules: PolicyRules.compact(same.filter(({ path }) => path === undefined).map(({ apiGroup, resource, verb, names }) =>
        ({ apiGroups: [apiGroup], resources: [resource], verbs: [verb], ...names && { resourceNames: names } }))),
      urls: groups(urls, ({ verbs }) => verbs).map(of => ({ verbs: of[0].verbs, nonResourceURLs: of.map(({ path }) => path).sort() })),
    };
  });
}
