/**
 * Looking again and again for a moment before a thread sleeps: a wake-up takes longer than most locks are held. How long that is worth while is
 * learned from how it went.
 *
 * The looks get rarer. To look all the time would hand the lock over at each release, with its memory going from core to core: that is five
 * times slower than to let the other one run on for a while.
 */

import { availableParallelism } from 'node:os';
import { idle } from '../../memory/index.ts';

/** The most that it spins, in turns of `idle`: some 10 µs. On one core nobody else runs meanwhile. */
let most = availableParallelism() > 1 ? 20_000 : 0;
/** Between the first looks, and between the later ones at most. */
const firstDelay = 1000;
const longestDelay = 8000;

/** Lets nobody spin any more, for tests of what comes after it. */
export function dontSpin(): void {
  most = 0;
}

/** Whether spinning makes sense here. */
export function spins(): boolean {
  return most > 0;
}

export class Spin {
  #turns: number = most;

  /** Returns true as soon as `look` does, or false. */
  until(look: () => boolean): boolean {
    if (most === 0) return false;
    let delay = firstDelay;
    for (let left = this.#turns; left > 0; left -= delay) {
      idle(delay);
      if (look()) {
        this.#turns += (most - this.#turns) >> 3;
        return true;
      }
      if (delay < longestDelay) delay *= 2;
    }
    // Down to one look.
    this.#turns -= (this.#turns - firstDelay) >> 3;
    return false;
  }
}
