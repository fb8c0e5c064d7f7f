import { readdirSync, readFileSync, statSync } from 'fs';
import { join } from 'path';
import { parseAllDocuments } from 'yaml';
import { wrongUse } from '../../errors';
import { Session } from '../../session';
import { plain } from '../../text';

/** The objects in manifests: files, or what lies in directories as .yaml, .yml and .json. */
export function objectsIn(paths: string[]): any[] {
  return paths.flatMap(path => filesIn(path)).flatMap(parsed);
}

function filesIn(path: string): string[] {
  try {
    if (path === '-' || !statSync(path).isDirectory()) return [path];
    const found = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => /\.(ya?ml|json)$/.test(name)).sort().map(name => join(path, name)).filter(file => statSync(file).isFile());
    return found.length > 0 ? found : wrongUse(`${plain(path)} has no .yaml, .yml or .json file. Fix: name a folder with manifests.`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return wrongUse(`${plain(path)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name files or folders with manifests.`);
  }
}

function parsed(file: string): any[] {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return wrongUse(`${plain(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name files or folders with manifests.`);
  }
  if (/^\s*[{[]/.test(text)) {
    try {
      return [JSON.parse(text)].flat();
    } catch { /* it may still be YAML */ }
  }
  return parseAllDocuments(text).flatMap(document => {
    const [error] = document.errors;
    if (error) wrongUse(`${plain(file)}:${error.linePos?.[0].line ?? 1} is no YAML: ${plain(error.message.split('\n')[0])}. Fix: mend or leave out the file.`);
    const object = document.toJS();
    return object === null ? [] : [object];
  });
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const KINDS: [kind: string, path: string][] = [
  ['ClusterRole', `${RBAC}/clusterroles`], ['ClusterRoleBinding', `${RBAC}/clusterrolebindings`], ['Role', `${RBAC}/roles`], ['RoleBinding', `${RBAC}/rolebindings`],
];

/** Roles and bindings of a cluster, and its ServiceAccounts; takes `list` on these in the whole cluster. */
export async function objectsOfCluster({ cluster }: Session): Promise<any[]> {
  const found: any[] = [];
  for (const [kind, path] of KINDS) {
    for (const item of await cluster.list(path)) found.push({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, ...item });
  }
  for (const item of await cluster.list('/api/v1/serviceaccounts')) found.push({ apiVersion: 'v1', kind: 'ServiceAccount', ...item });
  return found;
}
