/**
 * The entries of one stripe: a table with the slots of a hash table, chains of entries, and memory for them. Changes are made in the mutex
 * of the stripe only. A reader without it may find anything, and detects that by the sequence.
 *
 * The words must be consistent after each store, as the thread may die at any of them. An entry is written before one word names it, and a
 * word leads past an entry before that is free. After a death all entries are thus whole. Memory in between is lost to the stripe until its
 * table is made anew.
 *
 *    room for an entry    a free one of its size ── none ──▶ what was never used ── none ──▶ a further chunk, or a new table when much is free
 *    a new table          entries are copied ─▶ one reference names the table ─▶ the former one is freed
 */

import { load, read, store, write } from '#atomics';
import { adopt, allocateFilled, allocateOwned, type Block, blockAt, freeOwned, type Memory, relink, theAgent } from '../memory/index.ts';
import type { EncodedKey } from './key.ts';
import {
  CHAIN,
  chunkHead,
  END,
  entryHead,
  FREE,
  FRESH,
  HASH,
  KEY,
  leastUnits,
  listCount,
  LISTS,
  NEXT,
  SLOTS,
  tableHead,
  UNITS,
  unitMask,
  unitShift,
  unitsOf,
  VALUE,
  wordsOf,
} from './record.ts';

const wordsPerUnit = 4;
export const leastSlots = 8;
/** A table lies in one segment. Beyond it chains become longer. */
export const mostSlots: number = 2 ** 20;
/** Units for entries in a new table: with 8 slots it has 512 bytes. */
const firstUnits = 22;
const mostTableUnits = 16_384;
const leastChunkUnits = 60;
const mostChunkUnits = 16_384;

export class Table {
  readonly block: Block;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #memory: Memory = theAgent().memory;

  private constructor(block: Block) {
    this.block = block;
    this.#words = block.words;
    this.#at = block.at;
  }

  static at(ref: number): Table {
    return new Table(blockAt(theAgent().memory, ref));
  }

  /**
   * A table without entries, listed by this thread until a word names it.
   *
   * @param units room for entries
   * @throws HeddleError if the heap is full
   */
  static make(slots: number, units: number): Table {
    const room = Math.max(firstUnits, Math.min(units, mostTableUnits));
    const block = allocateOwned(tableHead + slots + room * wordsPerUnit);
    const { words, at, ref } = block;
    const first = (ref + (tableHead + slots) / wordsPerUnit) | 0;
    store(words, at + SLOTS, slots);
    store(words, at + FRESH, first);
    store(words, at + END, (first + room) | 0);
    store(words, at + UNITS, room);
    return new Table(block);
  }

  get slots(): number {
    return read(this.#words, this.#at + SLOTS);
  }

  get units(): number {
    return read(this.#words, this.#at + UNITS);
  }

  get free(): number {
    return read(this.#words, this.#at + FREE);
  }

  /** Units of entries that are there. */
  get used(): number {
    return this.units - this.free - this.#fresh();
  }

  /** Bytes of the table and its chunks. */
  get bytes(): number {
    return (tableHead + this.slots) * 4 + this.units * 16;
  }

  get words(): Int32Array {
    return this.#words;
  }

  /** The index in `words` of the slot of a hash. */
  slotOf(hash: number): number {
    return this.#at + tableHead + (hash & (this.slots - 1));
  }

  wordsOf(entry: number): Int32Array {
    return this.#memory.segment(entry >>> unitShift);
  }

  /** True if there is space for an entry of that size. */
  hasRoom(units: number): boolean {
    return this.#listed(units) !== 0 || this.#fresh() >= units;
  }

  #listed(units: number): number {
    return units < leastUnits + listCount ? read(this.#words, this.#at + LISTS + units - leastUnits) : 0;
  }

  #fresh(): number {
    return (read(this.#words, this.#at + END) >>> 0) - (read(this.#words, this.#at + FRESH) >>> 0);
  }

  #count(word: number, by: number): void {
    write(this.#words, this.#at + word, (read(this.#words, this.#at + word) + by) | 0);
  }

  /** Takes room for an entry; there is some. Returns its reference. */
  take(units: number): number {
    const listed = this.#listed(units);
    if (listed !== 0) {
      const words = this.wordsOf(listed);
      write(this.#words, this.#at + LISTS + units - leastUnits, read(words, placeIn(listed) + NEXT));
      this.#count(FREE, -units);
      return listed;
    }
    const fresh = read(this.#words, this.#at + FRESH);
    // ORDER: before the entry is written: after a death it is lost, and not given out twice.
    write(this.#words, this.#at + FRESH, (fresh + units) | 0);
    return fresh;
  }

  /** Gives back the room of an entry that no word names. */
  give(entry: number): void {
    const units = this.unitsOf(entry);
    this.#count(FREE, units);
    if (units >= leastUnits + listCount) return;
    const list = this.#at + LISTS + units - leastUnits;
    write(this.wordsOf(entry), placeIn(entry) + NEXT, read(this.#words, list));
    // ORDER: after its NEXT: with this store it is free.
    write(this.#words, list, entry);
  }

  unitsOf(entry: number): number {
    const words = this.wordsOf(entry);
    const at = placeIn(entry);
    return unitsOf(read(words, at + KEY), read(words, at + VALUE) >>> 4);
  }

  /** Adds a chunk that has room for an entry. @throws HeddleError if the heap is full; then nothing has happened */
  extend(units: number): void {
    const size = Math.max(units, leastChunkUnits, Math.min(this.units, mostChunkUnits));
    const chunk = allocateFilled(chunkHead + size * wordsPerUnit);
    const words = this.#words;
    const at = this.#at;
    relink((links) => {
      links.set(chunk, CHAIN, load(words, at + CHAIN));
      links.set(this.block, CHAIN, chunk.ref);
    });
    adopt(chunk);
    this.#count(FREE, this.#fresh());
    // ORDER: there is no room until both are written.
    write(words, at + END, 0);
    const first = (chunk.ref + chunkHead / wordsPerUnit) | 0;
    write(words, at + FRESH, first);
    write(words, at + END, (first + size) | 0);
    this.#count(UNITS, size);
  }

  /** Calls `visit` with each entry, and the word that names it. An entry may be given back meanwhile if `visit` returns true: the word leads past it. */
  each(visit: (entry: number, words: Int32Array, at: number, linkWords: Int32Array, link: number) => boolean | void): void {
    for (let slot = 0, { slots } = this; slot < slots; slot += 1) {
      let linkWords = this.#words;
      let link = this.#at + tableHead + slot;
      for (let entry = read(linkWords, link); entry !== 0; entry = read(linkWords, link)) {
        const words = this.wordsOf(entry);
        const at = placeIn(entry);
        if (visit(entry, words, at, linkWords, link) === true) continue;
        linkWords = words;
        link = at + NEXT;
      }
    }
  }

  /** Copies all entries of another table. @throws HeddleError if the heap is full */
  fill(other: Table): void {
    other.each((entry, words, at) => {
      const units = other.unitsOf(entry);
      if (!this.hasRoom(units)) this.extend(units);
      const copy = this.take(units);
      const copyWords = this.wordsOf(copy);
      const copyAt = placeIn(copy);
      for (let i = 0; i < units * wordsPerUnit; i += 1) write(copyWords, copyAt + i, read(words, at + i));
      const slot = this.slotOf(read(words, at + HASH));
      write(copyWords, copyAt + NEXT, read(this.#words, slot));
      write(this.#words, slot, copy);
    });
  }

  /** The references of its chunks. */
  chunks(): number[] {
    const { memory } = theAgent();
    const refs: number[] = [];
    for (let ref = load(this.#words, this.#at + CHAIN); ref !== 0; ) {
      refs.push(ref);
      const { words, at } = blockAt(memory, ref);
      ref = load(words, at + CHAIN);
    }
    return refs;
  }

  /** Frees a table that no word has named. */
  drop(): void {
    const chunks = this.chunks();
    freeOwned(this.block);
    if (chunks.length > 0) relink((links) => chunks.forEach((ref) => links.free(ref)));
  }
}

/** Where an entry begins in the words of its segment. */
export function placeIn(entry: number): number {
  return (entry & unitMask) << 2;
}

/** True if an entry is that of a key. */
export function isKey(words: Int32Array, at: number, key: EncodedKey): boolean {
  if (read(words, at + HASH) !== key.hash || read(words, at + KEY) !== key.length) return false;
  const from = at + entryHead;
  const own = key.words;
  for (let i = 0, count = wordsOf(key.length); i < count; i += 1) if (read(words, from + i) !== own[i]) return false;
  return true;
}
