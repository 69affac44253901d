/**
 * A store whose items go out in another order than they came. Subclasses choose the order. Their common part is here: messages in cells, a
 * row of references to them, one mutex, and a log of changes that take several stores.
 *
 *    put     cells ─▶ room in the row ─▶ references ─▶ the log, if more follows ─▶ PUTS: they are there ─▶ each to its place ─▶ log 0
 *    take    copy ─▶ the log ─▶ GETS: it is gone ─▶ what fills its place ─▶ log 0 ─▶ its cells are free
 *
 *    killed before PUTS or GETS says so: nothing has happened            after: the next owner of the mutex does the rest, from the log
 */

import { load, read, store, write } from '#atomics';
import { HeddleError } from '../../errors.ts';
import type { Block } from '../../memory/index.ts';
import { GETS, LOST, PUTS } from '../record.ts';
import { PARCEL } from '../ring.ts';
import type { Message, Outgoing, Store, Taker } from '../store.ts';
import type { Cells } from './cells.ts';
import { HAND, LOG, LOST_AFTER } from './record.ts';
import { Table } from './table.ts';

export abstract class OrderedStore implements Store {
  abstract readonly maxSize: number;
  readonly hasOneMutex: boolean = true;
  readonly takesBatches: boolean = true;
  protected readonly table: Table;
  protected readonly cells: Cells;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(block: Block) {
    this.#words = block.words;
    this.#at = block.at;
    this.table = new Table(block);
    this.cells = this.table.cells;
  }

  /** The words of a new queue. @throws HeddleError if the heap is full */
  static start(block: Block): void {
    Table.start(block);
  }

  get mayHave(): boolean {
    return load(this.#words, this.#at + PUTS) !== load(this.#words, this.#at + GETS);
  }

  get seemsToHave(): boolean {
    return read(this.#words, this.#at + PUTS) !== read(this.#words, this.#at + GETS);
  }

  /** Plain: in the mutex. */
  protected load(word: number): number {
    return read(this.#words, this.#at + word);
  }

  protected store(word: number, value: number): void {
    store(this.#words, this.#at + word, value);
  }

  /** As `store`, of a word that means nothing before the log counts: its store comes later. */
  protected prepare(word: number, value: number): void {
    write(this.#words, this.#at + word, value);
  }

  /** Items that are there. In the mutex, as all that follows. */
  protected get size(): number {
    return (this.load(PUTS) - this.load(GETS)) | 0;
  }

  has(): boolean {
    return this.size > 0;
  }

  // The part of subclasses.

  /** Where the item that comes next is in the row. Some item is there. */
  protected abstract next(): number;
  /** Removes the next item from the row, with `taker.count(1)`. The log of the removal stays. */
  protected abstract remove(taker: Taker): void;
  /** A message that came back, and is in its cells, comes into the row, with `taker.count(-1)`. */
  protected abstract putBack(cell: number, taker: Taker): void;
  /** Does the rest of a change that has begun to count. */
  protected abstract restore(): void;

  /** Of the item that comes next, what puts it back to its place. */
  protected numberOf(cell: number): number {
    return this.cells.numberOf(cell);
  }

  // The log.

  /**
   * Logs a change, which counts when PUTS + GETS has changed by `change`. The rest of the log is written before.
   *
   * @param lost items that would be lost with this thread from then on
   */
  protected log(change: number, lost: number): void {
    this.prepare(LOST_AFTER, (this.load(LOST) + lost) | 0);
    // ORDER: after the rest of the log; before the store of PUTS or GETS, with which it counts.
    this.store(LOG, this.#logOf(change));
  }

  #logOf(change: number): number {
    return ((this.load(PUTS) + this.load(GETS) + change) << 1) | 1;
  }

  /** The change is complete. */
  protected logDone(): void {
    // ORDER: after all that the log is for.
    this.store(LOG, 0);
  }

  /** A thread has died in the mutex. */
  repairPuts(): void {
    this.table.open();
    if (this.load(LOG) === this.#logOf(0)) {
      this.store(LOST, this.load(LOST_AFTER));
      this.restore();
    }
    this.store(HAND, 0);
    // ORDER: last: until then the rest is done again after a further death.
    this.store(LOG, 0);
    this.cells.repair(this.#all());
  }

  repairGets(): number {
    return this.load(GETS);
  }

  *#all(): IterableIterator<number> {
    const { table, size } = this;
    const { left } = table;
    for (let i = 0; i < size; i += 1) yield table.at(table.around(left + i));
  }

  // Putting and taking.

  abstract put(messages: readonly Outgoing[], from: number, count: number): number;

  /** Messages in their cells, and room for them in the row: as many as there is memory for. @throws HeddleError if there is none for the first */
  protected write(messages: readonly Outgoing[], from: number, count: number): number[] {
    this.table.open();
    const { size } = this;
    this.table.reserve(size, size + count);
    const cells: number[] = [];
    const puts = this.load(PUTS);
    try {
      for (let i = 0; i < count; i += 1) cells.push(this.cells.write(messages[from + i]!, (puts + i) | 0));
    } catch (error) {
      if (cells.length === 0 || !(error instanceof HeddleError)) throw error;
    }
    return cells;
  }

  take(taker: Taker): boolean {
    if (this.size === 0) return false;
    this.table.open();
    const { cells } = this;
    const cell = this.table.at(this.next());
    cells.copy(cell, taker.hold(cells.kindOf(cell), this.numberOf(cell), cells.lengthOf(cell), cells.keyOf(cell)));
    this.#remove(cell, taker);
    return true;
  }

  takeSome(max: number, taker: Taker): Message[] {
    const taken: Message[] = [];
    this.table.open();
    while (taken.length < max && this.size > 0) {
      const cell = this.table.at(this.next());
      taken.push(this.messageIn(cell));
      this.#remove(cell, taker);
    }
    return taken;
  }

  /** A copy of a message. */
  protected messageIn(cell: number): Message {
    const { cells } = this;
    const length = cells.lengthOf(cell);
    const words = new Int32Array((length + 3) >> 2);
    cells.copy(cell, words);
    return { kind: cells.kindOf(cell), number: this.numberOf(cell), length, key: cells.keyOf(cell), words };
  }

  #remove(cell: number, taker: Taker): void {
    this.remove(taker);
    this.cells.free(cell);
    // Until here the item would be lost with this thread.
    this.logDone();
    if (this.table.isSparse) this.table.shrink(this.size);
  }

  giveBack(message: Message, taker: Taker): () => void {
    return () => {
      this.table.open();
      const size = this.size;
      this.table.reserve(size, size + 1);
      this.putBack(this.cells.write(message, message.number), taker);
    };
  }

  drain(): number[] {
    this.table.open();
    if (this.size === 0) return [];
    const parcels: number[] = [];
    for (const cell of this.#all()) if ((this.cells.kindOf(cell) & PARCEL) !== 0) parcels.push(this.cells.wordOf(cell));
    this.store(GETS, this.load(PUTS));
    this.table.shrink(0);
    return parcels;
  }
}
