import { Right } from './rights';
import { POWERS } from './rules';
import { PowerRule } from './rules/rule';
import { sortedUnique } from '../private/canonical';

/** The loud rights, those on cluster-scoped objects only on request. */
export function loudRights(withClusterScoped: boolean): { readonly id: string; readonly right: Right }[] {
  return POWERS.flatMap(({ id, asked }) =>
    asked.filter(({ clusterScoped }) => withClusterScoped || !clusterScoped).flatMap(({ rights }) => rights.map(right => ({ id, right }))));
}

export const LOUD_IDS = sortedUnique(POWERS.map(({ id }) => id));

/** The rule of a loud right. */
export function loudRule(id: string): PowerRule {
  return POWERS.find(rule => rule.id === id)!;
}

/** Loud rights on cluster-scoped objects. */
export function loudClusterScoped(): Right[] {
  return POWERS.flatMap(({ asked }) => asked.filter(({ clusterScoped }) => clusterScoped).flatMap(({ rights }) => rights));
}

/** Groups and users that stand for more than a team. */
export function standsForMany(kind: string, subject: string): boolean {
  return (kind === 'Group' && /^system:(authenticated|unauthenticated|masters|serviceaccounts(:.*)?)$/.test(subject)) || (kind === 'User' && subject === 'system:anonymous');
}

/** Names of people: users that are no part of Kubernetes. */
export function isPerson(kind: string, subject: string): boolean {
  return kind === 'User' && !subject.startsWith('system:');
}

/** Rules by which somebody takes over the namespace, or more. */
export function takesOver(id: string): boolean {
  return id < 'SD5008' || ['SD5014', 'SD5015', 'SD5019', 'SD5020'].includes(id);
}
