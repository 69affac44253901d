/** Small helpers for work that usually need not wait. */

/** `undefined` if there is nothing to wait for. */
export function whenBoth(a: void | Promise<void>, b: void | Promise<void>): Promise<unknown> | undefined {
  if (a === undefined) return b === undefined ? undefined : b;
  return b === undefined ? a : Promise.all([a, b]);
}
