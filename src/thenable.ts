/** Promises, and whatever else `await` would wait for. */

import { expected } from './check.ts';

/** Whether `await` would wait for it. Reading `then` may throw, as it may for `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Calls a function of a user's that is to be over when it returns: nobody waits for an async one, and others go on as if it were.
 *
 * @throws TypeError if it is async; and what it throws
 */
export function atOnce<T>(fn: () => T, what: string): T {
  const value = fn();
  if (isThenable(value)) throw new TypeError(expected(what, 'a function that answers at once', value));
  return value;
}
