/**
 * Finds the blocks that nobody can reach any more, and frees them: all that is not listed in the ledger of a thread that lives, not in a parcel on
 * its way, and does not belong to a block that is.
 *
 *    ledgers of living threads ─┐
 *    parcels on their way ──────┼─▶ blocks ─▶ their CHAIN, their references ─▶ …       marked, in this thread's own memory
 *    parcels of marked owners ──┘
 *
 *    pages: every block that is taken and has no mark is freed, up to 32 by one store
 *
 * It runs under the heap's guard: nobody is born or chained meanwhile. Things may be let go meanwhile; the next sweep frees those. Who is
 * killed in the middle has freed some.
 */

import { load, store } from '#atomics';
import { type Block, blockAt, refUnit } from './block.ts';
import { headerFields, pageSize } from './heap-header.ts';
import { readLedger } from './ledger.ts';
import type { Memory } from './memory.ts';
import { FREE, kindOf, lengthOf, type Pages, RUN, SLAB } from './pages.ts';
import { isOnItsWay, ownerOf, parcelsIn, refsIn } from './parcel-record.ts';
import { slotIds } from './slot-claim.ts';
import { bitmapWords, firstRef, groupOf, sizeIn, type Slabs } from './slabs.ts';
import { isSlotDead, slotFields, slotOf } from './slots.ts';
import { atStep } from './step.ts';
import { blockHead, firstRefOf, lastRefOf } from './tag.ts';

const refsPerPage = pageSize / refUnit;

/** Which blocks are reached. */
class Marks {
  readonly #memory: Memory;
  readonly #pages: Pages;
  /** For each page that is taken: where its marks begin. */
  readonly #begin: Int32Array;
  /** A bit for each block, as in the pages' bitmaps; of a run a word. */
  readonly bits: Int32Array;
  readonly #stack: number[] = [];

  constructor(memory: Memory, pages: Pages) {
    this.#memory = memory;
    this.#pages = pages;
    this.#begin = new Int32Array(pages.end);
    let words = 0;
    for (const [page, word] of pages.runs()) {
      this.#begin[page] = words;
      if (kindOf(word) === SLAB) words += bitmapWords(groupOf(word));
      else if (kindOf(word) === RUN) words += 1;
    }
    this.bits = new Int32Array(words);
  }

  /** Where the marks of a page's blocks begin. */
  of(page: number): number {
    return this.#begin[page]!;
  }

  isMarked(page: number): boolean {
    return this.bits[this.#begin[page]!] !== 0;
  }

  /** Whether a block is reached. */
  has(ref: number): boolean {
    const page = (ref >>> 0) >>> 12;
    const bit = this.#bitOf(ref, page);
    return bit >= 0 && (this.bits[this.#begin[page]! + (bit >>> 5)]! & (1 << (bit & 31))) !== 0;
  }

  /** Marks a block and all that belongs to it. */
  reach(ref: number): void {
    this.#mark(ref);
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
      const { words, at } = blockAt(this.#memory, next);
      const chain = load(words, at + blockHead.chain);
      if (chain !== 0) this.#mark(chain);
      const tag = load(words, at + blockHead.tag);
      const first = firstRefOf(tag);
      if (first === 0) continue;
      for (let i = first; i < lastRefOf(tag); i += 1) {
        const named = load(words, at + i);
        if (named !== 0) this.#mark(named);
      }
    }
  }

  /** The number of the block's mark among those of its page; -1: it is none. */
  #bitOf(ref: number, page: number): number {
    const word = page < this.#begin.length ? this.#pages.word(page) : 0;
    if (kindOf(word) === RUN) return 0;
    return kindOf(word) === SLAB ? ((ref & (refsPerPage - 1)) - firstRef) / (sizeIn(groupOf(word)) / refUnit) : -1;
  }

  #mark(ref: number): void {
    const page = (ref >>> 0) >>> 12;
    const bit = this.#bitOf(ref, page);
    if (bit < 0) return;
    const index = this.#begin[page]! + (bit >>> 5);
    const mask = 1 << (bit & 31);
    if ((this.bits[index]! & mask) !== 0) return;
    this.bits[index]! |= mask;
    this.#stack.push(ref);
  }
}

function markAll(memory: Memory, pages: Pages, slabs: Slabs, mine: number): Marks {
  const marks = new Marks(memory, pages);
  const reach = (ref: number): void => marks.reach(ref);
  const words = memory.segment(0);
  const dead = new Set<number>();
  for (const id of slotIds(memory)) {
    if (id !== mine && isSlotDead(memory, id, false)) dead.add(id);
    else readLedger(memory, load(words, slotOf(id) + slotFields.ledger), reach, reach);
  }
  const reachParcel = (parcel: Block): void => {
    reach(parcel.ref);
    for (const ref of refsIn(parcel)) reach(ref);
  };
  const owned: Block[] = [];
  for (const parcel of parcelsIn(memory, pages, slabs)) {
    if (ownerOf(parcel) !== 0) owned.push(parcel);
    else if (isOnItsWay(parcel, (host) => !dead.has(host) && (host === mine || !isSlotDead(memory, host, false)))) reachParcel(parcel);
  }
  reachOwned(marks, owned, reachParcel);
  return marks;
}

/** Reaches the parcels whose owners are reached, until that reaches no further owner. */
function reachOwned(marks: Marks, owned: readonly Block[], reachParcel: (parcel: Block) => void): void {
  for (let waiting = owned, before = -1; waiting.length !== before; ) {
    before = waiting.length;
    waiting = waiting.filter((parcel) => {
      if (!marks.has(ownerOf(parcel))) return true;
      reachParcel(parcel);
      return false;
    });
  }
}

/**
 * Sweeps.
 *
 * @param mine the id of who calls, who has the guard
 * @returns how many bytes it freed
 */
export function sweep(memory: Memory, pages: Pages, slabs: Slabs, mine: number): number {
  const header = memory.segment(0);
  const marks = markAll(memory, pages, slabs, mine);
  atStep?.('sweep.marked');
  let freed = 0;
  let used = 0;
  for (const [page, word] of pages.runs()) {
    if (kindOf(word) === RUN) {
      const bytes = lengthOf(word) * pageSize;
      if (marks.isMarked(page)) {
        used += bytes;
        continue;
      }
      freed += bytes;
      pages.free(page);
    } else if (kindOf(word) === SLAB) {
      const size = sizeIn(groupOf(word));
      const result = slabs.keepOnly(page, marks.bits, marks.of(page));
      freed += result.freed * size;
      used += result.left * size;
      if (result.left === 0) pages.free(page);
    }
  }
  store(header, headerFields.used, used / refUnit);
  store(header, headerFields.sweeps, load(header, headerFields.sweeps) + 1);
  store(header, headerFields.isSweepDue, 0);
  return freed;
}

/** What there is: bytes in taken blocks, and how many blocks of each kind. */
export function census(memory: Memory, pages: Pages, slabs: Slabs): { used: number; counts: Map<number, number> } {
  const counts = new Map<number, number>();
  let used = 0;
  const count = (ref: number, bytes: number): void => {
    used += bytes;
    const { words, at } = blockAt(memory, ref);
    const tag = load(words, at + blockHead.tag);
    counts.set(tag, (counts.get(tag) ?? 0) + 1);
  };
  for (const [page, word] of pages.runs()) {
    if (kindOf(word) === RUN) count(page * refsPerPage, lengthOf(word) * pageSize);
    else if (kindOf(word) !== FREE) for (const ref of slabs.blocksOf(page)) count(ref, sizeIn(groupOf(word)));
  }
  return { used, counts };
}
