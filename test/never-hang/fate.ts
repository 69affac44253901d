/** What became of those who wait, and a watchdog over all waiting: what does not come is reported, never waited for. */

import { now } from './mark.ts';

export interface Fate {
  readonly ok: boolean;
  readonly value: unknown;
  /** When it was known, in milliseconds of `now()`. */
  readonly at: number;
}

/** A fate always comes, if anything does: as long as nobody looks, no rejection is unhandled. */
export function fateOf(promise: PromiseLike<unknown>): Promise<Fate> {
  return Promise.resolve(promise).then(
    (value) => ({ ok: true, value, at: now() }),
    (value: unknown) => ({ ok: false, value, at: now() }),
  );
}

/** A watchdog's bound, no assertion on speed: what has not come by then never will. */
const patience = 10_000;

export class Hung extends Error {
  override name = 'Hung';
}

/** @throws Hung */
export async function within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hung(`${what} did not come within ${patience / 1000} s`)), patience);
  });
  try {
    return await Promise.race([promise, hung]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something holds. @throws Hung */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = now() + patience;
  while (!condition()) {
    if (now() > deadline) throw new Hung(`${what} did not come within ${patience / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
