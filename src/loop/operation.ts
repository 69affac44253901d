/**
 * The operation that every waiting call returns. The operation has begun when the call returns. `await` it, `yield*` it in a generator
 * greenlet, or leave it.
 *
 *            ┌──────── Pending ────────┐
 *   begun ──▶│ waits in a list, with a │──settle(value)──▶ its greenlets are ready, its promise is resolved
 *            │ timer and a signal if   │──fail(error)────▶ the same, with an error
 *            │ it was told so          │──leave()────────▶ no waiter is left: abandon(), and nothing was taken
 *            └─────────────────────────┘
 *
 * `yield*` asks an operation twice. While the operation is pending, `next()` yields `WAIT`, which travels up to the greenlet's step. When
 * the greenlet resumes, `next()` returns the result. An operation that is complete at once never leaves the generator.
 */

import { inspect } from 'node:util';
import { TimeoutError } from '../errors.ts';
import { type Actor, ready, type Steppable } from './ready.ts';
import type { Wait } from './step.ts';
import { addTimer } from './timers.ts';
import type { Listed } from './wait-list.ts';
import { readWaitOptions, type WaitOptions } from './wait-options.ts';
import { promiseOf } from './wait-promise.ts';
import { DONE, FAILED, LEFT, PENDING, type Waiter, WaitRecord } from './wait-record.ts';

/** The result of a waiting call, which has begun. `await` it, `yield*` it in a generator greenlet, or leave it. */
export abstract class Operation<T> implements Promise<T> {
  /** For `yield*`: what it gives is what came. */
  abstract [Symbol.iterator](): Iterator<Wait, T>;
  /** Behaves as `Promise.prototype.then`. */
  // oxlint-disable-next-line unicorn/no-thenable -- an operation is awaited
  abstract then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;

  /** Behaves as `Promise.prototype.catch`. */
  catch<B = never>(onError?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onError);
  }

  /** Behaves as `Promise.prototype.finally`. */
  finally(onEnd?: (() => void) | null): Promise<T> {
    return Promise.resolve(this).finally(onEnd);
  }

  /** The name in `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'Operation';
  }

  static {
    Object.defineProperty(Operation.prototype, inspect.custom, {
      value(this: Operation<unknown>): string {
        return this instanceof Pending ? `Operation <${this.describe()}>` : 'Operation <over>';
      },
    });
  }
}

/** One that was over when it began. */
export class Done<T> extends Operation<T> {
  readonly #value: T;
  /** Made when it is first awaited: some are awaited all the time. */
  #promise: Promise<T> | undefined;

  constructor(value: T) {
    super();
    this.#value = value;
  }

  override [Symbol.iterator](): this & Iterator<Wait, T> {
    return this as this & Iterator<Wait, T>;
  }

  next(): IteratorReturnResult<T> {
    return { done: true, value: this.#value };
  }

  // oxlint-disable-next-line unicorn/no-thenable -- an operation is awaited
  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#promise ??= Promise.resolve(this.#value);
    return this.#promise.then(onValue, onError);
  }
}

/** Over, and with nothing to give. */
export const done: Operation<void> = new Done<void>(undefined);
/** Over, and it came out well: what was free was taken at once. */
export const yes: Operation<boolean> = new Done(true);

export abstract class Pending<T> extends Operation<T> implements Listed {
  readonly #record: WaitRecord = new WaitRecord(this);

  /** Describes what the operation waits for, for people: `Queue.get()`. */
  abstract describe(): string;

  /** The node of this operation in a wait list. */
  get node(): WaitRecord {
    return this.#record;
  }

  get isPending(): boolean {
    return this.#record.state === PENDING;
  }

  get isLeft(): boolean {
    return this.#record.state === LEFT;
  }

  /**
   * Ends the wait after `timeout`, or at the abort of `signal`. Call this method last: the operation may end at once. With a timeout of 0,
   * ready greenlets run first. Otherwise `while (!(yield* lock.acquire(0)))` would never let the owner of the lock run.
   */
  protected limit(options: number | WaitOptions | undefined): void {
    if (options === undefined || !this.isPending) return;
    const { timeout, signal } = readWaitOptions(options);
    if (signal?.aborted === true) {
      this.reject(signal.reason);
      return;
    }
    if (timeout === 0) return ready(new Expiry(this));
    this.expireAfter(timeout);
    if (signal === undefined) return;
    const onAbort = (): boolean => this.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#record.stopListening = () => signal.removeEventListener('abort', onAbort);
  }

  /** @param ms Infinity is never */
  protected expireAfter(ms: number): void {
    addTimer(this.#record, ms);
  }

  /** Ends the wait from outside, with an error: what it waited for is left as if it had never been asked. False if it cannot be. */
  reject(error: unknown): boolean {
    if (!this.isPending) return false;
    this.detach();
    this.abandon(error);
    this.fail(error);
    return true;
  }

  /** Called when the timeout is over. Each kind of operation chooses its own result: `false`, `Empty`, … */
  expire(): void {
    this.reject(new TimeoutError(`${this.describe()} took longer than it was given`));
  }

  /** Undoes what the operation has begun elsewhere, after its last waiter left or it failed. By then it is in no list and has no timer. */
  protected abandon(_reason: unknown): void {}

  /** Returns what was taken: the operation is over, but its waiter was thrown out before it saw the value. */
  protected giveBack(_value: T): void {}

  settle(value: T): void {
    const record = this.#record;
    if (record.state === PENDING) record.end(DONE, value, false);
  }

  /** As `settle`, for an operation that itself stood in a wait list: its waiter does not queue a second time. */
  protected settleNow(value: T): void {
    const record = this.#record;
    if (record.state === PENDING) record.end(DONE, value, true);
  }

  fail(error: unknown): void {
    const record = this.#record;
    if (record.state !== PENDING) return;
    // Behaves as a promise without a handler. The error counts as handled if a waiter asks in time.
    // oxlint-disable-next-line promise/no-promise-in-callback -- fail() is not a callback
    if (record.waiters === undefined) record.promise = Promise.reject(error);
    record.end(FAILED, error, false);
  }

  /** Removes the operation from its list. Neither a timeout nor a signal ends it after that. */
  protected detach(): void {
    this.#record.detach();
  }

  addWaiter(waiter: Waiter): void {
    this.#record.addWaiter(waiter);
  }

  get whose(): Actor | undefined {
    const { waiters } = this.#record;
    return waiters === undefined || Array.isArray(waiters) ? undefined : waiters.whose;
  }

  /** A waiter is thrown out: if it was the only one, nothing was taken. */
  leave(waiter: Waiter, reason: unknown): void {
    const record = this.#record;
    if (record.state !== PENDING && record.state !== DONE) return;
    if (Array.isArray(record.waiters)) {
      const others = record.waiters.filter((one) => one !== waiter);
      record.waiters = others.length === 1 ? others[0] : others;
    } else if (record.waiters === waiter) this.#leaveAlone(reason);
  }

  #leaveAlone(reason: unknown): void {
    const record = this.#record;
    if (record.state === DONE) {
      record.state = LEFT;
      this.giveBack(record.result as T);
    } else if (!this.holdsBack(reason)) {
      record.detach();
      record.state = LEFT;
      this.abandon(reason);
    }
  }

  /** True if a waiter that is thrown out must wait until the operation is over (`Shielded`). */
  protected holdsBack(_reason: unknown): boolean {
    return false;
  }

  override [Symbol.iterator](): Iterator<Wait, T> {
    return this.#record;
  }

  /** Called when `yield*` throws the greenlet out of the operation. The consequences for the operation are decided by `leave`. */
  thrownOut(error: unknown): IteratorResult<Wait, T> {
    throw error;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- an operation is awaited
  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#record.promise ??= promiseOf(this.#record);
    return this.#record.promise.then(onValue, onError);
  }
}

/** One that was refused when it began. */
export class Failed<T = never> extends Pending<T> {
  readonly #name: string;

  constructor(error: unknown, name: string = 'a call that was refused') {
    super();
    this.#name = name;
    this.fail(error);
  }

  describe(): string {
    return this.#name;
  }
}

/** The end of a wait that was given no time. */
class Expiry implements Steppable {
  readonly #operation: Pending<any>;

  constructor(operation: Pending<any>) {
    this.#operation = operation;
  }

  get whose(): Actor | undefined {
    return this.#operation.whose;
  }

  step(): void {
    if (this.#operation.isPending) this.#operation.expire();
  }
}
