/**
 * Finds the blocks that nobody can reach any more, and frees them: all that is not listed in the ledger of a thread that lives, not in a parcel on
 * its way, and does not belong to a block that is.
 *
 *    ledgers of living threads ─┐
 *    parcels on their way ──────┴─▶ blocks ─▶ their CHAIN, their references ─▶ …        marked, in this thread's own memory
 *
 *    pages: every block that is taken and has no mark is freed, up to 32 by one store
 *
 * It runs under the heap's guard: nobody is born or chained meanwhile. Things may be let go meanwhile; the next sweep frees those. Who is
 * killed in the middle has freed some.
 */

import { load, store } from '#atomics';
import { blockAt, refUnit } from './block.ts';
import { headerFields, pageSize } from './heap-header.ts';
import { readLedger } from './ledger.ts';
import type { Memory } from './memory.ts';
import { FREE, kindOf, lengthOf, type Pages, RUN, SLAB } from './pages.ts';
import { isOnItsWay, parcelsIn, refsIn } from './parcel-record.ts';
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

  #mark(ref: number): void {
    const page = (ref >>> 0) >>> 12;
    const word = page < this.#begin.length ? this.#pages.word(page) : 0;
    let bit = 0;
    if (kindOf(word) === SLAB) bit = ((ref & (refsPerPage - 1)) - firstRef) / (sizeIn(groupOf(word)) / refUnit);
    else if (kindOf(word) !== RUN) return;
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
  for (const parcel of parcelsIn(memory, pages, slabs)) {
    if (!isOnItsWay(parcel, (host) => !dead.has(host) && (host === mine || !isSlotDead(memory, host, false)))) continue;
    reach(parcel.ref);
    for (const ref of refsIn(parcel)) reach(ref);
  }
  return marks;
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
