/** What a rejected input is told: where it stood, which field, its value, what is wrong and how to mend it. */
export interface Rejection {
  /** The construct or function that was called, e.g. `OnCallDebugAccess`. */
  readonly where: string;
  /** The field as the user wrote it, e.g. `groups[1]`. */
  readonly field: string;
  /** The value given. Shown as JSON, shortened when long. */
  readonly value: unknown;
  /** What is wrong, as the rest of a sentence that begins with field and value. */
  readonly problem: string;
  /** What to write instead, in the imperative. */
  readonly fix: string;
}

const SHOWN = 120;

/** The value as JSON, shortened, with control characters escaped: safe in a terminal. */
export function show(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
}

/** Bad input from the user; `message` names the field, the value and the fix. */
export class InvalidInputError extends Error {
  public constructor(public readonly rejection: Rejection) {
    super(`${rejection.where}: ${rejection.field} = ${show(rejection.value)} ${rejection.problem}. Fix: ${rejection.fix}.`);
    this.name = 'InvalidInputError';
  }
}

/** Throws the one error a user sees for this input. */
export function reject(rejection: Rejection): never {
  throw new InvalidInputError(rejection);
}
