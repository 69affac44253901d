/** A counter of permits. Source: threading.Semaphore, gevent.lock.Semaphore */

import { checkInteger } from '../../check.ts';
import { Done, type Operation, type WaitOptions, isAborted, readWaitOptions } from '../../loop/index.ts';
import { currentOwner } from '../task/current.ts';
import { Acquirable, sourceOf } from './acquirable.ts';
import { Links } from './links.ts';
import { Permits } from './permits.ts';

/** The statistics of a `Semaphore`. */
export interface SemaphoreStatistics {
  /** How many permits are free. */
  readonly free: number;
  /** How many wait for one. */
  readonly waiting: number;
  /** How many callbacks wait for one to be free. */
  readonly links: number;
}

/**
 * A counter of permits: `acquire` takes one, in strict order of arrival; `release` returns one, or adds one. Any greenlet may release.
 *
 * Source: gevent.lock.Semaphore
 *
 * @example
 * ```ts
 * import { joinAll, Semaphore, sleep, spawn } from 'heddle/coroutine';
 *
 * const two = new Semaphore(2);
 * let [inside, most] = [0, 0];
 * function* work() {
 *   using permit = yield* two.hold();
 *   most = Math.max(most, ++inside);
 *   yield* sleep(1);
 *   inside -= 1;
 * }
 * await joinAll([1, 2, 3, 4, 5].map(() => spawn(work)));
 * console.log(most, two.getValue()); // prints: 2 2
 * ```
 */
export class Semaphore extends Acquirable {
  readonly #permits: Permits;
  readonly #links: Links<this>;

  /**
   * @param value the initial number of permits, an integer >= 0; default 1
   * @throws TypeError, RangeError if it is something else
   */
  constructor(value: number = 1) {
    const permits = new Permits(new.target.name, checkInteger(value, 'value', 0));
    super(permits);
    this.#permits = permits;
    this.#links = new Links(this, () => this.ready(), true);
    permits.onFree = () => this.#links.notify();
  }

  /** Returns one permit, or `n` at once: the waiters that have waited longest get them. @throws RangeError if `n` is not an integer >= 1 */
  override release(n: number = 1): void {
    this.#permits.drop(currentOwner(), checkInteger(n, 'n', 1));
  }

  /** How many permits are free. Source: multiprocessing.Semaphore.get_value */
  getValue(): number {
    return this.#permits.free;
  }

  /** True if a permit is free. */
  ready(): boolean {
    return this.#permits.free > 0;
  }

  /**
   * Waits until a permit is free, and does not take it; gives how many there are, or 0 after `timeout` milliseconds.
   *
   * Source: gevent.lock.Semaphore.wait
   */
  wait(options?: number | WaitOptions): Operation<number> {
    if (options !== undefined) readWaitOptions(options);
    return this.ready() && !isAborted(options) ? new Done(this.#permits.free) : this.#permits.look(options);
  }

  /** Calls `callback(semaphore)` once, when a permit is free. The loop itself calls it: it must not wait. Source: gevent's rawlink */
  rawlink(callback: (semaphore: this) => unknown): void {
    this.#links.add(callback);
  }

  /** Takes a callback away; one that was not there does no harm. */
  unlink(callback: (semaphore: this) => unknown): void {
    this.#links.remove(callback);
  }

  /** The present state in numbers. */
  statistics(): SemaphoreStatistics {
    return { free: this.#permits.free, waiting: this.#permits.waiters.length, links: this.#links.count };
  }
}

/**
 * A semaphore that never has more permits than it had to begin with: a `release` of more throws `RangeError`, and gives none back.
 *
 * Source: gevent.lock.BoundedSemaphore
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from 'heddle/coroutine';
 *
 * const semaphore = new BoundedSemaphore(2);
 * semaphore.tryAcquire();
 * semaphore.release();
 * try {
 *   semaphore.release();
 * } catch (error) {
 *   console.log(String(error)); // prints: RangeError: expected release() of at most the 0 permits that are taken, got 1
 * }
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  /**
   * @param value how many permits there are, an integer >= 0; default 1
   * @throws TypeError, RangeError if it is something else
   */
  constructor(value: number = 1) {
    super(value);
    (sourceOf(this) as Permits).most = value;
  }
}
