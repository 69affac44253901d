/** A lock that its holder may take again. Source: threading.RLock, gevent.lock.RLock */

import type { Greenlet } from '../task/greenlet.ts';
import type { RawGreenlet } from '../switching/raw-greenlet.ts';
import { Acquirable } from './acquirable.ts';
import { greenletOf } from './holder.ts';
import { ReentrantMutex } from './reentrant-mutex.ts';

/** The statistics of an `RLock`. */
export interface RLockStatistics {
  /** How often its holder has taken it and not given it back. */
  readonly depth: number;
  /** How many wait for it. */
  readonly waiting: number;
}

/**
 * A reentrant lock: its holder may acquire it again, and must release it as often. The holder is the greenlet that acquires it, with all
 * its concurrent async functions. The main program and each greenlet of `greenlet()` count as well. Async functions that must be kept apart
 * from each other use an `rlock.run` each.
 *
 * `release` by another greenlet, or of a free lock, throws `InvalidStateError`.
 *
 * Source: gevent.lock.RLock
 *
 * @example
 * ```ts
 * import { RLock, spawn } from 'heddle/coroutine';
 *
 * const lock = new RLock();
 * function* depth(n: number): Generator<any, number> {
 *   using guard = yield* lock.hold();
 *   return n === 0 ? lock.statistics().depth : yield* depth(n - 1);
 * }
 * console.log(await spawn(depth, 2), lock.locked()); // prints: 3 false
 * ```
 */
export class RLock extends Acquirable {
  readonly #mutex: ReentrantMutex;

  constructor() {
    const mutex = new ReentrantMutex();
    super(mutex);
    this.#mutex = mutex;
  }

  /** The greenlet that has it; `null` while it is free. */
  get owner(): Greenlet<any> | RawGreenlet | null {
    return greenletOf(this.#mutex.owner);
  }

  /** The present state in numbers. */
  statistics(): RLockStatistics {
    return { depth: this.#mutex.depth, waiting: this.#mutex.waiters.length };
  }
}
