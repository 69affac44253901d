/** The outcomes of waiters, and a watchdog over all waiting: an outcome that does not come is reported, never waited for. */

import { readdirSync, readFileSync } from 'node:fs';
import { children } from './children.ts';
import { now } from './mark.ts';

export interface Fate {
  readonly ok: boolean;
  readonly value: unknown;
  /** When it was known, in milliseconds of `now()`. */
  readonly at: number;
}

/** A fate always comes, if anything does: until it is read, no rejection is unhandled. */
export function fateOf(promise: PromiseLike<unknown>): Promise<Fate> {
  return Promise.resolve(promise).then(
    (value) => ({ ok: true, value, at: now() }),
    (value: unknown) => ({ ok: false, value, at: now() }),
  );
}

/**
 * A watchdog's bound in milliseconds, not an assertion on speed. Where nothing has come by then and no process is at work, nothing ever
 * will. On a busy machine, a process that works or waits for a core has as long as it takes; the driver ends a file that never ends.
 */
const patience = 10_000;

export class Hung extends Error {
  override name = 'Hung';
}

const readAll = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return []; // it ended while we looked
  }
};

/** Milliseconds that this process and those it has started have run, or waited for a core. */
function busyTime(): number {
  let sum = 0;
  for (const process of ['self', ...children()])
    for (const thread of readAll(`/proc/${process}/task`)) {
      try {
        const [ran, waited] = readFileSync(`/proc/${process}/task/${thread}/schedstat`, 'latin1').split(' ');
        sum += (Number(ran) + Number(waited)) / 1e6;
      } catch {
        // it ended while we looked, or this system does not tell
      }
    }
  return sum;
}

/** Tells whether `patience` has passed without work; to be asked again and again. */
function watchdog(): () => boolean {
  let since = now();
  /** The look is postponed until there is reason: most waits are short. */
  let busy = -Infinity;
  return () => {
    if (now() - since < patience) return false;
    const soFar = busyTime();
    // Ended processes no longer count their time.
    if (Math.abs(soFar - busy) < patience / 2) return true;
    since = now();
    busy = soFar;
    return false;
  };
}

const hungAt = (what: string): Hung => new Hung(`${what} did not come within ${patience / 1000} s`);

/** @throws Hung */
export async function within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const isOver = watchdog();
  const hung = new Promise<never>((_, reject) => {
    timer = setInterval(() => isOver() && reject(hungAt(what)), patience / 10);
  });
  try {
    return await Promise.race([promise, hung]);
  } finally {
    clearInterval(timer);
  }
}

/** Waits until something holds. @throws Hung */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const isOver = watchdog();
  while (!condition()) {
    if (isOver()) throw hungAt(what);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
