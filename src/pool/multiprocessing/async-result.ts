/** The result of a `Pool` call that goes on: a promise with the methods of Python's `AsyncResult`. */

import { markClass } from '../../copies.ts';
import { checkTimeout } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { type Future, futures } from '../futures/future.ts';
import { showAsText } from '../../repr.ts';
import { markSeen, watchAll } from '../futures/watch.ts';

/** Callbacks in the caller for the end of a call of a `Pool`. */
export interface Callbacks<T> {
  /** Gets the result. */
  readonly callback?: ((value: T) => void) | undefined;
  /** Gets the error, and the error then counts as seen: it will be no `unhandledRejection`. */
  readonly errorCallback?: ((error: unknown) => void) | undefined;
}

/** The pool's access to a result, which no other code has. */
export interface AsyncResultControls {
  /** Ends as the promise does. `isExpected` returns true if an error now is expected, and counts as seen. */
  follow<T>(promise: PromiseLike<T>, callbacks: Callbacks<T>, isExpected: () => boolean): AsyncResult<T>;
  /** The future that has its state. */
  futureOf<T>(result: AsyncResult<T>): Future<T>;
}

export let asyncResults: AsyncResultControls;

/**
 * The result of `applyAsync`, `mapAsync` or `starmapAsync` of a `Pool`. It can be awaited as any promise. Its error is an
 * `unhandledRejection` if it is not handled; an `errorCallback` counts as a handler.
 *
 * `heddle/coroutine` also has an `AsyncResult`: a value that the program sets by `set()`, and that greenlets wait for. This one is the result
 * of a call of a pool, and only the pool settles it.
 *
 * @example
 * ```ts
 * import { ThreadPool } from 'heddle';
 *
 * await using pool = new ThreadPool(1);
 * const result = pool.applyAsync((a: number, b: number) => a ** b, [2, 10]);
 * console.log(result.ready()); // prints: false
 * console.log(await result.get()); // prints: 1024
 * console.log(result.ready(), result.successful()); // prints: true true
 * ```
 */
export class AsyncResult<T> implements Promise<T> {
  readonly #future: Future<T>;

  private constructor(promise: PromiseLike<T>, { callback, errorCallback }: Callbacks<T>, isExpected: () => boolean) {
    const future = futures.create<T>();
    this.#future = future;
    // The callbacks come first: an `await` of the result resumes after them.
    promise.then(
      (value) => {
        callBack(callback, value);
        futures.settle(future, true, value);
      },
      (error: unknown) => {
        callBack(errorCallback, error);
        if (errorCallback !== undefined || isExpected()) markSeen(future);
        futures.settle(future, false, error);
      },
    );
  }

  /**
   * Waits for the result.
   *
   * @param timeout milliseconds, 0 or more; default: indefinitely
   * @throws TimeoutError if it is not there by then; the call goes on
   * @throws what the call failed with
   * @throws RangeError if the timeout is not a number >= 0
   */
  get(timeout?: number): Promise<T> {
    return this.#future.result(timeout);
  }

  /**
   * Waits for the end, whatever it is, and tells whether it came in time. An error that this saw coming counts as seen.
   *
   * @param timeout milliseconds, 0 or more; default: indefinitely
   * @throws RangeError if the timeout is not a number >= 0
   */
  async wait(timeout?: number): Promise<boolean> {
    const ms = checkTimeout(timeout);
    if (this.ready()) markSeen(this.#future);
    else if (ms > 0) await watchAll([this.#future], ms, () => true);
    return this.ready();
  }

  /** True if the greenlet has ended. */
  ready(): boolean {
    return this.#future.done();
  }

  /**
   * True if it has ended without an error.
   *
   * @throws InvalidStateError if it has not ended
   */
  successful(): boolean {
    if (!this.ready()) throw new InvalidStateError('the result is not ready');
    return !futures.hasFailed(this.#future);
  }

  /** Behaves as `Promise.prototype.then`. */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#future.then(onFulfilled, onRejected);
  }

  /** Behaves as `Promise.prototype.catch`. */
  catch<B = never>(onRejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#future.catch(onRejected);
  }

  /** Behaves as `Promise.prototype.finally`. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#future.finally(onFinally);
  }

  /** The name in `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'AsyncResult';
  }

  /** `<AsyncResult state=pending>`; with the type of what it returned or raised when it has. */
  toString(): string {
    return futures.textAs(this.#future, this.constructor.name);
  }

  static {
    showAsText(AsyncResult);
    markClass(this, 'result');
    asyncResults = {
      follow: (promise, callbacks, isExpected) => new AsyncResult(promise, callbacks, isExpected),
      futureOf: (result) => result.#future,
    };
  }
}

/** Calls a callback. An error of the callback becomes a warning of the process: it must not be taken for the result. */
function callBack<V>(fn: ((value: V) => void) | undefined, value: V): void {
  try {
    fn?.(value);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    process.emitWarning(`a callback of an AsyncResult threw: ${text}`, 'AsyncResultCallbackWarning');
  }
}
