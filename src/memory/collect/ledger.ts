/**
 * The blocks that a thread holds: their refs, in a chain of pages that hangs on its slot. Handles are not counted. A block lives as long as
 * it is listed in the ledger of a living thread, is in flight, or belongs to a living block (`sweep.ts`).
 *
 *    slot.ledger ──▶ ┌─────┬───────┬─────┬───┬─────┬─ … ─┐
 *                    │ TAG │ CHAIN │ ref │ 0 │ ref │     │ ──▶ the next page
 *                    └─────┴───────┴─────┴───┴─────┴─ … ─┘
 *
 * Only its thread writes into it. To list something needs the heap's guard, so that no sweep comes between; to let something go is one store and
 * needs nothing.
 */

import { load, store } from '#atomics';
import { type Block, blockAt } from '../heap/block.ts';
import { layout } from '../heap/layout.ts';
import type { Memory } from '../heap/memory.ts';
import { slotFields, slotOf } from '../threads/slots.ts';
import { atStep } from '../heap/step.ts';

const page = layout('LedgerPage', 'what a thread holds', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'the next page'],
  entries: ['ref', 'a block that it holds; 0: none', 254],
});

const CHAIN = page.chain;
const ENTRIES = page.entries;
const perPage = page.size - ENTRIES;

/** Of a page. */
export const ledgerPageWords: number = page.size;

export class Ledger {
  readonly #head: Int32Array;
  readonly #first: number;
  readonly #pages: Block[] = [];
  /** Positions of entries that hold nothing. */
  #free: number[] = [];

  constructor(memory: Memory, id: number) {
    this.#head = memory.segment(0);
    this.#first = slotOf(id) + slotFields.ledger;
  }

  /** How many more it can hold without another page. */
  get room(): number {
    return this.#free.length;
  }

  get pageCount(): number {
    return this.#pages.length;
  }

  /** Hangs a new page, which is zeros but for its tag, on the chain. */
  addPage(block: Block): void {
    atStep?.('ledger.page');
    this.#link(this.#pages.length, block.ref);
    const base = this.#pages.length * perPage;
    for (let i = perPage - 1; i >= 0; i -= 1) this.#free.push(base + i);
    this.#pages.push(block);
  }

  #link(index: number, ref: number): void {
    const before = this.#pages[index - 1];
    // ORDER: after the page is taken and filled with zeros.
    if (before === undefined) store(this.#head, this.#first, ref);
    else store(before.words, before.at + CHAIN, ref);
  }

  /** Lists a block; there must be room. Returns the position of its entry. */
  list(ref: number): number {
    atStep?.('ledger.list');
    const position = this.#free.pop()!;
    this.#set(position, ref);
    atStep?.('ledger.listed');
    return position;
  }

  /** Lets the block of an entry go. Returns its ref. */
  drop(position: number): number {
    const ref = this.at(position);
    this.#set(position, 0);
    this.#free.push(position);
    atStep?.('ledger.dropped');
    return ref;
  }

  at(position: number): number {
    const { words, at } = this.#pages[Math.floor(position / perPage)]!;
    return load(words, at + ENTRIES + (position % perPage)) >>> 0;
  }

  #set(position: number, ref: number): void {
    const { words, at } = this.#pages[Math.floor(position / perPage)]!;
    store(words, at + ENTRIES + (position % perPage), ref);
  }

  /** Gives up the last pages as far as they list nothing, and returns them: to be cut off the chain, and freed. Needs no guard. */
  trim(): Block[] {
    let used = this.#pages.length;
    while (used > 0 && isEmpty(this.#pages[used - 1]!)) used -= 1;
    if (used === this.#pages.length) return [];
    this.#free = this.#free.filter((position) => position < used * perPage);
    return this.#pages.splice(used);
  }

  /** Ends the chain with the last page that is left. */
  cut(): void {
    this.#link(this.#pages.length, 0);
    atStep?.('ledger.trimmed');
  }
}

function isEmpty({ words, at }: Block): boolean {
  for (let i = at + ENTRIES; i < at + ledgerPageWords; i += 1) if (load(words, i) !== 0) return false;
  return true;
}

/** The refs of the pages of a ledger. */
export function* ledgerPages(memory: Memory, first: number): IterableIterator<number> {
  for (let ref = first; ref !== 0; ) {
    yield ref;
    const { words, at } = blockAt(memory, ref);
    ref = load(words, at + CHAIN);
  }
}

/** Calls `onEntry` with each ref that is listed on a page. */
export function readLedgerPage({ words, at }: Block, onEntry: (ref: number) => void): void {
  for (let i = at + ENTRIES; i < at + ledgerPageWords; i += 1) {
    const entry = load(words, i);
    if (entry !== 0) onEntry(entry);
  }
}

/** All that is listed in a ledger, and its own pages. */
export function readLedger(memory: Memory, first: number, onPage: (ref: number) => void, onEntry: (ref: number) => void): void {
  for (const ref of ledgerPages(memory, first)) {
    onPage(ref);
    readLedgerPage(blockAt(memory, ref), onEntry);
  }
}
