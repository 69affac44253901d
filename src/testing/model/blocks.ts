/** Blocks for what is modelled, when that is not the heap: one after the other, from the end of the first segment, and never given back. */

import { add, store } from '#atomics';
import { type Block, type Blocks, blockAt, type Memory } from '../../memory/index.ts';

/** A word of the heap's header that means nothing. */
const TAKEN = 15;
/** A line of the cache, in words. */
const ALIGNMENT = 16;
const WORDS_PER_REF = 4;

export class ModelBlocks implements Blocks {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  allocate(tag: number, words: number): Block {
    const segment = this.#memory.segment(0);
    const size = Math.ceil(words / ALIGNMENT) * ALIGNMENT;
    const end = segment.length - add(segment, TAKEN, size);
    const block = blockAt(this.#memory, (end - size) / WORDS_PER_REF);
    store(segment, block.at, tag);
    return block;
  }
}
