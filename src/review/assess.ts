import { AccessCell, AccessState } from './access-row';
import { inWords, expand, isReached, keyOf, Reach, reach, Right, Rule } from './rights';
import { DebugCapability } from '../model/capability';
import { sortedUnique } from '../private/canonical';

/** What decides in a place: on requests in its namespaces, and on those for cluster-scoped objects. */
export interface Sphere {
  readonly namespaced: Rule[];
  readonly cluster: Rule[];
}

interface Reached {
  readonly right: Right;
  readonly reach: Reach;
}

interface Needs {
  readonly capability: DebugCapability;
  readonly namespaced: Right[];
  readonly cluster: Right[];
}

/** A cell but for the objects it comes from. */
export type Assessment = Omit<AccessCell, 'grantedBy'>;

/** The catalogue with what each capability needs, as the model says it. */
let catalogue: Needs[] | undefined;
function needs(): Needs[] {
  return catalogue ??= DebugCapability.all().map(capability => ({
    capability, namespaced: expand(capability.namespacedRules()), cluster: expand(capability.clusterRules()),
  }));
}

/** What a capability of the catalogue is told by in a place: what it needs, and what shows its use. */
export function rightsFor(id: string, sphere: Sphere): { readonly right: Right; readonly clusterScoped: boolean }[] {
  const { capability, namespaced, cluster } = needs().find(one => one.capability.id === id)!;
  const local = new Map([...namespaced, ...signs(capability, sphere).map(({ right }) => right)].map(right => [keyOf(right), right]));
  return [...[...local.values()].map(right => ({ right, clusterScoped: false })), ...cluster.map(right => ({ right, clusterScoped: true }))];
}

/** The rights on cluster-scoped objects that capabilities need, but for `namespaces`, each of which is also in itself. */
export function clusterScopedRights(): Right[] {
  return needs().flatMap(({ cluster }) => cluster).filter(({ resource }) => resource !== 'namespaces');
}

/** The rights by which its use is told in a log, apart from those that only the object's name would tell from others. */
function signs(capability: DebugCapability, sphere: Sphere): Reached[] {
  const granted = sortedUnique(sphere.namespaced.flatMap(rule => rule.verbs)).filter(verb => verb !== '*');
  return capability.logPredicates().filter(({ namePrefix }) => namePrefix === undefined).flatMap(({ apiGroup, resource, subresource, verbs }) =>
    // Any verb on a subresource was meant for it, be it the wrong one; `pods` serves many ends.
    (subresource ? sortedUnique([...verbs, ...granted]) : verbs)
      .map(verb => ({ apiGroup, resource: subresource ? `${resource}/${subresource}` : resource, verb }))
      .map(right => ({ right, reach: reach(sphere.namespaced, right) }))
      .filter(sign => isReached(sign.reach)));
}

function needed({ namespaced, cluster }: Needs, sphere: Sphere): Reached[] {
  return [
    ...namespaced.map(right => ({ right, reach: reach(sphere.namespaced, right) })),
    ...cluster.map(right => ({ right, reach: reach(sphere.cluster, right) })),
  ];
}

const covers = (names: string[]) => ({ reach: { all, names: reached } }: Reached) => all || names.every(name => reached.includes(name));

function assessOne(one: Needs, sphere: Sphere, inNamespace: boolean): Assessment {
  const { capability } = one;
  const { id, title, danger } = capability;
  const cell = { capability: id, title, danger, names: [], has: [], lacks: [] };
  if (inNamespace && !capability.namespaced) return { ...cell, state: AccessState.NOT_APPLICABLE };

  const rights = needed(one, sphere);
  if (rights.every(right => right.reach.all)) return { ...cell, state: AccessState.GRANTED };
  const names = sortedUnique(rights.flatMap(right => right.reach.names)).filter(name => rights.every(covers([name])));

  const shown = signs(capability, sphere);
  // A subresource is for this alone; `create pods` without the rest is something else, and yet part of it.
  const meant = shown.filter(sign => sign.right.resource.includes('/'));
  const openToAll = meant.some(sign => sign.reach.all);
  const open = sortedUnique(meant.flatMap(sign => sign.reach.names)).filter(name => !names.includes(name));
  if (openToAll || open.length > 0) {
    const lacking = rights.filter(right => openToAll ? !right.reach.all : !covers(open)(right));
    const lacks = inWords(lacking.map(({ right }) => ({ right, reach: { all: true, names: [] } })));
    return { ...cell, state: AccessState.BROKEN, names, has: inWords(shown), lacks };
  }
  if (names.length) return { ...cell, state: AccessState.LIMITED, names };
  return shown.length ? { ...cell, state: AccessState.LIMITED, has: inWords(shown) } : { ...cell, state: AccessState.NONE };
}

export const HELD = [AccessState.GRANTED, AccessState.LIMITED, AccessState.BROKEN];

/** How far each capability is held. */
export function assess(sphere: Sphere, inNamespace: boolean): Assessment[] {
  const cells = needs().map(one => assessOne(one, sphere, inNamespace));
  const claimed = neededBy(cells);
  return cells.map((cell, i) => {
    const one = needs()[i];
    // A part of a plain read works by itself, so it is not broken; but what another one needs is no sign of it.
    if (cell.state !== AccessState.NONE || one.capability.logPredicates().length > 0) return cell;
    const reached = needed(one, sphere).filter(right => isReached(right.reach));
    if (reached.every(({ right }) => claimed.has(keyOf(right)))) return cell;
    reached.forEach(({ right }) => claimed.add(keyOf(right)));
    return { ...cell, state: AccessState.LIMITED, has: inWords(reached) };
  });
}

/** Keys of the rights that the held capabilities need. */
export function neededBy(cells: Assessment[]): Set<string> {
  const held = needs().filter((_, i) => HELD.includes(cells[i].state));
  return new Set(held.flatMap(({ namespaced, cluster }) => [...namespaced, ...cluster]).map(keyOf));
}

/** Whether rules by themselves contribute to a capability: to what tells its use, or for plain reads to anything of it. */
export function contributes(capability: string, sphere: Sphere): boolean {
  const one = needs().find(({ capability: { id } }) => id === capability)!;
  if (signs(one.capability, sphere).length > 0) return true;
  const telling = one.capability.logPredicates().some(({ namePrefix }) => namePrefix === undefined);
  return !telling && needed(one, sphere).some(right => isReached(right.reach));
}
