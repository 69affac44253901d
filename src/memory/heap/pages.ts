/**
 * Pages of 64 KiB, and the table of their kinds. Only the first word of a run counts, and has the beginning of the next run. One store thus
 * turns a run of pages into another kind, and the table can be walked after each store:
 *
 *    table    [ run 3 ][     ][     ][ slab  ][ free 2 ][     ][ slab  ] …         words behind the first of a run mean nothing
 *
 *    split    [ free 5 ][   ][   ][   ][   ]  →  write the remainder's head (behind the first: it means nothing yet)  →  [ run 3 ]…[ free 2 ]
 *    merge    [ free 2 ][   ][ free 3 ][   ][   ]  →  [ free 5 ]
 *
 * Free runs end at segment boundaries, so that a block of less than a segment never lies in two. A word inside of a run is that of a free
 * run, because each page must be free by itself before it is merged or taken with others. A word with `slab` or `run` is therefore a head.
 *
 * All of it happens under the heap's guard.
 */

import { load, store } from '#atomics';
import { firstPage, headerFields, mostPages, pageSize, tableBegin } from './heap-header.ts';
import { HeddleError } from '../../errors.ts';
import { type Memory, segmentSize } from './memory.ts';
import { atStep } from './step.ts';

/** The kind of a page; bits of its word. 0: behind the heap's end, or part of its header. */
const KIND = 3 << 28;
export const FREE: number = 1 << 28;
/** A block of many pages. */
export const RUN: number = 2 << 28;
/** One page of equal blocks: `slabs.ts`. */
export const SLAB: number = 3 << 28;
/** Of a free run: it holds zeros and no memory. */
const CLEAN = 1 << 27;
const LENGTH = 0xff_ffff;

const PAGES = headerFields.pages;
const LOWEST_FREE = headerFields.lowestFree;
const DIRTY = headerFields.dirty;

const pagesPerSegment = segmentSize / pageSize;

export function kindOf(word: number): number {
  return word & KIND;
}

/** How many pages its run has. */
export function lengthOf(word: number): number {
  return (word & KIND) === SLAB ? 1 : word & LENGTH;
}

export class Pages {
  readonly #memory: Memory;
  /** Of segment 0. */
  readonly #words: Int32Array;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#words = memory.segment(0);
  }

  /** The heap ends before this page. */
  get end(): number {
    return load(this.#words, PAGES);
  }

  word(page: number): number {
    return load(this.#words, tableBegin + page);
  }

  /** The step that counts: what a page, or the run that begins with it, is from now on. */
  set(page: number, word: number): void {
    // ORDER: after all that the new kind requires; a successor of a dead owner of the guard sees that.
    store(this.#words, tableBegin + page, word);
  }

  /** Returns a free run of at least `count` pages; 0 if there is none. */
  find(count: number): number {
    const { end } = this;
    const words = this.#words;
    let isLowest = true;
    for (let page = load(words, LOWEST_FREE) || firstPage; page < end; ) {
      let word = this.word(page);
      if (kindOf(word) === FREE) {
        word = this.#merge(page, word);
        if (isLowest) store(words, LOWEST_FREE, page);
        isLowest = false;
        if (lengthOf(word) >= count || this.#reaches(page, word, count)) return page;
      }
      page += lengthOf(word);
    }
    if (isLowest && end > 0) store(words, LOWEST_FREE, end);
    return 0;
  }

  /** True if it and the free runs of the next segments are long enough together. Only whole segments are combined. */
  #reaches(page: number, word: number, count: number): boolean {
    if (count <= pagesPerSegment || page % pagesPerSegment !== 0) return false;
    let next = page + lengthOf(word);
    while (next - page < count && next % pagesPerSegment === 0 && next < this.end && kindOf(this.word(next)) === FREE)
      next += lengthOf(this.#merge(next, this.word(next)));
    return next - page >= count;
  }

  /** Makes it one run with the free ones behind it. Returns its word. */
  #merge(page: number, word: number): number {
    let merged = word;
    for (;;) {
      const next = page + lengthOf(merged);
      if (next % pagesPerSegment === 0 || next >= this.end) break;
      const its = this.word(next);
      if (kindOf(its) !== FREE) break;
      merged = FREE | (merged & its & CLEAN) | (lengthOf(merged) + lengthOf(its));
    }
    if (merged !== word) {
      atStep?.('pages.merge');
      this.set(page, merged);
    }
    return merged;
  }

  /**
   * Makes the found run exactly `count` pages long, and still free: it may be written to now. Then `set` gives it its kind.
   *
   * @returns whether it holds zeros
   */
  reserve(page: number, count: number): boolean {
    let isClean = true;
    let last = page;
    let end = page;
    for (; end < page + count; end += lengthOf(this.word(end))) {
      if ((this.word(end) & CLEAN) === 0) isClean = false;
      last = end;
    }
    const rest = end - (page + count);
    if (rest > 0) {
      // Behind the first of the run: means nothing yet. Of a run through several segments it is part of the last.
      atStep?.('pages.remainder');
      const cut = page + count;
      if (last === page) this.set(cut, FREE | (this.word(page) & CLEAN) | rest);
      else if (cut < end) this.#cut(last, cut, rest);
    }
    // Before any write into it: after a death here it must not count as clean.
    atStep?.('pages.reserve');
    this.#countDirty(isClean ? 0 : -count);
    this.set(page, FREE | Math.min(count, lengthOf(this.word(page))));
    return isClean;
  }

  /** Of the last segment of a longer run: it is free until the run is taken, and so are both parts. */
  #cut(last: number, cut: number, rest: number): void {
    const clean = this.word(last) & CLEAN;
    this.set(cut, FREE | clean | rest);
    atStep?.('pages.cut');
    this.set(last, FREE | clean | (cut - last));
  }

  /** Frees a run or a page of equal blocks. */
  free(page: number): void {
    const length = lengthOf(this.word(page));
    const inFirst = Math.min(length, pagesPerSegment - (page % pagesPerSegment));
    for (let head = page + inFirst; head < page + length; head += pagesPerSegment)
      this.set(head, FREE | Math.min(pagesPerSegment, page + length - head));
    atStep?.('pages.hint');
    if (page < load(this.#words, LOWEST_FREE)) store(this.#words, LOWEST_FREE, page);
    this.#countDirty(length);
    atStep?.('pages.free');
    this.set(page, FREE | inFirst);
  }

  get dirty(): number {
    return load(this.#words, DIRTY);
  }

  /** An estimate: a killed thread has not counted. */
  #countDirty(pages: number): void {
    if (pages !== 0) store(this.#words, DIRTY, Math.max(0, this.dirty + pages));
  }

  /** Gives the memory of free pages back to the system. */
  discard(): void {
    for (let page = 0; page < this.end; ) page = this.discardFrom(page);
  }

  /**
   * Gives the next free run from a page on back to the system: a segment at most, which takes a millisecond or two.
   *
   * @param first 0: from the beginning, and the estimate of what is dirty begins anew
   * @returns the page to go on with; `end` after the last one
   */
  discardFrom(first: number): number {
    if (first === 0) store(this.#words, DIRTY, 0);
    // Where it would only fill them with zeros, nothing is given back.
    if (this.#memory.kind === 'array') return this.end;
    for (const [page] of this.runsFrom(first)) {
      if (kindOf(this.word(page)) !== FREE) continue;
      const word = this.#merge(page, this.word(page));
      if ((word & CLEAN) !== 0) continue;
      if (!this.#memory.discard(page * pageSize, lengthOf(word) * pageSize)) return this.end;
      atStep?.('pages.discard');
      this.set(page, word | CLEAN);
      return page + lengthOf(word);
    }
    return this.end;
  }

  /** Makes the heap longer, so that there are `count` free pages in a row. @throws HeddleError */
  grow(count: number): void {
    const from = this.end;
    // The first segment has less room than the others.
    const isShort = from === 0 && count > pagesPerSegment - firstPage;
    const end = from + (Math.ceil(count / pagesPerSegment) + (isShort ? 1 : 0)) * pagesPerSegment;
    if (end > mostPages) throw new HeddleError(`at most ${mostPages * pageSize} bytes`);
    this.#memory.grow(end * pageSize);
    atStep?.('pages.grown');
    for (let page = from; page < end; page += pagesPerSegment) {
      const head = Math.max(page, firstPage);
      this.set(head, FREE | CLEAN | (page + pagesPerSegment - head));
    }
    atStep?.('pages.published');
    // ORDER: after the heads of its runs.
    store(this.#words, PAGES, end);
  }

  /** Every run: its first page and its word. */
  *runs(): IterableIterator<[page: number, word: number]> {
    for (let page = firstPage; page < this.end; page += lengthOf(this.word(page))) yield [page, this.word(page)];
  }

  /** Yields the runs that begin at a page or behind it. */
  *runsFrom(first: number): IterableIterator<[page: number, word: number]> {
    for (const run of this.runs()) if (run[0] >= first) yield run;
  }
}
