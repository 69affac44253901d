/**
 * One 32-bit word that threads and processes share and can wait on: `Atomics` and its `wait`, `waitAsync` and `notify`, also between processes. Everything
 * that waits here can be built on it.
 *
 *   wait(expected):     stand in line ─▶ look at the word ─▶ sleep until called      not what was expected ─▶ leave
 *   store(), notify():  change the word ─▶ call those in line
 *
 * A thread that changes the word between the look and the sleep finds the waiter in line and calls it: no wake-up is lost.
 */

import { add, and, compareExchange, exchange, load, or, store } from '#atomics';
import { checkInteger } from '../../check.ts';
import {
  blocking,
  Done,
  isAborted,
  type Operation,
  Pending,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
} from '../../loop/index.ts';
import { type AsyncWait, theAgent } from '../threads/agent.ts';
import { blockThread } from '../wait/block-thread.ts';
import { Deadline } from '../wait/deadline.ts';
import { layout } from '../heap/layout.ts';
import { longestSlice } from '../heap/memory.ts';
import { blockOf, defineKind, type ObjectKind, SharedObject } from './shared-object.ts';
import type { Waiter } from '../wait/waiter.ts';
import { ownOffset, waitableWords, waitingOffset, WaitQueue } from '../wait/wait-queue.ts';

const at = layout('Word', 'what a Word has of its own', { value: ['int32', 'its value'] });
const VALUE = ownOffset + at.value;

const kind: ObjectKind = defineKind({
  number: 1,
  name: 'Word',
  words: waitableWords,
  create: () => new Word(),
  describe: (word: Word) => `${word.constructor.name} ${word.load()}`,
});

/** Between two looks of a sleeping thread after the dead, which cost a system call each. */
const slicesPerLook = Math.ceil(200 / longestSlice);

/** `ok`: it was notified, or has changed; `not-equal`: it did not hold what was expected; `timed-out`. */
export type WaitResult = 'ok' | 'not-equal' | 'timed-out';

/** The statistics of a `Word`. */
export interface WordStatistics {
  /** The value. */
  readonly value: number;
  /** How many wait on it, in all threads and processes. */
  readonly waiting: number;
}

/**
 * A signed 32-bit number that threads and processes share, and can wait on.
 *
 * Source: JavaScript's Atomics
 *
 * @example
 * ```ts
 * import { Pool } from 'heddle';
 * import { Word } from 'heddle/lowlevel';
 *
 * const word = new Word();
 * const pool = new Pool(1);
 * const waiting = pool.apply(() => word.wait(0));
 * word.store(1);
 * word.notify();
 * console.log(['ok', 'not-equal'].includes(await waiting), word.load()); // prints: true 1
 * await pool.terminate();
 * ```
 */
export class Word extends SharedObject {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #line: WaitQueue;

  /** @param value from -2147483648 to 2147483647 */
  constructor(value: number = 0) {
    checkWord(value, 'value');
    super(kind, ({ words, at: begin }) => void store(words, begin + VALUE, value));
    const block = blockOf(this);
    this.#words = block.words;
    this.#at = block.at;
    this.#line = new WaitQueue(block);
  }

  /** Reads the value. */
  load(): number {
    return load(this.#words, this.#at + VALUE);
  }

  /** Returns the stored value. Wakes no waiter by itself, as the methods below. */
  store(value: number): number {
    return store(this.#words, this.#at + VALUE, checkWord(value, 'value'));
  }

  /** Each of these returns what the word held before. */
  exchange(value: number): number {
    return exchange(this.#words, this.#at + VALUE, checkWord(value, 'value'));
  }

  /** Stores `value` if the word holds `expected`, and returns the old value. */
  compareExchange(expected: number, value: number): number {
    return compareExchange(this.#words, this.#at + VALUE, checkWord(expected, 'expected'), checkWord(value, 'value'));
  }

  /** Adds to the value, and returns the old one. */
  add(value: number): number {
    return add(this.#words, this.#at + VALUE, checkWord(value, 'value'));
  }

  /** Combines by a bitwise AND, and returns the old value. */
  and(value: number): number {
    return and(this.#words, this.#at + VALUE, checkWord(value, 'value'));
  }

  /** Combines by a bitwise OR, and returns the old value. */
  or(value: number): number {
    return or(this.#words, this.#at + VALUE, checkWord(value, 'value'));
  }

  /**
   * Blocks the thread while the word holds `expected` and no `notify` comes.
   *
   * @param options milliseconds, or `{ timeout }`; default: indefinitely
   * @throws TypeError for a signal: `waitAsync` takes one
   */
  wait(expected: number, options?: number | SyncWaitOptions): WaitResult {
    checkWord(expected, 'expected');
    const timeout = readSyncTimeout(options, 'waitAsync()');
    if (this.load() !== expected) return 'not-equal';
    if (timeout === 0) return 'timed-out';
    return blocking('Word.wait()', this.wait, () => this.#wait(expected, new Deadline(timeout)));
  }

  #wait(expected: number, deadline: Deadline): WaitResult {
    const waiter = this.#line.join(false);
    try {
      // ORDER: joined the line, then looked; pairs with a thread that changes the word and then looks for waiters.
      const isOver = this.load() !== expected && waiter.withdraw();
      const result = isOver ? 'not-equal' : blockThread(() => this.#sleep(waiter, expected, deadline));
      waiter.free();
      return result;
    } catch (error) {
      this.#line.passOn(waiter);
      throw error;
    }
  }

  #sleep(waiter: Waiter, expected: number, deadline: Deadline): WaitResult {
    for (let slices = 1; !waiter.isCalled; slices += 1) {
      const left = deadline.left();
      if (left === 0 && waiter.withdraw()) return 'timed-out';
      waiter.sleep(left);
      // The word was changed by a thread that died before its `notify`.
      if (this.load() !== expected && waiter.withdraw()) break;
      // A thread that was notified may have died before it went on.
      if (slices % slicesPerLook === 0) this.#line.reap(true);
    }
    return 'ok';
  }

  /**
   * Waits while the word holds `expected` and no `notify` comes, without blocking the thread.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   */
  waitAsync(expected: number, options?: number | WaitOptions): Operation<WaitResult> {
    checkWord(expected, 'expected');
    if (options !== undefined) readWaitOptions(options);
    return this.load() === expected || isAborted(options)
      ? new WordWait(this, this.#line, expected, options)
      : new Done<WaitResult>('not-equal');
  }

  /**
   * Wakes the waiters that have waited longest. Returns how many.
   *
   * @param count how many at most; all by default
   */
  notify(count: number = Infinity): number {
    if (count !== Infinity) checkInteger(count, 'count', 0);
    if (load(this.#words, this.#at + waitingOffset) === 0) return 0;
    const called = count === Infinity ? this.#line.callAll() : this.#line.callSome(count);
    if (called === 0 && count > 0) this.#line.retract();
    return called;
  }

  /** The present state in numbers. */
  statistics(): WordStatistics {
    return { value: this.load(), waiting: this.#line.count() };
  }
}

function checkWord(value: number, what: string): number {
  return value === (value | 0) ? value : checkInteger(value, what, -0x8000_0000, 0x7fff_ffff);
}

class WordWait extends Pending<WaitResult> implements AsyncWait {
  readonly #word: Word;
  readonly #line: WaitQueue;
  readonly #expected: number;
  readonly #waiter: Waiter;
  #isInLine = true;
  #wasNotified = false;
  #probes = 0;

  constructor(word: Word, line: WaitQueue, expected: number, options: number | WaitOptions | undefined) {
    super();
    this.#word = word;
    this.#line = line;
    this.#expected = expected;
    this.#waiter = line.joinAsync(this);
    // ORDER: as in `#wait`.
    if (!isAborted(options) && word.load() !== expected && this.#waiter.withdraw()) this.#end('not-equal');
    else this.limit(options);
  }

  describe(): string {
    return 'Word.waitAsync()';
  }

  step(): void {
    if (this.#isInLine && this.#waiter.isCalled) this.#end('ok');
  }

  probe(): void {
    if (!this.#isInLine) return;
    if (this.#waiter.isCalled || this.#word.load() !== this.#expected) return this.#end('ok');
    this.#probes += 1;
    this.#line.reap(this.#probes % 2 === 0);
    this.step();
  }

  /** A notification is its own; it does not hurry. */
  pass(): void {}

  override expire(): void {
    if (this.#isInLine) this.#end(this.#waiter.withdraw() ? 'timed-out' : 'ok');
  }

  /** Had it been notified already, another one is in its place. */
  protected override abandon(): void {
    if (!this.#isInLine) return;
    this.#isInLine = false;
    this.#line.passOn(this.#waiter);
    theAgent().waits.delete(this);
  }

  /** The wait was thrown out before it saw that it was notified. */
  protected override giveBack(): void {
    if (this.#wasNotified) this.#line.callSome(1);
  }

  #end(result: WaitResult): void {
    this.#isInLine = false;
    // ORDER: out of line, then the look whether it was called; pairs with `notify`.
    this.#wasNotified = !this.#waiter.withdraw() && this.#waiter.isCalled;
    this.#waiter.free();
    theAgent().waits.delete(this);
    this.settle(result);
  }
}
