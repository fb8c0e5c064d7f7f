import { Right } from './rights';
import { POWERS } from './rules';
import { Power } from './rules/rule';
import { sortedUnique } from '../private/canonical';

/** The loud rights, those on cluster-scoped objects only on request. */
export function loudRights(withClusterScoped: boolean): { readonly id: string; readonly right: Right }[] {
  return POWERS.flatMap(({ id, asked }) =>
    asked.filter(({ clusterScoped }) => withClusterScoped || !clusterScoped).flatMap(({ rights }) => rights.map(right => ({ id, right }))));
}

export const LOUD_IDS = sortedUnique(POWERS.map(({ id }) => id));

/** The power that a loud right is part of. */
export function loudPower(id: string): Power {
  return POWERS.find(one => one.id === id)!;
}

/** Loud rights on cluster-scoped objects. */
export function loudClusterScoped(): Right[] {
  return POWERS.flatMap(({ asked }) => asked.filter(({ clusterScoped }) => clusterScoped).flatMap(({ rights }) => rights));
}
