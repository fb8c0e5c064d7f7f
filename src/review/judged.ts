import { clusterScopedRights } from './assess';
import { loudClusterScoped } from './loud';
import { Right } from './rights';

const plainKey = ({ apiGroup, resource }: Right): string => `${resource.split('/')[0]}.${apiGroup}`;

let clusterScoped: Set<string> | undefined;

/** Rights of RoleBindings on cluster-scoped objects, as far as they are known: they grant nothing. */
export function isLostInNamespace(right: Right): boolean {
  clusterScoped ??= new Set([...clusterScopedRights(), ...loudClusterScoped()].map(plainKey));
  return clusterScoped.has(plainKey(right));
}
