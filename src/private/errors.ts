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

/** What JSON leaves as it is, and a terminal or a reader does not: C1 controls, line separators, invisible and bidirectional marks. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

function json(value: unknown): string {
  if (value === undefined || typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A construct given in place of its name refers to itself through its tree.
    return `[${(value as object).constructor?.name ?? 'object'}]`;
  }
}

/** The value as JSON, shortened, with control and invisible characters escaped: safe in a terminal. */
export function show(value: unknown): string {
  const text = json(value).replace(UNSEEN, mark => mark.split('').map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));
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
