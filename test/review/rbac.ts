/** RBAC objects for tests, as they come out of a YAML parser. */
export const RBAC = 'rbac.authorization.k8s.io';
const apiVersion = `${RBAC}/v1`;

/** `rule('get,list', 'pods,pods/log')`; `rule('get', 'deployments', 'apps', 'api,web')`. */
export function rule(verbs: string, resources: string, apiGroups = '', names?: string): any {
  return {
    apiGroups: apiGroups.split(','), resources: resources.split(','), verbs: verbs.split(','), ...names !== undefined && { resourceNames: names.split(',') },
  };
}

export const role = (namespace: string, name: string, ...rules: any[]): any => ({ apiVersion, kind: 'Role', metadata: { namespace, name }, rules });
export const clusterRole = (name: string, ...rules: any[]): any => ({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });

export const group = (name: string): any => ({ apiGroup: RBAC, kind: 'Group', name });
export const user = (name: string): any => ({ apiGroup: RBAC, kind: 'User', name });
export const account = (namespace: string, name: string): any => ({ kind: 'ServiceAccount', namespace, name });

/** In a namespace, to `Role name` or, spelled out, `ClusterRole name`. */
export function bind(namespace: string, name: string, to: string, ...subjects: any[]): any {
  const [kind, roleName] = to.includes(' ') ? to.split(' ') : ['Role', to];
  return { apiVersion, kind: 'RoleBinding', metadata: { namespace, name }, roleRef: { apiGroup: RBAC, kind, name: roleName }, subjects };
}

export function bindEverywhere(name: string, clusterRoleName: string, ...subjects: any[]): any {
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: clusterRoleName }, subjects };
}

/** The rules as a Role `r` of `payments`, bound there to the group `oncall`. */
export const held = (...rules: any[]): any[] => [role('payments', 'r', ...rules), bind('payments', 'b', 'r', group('oncall'))];

/** The rules as a ClusterRole `r`, bound everywhere to the group `oncall`. */
export const heldEverywhere = (...rules: any[]): any[] => [clusterRole('r', ...rules), bindEverywhere('b', 'r', group('oncall'))];
