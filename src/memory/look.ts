/**
 * Looking before sleeping: a thread that waits for another one looks some 50 to 100 ns apart for as long as a wake-up would take, and only then sleeps. How long
 * that is worth while is learned by each end of a queue or link from how it went:
 *
 *    found by looking ─▶ + 1/8 of what is missing to the longest time          not found ─▶ - 1/8, down to one look
 *
 * On a busy machine the other thread does not run meanwhile: there looking does not help, and is soon given up. On one core it never helps.
 */

import { availableParallelism } from 'node:os';
import { idle } from './pause.ts';

/** What looking stands on: a clock, and how many threads can run at once. */
export interface LookGround {
  /** Milliseconds, with fractions. */
  now(): number;
  readonly cores: number;
  /** Does nothing for some 50 ns. */
  pause(): void;
}

/** What a wake-up costs, in milliseconds: nothing is gained by looking for longer. */
const longest = 0.05;
/** Looks between two readings of the clock. */
const looksPerReading = 8;

const machine: LookGround = {
  now: () => performance.now(),
  cores: availableParallelism(),
  pause: () => idle(100),
};

export class Look {
  readonly #ground: LookGround;
  #budget: number;

  constructor(ground: LookGround = machine) {
    this.#ground = ground;
    this.#budget = ground.cores > 1 ? longest : 0;
  }

  /** Milliseconds that the next wait looks for. */
  get budget(): number {
    return this.#budget;
  }

  /** Returns true as soon as `look` does; false when looking has taken long enough. */
  until(look: () => boolean): boolean {
    const { cores, pause, now } = this.#ground;
    if (cores === 1) return false;
    const end = now() + this.#budget;
    do {
      for (let left = looksPerReading; left > 0; left -= 1) {
        pause();
        if (look()) {
          this.#budget += (longest - this.#budget) / 8;
          return true;
        }
      }
    } while (now() < end);
    this.#budget -= this.#budget / 8;
    return false;
  }
}
