/**
 * A store in order of arrival: a ring, and returned items in front of it. The state after a kill, by step:
 *
 *    put                                   killed right after it           take                              killed right after it
 *    1  a chunk, if needed                 swept, or chained already       1  items that came back, first
 *    2  the message; behind it nothing     never seen                      2  copy the message               it is still in the ring
 *    3  its header: published              it stays: TAIL, PUTS follow     3  HEAD                           the item is lost, and counted so
 *    4  TAIL, PUTS                         the same                        4  the books, GETS                the same
 *                                                                          5  chunks that were left          the next that leaves one
 *
 * The number of the message at HEAD, and of that at TAIL, is what GETS and PUTS are put right from.
 */

import { load, store, write } from '#atomics';
import { HeddleError } from '../errors.ts';
import { adopt, type Block } from '../memory/index.ts';
import { newChunk, QueueChunks } from './chunks.ts';
import { GETS, HEAD, LOST, LOST_AFTER, MAX, OLDEST, PUTS, TAIL, TAIL_CHUNK } from './record.ts';
import { Returned } from './returned.ts';
import { APART, PARCEL, Ring, type RingPlace } from './ring.ts';
import type { Judge, Message, Outgoing, Store, Taker } from './store.ts';

function placeOf({ words, at }: Block): RingPlace {
  return { words, tail: at + TAIL, tailChunk: at + TAIL_CHUNK, head: at + HEAD };
}

/** Words that several messages share when they are taken together. Often it is one message, for which much memory costs more than all else. */
const firstWords = 32;
const furtherWords = 4096;
const noWords = new Int32Array(0);
/** By how much a message changes PUTS and GETS, where not messages are counted. */
export type Weigh = (kind: number, length: number, words: Int32Array) => number;

/** Bytes of the value of a message, wherever they are. */
function bytesOf(kind: number, length: number, words: Int32Array): number {
  return (kind & APART) === 0 ? length : words[1]!;
}

export class RingStore implements Store {
  readonly maxSize: number;
  readonly hasOneMutex: boolean = false;
  readonly takesBatches: boolean = true;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #ring: Ring;
  readonly #returned: Returned;
  readonly #weigh: Weigh | undefined;

  constructor(block: Block, weigh?: Weigh) {
    this.#weigh = weigh;
    this.#words = block.words;
    this.#at = block.at;
    this.#ring = new Ring(placeOf(block), new QueueChunks(block));
    this.#returned = new Returned(block);
    this.maxSize = load(block.words, block.at + MAX);
  }

  /** The words of a new ring. @throws HeddleError if the heap is full */
  static start(block: Block): void {
    const first = newChunk();
    Ring.start(placeOf(block), first.ref);
    store(block.words, block.at + OLDEST, first.ref);
    adopt(first);
  }

  #load(word: number): number {
    return load(this.#words, this.#at + word);
  }

  #store(word: number, value: number): void {
    store(this.#words, this.#at + word, value);
  }

  get mayHave(): boolean {
    return this.#ring.mayHave || this.#returned.isThere;
  }

  get isEmpty(): boolean {
    return this.#ring.isEmpty && this.#returned.first === 0;
  }

  get seemsToHave(): boolean {
    return this.#ring.seemsToHave || this.#returned.isThere;
  }

  put(messages: readonly Outgoing[], from: number, count: number): number {
    const ring = this.#ring;
    ring.begin();
    let placed = 0;
    try {
      for (; placed < count; placed += 1) {
        const message = messages[from + placed]!;
        const { kind, words, length } = message;
        ring.write(kind, words, length, this.#weightOf(kind, length, words, message.from), message.from);
      }
    } catch (error) {
      if (placed === 0 || !(error instanceof HeddleError)) throw error;
    }
    write(this.#words, this.#at + PUTS, ring.publish());
    return placed;
  }

  #weightOf(kind: number, length: number, words: Int32Array, from: number = 0): number {
    if (this.#weigh === undefined) return 1;
    return this.#weigh(kind, length, from === 0 ? words : words.subarray(from));
  }

  repairPuts(): void {
    this.#store(PUTS, this.#ring.repairTail());
  }

  has(): boolean {
    if (this.#returned.isThere) return true;
    this.#ring.open();
    return this.#ring.peek() !== 0;
  }

  take(taker: Taker, judge?: Judge): boolean {
    const first = judge === undefined ? undefined : this.#returned.look();
    if (first !== undefined && !judge!(first.kind, bytesOf(first.kind, first.length, first.words))) return false;
    const back = this.#returned.isThere ? this.#returned.take() : undefined;
    if (back !== undefined) {
      taker.hold(back.kind, back.number, back.length, undefined, back.words);
      taker.count(this.#weightOf(back.kind, back.length, back.words));
      return true;
    }
    const ring = this.#ring;
    ring.open();
    const kind = ring.peek();
    if (kind === 0) return false;
    const { length } = ring;
    if (judge?.(kind, (kind & APART) === 0 ? length : ring.wordAt(1)) === false) return false;
    const words = taker.hold(kind, ring.number, length);
    ring.copy(words);
    ring.skip();
    ring.take();
    taker.count(this.#weightOf(kind, length, words));
    ring.leave();
    return true;
  }

  takeSome(max: number, taker: Taker): Message[] {
    const taken: Message[] = [];
    while (taken.length < max && this.#returned.isThere) {
      const back = this.#returned.take();
      if (back === undefined) break;
      taken.push(back);
      taker.count(1);
    }
    const ring = this.#ring;
    ring.open();
    const before = taken.length;
    let words = noWords;
    let from = 0;
    for (let kind = ring.peek(); taken.length < max && kind !== 0; kind = ring.peek()) {
      const { length, number } = ring;
      const count = (length + 3) >> 2;
      if (from + count > words.length) {
        const most = words === noWords ? firstWords : furtherWords;
        words = new Int32Array(Math.max(count, Math.min(count * (max - taken.length), most)));
        from = 0;
      }
      ring.copy(words, from);
      taken.push({ kind, number, words, length, from });
      from += count;
      ring.skip();
    }
    if (taken.length === before) return taken;
    ring.take();
    taker.count(taken.length - before);
    ring.leave();
    return taken;
  }

  giveBack(message: Message, taker: Taker): () => void {
    const block = this.#returned.prepare(message);
    return () => {
      this.#returned.add(block);
      taker.count(-this.#weightOf(message.kind, message.length, message.words, message.from));
    };
  }

  /** True if a parcel is in one of the messages. Under the guard of the heap, by any thread: chunks stay where they are meanwhile. */
  names(parcel: number): boolean {
    if (this.#returned.names(parcel)) return true;
    const ring = this.#ring;
    ring.open();
    for (let kind = ring.peek(); kind !== 0; kind = ring.peek()) {
      if ((kind & PARCEL) !== 0 && ring.wordAt(0) >>> 0 === parcel >>> 0) return true;
      ring.skip();
    }
    return false;
  }

  repairGets(): number {
    const gets = (this.#ring.taken() - this.#returned.sum((kind, length, words) => this.#weightOf(kind, length, words))) | 0;
    const missing = (gets - this.#load(GETS)) | 0;
    // The new value of LOST is logged before the change, until GETS is right: a second death in here does not count twice.
    if (this.#load(LOST_AFTER) === 0 && missing > 0) this.#store(LOST_AFTER, (this.#load(LOST) + missing + 1) | 0);
    const lostAfter = this.#load(LOST_AFTER);
    if (lostAfter === 0) return gets;
    this.#store(LOST, (lostAfter - 1) | 0);
    this.#store(GETS, gets);
    // ORDER: last; until then it is done again.
    this.#store(LOST_AFTER, 0);
    return gets;
  }

  drain(): number[] {
    const parcels: number[] = [];
    for (let back = this.#returned.take(); back !== undefined; back = this.#returned.take())
      if ((back.kind & PARCEL) !== 0) parcels.push(back.words[0]!);
    const ring = this.#ring;
    ring.open();
    for (let kind = ring.peek(); kind !== 0; kind = ring.peek()) {
      if ((kind & PARCEL) !== 0) parcels.push(ring.wordAt(0));
      ring.skip();
    }
    ring.take();
    this.#store(GETS, ring.taken());
    ring.leave();
    return parcels;
  }
}
