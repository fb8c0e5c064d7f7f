import { Held, ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { Right } from '../rights';

export const isWildcard = ({ apiGroup, resource, verb }: Right): boolean => [apiGroup, verb].includes('*') || resource.startsWith('*');

const READS = ['get', 'list', 'watch'];

/** A group of Kubernetes itself, or all of them: what is in it decides about the cluster. */
const isOfKubernetes = (apiGroup: string): boolean => !apiGroup.includes('.') || apiGroup.endsWith('.k8s.io');

/** Any verb on a kind of one's own is little; any kind is much, and of Kubernetes itself it is everything but the name. */
function danger(wild: Held[], wide: boolean): Danger {
  const kinds = wild.filter(({ right: { resource, apiGroup } }) => resource.startsWith('*') || apiGroup === '*');
  if (!wide || kinds.length === 0) return Danger.MEDIUM;
  const own = kinds.every(({ right: { apiGroup } }) => !isOfKubernetes(apiGroup));
  const writes = kinds.some(({ right: { verb } }) => !READS.includes(verb));
  return own ? writes ? Danger.HIGH : Danger.MEDIUM : writes ? Danger.CRITICAL : Danger.HIGH;
}

export const WILDCARDS = {
  id: 'SD5002',
  takesOver: true,
  broad: { words: 'use wildcards', is: isWildcard, danger, dangerOfGain: wide => wide ? Danger.CRITICAL : Danger.HIGH },
} satisfies ReviewRule;
