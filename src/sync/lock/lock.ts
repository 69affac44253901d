/** A lock between threads and processes. Source: threading.Lock, multiprocessing.Lock */

import type { ThreadInfo } from '../../errors.ts';
import type { Operation, SyncWaitOptions, WaitOptions } from '../../loop/index.ts';
import { defineKind, type ObjectKind, SharedObject, waitableWords } from '../../memory/index.ts';
import { type LockOptions, type LockStatistics, Owned } from './owned.ts';

const kind: ObjectKind = defineKind({
  number: 2,
  name: 'Lock',
  words: waitableWords,
  create: () => new Lock(),
  describe: (lock: Lock) => ownedOf(lock).describe(),
});

/** Returns the lock state of a lock, for this folder only. */
export let ownedOf: (lock: Lock) => Owned;

/**
 * A lock: mutual exclusion, at most one owner. It can be an argument of a task, a captured variable, an item or a field: the receiver has
 * the same lock. The lock is not reentrant: an owner that acquires it again waits indefinitely. Any thread may release it.
 *
 * When the owner dies (a process, or a thread that is terminated), the next to acquire the lock gets it within a second. That call throws
 * `OwnerDied` once: the lock is held then, and must be released as usual.
 *
 * Source: threading.Lock, multiprocessing.Lock
 *
 * `heddle/coroutine` also has a `Lock`: between greenlets of one thread, handed over in strict order of arrival, without Sync forms. This
 * one works between threads and processes, and may be taken first by a running thread.
 *
 * @example
 * ```ts
 * import { Lock, Pool } from 'heddle';
 *
 * const lock = new Lock();
 * const inTurn = (name: string) => {
 *   using guard = lock.holdSync();
 *   return `${name} has it: ${lock.locked()}`;
 * };
 * const pool = new Pool(2);
 * console.log(await pool.map(inTurn, ['a', 'b'])); // prints: [ 'a has it: true', 'b has it: true' ]
 * await pool.terminate();
 * ```
 */
export class Lock extends SharedObject {
  readonly #word: Owned;

  static {
    ownedOf = (lock) => lock.#word;
  }

  /** @throws TypeError for options that are not known */
  constructor(options?: LockOptions) {
    super(kind, Owned.start(options));
    this.#word = new Owned(this);
  }

  /** The owner at the time of the call; `null` while the lock is free. */
  get owner(): ThreadInfo | null {
    return this.#word.owner;
  }

  /**
   * Waits for it without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   * @throws OwnerDied if the previous owner has died: the caller owns the lock, and its data may be half changed
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#word.takeAsync(options);
  }

  /**
   * Waits for it and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; default: indefinitely; 0: do not wait
   * @throws OwnerDied as `acquire`
   */
  acquireSync(timeout?: number | SyncWaitOptions): boolean {
    if (timeout === undefined && this.#word.takeFree()) return true;
    return this.#word.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes it if it is free, without waiting. @throws OwnerDied as `acquire` */
  tryAcquire(): boolean {
    return this.#word.takeFree() || this.#word.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /** Releases the lock, whichever thread owns it. @throws InvalidStateError if it is not locked */
  release(): void {
    this.#word.drop();
  }

  /** True while the lock has an owner. */
  locked(): boolean {
    return !this.#word.isFree();
  }

  /**
   * Waits for it and gives a guard for `using`, which releases it.
   *
   * @throws TimeoutError if it took longer than `timeout`
   * @throws OwnerDied if the previous owner has died; the lock is released again
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.#word.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | SyncWaitOptions): Disposable {
    return this.#word.guardSync(this.holdSync, timeout);
  }

  /** Calls a function while it has the lock, and gives its result. @throws as `hold`, and what the function throws */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.#word.runHeld(fn, options);
  }

  /** The present state in numbers. */
  statistics(): LockStatistics {
    return this.#word.statistics();
  }
}
