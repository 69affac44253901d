/**
 * One direction of a link in shared memory: records of bytes between one writer and one reader (Lamport's ring). Each side keeps the position of the
 * other as it last saw it, so that it reads the other's line of the cache only when it has come up to that.
 *
 *    words   TAIL, of the writer   ·   HEAD, of the reader   ·   ASLEEP, of both          each in a line of its own
 *    data    | record | record | record |  …  | WRAP … |       in units of 8 bytes; a record lies in one piece
 *
 *    write   bytes ─▶ TAIL: published ─▶ ASLEEP, if it was 1: 0, and the bell
 *    read    TAIL ─▶ copy ─▶ HEAD: the room is free
 *    sleep   ASLEEP = 1 ─▶ TAIL once more: something came meanwhile, or the bell will ring
 *
 * Positions count bytes, modulo 2³². What the writer had not published when it died is never read. Nothing here waits: a full ring says so.
 */

import type { SharedWords } from '../../undisturbed.ts';

/** A line of the cache, in words. */
const line = 16;
const TAIL = 0;
const HEAD = line;
const ASLEEP = 2 * line;
/** Words before the data. */
export const headWords: number = 3 * line;
/** Stands where a record would run over the end: the next one is at the start. */
const WRAP = -1;
/** Bytes that only what is said to be urgent may take. */
const reserved = 64;

/** The atomic operations; under the tests' model they are steps. */
export type Operations = Pick<typeof Atomics, 'load' | 'store' | 'exchange'>;

/** Memory of a ring. */
export interface RingPlace {
  readonly words: Int32Array;
  /** Index of the first word. */
  readonly at: number;
  /** Bytes of data, a power of two. */
  readonly capacity: number;
}

/** Words of a ring with `capacity` bytes of data. */
export const wordsOfRing = (capacity: number): number => headWords + capacity / 4;

/** A new ring: its reader sleeps. */
export function startRing({ words, at }: RingPlace): void {
  words[at + ASLEEP] = 1;
}

export class RingWriter {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #capacity: number;
  readonly #operations: Operations;
  #tail = 0;
  #next = 0;
  /** HEAD as it was when it was last read. */
  #head = 0;

  constructor({ words, at, capacity }: RingPlace, operations: Operations = Atomics) {
    this.#operations = operations;
    this.#words = words;
    this.#at = at;
    this.#capacity = capacity;
  }

  /**
   * Makes room for a record of `size` bytes, a multiple of 8. Nothing is published.
   *
   * @returns where it begins, in bytes from the start of the data; -1: there is no room
   */
  place(size: number, isUrgent: boolean = false): number {
    const capacity = this.#capacity;
    const offset = this.#tail & (capacity - 1);
    const skip = offset + size > capacity ? capacity - offset : 0;
    if (!this.#hasRoom(skip + size + (isUrgent ? 0 : reserved))) return -1;
    if (skip > 0) this.#operations.store(this.#words, this.#at + headWords + (offset >> 2), WRAP);
    this.#next = (this.#tail + skip + size) | 0;
    return skip > 0 ? 0 : offset;
  }

  #hasRoom(size: number): boolean {
    if (((this.#tail + size - this.#head) | 0) <= this.#capacity) return true;
    this.#head = this.#operations.load(this.#words, this.#at + HEAD);
    return ((this.#tail + size - this.#head) | 0) <= this.#capacity;
  }

  /** Publishes the record for which there was made room. */
  publish(): void {
    this.#tail = this.#next;
    // ORDER: after its bytes; pairs with the load in `RingReader.next`.
    this.#operations.store(this.#words, this.#at + TAIL, this.#tail);
  }

  /** True: the reader sleeps, or is about to, and the caller must ring. After `publish`; false for all other callers then. */
  mustRing(): boolean {
    // ORDER: after TAIL; pairs with `RingReader.sleep`, which stores ASLEEP before it loads TAIL.
    return this.readerSleeps && this.#operations.exchange(this.#words, this.#at + ASLEEP, 0) === 1;
  }

  /** True while the reader sleeps. After `publish`: a reader that does not sleep will see the record. */
  get readerSleeps(): boolean {
    return this.#operations.load(this.#words, this.#at + ASLEEP) === 1;
  }

  /** The reader has read half of what the ring can hold, at least. */
  get isHalfFree(): boolean {
    return this.#hasRoom(this.#capacity >> 1);
  }
}

export class RingReader {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #capacity: number;
  readonly #operations: Operations;
  #head = 0;
  /** TAIL as it was when it was last read. */
  #tail = 0;

  constructor({ words, at, capacity }: RingPlace, operations: Operations = Atomics) {
    this.#operations = operations;
    this.#words = words;
    this.#at = at;
    this.#capacity = capacity;
  }

  /** True if there is a record. */
  get has(): boolean {
    return this.#operations.load(this.#words, this.#at + TAIL) !== this.#head;
  }

  /** Looks how far the writer has come. `next` gives what was there then. */
  look(): void {
    this.#tail = this.#operations.load(this.#words, this.#at + TAIL);
  }

  /** Where the next record begins, in bytes from the start of the data; -1: there is none. */
  next(): number {
    if (this.#head === this.#tail) return -1;
    const offset = this.#head & (this.#capacity - 1);
    if (this.#operations.load(this.#words, this.#at + headWords + (offset >> 2)) !== WRAP) return offset;
    this.#head = (this.#head + this.#capacity - offset) | 0;
    return 0;
  }

  /** The next record, of `size` bytes, was copied. */
  free(size: number): void {
    this.#head = (this.#head + size) | 0;
    // ORDER: after the copy; pairs with the load in `RingWriter.place`.
    this.#operations.store(this.#words, this.#at + HEAD, this.#head);
  }

  /** Says that it sleeps, until the bell. @returns false: something has come, and it must not */
  sleep(): boolean {
    this.#operations.store(this.#words, this.#at + ASLEEP, 1);
    // ORDER: after ASLEEP; pairs with `RingWriter.mustRing`.
    if (this.#operations.load(this.#words, this.#at + TAIL) === this.#head) return true;
    this.wake();
    return false;
  }

  /** Needs no bell. */
  wake(): void {
    this.#operations.store(this.#words, this.#at + ASLEEP, 0);
  }
}

/** Data bytes each way. */
const capacity = 128 * 1024;

/** Memory of a link's two rings. The first is the host's to write. */
export function ringMemory(): SharedWords {
  const words = new Int32Array(new SharedArrayBuffer(8 * wordsOfRing(capacity)));
  for (const place of ringsIn(words)) startRing(place);
  return words;
}

/** The two rings in such memory. */
export function ringsIn(words: SharedWords): readonly [RingPlace, RingPlace] {
  return [
    { words, at: 0, capacity },
    { words, at: wordsOfRing(capacity), capacity },
  ];
}
