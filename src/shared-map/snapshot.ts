/** A copy of a stripe of a `SharedMap`, for those that go through it. */

import { read } from '#atomics';
import { wordsOf } from './record.ts';

/** All entries of a stripe as they were at one moment, copied one behind the other: bytes of the key, VALUE, then both. */
export class Snapshot<T> {
  words: Int32Array;
  /** Behind the last entry. */
  end = 0;
  /** Of the values with a parcel, in order: what was copied of them. */
  readonly peeked: T[] = [];

  /** @param size words that they may have */
  constructor(size: number) {
    this.words = new Int32Array(size);
  }

  /** Copies an entry to the end. @param from where its key begins @param key bytes of that */
  add(words: Int32Array, from: number, key: number, header: number): void {
    const count = wordsOf(key) + wordsOf(header >>> 4);
    const end = this.end + 2 + count;
    if (end > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, end));
      larger.set(this.words);
      this.words = larger;
    }
    const copy = this.words;
    copy[this.end] = key;
    copy[this.end + 1] = header;
    for (let i = 0, to = this.end + 2; i < count; i += 1) copy[to + i] = read(words, from + i);
    this.end = end;
  }
}
