import type { Team } from './answers';
import { defaults } from './answers';

/** What a cluster says about who debugs today. */
interface Present {
  readonly teams: Team[];
  /** What was found and is in no team, a sentence each. */
  readonly notes: string[];
}

/** What opens a way into a container or to a port of it; each is asked for by one of these. */
const INTO = [
  ['create', 'pods/exec'], ['get', 'pods/exec'], ['create', 'pods/attach'], ['get', 'pods/attach'], ['create', 'pods/portforward'], ['get', 'pods/portforward'],
  ['patch', 'pods/ephemeralcontainers'],
] as const;

const SYSTEM = /^(kube-|openshift-)|^(default|openshift|secure-debug|secure-debug-audit)$/;

/**
 * Teams as the RoleBindings of a cluster have them: who of a group can act in the containers of a namespace is on call there. Where
 * several groups can, the one that can in the fewest namespaces is the team's own. Whoever has it in the whole cluster is the
 * reason to begin, and no team.
 */
export function presentTeams(objects: any[]): Present {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { PermissionModel } = require('cdk8s-secure-debug') as typeof import('cdk8s-secure-debug');
  const model = PermissionModel.fromManifests(objects);
  const local = new Map<string, Set<string>>();
  const people = new Map<string, Set<string>>();
  const wide = new Set<string>();
  const unreadable = new Set<string>();
  for (const { subjectKind, subject, paths } of INTO.flatMap(([verb, resource]) => model.whoCanAnywhere(verb, '', resource))) {
    if (subjectKind === 'ServiceAccount' || subject.startsWith('system:')) continue;
    if (/\p{C}/u.test(subject)) {
      unreadable.add(`${subjectKind} ${subject}`);
      continue;
    }
    for (const { namespace } of paths) {
      if (namespace === undefined) {
        wide.add(`${subjectKind} ${subject}`);
      } else if (!SYSTEM.test(namespace)) {
        const held = subjectKind === 'Group' ? local : people;
        held.set(subject, (held.get(subject) ?? new Set()).add(namespace));
      }
    }
  }
  const groups = [...local].map(([group, namespaces]) => ({ group, namespaces }))
    .sort((a, b) => a.namespaces.size - b.namespaces.size || compare(a.group, b.group));
  const named = [...local.values()].flatMap(namespaces => [...namespaces]);
  const there = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => String(metadata?.name));
  const all = sorted([...named, ...there.filter(name => !SYSTEM.test(name))]);

  const owned = new Map<string, string[]>();
  const besides = new Map<string, string[]>();
  const nobody: string[] = [];
  for (const namespace of all) {
    const [own, ...others] = groups.filter(({ namespaces }) => namespaces.has(namespace)).map(({ group }) => group);
    if (own === undefined) nobody.push(namespace);
    else owned.set(own, [...owned.get(own) ?? [], namespace]);
    for (const other of others) besides.set(other, [...besides.get(other) ?? [], namespace]);
  }
  const notes = [...besides].sort(([a], [b]) => compare(a, b)).map(([group, namespaces]) => `group ${group} can debug in ${namespaces.join(', ')} too, and is not on call there`);
  if (nobody.length > 0) notes.push(`in no team, since no RoleBinding lets a group debug there: ${nobody.join(', ')}`);
  for (const [person, namespaces] of [...people].sort(([a], [b]) => compare(a, b))) notes.push(`user ${person} can debug in ${sorted([...namespaces]).join(', ')}; only groups are declared`);
  if (wide.size > 0) notes.push(`in the whole cluster: ${sorted([...wide]).join(', ')}; secure-debug plan is the way off it`);

  if (unreadable.size > 0) notes.push(`left out, for their names have signs that nobody sees: ${sorted([...unreadable]).join(', ')}`);

  const taken = new Set<string>();
  const teams = [...owned].sort(([a], [b]) => compare(a, b)).map(([onCall, namespaces]): Team => {
    const name = unused(namespaces.length === 1 ? namespaces[0] : teamOf(onCall), taken);
    return { name, namespaces, onCall, approvers: defaults.approvers(name) };
  });
  return { teams: teams.sort((a, b) => compare(a.name, b.name)), notes };
}

const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
const sorted = (names: string[]) => [...new Set(names)].sort(compare);

/** The team in the name of its group: `oidc:oncall-payments` is payments. */
function teamOf(group: string): string {
  const plain = group.replace(/^.*[:/]/, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^(oncall|on-call)-|-(oncall|on-call)$/g, '');
  return plain.slice(0, 40).replace(/^-+|-+$/g, '') || 'team';
}

function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name}-${i}`;
  taken.add(free);
  return free;
}
