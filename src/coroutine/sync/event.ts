/** A flag that can be waited for. Source: threading.Event, gevent.event.Event */

import { isAborted, type Operation, Pending, readWaitOptions, WaitList, type WaitOptions, yes } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { Links } from './links.ts';

class EventWait extends Pending<boolean> {
  constructor(waiters: WaitList<EventWait>, options: number | WaitOptions | undefined) {
    super();
    waiters.push(this);
    this.limit(options);
  }

  describe(): string {
    return 'Event.set()';
  }

  override expire(): void {
    this.settle(false);
  }
}

/** The statistics of an event. */
export interface EventStatistics {
  /** True while it is set. */
  readonly isSet: boolean;
  /** How many wait for it to be set. */
  readonly waiting: number;
  /** How many callbacks wait for that. */
  readonly links: number;
}

/**
 * A flag that is set and cleared; any number can wait until it is set.
 *
 * Source: gevent.event.Event
 *
 * `heddle` also has an `Event`: between threads and processes, with Sync forms. This one is for greenlets of one thread, and cannot be sent.
 *
 * @example
 * ```ts
 * import { Event, spawn } from 'heddle/coroutine';
 *
 * const go = new Event();
 * const runner = spawn(function* () {
 *   yield* go.wait();
 *   return 'running';
 * });
 * go.set();
 * console.log(await runner, go.isSet()); // prints: running true
 * ```
 */
export class Event {
  #isSet = false;
  readonly #waiters = new WaitList<EventWait>();
  readonly #links: Links<this> = new Links(this, () => this.#isSet, false);

  static {
    showAsText(Event);
  }

  /** True while it is set. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** As `isSet`. */
  ready(): boolean {
    return this.#isSet;
  }

  /** Sets the flag. All current waiters resume, even if the flag is cleared at once. */
  set(): void {
    this.#isSet = true;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.settle(true);
    this.#links.notify();
  }

  /** Clears the event: later waiters wait for the next `set()`. */
  clear(): void {
    this.#isSet = false;
  }

  /** Waits until it is set: true; false after `timeout` milliseconds. */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    return this.#isSet && !isAborted(options) ? yes : new EventWait(this.#waiters, options);
  }

  /** Calls `callback(event)` once, when it is set. The loop itself calls it: it must not wait. Source: gevent's rawlink */
  rawlink(callback: (event: this) => unknown): void {
    this.#links.add(callback);
  }

  /** Takes a callback away; one that was not there does no harm. */
  unlink(callback: (event: this) => unknown): void {
    this.#links.remove(callback);
  }

  /** The present state in numbers. */
  statistics(): EventStatistics {
    return { isSet: this.#isSet, waiting: this.#waiters.length, links: this.#links.count };
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    const waiting = this.#waiters.length;
    return `<${this.constructor.name} ${this.#isSet ? 'set' : 'not set'}${waiting === 0 ? '' : `, ${waiting} waiting`}>`;
  }
}
