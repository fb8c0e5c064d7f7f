import type { Aggregation } from './aggregation';
import { Rule } from './rights';
import { asObject, asString, identity, nameOf, namespaceOf, objectsIn, stringsIn } from './untrusted';
import { sortedUnique } from '../private/canonical';

/** A Role or ClusterRole, read from its manifest. */
export interface Role {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly labels: { readonly [key: string]: unknown };
  readonly rules: Rule[];
  /** The selectors by which it aggregates others; undefined when it does not. */
  readonly selectors?: any[];
  /** It was read from a cluster, whose controller has already put into its rules what it aggregates. */
  readonly live: boolean;
}

export function readRole(object: any): Role {
  return {
    kind: object.kind,
    namespace: namespaceOf(object),
    name: nameOf(object),
    labels: asObject(asObject(object.metadata).labels),
    rules: objectsIn(object.rules).map((rule): Rule => ({
      apiGroups: stringsIn(rule.apiGroups),
      resources: stringsIn(rule.resources),
      verbs: stringsIn(rule.verbs),
      resourceNames: stringsIn(rule.resourceNames),
      nonResourceURLs: stringsIn(rule.nonResourceURLs),
    })),
    selectors: object.aggregationRule ? objectsIn(object.aggregationRule.clusterRoleSelectors) : undefined,
    live: asString(asObject(object.metadata).uid) !== '',
  };
}

/** What cluster-admin grants, which every cluster has by this name. */
export const EVERYTHING: Rule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { apiGroups: [], resources: [], verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * The rules of a role with those it aggregates, transitively, without what grants nothing. A role read from a cluster
 * carries the sum already; one from a repository does not. What an aggregating role says itself counts too: it is in
 * force until the controller overwrites it.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
 */
export function effectiveRules(role: Role, aggregation: Aggregation, seen: Set<Role> = new Set()): Rule[] {
  if (seen.has(role)) return [];
  seen.add(role);
  return [...role.rules.map(livePart), ...aggregation.partsOf(role).flatMap(part => effectiveRules(part, aggregation, seen))];
}

/** The groups without a dot are Kubernetes' own; the API server accepts no other such. */
const UNDOTTED_GROUPS = ['', '*', 'apps', 'autoscaling', 'batch', 'extensions', 'policy'];

const isGroup = (name: string) => UNDOTTED_GROUPS.includes(name) || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name);
/** Only these two patterns exist: everything, and a subresource of everything. */
const isResource = (name: string) => !name.includes('*') || /^\*(\/[^*]+)?$/.test(name);
const isVerb = (name: string) => !/[A-Z\s]/.test(name);

/** What could be no name of an object that people debug: a pattern, or a label selector. */
const isPattern = (name: string) => /[*=]/.test(name);

/** What carries no name when it is authorized. */
function nameless(verbs: string[], resources: string[]): string[] {
  const plain = resources.filter(resource => !resource.includes('/') && resource !== '*');
  return plain.length === 0 ? [] : verbs.filter(verb => verb === 'create' || verb === 'deletecollection').map(verb => `${verb} ${plain.join(', ')}`);
}

function livePart(rule: Rule): Rule {
  return { ...rule, apiGroups: rule.apiGroups.filter(isGroup), resources: rule.resources.filter(isResource), verbs: rule.verbs.filter(isVerb) };
}

/** Why rules of the role grant less than it seems, each once. */
export function deadParts({ rules }: Role): string[] {
  return sortedUnique(rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) => [
    ...resourceNames.filter(isPattern).map(name => `RBAC has neither patterns nor labels for names, so ${JSON.stringify(name)} matches no ${resources.join(', ')}`),
    ...resourceNames.length > 0 ? nameless(verbs, resources).map(right => `${right} is asked for without a name, so names do not limit it, they rule it out`) : [],
    ...apiGroups.filter(name => !isGroup(name))
      .map(name => `there is no API group ${JSON.stringify(name)}, so nothing is granted on ${resources.join(', ')}; the core group is ""`),
    ...resources.filter(name => !isResource(name)).map(name => `RBAC has no pattern ${JSON.stringify(name)}, so it matches nothing`),
    ...verbs.filter(name => !isVerb(name)).map(name => `there is no verb ${JSON.stringify(name)}; verbs are lower-case words`),
  ]));
}

/** As bindings refer to it. */
export function roleKey(kind: string, namespace: string | undefined, name: string): string {
  return JSON.stringify([kind, kind === 'ClusterRole' ? undefined : namespace, name]);
}

export const titleOfRole = ({ kind, namespace, name }: Role): string => identity(kind, namespace, name);
