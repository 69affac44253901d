/** A value or an error that is set once and that others wait for. Source: gevent.event.AsyncResult */

import { inspect } from 'node:util';
import { Done, Failed, type Operation, readWaitOptions, type Wait, WaitList, type WaitOptions, yes } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import type { Outcome } from '../task/link.ts';
import { Links } from './links.ts';
import { Get, Ready, Settled, unset, type Waiting } from './settled.ts';

/** The statistics of an `AsyncResult`. */
export interface AsyncResultStatistics {
  /** True once it was set. */
  readonly ready: boolean;
  /** How many wait for it to be set. */
  readonly waiting: number;
  /** How many callbacks wait for that. */
  readonly links: number;
}

/**
 * A value or an error that is normally set once, and that any number of greenlets can wait for. An `AsyncResult` is also a promise of that
 * value. A second value replaces the first for later readers. `greenlet.link(result)` gives it the outcome of a greenlet.
 *
 * Source: gevent.event.AsyncResult
 *
 * `heddle` also has an `AsyncResult`: the result of a call of a pool, settled by the pool only. This one is set by the program.
 *
 * @example
 * ```ts
 * import { AsyncResult, spawn } from 'heddle/coroutine';
 *
 * const result = new AsyncResult<number>();
 * const double = spawn(function* () {
 *   return 2 * (yield* result.get());
 * });
 * result.set(21);
 * console.log(await double, await result); // prints: 42 21
 * ```
 */
export class AsyncResult<T = unknown> implements Promise<T>, Outcome<T> {
  #settled: Settled<T> | undefined = undefined;
  readonly #waiters = new WaitList<Waiting<any>>();
  readonly #links: Links<this> = new Links(this, () => this.ready(), false);

  static {
    showAsText(AsyncResult);
  }

  /** Sets the value: all waiters resume. */
  set(value: T): void {
    this.#settle(new Settled(false, value));
  }

  /** As `set`. Source: gevent.event.AsyncResult.set_result */
  setResult(value: T): void {
    this.set(value);
  }

  /** Sets an error, which is thrown into the waiters. An error that is never read is not reported. */
  setException(error: unknown): void {
    this.#settle(new Settled(true, error));
  }

  #settle(settled: Settled<T>): void {
    this.#settled = settled;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.ended(settled);
    this.#links.notify();
  }

  /**
   * Waits until it is set; gives its value or throws its error.
   *
   * @throws TimeoutError if that takes longer than `timeout` milliseconds
   */
  get(options?: number | WaitOptions): Operation<T> {
    if (options !== undefined) readWaitOptions(options);
    const settled = this.#settled;
    if (settled === undefined) return new Get<T>(this.#waiters, options);
    return settled.hasFailed ? new Failed<T>(settled.result, 'AsyncResult.get()') : new Done(settled.result as T);
  }

  /** As `get`, under the name that it has in a `Future`. */
  result(options?: number | WaitOptions): Operation<T> {
    return this.get(options);
  }

  /** Returns or throws what `get` would, without waiting. @throws TimeoutError if it is not set */
  getNowait(): T {
    if (this.#settled === undefined) throw unset();
    if (this.#settled.hasFailed) throw this.#settled.result;
    return this.#settled.result as T;
  }

  /** Waits until it is set, to whatever: true; false after `timeout` milliseconds. (gevent gives its value, or None in all other cases.) */
  wait(options?: number | WaitOptions): Operation<boolean> {
    if (options !== undefined) readWaitOptions(options);
    return this.ready() ? yes : new Ready(this.#waiters, options);
  }

  /** True if it is set, to a value or an error. */
  ready(): boolean {
    return this.#settled !== undefined;
  }

  /** As `ready`, under the name that it has in a `Future`. */
  done(): boolean {
    return this.ready();
  }

  /** True if it has a value. */
  successful(): boolean {
    return this.#settled?.hasFailed === false;
  }

  /** The value; `undefined` while there is none. */
  get value(): T | undefined {
    return this.#settled?.hasFailed === false ? (this.#settled.result as T) : undefined;
  }

  /** The error; `undefined` while there is none. */
  get exception(): unknown {
    return this.#settled?.hasFailed === true ? this.#settled.result : undefined;
  }

  /** Calls `callback(result)` once, when it is set. The loop itself calls it: it must not wait. Source: gevent's rawlink */
  rawlink(callback: (result: this) => unknown): void {
    this.#links.add(callback);
  }

  /** Takes a callback away; one that was not there does no harm. */
  unlink(callback: (result: this) => unknown): void {
    this.#links.remove(callback);
  }

  /** The present state in numbers. */
  statistics(): AsyncResultStatistics {
    return { ready: this.ready(), waiting: this.#waiters.length, links: this.#links.count };
  }

  /** `yield* result` is `yield* result.get()`. */
  [Symbol.iterator](): Iterator<Wait, T> {
    return this.get()[Symbol.iterator]();
  }

  /** Behaves as `Promise.prototype.then`. */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise of its value
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(onValue, onError);
  }

  /** Behaves as `Promise.prototype.catch`. */
  catch<B = never>(onError?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onError);
  }

  /** Behaves as `Promise.prototype.finally`. */
  finally(onEnd?: (() => void) | null): Promise<T> {
    return this.get().finally(onEnd);
  }

  /** The name in `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'AsyncResult';
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    const settled = this.#settled;
    if (settled === undefined) return `<${this.constructor.name} not set>`;
    const what = inspect(settled.result, { depth: 0, breakLength: Infinity });
    return `<${this.constructor.name} ${settled.hasFailed ? `failed: ${what}` : what}>`;
  }
}
