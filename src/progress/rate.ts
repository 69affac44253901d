/**
 * The present speed: an exponentially weighted mean. An event one `memory` ago counts 1/e (37 %) of a present one.
 *
 *     speed ^        +---+
 *           |   +----+   |            Each stretch between two readings counts with the area under exp(-age / memory),
 *           +---+        +--- now     so it does not matter how often one looks.
 *
 * Two sums are kept, of weighted items and of weighted time; their quotient is right from the first reading on, where
 * the usual one-sum mean starts at zero and needs a correction.
 */

export class Rate {
  readonly #memory: number;
  #at: number;
  #count = 0;
  #weightedItems = 0;
  #weightedTime = 0;

  /**
   * @param now a reading of a monotonic clock, in milliseconds
   * @param memory in milliseconds
   */
  constructor(now: number, memory: number = 10_000) {
    this.#at = now;
    this.#memory = memory;
  }

  /** Tells that `count` items are done in all. A reading at the same instant as the last one waits for the next. */
  update(now: number, count: number): void {
    const time = now - this.#at;
    if (!(time > 0)) return;
    const kept = Math.exp(-time / this.#memory);
    const weight = this.#memory * (1 - kept);
    this.#weightedItems = this.#weightedItems * kept + ((count - this.#count) / time) * weight;
    this.#weightedTime = this.#weightedTime * kept + weight;
    this.#at = now;
    this.#count = count;
  }

  /** Tells that `count` of the next reading's items took no time. */
  skip(count: number): void {
    this.#count += count;
  }

  /** Items a second. */
  get perSecond(): number {
    return this.#weightedTime === 0 ? 0 : Math.max(0, (this.#weightedItems / this.#weightedTime) * 1000);
  }
}
