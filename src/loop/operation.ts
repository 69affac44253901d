/**
 * What every waiting call returns. It has begun when you have it; `await` it, `yield*` it in a generator greenlet, or leave it.
 *
 *            ┌──────── Pending ────────┐
 *   begun ──▶│ waits in a list, with a │──settle(value)──▶ its greenlets are ready, its promise is resolved
 *            │ timer and a signal if   │──fail(error)────▶ the same, with an error
 *            │ it was told so          │──leave()────────▶ nobody waits any more: abandon(), and nothing was taken
 *            └─────────────────────────┘
 *
 * `yield*` asks an operation twice: while it waits, `next()` says WAIT, which travels up to the greenlet's step; when the greenlet
 * goes on, it gives what came. One that is over at once never leaves the generator.
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

/** What a waiting call returns: it has begun; `await` it, `yield*` it in a generator greenlet, or leave it. */
export abstract class Operation<T> implements Promise<T> {
  /** For `yield*`: what it gives is what came. */
  abstract [Symbol.iterator](): Iterator<Wait, T>;
  // oxlint-disable-next-line unicorn/no-thenable -- it is to be awaited
  abstract then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;

  catch<B = never>(onError?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<T> {
    return Promise.resolve(this).finally(onEnd);
  }

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

  // oxlint-disable-next-line unicorn/no-thenable -- it is to be awaited
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

  /** What it waits for, for people: `Queue.get()`. */
  abstract describe(): string;

  /** Its place in a list. */
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
   * It waits no more for this long, nor after this signal. Call it last: it may end at once. Who does not wait at all lets those that
   * are ready go first: otherwise `while (!(yield* lock.acquire(0)))` would never let the one go on that has the lock.
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

  /** The time-out. What comes of it is the operation's own: a `false`, an `Empty`, … */
  expire(): void {
    this.reject(new TimeoutError(`${this.describe()} took longer than it was given`));
  }

  /** Nobody waits for it any more, or not successfully: undo what it has begun elsewhere. It is in no list and has no timer here. */
  protected abandon(_reason: unknown): void {}

  /** It is over, but who waited was thrown out before seeing it: what was taken goes back. */
  protected giveBack(_value: T): void {}

  settle(value: T): void {
    const record = this.#record;
    if (record.state === PENDING) record.end(DONE, value, false);
  }

  /** As `settle`, of what stood in line itself: who waits for it does not have to stand in line once more. */
  protected settleNow(value: T): void {
    const record = this.#record;
    if (record.state === PENDING) record.end(DONE, value, true);
  }

  fail(error: unknown): void {
    const record = this.#record;
    if (record.state !== PENDING) return;
    // As a promise that nobody handles; it is handled if somebody asks in time.
    // oxlint-disable-next-line promise/no-promise-in-callback -- fail() is no callback
    if (record.waiters === undefined) record.promise = Promise.reject(error);
    record.end(FAILED, error, false);
  }

  /** It is in no list any more, and neither a time nor a signal ends it. */
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

  /** Whether who is thrown out has to wait on until it is over (`Shielded`). */
  protected holdsBack(_reason: unknown): boolean {
    return false;
  }

  override [Symbol.iterator](): Iterator<Wait, T> {
    return this.#record;
  }

  /** Its greenlet is thrown out of it, by `yield*`; what that means for the operation was said by `leave`. */
  thrownOut(error: unknown): IteratorResult<Wait, T> {
    throw error;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is to be awaited
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
