/** Waiting, with a lock, for what others do with it. Source: threading.Condition */

import { checkFunction, checkInteger, expected } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { showAsText } from '../../repr.ts';
import { atOnce } from '../../thenable.ts';
import { Done, isAborted, now, type Operation, readWaitOptions, type Wait, WaitList, type WaitOptions } from '../../loop/index.ts';
import { currentOwner } from '../task/current.ts';
import type { Greenlet } from '../task/greenlet.ts';
import type { RawGreenlet } from '../switching/raw-greenlet.ts';
import { runPart } from '../task/part.ts';
import { Acquirable, sourceOf } from './acquirable.ts';
import { ConditionWait } from './condition-wait.ts';
import { greenletOf } from './holder.ts';
import { Lock, type Mutex } from './lock.ts';
import { RLock } from './rlock.ts';
import { TypeError } from '../../refusals.ts';

/** The statistics of a condition. */
export interface ConditionStatistics {
  /** True while its lock is taken. */
  readonly locked: boolean;
  /** How many wait for its lock. */
  readonly waiting: number;
  /** How many wait for a notification. */
  readonly unnotified: number;
}

/**
 * A condition variable: the owner of its lock may wait until another owner of the lock notifies it of a change. Waiters are notified in
 * order of arrival.
 *
 * Source: threading.Condition
 *
 * @example
 * ```ts
 * import { Condition, spawn } from 'heddle/coroutine';
 *
 * const changed = new Condition();
 * const items: string[] = [];
 * const consumer = spawn(function* () {
 *   using lock = yield* changed.hold();
 *   yield* changed.waitFor(() => items.length > 0);
 *   return items.pop();
 * });
 * spawn(function* () {
 *   using lock = yield* changed.hold();
 *   items.push('item');
 *   changed.notify();
 * });
 * console.log(await consumer); // prints: item
 * ```
 */
export class Condition extends Acquirable {
  readonly #mutex: Mutex;
  readonly #waiters = new WaitList<ConditionWait>();

  /**
   * @param lock whose `acquire`, `release` and so on are the condition's, too; default a new `Lock` (Python: a reentrant one)
   * @throws TypeError if it is neither a `Lock` nor an `RLock`
   */
  constructor(lock: Lock | RLock = new Lock()) {
    if (!(lock instanceof Lock || lock instanceof RLock)) throw new TypeError(expected('lock', 'a Lock or an RLock', lock));
    const mutex = sourceOf(lock) as Mutex;
    super(mutex);
    this.#mutex = mutex;
  }

  /** The greenlet that has the lock; `null` while it is free. */
  get owner(): Greenlet<any> | RawGreenlet | null {
    return greenletOf(this.#mutex.owner);
  }

  /**
   * Releases the lock, waits for a notification, and reacquires the lock. Resolves to `true`, or to `false` if none came within `timeout`
   * milliseconds. A waiter that is killed or aborted also holds the lock again before the error is thrown.
   *
   * @throws InvalidStateError if the lock is not held
   */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    this.#check('wait');
    return new ConditionWait(this.#mutex, this.#waiters, currentOwner(), options);
  }

  /**
   * Waits until `predicate` returns a truthy value, and resolves to it. After `timeout` milliseconds, resolves to the last value. The
   * predicate is called with the lock held: at once, and after each notification.
   *
   * @throws InvalidStateError if the lock is not held
   *
   * Source: threading.Condition.wait_for
   */
  waitFor<T>(predicate: () => T, options?: number | WaitOptions): Operation<T> {
    checkFunction(predicate, 'predicate');
    const { timeout, signal } = readWaitOptions(options);
    this.#check('waitFor');
    const value = isAborted(options) ? undefined : atOnce(predicate, 'predicate');
    if (value) return new Done(value);
    return runPart(waitUntil<T>, this, predicate, now() + timeout, signal);
  }

  /** Notifies one that waits, or the first `n`. @throws InvalidStateError if the lock is not held */
  notify(n: number = 1): void {
    checkInteger(n, 'n', 0);
    this.#check('notify');
    for (let i = 0; i < n && this.#waiters.length > 0; i += 1) this.#waiters.shift()!.notified();
  }

  /** Notifies all that wait. @throws InvalidStateError if the lock is not held */
  notifyAll(): void {
    this.#check('notifyAll');
    for (const waiter of this.#waiters) {
      this.#waiters.remove(waiter);
      waiter.notified();
    }
  }

  #check(method: string): void {
    if (this.#mutex.isHeldBy(currentOwner())) return;
    throw new InvalidStateError(`expected the lock to be held by the caller of ${method}(), got ${this.#mutex.describe()}`);
  }

  static {
    showAsText(Condition);
  }

  /** Describes the object and its state in one line. */
  override toString(): string {
    const unnotified = this.#waiters.length;
    return super
      .toString()
      .replace(/^<(.*)>$/su, `<${this.constructor.name} with $1${unnotified === 0 ? '' : `, ${unnotified} to be notified`}>`);
  }

  /** The present state in numbers. */
  statistics(): ConditionStatistics {
    return { locked: this.#mutex.isTaken, waiting: this.#mutex.waiters.length, unnotified: this.#waiters.length };
  }
}

function* waitUntil<T>(condition: Condition, predicate: () => T, end: number, signal: AbortSignal | undefined): Generator<Wait, T> {
  for (;;) {
    yield* condition.wait({ timeout: Math.max(end - now(), 0), signal });
    const value = atOnce(predicate, 'predicate');
    if (value || now() >= end) return value;
  }
}
