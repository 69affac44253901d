/**
 * The chunks of one queue: where they come from, and where they go. A chunk is named by one word at any moment, so that it lives as long as its queue:
 *
 *    allocated ─▶ CHAIN of the last chunk ─▶ OLDEST, when those before it are left ─▶ SPARE, or freed
 *                     ▲───────────────────────────────────────────────────────────────┘
 *
 * Chunks move from word to word under the guard of the heap, once in 64 KiB. Otherwise a sweep that had read SPARE before and OLDEST after
 * the move would free a chunk in use. A chunk that a death leaves between two stores is named by no word, and swept.
 */

import { load, store } from '#atomics';
import { adopt, allocateOwned, type Block, blockAt, type Links, type Memory, relink, theAgent } from '../memory/index.ts';
import { OLDEST, SPARE } from './record.ts';
import { type Chunks, chainOffset, sizeOffset } from './ring.ts';

const unit = 16;
const wordsPerUnit = unit / 4;
/** Bytes of a chunk: the first of a queue is small, and each is larger than the one before, up to a page. Sizes that the heap has. */
const sizes = [4096, 8128, 16_256, 32_512, 65_536] as const;
const longest = sizes[4] / unit;
/** The same in units. */
export const chunkSizes: readonly number[] = sizes.map((bytes) => bytes / unit);

/** The first chunk of a queue, listed by this thread until a word names it. @throws HeddleError if the heap is full */
export function newChunk(units: number = sizes[0] / unit): Block {
  const block = allocateOwned(units * wordsPerUnit);
  store(block.words, block.at + sizeOffset, units);
  return block;
}

export class QueueChunks implements Chunks {
  readonly isModel: boolean;
  readonly #memory: Memory;
  readonly #queue: Block;
  /** Blocks of the model are not given back, and have no guard. */
  readonly #keepsSpare: boolean;

  constructor(queue: Block) {
    const { memory, blocks } = theAgent();
    this.#memory = memory;
    this.#queue = queue;
    this.#keepsSpare = blocks === undefined;
    this.isModel = memory.kind === 'model';
  }

  segment(number: number): Int32Array {
    return this.#memory.segment(number);
  }

  next(last: number, units: number): number {
    const before = blockAt(this.#memory, last);
    const known = load(before.words, before.at + chainOffset);
    // A producer died, or found no memory, before the ring reached it.
    if (known !== 0) return known;
    const larger = Math.max(units, this.#largerThan(load(before.words, before.at + sizeOffset)));
    const spare = this.#keepsSpare ? relink((links) => this.#chainSpare(links, before, larger)) : 0;
    if (spare !== 0) return spare;
    const block = newChunk(larger);
    store(before.words, before.at + chainOffset, block.ref);
    adopt(block);
    return block.ref;
  }

  #largerThan(units: number): number {
    return (sizes.find((bytes) => bytes / unit > units) ?? sizes[4]) / unit;
  }

  #chainSpare(links: Links, last: Block, units: number): number {
    const { words, at } = this.#queue;
    const spare = load(words, at + SPARE);
    if (spare === 0 || this.#sizeOf(spare) < units) return 0;
    // ORDER: named by no word in between: by two at a time it would be taken twice after a death.
    links.set(this.#queue, SPARE, 0);
    links.set(last, chainOffset, spare);
    return spare;
  }

  #sizeOf(chunk: number): number {
    const { words, at } = blockAt(this.#memory, chunk);
    return load(words, at + sizeOffset);
  }

  leave(head: number, tail: number): void {
    if (this.#keepsSpare) relink((links) => this.#leave(links, head, tail));
  }

  #leave(links: Links, head: number, tail: number): void {
    const { words, at } = this.#queue;
    for (;;) {
      const oldest = load(words, at + OLDEST);
      const size = this.#sizeOf(oldest);
      // A producer that is between two chunks, or has died there, is found by its tail.
      if (isIn(head, oldest, size) || isIn(tail, oldest, size)) return;
      const block = blockAt(this.#memory, oldest);
      const next = load(block.words, block.at + chainOffset);
      links.set(this.#queue, OLDEST, next);
      links.set(block, chainOffset, 0);
      const spare = load(words, at + SPARE);
      if (spare === 0 || (this.#sizeOf(spare) < size && size <= longest)) {
        links.set(this.#queue, SPARE, oldest);
        if (spare !== 0) links.free(spare);
      } else links.free(oldest);
    }
  }
}

function isIn(position: number, chunk: number, units: number): boolean {
  return (position - chunk) >>> 0 < units;
}
