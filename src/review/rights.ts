import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { byCodeUnit, sortedUnique } from '../private/canonical';

/** A rule as it stands in manifests: with URLs that are no resources. */
export interface Rule extends PolicyRule {
  readonly nonResourceURLs?: string[];
}

/** One verb on one resource. */
export interface Right {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
}

/** For which objects a right is held: every one, or those named. */
export interface Reach {
  readonly all: boolean;
  readonly names: string[];
}

const NOTHING: Reach = { all: false, names: [] };

export function keyOf({ apiGroup, resource, verb }: Right): string {
  return JSON.stringify([apiGroup, resource, verb]);
}

/** Each verb on each resource of the rules, wildcards as they stand, each once. */
export function expand(rules: Rule[]): Right[] {
  const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(apiGroup => resources.flatMap(resource => verbs.map(verb => ({ apiGroup, resource, verb })))));
  return [...new Map(rights.map(right => [keyOf(right), right])).values()];
}

/** For which objects the rules allow it. */
export function reach(rules: Rule[], { apiGroup, resource, verb }: Right): Reach {
  if (PolicyRules.allows(rules, apiGroup, resource, verb)) return { all: true, names: [] };
  // What is created has no name yet when RBAC decides, and a collection has none; a subresource has that of its parent.
  if (verb === 'deletecollection' || (verb === 'create' && !resource.includes('/') && resource !== '*')) return NOTHING;
  const names = sortedUnique(rules.flatMap(({ resourceNames = [] }) => resourceNames))
    .filter(name => PolicyRules.allows(rules, apiGroup, resource, verb, name));
  return names.length ? { all: false, names } : NOTHING;
}

export function isReached({ all, names }: Reach): boolean {
  return all || names.length > 0;
}

/** As kubectl writes it: `pods/exec`, `deployments.apps`, `deployments.apps/scale`. */
export function resourceText({ apiGroup, resource }: Pick<Right, 'apiGroup' | 'resource'>): string {
  if (resource === '*') return apiGroup === '*' ? 'everything' : `everything in ${apiGroup === '' ? 'the core group' : apiGroup}`;
  const [plain, ...subresource] = resource.split('/');
  return [apiGroup === '' ? plain : `${plain}.${apiGroup}`, ...subresource].join('/');
}

/** The items in groups of one key, in order of their first. */
export function joined<T>(items: T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item); else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

/** Rights as a person reads them, merged and sorted: `get, list pods, services`, `get secrets named db`. */
export function inWords(rights: { readonly right: Right; readonly reach: Reach }[]): string[] {
  const items = rights.map(({ right, reach: { all, names } }) =>
    ({ resource: resourceText(right), verb: right.verb, names: all ? '' : ` named ${names.join(', ')}` }));
  const byResource = joined(items, item => JSON.stringify([item.resource, item.names])).map(group => {
    const verbs = sortedUnique(group.map(item => item.verb));
    return { ...group[0], verbs: verbs.includes('*') ? 'any verb on' : verbs.join(', ') };
  });
  return joined(byResource, item => JSON.stringify([item.verbs, item.names]))
    .map(group => `${group[0].verbs} ${sortedUnique(group.map(item => item.resource)).join(', ')}${group[0].names}`)
    .sort(byCodeUnit);
}
