/**
 * A flag that threads and processes wait for. Source: threading.Event, multiprocessing.Event
 *
 *   set():   SET = 1, then all in line are called: they go on, whatever the flag says when they come to look
 *   wait():  stands in line, then looks at SET, then sleeps
 */

import { compareExchange, load } from '#atomics';
import {
  blocking,
  isAborted,
  type Operation,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
  yes,
} from '../../loop/index.ts';
import {
  type Block,
  blockOf,
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
} from '../../memory/index.ts';
import { EventLine, EventWait } from './event-line.ts';
import { Spin } from '../acquire/spin.ts';

const at = layout('Event', "an event's own words", { turns: ['uint32', 'how often it was set or cleared; odd: it is set'] });
const TURNS = ownOffset + at.turns;

const kind: ObjectKind = defineKind({
  number: 7,
  name: 'Event',
  words: waitableWords,
  create: () => new Event(),
  describe: (event: Event) => `${event.constructor.name} ${event.isSet() ? 'set' : 'not set'}`,
});

/** The statistics of an event. */
export interface EventStatistics {
  /** True while it is set. */
  readonly isSet: boolean;
  /** How many threads wait for it; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/**
 * A flag: any number of threads and processes can wait until it is set. It begins cleared. It can be an argument of a task, a captured
 * variable, an item or a field: the receiver has the same flag.
 *
 * Source: threading.Event, multiprocessing.Event
 *
 * `heddle/coroutine` also has an `Event`: for greenlets of one thread, with callbacks (`rawlink`). This one works between threads and
 * processes, and has Sync forms.
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
  readonly #block: Block;
  readonly #line: WaitQueue;
  readonly #spin: Spin = new Spin();
  readonly #asyncLine: EventLine;

  constructor() {
    super(kind);
    this.#block = blockOf(this);
    this.#line = new WaitQueue(this.#block);
    this.#asyncLine = new EventLine(() => this.#turns, this.#line);
  }

  /** True while the flag is set. */
  isSet(): boolean {
    return (this.#turns & 1) === 1;
  }

  /**
   * The count of each `set` that set the flag and each `clear` that cleared it. A waiter remembers the count: a different one means that
   * the flag was set meanwhile.
   */
  get #turns(): number {
    return load(this.#block.words, this.#block.at + TURNS);
  }

  /** Sets the flag. All current waiters resume, even if the flag is cleared at once. */
  set(): void {
    this.#turn(0);
    // ORDER: set, then looked for waiters in line; pairs with a waiter, which joins the line and then looks whether it is set.
    this.#line.callAll();
  }

  /** Clears the flag. */
  clear(): void {
    this.#turn(1);
  }

  /** @param from 0: it is set, unless it is; 1: it is cleared, unless it is */
  #turn(from: 0 | 1): void {
    for (let turns = this.#turns; (turns & 1) === from; turns = this.#turns)
      if (compareExchange(this.#block.words, this.#block.at + TURNS, turns, (turns + 1) | 0) === turns) return;
  }

  /**
   * Waits until it is set, without blocking the thread: true; false if that took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    return this.isSet() && !isAborted(options) ? yes : new EventWait(this.#asyncLine, options);
  }

  /** As `wait`, and blocks the thread meanwhile. */
  waitSync(timeout?: number | SyncWaitOptions): boolean {
    const ms = readSyncTimeout(timeout, 'wait()');
    const turns = this.#turns;
    if ((turns & 1) === 1) return true;
    return ms !== 0 && blocking('Event.waitSync()', this.waitSync, () => this.#wait(turns, new Deadline(ms)));
  }

  #wait(since: number, deadline: Deadline): boolean {
    const waiter = this.#line.join(false);
    try {
      return blockThread(() => this.#sleep(waiter, since, deadline));
    } finally {
      waiter.free();
    }
  }

  /** Sleeps until the flag is set. Re-checks after a wake-up: the `set()` that caused it may already have been followed by `clear()`. */
  #sleep(waiter: Waiter, since: number, deadline: Deadline): boolean {
    // ORDER: in line and asleep, then the look; pairs with `set`.
    while (this.#turns === since) {
      const left = deadline.left();
      if (left === 0) return false;
      if (!this.#spin.until(() => waiter.isCalled)) waiter.sleep(left);
      waiter.again();
    }
    return true;
  }

  /** The present state in numbers. */
  statistics(): EventStatistics {
    return { isSet: this.isSet(), waiting: this.#line.count() };
  }
}
