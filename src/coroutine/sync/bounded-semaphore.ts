/** A semaphore that says when it is released once too often. Source: threading.BoundedSemaphore, gevent.lock.BoundedSemaphore */

import { sourceOf } from './acquirable.ts';
import type { Permits } from './permits.ts';
import { Semaphore } from './semaphore.ts';

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
