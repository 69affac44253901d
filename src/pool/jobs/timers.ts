/** Timers whose delay users give. */

import { outsideOfCalls } from './caller-context.ts';

/** The longest delay of Node's timers, about 25 days; a longer one would be taken for 1 ms. */
export const maxDelay = 0x7fff_ffff;

/** As `setTimeout`, for any number >= 0 but `Infinity`. A long wait does not keep the `AsyncLocalStorage` store of the code that began it. */
export function later(ms: number, callback: () => void): NodeJS.Timeout {
  return outsideOfCalls(() => setTimeout(callback, Math.min(ms, maxDelay)));
}
