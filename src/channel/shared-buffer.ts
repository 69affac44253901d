/**
 * The buffer behind a queue that threads and processes share: the bounded buffer of the textbooks, over a store in the shared heap. Here
 * are the mutexes and the operations in them. The store (`store.ts`) decides where items lie, `line.ts` waits, and `items.ts` makes
 * messages of values.
 *
 *    put                                   killed right after it           take                              killed right after it
 *    1  producers' mutex                   the next one repairs            1  consumers' mutex               the next one repairs
 *    2  shut down? room?                                                   2  emptied?
 *    3  the store's steps                  there, or not                   3  the store's steps              there, or lost and counted so
 *    4  mutex free, a getter is called     the getter's own slice          4  mutex free, a putter is called the putter's own slice
 */

import { acquire, load, read, store, write } from '#atomics';
import { type Block, holdParcel, leaveParcel, OwnedLine, waitingOffset, WaitQueue } from '../memory/index.ts';
import { RobustMutex } from '../sync/index.ts';
import { Books } from './books.ts';
import {
  COUNTS_TASKS,
  EMPTIED,
  FLAGS,
  GETS,
  HEAD_MUTEX,
  JOINERS,
  LOST,
  MAX,
  OPEN,
  OVERDUE,
  PUTS,
  PUTTERS,
  SEEN_GETS,
  SHUT_DOWN,
  STATE,
  TAIL_MUTEX,
} from './record.ts';
import { PARCEL } from './ring.ts';
import type { Judge, Message, Outgoing, Store, Taker } from './store.ts';

/** Words that a message is copied to, if it is not longer. */
const scratchWords = 2048;
const noWords = new Int32Array(0);
const noBytes = new Uint8Array(0);

type Parcelled = Pick<Outgoing, 'kind' | 'words' | 'from'>;

/** The parcel of a message is in the hands of this thread, and in no queue. */
function hold({ kind, words, from = 0 }: Parcelled): void {
  if ((kind & PARCEL) !== 0) holdParcel(words[from]!);
}

/** The parcel of a message is about to be in the queue. */
function leave({ kind, words, from = 0 }: Parcelled): void {
  if ((kind & PARCEL) !== 0) leaveParcel(words[from]!);
}

export class SharedBuffer implements Taker {
  readonly maxSize: number;
  readonly getters: WaitQueue;
  readonly putters: OwnedLine;
  /** Of a queue whose tasks are counted. */
  readonly books: Books | undefined;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #items: Store;
  readonly #tailMutex: RobustMutex;
  readonly #headMutex: RobustMutex;
  readonly #dropParcel: (parcel: number) => void;

  // Of the message that was taken last.
  kind = 0;
  number = 0;
  length = 0;
  key: number | string | undefined = undefined;
  words: Int32Array;
  bytes: Uint8Array;
  /** `words` are being read, and user code may take another message meanwhile. */
  isReading = false;
  #scratch: Int32Array = noWords;
  #scratchBytes: Uint8Array = noBytes;

  /** @param dropParcel frees a parcel that no consumer will open */
  constructor(block: Block, items: Store, dropParcel: (parcel: number) => void) {
    this.#words = block.words;
    this.#at = block.at;
    this.#items = items;
    this.#dropParcel = dropParcel;
    this.words = this.#scratch;
    this.bytes = this.#scratchBytes;
    const { hasOneMutex } = items;
    this.#tailMutex = new RobustMutex(block, TAIL_MUTEX, (dead) => {
      items.repairPuts();
      if (hasOneMutex) this.#repairGets(dead);
    });
    this.#headMutex = hasOneMutex ? this.#tailMutex : new RobustMutex(block, HEAD_MUTEX, (dead) => this.#repairGets(dead));
    this.getters = new WaitQueue(block);
    this.putters = new OwnedLine(block, PUTTERS);
    this.maxSize = items.maxSize;
    if ((this.#load(FLAGS) & COUNTS_TASKS) !== 0) this.books = new Books(block, this.#headMutex);
  }

  /** The words of a new queue, beside those of its store. @throws HeddleError if the heap is full */
  static start(block: Block, maxSize: number, countsTasks: boolean): void {
    const { words, at } = block;
    store(words, at + MAX, maxSize);
    if (!countsTasks) return;
    store(words, at + FLAGS, COUNTS_TASKS);
    // The first consumers have entries in it: a heap that is full of items can be emptied.
    new OwnedLine(block, JOINERS).open();
  }

  #load(word: number): number {
    return load(this.#words, this.#at + word);
  }

  /** In the mutex of the word's writers. */
  #read(word: number): number {
    return read(this.#words, this.#at + word);
  }

  #store(word: number, value: number): void {
    store(this.#words, this.#at + word, value);
  }

  /** True if messages that are put together may share words. */
  get takesBatches(): boolean {
    return this.#items.takesBatches === true;
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
    return this.#read(PUTS) >>> 0;
  }

  get gets(): number {
    return this.#read(GETS) >>> 0;
  }

  get lost(): number {
    return this.#load(LOST) >>> 0;
  }

  /** True if a message may be there: a guess. */
  get mayHaveMessage(): boolean {
    return this.#items.mayHave || this.#read(STATE) !== OPEN;
  }

  /** True if the next item is for a getter in line: it has waited long, and other threads have taken the item that it was called for. */
  get isReserved(): boolean {
    return acquire(this.#words, this.#at + OVERDUE) !== 0 && this.#load(STATE) === OPEN;
  }

  reserve(is: boolean): void {
    this.#store(OVERDUE, is ? 1 : 0);
  }

  /** True if `put` would find space now. */
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
      placed = this.#read(STATE) === OPEN ? this.#write(messages, from) : -1;
      isWhole = true;
    } finally {
      this.#tailMutex.leave(isWhole);
    }
    for (let i = from + Math.max(placed, 0); i < messages.length; i += 1) hold(messages[i]!);
    // ORDER: published, then the mutex is left, then the look whether a getter waits; pairs with getters, which stand in line and then look.
    if (placed > 0 && acquire(this.#words, this.#at + waitingOffset) !== 0) this.getters.callFirst();
    return placed;
  }

  #write(messages: readonly Outgoing[], from: number): number {
    const room = this.maxSize === 0 ? Infinity : this.#room();
    const count = Math.min(room, messages.length - from);
    return count <= 0 ? 0 : this.#place(messages, from, count);
  }

  #place(messages: readonly Outgoing[], from: number, count: number): number {
    for (let i = from; i < from + count; i += 1) leave(messages[i]!);
    return this.#items.put(messages, from, count);
  }

  #room(): number {
    const puts = this.#read(PUTS);
    const room = this.maxSize - ((puts - this.#read(SEEN_GETS)) | 0);
    if (room > 0) return room;
    // ORDER: pairs with consumers, which store GETS and then look whether a putter waits.
    const gets = this.#load(GETS);
    write(this.#words, this.#at + SEEN_GETS, gets);
    return this.maxSize - ((puts - gets) | 0);
  }

  /** Waits until what a producer has published is counted, also if it has died. */
  settlePuts(): void {
    if (this.#tailMutex.isTaken) this.#tailMutex.within(() => {});
  }

  /**
   * Takes the first message: then `kind`, `number`, `words` and `length` describe it. False if there is none.
   *
   * @param isSure false: a moment in which others take may be missed
   * @param judge decides whether the first message is taken
   * @throws HeddleError if there is no memory for the books of this consumer
   */
  take(isSure: boolean, judge?: Judge): boolean {
    if (isSure ? this.#isEmpty() : !this.#mayTake()) return false;
    this.books?.open();
    let isTaken = false;
    let isWhole = false;
    this.#headMutex.enter();
    try {
      isTaken = this.#read(STATE) === EMPTIED ? this.#drain() : this.#items.take(this, judge);
      if (isTaken) hold(this);
      isWhole = true;
    } finally {
      this.#headMutex.leave(isWhole);
    }
    // ORDER: counted, then the look whether a putter waits; pairs with putters, which stand in line and then look.
    if (isTaken) this.#callPutter();
    return isTaken;
  }

  /** A guess: whether an item is there, and for any thread. */
  #mayTake(): boolean {
    return this.#items.seemsToHave && (this.#read(OVERDUE) === 0 || !this.isReserved);
  }

  /** For certain: what was put before this look is seen. */
  #isEmpty(): boolean {
    return this.#items.isEmpty === true && acquire(this.#words, this.#at + STATE) !== EMPTIED;
  }

  #callPutter(): void {
    if (this.maxSize === 0) return;
    const putters = this.putters.known;
    if (putters?.mayWait === true) putters.callFirst();
  }

  hold(
    kind: number,
    number: number,
    length: number,
    key?: number | string,
    words: Int32Array = this.isReading || length > scratchWords * 4 ? new Int32Array((length + 3) >> 2) : this.#openScratch(),
  ): Int32Array {
    this.kind = kind;
    this.number = number;
    this.length = length;
    this.key = key;
    this.words = words;
    this.bytes = words === this.#scratch ? this.#scratchBytes : new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    return words;
  }

  /** Made with the first message: many a handle never takes one. */
  #openScratch(): Int32Array {
    if (this.#scratch === noWords) {
      this.#scratch = new Int32Array(scratchWords);
      this.#scratchBytes = new Uint8Array(this.#scratch.buffer);
    }
    return this.#scratch;
  }

  /** Items have gone out: the books say so before GETS does. */
  count(items: number): void {
    this.books?.taken(items);
    write(this.#words, this.#at + GETS, (this.#read(GETS) + items) | 0);
  }

  /** Takes up to `max` messages, as copies. */
  takeMany(max: number, isSure: boolean): Message[] {
    if (!isSure && !this.#mayTake()) return [];
    this.books?.open();
    let taken: Message[] = [];
    let isWhole = false;
    this.#headMutex.enter();
    try {
      if (this.#read(STATE) === EMPTIED) this.#drain();
      else taken = this.#items.takeSome(max, this);
      for (const message of taken) hold(message);
      isWhole = true;
    } finally {
      this.#headMutex.leave(isWhole);
    }
    if (taken.length > 0) this.#callPutter();
    return taken;
  }

  /** A copy of the message that was taken last, which the next one does not overwrite. */
  keep(): Message {
    const { kind, number, length, key } = this;
    return { kind, number, length, key, words: this.words.slice(0, (length + 3) >> 2) };
  }

  /** A message that was taken comes back to its place. @throws HeddleError if the heap is full */
  giveBack(message: Message): void {
    const add = this.#items.giveBack(message, this);
    this.#headMutex.within(() => {
      leave(message);
      add();
    });
    // ORDER: as in `put`.
    if (this.#load(waitingOffset) !== 0) this.getters.callFirst();
    // Of a queue that was emptied it is gone, and no task.
    if (this.#load(STATE) === EMPTIED) this.books?.line.known?.callAll();
  }

  /** An item that was taken can neither be given out nor come back. */
  countLost(): void {
    this.#headMutex.within(() => this.#store(LOST, (this.#load(LOST) + 1) | 0));
    if (this.books?.done() === 'last') this.books.line.known?.callAll();
  }

  #repairGets(dead: number): void {
    const gets = this.#items.repairGets();
    this.books?.repair(dead, gets);
    this.#store(GETS, gets);
  }

  /** Does something with the store, in the consumers' mutex. */
  within<R>(change: () => R): R {
    return this.#headMutex.within(change);
  }

  /** True if a message is there, for certain. */
  hasMessage(): boolean {
    return this.#headMutex.within(() => this.#load(STATE) !== EMPTIED && this.#items.has());
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

  /** Discards all items. A consumer that finds the queue EMPTIED does it, too: the thread that began may have died. */
  #drain(): false {
    for (const parcel of this.#items.drain()) this.#dropParcel(parcel);
    return false;
  }

  /** Threads in line; those that have died leave first. */
  waiting(): { getters: number; putters: number; joiners: number } {
    const count = (line: WaitQueue | undefined): number => {
      line?.reap(true);
      return line?.count() ?? 0;
    };
    return { getters: count(this.getters), putters: count(this.putters.known), joiners: count(this.books?.line.known) };
  }
}
