import { AuditResources, AuditRule } from './audit-rule';
import { ANY, Caller, callersOf } from './callers';
import { Attributes } from './match';

/** A request in a namespace that is asked about; caller, namespace and name are open. */
export interface Target {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
}

/** A request, and from whom. */
interface Representative {
  readonly caller: Caller;
  readonly attributes: Attributes;
}

type Place = Omit<Attributes, 'user' | 'groups' | 'verb'>;

const place = (fields: Partial<Place>): Place => ({ apiGroup: '', subresource: '', name: '', namespace: '', path: '', ...fields });

/** A creation by POST has no name in its URL; a request for a subresource always has one. */
const unnamed = ({ verb, subresource }: Target) => verb === 'create' && subresource === '';

/** What a pattern of `resources` covers. */
function covered(pattern: string): { resource: string; subresource: string }[] {
  const [resource, subresource = ''] = pattern.replace('*', ANY).split('/');
  // `pods/*` and `*` cover resources with and without a subresource.
  const open = pattern === '*' || pattern.endsWith('/*');
  return (open ? ['', ANY] : [subresource]).map(sub => ({ resource, subresource: sub }));
}

function placesOf({ group, resources = ['*'], resourceNames = [ANY] }: AuditResources, namespace: string): Place[] {
  const apiGroup = group === '*' ? ANY : group;
  return resources.flatMap(covered).flatMap(what => resourceNames.map(name => place({ apiGroup, ...what, namespace, name })));
}

function openPlaces({ resources, namespaces, nonResourceUrls }: AuditRule): Place[] {
  const urls = (nonResourceUrls ?? [`/${ANY}`]).map(url => place({ path: url.replace(/\*$/, ANY) }));
  if (nonResourceUrls) return urls;
  const inResources = (namespaces ?? [ANY]).flatMap(namespace => (resources ?? [{ group: '*' }]).flatMap(entry => placesOf(entry, namespace)));
  return resources || namespaces ? inResources : [...inResources, ...urls];
}

function placesAt(target: Target, { resources = [], namespaces = [ANY] }: AuditRule): Place[] {
  const { apiGroup, resource, subresource } = target;
  const given = (value: string) => value !== '';
  const names = unnamed(target) ? [''] : [...new Set([ANY, ...resources.flatMap(entry => entry.resourceNames ?? [])])].filter(given);
  return namespaces.filter(given).flatMap(namespace => names.map(name => place({ apiGroup, resource, subresource, namespace, name })));
}

/**
 * Requests, each as unlike other rules as one can be that the rule matches: what the rule leaves open has a value
 * that no rule names. Rules only ever ask for a match, so another rule that matches a representative also matches
 * every request it stands for. Hence, if earlier rules decide all of them, the rule never decides anything; and if it
 * decides none of those at a target, it never decides a request there.
 */
export function representatives(rule: AuditRule, target?: Target): Representative[] {
  const verbs = target ? [target.verb] : rule.verbs ?? [ANY];
  const places = target ? placesAt(target, rule) : openPlaces(rule);
  return callersOf(rule).flatMap(caller => verbs.flatMap(verb => places.map(where => ({
    caller, attributes: { ...where, verb, user: caller.user, groups: caller.groups },
  }))));
}
