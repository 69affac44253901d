/**
 * The order of items: a row of references, each to the first cell of a message. The row, its size and where it begins, and the cells lie behind one word of the
 * queue. So what takes new memory, a longer row or a smaller one, is complete with one store.
 */

import { load, read, store, write } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { adopt, allocateOwned, type Block, blockAt, dropListed, type Memory, relink, segmentSize, theAgent } from '../../memory/index.ts';
import { Cells } from './cells.ts';
import { CAPACITY, CHAIN, FREE, ITEMS, itemsHead, LEFT, TOTAL } from './record.ts';

const segmentWords = segmentSize / 4;
/** Bytes of rows: sizes that the heap has. Longer ones are whole pages. */
const rowSizes = [256, 1024, 4096, 16_256] as const;
const page = 65_536;
/** The number of cells up to which the memory of removed items is kept for new ones. */
const keptCells = 1024;

/** Of a row for at least `count` items. */
function capacityFor(count: number): number {
  const bytes = (count + itemsHead) * 4;
  let size = rowSizes.find((one) => one >= bytes) ?? page;
  while (size < bytes) size *= 2;
  return size / 4 - itemsHead;
}

function newRow(capacity: number): Block {
  const block = allocateOwned(itemsHead + capacity);
  store(block.words, block.at + CAPACITY, capacity);
  return block;
}

export class Table {
  readonly cells: Cells = new Cells();
  readonly #queue: Block;
  readonly #memory: Memory = theAgent().memory;
  #row: Block;
  capacity = 0;

  constructor(queue: Block) {
    this.#queue = queue;
    this.#row = queue;
  }

  /** The words of a new queue. @throws HeddleError if the heap is full */
  static start({ words, at }: Block): void {
    const row = newRow(capacityFor(1));
    store(words, at + ITEMS, row.ref);
    adopt(row);
  }

  /** Looks where the row is now. First in the mutex. */
  open(): void {
    const ref = read(this.#queue.words, this.#queue.at + ITEMS);
    if (ref !== this.#row.ref) this.#on(blockAt(this.#memory, ref));
    // Another row may have come to lie there.
    this.capacity = read(this.#row.words, this.#row.at + CAPACITY);
  }

  #on(row: Block): void {
    this.#row = row;
    this.cells.open(row);
  }

  /** Where the first item is, where that may be anywhere. */
  get left(): number {
    return read(this.#row.words, this.#row.at + LEFT);
  }

  set left(index: number) {
    store(this.#row.words, this.#row.at + LEFT, index);
  }

  at(index: number): number {
    const word = this.#row.at + itemsHead + index;
    return word < segmentWords ? read(this.#row.words, word) : read(this.#segmentOf(word), word % segmentWords);
  }

  /** As `set`, where no order matters: behind the items that are there. Plain, as the store that makes it one of them comes later. */
  prepare(index: number, cell: number): void {
    const word = this.#row.at + itemsHead + index;
    if (word < segmentWords) write(this.#row.words, word, cell);
    else write(this.#segmentOf(word), word % segmentWords, cell);
  }

  set(index: number, cell: number): void {
    const word = this.#row.at + itemsHead + index;
    if (word < segmentWords) store(this.#row.words, word, cell);
    else store(this.#segmentOf(word), word % segmentWords, cell);
  }

  /** Of a row that lies in several segments. */
  #segmentOf(word: number): Int32Array {
    const first = Math.floor(((this.#row.ref >>> 0) * 16) / segmentSize);
    return this.#memory.segment(first + Math.floor(word / segmentWords));
  }

  /** An index that may have run out of the row at either end. */
  around(index: number): number {
    const { capacity } = this;
    return index < 0 ? index + capacity : index < capacity ? index : index - capacity;
  }

  /** Ensures space for `count` items, `size` of which are there. @throws HeddleError if there is no memory; then nothing has happened */
  reserve(size: number, count: number): void {
    if (count <= this.capacity) return;
    const old = this.#row;
    const { left } = this;
    const row = newRow(capacityFor(Math.max(count, this.capacity * 2)));
    for (let word = FREE; word <= TOTAL; word += 1) store(row.words, row.at + word, load(old.words, old.at + word));
    const longer = new Table(this.#queue);
    longer.#on(row);
    for (let i = 0; i < size; i += 1) longer.prepare(i, this.at(this.around(left + i)));
    relink((links) => {
      links.set(row, CHAIN, load(old.words, old.at + CHAIN));
      // ORDER: after all that it names: with this store it is the row.
      links.set(this.#queue, ITEMS, row.ref);
      links.free(old.ref);
    });
    adopt(row);
    this.open();
  }

  /** True if most of the memory is unused. */
  get isSparse(): boolean {
    const { total, used } = this.cells;
    return total > keptCells && used * 4 < total;
  }

  /** Moves `size` items to as little memory as they need, and frees the rest. Without memory to move them to, they stay. */
  shrink(size: number): void {
    const old = this.#row;
    const smaller = new Table(this.#queue);
    let row: Block | undefined;
    try {
      row = newRow(capacityFor(size));
      smaller.#on(row);
      const { left } = this;
      for (let i = 0; i < size; i += 1) smaller.prepare(i, smaller.cells.adoptCopy(this.cells, this.at(this.around(left + i))));
    } catch (error) {
      if (row !== undefined) dropListed(row);
      if (error instanceof HeddleError) return;
      throw error;
    }
    const chunks = [...this.cells.chunks()];
    relink((links) => {
      // ORDER: after all that it names, as above.
      links.set(this.#queue, ITEMS, row.ref);
      for (const chunk of chunks) links.free(chunk.ref);
      links.free(old.ref);
    });
    adopt(row);
    this.open();
  }
}
