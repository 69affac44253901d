/** Permits that threads and processes take and give back. Source: threading.Semaphore, multiprocessing.Semaphore */

import { checkBoolean, checkInteger, checkOptions } from '../../check.ts';
import type { Operation, WaitOptions } from '../../loop/index.ts';
import { type ObjectKind, SharedObject, defineKind, waitableWords } from '../../memory/index.ts';
import { mostPermits } from './permit-count.ts';
import { Permits } from './permits.ts';

/** What one class of semaphores has and its subclasses inherit; not for users, so that it goes by a symbol. */
export interface Variety {
  readonly kind: ObjectKind;
  /** How many permits may be free, of one that begins with so many. */
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

/** Its word, for the floor's own. */
let permitsOf: (semaphore: Semaphore) => Permits;

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
   * @param options milliseconds, or `{ timeout, signal }`; for ever by default
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return this.#word.takeAsync(options);
  }

  /**
   * Waits for a permit and blocks the thread. False if it took longer than `timeout`.
   *
   * @param timeout milliseconds; for ever by default, 0 is not at all
   */
  acquireSync(timeout?: number | WaitOptions): boolean {
    if (timeout === undefined && this.#word.takeFree(false)) return true;
    return this.#word.takeSync('acquireSync', this.acquireSync, timeout, false);
  }

  /** Takes a permit if there is one, without waiting. */
  tryAcquire(): boolean {
    return this.#word.takeFree(false) || this.#word.takeSync('tryAcquire', this.tryAcquire, 0, false);
  }

  /**
   * Gives permits back, whoever took them, or adds some.
   *
   * @param n how many, an integer >= 1; default 1
   * @throws RangeError if there were too many: more than 1073741823, and of a `BoundedSemaphore` more than it began with. None is given back then
   */
  release(n: number = 1): void {
    if (n !== 1) checkInteger(n, 'n', 1);
    this.#word.give(n);
  }

  /** How many permits are free. Somebody else may have taken some when you look at the answer. */
  getValue(): number {
    return this.#word.free;
  }

  /** Whether one would have to wait for a permit now. */
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
  holdSync(timeout?: number | WaitOptions): Disposable {
    return this.#word.guardSync(this.holdSync, timeout);
  }

  /** Calls a function while it has a permit, and gives its result. @throws as `hold`, and what the function throws */
  run<T>(fn: () => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    return this.#word.runHeld(fn, options);
  }

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
