/** Reading of manifests that may hold anything: what is not of the wanted type counts as absent. */

export const objectsIn = (value: unknown): any[] => Array.isArray(value) ? value.filter(item => item !== null && typeof item === 'object') : [];
export const stringsIn = (value: unknown): string[] => Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
export const asString = (value: unknown): string => typeof value === 'string' ? value : '';
export const asObject = (value: unknown): { [key: string]: any } => value !== null && typeof value === 'object' ? value : {};

export const nameOf = (object: any): string => asString(asObject(object.metadata).name);

/** The namespace of a namespaced object, empty when it is left to whoever applies it; undefined for cluster-scoped kinds. */
export const namespaceOf = (object: any): string | undefined => asString(object.kind).startsWith('Cluster') ? undefined : asString(asObject(object.metadata).namespace);

/** `ClusterRole view`, `RoleBinding payments/oncall-debug`. */
export function identity(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}
