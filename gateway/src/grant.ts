import type { Api } from './api';
import type { Action } from './command';
import { plain } from './text';

/** What is asked of the API server about a pod. */
const ASKED: { readonly [kind: string]: readonly [verb: string, subresource: string] } = {
  exec: ['create', 'exec'],
  logs: ['get', 'log'],
  debug: ['patch', 'ephemeralcontainers'],
  forward: ['create', 'portforward'],
};

/**
 * By which right it is allowed, in the API server's words, such as `RBAC: allowed by RoleBinding "oncall-debug/payments" of Role …`:
 * the first that allows it, as in the audit log. Undefined if nothing does, or the API server does not say.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
 */
export async function grantOf(api: Api, action: Action): Promise<string | undefined> {
  if (!('at' in action)) return undefined;
  const { namespace, pod } = action.at;
  const [verb, subresource] = ASKED[action.kind];
  try {
    const { status } = await api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { namespace, name: pod, resource: 'pods', subresource, verb } },
    });
    return status.allowed && status.reason ? plain(status.reason) : undefined;
  } catch {
    return undefined; // what was asked for is decided without it
  }
}
