/**
 * What every cluster lets everybody do who has logged in, so that no role has to: the ClusterRoles `system:discovery`,
 * `system:basic-user` and `system:public-info-viewer` with their bindings to `system:authenticated`.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#api-discovery-roles
 */
export const EVERYBODY: any[] = [
  ...bound('system:discovery', [{
    verbs: ['get'],
    nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'],
  }]),
  ...bound('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] }]),
  ...bound('system:basic-user', [
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'] },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ]),
];

function bound(name: string, rules: object[]): any[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects: [{ apiGroup, kind: 'Group', name: 'system:authenticated' }] },
  ];
}
