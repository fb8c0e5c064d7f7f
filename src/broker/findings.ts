import { fieldOf, Finding, pathOf } from './finding';
import { Path } from './json-source';
import { InvalidInputError } from '../private/errors';

/** Tells the place in the policy of a field that a construct refused, by the way to it and its value. */
export type Translate = (path: Path, value: unknown) => Path;

/** Below one place, under the names it has there: by first part of the field. */
export function below(base: Path, renamed: { readonly [field: string]: Path } = {}): Translate {
  return ([first, ...rest]) => [...base, ...Object.hasOwn(renamed, first) ? renamed[first] : [first], ...rest];
}

/** What is found, each once. */
export class Findings {
  public readonly all: Finding[] = [];
  private readonly seen = new Set<string>();

  /** Several constructs may refuse the same thing. */
  public add(finding: Finding): void {
    const key = `${fieldOf(finding.path)} ${finding.problem}`;
    if (!this.seen.has(key)) this.all.push(finding);
    this.seen.add(key);
  }

  /** What is made; undefined when it is refused, which is a finding then. */
  public attempt<T>(translate: Translate, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      const { field, value, problem, fix } = error.rejection;
      this.add({ path: translate(pathOf(field), value), value, problem, fix });
      return undefined;
    }
  }
}
