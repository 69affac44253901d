/**
 * Looking again and again for a moment before a thread sleeps: a wake-up takes longer than most locks are held. How long that is worth while is
 * learned from how it went.
 *
 * The looks become rarer. A tight loop would hand the lock over at each release and move its memory from core to core. That is five times
 * slower than letting the other thread run for a while.
 */

import { availableParallelism } from 'node:os';
import { idle } from '../../memory/index.ts';

/** The longest spin, in turns of `idle`: some 10 µs. On one core no other thread runs meanwhile. */
let most = availableParallelism() > 1 ? 20_000 : 0;
/** Between the first looks, and between the later ones at most. */
const firstDelay = 1000;
const longestDelay = 8000;

/** Turns spinning off, for tests of what comes after it. */
export function dontSpin(): void {
  most = 0;
}

/** True if spinning makes sense on this machine. */
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
