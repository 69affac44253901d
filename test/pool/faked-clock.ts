/** Time-outs without time: a clock that moves only while what must be late is all that runs. */

import { type TestContext, mock } from 'node:test';

/** Node's own, also where a test puts another in its place. */
const { setTimeout } = globalThis;

/** From here to its end the test's timers stand still. Workers have timers of their own. */
export function stopClock({ mock: { timers } }: TestContext): void {
  timers.enable({ apis: ['setTimeout'] });
}

/**
 * Takes everything an async iterator gives, and lets 400 ms pass again and again while `isLate` holds.
 *
 * @param isLate whether nothing can run but what must take too long; it gets the number of values so far
 */
export async function takeAll<T>({ timers }: typeof mock, values: AsyncIterator<T>, isLate: (taken: number) => boolean): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    let isHere = false;
    const next = values.next().finally(() => (isHere = true));
    // The rejection goes to the caller below.
    next.catch(() => {});
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (isHere) break;
      if (isLate(all.length)) timers.tick(400);
    }
    const { done, value } = await next;
    if (done === true) return all;
    all.push(value);
  }
}
