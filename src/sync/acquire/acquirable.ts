/**
 * The waiting of threads and processes for a shared object, common to locks and semaphores. A subclass knows the one word that is acquired.
 * `Lock`, `RLock` and the semaphores each hold one of these and expose the public part.
 *
 *   acquire ──word is free──▶ taken by one CAS, in JavaScript                                          release ──no waiter──▶ one CAS
 *      │                                                                                                  │
 *      └─▶ spin ─▶ stand in line ─▶ look ─▶ sleep ◀── called ── the first in line, if it sleeps ◀──────────┘
 *                                    └──▶ taken by one CAS, or slept on
 *
 * A running thread may take a free lock before the waiters: a direct hand-off to a sleeping one would idle the lock for one wake-up. Once
 * the first waiter has waited for more than a millisecond, release reserves the lock for that waiter. (Go's `sync.Mutex` has the same two
 * modes. Here the line is in shared memory, and its first entry is computed, so that dead and blocked waiters are passed over.)
 */

import { load } from '#atomics';
import { checkFunction } from '../../check.ts';
import { TimeoutError } from '../../errors.ts';
import { blocking, Done, isAborted, type Operation, readSyncTimeout, readWaitOptions, type WaitOptions, yes } from '../../loop/index.ts';
import { blockOf, blockThread, Deadline, type SharedObject, theAgent, type Waiter, waitingOffset, WaitQueue } from '../../memory/index.ts';
import { AsyncLine, type Claim } from './async-line.ts';
import { CycleOfOne } from './cycle-of-one.ts';
import { Acquire, Guard, Hold } from './operations.ts';
import { Spin } from './spin.ts';
import { looksInSlice } from './death-watch.ts';

/** A waiter is overdue after 2 clock ticks of a millisecond: the first tick may have been partial. */
const dueAfter = 2;

export abstract class Acquirable {
  /** The handle of the shared object. Waiters, and guards that release it, keep the object alive through it. */
  readonly handle: SharedObject;
  /** True if the order of arrival is strict. */
  readonly isFair: boolean;
  /** Where its record is. */
  readonly words: Int32Array;
  readonly at: number;
  readonly line: WaitQueue;
  readonly #asyncLine: AsyncLine;
  readonly #spin: Spin = new Spin();

  protected constructor(handle: SharedObject, isFair: boolean) {
    const block = blockOf(handle);
    this.handle = handle;
    this.isFair = isFair;
    this.words = block.words;
    this.at = block.at;
    this.line = new WaitQueue(block, { ofHolder: (dead, slot) => this.inherit(dead, slot) });
    this.#asyncLine = new AsyncLine(this);
  }

  /** Acquires the object if it is free and not reserved. `isHeld`: the object must be released if this thread dies. */
  abstract takeFree(isHeld: boolean): boolean;
  /** Takes it if it is free, also if it is reserved. Only the first in line may ask. */
  abstract takeReserved(isHeld: boolean): boolean;
  /** True if the object can be acquired, by any thread or by the first in line. */
  abstract isFree(): boolean;
  /** Checks whether the owner has died; then acquires the object, if possible. */
  abstract takeFromDead(isHeld: boolean, isThorough: boolean): boolean;
  /** The error to report to the new owner, such as `OwnerDied`. Cleared by this call. */
  abstract errorOfTaking(): Error | undefined;
  /** Gives it back, in the name in which it was taken. */
  abstract drop(isHeld: boolean, taker?: object): void;
  /** The name in which the caller acquires, where that makes a difference, such as the scope of an `RLock`. */
  get taker(): object | undefined {
    return undefined;
  }
  /** Called after each acquisition. */
  takenBy(_taker: object | undefined): void {}
  /** Acquires the object once more if the caller owns it and it is reentrant. */
  takeAgain(): boolean {
    return false;
  }
  /** Gives back what a dead one had, where that is written in the table. */
  protected inherit(_dead: Waiter, _slot: number): void {}
  /** True if a blocking call of this thread would wait for what this thread itself owns: no other thread will release it. */
  protected get isOwnCycle(): boolean {
    return false;
  }
  /** `Lock`, or the name of a user's subclass. */
  get title(): string {
    return this.handle.constructor.name;
  }
  /** For people: `Lock held by worker-2 (pid 4711)`. */
  abstract describe(): string;

  protected get mayWait(): boolean {
    return load(this.words, this.at + waitingOffset) !== 0;
  }

  /** True if a release must reserve the object for the first in line, which is overdue. False while a called waiter is on its way. */
  protected get reserves(): boolean {
    const first = this.mayWait ? this.line.first() : undefined;
    return first !== undefined && (this.isFair || first.age(theAgent().memory.now()) >= dueAfter);
  }

  /** Takes it without waiting, but not before those whose turn it is. */
  take(isHeld: boolean): boolean {
    if (this.takeFree(isHeld)) return true;
    if (!this.isFree()) return this.takeFromDead(isHeld, false);
    this.line.reap(false);
    return this.line.first() === undefined && this.takeReserved(isHeld);
  }

  /** Acquires the object for a waiter in line, if it is free, or reserved for this waiter. */
  takeInLine(waiter: Waiter, isHeld: boolean): boolean {
    if (this.takeFree(isHeld)) return true;
    return this.isFree() && this.line.first() === waiter && this.takeReserved(isHeld);
  }

  /** One has left the line, with it or without: the next may have relied on being called by it. */
  passOn(): void {
    if (this.line.first() === undefined) return;
    // ORDER: announced before looking whether it is free; pairs with release, which frees it and then looks for waiters.
    this.line.announce();
    if (this.isFree()) this.line.callFirst(this.isFair);
  }

  takeSync(name: string, above: (...args: any[]) => unknown, options: number | WaitOptions | undefined, isHeld: boolean): boolean {
    const timeout = readSyncTimeout(options, isHeld ? 'hold()' : 'acquire()');
    if (this.takeAgain()) return true;
    if (timeout === 0) {
      if (!this.take(isHeld)) return false;
    } else if (!this.takeFree(isHeld) && !this.#spinFree(isHeld) && !this.take(isHeld)) {
      if (!blocking(`${this.title}.${name}()`, above, () => this.#wait(new Deadline(timeout), isHeld))) return false;
    }
    const { taker } = this;
    this.takenBy(taker);
    const error = this.errorOfTaking();
    if (error === undefined) return true;
    if (isHeld) this.drop(isHeld, taker);
    throw error;
  }

  /**
   * Spins before the thread joins the line. Where the order is strict, every thread joins the line, and spins there instead of sleeping.
   */
  #spinFree(isHeld: boolean): boolean {
    return !this.isFair && this.#spin.until(() => !this.mayWait && this.takeFree(isHeld));
  }

  #wait(deadline: Deadline, isHeld: boolean): boolean {
    const waiter = this.line.join(false);
    try {
      return blockThread(() => this.#sleep(waiter, deadline, isHeld));
    } finally {
      waiter.free();
      this.passOn();
    }
  }

  #sleep(waiter: Waiter, deadline: Deadline, isHeld: boolean): boolean {
    const cycle = new CycleOfOne(this);
    for (let slices = 0; ; ) {
      if (this.takeInLine(waiter, isHeld)) return true;
      const left = deadline.left();
      if (left === 0) return false;
      if (!this.isFair || !this.#spin.until(() => waiter.isCalled)) waiter.sleep(left);
      if (waiter.again()) this.line.announce();
      else {
        slices += 1;
        if (!looksInSlice(slices)) continue;
        this.line.reap(true);
        if (this.isOwnCycle) cycle.look(waiter);
        if (this.takeFromDead(isHeld, true)) return true;
      }
    }
  }

  /** Acquires the object at once, but not before earlier waiters of this thread: a program may rely on their order. */
  #takeNow(isHeld: boolean): boolean {
    return this.#asyncLine.length === 0 && this.take(isHeld);
  }

  takeAsync(options: number | WaitOptions | undefined): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    if (isAborted(options)) return new Acquire(this.#asyncLine, undefined, options);
    if (this.takeAgain()) return yes;
    const { taker } = this;
    if (!this.#takeNow(false)) return new Acquire(this.#asyncLine, taker, options);
    this.takenBy(taker);
    const error = this.errorOfTaking();
    return error === undefined ? yes : new Acquire(this.#asyncLine, taker, 0, error);
  }

  holdAsync(options: number | WaitOptions | undefined, taker: object | undefined = this.taker): Operation<Disposable> {
    if (options !== undefined) readWaitOptions(options);
    if (isAborted(options)) return new Hold(this.#asyncLine, undefined, options);
    if (this.takeAgain()) return new Done(new Guard(this));
    if (!this.#takeNow(true)) return new Hold(this.#asyncLine, taker, options);
    this.takenBy(taker);
    const error = this.errorOfTaking();
    if (error === undefined) return new Done(new Guard(this));
    this.drop(true, taker);
    return new Hold(this.#asyncLine, taker, 0, error);
  }

  guardSync(above: (...args: any[]) => unknown, options: number | WaitOptions | undefined): Disposable {
    if (this.takeSync('holdSync', above, options, true)) return new Guard(this);
    throw new TimeoutError(`holdSync() was given less time than it took: ${this.describe()}`);
  }

  async runHeld<T>(
    fn: () => T | Promise<T>,
    options: number | WaitOptions | undefined,
    taker: object | undefined = this.taker,
  ): Promise<T> {
    checkFunction(fn, 'fn');
    const guard = await this.holdAsync(options, taker);
    try {
      return await fn();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /** Acquires the object, blocking the thread for as long as it takes, and in no scope's name. Returns the error to report, if any. */
  takeBackSync(): Error | undefined {
    if (!this.takeFree(false) && !this.#spinFree(false) && !this.take(false)) this.#wait(new Deadline(Infinity), false);
    return this.errorOfTaking();
  }

  /** Acquires the object without blocking the thread; the claim is called when that is done. */
  takeBack(claim: Claim): void {
    if (!this.#takeNow(false)) return this.#asyncLine.add(claim);
    this.takenBy(claim.taker);
    const error = this.errorOfTaking();
    if (error === undefined) claim.granted();
    else claim.refused(error);
  }

  /** The name in which the object is held. Valid only for its owner. */
  get holder(): object | undefined {
    return undefined;
  }

  /** How many wait here, in this thread, without blocking it. */
  protected get asyncWaiting(): number {
    return this.#asyncLine.length;
  }
}
