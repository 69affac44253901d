/**
 * How many tasks a busy worker has ahead: as many as take 200 µs at the measured mean, so that it does not wait for the host between short tasks. A
 * worker that works on one task for longer than that is sent nothing more, and what it has goes to others.
 */

import { mostTickets } from '../../worker/index.ts';

/** Microseconds of work that a worker has ahead. */
const worth = 200;
const maxDepth = 64;
/** From this mean on, in microseconds, the time between two tasks counts for nothing, and their order for more. */
const long = 2000;
/** How much of the mean one more task makes up. */
const share = 1 / 8;
/** Milliseconds after which a worker that has not ended a task is silent. */
const silence = 1;
/** Microseconds that other tasks take between two looks at that. */
const lookEvery = 500;

export class Prefetch {
  readonly #slots: number;
  readonly #most: number;
  /** Below 0: none has ended. */
  #mean = -1;
  #depth = 0;
  /** Between these means the depth is this. */
  #from = 0;
  #to = 0;
  /** Microseconds that tasks took since the last look at silent workers. */
  #spent = 0;

  /** @param slots tasks that a worker runs at a time */
  constructor(slots: number) {
    this.#slots = slots;
    this.#most = Math.min(maxDepth, Math.max(0, mostTickets - slots));
  }

  /**
   * A task has ended.
   *
   * @param us microseconds that it took
   * @param isWatched each beginning is told when it happens: nothing is sent ahead
   * @returns the depth from now on, if it is another
   */
  ended(us: number, isWatched: boolean): number | undefined {
    this.#spent += us;
    const mean = this.#mean < 0 ? us : this.#mean + (us - this.#mean) * share;
    this.#mean = mean;
    if (!isWatched && mean > this.#from && mean <= this.#to) return undefined;
    const depth = isWatched ? this.#none() : this.#depthFor(mean);
    if (depth === this.#depth) return undefined;
    this.#depth = depth;
    return depth;
  }

  #none(): number {
    this.#from = this.#to = 0;
    return 0;
  }

  /** A power of two, so that it seldom changes. Notes for which means it holds. */
  #depthFor(mean: number): number {
    const all = worth * this.#slots;
    this.#from = long;
    this.#to = Infinity;
    if (mean > long) return 0;
    const exact = all / Math.max(mean, 1);
    const depth = exact >= this.#most ? this.#most : exact <= 1 ? 1 : 2 ** Math.floor(Math.log2(exact));
    this.#from = depth === this.#most ? -1 : all / (2 * depth);
    this.#to = depth === 1 ? long : Math.min(long, all / depth);
    return depth;
  }

  /** True if it is time to look for silent workers. */
  isTime(): boolean {
    if (this.#spent < lookEvery) return false;
    this.#spent = 0;
    return true;
  }
}

/** The silence of a worker: `silentSince` is the first look since the worker last ended a task, or 0. */
export interface Heard {
  silentSince: number;
}

/** Looks at a worker, at a time in milliseconds. */
export function isSilent(worker: Heard, now: number): boolean {
  if (worker.silentSince === 0) worker.silentSince = now;
  return now - worker.silentSince > silence;
}
