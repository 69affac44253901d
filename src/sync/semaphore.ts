/** Permits that threads and processes take and give back. Source: threading.Semaphore, multiprocessing.Semaphore */

import { checkBoolean, checkInteger, checkOptions, expected } from '../check.ts';
import type { Operation, WaitOptions } from '../loop/index.ts';
import { defineKind, type ObjectKind, type Waiter, waitableWords } from '../memory/index.ts';
import { Acquirable } from './acquirable.ts';
import { mostPermits, Permits } from './permits.ts';

const kind: ObjectKind = defineKind({ number: 4, name: 'Semaphore', words: waitableWords, create: () => new Semaphore() });

export interface SemaphoreOptions {
  /** Strictly in order of arrival. Default false: until somebody has waited for a millisecond, who runs may take a free permit first. */
  readonly fair?: boolean | undefined;
}

/** What a semaphore says of itself. */
export interface SemaphoreStatistics {
  /** How many permits are free. */
  readonly value: number;
  /** How many are held by `hold` and `run`, in all threads: they go back should their holder die. */
  readonly held: number;
  /** How many threads wait for one; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/**
 * So many permits: who acquires takes one, or waits until there is one; who releases gives some back, and need not be who took them. It can be
 * an argument of a task, a captured variable, an item or a field: whoever gets it has the same semaphore.
 *
 * A permit taken by `hold` or `run` goes back when its holder dies (a process, or a thread that is terminated). One taken by `acquire` does
 * not: who gives it back may be somebody else.
 *
 * Source: threading.Semaphore, multiprocessing.Semaphore
 *
 * @example
 * ```ts
 * import { Pool, Semaphore } from 'heddle';
 *
 * const two = new Semaphore(2);
 * const pool = new Pool(3);
 * const free = await pool.map(async () => {
 *   using permit = await two.hold();
 *   return two.getValue() < 2;
 * }, Array(6).fill(0));
 * console.log(free.every(Boolean), two.getValue()); // prints: true 2
 * await pool.terminate();
 * ```
 */
export class Semaphore extends Acquirable {
  /** @internal */
  protected static readonly kind: ObjectKind = kind;

  readonly #permits: Permits;

  /**
   * @param value how many permits there are, an integer from 0 to 1073741823; default 1
   * @throws RangeError, TypeError if it is something else, and for options that are not known
   */
  constructor(value: number = 1, options?: SemaphoreOptions) {
    checkInteger(value, 'value', 0, mostPermits);
    checkOptions(options, 'options', ['fair']);
    checkBoolean(options?.fair, 'fair');
    super(new.target.kind);
    if (this.isNew) Permits.init(this.block, value, this.mostOf(value), options?.fair === true);
    this.#permits = new Permits(this.block, this.line);
  }

  /** How many permits may be free, of one that begins with so many. */
  protected mostOf(_value: number): number {
    return mostPermits;
  }

  protected get title(): string {
    return this.constructor.name;
  }

  protected get isFair(): boolean {
    return this.#permits.isFair;
  }

  /**
   * Waits for a permit without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; for ever by default
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.takeAsync(options);
  }

  /**
   * Waits for a permit and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; for ever by default, 0 is not at all
   */
  acquireSync(timeout?: number | WaitOptions): boolean {
    if (timeout === undefined && this.takeFree(false)) return true;
    return this.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes a permit if there is one, without waiting. */
  tryAcquire(): boolean {
    return this.takeFree(false) || this.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /**
   * Gives permits back, whoever took them, or adds some.
   *
   * @param n how many, an integer >= 1; default 1
   * @throws RangeError if there were too many: more than 1073741823, and of a `BoundedSemaphore` more than it began with. None is given back then
   */
  release(n: number = 1): void {
    checkInteger(n, 'n', 1);
    const isReserved = this.mayWait && this.reserves;
    if (!this.#permits.give(n, isReserved)) throw this.#tooMany(n);
    // ORDER: given back, then looked whether somebody waits; pairs with who stands in line and then looks whether there is a permit.
    if (this.mayWait) this.line.callFirst(this.isFair);
  }

  /** How many permits are free. Somebody else may have taken some when you look at the answer. */
  getValue(): number {
    return this.#permits.free;
  }

  /** Whether one would have to wait for a permit now. */
  locked(): boolean {
    return !this.isFree();
  }

  /**
   * Waits for a permit and gives a guard for `using`, which gives it back; so does the end of this thread.
   *
   * @throws TimeoutError if it took longer than `timeout`
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | WaitOptions): Disposable {
    return this.guardSync(this.holdSync, timeout);
  }

  /** Calls a function while it has a permit, and gives its result. @throws as `hold`, and what the function throws */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.runHeld(fn, options);
  }

  statistics(): SemaphoreStatistics {
    return { value: this.#permits.free, held: this.#permits.held(), waiting: this.line.count() };
  }

  takeFree(isHeld: boolean): boolean {
    if (this.isFair && this.mayWait) return false;
    return this.#permits.takeFree(isHeld);
  }

  takeReserved(isHeld: boolean): boolean {
    return this.#permits.takeReserved(isHeld);
  }

  isFree(): boolean {
    return this.#permits.free > 0;
  }

  takeFromDead(isHeld: boolean, isThorough: boolean): boolean {
    if (!this.#permits.reap(isThorough, () => this.reserves)) return false;
    const isTaken = this.takeFree(isHeld);
    if (this.mayWait && this.isFree()) this.line.callFirst(this.isFair);
    return isTaken;
  }

  protected override inherit(dead: Waiter, slot: number): void {
    this.#permits.inherit(dead, slot, this.reserves);
  }

  errorOfTaking(): undefined {
    return undefined;
  }

  drop(isHeld: boolean): void {
    if (!isHeld) return this.release();
    const isGiven = this.#permits.dropHeld(this.reserves);
    // ORDER: as in `release`.
    if (this.mayWait) this.line.callFirst(this.isFair);
    if (!isGiven) throw this.#tooMany(1);
  }

  #tooMany(n: number): RangeError {
    const { most, free } = this.#permits;
    return new RangeError(expected('n', `at most the ${most - free} permits that may still be given back`, n));
  }

  describe(): string {
    const free = this.#permits.free;
    return `${this.title} with ${free} ${free === 1 ? 'permit' : 'permits'}`;
  }
}
