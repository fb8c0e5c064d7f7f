import { EXEC_WORDS, streamWords } from './exec-words';
import { byCodeUnit, sortedUnique } from '../private/canonical';

/** What is in a set of commands. */
export interface CommandMatches {
  /** Commands without variable parts. */
  readonly exact: string[][];
  /** RE2 of the others, as words joined by line ends. */
  readonly pattern?: string;
}

/** A set of commands, and what they may be given. */
interface AllowedSet extends CommandMatches {
  readonly name: string;
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** What members of groups may use, at any time or by a grant. */
export interface AllowedUse {
  readonly namespaces: string[];
  readonly groups: string[];
  readonly sets: string[];
  readonly portForward: boolean;
}

/** What a policy says. */
interface ExecRules {
  /** The namespaces that are guarded. */
  readonly namespaces: string[];
  readonly deny: boolean;
  readonly exceptions: { readonly users: string[]; readonly groups: string[] };
  readonly sets: AllowedSet[];
  /** The sets as the guardrail sums them up. */
  readonly summary: string;
  readonly uses: AllowedUse[];
}

/**
 * Which commands and streams which groups may use in which namespaces, as a `BrokerPolicy` says it: a door that knows it refuses in
 * the guardrail's words before it asks the API server. `BrokerPolicy.execAllowList()` makes it.
 */
export class ExecAllowList {
  /** @internal */
  public static _of(rules: ExecRules): ExecAllowList {
    return new ExecAllowList(rules);
  }

  /** The namespaces that it is about, sorted. */
  public readonly namespaces: string[];
  /** Whether it refuses; else it only watches, as the policy does. */
  public readonly refuses: boolean;

  private constructor(private readonly rules: ExecRules) {
    this.namespaces = sortedUnique(rules.namespaces);
    this.refuses = rules.deny;
  }

  /**
   * What the session program reads, for some of the namespaces.
   *
   * @internal
   */
  public _toJson(namespaces: readonly string[]): any {
    const { deny, exceptions, sets, summary, uses } = this.rules;
    const sorted = (texts: readonly string[]) => [...texts].sort(byCodeUnit);
    return {
      deny,
      exceptions: { users: sorted(exceptions.users), groups: sorted(exceptions.groups) },
      sets: [...sets].sort((a, b) => byCodeUnit(a.name, b.name)).map(set => setToJson(set)),
      rights: uses.map(use => ({
        namespaces: sorted(use.namespaces.filter(one => namespaces.includes(one))),
        groups: sorted(use.groups),
        sets: sorted(use.sets),
        portForward: use.portForward,
      })).filter(use => use.namespaces.length > 0),
      words: {
        unknown: EXEC_WORDS.unknown.map(word => word === '$sets' ? summary : word),
        withoutStreams: EXEC_WORDS.withoutStreams,
        notGranted: EXEC_WORDS.notGranted,
        portForward: EXEC_WORDS.stream.map(word => word === '$stream' ? streamWords('port-forward') : word),
      },
    };
  }
}

function setToJson({ name, tty, stdin, exact, pattern }: AllowedSet) {
  return { name, tty, stdin, exact, ...pattern !== undefined && { pattern: ecmaScript(pattern) } };
}

/** RE2 in the words of JavaScript, with flag `u`: of what patterns here are made of, only a character by its number is written otherwise. */
function ecmaScript(pattern: string): string {
  return pattern.replace(/\\x\{/g, '\\u{');
}
