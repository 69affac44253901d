/** A lock that any greenlet may release. Source: threading.Lock, gevent.lock.BoundedSemaphore(1) */

import { InvalidStateError } from '../../errors.ts';
import type { RawGreenlet } from '../switching/raw-greenlet.ts';
import type { Activity } from '../task/activity.ts';
import type { Greenlet } from '../task/greenlet.ts';
import { Acquirable } from './acquirable.ts';
import { Source } from './claim.ts';
import { greenletOf, nameOf } from './holder.ts';

/** A lock with one owner at a time, which a condition can release for the time of a wait. */
export abstract class Mutex extends Source {
  owner: Activity | undefined = undefined;

  get isTaken(): boolean {
    return this.owner !== undefined;
  }

  /** True if this activity may release it. */
  abstract isHeldBy(activity: Activity): boolean;

  /** Gives it up altogether; returns how often it had been taken. */
  abstract dropAll(by: Activity): number;
}

class PlainMutex extends Mutex {
  take(by: Activity): boolean {
    if (this.owner !== undefined) return false;
    this.owner = by;
    return true;
  }

  drop(): void {
    if (this.owner === undefined) throw new InvalidStateError('release() of a Lock that is not locked');
    const next = this.waiters.shift();
    this.owner = next?.by;
    next?.granted();
  }

  dropAll(): number {
    this.drop();
    return 1;
  }

  isHeldBy(): boolean {
    return this.isTaken;
  }

  describe(): string {
    return this.owner === undefined ? 'Lock unlocked' : `Lock held by ${nameOf(this.owner)}`;
  }
}

/** The statistics of a `Lock`. */
export interface LockStatistics {
  /** True while it is locked. */
  readonly locked: boolean;
  /** How many wait for it. */
  readonly waiting: number;
}

/**
 * A lock: mutual exclusion, at most one owner, in strict order of arrival. The lock is not reentrant: an owner that acquires it again waits
 * indefinitely. Any greenlet may release it.
 *
 * Source: threading.Lock
 *
 * `heddle` also has a `Lock`: between threads and processes, with Sync forms. This one is for greenlets of one thread, and cannot be sent.
 *
 * @example
 * ```ts
 * import { joinAll, Lock, sleep, spawn } from 'heddle/coroutine';
 *
 * const lock = new Lock();
 * function* twice(name: string) {
 *   using guard = yield* lock.hold();
 *   console.log(name, 1);
 *   yield* sleep(1);
 *   console.log(name, 2);
 * }
 * await joinAll([spawn(twice, 'a'), spawn(twice, 'b')]);
 * // prints: a 1
 * // prints: a 2
 * // prints: b 1
 * // prints: b 2
 * ```
 */
export class Lock extends Acquirable {
  readonly #mutex: Mutex;

  constructor() {
    const mutex = new PlainMutex();
    super(mutex);
    this.#mutex = mutex;
  }

  /** The greenlet that took it; `null` while it is free. */
  get owner(): Greenlet<any> | RawGreenlet | null {
    return greenletOf(this.#mutex.owner);
  }

  /** The present state in numbers. */
  statistics(): LockStatistics {
    return { locked: this.#mutex.isTaken, waiting: this.#mutex.waiters.length };
  }
}
