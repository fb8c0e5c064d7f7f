import { Aggregation, Origin } from './aggregation';
import { distinct, rbacObjects, titleOfObject, unpack } from './manifests';
import { EVERYTHING, readRole, Role, roleKey } from './roles';
import { asObject, asString, identity, namespaceOf, objectsIn } from './untrusted';

/** A role as bindings refer to it, with what it grants on a cluster. */
export interface BoundRole {
  readonly title: string;
  readonly origins: Origin[];
  /** False when it is not among the manifests. */
  readonly known: boolean;
}

/** One subject of one binding, as the authorizer reads it. */
export interface BoundSubject {
  /** What has to be equal: `user:NAME` or `group:NAME`. A ServiceAccount is the user that it acts as. */
  readonly identity: string;
  readonly kind: string;
  readonly subject: string;
  /** Undefined for the whole cluster. */
  readonly namespace?: string;
  readonly binding: string;
  readonly role: BoundRole;
}

export const userIdentity = (name: string): string => `user:${name}`;
export const groupIdentity = (name: string): string => `group:${name}`;

/**
 * A ServiceAccount that names no namespace in a RoleBinding is that of the binding's: the API server takes it so.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/auth/authorizer/rbac/rbac.go (`appliesToUser`)
 */
function readSubject(given: any, home: string | undefined): Pick<BoundSubject, 'identity' | 'kind' | 'subject'> | undefined {
  const [kind, name] = [given.kind, given.name].map(asString);
  if (!name) return undefined;
  if (kind === 'Group') return { identity: groupIdentity(name), kind, subject: name };
  if (kind === 'ServiceAccount') {
    const namespace = asString(given.namespace) || home;
    return namespace ? { identity: userIdentity(`system:serviceaccount:${namespace}:${name}`), kind, subject: `${namespace}/${name}` } : undefined;
  }
  if (kind !== 'User') return undefined;
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  return { identity: userIdentity(name), ...account ? { kind: 'ServiceAccount', subject: `${namespace}/${account}` } : { kind, subject: name } };
}

/** Objects that name no namespace get the one of whoever applies them. */
function settled(object: any, defaultNamespace: string): any {
  return namespaceOf(object) === '' ? { ...object, metadata: { ...asObject(object.metadata), namespace: defaultNamespace } } : object;
}

/** What the RBAC objects among the manifests grant, read as the authorizer does: nothing is judged, nothing left out. */
export function readGrants(objects: any[], defaultNamespace: string): BoundSubject[] {
  const known = distinct(rbacObjects(unpack(objects)).map(object => settled(object, defaultNamespace))).map(({ object }) => object);
  const roles = known.filter(({ kind }) => !kind.endsWith('Binding')).map(readRole);
  const aggregation = new Aggregation(roles);
  const byKey = new Map<string, Role[]>();
  for (const role of roles) {
    const key = roleKey(role.kind, role.namespace, role.name);
    const same = byKey.get(key);
    if (same) same.push(role); else byKey.set(key, [role]);
  }

  const bound = new Map<string, BoundRole>();
  const roleOf = (kind: string, namespace: string | undefined, name: string): BoundRole => {
    const key = roleKey(kind, namespace, name);
    let role = bound.get(key);
    if (!role) {
      const found = byKey.get(key) ?? [];
      const builtIn = found.length === 0 && kind === 'ClusterRole' && name === 'cluster-admin';
      const everything: Role = { kind, name, labels: {}, rules: EVERYTHING, live: false };
      role = {
        title: identity(kind, kind === 'ClusterRole' ? undefined : namespace, name),
        origins: (builtIn ? [everything] : found).flatMap(one => aggregation.originsOf(one)),
        known: builtIn || found.length > 0,
      };
      bound.set(key, role);
    }
    return role;
  };

  return known.filter(({ kind }) => kind.endsWith('Binding')).flatMap((object): BoundSubject[] => {
    const namespace = namespaceOf(object);
    const [kind, name] = [asObject(object.roleRef).kind, asObject(object.roleRef).name].map(asString);
    const role = roleOf(kind, namespace, name);
    const binding = titleOfObject(object);
    return objectsIn(object.subjects).flatMap((given): BoundSubject[] => {
      const subject = readSubject(given, namespace);
      return subject ? [{ ...subject, namespace, binding, role }] : [];
    });
  });
}

