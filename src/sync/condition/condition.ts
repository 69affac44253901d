/**
 * Waiting, with a lock, for what others do with it. Source: threading.Condition, multiprocessing.Condition
 *
 *   wait():    stands in the condition's line ─▶ gives the lock up ─▶ sleeps ─▶ called ─▶ has the lock back ─▶ leaves the line
 *   notify():  calls those that came first
 *
 * A notification belongs to its waiter until that waiter has the lock again. If the waiter dies before that, the finder of its death
 * notifies another one.
 */

import { load, store } from '#atomics';
import { checkFunction, checkInteger, expected } from '../../check.ts';
import { InvalidStateError, type ThreadInfo } from '../../errors.ts';
import {
  blocking,
  Done,
  isAborted,
  type Operation,
  readSyncTimeout,
  readWaitOptions,
  type SyncWaitOptions,
  type WaitOptions,
} from '../../loop/index.ts';
import {
  blockOf,
  Deadline,
  defineKind,
  describe,
  joinObject,
  layout,
  type ObjectKind,
  ownOffset,
  refOf,
  SharedObject,
  travelsToo,
  waitableWords,
  WaitQueue,
} from '../../memory/index.ts';
import { atOnce } from '../../thenable.ts';
import { ConditionWait, sleepInCondition } from './condition-wait.ts';
import { Lock, ownedOf } from '../lock/lock.ts';
import type { Owned } from '../lock/owned.ts';
import { reentrantOf, RLock } from '../lock/rlock.ts';
import { TypeError } from '../../refusals.ts';

const at = layout('Condition', "a condition's own words", { lock: ['ref', 'its lock'] });
const LOCK = ownOffset + at.lock;

const kind: ObjectKind = defineKind({
  number: 6,
  name: 'Condition',
  words: waitableWords,
  refs: { first: LOCK, count: 1 },
  create: () => new Condition(),
  describe: (condition: Condition) => {
    const { unnotified } = condition.statistics();
    return `${condition.constructor.name} with ${describe(lockOf(condition))}${unnotified === 0 ? '' : `, ${unnotified} waiting`}`;
  },
});

let lockOf: (condition: Condition) => Lock | RLock;

/** The statistics of a condition. */
export interface ConditionStatistics {
  /** True while its lock is locked. */
  readonly locked: boolean;
  /**
   * How many threads wait for its lock; the async waiters of one thread count as one. A wait that was notified is among them until it has the lock.
   */
  readonly waiting: number;
  /** How many calls of `wait` and `waitFor` have not been notified, in all threads and processes; each async call counts. */
  readonly unnotified: number;
}

/**
 * A condition variable. The owner of its lock may wait until another owner of the lock notifies it of a change. Waiters are notified in
 * order of arrival. Waiters that cannot resume, because another call blocks their thread, come after those that can. A condition can be an
 * argument of a task, a captured variable, an item or a field: the receiver has the same condition and the same lock.
 *
 * The lock is held whenever `wait` is over, however it ended. When the owner of the lock dies (a process, or a thread that is terminated),
 * one waiter gets the lock within a second, with an `OwnerDied` error.
 *
 * Source: threading.Condition, multiprocessing.Condition
 *
 * @example
 * ```ts
 * import { Condition, Pool, Semaphore } from 'heddle';
 *
 * const changed = new Condition();
 * const items = new Semaphore(0);
 * const pool = new Pool(1);
 * const got = pool.apply(async () => {
 *   using lock = await changed.hold();
 *   await changed.waitFor(() => items.getValue() > 0);
 *   return 'an item';
 * });
 * changed.acquireSync();
 * items.release();
 * changed.notify();
 * changed.release();
 * console.log(await got); // prints: an item
 * await pool.terminate();
 * ```
 */
export class Condition extends SharedObject {
  readonly #lock: Lock | RLock;
  /** The lock's. */
  readonly #word: Owned;
  readonly #line: WaitQueue;

  static {
    lockOf = (condition) => condition.#lock;
  }

  /**
   * @param lock whose `acquire`, `release` and so on are the condition's, too; default a new `Lock` (Python: an RLock)
   * @throws TypeError if it is neither a `Lock` nor an `RLock`
   */
  constructor(lock?: Lock | RLock) {
    if (lock !== undefined && !(lock instanceof Lock || lock instanceof RLock))
      throw new TypeError(expected('lock', 'a Lock or an RLock', lock));
    let its = lock;
    super(kind, ({ words, at: begin }) => {
      its ??= new Lock();
      store(words, begin + LOCK, refOf(its));
      travelsToo(its);
    });
    const block = blockOf(this);
    this.#lock = its ?? (joinObject(load(block.words, block.at + LOCK)) as Lock | RLock);
    this.#word = this.#lock instanceof Lock ? ownedOf(this.#lock) : reentrantOf(this.#lock);
    this.#line = new WaitQueue(block);
  }

  /** The owner of the lock; `null` while the lock is free. */
  get owner(): ThreadInfo | null {
    return this.#lock.owner;
  }

  /** As its lock's. */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#lock.acquire(options);
  }

  /** As its lock's. */
  acquireSync(timeout?: number | SyncWaitOptions): boolean {
    return this.#lock.acquireSync(timeout);
  }

  /** As its lock's. */
  tryAcquire(): boolean {
    return this.#lock.tryAcquire();
  }

  /** As its lock's. */
  release(): void {
    this.#lock.release();
  }

  /** As its lock's. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** As its lock's. */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.#lock.hold(options);
  }

  /** As its lock's. */
  holdSync(timeout?: number | SyncWaitOptions): Disposable {
    return this.#lock.holdSync(timeout);
  }

  /** As its lock's. */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.#lock.run(fn, options);
  }

  /**
   * Releases the lock, waits for a notification without blocking the thread, and reacquires the lock. Resolves to `true`, or to `false` if
   * no notification came within `timeout`. A waiter that is aborted or killed also has the lock again before the error is thrown.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   * @throws InvalidStateError if the caller does not own the lock
   * @throws OwnerDied if an owner of the lock has died meanwhile: the caller owns the lock, and its data may be half changed
   */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    this.#check('wait');
    return new ConditionWait<boolean>(this.#word, this.#line, undefined, options);
  }

  /** As `wait`, and blocks the thread meanwhile. */
  waitSync(timeout?: number | SyncWaitOptions): boolean {
    const ms = readSyncTimeout(timeout, 'wait()');
    this.#check('waitSync');
    return this.#sleep('waitSync', this.waitSync, ms);
  }

  /**
   * Waits until `predicate` returns a truthy value, and resolves to that value. After `timeout` milliseconds in all, resolves to its last
   * value. The predicate is called with the lock held: at once, and after each notification.
   *
   * @throws as `wait`, what the predicate throws, and TypeError if that is an async function
   *
   * Source: threading.Condition.wait_for
   */
  waitFor<T>(predicate: () => T, options?: number | WaitOptions): Operation<T> {
    checkFunction(predicate, 'predicate');
    if (options !== undefined) readWaitOptions(options);
    this.#check('waitFor');
    const value = isAborted(options) ? undefined : atOnce(predicate, 'predicate');
    if (value) return new Done(value);
    return new ConditionWait<T>(this.#word, this.#line, () => atOnce(predicate, 'predicate'), options);
  }

  /** As `waitFor`, and blocks the thread meanwhile. */
  waitForSync<T>(predicate: () => T, timeout?: number | SyncWaitOptions): T {
    checkFunction(predicate, 'predicate');
    const ms = readSyncTimeout(timeout, 'waitFor()');
    this.#check('waitForSync');
    const deadline = new Deadline(ms);
    for (let isNotified = false; ; ) {
      const value = this.#ask(predicate, isNotified);
      if (value) return value;
      const left = deadline.left();
      if (left === 0) return value;
      isNotified = this.#sleep('waitForSync', this.waitForSync, left);
    }
  }

  /** Returns the value of the predicate. If the predicate throws, the notification goes to another waiter. */
  #ask<T>(predicate: () => T, isNotified: boolean): T {
    try {
      return atOnce(predicate, 'predicate');
    } catch (error) {
      if (isNotified) this.#line.callSome(1);
      throw error;
    }
  }

  #sleep(name: string, above: (...args: any[]) => unknown, timeout: number): boolean {
    return blocking(`Condition.${name}()`, above, () => sleepInCondition(this.#word, this.#line, timeout));
  }

  /** Notifies one waiter, or the first `n`. @throws InvalidStateError if the caller does not own the lock */
  notify(n: number = 1): void {
    checkInteger(n, 'n', 0);
    this.#check('notify');
    this.#line.callSome(n);
  }

  /** Notifies all waiters. @throws InvalidStateError if the caller does not own the lock */
  notifyAll(): void {
    this.#check('notifyAll');
    this.#line.callAll();
  }

  #check(method: string): void {
    if (this.#word.isHeldHere) return;
    throw new InvalidStateError(`expected the lock to be held by the caller of ${method}(), got ${this.#word.describe()}`);
  }

  /** The present state in numbers. */
  statistics(): ConditionStatistics {
    return { ...this.#lock.statistics(), unnotified: this.#line.countAsleep() };
  }
}
