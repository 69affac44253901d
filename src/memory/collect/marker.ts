/**
 * The marks of a sweep: a colour in the tag of each block. Each sweep has a colour different from those before it, so that no marks need to
 * be erased. New blocks have the colour of the last sweep.
 *
 *    white: any other colour, not reached yet      black: the colour of this sweep; what the block names is black, too, or on the stack of the thread
 *                                                          that marks
 *
 * All of it happens under the heap's guard.
 */

import { load, store } from '#atomics';
import { refUnit } from '../heap/block.ts';
import { headerFields, pageSize } from '../heap/heap-header.ts';
import { type Memory, segmentSize } from '../heap/memory.ts';
import { kindOf, type Pages, RUN, SLAB } from '../heap/pages.ts';
import type { Slabs } from '../heap/slabs.ts';
import { blockHead, colourOf, coloured, firstRefOf, lastRefOf } from '../heap/tag.ts';

const refsPerPage = pageSize / refUnit;
const refsPerSegment = segmentSize / refUnit;
const wordsPerRef = refUnit / 4;

export class Marker {
  readonly #memory: Memory;
  readonly #pages: Pages;
  readonly #slabs: Slabs;
  readonly #header: Int32Array;
  /** Black, and not followed yet. */
  readonly #stack: number[] = [];

  constructor(memory: Memory, pages: Pages, slabs: Slabs) {
    this.#memory = memory;
    this.#pages = pages;
    this.#slabs = slabs;
    this.#header = memory.segment(0);
  }

  get colour(): number {
    return load(this.#header, headerFields.colour);
  }

  /** True if all black blocks were followed. */
  get isIdle(): boolean {
    return this.#stack.length === 0;
  }

  /** True if a ref names a block that was taken, and is black. */
  isBlack(ref: number): boolean {
    return this.isTaken(ref) && colourOf(this.#tagOf(ref)) === this.colour;
  }

  /** Marks a block, and leaves what it names to `follow`. */
  mark(ref: number): void {
    if (!this.isTaken(ref)) return;
    const words = this.#wordsOf(ref);
    const at = ((ref >>> 0) % refsPerSegment) * wordsPerRef;
    const tag = load(words, at + blockHead.tag);
    const { colour } = this;
    if (colourOf(tag) === colour) return;
    store(words, at + blockHead.tag, coloured(tag, colour));
    this.#stack.push(ref);
  }

  /** Marks what the marked ones name, up to `limit` blocks. Returns how many it has followed. */
  follow(limit: number): number {
    for (let done = 0; ; done += 1) {
      const ref = done < limit ? this.#stack.pop() : undefined;
      if (ref === undefined) return done;
      const words = this.#wordsOf(ref);
      const at = ((ref >>> 0) % refsPerSegment) * wordsPerRef;
      const chain = load(words, at + blockHead.chain);
      if (chain !== 0) this.mark(chain);
      const tag = load(words, at + blockHead.tag);
      const first = firstRefOf(tag);
      if (first === 0) continue;
      for (let i = first; i < lastRefOf(tag); i += 1) {
        const named = load(words, at + i);
        if (named !== 0) this.mark(named);
      }
    }
  }

  /** True if a ref names a block that was taken. */
  isTaken(ref: number): boolean {
    const page = Math.floor((ref >>> 0) / refsPerPage);
    if (page >= this.#pages.end) return false;
    const kind = kindOf(this.#pages.word(page));
    if (kind === SLAB) return this.#slabs.isTaken(ref);
    return kind === RUN && (ref >>> 0) % refsPerPage === 0;
  }

  #wordsOf(ref: number): Int32Array {
    return this.#memory.segment(Math.floor((ref >>> 0) / refsPerSegment));
  }

  #tagOf(ref: number): number {
    return load(this.#wordsOf(ref), ((ref >>> 0) % refsPerSegment) * wordsPerRef + blockHead.tag);
  }
}
