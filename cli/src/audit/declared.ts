import { AccessRequests } from 'cdk8s-secure-debug';
import { PathClass } from './debug-session';
import { declaredObjects } from './declared-objects';
import { asObject, asText } from './event';

/** A binding that was declared, and by which way who holds it comes. */
export interface Declared {
  readonly bindingKind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly namespace: string;
  /** Empty: any binding of the Role, for requests for access make them. */
  readonly binding: string;
  readonly roleKind: string;
  readonly role: string;
  readonly path: PathClass;
}

const COMPONENT = `${AccessRequests.RIGHTS_GROUP}/component`;

const PATHS: { readonly [component: string]: PathClass } = {
  'oncall-debug-access': 'on-call',
  'read-only-access': 'read-only',
  'cluster-read-access': 'read-only',
  'just-in-time-access': 'just-in-time',
  'break-glass-access': 'break-glass',
};

/** What manifests declare, as they are synthesized: their bindings, and their Roles that can be requested. */
export function declaredIn(paths: string[]): Declared[] {
  return declaredObjects(paths).flatMap(declared);
}

function declared({ kind, metadata, roleRef }: any): Declared[] {
  const { name, namespace, labels } = asObject(metadata);
  const path = PATHS[asObject(labels)[COMPONENT]];
  if (path === undefined || asText(name) === '') return [];
  const named = { namespace: asText(namespace), path };
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
    return [{ ...named, bindingKind: kind, binding: name, roleKind: asText(asObject(roleRef).kind), role: asText(asObject(roleRef).name) }];
  }
  return kind === 'Role' && labels[AccessRequests.REQUESTABLE_LABEL] === 'true' ? [{ ...named, bindingKind: 'RoleBinding', binding: '', roleKind: 'Role', role: name }] : [];
}
