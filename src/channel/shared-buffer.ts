/**
 * What goes on behind a queue that threads and processes share: the bounded buffer of the textbooks, over a ring in the shared heap. Here are the two
 * mutexes and what happens in them; waiting is `line.ts`, and values become messages in `item.ts`.
 *
 *    put                                   killed right after it           take                              killed right after it
 *    1  producers' mutex                   the next one repairs            1  consumers' mutex               the next one repairs
 *    2  shut down? room?                                                   2  items that came back, first
 *    3  a chunk, if needed                 swept, or chained already       3  copy the message               it is still in the ring
 *    4  the message; behind it nothing     never seen                      4  HEAD                           the item is lost, and counted so
 *    5  its header: published              it stays: TAIL, PUTS follow     5  the books, GETS                the same, or as 6
 *    6  TAIL, PUTS                         the same                        6  chunks that were left          the next that leaves one
 *    7  mutex free, a getter is called     the getter's own slice          7  mutex free, a putter is called the putter's own slice
 *
 * The number of the message at HEAD, and of that at TAIL, is what GETS and PUTS are put right from.
 */

import { load, store } from '#atomics';
import { adopt, type Block, OwnedLine, waitingOffset, WaitQueue } from '../memory/index.ts';
import { RobustMutex } from '../sync/index.ts';
import { Books } from './books.ts';
import { newChunk, QueueChunks } from './chunks.ts';
import {
  COUNTS_BYTES,
  COUNTS_TASKS,
  EMPTIED,
  FLAGS,
  GETS,
  HEAD,
  HEAD_MUTEX,
  LOST,
  MAX,
  OLDEST,
  OPEN,
  PUTS,
  PUTTERS,
  SEEN_GETS,
  SHUT_DOWN,
  STATE,
  TAIL,
  TAIL_CHUNK,
  TAIL_MUTEX,
} from './record.ts';
import { type Message, Returned } from './returned.ts';
import { APART, PARCEL, Ring, type RingPlace } from './ring.ts';

/** A message that is ready for the ring. */
export interface Outgoing {
  /** MESSAGE, PARCEL and APART. */
  readonly kind: number;
  /** Its bytes; those of the last word that are behind it are zeros. */
  readonly words: Int32Array;
  /** In bytes. */
  readonly length: number;
}

/** Says of the first message whether it is to be taken. @param bytes those of its value, wherever they are */
export type Judge = (kind: number, bytes: number) => boolean;

function placeOf({ words, at }: Block): RingPlace {
  return { words, tail: at + TAIL, tailChunk: at + TAIL_CHUNK, head: at + HEAD };
}

/** Words that a message is copied to, if it is not longer. */
const scratchWords = 2048;

export class SharedBuffer {
  readonly maxSize: number;
  readonly getters: WaitQueue;
  readonly putters: OwnedLine;
  /** Of a queue whose tasks are counted. */
  readonly books: Books | undefined;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #ring: Ring;
  readonly #countsBytes: boolean;
  readonly #tailMutex: RobustMutex;
  readonly #headMutex: RobustMutex;
  readonly #returned: Returned;
  readonly #dropParcel: (parcel: number) => void;

  // Of the message that was taken last.
  kind = 0;
  number = 0;
  length = 0;
  words: Int32Array;
  bytes: Uint8Array;
  /** `words` are being read, and user code may take another message meanwhile. */
  isReading = false;
  readonly #scratch: Int32Array = new Int32Array(scratchWords);
  readonly #scratchBytes: Uint8Array = new Uint8Array(this.#scratch.buffer);

  /** @param dropParcel frees a parcel that no consumer will open */
  constructor(block: Block, dropParcel: (parcel: number) => void) {
    this.#words = block.words;
    this.#at = block.at;
    this.#dropParcel = dropParcel;
    this.words = this.#scratch;
    this.bytes = this.#scratchBytes;
    this.#ring = new Ring(placeOf(block), new QueueChunks(block));
    this.#tailMutex = new RobustMutex(block, TAIL_MUTEX, () => this.#repairTail());
    this.#headMutex = new RobustMutex(block, HEAD_MUTEX, (dead) => this.#repairHead(dead));
    this.#returned = new Returned(block);
    this.getters = new WaitQueue(block);
    this.putters = new OwnedLine(block, PUTTERS);
    this.maxSize = this.#load(MAX);
    this.#countsBytes = (this.#load(FLAGS) & COUNTS_BYTES) !== 0;
    if ((this.#load(FLAGS) & COUNTS_TASKS) !== 0) this.books = new Books(block, this.#headMutex);
  }

  /** The words of a new queue. @throws HeddleError if the heap is full */
  static start(block: Block, maxSize: number, flags: number): void {
    const { words, at } = block;
    store(words, at + MAX, maxSize);
    store(words, at + FLAGS, flags);
    const first = newChunk();
    Ring.start(placeOf(block), first.ref);
    store(words, at + OLDEST, first.ref);
    adopt(first);
  }

  #load(word: number): number {
    return load(this.#words, this.#at + word);
  }

  #store(word: number, value: number): void {
    store(this.#words, this.#at + word, value);
  }

  get state(): number {
    return this.#load(STATE);
  }

  get isShutDown(): boolean {
    return this.#load(STATE) !== OPEN;
  }

  /** Items that are there. */
  get size(): number {
    if (this.#load(STATE) === EMPTIED) return 0;
    const gets = this.#load(GETS);
    return Math.max(0, (this.#load(PUTS) - gets) | 0);
  }

  get puts(): number {
    return this.#load(PUTS) >>> 0;
  }

  get gets(): number {
    return this.#load(GETS) >>> 0;
  }

  get lost(): number {
    return this.#load(LOST) >>> 0;
  }

  /** Whether a message may be there: a guess. */
  get mayHaveMessage(): boolean {
    return this.#ring.mayHave || this.#load(STATE) !== OPEN;
  }

  /** Whether `put` would find room now. */
  get hasRoom(): boolean {
    return this.maxSize === 0 || this.size < this.maxSize;
  }

  /**
   * Puts as many messages as there is room for, with nothing of other threads in between. Returns how many; -1: the queue is shut down.
   *
   * @param from the first of them
   * @throws HeddleError if there is no memory for the first; then nothing has happened
   */
  put(messages: readonly Outgoing[], from: number): number {
    let placed = 0;
    let isWhole = false;
    this.#tailMutex.enter();
    try {
      placed = this.#load(STATE) === OPEN ? this.#write(messages, from) : -1;
      isWhole = true;
    } finally {
      this.#tailMutex.leave(isWhole);
    }
    // ORDER: published, then the look whether a getter waits; pairs with getters, which stand in line and then look.
    if (placed > 0 && this.#load(waitingOffset) !== 0) this.getters.callFirst();
    return placed;
  }

  #write(messages: readonly Outgoing[], from: number): number {
    const room = this.maxSize === 0 ? Infinity : this.#room();
    const count = Math.min(room, messages.length - from);
    if (count <= 0) return 0;
    const ring = this.#ring;
    ring.begin();
    let placed = 0;
    try {
      for (; placed < count; placed += 1) {
        const { kind, words, length } = messages[from + placed]!;
        ring.write(kind, words, length, this.#weightOf(kind, length, words));
      }
    } catch (error) {
      if (placed === 0) throw error;
    }
    this.#store(PUTS, ring.publish());
    return placed;
  }

  /** By how much a message changes PUTS and GETS. */
  #weightOf(kind: number, length: number, words: Int32Array): number {
    if (!this.#countsBytes) return 1;
    return 1 + ((((kind & APART) === 0 ? length : words[1]!) + 15) >>> 4);
  }

  #room(): number {
    const puts = this.#load(PUTS);
    const room = this.maxSize - ((puts - this.#load(SEEN_GETS)) | 0);
    if (room > 0) return room;
    // ORDER: pairs with consumers, which store GETS and then look whether a putter waits.
    const gets = this.#load(GETS);
    this.#store(SEEN_GETS, gets);
    return this.maxSize - ((puts - gets) | 0);
  }

  #repairTail(): void {
    this.#store(PUTS, this.#ring.repairTail());
  }

  /** Waits until what a producer has published is counted, also if it has died. */
  settlePuts(): void {
    if (this.#tailMutex.isTaken) this.#tailMutex.within(() => {});
  }

  /**
   * Takes the first message: then `kind`, `number`, `words` and `length` are those of it. False if there is none.
   *
   * @param isSure false: a moment in which others take may be missed
   * @param judge says of the first message whether it is to be taken
   * @throws HeddleError if there is no memory for the books of this consumer
   */
  take(isSure: boolean, judge?: Judge): boolean {
    if (!isSure && !this.#ring.mayHave && this.#returned.first === 0) return false;
    this.books?.open();
    let isTaken = false;
    let isWhole = false;
    this.#headMutex.enter();
    try {
      isTaken = this.#load(STATE) === EMPTIED ? this.#drain() : this.#takeFirst(judge);
      isWhole = true;
    } finally {
      this.#headMutex.leave(isWhole);
    }
    // ORDER: counted, then the look whether a putter waits; pairs with putters, which stand in line and then look.
    if (isTaken) this.#callPutter();
    return isTaken;
  }

  #callPutter(): void {
    const putters = this.putters.known;
    if (this.maxSize !== 0 && putters?.mayWait === true) putters.callFirst();
  }

  #takeFirst(judge: Judge | undefined): boolean {
    const first = judge === undefined ? undefined : this.#returned.look();
    if (first !== undefined && !judge!(first.kind, first.bytes)) return false;
    const back = this.#returned.take();
    if (back !== undefined) {
      this.#hold(back.kind, back.number, back.length, back.words);
      this.#count(this.#weightOf(back.kind, back.length, back.words));
      return true;
    }
    const ring = this.#ring;
    ring.open();
    const kind = ring.peek();
    if (kind === 0) return false;
    const { length } = ring;
    if (judge?.(kind, (kind & APART) === 0 ? length : ring.wordAt(1)) === false) return false;
    this.#hold(kind, ring.number, length, this.isReading || length > scratchWords * 4 ? new Int32Array((length + 3) >> 2) : this.#scratch);
    ring.copy(this.words);
    ring.skip();
    ring.take();
    this.#count(this.#countsBytes ? this.#weightOf(kind, length, this.words) : 1);
    ring.leave();
    return true;
  }

  #hold(kind: number, number: number, length: number, words: Int32Array): void {
    this.kind = kind;
    this.number = number;
    this.length = length;
    this.words = words;
    this.bytes = words === this.#scratch ? this.#scratchBytes : new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }

  /** Items have gone out: the books say so before GETS does. */
  #count(items: number): void {
    this.books?.taken(items);
    this.#store(GETS, (this.#load(GETS) + items) | 0);
  }

  /** Takes up to `max` messages, as copies. */
  takeMany(max: number, isSure: boolean): Message[] {
    const taken: Message[] = [];
    if (!isSure && !this.#ring.mayHave && this.#returned.first === 0) return taken;
    this.books?.open();
    let isWhole = false;
    this.#headMutex.enter();
    try {
      if (this.#load(STATE) === EMPTIED) this.#drain();
      else this.#takeSome(max, taken);
      isWhole = true;
    } finally {
      this.#headMutex.leave(isWhole);
    }
    if (taken.length > 0) this.#callPutter();
    return taken;
  }

  #takeSome(max: number, taken: Message[]): void {
    while (taken.length < max) {
      const back = this.#returned.take();
      if (back === undefined) break;
      taken.push(back);
      this.#count(1);
    }
    const ring = this.#ring;
    ring.open();
    const before = taken.length;
    for (let kind = ring.peek(); taken.length < max && kind !== 0; kind = ring.peek()) {
      const words = new Int32Array((ring.length + 3) >> 2);
      ring.copy(words);
      taken.push({ kind, number: ring.number, words, length: ring.length });
      ring.skip();
    }
    if (taken.length === before) return;
    ring.take();
    this.#count(taken.length - before);
    ring.leave();
  }

  /** A copy of the message that was taken last, which the next one does not overwrite. */
  keep(): Message {
    const { kind, number, length } = this;
    return { kind, number, length, words: this.words.slice(0, (length + 3) >> 2) };
  }

  /** A message that was taken comes back, before all that were put later. @throws HeddleError if the heap is full */
  giveBack(message: Message): void {
    const block = this.#returned.prepare(message);
    this.#headMutex.within(() => {
      this.#returned.add(block);
      this.#count(-this.#weightOf(message.kind, message.length, message.words));
    });
    // ORDER: as in `put`.
    if (this.#load(waitingOffset) !== 0) this.getters.callFirst();
  }

  /** An item that was taken can neither be given out nor come back. */
  countLost(): void {
    this.#headMutex.within(() => this.#store(LOST, (this.#load(LOST) + 1) | 0));
  }

  #repairHead(dead: number): void {
    const gets = (this.#ring.taken() - this.#returned.sum((kind, length, words) => this.#weightOf(kind, length, words))) | 0;
    const missing = (gets - this.#load(GETS)) | 0;
    this.books?.repair(dead, gets);
    if (missing > 0) this.#store(LOST, (this.#load(LOST) + missing) | 0);
    this.#store(GETS, gets);
  }

  /** Whether a message is there, for certain. */
  hasMessage(): boolean {
    return this.#headMutex.within(() => {
      if (this.#load(STATE) === EMPTIED) return false;
      if (this.#returned.first !== 0) return true;
      this.#ring.open();
      return this.#ring.peek() !== 0;
    });
  }

  /** For all: nothing is put any more. @param isImmediate what is there goes, too */
  shutdown(isImmediate: boolean): void {
    this.#tailMutex.within(() => {
      const state = this.#load(STATE);
      if (isImmediate || state === OPEN) this.#store(STATE, isImmediate ? EMPTIED : SHUT_DOWN);
    });
    if (isImmediate) this.#headMutex.within(() => this.#drain());
    this.getters.callAll();
    this.putters.known?.callAll();
    this.books?.line.known?.callAll();
  }

  /** Throws all items away. A consumer that finds the queue EMPTIED does it, too: whoever was to may have died. */
  #drain(): false {
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
    for (const parcel of parcels) this.#dropParcel(parcel);
    return false;
  }

  /** Threads in line; those that have died leave first. */
  waiting(): { getters: number; putters: number; joiners: number } {
    const count = (line: WaitQueue | undefined): number => {
      line?.reap(false);
      return line?.count() ?? 0;
    };
    return { getters: count(this.getters), putters: count(this.putters.known), joiners: count(this.books?.line.known) };
  }
}
