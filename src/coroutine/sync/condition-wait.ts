/**
 * The wait of a condition. The lock is reacquired in all cases before the waiter resumes, so that a `finally` block can rely on it:
 *
 *   wait() gives the lock up ──▶ in the condition's list ──notify, time-out, kill, abort──▶ in the lock's list ──▶ has the lock, goes on
 *
 * A notified waiter moves from one list to the other and is woken once, with the lock ("wait morphing"). A notification of a waiter that is
 * killed at the same moment goes to the next one. Python's asyncio does so; its threading cannot.
 */

import { Shielded, type WaitList, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Claim } from './claim.ts';
import type { Mutex } from './lock.ts';

export class ConditionWait extends Shielded<boolean> implements Claim {
  readonly by: Activity;
  readonly depth: number;
  readonly #mutex: Mutex;
  /** The waiters for a notification. */
  readonly #waiters: WaitList<ConditionWait>;
  #isNotified = false;
  /** True while it waits for the lock. */
  #isComingBack = false;
  #thrown: { readonly error: unknown } | undefined = undefined;

  constructor(mutex: Mutex, waiters: WaitList<ConditionWait>, by: Activity, options: number | WaitOptions | undefined) {
    super();
    this.by = by;
    this.#mutex = mutex;
    this.#waiters = waiters;
    waiters.push(this);
    this.depth = mutex.dropAll(by);
    this.limit(options);
  }

  describe(): string {
    return this.#isComingBack ? `${this.#mutex.describe()}, to end Condition.wait()` : 'Condition.notify()';
  }

  notified(): void {
    this.#isNotified = true;
    this.#comeBack();
  }

  override expire(): void {
    this.#comeBack();
  }

  protected interrupted(error: unknown): void {
    this.#thrown = { error };
    if (this.#isComingBack) this.#passOn();
    else this.#comeBack();
  }

  /** Passes its notification on to another waiter. */
  #passOn(): void {
    if (!this.#isNotified) return;
    this.#isNotified = false;
    this.#waiters.shift()?.notified();
  }

  #comeBack(): void {
    this.#isComingBack = true;
    this.detach();
    this.#mutex.claim(this);
  }

  granted(): void {
    if (this.#thrown === undefined) this.settle(this.#isNotified);
    else this.fail(this.#thrown.error);
  }

  /** A greenlet that is killed before it sees the result owns the lock; its `finally` block releases it. */
  protected override giveBack(): void {
    this.#passOn();
  }
}
