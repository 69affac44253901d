/**
 * What is acquired and released by threads and processes: the waiting, for locks and semaphores alike. A subclass knows the one word that is taken;
 * `Lock`, `RLock` and the semaphores hold one of these and show of it what users are to see.
 *
 *   acquire ──word is free──▶ taken by one CAS, in JavaScript                                          release ──nobody waits──▶ one CAS
 *      │                                                                                                  │
 *      └─▶ spin ─▶ stand in line ─▶ look ─▶ sleep ◀── called ── the first in line, if it sleeps ◀──────────┘
 *                                    └──▶ taken by one CAS, or slept on
 *
 * Who runs may take a free one before those who wait: giving it to a sleeper costs a wake-up in which nobody works. But when the first in
 * line has waited for more than a millisecond, release reserves it, and only the first in line may take it. (Go's sync.Mutex has these
 * two modes; ours keeps the line in shared memory, and who is first is computed, so that the dead and the blocked are passed over.)
 */

import { load } from '#atomics';
import { checkFunction } from '../../check.ts';
import { TimeoutError } from '../../errors.ts';
import { blocking, Done, isAborted, type Operation, readWaitOptions, type WaitOptions, yes } from '../../loop/index.ts';
import { blockOf, blockThread, Deadline, type SharedObject, theAgent, type Waiter, waitingOffset, WaitQueue } from '../../memory/index.ts';
import { AsyncLine, type Claim } from './async-line.ts';
import { CycleOfOne } from './cycle-of-one.ts';
import { Acquire, Guard, Hold } from './operations.ts';
import { Spin } from './spin.ts';
import { looksInSlice } from './death-watch.ts';

/** Who has waited for so many ticks of the clock, in milliseconds, has waited for more than one: the first had begun. */
const dueAfter = 2;

export abstract class Acquirable {
  /** Whose word it is: it lives on with whoever waits for it, and with guards that give it back. */
  readonly handle: SharedObject;
  /** Whether the order of arrival is strict. */
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

  /** Takes it if it is free for everybody. `isHeld`: it is to be given back should this thread die. */
  abstract takeFree(isHeld: boolean): boolean;
  /** Takes it if it is free, also if it is reserved. Only the first in line may ask. */
  abstract takeReserved(isHeld: boolean): boolean;
  /** Whether it can be taken, by anybody or by the first in line. */
  abstract isFree(): boolean;
  /** Looks whether who has it has died; then takes it, if it can. */
  abstract takeFromDead(isHeld: boolean, isThorough: boolean): boolean;
  /** What whoever has just taken it is to be told by an error; it is told once. */
  abstract errorOfTaking(): Error | undefined;
  /** Gives it back, in the name in which it was taken. */
  abstract drop(isHeld: boolean, taker?: object): void;
  /** In whose name it is taken by who asks now, where that makes a difference. */
  get taker(): object | undefined {
    return undefined;
  }
  /** It has just been taken. */
  takenBy(_taker: object | undefined): void {}
  /** Takes it once more, for who asks now, if he has it and may have it again. */
  takeAgain(): boolean {
    return false;
  }
  /** Gives back what a dead one had, where that is written in the table. */
  protected inherit(_dead: Waiter, _slot: number): void {}
  /** Whether who blocks this thread for it waits for what this thread has: nobody else will give it back. */
  protected get isOwnCycle(): boolean {
    return false;
  }
  /** `Lock`, or what a user calls his own. */
  get title(): string {
    return this.handle.constructor.name;
  }
  /** For people: `Lock held by worker-2 (pid 4711)`. */
  abstract describe(): string;

  protected get mayWait(): boolean {
    return load(this.words, this.at + waitingOffset) !== 0;
  }

  /** Whether what is given back now is for the first in line only: it is its turn. While one was called and is on its way, nobody asks. */
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

  /** Takes it for one in line, if it is its turn or anybody's. */
  takeInLine(waiter: Waiter, isHeld: boolean): boolean {
    if (this.takeFree(isHeld)) return true;
    return this.isFree() && this.line.first() === waiter && this.takeReserved(isHeld);
  }

  /** One has left the line, with it or without: the next may have relied on being called by it. */
  passOn(): void {
    if (this.line.first() === undefined) return;
    // ORDER: said before looking whether it is free; pairs with release, which frees it and then looks whether somebody waits.
    this.line.announce();
    if (this.isFree()) this.line.callFirst(this.isFair);
  }

  takeSync(name: string, above: (...args: any[]) => unknown, options: number | WaitOptions | undefined, isHeld: boolean): boolean {
    const { timeout, signal } = readWaitOptions(options);
    signal?.throwIfAborted();
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

  /** Before it stands in line. Where the order is strict, whoever came stands in line, and may only be quicker than sleep. */
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

  /** Takes it at once, but not before those of this thread who came earlier: a program may await them in that order. */
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

  /** Waits for it and blocks the thread, however long it takes; not in the name of who asks. What is to be told comes back. */
  takeBackSync(): Error | undefined {
    if (!this.takeFree(false) && !this.#spinFree(false) && !this.take(false)) this.#wait(new Deadline(Infinity), false);
    return this.errorOfTaking();
  }

  /** Waits for it without blocking the thread, for one who hears of it. */
  takeBack(claim: Claim): void {
    if (!this.#takeNow(false)) return this.#asyncLine.add(claim);
    this.takenBy(claim.taker);
    const error = this.errorOfTaking();
    if (error === undefined) claim.granted();
    else claim.refused(error);
  }

  /** In whose name it is held; only for who has it. */
  get holder(): object | undefined {
    return undefined;
  }

  /** How many wait here, in this thread, without blocking it. */
  protected get asyncWaiting(): number {
    return this.#asyncLine.length;
  }
}
