import { InvalidInputError, Rejection } from '../../src/private/errors';

/** What the user is told; fails when the input is accepted, or refused by an accident such as a TypeError. */
export function refusal(act: () => unknown): string {
  return rejection(act).message;
}

/** The field that is blamed, the value shown for it and the fix, apart. */
export function rejected(act: () => unknown): Rejection {
  return rejection(act).rejection;
}

function rejection(act: () => unknown): InvalidInputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
