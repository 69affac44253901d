/**
 * Lowest first: a binary heap (Williams, 1964). An item that goes to its place is in hand while the others make room, and the log says where the hole is:
 *
 *    take: HAND = the last, HOLE = the first place ─▶ GETS ─▶ a child moves into the hole ─▶ HOLE = where it was ─▶ … ─▶ the item in hand goes into the hole
 *
 * After each of these stores the row holds every item once, if HAND is put into HOLE. So the next owner after a death does that, and goes on from there.
 */

import { load } from '#atomics';
import type { Block } from '../../memory/index.ts';
import { MAX, PUTS } from '../record.ts';
import type { Outgoing, Taker } from '../store.ts';
import { OrderedStore } from './ordered-store.ts';
import { HAND, HOLE, SORTED } from './record.ts';

export class PriorityStore extends OrderedStore {
  readonly maxSize: number;

  constructor(block: Block) {
    super(block);
    this.maxSize = load(block.words, block.at + MAX);
  }

  protected next(): number {
    return 0;
  }

  put(messages: readonly Outgoing[], from: number, count: number): number {
    const { size, table } = this;
    const cells = this.write(messages, from, count);
    for (const [i, cell] of cells.entries()) table.prepare(size + i, cell);
    this.#hold(cells[0]!, size, size);
    this.log(cells.length, 0);
    // ORDER: after the references and the log: with this store they are there.
    this.store(PUTS, (this.load(PUTS) + cells.length) | 0);
    this.#up(size, cells[0]!);
    for (let i = 1; i < cells.length; i += 1) this.#sift(size + i);
    this.store(HAND, 0);
    this.logDone();
    return cells.length;
  }

  /** @param sorted the number of items that have their place */
  #hold(cell: number, hole: number, sorted: number): void {
    this.prepare(HAND, cell);
    this.prepare(HOLE, hole);
    this.prepare(SORTED, sorted);
  }

  protected remove(taker: Taker): void {
    const { table } = this;
    const size = this.size - 1;
    const last = size === 0 ? 0 : table.at(size);
    this.#hold(last, 0, size);
    this.log(1, 1);
    taker.count(1);
    if (last !== 0) this.#down(0, last);
    this.store(HAND, 0);
  }

  protected putBack(cell: number, taker: Taker): void {
    const { size } = this;
    this.#hold(cell, size, size);
    this.log(-1, 0);
    taker.count(-1);
    this.#up(size, cell);
    this.store(HAND, 0);
    this.logDone();
  }

  /** The item in hand goes up to its place. False: it stays. */
  #up(from: number, cell: number): boolean {
    const { table, cells } = this;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = table.at(parent);
      if (!cells.isBefore(cell, above)) break;
      hole = this.#move(above, hole, parent);
    }
    table.set(hole, cell);
    return hole !== from;
  }

  /** The item in hand goes down to its place. */
  #down(from: number, cell: number): void {
    const { table, cells, size } = this;
    let hole = from;
    for (;;) {
      let child = hole * 2 + 1;
      if (child >= size) break;
      let below = table.at(child);
      if (child + 1 < size) {
        const other = table.at(child + 1);
        if (cells.isBefore(other, below)) {
          below = other;
          child += 1;
        }
      }
      if (!cells.isBefore(below, cell)) break;
      hole = this.#move(below, hole, child);
    }
    table.set(hole, cell);
  }

  /** Fills the hole with an item; the hole is then where that was. */
  #move(cell: number, hole: number, from: number): number {
    this.table.set(hole, cell);
    // ORDER: after the move: wherever the hole is, what was there stands elsewhere.
    this.store(HOLE, from);
    return from;
  }

  /** Takes an item in hand that stands behind those that have their place, and puts it to its own. */
  #sift(index: number): void {
    const cell = this.table.at(index);
    // ORDER: no item is in hand while the hole is another one.
    this.store(HAND, 0);
    this.store(HOLE, index);
    this.store(HAND, cell);
    this.#up(index, cell);
  }

  protected restore(): void {
    const hand = this.load(HAND);
    if (hand !== 0) {
      const hole = this.load(HOLE);
      if (!this.#up(hole, hand)) this.#down(hole, hand);
    }
    for (let i = this.load(SORTED); i < this.size; i += 1) this.#sift(i);
  }
}
