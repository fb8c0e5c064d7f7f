import { clusterScopedRights } from './assess';
import { loudClusterScoped } from './loud';
import { keyOf, Right } from './rights';

/** Any verb on any resource. */
export const EVERYTHING: Right = { apiGroup: '*', resource: '*', verb: '*' };

export const isEverything = (right: Right): boolean => keyOf(right) === keyOf(EVERYTHING);

export const isWildcard = ({ apiGroup, resource, verb }: Right): boolean => [apiGroup, verb].includes('*') || resource.startsWith('*');

const plainKey = ({ apiGroup, resource }: Right): string => `${resource.split('/')[0]}.${apiGroup}`;

let clusterScoped: Set<string> | undefined;

/** Rights of RoleBindings on cluster-scoped objects, as far as they are known: they grant nothing. */
export function isLostInNamespace(right: Right): boolean {
  clusterScoped ??= new Set([...clusterScopedRights(), ...loudClusterScoped()].map(plainKey));
  return clusterScoped.has(plainKey(right));
}
