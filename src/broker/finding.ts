import { JsonSource, Path } from './json-source';
import { InvalidInputError, Rejection, show } from '../private/errors';

/** Something that is wrong in a policy. */
export interface Finding {
  /** The way to it. */
  readonly path: Path;
  /** It is the key that is wrong, not its value. */
  readonly key?: boolean;
  readonly value: unknown;
  readonly problem: string;
  readonly fix: string;
}

/** One thing that is wrong in a policy, and where. */
export interface BrokerPolicyFinding {
  /** The field, e.g. `teams[0].requests[1].maxDuration`; empty when the text is no JSON. */
  readonly field: string;
  /** What is wrong, in one sentence with field and value. */
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string;
  /**
   * Line in the file, from 1.
   *
   * @default - the policy comes from no file
   */
  readonly line?: number;
  /**
   * Column in the line, from 1, in UTF-16 units.
   *
   * @default - the policy comes from no file
   */
  readonly column?: number;
}

/** The file a policy was read from. */
export interface PolicySource {
  readonly fileName: string;
  readonly json: JsonSource;
}

/** E.g. `teams[0].requests[1].maxDuration`. */
export function fieldOf(path: Path): string {
  const text = path.map(step => (typeof step === 'number' ? `[${step}]` : /^[A-Za-z$][\w-]*$/.test(step) ? `.${step}` : `[${show(step)}]`)).join('');
  return text === '' ? 'policy' : text.replace(/^\./, '');
}

/** The way that a field's name says, as constructs write it. */
export function pathOf(field: string): Path {
  return [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([text, index]) => (index === undefined ? text : Number(index)));
}

/** The findings as data, in the order of the file. */
export function located(findings: readonly Finding[], source?: PolicySource): BrokerPolicyFinding[] {
  const all = findings.map(({ path, key, value, problem, fix }) => {
    const field = fieldOf(path);
    return { offset: source?.json.offsetOf(path, key ?? false), field, problem: `${field} = ${show(value)} ${problem}`, fix };
  });
  const sorted = all.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  return sorted.map(({ offset, ...finding }) => ({ ...finding, ...source && source.json.position(offset!) }));
}

/** What is wrong with the text itself, as data. */
export function syntaxOf({ json }: PolicySource): BrokerPolicyFinding[] {
  return json.findings.map(({ offset, found, problem, fix }) => ({ field: '', problem: `${found} ${problem}`, fix, ...json.position(offset) }));
}

const SHOWN = 10;

/** A name of a file as a terminal can show it. */
const shownName = (name: string) => (show(name) === `"${name}"` ? name : show(name));

/** Everything that is wrong with a policy, as one error. */
export class PolicyError extends InvalidInputError {
  /** @param where what the lines begin with when there is no file */
  public constructor(where: string, public readonly findings: readonly BrokerPolicyFinding[], fileName?: string) {
    const [first] = findings;
    super({ where, field: first.field, value: undefined, problem: first.problem, fix: first.fix } satisfies Rejection);
    const place = ({ line, column }: BrokerPolicyFinding) => (fileName === undefined ? where : `${shownName(fileName)}${line === undefined ? '' : `:${line}:${column}`}`);
    const lines = findings.slice(0, SHOWN).map(finding => `${place(finding)}: ${finding.problem}. Fix: ${finding.fix}.`.replace(/([.?!])\.$/, '$1'));
    const more = findings.length - lines.length;
    this.message = [...lines, ...more > 0 ? [`… and ${more} more`] : []].join('\n');
  }
}
