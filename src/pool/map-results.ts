/**
 * The outcomes of a map that nobody has taken yet.
 *
 *   in order:    every batch from when it goes out; the first of them is taken from, as far as it has outcomes
 *   unordered:   the batches that have some, for as long as they do
 */

import type { Outcome } from '../worker/index.ts';
import { Batch } from './batch.ts';
import { Fifo } from './fifo.ts';

export interface ItemOutcome extends Outcome {
  /** Which item, counted from 0. */
  readonly index: number;
}

export class MapResults {
  readonly #isUnordered: boolean;
  readonly #batches: Fifo<Batch> = new Fifo();

  constructor(isUnordered: boolean) {
    this.#isUnordered = isUnordered;
  }

  /** A batch goes out. */
  expect(batch: Batch): void {
    if (!this.#isUnordered) this.#batches.push(batch);
  }

  /** Outcomes have been put into a batch. */
  came(batch: Batch): void {
    if (!this.#isUnordered || batch.isListed || !batch.hasNext) return;
    batch.isListed = true;
    this.#batches.push(batch);
  }

  /** One that no worker was needed for. */
  add(index: number, outcome: Outcome): void {
    const batch = new Batch(index, 1);
    batch.put(0, outcome);
    batch.isListed = true;
    this.#batches.push(batch);
  }

  /** The next, if it is there. */
  take(): ItemOutcome | undefined {
    const batch = this.#batches.first;
    if (batch === undefined) return undefined;
    // Before it is taken: then the batch looks at once to the one after those that are tried again.
    const index = batch.firstIndex + batch.taken;
    const outcome = batch.take();
    if (outcome === undefined) return undefined;
    if (batch.taken === batch.count) this.#batches.shift();
    else if (this.#isUnordered && !batch.hasNext) {
      this.#batches.shift();
      batch.isListed = false;
    }
    return { index, ok: outcome.ok, value: outcome.value };
  }

  clear(): void {
    this.#batches.clear();
  }
}
