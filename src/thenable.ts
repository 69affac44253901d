/** Promises, and other values that `await` would wait for. */

import { expected } from './check.ts';
import { TypeError } from './refusals.ts';

/** True for a value that `await` would wait for. Reading `then` may throw, as it may for `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/** Where a promise is refused, that is told: what it rejects with later is not, and ends no program. */
export function ignoreRejection(refused: PromiseLike<unknown>): void {
  refused.then(undefined, () => {});
}

/**
 * Calls a function of the user that must have ended when it returns: an async one would not be waited for.
 *
 * @throws TypeError if it is async; and what it throws
 */
export function atOnce<T>(fn: () => T, what: string): T {
  const value = fn();
  if (!isThenable(value)) return value;
  ignoreRejection(value);
  throw new TypeError(expected(what, 'a function that answers at once', value));
}
