import { Who, userNamed } from '../minimize/who';

/** A binding as it stands in the manifests, and whom it names. */
export interface Binding {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly name: string;
  /** Undefined for the whole cluster. */
  readonly namespace?: string;
  readonly roleKind: string;
  readonly roleName: string;
  readonly labels: { readonly [key: string]: unknown };
  readonly subjects: { readonly who: Who; readonly raw: any }[];
  readonly object: any;
}

const text = (value: unknown): string => typeof value === 'string' ? value : '';

/** The objects, with lists unpacked. */
export function unpacked(objects: any[]): any[] {
  return objects.flatMap(object => {
    if (object === null || typeof object !== 'object') return [];
    if (!text(object.kind).endsWith('List') || !Array.isArray(object.items)) return [object];
    const typed = object.kind === 'List' ? {} : { kind: object.kind.slice(0, -'List'.length), apiVersion: object.apiVersion };
    return unpacked(object.items.map((item: any) => ({ ...typed, ...item })));
  });
}

export const isRbac = ({ apiVersion }: any) => text(apiVersion).startsWith('rbac.authorization.k8s.io/');

/** The bindings, by namespace and name; those of the whole cluster first. */
export function bindingsIn(objects: any[]): Binding[] {
  return objects.filter(object => isRbac(object) && (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding')).map((object): Binding => {
    const namespace = object.kind === 'RoleBinding' ? text(object.metadata?.namespace) || 'default' : undefined;
    const subjects: any[] = Array.isArray(object.subjects) ? object.subjects : [];
    return {
      kind: object.kind,
      name: text(object.metadata?.name),
      ...namespace !== undefined && { namespace },
      roleKind: text(object.roleRef?.kind),
      roleName: text(object.roleRef?.name),
      labels: object.metadata?.labels ?? {},
      subjects: subjects.flatMap(raw => {
        const who = whoIn(raw, namespace);
        return who ? [{ who, raw }] : [];
      }),
      object,
    };
  }).sort((a, b) => titleOf(a) < titleOf(b) ? -1 : 1);
}

function whoIn(raw: any, home: string | undefined): Who | undefined {
  const [kind, name] = [text(raw?.kind), text(raw?.name)];
  if (!name) return undefined;
  if (kind === 'Group') return { kind, name, logName: name };
  if (kind === 'User') return userNamed(name);
  const namespace = text(raw?.namespace) || home;
  return kind === 'ServiceAccount' && namespace ? { kind, name, namespace, logName: `system:serviceaccount:${namespace}:${name}` } : undefined;
}

export const titleOf = ({ kind, name, namespace }: Pick<Binding, 'kind' | 'name' | 'namespace'>) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** As it is applied again: without what the cluster added. */
export function bare(object: any): any {
  const { name, namespace, labels, annotations } = object.metadata;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...kept } = annotations ?? {};
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: object.kind,
    metadata: { name, ...namespace && { namespace }, ...labels && { labels }, ...Object.keys(kept).length > 0 && { annotations: kept } },
    roleRef: object.roleRef,
    ...object.subjects && { subjects: object.subjects },
  };
}
