const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const part = encodeURIComponent;

const named = (collection: string, name?: string) => name === undefined ? collection : `${collection}/${part(name)}`;

/** Paths of the API. */
export const paths = {
  roleBindings: (namespace: string, name?: string) => named(`${RBAC}/namespaces/${part(namespace)}/rolebindings`, name),
  roleBindingsEverywhere: () => `${RBAC}/rolebindings`,
  roles: (namespace: string, name?: string) => named(`${RBAC}/namespaces/${part(namespace)}/roles`, name),
  rolesEverywhere: () => `${RBAC}/roles`,
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${part(namespace)}/jobs`,
  whoAmI: () => '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  mayI: () => '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  certificateRequests: (name?: string) => named('/apis/certificates.k8s.io/v1/certificatesigningrequests', name),
  rights: () => '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  policies: (name?: string) => named(`${ADMISSION}/validatingadmissionpolicies`, name),
  policyBindings: (name?: string) => named(`${ADMISSION}/validatingadmissionpolicybindings`, name),
  exec: (namespace: string, pod: string) => `/api/v1/namespaces/${part(namespace)}/pods/${part(pod)}/exec`,
};
