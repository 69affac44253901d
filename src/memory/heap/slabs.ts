/**
 * Small blocks: pages that are cut into equal ones, with a bit for each in the page's head. A block is taken and freed by one store into that
 * bitmap. (Bonwick's slab allocator; without its free lists, which could not be right after each store.)
 *
 *    page     ┌──────┬────────────────────┬─────────┬─────────┬─ …  ─┬─────────┐
 *             │ head │ 11100000 00000000 … │ block 0 │ block 1 │      │ block n │
 *             └──────┴────────────────────┴─────────┴─────────┴─ …  ─┴─────────┘
 *             0      64                   512
 *
 * Parcels lie in pages of their own, so that all of them are found without looking at everything.
 *
 * All of it happens under the heap's guard.
 */

import { load, store } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { type Block, placeOf, refUnit } from './block.ts';
import { firstPage, headerFields, pageSize } from './heap-header.ts';
import { layout } from './layout.ts';
import { type Memory, segmentSize } from './memory.ts';
import { type Pages, SLAB, kindOf, lengthOf } from './pages.ts';
import { atStep } from './step.ts';
import { colourOf } from './tag.ts';

const page = layout('Page', 'the head of a page of equal blocks', {
  magic: ['bits', '"slab"'],
  group: ['uint32', 'what blocks they are: of its word in the page table'],
  blockSize: ['uint32', 'bytes of a block'],
  hint: ['uint32', 'where the search for a free block begins'],
  reserved: ['bits', 'nothing yet', 12],
  bitmap: ['bits', 'a bit for each block: 1 it is taken, or there is none', 64],
  reservedToo: ['bits', 'nothing: blocks begin where a line of the cache does', 48],
});

const magic = 0x62616c73;
const headBytes: number = page.size * 4;

/** The sizes of blocks in bytes, chosen to fill a page; most blocks begin at a cache line. */
export const blockSizes: readonly number[] = [
  32, 64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8128, 10816, 16256, 21632, 32512,
];
const classes = blockSizes.length;
/** The largest block that is not a run of pages, in bytes. */
export const largest: number = blockSizes[classes - 1]!;

/** For each 16 bytes: the smallest class that is large enough. */
const classFor: Uint8Array = Uint8Array.from({ length: largest / 16 + 1 }, (_, units) =>
  blockSizes.findIndex((size) => size >= units * 16),
);

/** Kinds of such pages: for each size one of objects, and one of parcels. */
export const groups: number = classes * 2;

export function groupFor(bytes: number, isParcel: boolean): number {
  return classFor[(bytes + 15) >>> 4]! + (isParcel ? classes : 0);
}

const sizes: Uint16Array = Uint16Array.from([...blockSizes, ...blockSizes]);

export function sizeIn(group: number): number {
  return sizes[group]!;
}

const counts: Uint16Array = sizes.map((size) => Math.floor((pageSize - headBytes) / size));
const bitmaps: Uint16Array = counts.map((count) => Math.ceil(count / 32));

export function countIn(group: number): number {
  return counts[group]!;
}

/** Words of its bitmap. */
export function bitmapWords(group: number): number {
  return bitmaps[group]!;
}

/** Bits of the last word of its bitmap that stand for no block. */
export function noBlocks(group: number): number {
  const rest = countIn(group) % 32;
  return rest === 0 ? 0 : -1 << rest;
}

/** In a page's word: no block is free, unless a thread was killed. */
const FULL = 1 << 8;
const GROUP = 0xff;

export function groupOf(word: number): number {
  return word & GROUP;
}

export function holdsParcels(word: number): boolean {
  return groupOf(word) >= classes;
}

const refsPerPage = pageSize / refUnit;
/** Where in a page its first block begins, as refs count. */
const firstRef: number = headBytes / refUnit;
const pagesPerSegment = segmentSize / pageSize;
const OPEN = headerFields.open;

export class Slabs {
  readonly #memory: Memory;
  readonly #pages: Pages;
  readonly #header: Int32Array;
  /** The result of `find`. */
  #page = 0;
  #words: Int32Array;
  #bitmapWord = 0;
  #bit = 0;

  constructor(memory: Memory, pages: Pages) {
    this.#memory = memory;
    this.#pages = pages;
    this.#header = memory.segment(0);
    this.#words = this.#header;
  }

  /** The ref of a free block; 0: no page of the group has one. `take` takes it. */
  find(group: number): number {
    const pages = this.#pages;
    const { end } = pages;
    const open = load(this.#header, OPEN + group);
    // The page may have changed its kind; then its word shows that.
    const isOpen = open !== 0 && kindOf(pages.word(open)) === SLAB && groupOf(pages.word(open)) === group;
    for (let at = isOpen ? open : firstPage, word; at < end; at += lengthOf(word)) {
      word = pages.word(at);
      if (kindOf(word) !== SLAB || groupOf(word) !== group || (word & FULL) !== 0) continue;
      const ref = this.#findIn(at, group);
      if (ref !== 0) {
        if (at !== open) store(this.#header, OPEN + group, at);
        return ref;
      }
      atStep?.('slabs.full');
      pages.set(at, word | FULL);
    }
    return 0;
  }

  #findIn(at: number, group: number): number {
    const words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    const head = ((at % pagesPerSegment) * pageSize) / 4;
    const count = bitmapWords(group);
    const hint = load(words, head + page.hint);
    let index = hint;
    for (let i = 0; i < count; i += 1, index = index + 1 < count ? index + 1 : 0) {
      const free = ~load(words, head + page.bitmap + index);
      if (free === 0) continue;
      if (index !== hint) store(words, head + page.hint, index);
      this.#page = at;
      this.#words = words;
      this.#bitmapWord = head + page.bitmap + index;
      this.#bit = free & -free;
      const block = index * 32 + 31 - Math.clz32(this.#bit);
      return at * refsPerPage + firstRef + block * (sizeIn(group) / refUnit);
    }
    return 0;
  }

  /** Takes the block that was found. */
  take(): void {
    atStep?.('slabs.take');
    // ORDER: after the block was filled with zeros and has its tag.
    store(this.#words, this.#bitmapWord, load(this.#words, this.#bitmapWord) | this.#bit);
  }

  /** Makes a free page (found and reserved) one of the group. */
  addPage(at: number, group: number): void {
    const words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    const head = ((at % pagesPerSegment) * pageSize) / 4;
    const count = bitmapWords(group);
    fillWithZeros(this.#memory, at * pageSize, headBytes);
    store(words, head + page.magic, magic);
    store(words, head + page.group, group);
    store(words, head + page.blockSize, sizeIn(group));
    store(words, head + page.bitmap + count - 1, noBlocks(group));
    atStep?.('slabs.page');
    this.#pages.set(at, SLAB | group);
    store(this.#header, OPEN + group, at);
  }

  /** Where the bit of a block is; `find` and `take` are not between this and what is done with it. */
  #locate(ref: number): number {
    const at = Math.floor((ref >>> 0) / refsPerPage);
    const group = groupOf(this.#pages.word(at));
    const block = (((ref >>> 0) % refsPerPage) - firstRef) / (sizeIn(group) / refUnit);
    this.#page = at;
    this.#words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    this.#bitmapWord = ((at % pagesPerSegment) * pageSize) / 4 + page.bitmap + (block >>> 5);
    this.#bit = 1 << (block & 31);
    return block;
  }

  /** True if it is a taken block of its page. */
  isTaken(ref: number): boolean {
    const block = this.#locate(ref);
    return (
      block >= 0 &&
      block < counts[groupOf(this.#pages.word(this.#page))]! &&
      Number.isInteger(block) &&
      (load(this.#words, this.#bitmapWord) & this.#bit) !== 0
    );
  }

  /** Frees a block. @throws HeddleError if it is not a block, or free already */
  free(ref: number): void {
    if (!this.isTaken(ref)) throw new HeddleError(`block ${ref >>> 0} of the shared heap was freed twice`);
    this.reopen(this.#page);
    atStep?.('slabs.free');
    store(this.#words, this.#bitmapWord, load(this.#words, this.#bitmapWord) & ~this.#bit);
  }

  /** A page has free blocks, or soon will: if that is not so, the next search finds out. */
  reopen(at: number): void {
    const word = this.#pages.word(at);
    const open = OPEN + groupOf(word);
    if (at < load(this.#header, open)) store(this.#header, open, at);
    atStep?.('slabs.reopen');
    if ((word & FULL) !== 0) this.#pages.set(at, word & ~FULL);
  }

  /** Frees all blocks of a page but those whose tags have a colour. Returns how many it freed, and how many are left. */
  keepOnly(at: number, colour: number): { freed: number; left: number } {
    const group = groupOf(this.#pages.word(at));
    const words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    const head = ((at % pagesPerSegment) * pageSize) / 4;
    const bitmap = head + page.bitmap;
    const count = bitmapWords(group);
    const size = sizeIn(group) / 4;
    let freed = 0;
    let left = 0;
    for (let i = 0; i < count; i += 1) {
      const taken = load(words, bitmap + i);
      const none = i === count - 1 ? noBlocks(group) : 0;
      let stay = taken;
      for (let rest = taken & ~none; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const block = i * 32 + 31 - Math.clz32(bit);
        if (colourOf(load(words, head + page.size + block * size)) !== colour) stay &= ~bit;
      }
      left += ones(stay & ~none);
      if (stay === taken) continue;
      freed += ones(taken & ~stay);
      atStep?.('slabs.sweep');
      store(words, bitmap + i, stay);
    }
    if (freed > 0) this.reopen(at);
    return { freed, left };
  }

  /** How many blocks of a page are taken. */
  countTaken(at: number): number {
    const group = groupOf(this.#pages.word(at));
    const words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    const bitmap = ((at % pagesPerSegment) * pageSize) / 4 + page.bitmap;
    const count = bitmapWords(group);
    let taken = -ones(noBlocks(group));
    for (let i = 0; i < count; i += 1) taken += ones(load(words, bitmap + i));
    return taken;
  }

  /** The taken blocks of a page. */
  *blocksOf(at: number): IterableIterator<number> {
    const group = groupOf(this.#pages.word(at));
    const words = this.#memory.segment(Math.floor(at / pagesPerSegment));
    const bitmap = ((at % pagesPerSegment) * pageSize) / 4 + page.bitmap;
    const count = countIn(group);
    for (let block = 0; block < count; block += 1)
      if ((load(words, bitmap + (block >>> 5)) & (1 << (block & 31))) !== 0)
        yield at * refsPerPage + firstRef + block * (sizeIn(group) / refUnit);
  }
}

/** How many bits are set. */
export function ones(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x5555_5555);
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** Fills words with zeros. Only under the heap's guard, and before the store that publishes them: no other thread may read them. */
export function fillWithZeros(memory: Memory, from: number, bytes: number): void {
  // The model makes the same steps again and again; so this must be one.
  if (memory.kind === 'model') return void memory.discard(from, bytes);
  for (let at = from; at < from + bytes; ) {
    const end = Math.min((Math.floor(at / segmentSize) + 1) * segmentSize, from + bytes);
    const begin = (at % segmentSize) / 4;
    memory.segment(Math.floor(at / segmentSize)).fill(0, begin, begin + (end - at) / 4);
    at = end;
  }
}

/** The first bytes of a block that lies in one segment. */
export function clearBlock(memory: Memory, block: Block, bytes: number): void {
  if (memory.kind === 'model') return void memory.discard(placeOf(block, 0), bytes);
  const { words, at } = block;
  const end = at + ((bytes + refUnit - 1) >>> 4) * 4;
  // Up to here a loop is faster than the call.
  if (end - at > 64) words.fill(0, at, end);
  else for (let i = at; i < end; i += 1) words[i] = 0;
}
