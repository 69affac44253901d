/** A semaphore that says when it is released once too often. Source: threading.BoundedSemaphore, multiprocessing.BoundedSemaphore */

import { defineKind, type ObjectKind, waitableWords } from '../memory/index.ts';
import { describeSemaphore, Semaphore, type Variety, variety } from './semaphore.ts';

const kind: ObjectKind = defineKind({
  number: 5,
  name: 'BoundedSemaphore',
  words: waitableWords,
  create: () => new BoundedSemaphore(),
  describe: describeSemaphore,
});

/**
 * A semaphore that never has more free permits than it began with: a `release` of more throws `RangeError`, and gives none back.
 *
 * Source: threading.BoundedSemaphore, multiprocessing.BoundedSemaphore
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from 'heddle';
 *
 * const semaphore = new BoundedSemaphore(2);
 * semaphore.acquireSync();
 * semaphore.release();
 * try {
 *   semaphore.release();
 * } catch (error) {
 *   console.log(String(error)); // prints: RangeError: expected n to be at most the 0 permits that may still be given back, got 1
 * }
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  static {
    Object.defineProperty(BoundedSemaphore, variety, { value: { kind, mostOf: (value) => value } satisfies Variety });
  }
}
