import type { Aggregation } from './aggregation';
import { Rule } from './rights';
import { asObject, asString, identity, nameOf, namespaceOf, objectsIn, stringsIn } from './untrusted';

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

export const isGroup = (name: string) => UNDOTTED_GROUPS.includes(name) || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name);
/** Only these two patterns exist: everything, and a subresource of everything. */
export const isResource = (name: string) => !name.includes('*') || /^\*(\/[^*]+)?$/.test(name);
export const isVerb = (name: string) => !/[A-Z\s]/.test(name);

function livePart(rule: Rule): Rule {
  return { ...rule, apiGroups: rule.apiGroups.filter(isGroup), resources: rule.resources.filter(isResource), verbs: rule.verbs.filter(isVerb) };
}

/** As bindings refer to it. */
export function roleKey(kind: string, namespace: string | undefined, name: string): string {
  return JSON.stringify([kind, kind === 'ClusterRole' ? undefined : namespace, name]);
}

export const titleOfRole = ({ kind, namespace, name }: Role): string => identity(kind, namespace, name);
