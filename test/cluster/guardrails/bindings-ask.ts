import { Api } from '../lab/api';
import { Person } from '../lab/kubectl';

export const RBAC = 'rbac.authorization.k8s.io';
export const EVERYTHING = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
export const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name });
export const user = (name: string) => ({ apiGroup: RBAC, kind: 'User', name });
export const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', namespace, name });

/** A Role, or without a namespace a ClusterRole. */
export const role = (name: string, rules: object[], namespace?: string, more: object = {}) => ({
  apiVersion: `${RBAC}/v1`, kind: namespace ? 'Role' : 'ClusterRole', metadata: { name, ...namespace && { namespace }, ...more }, rules,
});

/** A RoleBinding, or without a namespace a ClusterRoleBinding. */
export const binding = (name: string, kind: 'Role' | 'ClusterRole', roleName: string, subjects: object[], namespace?: string, more: object = {}) => ({
  apiVersion: `${RBAC}/v1`,
  kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name, ...namespace && { namespace }, ...more },
  roleRef: { apiGroup: RBAC, kind, name: roleName },
  subjects,
});

export interface Asked {
  /** `passed`, `refused by POLICY`, `refused by RBAC`, or another status with its message. */
  readonly verdict: string;
  readonly message: string;
  readonly warnings?: string;
}

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';

const PLURALS: { [kind: string]: string } = { NetworkPolicy: 'networkpolicies', Ingress: 'ingresses' };

/** Where objects of the kind are. */
export function pathOf({ apiVersion, kind, metadata }: any, named = true): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata.namespace ? `/namespaces/${metadata.namespace}` : '';
  return `${base}${place}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}${named ? `/${encodeURIComponent(metadata.name)}` : ''}`;
}

/** Asks as people, with a client of one's own, and says who refused. */
export class Asking {
  private readonly apis = new Map<string, Api>();

  public async ask(person: Person, method: string, path: string, body?: object, contentType?: string): Promise<Asked> {
    let api = this.apis.get(person.kubeconfig);
    if (!api) this.apis.set(person.kubeconfig, api = new Api(person));
    const { status, body: answer } = await api.send(method, path, body, contentType);
    const message: string = typeof answer === 'string' ? answer : answer?.message ?? '';
    if (status >= 200 && status < 300) return { verdict: 'passed', message };
    const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(message)?.[1];
    if (status === 403) return { verdict: policy ? `refused by ${policy}` : message.includes('exceeded quota') ? `403 ${message}` : 'refused by RBAC', message };
    return { verdict: `${status} ${message}`, message };
  }

  /** Would it be created? Nothing is. */
  public create(person: Person, object: any): Promise<Asked> {
    return this.ask(person, 'POST', `${pathOf(object, false)}?dryRun=All`, object);
  }

  /** Would the whole object be replaced? */
  public replace(person: Person, object: any): Promise<Asked> {
    return this.ask(person, 'PUT', `${pathOf(object)}?dryRun=All`, object);
  }

  public patch(person: Person, object: any, body: object, contentType = MERGE_PATCH, subresource = ''): Promise<Asked> {
    return this.ask(person, 'PATCH', `${pathOf(object)}${subresource}?dryRun=All`, body, contentType);
  }

  public apply(person: Person, object: any): Promise<Asked> {
    return this.ask(person, 'PATCH', `${pathOf(object)}?dryRun=All&fieldManager=suite&force=true`, object, APPLY);
  }

  public delete(person: Person, object: any): Promise<Asked> {
    return this.ask(person, 'DELETE', `${pathOf(object)}?dryRun=All`);
  }

  public close(): void {
    this.apis.forEach(api => api.close());
  }
}
