/**
 * Both ends: the items stand in a circle. A full deque lets items at the other end go, in the same change in which others come.
 *
 *                    left ──▶ ┌───┬───┬───┬───┐ ◀── right            PUTS or GETS says that something has happened; what else must change with it,
 *                             └───┴───┴───┴───┘                      where the left end is and what was dropped, is in the log
 *
 * A returned item goes to the end where it was: between returned items that had been taken before it, and those that had been taken after
 * it.
 */

import { load } from '#atomics';
import { type Block, dropParcel } from '../../memory/index.ts';
import { GETS, MAX, PUTS } from '../record.ts';
import { PARCEL } from '../ring.ts';
import type { Message, Outgoing, Taker } from '../store.ts';
import { OrderedStore } from './ordered-store.ts';
import { DROPPED, DROPPED_AFTER, GETS_AFTER, HAND, HOLE, LEFT_AFTER } from './record.ts';

/** An end; and the key of an item that came back there. */
export const LEFT_END = 1;
export const RIGHT_END = 2;

export class DequeStore extends OrderedStore {
  /** Nothing ever waits for room. */
  readonly maxSize: number = 0;
  /** Items that it holds at most; 0: any number. */
  readonly maxLen: number;
  readonly #end: number;
  readonly #block: Block;

  /** @param end where items come and go */
  constructor(block: Block, end: number) {
    super(block);
    this.maxLen = load(block.words, block.at + MAX);
    this.#end = end;
    this.#block = block;
  }

  get dropped(): number {
    return load(this.#block.words, this.#block.at + DROPPED) >>> 0;
  }

  get #isLeft(): boolean {
    return this.#end === LEFT_END;
  }

  /** Where the item at that distance from the left end is. */
  #index(distance: number): number {
    return this.table.around(this.table.left + distance);
  }

  protected next(): number {
    return this.#index(this.#isLeft ? 0 : this.size - 1);
  }

  /** Which of several that came back had been taken first. */
  protected override numberOf(): number {
    return this.load(GETS);
  }

  /** Writes down how the words must be. */
  #plan(left: number, gets: number, dropped: number): void {
    this.prepare(LEFT_AFTER, left);
    this.prepare(GETS_AFTER, (this.load(GETS) + gets) | 0);
    this.prepare(DROPPED_AFTER, (this.load(DROPPED) + dropped) | 0);
  }

  /** And makes them so. */
  #apply(): void {
    this.table.left = this.load(LEFT_AFTER);
    this.store(DROPPED, this.load(DROPPED_AFTER));
    // ORDER: after the others: the log does not count any more.
    this.store(GETS, this.load(GETS_AFTER));
  }

  put(messages: readonly Outgoing[], from: number, count: number): number {
    const { table, size, maxLen } = this;
    // Of more than it holds the last ones stay.
    const skipped = maxLen === 0 ? 0 : Math.max(0, count - maxLen);
    const cells = this.write(messages, from + skipped, count - skipped);
    const placed = skipped + cells.length;
    const excess = maxLen === 0 ? 0 : Math.max(0, size + cells.length - maxLen);
    const dropped = this.#others(excess);
    for (const [i, cell] of cells.entries()) table.prepare(this.#index(this.#isLeft ? -1 - i : size + i), cell);
    const isMore = this.#isLeft || skipped + excess > 0;
    if (isMore) {
      this.#plan(this.#index(this.#isLeft ? -cells.length : excess), skipped + excess, skipped + excess);
      this.log(placed, 0);
    }
    // ORDER: after the references and the log: with this store they are there.
    this.store(PUTS, (this.load(PUTS) + placed) | 0);
    if (!isMore) return placed;
    this.#apply();
    this.logDone();
    for (const message of messages.slice(from, from + skipped))
      if ((message.kind & PARCEL) !== 0) dropParcel(message.words[message.from ?? 0]!);
    for (const cell of dropped) this.#free(cell);
    return placed;
  }

  /** The first `count` items at the other end. */
  #others(count: number): number[] {
    const first = this.#isLeft ? this.size - count : 0;
    return Array.from({ length: count }, (_, i) => this.table.at(this.#index(first + i)));
  }

  #free(cell: number): void {
    const parcel = (this.cells.kindOf(cell) & PARCEL) === 0 ? 0 : this.cells.wordOf(cell);
    this.cells.free(cell);
    if (parcel !== 0) dropParcel(parcel);
  }

  protected remove(taker: Taker): void {
    this.#plan(this.#index(this.#isLeft ? 1 : 0), 1, 0);
    this.log(1, 1);
    taker.count(1);
    this.#apply();
  }

  override giveBack(message: Message, taker: Taker): () => void {
    return super.giveBack({ ...message, key: this.#end }, taker);
  }

  protected putBack(cell: number, taker: Taker): void {
    const { size } = this;
    if (this.maxLen !== 0 && size >= this.maxLen) {
      // Others have filled it meanwhile, and theirs stay.
      this.store(DROPPED, (this.load(DROPPED) + 1) | 0);
      this.#free(cell);
      return;
    }
    const hole = this.#index(this.#isLeft ? -1 : size);
    this.prepare(HAND, cell);
    this.prepare(HOLE, hole);
    this.#plan(this.#isLeft ? hole : this.table.left, -1, 0);
    this.log(-1, 0);
    taker.count(-1);
    this.#apply();
    this.#insert(hole, cell);
    this.store(HAND, 0);
    this.logDone();
  }

  /** Moves the hole past those that came back at this end and had been taken before, and puts the item in hand there. */
  #insert(from: number, cell: number): void {
    const { table, cells, size } = this;
    const end = cells.keyOf(cell);
    const number = cells.numberOf(cell);
    // Behind the last one are references to cells that are free: after a death it may begin near there.
    const last = this.#index(end === LEFT_END ? size - 1 : 0);
    let hole = from;
    while (hole !== last) {
      const index = table.around(hole + (end === LEFT_END ? 1 : -1));
      const other = table.at(index);
      if (cells.keyOf(other) !== end || ((cells.numberOf(other) - number) | 0) > 0) break;
      table.set(hole, other);
      // ORDER: after the move: wherever the hole is, what was there stands elsewhere.
      this.store(HOLE, index);
      hole = index;
    }
    table.set(hole, cell);
  }

  protected restore(): void {
    const hand = this.load(HAND);
    this.#apply();
    if (hand !== 0) this.#insert(this.load(HOLE), hand);
  }

  // In the mutex, for the deque itself.

  /** Turns the circle: `steps` items at the right end come to the left. */
  rotate(steps: number): void {
    const { table, size } = this;
    if (size < 2) return;
    const right = ((steps % size) + size) % size;
    const isToLeft = right > size - right;
    const count = isToLeft ? size - right : right;
    if (count === 0) return;
    table.open();
    table.reserve(size, size + count);
    const { left } = table;
    for (let i = 0; i < count; i += 1) {
      if (isToLeft) table.prepare(this.#index(size + i), table.at(this.#index(i)));
      else table.prepare(this.#index(-1 - i), table.at(this.#index(size - 1 - i)));
    }
    // ORDER: after the references: with this store it has turned.
    table.left = table.around(isToLeft ? left + count : left - count);
  }

  /** Returns a copy of the item that would be taken next; undefined if there is none. */
  peek(): Message | undefined {
    if (this.size === 0) return undefined;
    this.table.open();
    return this.messageIn(this.table.at(this.next()));
  }

  /** Copies of all, from the left. */
  snapshot(): Message[] {
    const { size } = this;
    this.table.open();
    return Array.from({ length: size }, (_, i) => this.messageIn(this.table.at(this.#index(i))));
  }
}
