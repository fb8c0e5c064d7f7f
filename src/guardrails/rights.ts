import { Construct } from 'constructs';
import { ClusterBoundary } from '../model/cluster-boundary';
import { COMPONENT, MANAGED_BY } from '../model/constants';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { DebugSubject } from '../model/subject';
import { byCodeUnit } from '../private/canonical';
import { declareObject } from '../private/declare';
import { reject } from '../private/errors';
import { labelFrom } from '../private/naming';
import { each, groupName, namespaceName } from '../private/validate';

const RBAC = 'rbac.authorization.k8s.io';

/** Who holds a right, and where; sorted. */
export interface RightHolders {
  readonly namespaces: string[];
  readonly groups: string[];
}

/** Who and where, as allowances take it. */
interface WhoAndWhere {
  readonly namespace?: string;
  readonly namespaces?: string[];
  readonly group?: string;
  readonly groups?: string[];
  readonly allowSystemNamespaces?: boolean;
}

/** One field or its plural, at least one entry, none twice, sorted. */
function oneOrMore(
  where: string, field: string, one: string | undefined, many: string[] | undefined, what: string, check: (field: string, value: string) => string,
): string[] {
  if (one !== undefined && many !== undefined) reject({ where, field, value: one, problem: `is given beside ${field}s`, fix: 'use one of the two' });
  if (many !== undefined) return [...each(where, `${field}s`, many, what, check)].sort(byCodeUnit);
  if (one === undefined) reject({ where, field, value: one, problem: 'is missing', fix: `name the ${what}, e.g. ${what}: "${what === 'group' ? 'oncall-payments' : 'payments'}"` });
  return [check(field, one!)];
}

/** @param prefix begin of the fields' names, such as `allow[0].` */
export function namespacesAndGroups(where: string, prefix: string, props: WhoAndWhere): RightHolders {
  const { namespace, namespaces, group, groups, allowSystemNamespaces } = props;
  return {
    namespaces: oneOrMore(where, `${prefix}namespace`, namespace, namespaces, 'namespace', (field, value) => namespaceName(where, field, value, allowSystemNamespaces)),
    groups: oneOrMore(where, `${prefix}group`, group, groups, 'group', (field, value) => groupName(where, field, value)),
  };
}

/** Emits the Role and RoleBinding `<prefix>-<group>` in each namespace: rights on virtual resources. */
export function emitRights(scope: Construct, where: string, prefix: string, { namespaces, groups }: RightHolders, rules: PolicyRule[]): void {
  const boundary = ClusterBoundary.of(scope);
  for (const namespace of namespaces) {
    for (const group of groups) {
      const name = labelFrom(prefix, group);
      const metadata = { name, namespace, labels: { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: prefix } };
      declareObject(scope, `${namespace}-${name}-role`, where, boundary, { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: PolicyRules.compact(rules) });
      declareObject(scope, `${namespace}-${name}-binding`, where, boundary, {
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name },
        subjects: [DebugSubject.group(group).toManifest()],
      });
    }
  }
}
