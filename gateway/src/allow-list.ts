import type { PodName } from './command';
import type { Person } from './person';

/** A set of commands, and what they may be given. */
export interface CommandSet {
  readonly name: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Commands without variable parts. */
  readonly exact: string[][];
  /** Regular expression (flag `u`) of the others, as words joined by line ends. */
  readonly pattern?: string;
}

/** What members of groups may ever use in namespaces, of their own or by a grant. */
export interface Right {
  readonly namespaces: string[];
  readonly groups: string[];
  readonly sets: string[];
  readonly portForward: boolean;
}

/** What the broker's policy says about commands, made by the construct. */
export interface AllowList {
  /** Whether it refuses; else it only remarks. */
  readonly deny: boolean;
  readonly exceptions: { readonly users: string[]; readonly groups: string[] };
  readonly sets: CommandSet[];
  readonly rights: Right[];
  /** What the guardrail says, in pieces; one that begins with `$` is a name of what stands there. */
  readonly words: { readonly [what in 'unknown' | 'withoutStreams' | 'notGranted' | 'portForward']: string[] };
}

/** What is asked of a container. */
export interface Exec {
  readonly command: string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

/**
 * Why the guardrail would refuse it, in its words, before the API server is asked; undefined if it may pass. What a grant or an
 * emergency gives for a time passes here, and is judged there.
 */
export function objection(list: AllowList | undefined, person: Person, { namespace, pod }: PodName, asked: Exec | 'port-forward'): string | undefined {
  if (!list || list.exceptions.users.includes(person.user) || list.exceptions.groups.some(group => person.claims.includes(group))) return undefined;
  const rights = list.rights.filter(right => right.namespaces.includes(namespace) && right.groups.some(group => person.claims.includes(group)));
  const say = (words: string[], fitting = '') => words.map(part => part.replace(/^\$(shown|place|fitting)$/, (_all, name: string) => (
    { shown: asked === 'port-forward' ? '' : asked.command.join(' ').replaceAll('\n', ' '), place: `${namespace}/${pod}`, fitting }[name]!
  ))).join('');
  if (asked === 'port-forward') return rights.some(right => right.portForward) ? undefined : say(list.words.portForward);
  const containing = list.sets.filter(set => contains(set, asked.command));
  if (containing.length === 0) return say(list.words.unknown);
  const fitting = containing.filter(set => (set.tty || !asked.tty) && (set.stdin || !asked.stdin)).map(set => set.name);
  if (fitting.length === 0) return say(list.words.withoutStreams);
  return rights.some(right => right.sets.some(set => fitting.includes(set))) ? undefined : say(list.words.notGranted, fitting.join(' or '));
}

/** No word that contains a line end matches any pattern, so two words cannot be passed off as one. */
function contains({ exact, pattern }: CommandSet, command: string[]): boolean {
  const line = command.some(word => word.includes('\n')) ? '' : command.join('\n');
  return exact.some(words => words.length === command.length && words.every((word, i) => word === command[i])) || pattern !== undefined && new RegExp(pattern, 'u').test(line);
}
