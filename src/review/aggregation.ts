import { Rule } from './rights';
import { Role } from './roles';
import { asObject, asString, objectsIn, stringsIn } from './untrusted';
import { canonicalJson } from '../private/canonical';

/** A rule, and the role whose manifest it stands in: another than the bound one, if that aggregates it. */
export interface Origin {
  readonly rule: Rule;
  readonly role: Role;
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
function selects(selector: any, labels: { readonly [key: string]: unknown }): boolean {
  const has = (key: string) => Object.prototype.hasOwnProperty.call(labels, key);
  return Object.entries(asObject(selector.matchLabels)).every(([key, value]) => has(key) && labels[key] === value)
    && objectsIn(selector.matchExpressions).every(({ key, operator, values }) => {
      const among = has(key) && stringsIn(values).includes(asString(labels[key]));
      switch (operator) {
        case 'In': return among;
        case 'NotIn': return !among;
        case 'Exists': return has(key);
        case 'DoesNotExist': return !has(key);
        default: return false;
      }
    });
}

const labelKey = (key: string, value: unknown): string => JSON.stringify([key, value]);

/** Which ClusterRoles aggregate which; found by label, so that many roles are not compared with each other. */
export class Aggregation {
  private readonly clusterRoles: Role[];
  private readonly byLabel = new Map<string, Role[]>();
  private readonly parts = new Map<Role, Role[]>();

  public constructor(roles: Role[]) {
    this.clusterRoles = roles.filter(({ kind }) => kind === 'ClusterRole');
    for (const role of this.clusterRoles) {
      for (const [key, value] of Object.entries(role.labels)) {
        const same = this.byLabel.get(labelKey(key, value));
        if (same) same.push(role); else this.byLabel.set(labelKey(key, value), [role]);
      }
    }
  }

  /** The roles that one selects by label; never itself. */
  public partsOf(role: Role): Role[] {
    if (!role.selectors) return [];
    let parts = this.parts.get(role);
    if (!parts) {
      const found = role.selectors.flatMap(selector => this.candidates(selector).filter(other => selects(selector, other.labels)));
      this.parts.set(role, parts = [...new Set(found)].filter(({ name }) => name !== role.name));
    }
    return parts;
  }

  /**
   * The rules that a role has on a cluster: the controller overwrites those of an aggregating role by what it selects; if
   * that is no rule at all, it leaves them alone. Of one that was read from a cluster they are the sum already. Where roles aggregate each other in a circle, it depends on
   * the past what they have, so all that stands in them counts.
   *
   * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
   */
  public originsOf(role: Role): Origin[] {
    if (!role.selectors) return role.rules.map(rule => ({ rule, role }));
    const open = new Set<Role>();
    const done = new Map<Role, Origin[]>();
    const circular = new Set<Role>();
    const visit = (one: Role): Origin[] => {
      const own = one.rules.map(rule => ({ rule, role: one }));
      if (!one.selectors) return own;
      if (open.has(one)) {
        open.forEach(aggregating => circular.add(aggregating));
        return own;
      }
      const known = done.get(one);
      if (known) return known;
      open.add(one);
      const parts = this.partsOf(one).flatMap(visit);
      open.delete(one);
      const all = parts.length === 0 ? own : circular.has(one) ? [...own, ...parts] : parts;
      // The same rule may come by several ways.
      const distinct = [...new Map(all.map(origin => [origin.rule, origin])).values()];
      done.set(one, distinct);
      return distinct;
    };
    const origins = visit(role);
    if (!role.live) return origins;
    const known = new Set(origins.map(({ rule }) => canonicalJson(rule)));
    return [...origins, ...role.rules.filter(rule => !known.has(canonicalJson(rule))).map(rule => ({ rule, role }))];
  }

  /** Those that the rarest label of a selector leaves. */
  private candidates(selector: any): Role[] {
    const lists = Object.entries(asObject(selector.matchLabels)).map(([key, value]) => this.byLabel.get(labelKey(key, value)) ?? []);
    return lists.reduce((shortest, list) => list.length < shortest.length ? list : shortest, this.clusterRoles);
  }
}
