/** A lock between threads and processes. Source: threading.Lock, multiprocessing.Lock */

import type { ThreadInfo } from '../../errors.ts';
import type { Operation, WaitOptions } from '../../loop/index.ts';
import { defineKind, type ObjectKind, SharedObject, waitableWords } from '../../memory/index.ts';
import { type LockOptions, type LockStatistics, Owned } from './owned.ts';

const kind: ObjectKind = defineKind({
  number: 2,
  name: 'Lock',
  words: waitableWords,
  create: () => new Lock(),
  describe: (lock: Lock) => ownedOf(lock).describe(),
});

/** Its word, for the floor's own. */
export let ownedOf: (lock: Lock) => Owned;

/**
 * A lock: one thread of one process has it at a time. It can be an argument of a task, a captured variable, an item or a field: whoever gets it has
 * the same lock. It is not reentrant: who has it and acquires it again waits for ever. Any thread may release it.
 *
 * When its owner dies (a process, or a thread that is terminated), the next to acquire it gets it within a second, and is told once
 * by an `OwnerDied`: the lock is held then, and is to be released as ever.
 *
 * Source: threading.Lock, multiprocessing.Lock
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

  /** Who has it; `null` while it is free. Somebody else may have it when you look at the answer. */
  get owner(): ThreadInfo | null {
    return this.#word.owner;
  }

  /**
   * Waits for it without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; for ever by default
   * @throws OwnerDied if who had it has died: it is yours, and may guard something half changed
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#word.takeAsync(options);
  }

  /**
   * Waits for it and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; for ever by default, 0 is not at all
   * @throws OwnerDied as `acquire`
   */
  acquireSync(timeout?: number | WaitOptions): boolean {
    if (timeout === undefined && this.#word.takeFree()) return true;
    return this.#word.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes it if it is free, without waiting. @throws OwnerDied as `acquire` */
  tryAcquire(): boolean {
    return this.#word.takeFree() || this.#word.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /** Gives it back, whoever has it. @throws InvalidStateError if it is not locked */
  release(): void {
    this.#word.drop();
  }

  /** Whether somebody has it. */
  locked(): boolean {
    return !this.#word.isFree();
  }

  /**
   * Waits for it and gives a guard for `using`, which releases it.
   *
   * @throws TimeoutError if it took longer than `timeout`
   * @throws OwnerDied if who had it has died; the lock is released again
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.#word.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | WaitOptions): Disposable {
    return this.#word.guardSync(this.holdSync, timeout);
  }

  /** Calls a function while it has the lock, and gives its result. @throws as `hold`, and what the function throws */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.#word.runHeld(fn, options);
  }

  statistics(): LockStatistics {
    return this.#word.statistics();
  }
}
