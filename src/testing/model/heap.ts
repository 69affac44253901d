/** What a test puts into the model's memory before the threads begin. */

import { checkInteger } from '../../check.ts';
import { type Block, blockAt, type Memory, slotFields, slotOf } from '../../memory/index.ts';
import { layoutNamed, type Names } from './names.ts';

/** Blocks begin at multiples of so many words. */
const ALIGNMENT = 16;
const WORDS_PER_REF = 4;
/** `slotFields.state`: in use. */
const IN_USE = 2;

/** Of the first generation. */
export const slotId = (number: number): number => (1 << 12) | number;

export class ModelHeap {
  readonly memory: Memory;
  /** The first segment. */
  readonly words: Int32Array;
  readonly #names: Names;
  #end: number;

  /** @param slots how many are in use, from the second one on: of the threads, and of the code around them */
  constructor(memory: Memory, names: Names, slots: number) {
    this.memory = memory;
    this.words = memory.segment(0);
    this.#names = names;
    for (let number = 1; number <= slots; number += 1) this.#claim(number);
    this.#end = slotOf(slots + 1);
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
   * A block for a test, of zeros, as no allocator would give it.
   *
   * @param what the name of a layout, or how many words
   * @param label what it is called in a table of steps
   */
  take(what: string | number, label: string): Block {
    const at = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    const size = typeof what === 'number' ? checkInteger(what, 'what', 1) : sizeOf(what);
    this.#end = at + size;
    if (this.#end > this.words.length)
      throw new RangeError(`the model has ${this.words.length} words in a segment, and '${label}' goes up to ${this.#end}: see \`words\``);
    const block = blockAt(this.memory, at / WORDS_PER_REF);
    this.describe(block, what, label);
    return block;
  }

  /** Says what lies in a block that was taken otherwise. Only of the first segment. */
  describe(block: Block, what: string | number, label: string): void {
    if (block.words !== this.words) return;
    if (typeof what === 'number') this.#names.add(label, block.at, what, undefined);
    else this.#names.add(label, block.at, sizeOf(what), layoutNamed(what));
  }
}

function sizeOf(layout: string): number {
  const size = layoutNamed(layout)?.size;
  if (size === undefined) throw new TypeError(`there is no layout '${layout}'`);
  return size;
}
