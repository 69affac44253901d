/**
 * The outcomes of a map that the consumer has not taken yet.
 *
 *   in order:    every chunk from when it goes out; the first of them is taken from, as far as it has outcomes
 *   unordered:   the chunks that have some, for as long as they do
 */

import { ChunkOutcomes, none, type Stretch, type Values } from './chunk-outcomes.ts';
import { Fifo } from '../../fifo.ts';

export class OutcomeStore {
  readonly #isUnordered: boolean;
  /** Size of the outcomes that are here. */
  bytes = 0;
  /** Index in the map of the outcome that `take` returned last. */
  index = -1;
  readonly #chunks: Fifo<ChunkOutcomes> = new Fifo();

  constructor(isUnordered: boolean) {
    this.#isUnordered = isUnordered;
  }

  /** A chunk goes out. */
  expect(chunk: ChunkOutcomes): void {
    if (!this.#isUnordered) this.#chunks.push(chunk);
  }

  /** In order: the index of the item whose outcome is taken next; undefined: of none that has gone out. */
  get head(): number | undefined {
    const chunk = this.#isUnordered ? undefined : this.#chunks.first;
    return chunk === undefined ? undefined : chunk.firstIndex + chunk.next;
  }

  /** Outcomes of items in a chunk, as `ChunkOutcomes.put` takes them. `came` follows. */
  put(chunk: ChunkOutcomes, first: number, values: Values, from: number, to: number, bytes: number): void {
    chunk.put(first, values, from, to, bytes);
    this.bytes += bytes * (to - from);
  }

  /** Outcomes have been put into a chunk. */
  came(chunk: ChunkOutcomes): void {
    if (!this.#isUnordered || chunk.isListed || !chunk.hasNext) return;
    chunk.isListed = true;
    this.#chunks.push(chunk);
  }

  /** An outcome that no worker was needed for. */
  add(index: number, value: unknown): void {
    const chunk = new ChunkOutcomes(index, 1);
    chunk.put(0, [value]);
    chunk.isListed = true;
    this.#chunks.push(chunk);
  }

  /** The next value, or failure; `none` if it is not there. */
  take(): unknown {
    const chunk = this.#chunks.first;
    if (chunk === undefined) return none;
    // Before it is taken: then the chunk looks at once to the one after those that are tried again.
    const index = chunk.firstIndex + chunk.next;
    const bytes = chunk.nextBytes;
    const value = chunk.take();
    if (value === none) return none;
    this.index = index;
    this.bytes -= bytes;
    this.#taken(chunk);
    return value;
  }

  /** Outcomes that lie side by side, from the next on, if it is there; up to `most`. */
  takeStretch(most: number): Stretch | undefined {
    const chunk = this.#chunks.first;
    const bytes = chunk?.nextBytes ?? 0;
    const stretch = chunk?.takeStretch(most);
    if (stretch === undefined) return undefined;
    this.bytes -= bytes * (stretch.to - stretch.from);
    this.#taken(chunk!);
    return stretch;
  }

  clear(): void {
    this.#chunks.clear();
    this.bytes = 0;
  }

  #taken(chunk: ChunkOutcomes): void {
    if (chunk.next === chunk.count) this.#chunks.shift();
    else if (this.#isUnordered && !chunk.hasNext) {
      this.#chunks.shift();
      chunk.isListed = false;
    }
  }
}
