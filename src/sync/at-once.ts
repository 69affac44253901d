/** Calling a function of a user's that is to be over when it returns: nobody waits for an async one, and others go on as if it were. */

import { expected } from '../check.ts';

/** @throws TypeError if it is async; and what it throws */
export function atOnce<T>(fn: () => T, what: string): T {
  const value = fn();
  if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function')
    throw new TypeError(expected(what, 'a function that answers at once', value));
  return value;
}
