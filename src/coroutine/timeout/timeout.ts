/** A limit of time for whatever a greenlet does. Source: gevent.Timeout */

import { checkFunction, checkTimeout, expected } from '../../check.ts';
import { InvalidStateError, TimeoutError, brandClass } from '../../errors.ts';
import { type Operation, type Timed, type WaitOptions, addTimer, readWaitOptions, removeTimer } from '../../loop/index.ts';
import { TypeError } from '../../refusals.ts';
import type { Activity } from '../task/activity.ts';
import { currentActivity } from '../task/current.ts';
import { type ResultOf, type Spawnable, activityOf, getMain } from '../task/greenlet.ts';
import { Interruption } from '../task/interruption.ts';
import type { Watcher } from '../task/watchers.ts';
import { isErrorClass } from './error-class.ts';
import { TimedRun } from './timed-part.ts';

/** The error that is thrown instead of the `Timeout`: an error, or a class that makes one. */
export type TimeoutException = Error | (new (message: string) => Error);

/** For `Timeout.run()`: how long its function has, and what comes when it is late. */
export interface TimeoutRunOptions extends WaitOptions {
  /** Thrown instead of a `Timeout`. */
  readonly error?: TimeoutException | undefined;
}

const runKeys = ['timeout', 'signal', 'error', 'value'];

/**
 * Throws itself into the greenlet that started it, at its wait, when its time is over, unless it is cancelled before. A timeout fires
 * through any wait, however deep. Several timeouts are told apart by identity. A greenlet that ends takes its timeouts with it.
 *
 * Into an async function it is thrown at an `await` of an operation of this module. If the function awaits something else, it is thrown at
 * the next such `await`. `until` makes an operation of any promise; `Timeout.run` does not depend on that.
 *
 * @example
 * ```ts
 * import { sleep, spawn, Timeout } from 'heddle/coroutine';
 *
 * const g = spawn(function* () {
 *   const whole = Timeout.startNew(60_000);
 *   try {
 *     using step = Timeout.startNew(1);
 *     try {
 *       yield* sleep(120_000);
 *     } catch (error) {
 *       console.log(error === step, step.message);
 *     }
 *     yield* sleep(5);
 *     return 'goes on';
 *   } finally {
 *     whole.cancel();
 *   }
 * });
 * console.log(await g);
 * // prints: true timed out after 1 ms
 * // prints: goes on
 * ```
 */
export class Timeout extends TimeoutError implements Disposable {
  readonly #ms: number;
  readonly #exception: TimeoutException | undefined;
  #alarm: Alarm | undefined;
  #isClosed = false;

  // One is made for each limit, and most are never thrown.
  static {
    brandClass(Timeout);
  }

  /**
   * @param ms how long, from `start()` on; 0 fires at the next turn of the event loop. Default: never
   * @param exception what it throws instead of itself; or a text, which becomes its own message
   * @throws RangeError if `ms` is not a number >= 0
   * @throws TypeError if `exception` is not one of these
   */
  constructor(ms?: number, exception?: TimeoutException | string) {
    const checked = checkTimeout(ms, 'ms');
    super(typeof exception === 'string' ? exception : messageOf(checked));
    this.#ms = checked;
    this.#exception = typeof exception === 'string' ? undefined : checkException(exception, 'exception');
  }

  /** Makes one and starts it; one that was made is only started, unless it runs. Source: gevent.Timeout.start_new */
  static startNew(timeout?: number | Timeout, exception?: TimeoutException | string): Timeout {
    const started = timeout instanceof Timeout ? timeout : new Timeout(timeout, exception);
    if (!started.pending) started.start();
    return started;
  }

  /**
   * Runs a function as a part of the current greenlet, or of an async function anywhere, and resolves to its result. If it is late, a
   * `Timeout` is thrown into it. With `value`, the result is that value instead of this `Timeout`, but not instead of another one. No error
   * can be thrown into an async function: the signal of its `getCurrent()` is aborted, and the wait for it is over.
   *
   * `Local` fields and locks belong to the greenlet. An error that is thrown into the greenlet is passed on to the function.
   *
   * @throws TypeError or RangeError naming an argument that is wrong
   *
   * Source: gevent.with_timeout
   *
   * @example
   * ```ts
   * import { getCurrent, sleep, Timeout, until } from 'heddle/coroutine';
   *
   * function* slow() {
   *   yield* sleep(60_000);
   * }
   * await Timeout.run(1, slow).catch((error) => console.log(error.message)); // prints: slow has not ended within 1 ms
   * console.log(await Timeout.run({ timeout: 1, value: 'default' }, slow)); // prints: default
   * ```
   */
  static run<A extends unknown[], R, V>(
    limit: TimeoutRunOptions & { readonly value: V },
    fn: ((...args: A) => R) & Spawnable<R>,
    ...args: A
  ): Operation<ResultOf<R> | V>;
  /** The same without a value: a late function throws. */
  static run<A extends unknown[], R>(
    limit: number | TimeoutRunOptions | undefined,
    fn: ((...args: A) => R) & Spawnable<R>,
    ...args: A
  ): Operation<ResultOf<R>>;
  /** As above, with the limit as options. */
  static run<R>(limit: number | (TimeoutRunOptions & { readonly value?: unknown }) | undefined, fn: any, ...args: any[]): Operation<R> {
    const { timeout, signal } = readWaitOptions(limit, runKeys);
    const options = typeof limit === 'object' ? limit : {};
    const error = checkException(options.error, 'error');
    checkFunction(fn, 'fn');
    const makeError = (): unknown => {
      const message = `${fn.name === '' ? 'the function' : fn.name} has not ended within ${timeout} ms`;
      return error === undefined ? new Timeout(timeout, message) : make(error, message);
    };
    const instead = Object.hasOwn(options, 'value') ? { value: options.value } : undefined;
    return new TimedRun<R>(Timeout.run, { timeout, signal, makeError, instead }, fn, args);
  }

  /** Milliseconds; Infinity if it never fires. */
  get ms(): number {
    return this.#ms;
  }

  /** True if it was started and has neither been thrown nor cancelled. */
  get pending(): boolean {
    return this.#alarm?.isPending === true;
  }

  /**
   * Begins its time, for the greenlet that runs.
   *
   * @throws InvalidStateError if it is pending or closed, or if no greenlet runs
   */
  start(): void {
    if (this.#isClosed) throw new InvalidStateError('the Timeout was closed: make another');
    if (this.pending) throw new InvalidStateError('the Timeout is pending: cancel() it before it is started again');
    const activity = currentActivity();
    if (activity === activityOf(getMain()))
      throw new InvalidStateError('a Timeout is thrown into the greenlet that starts it, and none runs here: write Timeout.run(ms, fn)');
    if (this.#ms === Infinity) return;
    const exception = this.#exception;
    this.#alarm = new Alarm(activity, this.#ms, () => (exception === undefined ? this : make(exception, this.message)));
  }

  /** Cancels the timeout; it may be started again. */
  cancel(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  /** As `cancel()`, permanently. */
  close(): void {
    this.cancel();
    this.#isClosed = true;
  }

  /** `close()`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function messageOf(ms: number): string {
  return ms === Infinity ? 'never times out' : `timed out after ${ms} ms`;
}

function checkException(exception: unknown, what: string): TimeoutException | undefined {
  if (exception === undefined || exception instanceof Error || isErrorClass(exception)) return exception;
  throw new TypeError(expected(what, 'an Error or a class of errors', exception));
}

function make(exception: TimeoutException, message: string): Error {
  return typeof exception === 'function' ? new exception(message) : exception;
}

/** The timer of a `Timeout`: throws its error into the greenlet that set it, and ends with that greenlet. */
export class Alarm implements Timed, Watcher {
  readonly seesErrors: boolean = false;
  readonly #activity: Activity;
  readonly #makeError: () => unknown;
  #interruption: Interruption | undefined;
  at = 0;
  place = -1;
  seq = 0;

  constructor(activity: Activity, ms: number, makeError: () => unknown) {
    this.#activity = activity;
    this.#makeError = makeError;
    activity.watch(this);
    addTimer(this, ms);
  }

  /** True while the alarm runs, or its error has not been thrown yet. */
  get isPending(): boolean {
    return this.place !== -1 || this.#interruption?.isPending === true;
  }

  expire(): void {
    this.#activity.unwatch(this);
    this.#interruption = new Interruption(this.#activity, this.#makeError(), false);
  }

  ended(): void {
    removeTimer(this);
  }

  cancel(): void {
    this.#activity.unwatch(this);
    removeTimer(this);
    this.#interruption?.takeBack();
  }
}
