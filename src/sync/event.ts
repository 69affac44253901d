/**
 * A flag that threads and processes wait for. Source: threading.Event, multiprocessing.Event
 *
 *   set():   SET = 1, then all in line are called: they go on, whatever the flag says when they come to look
 *   wait():  stands in line, then looks at SET, then sleeps
 */

import { load, store } from '#atomics';
import { blocking, type Operation, readWaitOptions, type WaitOptions, yes } from '../loop/index.ts';
import {
  blockThread,
  Deadline,
  defineKind,
  layout,
  type ObjectKind,
  ownOffset,
  SharedObject,
  type Waiter,
  waitableWords,
  WaitQueue,
} from '../memory/index.ts';
import { EventLine, EventWait } from './event-line.ts';
import { Spin } from './spin.ts';

const at = layout('Event', "an event's own words", { isSet: ['bits', '1: it is set'] });
const SET = ownOffset + at.isSet;

const kind: ObjectKind = defineKind({ number: 7, name: 'Event', words: waitableWords, create: () => new Event() });

/** What an `Event` says of itself. */
export interface EventStatistics {
  /** 1 while it is set, else 0. */
  readonly isSet: number;
  /** How many threads wait for it; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/**
 * A flag: any number can wait until it is set, in all threads and processes. It can be an argument of a task, a captured variable, an item or a
 * field: whoever gets it has the same flag. It begins cleared.
 *
 * Source: threading.Event, multiprocessing.Event
 *
 * @example
 * ```ts
 * import { Event, Pool } from 'heddle';
 *
 * const go = new Event();
 * const pool = new Pool(1);
 * const waiting = pool.apply(() => go.waitSync());
 * go.set();
 * console.log(await waiting, go.isSet()); // prints: true true
 * await pool.terminate();
 * ```
 */
export class Event extends SharedObject {
  readonly #line: WaitQueue;
  readonly #spin: Spin = new Spin();
  readonly #asyncLine: EventLine;

  constructor() {
    super(kind);
    this.#line = new WaitQueue(this.block);
    this.#asyncLine = new EventLine(this, this.#line);
  }

  isSet(): boolean {
    return load(this.words, this.at + SET) !== 0;
  }

  /** Sets it: all who wait go on, even if it is cleared at once. */
  set(): void {
    store(this.words, this.at + SET, 1);
    // ORDER: set, then looked who is in line; pairs with who stands in line and then looks whether it is set.
    this.#line.callAll();
  }

  clear(): void {
    store(this.words, this.at + SET, 0);
  }

  /**
   * Waits until it is set, without blocking the thread: true; false if that took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; for ever by default
   */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    return this.isSet() ? yes : new EventWait(this.#asyncLine, options);
  }

  /** As `wait`, and blocks the thread meanwhile. */
  waitSync(timeout?: number | WaitOptions): boolean {
    const { timeout: ms, signal } = readWaitOptions(timeout);
    signal?.throwIfAborted();
    if (this.isSet()) return true;
    return ms !== 0 && blocking('Event.waitSync()', this.waitSync, () => this.#wait(new Deadline(ms)));
  }

  #wait(deadline: Deadline): boolean {
    const waiter = this.#line.join(false);
    try {
      // ORDER: in line, then the look; pairs with `set`.
      return this.isSet() || blockThread(() => this.#sleep(waiter, deadline));
    } finally {
      waiter.free();
    }
  }

  #sleep(waiter: Waiter, deadline: Deadline): boolean {
    while (!waiter.isCalled) {
      const left = deadline.left();
      if (left === 0) return !waiter.withdraw();
      if (this.#spin.until(() => waiter.isCalled)) break;
      waiter.sleep(left);
      if (waiter.isCalled) break;
      // Whoever set it may have died before it came to calling us.
      if (this.isSet()) break;
    }
    return true;
  }

  statistics(): EventStatistics {
    return { isSet: this.isSet() ? 1 : 0, waiting: this.#line.count() };
  }

  /** For people. */
  describe(): string {
    return `${this.constructor.name} ${this.isSet() ? 'set' : 'not set'}`;
  }
}
