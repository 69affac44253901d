/** Counts items and estimates their progress. The tracker reads the clock that it is given and nothing else. */

import type { Progress } from './progress.ts';
import { Rate } from './rate.ts';

export interface TrackerOptions {
  /** How many items there will be, if it is known at the start. */
  total?: number | undefined;
  /** A monotonic clock in milliseconds; default `performance.now`. */
  clock?: (() => number) | undefined;
}

export class Tracker {
  readonly #clock: () => number;
  readonly #start: number;
  readonly #rate: Rate;
  #done = 0;
  #failed = 0;
  #total: number | null;

  constructor(options: TrackerOptions = {}) {
    this.#clock = options.clock ?? (() => performance.now());
    this.#start = this.#clock();
    this.#rate = new Rate(this.#start);
    this.#total = options.total ?? null;
  }

  /** The number became known on the way. */
  setTotal(total: number | null): void {
    this.#total = total;
  }

  succeeded(count: number = 1): void {
    this.#done += count;
  }

  /** Done without work, by an earlier run for example: they count, the speed does not change. */
  skipped(count: number = 1): void {
    this.#done += count;
    this.#rate.skip(count);
  }

  failed(count: number = 1): void {
    this.#done += count;
    this.#failed += count;
  }

  now(): Progress {
    const now = this.#clock();
    this.#rate.update(now, this.#done);
    // A total that turned out too small does not count.
    const total = this.#total !== null && this.#total >= this.#done ? this.#total : null;
    const rate = this.#rate.perSecond;
    const left = total === null ? null : total - this.#done;
    return {
      done: this.#done,
      failed: this.#failed,
      total,
      elapsed: now - this.#start,
      rate,
      eta: left === null ? null : left === 0 ? 0 : rate === 0 ? null : (left / rate) * 1000,
    };
  }
}
