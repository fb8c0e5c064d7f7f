import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { noWildcard, text } from '../private/validate';

/**
 * One RBAC rule on resources, as in a Role's `rules`.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
 */
export interface PolicyRule {
  /** API groups; `''` is the core group. */
  readonly apiGroups: string[];
  /** Resources in plural, subresources as `pods/exec`. */
  readonly resources: string[];
  /** Verbs, e.g. `get`. */
  readonly verbs: string[];
  /**
   * Names of the objects the rule is limited to.
   *
   * @default - every object
   */
  readonly resourceNames?: string[];
}

/** The order in which people write verbs; others follow alphabetically. */
const VERB_ORDER = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** The distinct verbs, in that order. */
function inVerbOrder(verbs: string[]): string[] {
  const known = VERB_ORDER.filter(verb => verbs.includes(verb));
  return [...known, ...sortedUnique(verbs).filter(verb => !known.includes(verb))];
}

/** One cell of what a rule grants; `name` is undefined for every object. */
interface Cell { apiGroup: string; resource: string; verb: string; name?: string }

function cells(rules: PolicyRule[]): Cell[] {
  return rules.flatMap(rule => rule.apiGroups.flatMap(apiGroup => rule.resources.flatMap(resource => rule.verbs.flatMap(verb =>
    (rule.resourceNames?.length ? rule.resourceNames : [undefined]).map(name => ({ apiGroup, resource, verb, name }))))));
}

/** Groups the items whose key is equal. */
function groupBy<T>(items: T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group) group.push(item); else groups.set(k, [item]);
  }
  return [...groups.values()];
}

const key = (...parts: (string | string[])[]) => JSON.stringify(parts);

/** Pure functions on RBAC rules. */
export class PolicyRules {
  /**
   * The same rights in canonical form: merged, sorted, without duplicates. Two lists that grant the same
   * give equal results, and the result grants exactly what was given.
   *
   * @throws when a rule contains a wildcard, or an empty list of groups, resources or verbs, or a malformed entry
   */
  public static compact(rules: PolicyRule[]): PolicyRule[] {
    rules.forEach((rule, i) => PolicyRules.check(rule, `rules[${i}]`));

    // names → verbs → resources → groups: each step joins what is alike in everything else.
    const withNames = groupBy(cells(rules), c => key(c.apiGroup, c.resource, c.verb)).map(group => ({
      ...group[0],
      // A right on every object covers the same right on a named one.
      names: group.some(c => c.name === undefined) ? [] : sortedUnique(group.map(c => c.name!)),
    }));
    const withVerbs = groupBy(withNames, c => key(c.apiGroup, c.resource, c.names)).map(group => ({
      ...group[0],
      verbs: inVerbOrder(group.map(c => c.verb)),
    }));
    const withResources = groupBy(withVerbs, c => key(c.apiGroup, c.verbs, c.names)).map(group => ({
      ...group[0],
      resources: sortedUnique(group.map(c => c.resource)),
    }));
    const withGroups = groupBy(withResources, c => key(c.resources, c.verbs, c.names)).map(group => ({
      ...group[0],
      apiGroups: sortedUnique(group.map(c => c.apiGroup)),
    }));
    return withGroups
      .map(({ apiGroups, resources, verbs, names }): PolicyRule => ({ apiGroups, resources, verbs, ...names.length && { resourceNames: names } }))
      .sort((a, b) => byCodeUnit(key(a.apiGroups, a.resources, a.resourceNames ?? []), key(b.apiGroups, b.resources, b.resourceNames ?? [])));
  }

  /**
   * Whether the rules allow a request, as Kubernetes' RBAC authorizer decides it (wildcards included, so that
   * rules of others can be asked too). A right limited to names does not allow a request without a name.
   *
   * @param resource the resource, with its subresource as `pods/exec`
   * @param name the object's name; empty for list, watch and create without one
   * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
   */
  public static allows(rules: PolicyRule[], apiGroup: string, resource: string, verb: string, name: string = ''): boolean {
    const subresource = resource.includes('/') ? resource.slice(resource.indexOf('/') + 1) : '';
    return rules.some(rule =>
      (rule.verbs ?? []).some(v => v === '*' || v === verb)
      && (rule.apiGroups ?? []).some(g => g === '*' || g === apiGroup)
      && (rule.resources ?? []).some(r => r === '*' || r === resource || (subresource !== '' && r === `*/${subresource}`))
      && (!rule.resourceNames?.length || rule.resourceNames.includes(name)));
  }

  private static check(rule: PolicyRule, field: string) {
    const where = 'PolicyRules.compact';
    for (const name of ['apiGroups', 'resources', 'verbs', 'resourceNames'] as const) {
      const list = rule[name] ?? [];
      if (name !== 'resourceNames' && list.length === 0) {
        reject({ where, field: `${field}.${name}`, value: list, problem: 'is empty, so the rule grants nothing', fix: 'list what the rule is for' });
      }
      list.forEach((value, i) => {
        const at = `${field}.${name}[${i}]`;
        noWildcard(where, at, value);
        // '' is the core API group; anything blank is a typing error that grants nothing.
        if (name === 'apiGroups' && value === '') return;
        text(where, at, value, name === 'apiGroups' ? 'an API group; the core group is ""' : 'a name');
      });
    }
  }

  private constructor() {}
}
