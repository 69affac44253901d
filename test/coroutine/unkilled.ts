/** The value of a greenlet that a test has not killed. */

import type { GreenletExit } from 'heddle/coroutine';

export function unkilled<T>(value: T | GreenletExit): T {
  if (isExit(value)) throw value;
  return value;
}

/** By its code, as a test imports the classes of the bundle or those of the modules. */
function isExit(value: unknown): value is GreenletExit {
  return (value as { code?: unknown } | null | undefined)?.code === 'ERR_HEDDLE_GREENLET_EXIT';
}
