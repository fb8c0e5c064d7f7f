import { ApiError, Cluster } from '../../cluster';
import { refused } from '../../errors';

/** What is read of a cluster: every one by `list`, in the whole cluster. */
interface Wanted {
  readonly path: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly resource: string;
  /** What cannot be told without it; undefined when nothing can be told at all. */
  readonly lost?: string;
}

const of = (group: string, resource: string, kind: string, lost?: string): Wanted => ({
  path: group.includes('/') ? `/apis/${group}/${resource}` : `/api/${group}/${resource}`, kind, apiVersion: group, resource: `${resource}${group.includes('/') ? `.${group.split('/')[0]}` : ''}`, lost,
});

const RBAC = 'rbac.authorization.k8s.io/v1';
const ADMISSION = 'admissionregistration.k8s.io/v1';

const WANTED: Wanted[] = [
  of(RBAC, 'clusterroles', 'ClusterRole'),
  of(RBAC, 'clusterrolebindings', 'ClusterRoleBinding'),
  of(RBAC, 'roles', 'Role'),
  of(RBAC, 'rolebindings', 'RoleBinding'),
  of('v1', 'serviceaccounts', 'ServiceAccount', 'which ServiceAccounts exist'),
  of('v1', 'namespaces', 'Namespace', 'where Pod Security enforces nothing'),
  of(ADMISSION, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', 'what guardrails hold'),
  of(ADMISSION, 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', 'what guardrails hold'),
];

/** The objects of a cluster that say who may do what. Neither Secrets nor pods are read. */
interface LiveObjects {
  readonly objects: any[];
  readonly notes: string[];
  /** Every ServiceAccount is among them. */
  readonly complete: boolean;
}

/** Reads a cluster, page by page. */
export async function readLive(cluster: Cluster): Promise<LiveObjects> {
  const objects: any[] = [];
  const notes: string[] = [];
  let complete = true;
  for (const { path, kind, apiVersion, resource, lost } of WANTED) {
    try {
      // Items of a list say neither their kind nor their version.
      for (const item of await cluster.list(path)) objects.push({ apiVersion, kind, ...item });
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404].includes(error.status)) throw error;
      if (lost === undefined) {
        refused(`${error.message} The inventory needs the right to list clusterroles, clusterrolebindings, roles and rolebindings of ${RBAC.split('/')[0]} in the whole cluster, and knows more with serviceaccounts and namespaces.`);
      }
      if (kind === 'ServiceAccount') complete = false;
      notes.push(`${resource} cannot be listed (${error.status}), so it is not told ${lost}`);
    }
  }
  return { objects, notes, complete };
}
