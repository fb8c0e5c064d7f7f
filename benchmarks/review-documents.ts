/**
 * RBAC as a large company's repository has it: teams with a namespace or two, each with a few Roles and bindings of
 * capabilities, ServiceAccounts of controllers, shared ClusterRoles, some that aggregate, and some that grant too much.
 * The same count gives the same documents; 6,100 are 3.1 MB of YAML.
 */
const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

const RULES = [
  { apiGroups: [''], resources: ['pods', 'pods/log', 'services', 'configmaps', 'endpoints', 'events'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/exec', 'pods/attach', 'pods/portforward'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['get', 'patch'] },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get', 'update', 'patch'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['database', 'registry'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: ['example.com'], resources: ['widgets', 'widgets/status'], verbs: ['get', 'list', 'watch', 'update', 'patch'] },
];
const DANGEROUS = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] },
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['create'] },
  { apiGroups: [apiGroup], resources: ['clusterroles'], verbs: ['bind'] },
];

/** Six documents a team: two Roles, three RoleBindings, and every sixth team a ClusterRole and its binding in place of one. */
export function documents(count: number, changed = false): any[] {
  const objects: any[] = [];
  for (let team = 0; objects.length < count; team++) {
    const namespace = `team-${team}`;
    const labels = { 'app.kubernetes.io/managed-by': 'argocd', 'example.com/team': namespace };
    const pick = (i: number, length: number) => Array.from({ length }, (_, k) => RULES[(team * 3 + i * 5 + k * 7) % RULES.length]);
    const role = (name: string, rules: object[]) => ({ apiVersion, kind: 'Role', metadata: { name, namespace, labels }, rules });
    const binding = (name: string, roleRef: object, ...subjects: object[]) =>
      ({ apiVersion, kind: 'RoleBinding', metadata: { name, namespace, labels }, roleRef: { apiGroup, ...roleRef }, subjects });
    const group = (name: string) => ({ apiGroup, kind: 'Group', name });
    const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace });
    objects.push(
      role('oncall-debug', [...pick(0, 4), ...team % 50 === 0 ? [DANGEROUS[team / 50 % DANGEROUS.length]] : [], ...changed && team % 100 === 7 ? [DANGEROUS[0]] : []]),
      role('controller', pick(1, 3)),
      binding('oncall-debug', { kind: 'Role', name: 'oncall-debug' }, group(`oncall-${team % 400}`), ...team % 9 === 0 ? [{ apiGroup, kind: 'User', name: `user-${team}@example.com` }] : []),
      binding('controller', { kind: 'Role', name: 'controller' }, account('controller')),
      binding('view', { kind: 'ClusterRole', name: `shared-${team % 40}` }, group(`developers-${team % 300}`)),
    );
    if (team < 40) {
      objects.push({ apiVersion, kind: 'ClusterRole', metadata: { name: `shared-${team}`, labels: { 'example.com/aggregate': `level-${team % 4}` } }, rules: pick(2, 4) });
    } else if (team % 6 === 0) {
      const name = `operator-${team}`;
      const sum = team % 60 === 0;
      objects.push(
        {
          apiVersion,
          kind: 'ClusterRole',
          metadata: { name, labels },
          ...sum && { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'example.com/aggregate': `level-${team % 4}` } }] } },
          rules: sum ? [] : pick(3, 3),
        },
        { apiVersion, kind: 'ClusterRoleBinding', metadata: { name, labels }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects: [account('operator')] },
      );
    }
  }
  return objects.slice(0, count);
}
