/**
 * Last in, first out: the items stand in the order in which they were put, and the last one goes out. One that comes back goes to its place among them, in hand, as in
 * an insertion sort: the log says where the hole is.
 */

import { load } from '#atomics';
import type { Block } from '../../memory/index.ts';
import { MAX, PUTS } from '../record.ts';
import type { Outgoing, Taker } from '../store.ts';
import { OrderedStore } from './ordered-store.ts';
import { HAND, HOLE } from './record.ts';

export class StackStore extends OrderedStore {
  readonly maxSize: number;

  constructor(block: Block) {
    super(block);
    this.maxSize = load(block.words, block.at + MAX);
  }

  protected next(): number {
    return this.size - 1;
  }

  put(messages: readonly Outgoing[], from: number, count: number): number {
    const { size } = this;
    const cells = this.write(messages, from, count);
    for (const [i, cell] of cells.entries()) this.table.prepare(size + i, cell);
    // ORDER: after the references: with this store they are there.
    this.store(PUTS, (this.load(PUTS) + cells.length) | 0);
    return cells.length;
  }

  protected remove(taker: Taker): void {
    this.log(1, 1);
    taker.count(1);
  }

  protected putBack(cell: number, taker: Taker): void {
    const { size } = this;
    this.prepare(HAND, cell);
    this.prepare(HOLE, size);
    this.log(-1, 0);
    taker.count(-1);
    this.#insert(size, cell);
    this.store(HAND, 0);
    this.logDone();
  }

  /** Moves the hole to where the item in hand belongs, and puts it there. */
  #insert(from: number, cell: number): void {
    const { table, cells } = this;
    const number = cells.numberOf(cell);
    let hole = from;
    for (; hole > 0; hole -= 1) {
      const before = table.at(hole - 1);
      if (((cells.numberOf(before) - number) | 0) < 0) break;
      table.set(hole, before);
      // ORDER: after the move: wherever the hole is, what was there stands elsewhere.
      this.store(HOLE, hole - 1);
    }
    table.set(hole, cell);
  }

  protected restore(): void {
    const hand = this.load(HAND);
    if (hand !== 0) this.#insert(this.load(HOLE), hand);
  }
}
