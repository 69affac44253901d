/** Permits that threads and processes take and give back. Source: threading.Semaphore, multiprocessing.Semaphore */

import { checkBoolean, checkInteger, checkOptions } from '../../check.ts';
import type { Operation, SyncWaitOptions, WaitOptions } from '../../loop/index.ts';
import { type ObjectKind, SharedObject, defineKind, waitableWords } from '../../memory/index.ts';
import { mostPermits } from './permit-count.ts';
import { Permits } from './permits.ts';

/** The differences between classes of semaphores, inherited by subclasses. The key is a symbol, as it is not public. */
export interface Variety {
  readonly kind: ObjectKind;
  /** Returns the most permits that may be free, of a semaphore that begins with `value`. */
  readonly mostOf: (value: number) => number;
}
const variety: unique symbol = Symbol('variety');

const describeSemaphore = (semaphore: Semaphore): string => permitsOf(semaphore).describe();

const kind: ObjectKind = defineKind({
  number: 4,
  name: 'Semaphore',
  words: waitableWords,
  create: () => new Semaphore(),
  describe: describeSemaphore,
});

/** Returns the state of a semaphore, for this folder only. */
let permitsOf: (semaphore: Semaphore) => Permits;

/** Options of a semaphore. */
export interface SemaphoreOptions {
  /**
   * Strictly in order of arrival. Default false: a running thread may take a free permit first, until a waiter has waited for a
   * millisecond.
   */
  readonly fair?: boolean | undefined;
}

/** The statistics of a semaphore. */
export interface SemaphoreStatistics {
  /** How many permits are free. */
  readonly value: number;
  /** How many are held by `hold` and `run`, in all threads: they go back should their holder die. */
  readonly held: number;
  /** How many threads wait for one; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/**
 * A counter of permits: `acquire` takes one, or waits until there is one; `release` returns permits, from any thread. It can be an argument
 * of a task, a captured variable, an item or a field: the receiver has the same semaphore.
 *
 * A permit taken by `hold` or `run` goes back when its holder dies (a process, or a thread that is terminated). One taken by `acquire` does
 * not, as another thread may be the one that returns it.
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
export class Semaphore extends SharedObject {
  readonly #word: Permits;

  static {
    permitsOf = (semaphore) => semaphore.#word;
    Object.defineProperty(Semaphore, variety, { value: { kind, mostOf: () => mostPermits } satisfies Variety });
  }

  /**
   * @param value how many permits there are, an integer from 0 to 1073741823; default 1
   * @throws RangeError, TypeError if it is something else, and for options that are not known
   */
  constructor(value: number = 1, options?: SemaphoreOptions) {
    checkInteger(value, 'value', 0, mostPermits);
    checkOptions(options, 'options', ['fair']);
    checkBoolean(options?.fair, 'fair');
    const own = (new.target as unknown as { readonly [variety]: Variety })[variety];
    super(own.kind, (block) => Permits.start(block, { value, most: own.mostOf(value), isFair: options?.fair === true }));
    this.#word = new Permits(this);
  }

  /**
   * Waits for a permit without blocking the thread. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default: indefinitely
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#word.takeAsync(options);
  }

  /**
   * Waits for a permit and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; default: indefinitely; 0: do not wait
   */
  acquireSync(timeout?: number | SyncWaitOptions): boolean {
    if (timeout === undefined && this.#word.takeFree(false)) return true;
    return this.#word.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes a permit if there is one, without waiting. */
  tryAcquire(): boolean {
    return this.#word.takeFree(false) || this.#word.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /**
   * Returns permits, whichever thread took them, or adds new ones.
   *
   * @param n how many, an integer >= 1; default 1
   * @throws RangeError if there were too many: more than 1073741823, and of a `BoundedSemaphore` more than it began with. None is given back then
   */
  release(n: number = 1): void {
    if (n !== 1) checkInteger(n, 'n', 1);
    this.#word.give(n);
  }

  /** The number of free permits at the time of the call. */
  getValue(): number {
    return this.#word.free;
  }

  /** True while `acquire` would have to wait. */
  locked(): boolean {
    return !this.#word.isFree();
  }

  /**
   * Waits for a permit and gives a guard for `using`, which gives it back; so does the end of this thread.
   *
   * @throws TimeoutError if it took longer than `timeout`
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return this.#word.holdAsync(options);
  }

  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: number | SyncWaitOptions): Disposable {
    return this.#word.guardSync(this.holdSync, timeout);
  }

  /** Calls a function while it has a permit, and gives its result. @throws as `hold`, and what the function throws */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.#word.runHeld(fn, options);
  }

  /** The present state in numbers. */
  statistics(): SemaphoreStatistics {
    return { value: this.#word.free, held: this.#word.held, waiting: this.#word.line.count() };
  }
}

const boundedKind: ObjectKind = defineKind({
  number: 5,
  name: 'BoundedSemaphore',
  words: waitableWords,
  create: () => new BoundedSemaphore(),
  describe: describeSemaphore,
});

/**
 * A semaphore that never has more free permits than it began with: a `release` of more throws `RangeError`, and gives none back.
 *
 * Source: threading.BoundedSemaphore, multiprocessing.BoundedSemaphore
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from 'heddle';
 *
 * const semaphore = new BoundedSemaphore(2);
 * semaphore.acquireSync();
 * semaphore.release();
 * try {
 *   semaphore.release();
 * } catch (error) {
 *   console.log(String(error)); // prints: RangeError: expected n to be at most the 0 permits that may still be given back, got 1
 * }
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  static {
    Object.defineProperty(BoundedSemaphore, variety, { value: { kind: boundedKind, mostOf: (value) => value } satisfies Variety });
  }
}
