/** Numbers that look random and come again from the same seed: Steele and Vigna's mix of a counter, as in Tommy Ettinger's mulberry32. */

export class Random {
  #state: number;

  /** @param seed 32 bits of it count */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** A seed for one of many. */
  seed(): number {
    return this.below(0x1_0000_0000);
  }
}
