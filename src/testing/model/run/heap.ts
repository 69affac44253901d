/** The objects that a test puts into the model's memory before the threads begin. */

import { add, store } from '#atomics';
import { checkInteger } from '../../../check.ts';
import {
  type Block,
  type Blocks,
  type Memory,
  type SharedObject,
  blockAt,
  ownOffset,
  refOf,
  slotFields,
  slotOf,
} from '../../../memory/index.ts';
import { RangeError } from '../../../refusals.ts';
import { type Names, layoutNamed, slotId, slotsEnd } from '../names.ts';

/** `slotFields.state`: in use. */
const IN_USE = 2;

export class ModelHeap {
  readonly memory: Memory;
  /** The first segment. */
  readonly words: Int32Array;
  readonly #names: Names;
  readonly #blocks: ModelBlocks;

  /** @param slots how many are in use, from the second one on: of the threads, and of the code around them */
  constructor(memory: Memory, names: Names, slots: number) {
    this.memory = memory;
    this.words = memory.segment(0);
    this.#names = names;
    for (let number = 1; number <= slots; number += 1) this.#claim(number);
    this.#blocks = new ModelBlocks(memory);
  }

  #claim(number: number): void {
    const slot = slotOf(number);
    this.words[slot + slotFields.id] = slotId(number);
    this.words[slot + slotFields.state] = IN_USE;
    this.words[slot + slotFields.generation] = 1;
    this.words[slot + slotFields.pid] = 1;
    this.words[slot + slotFields.tid] = number;
  }

  /**
   * Some words for a test, of zeros: from the end of the first segment, where no allocator has come.
   *
   * @param what the name of a layout, or how many words
   * @param label what they are called in a table of steps
   */
  take(what: string | number, label: string): Block {
    const size = typeof what === 'number' ? checkInteger(what, 'what', 1) : layoutNamed(what).size;
    const block = this.#blocks.allocate(0, size);
    if (block.at < slotsEnd) throw new RangeError(`no room for '${label}': the model has ${this.words.length} words, see \`words\``);
    this.describe(block, what, label);
    return block;
  }

  /** Says what lies somewhere in a block of the first segment; what is said later goes before. */
  describe({ words, at }: Block, what: string | number, label: string, offset: number = 0): void {
    if (words !== this.words) return;
    const layout = typeof what === 'number' ? undefined : layoutNamed(what);
    this.#names.add(label, at + offset, layout?.size ?? (what as number), layout);
  }

  /**
   * Says what an object is called.
   *
   * @param own the layout of its own words
   */
  name(object: SharedObject, own: string, label: string): void {
    const block = blockAt(this.memory, refOf(object));
    const waitable = layoutNamed('Waitable');
    const waiter = layoutNamed('Waiter');
    const first = waitable.fields.find(({ name }) => name === 'waiters')!;
    this.describe(block, 'Waitable', label);
    this.describe(block, own, label, ownOffset);
    for (let number = 0; number * waiter.size < first.count; number += 1)
      this.describe(block, 'Waiter', `${label}.waiter${number}`, first.offset + number * waiter.size);
  }
}

// ---- blocks for a model without the heap: one after the other, from the end of the first segment, never given back

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
