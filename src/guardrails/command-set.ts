import { Argument } from './argument';
import { Command } from './command';
import { allOf, anyOf, list, literal, literals } from '../model/cel';
import type { CommandMatches } from '../model/exec-allow-list';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsLabel, reason as checkReason } from '../private/validate';

/** What a set of commands is. */
export interface CommandSetProps {
  /** The commands, in any order. */
  readonly commands: Command[];

  /**
   * Whether they may be given a terminal (`kubectl exec -t`).
   *
   * @default false
   */
  readonly tty?: boolean;

  /**
   * Whether they may read from the person (`kubectl exec -i`).
   *
   * @default false
   */
  readonly stdin?: boolean;

  /**
   * Why the set contains a shell, or another program that runs whatever it is told: who may use the set may run anything.
   *
   * @default - it contains none
   */
  readonly shellReason?: string;
}

/**
 * Commands that may be run in containers, under one name. Who may use it where is a right on the virtual resource
 * `commandsets.secure-debug.internal`, which `ExecGuardrail`, a request or break-glass grants.
 */
export class CommandSet {
  /**
   * What shows the state of a container and changes nothing: processes, memory, disks, sockets, names, listings of
   * directories. No contents of files but those of `/proc` that name no secret, and no environment.
   */
  public static readOnlyDiagnostics(): CommandSet {
    const exact = [
      'date', 'df', 'df -h', 'df -i', 'free', 'free -m', 'hostname', 'id', 'ls', 'ls -l', 'ls -la', 'mount', 'nproc', 'ps', 'ps -ef', 'ps aux', 'pwd', 'uname -a', 'uptime', 'whoami',
      'netstat -an', 'netstat -tln', 'netstat -tlnp', 'ss -tan', 'ss -tln', 'ss -tlnp', 'ss -s', 'top -b -n 1', 'vmstat',
      'cat /etc/hosts', 'cat /etc/os-release', 'cat /etc/resolv.conf', 'cat /proc/1/limits', 'cat /proc/1/status', 'cat /proc/loadavg', 'cat /proc/meminfo', 'cat /proc/mounts', 'cat /proc/uptime',
    ].map(line => Command.exact(...line.split(' ')));
    return new CommandSet('diagnostics', {
      commands: [
        ...exact,
        ...[['du', '-sh'], ['ls'], ['ls', '-l'], ['ls', '-la'], ['stat']].map(argv => Command.withArguments(argv, [Argument.path()])),
        ...[['getent', 'hosts'], ['nslookup']].map(argv => Command.withArguments(argv, [Argument.word()])),
      ],
    });
  }

  /**
   * An interactive shell: `sh`, `bash` and `ash`, by name or in `/bin`, and nothing after it, so that `sh -c …` stays out and
   * what is typed is not in the audit log. Whoever may use it may run anything in the container.
   */
  public static shell(): CommandSet {
    return new CommandSet('shell', {
      commands: ['ash', 'bash', 'sh'].flatMap(name => [name, `/bin/${name}`]).map(name => Command.exact(name)),
      tty: true,
      stdin: true,
      shellReason: 'an interactive shell is what this set is for',
    });
  }

  /**
   * What `kubectl cp POD:PATH` runs to fetch files from a directory: `tar cf - PATH`.
   *
   * @param directory absolute, e.g. `/var/log`
   * @param name of the set
   * @default copy-from
   * @throws when it is no absolute directory of plain names
   */
  public static copyFrom(directory: string, name?: string): CommandSet {
    return new CommandSet(name ?? 'copy-from', { commands: [Command.withArguments(['tar', 'cf', '-'], [Argument.pathBelow(directory)])] });
  }

  /** The commands, in order. */
  public readonly commands: Command[];
  /** Whether they may be given a terminal. */
  public readonly tty: boolean;
  /** Whether they may read from the person. */
  public readonly stdin: boolean;
  /** Why it contains a shell; undefined when it contains none. */
  public readonly shellReason?: string;

  /**
   * @param name DNS label, by which it is granted
   * @throws on a malformed name, no commands, a command twice, a shell without saying so, and a shell's reason without a shell
   */
  public constructor(public readonly name: string, props: CommandSetProps) {
    const where = 'CommandSet';
    dnsLabel(where, 'name', name, 'a name such as "diagnostics"');
    const { commands } = props;
    if (!Array.isArray(commands) || commands.length === 0) {
      reject({ where, field: 'commands', value: commands, problem: `is empty, so "${name}" would allow nothing`, fix: 'give at least one, e.g. Command.exact("ls", "-l")' });
    }
    const seen = new Set<string>();
    commands.forEach((command, i) => {
      if (!(command instanceof Command)) reject({ where, field: `commands[${i}]`, value: command, problem: 'is no Command', fix: 'use Command.exact("ls", "-l") or Command.withArguments(…)' });
      if (seen.has(command._pattern)) {
        reject({ where, field: `commands[${i}]`, value: command.toString(), problem: 'is listed twice', fix: 'remove one of the two' });
      }
      seen.add(command._pattern);
      if (command.runsAnything !== undefined && props.shellReason === undefined) {
        reject({
          where,
          field: `commands[${i}]`,
          value: command.toString(),
          problem: `runs whatever "${command.runsAnything}" is told, so the other commands of the set would mean nothing`,
          fix: 'leave it out, or give shellReason if a shell is meant',
        });
      }
    });
    if (props.shellReason !== undefined) {
      checkReason(where, 'shellReason', props.shellReason);
      if (!commands.some(command => command.runsAnything !== undefined)) {
        reject({ where, field: 'shellReason', value: props.shellReason, problem: 'is given, and the set contains no shell', fix: 'leave it out' });
      }
    }
    this.commands = [...commands].sort((a, b) => byCodeUnit(a.toString(), b.toString()));
    this.tty = props.tty ?? false;
    this.stdin = props.stdin ?? false;
    this.shellReason = props.shellReason;
  }

  /** Its name and commands, as a reviewer reads them. */
  public toString(): string {
    return `${this.name}: ${this.commands.join(', ')}`;
  }

  /**
   * As a broker policy writes it.
   *
   * @internal
   */
  public _toJson(): any {
    const { name, commands, tty, stdin, shellReason } = this;
    const some = { ...tty && { tty }, ...stdin && { stdin }, ...shellReason !== undefined && { shellReason } };
    return { name, commands: commands.map(command => command._toJson()), ...some };
  }

  /**
   * What is in the set: commands without variable parts, and RE2 of the others, as words joined by line ends.
   *
   * @internal
   */
  public get _matches(): CommandMatches {
    const patterns = this.commands.flatMap(command => (command._exact ? [] : [command._pattern]));
    return { exact: this.commands.flatMap(command => command._exact ? [command._exact] : []), ...patterns.length && { pattern: `^(?:${patterns.join('|')})$` } };
  }

  /**
   * CEL: whether a command is in the set.
   *
   * @param argv expression that gives the words as a list
   * @param line expression that gives them joined by line ends; empty when a word contains one
   * @internal
   */
  public _contains(argv: string, line: string): string {
    const { exact, pattern } = this._matches;
    return anyOf([
      ...exact.length ? [`${argv} in ${list(sortedUnique(exact.map(literals)))}`] : [],
      ...pattern === undefined ? [] : [`${line}.matches(${literal(pattern)})`],
    ]);
  }

  /**
   * CEL: whether the command is in the set, and what it is given is allowed with it; all are expressions.
   *
   * @internal
   */
  public _fits(contained: string, tty: string, stdin: string): string {
    return allOf([contained, ...this.tty ? [] : [`!${tty}`], ...this.stdin ? [] : [`!${stdin}`]]);
  }
}

const SHOWN_COMMANDS = 6;

/** A few commands of each set: a message has 5 KiB at most, and a tired reader. */
export function summaryOf(sets: readonly CommandSet[]): string {
  return sets.map(({ name, commands }) => {
    const shown = commands.slice(0, SHOWN_COMMANDS).join(', ');
    return `${name} (${shown}${commands.length > SHOWN_COMMANDS ? `, … ${commands.length} in all` : ''})`;
  }).join('; ');
}

/** The most sets that one policy can ask about: it may ask the authorizer 28 times, and asks about streams too. */
const MOST_SETS = 24;

/** The sets, checked and sorted by name. */
export function commandSetsOf(where: string, sets: CommandSet[]): CommandSet[] {
  const field = 'commandSets';
  if (!Array.isArray(sets) || sets.length === 0) {
    reject({ where, field, value: sets, problem: 'is empty, so no command at all would be allowed', fix: 'give at least one, e.g. CommandSet.readOnlyDiagnostics()' });
  }
  sets.forEach((set, i) => {
    if (!(set instanceof CommandSet)) reject({ where, field: `${field}[${i}]`, value: set, problem: 'is no CommandSet', fix: 'use CommandSet.readOnlyDiagnostics() or new CommandSet("name", { commands: […] })' });
    if (sets.findIndex(other => other.name === set.name) !== i) {
      reject({ where, field: `${field}[${i}]`, value: set.name, problem: 'is the name of two sets', fix: 'give one of them another name' });
    }
  });
  if (sets.length > MOST_SETS) {
    reject({ where, field, value: `${sets.length} sets`, problem: `are more than the ${MOST_SETS} that one admission policy can ask the authorizer about`, fix: 'join sets that the same groups use' });
  }
  return [...sets].sort((a, b) => byCodeUnit(a.name, b.name));
}
