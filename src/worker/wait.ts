/** Small helpers for work that usually need not wait. */

/** Whether `await` would wait for it. Reading `then` may throw, as it may for `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/** `undefined` if there is nothing to wait for. */
export function whenBoth(a: void | Promise<void>, b: void | Promise<void>): Promise<unknown> | undefined {
  if (a === undefined) return b === undefined ? undefined : b;
  return b === undefined ? a : Promise.all([a, b]);
}
