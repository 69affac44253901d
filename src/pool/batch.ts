/** Items of a map that went out together, and what became of each so far. */

import type { Outcome } from '../worker/index.ts';

/** Stands for an item that is tried again elsewhere. */
export const moved: Outcome = Object.freeze({ ok: false, value: undefined });

export class Batch {
  /** Index in the map of its first item. */
  readonly firstIndex: number;
  /** The item after its last. */
  readonly count: number;
  /** Outcomes that were taken, or are not its own. */
  taken: number;
  /** It stands in the list of those that have outcomes to take. */
  isListed = false;
  /** Bytes of one of its items on the way to the workers. */
  itemBytes = 0;
  readonly #outcomes: (Outcome | undefined)[] = [];
  /** Bytes of the outcomes. */
  readonly #sizes: number[] = [];

  /** @param from the first item that is its own */
  constructor(firstIndex: number, count: number, from: number = 0) {
    this.firstIndex = firstIndex;
    this.count = count;
    this.taken = from;
  }

  put(item: number, outcome: Outcome, bytes: number = 0): void {
    this.#outcomes[item] = outcome;
    this.#sizes[item] = bytes;
    this.#skip();
  }

  /** Bytes of the next outcome. */
  get nextBytes(): number {
    return this.#sizes[this.taken] ?? 0;
  }

  get hasNext(): boolean {
    return this.#outcomes[this.taken] !== undefined;
  }

  /** The next in order, if it is there. Nothing that was handed out is kept. */
  take(): Outcome | undefined {
    const outcome = this.#outcomes[this.taken];
    if (outcome === undefined) return undefined;
    this.#outcomes[this.taken++] = undefined;
    this.#skip();
    return outcome;
  }

  #skip(): void {
    while (this.#outcomes[this.taken] === moved) this.taken++;
  }
}
