import { readFileSync, statSync, readdirSync } from 'fs';
import { join } from 'path';
import { AccessRequests } from 'cdk8s-secure-debug';
import { parseAllDocuments } from 'yaml';
import { PathClass } from './debug-session';
import { wrongUse } from '../errors';
import { plain } from '../text';

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
  return paths.flatMap(path => files(path)).flatMap(file => documents(file)).flatMap(declared);
}

function files(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => /\.(ya?ml|json)$/.test(name)).sort().map(name => join(path, name));
  } catch (error) {
    return wrongUse(`--declared ${plain(path)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name the manifests that are applied, a file or a folder, e.g. --declared dist.`);
  }
}

function documents(file: string): any[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap(document => {
    if (document.errors.length > 0) wrongUse(`--declared ${plain(file)} is no YAML: ${plain(document.errors[0].message.split('\n')[0])}. Fix: name the manifests that are applied.`);
    const object: any = document.toJS();
    return object?.kind === 'List' && Array.isArray(object.items) ? object.items : [object];
  });
}

function declared(object: any): Declared[] {
  const path = PATHS[object?.metadata?.labels?.[COMPONENT]];
  if (path === undefined) return [];
  const { kind, metadata: { name, namespace = '', labels }, roleRef } = object;
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
    return [{ bindingKind: kind, namespace, binding: name, roleKind: String(roleRef?.kind), role: String(roleRef?.name), path }];
  }
  return kind === 'Role' && labels[AccessRequests.REQUESTABLE_LABEL] === 'true' ? [{ bindingKind: 'RoleBinding', namespace, binding: '', roleKind: 'Role', role: name, path }] : [];
}
