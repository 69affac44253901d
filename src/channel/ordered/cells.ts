/**
 * Memory of messages in equal cells, as in the zones of old kernels: a message of any length is a chain of them, and a free one waits in a
 * list. A message thus comes and goes without the guard of the heap, and in any order.
 *
 *    first cell     NEXT HEADER NUMBER KEY KEY │ words of the key, and the bytes      ──NEXT──▶   further cell   NEXT │ words
 *
 *    header: length << 4 | kind
 *
 * Which cells are free follows from the messages that are there. So no step of this is logged: after a death it is found out anew.
 */

import { load, read, store, write } from '#atomics';
import { adopt, type Block, blockAt, type Memory, segmentSize, theAgent } from '../../memory/index.ts';
import { chunkSizes, newChunk } from '../chunks.ts';
import { chainOffset, sizeOffset } from '../ring.ts';
import type { Outgoing } from '../store.ts';
import { furtherUnits, furtherWords, keyWords, numberKey, numberOf, stringKey, stringOf } from './keys.ts';
import { CHAIN, END, FREE, FRESH, LAST, TOTAL, USED } from './record.ts';

const cellWords = 16;
const cellUnits = cellWords / 4;
const NEXT = 0;
const HEADER = 1;
const NUMBER = 2;
const FIRST_KEY = 3;
const SECOND_KEY = 4;
const firstWords = 5;
const furtherFrom = 1;

/** Of a header: the key is a string. */
const LETTERS = 0x8000_0000 | 0;
const kindMask = 0xf;

const unitShift: number = Math.log2(segmentSize / 16);
const unitMask: number = segmentSize / 16 - 1;

const noWords = new Int32Array(0);

export class Cells {
  readonly #memory: Memory = theAgent().memory;
  /** The block that names them. */
  #owner!: Block;

  // Of the cell that was looked at last.
  #words!: Int32Array;
  #at = 0;

  /** Looks at the cells of that block from now on. */
  open(owner: Block): void {
    this.#owner = owner;
  }

  #load(word: number): number {
    return read(this.#owner.words, this.#owner.at + word);
  }

  #store(word: number, value: number): void {
    write(this.#owner.words, this.#owner.at + word, value);
  }

  get used(): number {
    return this.#load(USED);
  }

  get total(): number {
    return this.#load(TOTAL);
  }

  #go(cell: number): void {
    this.#words = this.#memory.segment(cell >>> unitShift);
    this.#at = (cell & unitMask) << 2;
  }

  // Of a message.

  /** MESSAGE, PARCEL and APART. */
  kindOf(cell: number): number {
    this.#go(cell);
    return read(this.#words, this.#at + HEADER) & kindMask;
  }

  /** In bytes. */
  lengthOf(cell: number): number {
    this.#go(cell);
    return (read(this.#words, this.#at + HEADER) & ~LETTERS) >>> 4;
  }

  numberOf(cell: number): number {
    this.#go(cell);
    return read(this.#words, this.#at + NUMBER);
  }

  /** Returns the key; 0 without a key. */
  keyOf(cell: number): number | string {
    this.#go(cell);
    const words = this.#words;
    const at = this.#at;
    const first = read(words, at + FIRST_KEY);
    const second = read(words, at + SECOND_KEY);
    if ((read(words, at + HEADER) & LETTERS) === 0) return numberOf(first, second);
    const further = new Int32Array(furtherWords(second));
    this.#read(cell, 0, further, further.length);
    return stringOf(first, second, further);
  }

  #keyWordsOf(cell: number): number {
    this.#go(cell);
    return (read(this.#words, this.#at + HEADER) & LETTERS) === 0 ? 0 : furtherWords(read(this.#words, this.#at + SECOND_KEY));
  }

  /** True if one message comes before another: by key, then by number. */
  isBefore(one: number, other: number): boolean {
    this.#go(one);
    const words = this.#words;
    const at = this.#at;
    this.#go(other);
    const others = this.#words;
    const otherAt = this.#at;
    const first = read(words, at + FIRST_KEY);
    const otherFirst = read(others, otherAt + FIRST_KEY);
    if (first !== otherFirst) return first < otherFirst;
    const second = read(words, at + SECOND_KEY) >>> 0;
    const otherSecond = read(others, otherAt + SECOND_KEY) >>> 0;
    if ((read(words, at + HEADER) & LETTERS) !== 0) {
      const difference = this.#compareFurther(one, furtherWords(second), other, furtherWords(otherSecond));
      if (difference !== 0) return difference < 0;
    }
    if (second !== otherSecond) return second < otherSecond;
    return ((read(words, at + NUMBER) - read(others, otherAt + NUMBER)) | 0) < 0;
  }

  #compareFurther(one: number, count: number, other: number, otherCount: number): number {
    const both = Math.min(count, otherCount);
    if (both === 0) return 0;
    const words = new Int32Array(both);
    const others = new Int32Array(both);
    this.#read(one, 0, words, both);
    this.#read(other, 0, others, both);
    const at = words.findIndex((word, i) => word !== others[i]);
    return at === -1 ? 0 : words[at]! - others[at]!;
  }

  /** Copies the bytes of a message. */
  copy(cell: number, target: Int32Array): void {
    const count = (this.lengthOf(cell) + 3) >> 2;
    this.#read(cell, this.#keyWordsOf(cell), target, count);
  }

  /** The first word of its bytes. */
  wordOf(cell: number): number {
    const word = new Int32Array(1);
    this.#read(cell, this.#keyWordsOf(cell), word, 1);
    return word[0]!;
  }

  /** Reads `count` words of a message, from the one with that index on. */
  #read(cell: number, from: number, target: Int32Array, count: number): void {
    this.#go(cell);
    let first = firstWords;
    let skip = from;
    for (let done = 0; done < count; ) {
      const room = cellWords - first;
      if (skip < room) {
        const some = Math.min(room - skip, count - done);
        const begin = this.#at + first + skip;
        for (let i = 0; i < some; i += 1) target[done + i] = read(this.#words, begin + i);
        done += some;
        skip = 0;
        if (done === count) return;
      } else skip -= room;
      this.#go(read(this.#words, this.#at + NEXT));
      first = furtherFrom;
    }
  }

  // Coming and going. In the mutex.

  /** Writes a message into free cells. Returns the first of them. @throws HeddleError if there is no memory; then nothing has changed */
  write({ kind, words, length, from = 0, key }: Outgoing, number: number): number {
    const isText = typeof key === 'string';
    if (isText) stringKey(key);
    else if (key !== undefined) numberKey(key);
    const first = key === undefined ? 0 : keyWords.first;
    const second = key === undefined ? 0 : keyWords.second;
    const further = isText ? furtherUnits(key) : noWords;
    const count = (length + 3) >> 2;
    const head = this.#take();
    const cell = this.#words;
    const at = this.#at;
    write(cell, at + NEXT, 0);
    write(cell, at + HEADER, (length << 4) | kind | (isText ? LETTERS : 0));
    write(cell, at + NUMBER, number);
    write(cell, at + FIRST_KEY, first);
    write(cell, at + SECOND_KEY, second);
    try {
      if (further.length === 0) this.#write(words, from, count);
      else this.#write(joined(further, words, from, count), 0, further.length + count);
    } catch (error) {
      this.free(head);
      throw error;
    }
    return head;
  }

  /** Into the cell that was taken, and further ones. */
  #write(words: Int32Array, from: number, count: number): void {
    let first = firstWords;
    for (let done = 0; ; first = furtherFrom) {
      const some = Math.min(cellWords - first, count - done);
      const begin = this.#at + first;
      for (let i = 0; i < some; i += 1) write(this.#words, begin + i, words[from + done + i]!);
      done += some;
      if (done === count) return;
      this.#append();
    }
  }

  /** One more cell behind the present one. */
  #append(): void {
    const before = this.#words;
    const beforeAt = this.#at;
    const cell = this.#take();
    write(this.#words, this.#at + NEXT, 0);
    write(before, beforeAt + NEXT, cell);
  }

  /** A free cell, which is the present one then. */
  #take(): number {
    const free = this.#load(FREE);
    this.#store(USED, this.#load(USED) + 1);
    if (free !== 0) {
      this.#go(free);
      this.#store(FREE, read(this.#words, this.#at + NEXT));
      return free;
    }
    let fresh = this.#load(FRESH);
    if (fresh === this.#load(END)) fresh = this.#extend();
    this.#store(FRESH, (fresh + cellUnits) | 0);
    this.#go(fresh);
    return fresh;
  }

  /** A further chunk. Returns its first cell. */
  #extend(): number {
    const last = this.#load(LAST);
    const before = last === 0 ? undefined : blockAt(this.#memory, last);
    const size = before === undefined ? 0 : load(before.words, before.at + sizeOffset);
    let chunk: Block;
    try {
      chunk = newChunk(chunkSizes.find((units) => units > size) ?? chunkSizes.at(-1)!);
    } catch (error) {
      this.#store(USED, this.#load(USED) - 1);
      throw error;
    }
    if (before === undefined) store(this.#owner.words, this.#owner.at + CHAIN, chunk.ref);
    else store(before.words, before.at + chainOffset, chunk.ref);
    adopt(chunk);
    const count = countIn(chunk);
    this.#store(LAST, chunk.ref);
    this.#store(TOTAL, this.#load(TOTAL) + count);
    this.#store(FRESH, chunk.ref + 1);
    this.#store(END, (chunk.ref + 1 + count * cellUnits) | 0);
    return chunk.ref + 1;
  }

  /** A message is not needed any more. */
  free(head: number): void {
    let count = 1;
    this.#go(head);
    for (let next = read(this.#words, this.#at + NEXT); next !== 0; next = read(this.#words, this.#at + NEXT)) {
      count += 1;
      this.#go(next);
    }
    write(this.#words, this.#at + NEXT, this.#load(FREE));
    this.#store(FREE, head);
    this.#store(USED, this.#load(USED) - count);
  }

  /** Copies a message of other cells into these. Returns its first cell. @throws HeddleError if there is no memory */
  adoptCopy(others: Cells, cell: number): number {
    let head = 0;
    for (let from = cell; from !== 0; ) {
      others.#go(from);
      const words = others.#words;
      const at = others.#at;
      if (head === 0) head = this.#take();
      else this.#append();
      for (let i = NEXT + 1; i < cellWords; i += 1) write(this.#words, this.#at + i, read(words, at + i));
      write(this.#words, this.#at + NEXT, 0);
      from = read(words, at + NEXT);
    }
    return head;
  }

  /** The chunks, in order. */
  *chunks(): IterableIterator<Block> {
    for (let ref = this.#load(CHAIN); ref !== 0; ) {
      const block = blockAt(this.#memory, ref);
      // Before it may be freed.
      ref = load(block.words, block.at + chainOffset);
      yield block;
    }
  }

  /** After a death: all cells are free but those of messages that are there. */
  repair(heads: Iterable<number>): void {
    const used = new Set<number>();
    for (const head of heads) {
      for (let cell = head; cell !== 0; ) {
        used.add(cell);
        this.#go(cell);
        cell = read(this.#words, this.#at + NEXT);
      }
    }
    let free = 0;
    let total = 0;
    let last = 0;
    for (const chunk of this.chunks()) {
      const count = countIn(chunk);
      for (let i = 0; i < count; i += 1) {
        const cell = (chunk.ref + 1 + i * cellUnits) | 0;
        if (used.has(cell)) continue;
        this.#go(cell);
        write(this.#words, this.#at + NEXT, free);
        free = cell;
      }
      total += count;
      last = chunk.ref;
    }
    this.#store(FREE, free);
    this.#store(FRESH, 0);
    this.#store(END, 0);
    this.#store(LAST, last);
    this.#store(USED, used.size);
    this.#store(TOTAL, total);
  }
}

function countIn({ words, at }: Block): number {
  return Math.floor((load(words, at + sizeOffset) - 1) / cellUnits);
}

function joined(further: Int32Array, words: Int32Array, from: number, count: number): Int32Array {
  const whole = new Int32Array(further.length + count);
  whole.set(further);
  for (let i = 0; i < count; i += 1) whole[further.length + i] = words[from + i]!;
  return whole;
}
