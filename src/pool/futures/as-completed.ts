/** `asCompleted`: futures in the order in which they end. */

import type { AsyncItemIterator } from '../../iteration.ts';
import { checkOptions, checkTimeout } from '../../check.ts';
import { TimeoutError } from '../../errors.ts';
import { Fifo } from '../../fifo.ts';
import type { Future } from './future.ts';
import { type Waitable, byFuture } from './waitable.ts';
import { later } from '../jobs/timers.ts';
import { type Watcher, leave, markSeen, watch } from './watch.ts';

/** Options of `asCompleted`. */
export interface AsCompletedOptions {
  /** Milliseconds from the call, 0 or more; default: indefinitely. */
  readonly timeout?: number | undefined;
}

/**
 * The result of `asCompleted`. This is a separate interface: TypeScript assumes that a loop over an `AsyncIterableIterator` awaits the
 * futures, which this loop does not.
 */
export interface CompletedFutures<F> extends AsyncItemIterator<F> {
  /** Resolves to the next future that is done. Rejects with `TimeoutError` when the time is over. */
  next(): Promise<IteratorResult<F, undefined>>;
  /** Ends the iteration early. */
  return(): Promise<IteratorResult<F, undefined>>;
  /** The iterator itself. */
  [Symbol.asyncIterator](): this;
}

/**
 * Gives futures, also of several pools, as they are done: first those that are done already. Each comes once, and comes as
 * the future itself: `await` it to have its result or its error. An error of a future that this waited for counts as seen,
 * as with `Promise.allSettled`.
 *
 * When the time is up, what is done comes out first, then `next()` rejects with `TimeoutError`. Leaving the loop
 * early leaves nothing behind; the tasks go on.
 *
 * `next()` rejects with `TypeError` if something in `fs` is neither a `Future` nor an `AsyncResult`, and with `RangeError` if
 * the timeout is not a number >= 0.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor, asCompleted } from 'heddle';
 *
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker: 2 });
 * const nap = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms));
 * for await (const future of asCompleted([pool.submit(nap, 300), pool.submit(nap, 1)])) console.log(await future);
 * // prints: 1
 * // prints: 300
 * ```
 */
export function asCompleted<F extends Waitable>(fs: Iterable<F>, options?: AsCompletedOptions): CompletedFutures<F> {
  try {
    checkOptions(options, 'options', ['timeout']);
    const ms = checkTimeout(options?.timeout);
    return new CompletionIterator(byFuture(fs), ms);
  } catch (error) {
    return new CompletionIterator(new Map(), Infinity, { error });
  }
}

interface Waiter<F> {
  readonly resolve: (result: IteratorResult<F, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

class CompletionIterator<F extends Waitable> implements CompletedFutures<F> {
  readonly #pending: Map<Future<any>, F> = new Map();
  readonly #done: Fifo<F> = new Fifo();
  readonly #waiters: Fifo<Waiter<F>> = new Fifo();
  readonly #total: number;
  /** On the clock of `performance.now()`. */
  readonly #deadline: number;
  /** Set only while a waiter exists. */
  #timer: NodeJS.Timeout | undefined;
  #refusal: { readonly error: unknown } | undefined;
  readonly #watcher: Watcher = { done: (future) => this.#completed(future) };

  constructor(all: Map<Future<any>, F>, ms: number, refusal?: { readonly error: unknown }) {
    this.#total = all.size;
    this.#deadline = performance.now() + ms;
    this.#refusal = refusal;
    for (const [future, f] of all) {
      if (future.done()) {
        markSeen(future);
        this.#done.push(f);
      } else {
        this.#pending.set(future, f);
        watch(future, this.#watcher);
      }
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves to the next future that is done. Rejects with `TimeoutError` when the time is over. */
  next(): Promise<IteratorResult<F, undefined>> {
    if (this.#done.length > 0) return Promise.resolve({ done: false, value: this.#done.shift()! });
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) return Promise.reject(refusal.error);
    if (this.#pending.size === 0) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wait();
    });
  }

  /** Ends the iteration early. */
  return(): Promise<IteratorResult<F, undefined>> {
    this.#refusal = undefined;
    this.#done.clear();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #completed(future: Future<any>): void {
    const f = this.#pending.get(future)!;
    this.#pending.delete(future);
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#done.push(f);
    else waiter.resolve({ done: false, value: f });
    if (this.#pending.size === 0) this.#end();
  }

  /** The next of the waiters may wait until the deadline. */
  #wait(): void {
    const ms = this.#deadline - performance.now();
    if (ms <= 0) return this.#timeOut();
    if (ms !== Infinity) this.#timer ??= later(Math.ceil(ms), () => this.#wakeUp());
  }

  #wakeUp(): void {
    this.#timer = undefined;
    if (this.#waiters.length > 0) this.#wait();
  }

  #timeOut(): void {
    const error = new TimeoutError(`${this.#pending.size} (of ${this.#total}) futures unfinished`);
    this.#waiters.shift()!.reject(error);
    this.#end();
  }

  /** Ends the iteration: no waiter is left. */
  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const future of this.#pending.keys()) leave(future, this.#watcher);
    this.#pending.clear();
    while (this.#waiters.length > 0) this.#waiters.shift()!.resolve({ done: true, value: undefined });
  }
}
