/**
 * Returned items: taken for a wait that was aborted, or whose greenlet was killed, in the same moment. They are the first to go out again,
 * in the order in which they were put. They form a list of blocks that the queue owns, used in the consumers' mutex.
 *
 *    queue.RETURNED ──▶ TAG CHAIN(next) HEADER NUMBER │ the message ──▶ …
 */

import { acquire, load, read, store } from '#atomics';
import { adopt, allocateOwned, type Block, blockAt, layout, relink, theAgent } from '../memory/index.ts';
import { RETURNED } from './record.ts';
import { PARCEL } from './ring.ts';
import type { Message } from './store.ts';

const item = layout('ReturnedItem', 'an item that came back to its queue; its message follows', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the next one'],
  header: ['bits', 'of its message: length << 4 | kind'],
  number: ['uint32', 'how many messages were put before it'],
});

export class Returned {
  readonly #queue: Block;

  constructor(queue: Block) {
    this.#queue = queue;
  }

  get first(): number {
    return acquire(this.#queue.words, this.#queue.at + RETURNED);
  }

  /** True if there is one: exact in the mutex, otherwise a guess. */
  get isThere(): boolean {
    return read(this.#queue.words, this.#queue.at + RETURNED) !== 0;
  }

  /** The sum of their weights. */
  sum(weigh: (kind: number, length: number, words: Int32Array) => number): number {
    let sum = 0;
    for (let ref = this.first; ref !== 0; ref = this.#next(ref)) {
      const { kind, length, words } = this.#read(ref);
      sum += weigh(kind, length, words);
    }
    return sum;
  }

  /** True if a parcel is in one of them. */
  names(parcel: number): boolean {
    for (let ref = this.first; ref !== 0; ref = this.#next(ref)) {
      const { kind, words } = this.#read(ref);
      if ((kind & PARCEL) !== 0 && words[0]! >>> 0 === parcel >>> 0) return true;
    }
    return false;
  }

  /** The first, which stays. */
  look(): Message | undefined {
    return this.first === 0 ? undefined : this.#read(this.first);
  }

  #at(ref: number): Block {
    return blockAt(theAgent().memory, ref);
  }

  #next(ref: number): number {
    const { words, at } = this.#at(ref);
    return load(words, at + item.chain);
  }

  /** Makes the block of a message, outside of the mutex. @throws HeddleError if the heap is full */
  prepare({ kind, number, words, length, from = 0 }: Message): Block {
    const count = (length + 3) >> 2;
    const block = allocateOwned(item.size + count);
    store(block.words, block.at + item.header, (length << 4) | kind);
    store(block.words, block.at + item.number, number);
    for (let i = 0; i < count; i += 1) store(block.words, block.at + item.size + i, words[from + i]!);
    return block;
  }

  /** Puts it in its place. */
  add(block: Block): void {
    const number = load(block.words, block.at + item.number);
    let before = this.#queue;
    let word = RETURNED;
    let next = this.first;
    while (next !== 0) {
      const other = this.#at(next);
      if (((load(other.words, other.at + item.number) - number) | 0) > 0) break;
      before = other;
      word = item.chain;
      next = load(other.words, other.at + item.chain);
    }
    // Under the guard: a sweep that takes the new block for looked at, as it was just born, would not find those behind it.
    relink((links) => {
      links.set(block, item.chain, next);
      // ORDER: after its CHAIN: with this store it is back, and all behind it stays.
      links.set(before, word, block.ref);
    });
    adopt(block);
  }

  /** Takes the first of them. */
  take(): Message | undefined {
    const ref = this.first;
    if (ref === 0) return undefined;
    const message = this.#read(ref);
    relink((links) => {
      links.set(this.#queue, RETURNED, this.#next(ref));
      links.free(ref);
    });
    return message;
  }

  #read(ref: number): Message {
    const { words, at } = this.#at(ref);
    const header = load(words, at + item.header);
    const length = header >>> 4;
    const copy = Int32Array.from({ length: (length + 3) >> 2 }, (_, i) => load(words, at + item.size + i));
    return { kind: header & 0xf, number: load(words, at + item.number), words: copy, length };
  }
}
