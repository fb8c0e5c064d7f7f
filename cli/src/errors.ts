/** Exit statuses. */
export const OK = 0;
/** The cluster refused, or nobody approved in time. */
export const REFUSED = 1;
/** Wrong use: nothing was sent that could change anything. */
export const WRONG_USE = 2;

/** What ends a command: one sentence, with the fix in it. */
export class CommandError extends Error {
  public constructor(message: string, public readonly code: number = REFUSED) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Something in the command line is wrong. */
export function wrongUse(message: string): never {
  throw new CommandError(message, WRONG_USE);
}

/** The cluster said no, or cannot do it. */
export function refused(message: string): never {
  throw new CommandError(message, REFUSED);
}
