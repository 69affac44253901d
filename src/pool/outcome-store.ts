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

export class OutcomeStore {
  readonly #isUnordered: boolean;
  /** Size of the outcomes that are here. */
  bytes = 0;
  readonly #batches: Fifo<Batch> = new Fifo();

  constructor(isUnordered: boolean) {
    this.#isUnordered = isUnordered;
  }

  /** A batch goes out. */
  expect(batch: Batch): void {
    if (!this.#isUnordered) this.#batches.push(batch);
  }

  /** In order: the index of the item whose outcome is taken next; undefined: of none that has gone out. */
  get head(): number | undefined {
    const batch = this.#isUnordered ? undefined : this.#batches.first;
    return batch === undefined ? undefined : batch.firstIndex + batch.taken;
  }

  /** An outcome of an item in a batch. `came` follows. */
  put(batch: Batch, item: number, outcome: Outcome, bytes: number): void {
    batch.put(item, outcome, bytes);
    this.bytes += bytes;
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
    const bytes = batch.nextBytes;
    const outcome = batch.take();
    if (outcome === undefined) return undefined;
    this.bytes -= bytes;
    if (batch.taken === batch.count) this.#batches.shift();
    else if (this.#isUnordered && !batch.hasNext) {
      this.#batches.shift();
      batch.isListed = false;
    }
    return { index, ok: outcome.ok, value: outcome.value };
  }

  clear(): void {
    this.#batches.clear();
    this.bytes = 0;
  }
}
