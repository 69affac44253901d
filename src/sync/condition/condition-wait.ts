/**
 * A wait for a condition that does not block the thread. The lock is reacquired in all cases before the waiter resumes, so that a `finally`
 * block can rely on it:
 *
 *   gives the lock up ──▶ in the condition's line ──called, time-out, kill, abort──▶ in the lock's line ──▶ has the lock ──▶ goes on
 *                                   ▲────────────────────────── the predicate says no ─────────────────────────┘
 */

import { AsyncResource } from 'node:async_hooks';
import { Shielded, type WaitOptions, now, readWaitOptions } from '../../loop/index.ts';
import { type AsyncWait, Deadline, type WaitQueue, type Waiter, blockThread, theAgent } from '../../memory/index.ts';
import type { Claim } from '../acquire/async-line.ts';
import { isThoroughProbe, looksInSlice } from '../acquire/death-watch.ts';
import { Spin } from '../acquire/spin.ts';
import type { Owned, Taken } from '../lock/owned.ts';

export class ConditionWait<T> extends Shielded<T> implements AsyncWait, Claim {
  readonly isHeld: boolean = false;
  ticket = 0;
  since = 0;
  readonly #lock: Owned;
  readonly #line: WaitQueue;
  /** Called with the lock held; without it, any notification will do. */
  readonly #predicate: (() => T) | undefined;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #waiter!: Waiter;
  #taken!: Taken;
  /** True while this wait is in the lock's line, or owns the lock. */
  #isComingBack = false;
  #thrown: { readonly error: unknown } | undefined = undefined;
  #probes = 0;
  #wasNotified = false;

  constructor(lock: Owned, line: WaitQueue, predicate: (() => T) | undefined, options: number | WaitOptions | undefined) {
    super();
    this.#lock = lock;
    this.#line = line;
    this.#predicate = predicate === undefined ? undefined : AsyncResource.bind(predicate);
    const { timeout, signal } = readWaitOptions(options);
    this.#end = now() + timeout;
    this.#signal = signal;
    this.#begin(timeout);
  }

  #begin(timeout: number): void {
    this.#isComingBack = false;
    // ORDER: joined the line, then released the lock: the next owner finds this wait in line.
    this.#waiter = this.#line.joinAsync(this);
    this.#taken = this.#lock.dropAll();
    this.limit({ timeout, signal: this.#signal });
  }

  get taker(): object | undefined {
    return this.#taken.taker;
  }

  describe(): string {
    return this.#isComingBack ? `${this.#lock.describe()}, to end Condition.wait()` : 'Condition.notify()';
  }

  step(): void {
    if (!this.#isComingBack && this.#waiter.isCalled) this.#comeBack();
  }

  probe(): void {
    this.#probes += 1;
    const isThorough = isThoroughProbe(this.#probes);
    this.#line.reap(isThorough);
    this.step();
    // The dead owner of the lock might have been about to notify this wait.
    if (this.#isComingBack || !this.#lock.takeFromDead(false, isThorough)) return;
    this.#isComingBack = true;
    this.detach();
    this.#lock.takenBy(this.taker);
    const error = this.#lock.errorOfTaking();
    if (error === undefined) this.#back(true);
    else this.refused(error);
  }

  /** The thread is about to block: another one is called instead, if one can go on now. */
  pass(): void {
    // ORDER: calls the other one first: a death in between leaves one call too many, not one too few.
    if (!this.#isComingBack && this.#waiter.isCalled && this.#line.callOther()) this.#waiter.again();
  }

  override expire(): void {
    if (!this.#isComingBack) this.#withdraw();
  }

  protected interrupted(error: unknown): void {
    this.#thrown = { error };
    if (!this.#isComingBack) this.#withdraw();
  }

  #withdraw(): void {
    this.#waiter.withdraw();
    this.#comeBack();
  }

  #comeBack(): void {
    this.#isComingBack = true;
    this.detach();
    this.#lock.takeBack(this);
  }

  granted(): void {
    this.#back(this.#waiter.isCalled);
  }

  refused(error: Error): void {
    this.#lock.restore(this.#taken);
    this.#fail(this.#thrown === undefined ? error : this.#thrown.error);
  }

  /** Called when the lock was reacquired. */
  #back(isNotified: boolean): void {
    this.#lock.restore(this.#taken);
    if (this.#thrown !== undefined) return this.#fail(this.#thrown.error);
    if (this.#predicate === undefined) return this.#settle(isNotified as T, isNotified);
    let value: T;
    try {
      value = this.#predicate();
    } catch (error) {
      return this.#fail(error);
    }
    const left = this.#end - now();
    if (value || left <= 0) return this.#settle(value, isNotified);
    this.#leave();
    try {
      this.#begin(left);
    } catch (error) {
      // The heap is full. The lock is held.
      this.fail(error);
    }
  }

  #settle(value: T, wasNotified: boolean): void {
    this.#wasNotified = wasNotified;
    this.#leave();
    this.settle(value);
  }

  /** Passes a notification on to another waiter, and then fails. */
  #fail(error: unknown): void {
    this.#line.passOn(this.#waiter);
    theAgent().waits.delete(this);
    this.fail(error);
  }

  #leave(): void {
    this.#waiter.free();
    theAgent().waits.delete(this);
  }

  /** A greenlet that is killed before it sees the result owns the lock; its `finally` block releases it. */
  protected override giveBack(): void {
    if (this.#wasNotified) this.#line.callSome(1);
  }
}

// ---- the Sync form: a thread that sleeps until its condition is notified

const spin = new Spin();

/** Another has notified it. */
const NOTIFIED = 1;
/** The timeout is over. */
const LATE = 2;
/** The owner of the lock has died, and this thread owns the lock now. */
const INHERITED = 3;

/** The lock is held when it begins, and when it is over. False if it took longer. @throws OwnerDied */
export function sleepInCondition(lock: Owned, line: WaitQueue, timeout: number): boolean {
  const deadline = new Deadline(timeout);
  // ORDER: joined the line, then released the lock: the next owner finds this thread in line.
  const waiter = line.join(false);
  const taken = lock.dropAll();
  const end = blockThread(() => sleep(waiter, lock, line, deadline));
  const error = end === INHERITED ? lock.errorOfTaking() : lock.takeBackSync();
  lock.takenBy(taken.taker);
  lock.restore(taken);
  if (error !== undefined) {
    // Code that catches this may not do what it was notified for.
    line.passOn(waiter);
    throw error;
  }
  waiter.free();
  return end !== LATE;
}

function sleep(waiter: Waiter, lock: Owned, line: WaitQueue, deadline: Deadline): number {
  for (let slices = 1; !waiter.isCalled; slices += 1) {
    const left = deadline.left();
    if (left === 0) return waiter.withdraw() ? LATE : NOTIFIED;
    if (spin.until(() => waiter.isCalled)) break;
    waiter.sleep(left);
    if (waiter.isCalled) break;
    if (!looksInSlice(slices)) continue;
    line.reap(true);
    // The dead owner of the lock might have been about to notify this thread.
    if (lock.takeFromDead(false, true)) return INHERITED;
  }
  return NOTIFIED;
}
