// Exit statuses of a session; those of a remote command are passed on as they are.

/** The API server or the gateway said no. */
export const REFUSED = 1;
/** Wrong use. */
const WRONG_USE = 2;
/** The recording could not be written: nothing goes on without one. */
export const NO_RECORDING = 74;

/** What ends a session: one sentence, with the fix in it. */
export class SessionError extends Error {
  public constructor(message: string, public readonly code: number = REFUSED) {
    super(message);
    this.name = 'SessionError';
  }
}

/** Something in the command is wrong. */
export function wrongUse(message: string): never {
  throw new SessionError(message, WRONG_USE);
}

/** It may not be done. */
export function refuse(message: string): never {
  throw new SessionError(message, REFUSED);
}
