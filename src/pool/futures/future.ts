/**
 * The result of a task that may not have ended yet: a promise that can also be asked and cancelled.
 *
 *   pending, running --settle--> finished     its task knows whether a worker has it
 *      \--- cancel() ---> cancelled           (a running task goes on: Python's rule)
 */

import { markClass } from '../../copies.ts';
import { checkFunction, checkTimeout } from '../../check.ts';
import { CancelledError, InvalidStateError, TimeoutError } from '../../errors.ts';
import { callerContext } from '../jobs/caller-context.ts';
import { showAsText, typeName } from '../../repr.ts';
import { later } from '../jobs/timers.ts';

type State = 'pending' | 'finished' | 'cancelled';

/** The task behind a future. */
export interface FutureTask {
  /** @returns whether it was still waiting */
  cancel(): boolean;
  /** True if a worker runs it; for a task that was sent ahead, true if its worker has begun it. */
  isRunning(): boolean;
}

/** The executor's access to a future, which no other code has. */
export interface FutureControls {
  create<T>(): Future<T>;
  /** Sets the task that settles the future. */
  assign(future: Future<unknown>, task: FutureTask): void;
  /** @throws InvalidStateError if it is done */
  settle(future: Future<unknown>, ok: boolean, value: unknown): void;
  cancel(future: Future<unknown>): void;
  /** Returns `String(future)`, under another name. */
  textAs(future: Future<unknown>, name: string): string;
  /** True if it has ended with an error; a cancellation is not an error. */
  hasFailed(future: Future<unknown>): boolean;
  /** As `addDoneCallback`, for code of heddle's own: the context in which it runs does not matter. Not for a future that is done. */
  onDone(future: Future<unknown>, fn: () => void): void;
}

export let futures: FutureControls;

/**
 * A promise for the result of a task, with Python's methods in addition. It behaves as any promise: `await`, `then`, `catch`, `finally`,
 * and an `unhandledRejection` if its error is not handled.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from 'heddle';
 *
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
 * const future = pool.submit((a: number, b: number) => a + b, 1, 2);
 * console.log(future.done(), await future, future.done()); // prints: false 3 true
 * ```
 */
export class Future<T> extends Promise<T> {
  #state: State = 'pending';
  #value: unknown;
  #isError = false;
  // `any`, not `T`, where it comes in: a Future<number> is to be a Future<unknown>.
  #resolve!: (value: any) => void;
  #reject!: (error: unknown) => void;
  #task: FutureTask | undefined;
  #reason: unknown;
  #callbacks: ((future: Future<any>) => void)[] | undefined;

  /** Futures are made by executors; with a promise's executor function this is a promise that can be asked. */
  constructor(executor: (resolve: (value: T | PromiseLike<T>) => void, reject: (error?: unknown) => void) => void) {
    let resolvePromise!: (value: T | PromiseLike<T>) => void;
    let rejectPromise!: (error: unknown) => void;
    super((resolve, reject) => {
      resolvePromise = resolve;
      rejectPromise = reject;
    });
    this.#resolve = resolvePromise;
    this.#reject = rejectPromise;
    if (executor === byExecutor) return;
    const settle = (ok: boolean, value: unknown): void => {
      if (!this.done()) this.#settle(ok, value);
    };
    new Promise<T>(executor).then(
      (value) => settle(true, value),
      (error: unknown) => settle(false, error),
    );
  }

  /** The results of `then`, `catch` and `finally` are plain promises: they have no task. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /**
   * Waits for the result.
   *
   * @param timeout milliseconds, 0 or more; default: indefinitely
   * @throws TimeoutError if the task has not ended by then; it goes on
   * @throws CancelledError if it was cancelled
   * @throws RangeError if the timeout is not a number >= 0
   */
  result(timeout?: number): Promise<T> {
    return this.#within(timeout, this);
  }

  /**
   * Waits for the end and resolves to the error, or to `null` without one.
   *
   * @param timeout milliseconds, 0 or more; default: indefinitely
   * @throws TimeoutError if the task has not ended by then; it goes on
   * @throws CancelledError if it was cancelled
   * @throws RangeError if the timeout is not a number >= 0
   */
  exception(timeout?: number): Promise<unknown> {
    const error = this.then(
      () => null,
      (thrown: unknown) => {
        if (this.cancelled()) throw thrown;
        return thrown;
      },
    );
    return this.#within(timeout, error);
  }

  /** True if it has ended: with a result, an error, or by a cancellation. */
  done(): boolean {
    return this.#state === 'finished' || this.#state === 'cancelled';
  }

  /** True while a worker runs it. */
  running(): boolean {
    return this.#state === 'pending' && this.#task?.isRunning() === true;
  }

  /** True if it was cancelled. */
  cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /**
   * Cancels it, if no worker has begun it: it then rejects with `CancelledError`, and that rejection counts as seen.
   *
   * @param reason becomes the error's `cause`
   * @returns whether it is cancelled now; `false` if it runs or has ended
   */
  cancel(reason?: unknown): boolean {
    if (this.#state === 'cancelled') return true;
    if (this.#state !== 'pending' || this.#task === undefined || this.running()) return false;
    this.#reason = reason;
    return this.#task.cancel();
  }

  /**
   * Calls `fn` with this future when it is done, in the order added; at once if it is done already. `fn` runs in the async context
   * (`AsyncLocalStorage`) of this call. An error of `fn` becomes a warning of the process (Python logs it) and stops no other callback.
   *
   * @throws TypeError if it is not a function
   */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    checkFunction(fn, 'fn');
    if (this.done()) this.#callBack(fn);
    else {
      const context = callerContext();
      this.#onDone(() => context.runInAsyncScope(fn, undefined, this));
    }
  }

  #onDone(fn: (future: Future<any>) => void): void {
    (this.#callbacks ??= []).push(fn);
  }

  #settle(ok: boolean, value: unknown): void {
    if (this.#state !== 'pending') throw new InvalidStateError(`the future is ${this.#state} already`);
    this.#state = 'finished';
    this.#isError = !ok;
    this.#value = value;
    this.#finish();
  }

  #cancelNow(): void {
    this.#state = 'cancelled';
    this.#isError = true;
    const cause = this.#reason;
    this.#value = new CancelledError('the task was cancelled before it began', cause === undefined ? undefined : { cause });
    // The canceller knows of the end: it must not end the program as an unhandled error.
    this.then(undefined, () => {});
    this.#finish();
  }

  #finish(): void {
    const value = this.#value;
    this.#task = undefined;
    if (this.#isError) this.#reject(value);
    else this.#resolve(value);
    const callbacks = this.#callbacks;
    if (callbacks === undefined) return;
    this.#callbacks = undefined;
    for (const fn of callbacks) this.#callBack(fn);
  }

  #callBack(fn: (future: Future<any>) => void): void {
    try {
      fn(this);
    } catch (error) {
      process.emitWarning(`a done callback of a Future threw: ${stackOf(error)}`, 'FutureCallbackWarning');
    }
  }

  #within<V>(timeout: number | undefined, promise: Promise<V>): Promise<V> {
    let ms: number;
    try {
      ms = checkTimeout(timeout);
    } catch (error) {
      promise.then(undefined, () => {});
      return Promise.reject(error);
    }
    if (ms === Infinity || this.done()) return promise;
    return new Promise<V>((resolve, reject) => {
      const timer = later(ms, () => reject(new TimeoutError(`the task has not ended within ${ms} ms`)));
      promise.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }

  /** `<Future state=running>`; with the type of what it returned or raised when it has. */
  override toString(): string {
    return this.#textAs(this.constructor.name);
  }

  #textAs(name: string): string {
    const end = this.#state === 'finished' ? ` ${this.#isError ? 'raised' : 'returned'} ${typeName(this.#value)}` : '';
    return `<${name} state=${this.running() ? 'running' : this.#state}${end}>`;
  }

  static {
    showAsText(Future);
    markClass(this, 'result');
    futures = {
      create: () => new Future<never>(byExecutor),
      assign: (future, task) => {
        future.#task = task;
      },
      settle: (future, ok, value) => future.#settle(ok, value),
      cancel: (future) => future.#cancelNow(),
      textAs: (future, name) => future.#textAs(name),
      hasFailed: (future) => future.#state === 'finished' && future.#isError,
      onDone: (future, fn) => future.#onDone(fn),
    };
  }
}

/** Marks a future whose executor settles it through `futures`. */
function byExecutor(): void {}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
