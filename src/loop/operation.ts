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
import { InvalidStateError, TimeoutError } from '../errors.ts';
import { checkOptions, checkTimeout, expected } from '../check.ts';
import type { Living } from './living.ts';
import { type Actor, isHeld, ready, type Steppable } from './ready.ts';
import { addTimer, removeTimer, type Timed } from './timers.ts';
import type { Listed, WaitList } from './wait-list.ts';

/** What a generator yields up to its greenlet's step while an operation is pending. Nothing else may be yielded. */
export interface Wait {
  /** For the compiler, which else would take any object for one. */
  readonly heddle: 'wait';
}
export const WAIT: Wait = Object.freeze({ heddle: 'wait' });

/** How long to wait, and what ends it early. */
export interface WaitOptions {
  /** Milliseconds; absent is for ever, 0 is not at all. */
  readonly timeout?: number | undefined;
  /** The wait rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Is told when what it waits for is over. */
export interface Waiter {
  /** Who goes on then. */
  readonly whose?: Actor | undefined;
  /** @param isNow who was in line for it goes on here and now: it is its turn */
  wake(operation: Pending<any>, isNow: boolean): void;
}

/** How an async greenlet was ended. */
export interface Ending {
  readonly error: unknown;
  /** Whether its function was told: where it awaited, by its signal, or because it ended itself. Otherwise it is at its next wait. */
  isTold: boolean;
}

/** Somebody who can be ended while it awaits: an async greenlet. */
export interface Owner {
  readonly living: Living;
  /** It awaits this one. */
  adopt(operation: Pending<any>): void;
  disown(operation: Pending<any>): void;
  /** What ended it; undefined while it lives. */
  readonly ending: Ending | undefined;
}

const yielded: IteratorYieldResult<Wait> = { done: false, value: WAIT };

/** What is pending in the generator that runs, from its `next()` to the end of the step. */
let asked: Pending<any> | undefined;
/** Whether a generator is in a step: only there can be waited by `yield*`. */
let isInStep = false;
let findOwner: (() => Owner | undefined) | undefined;

export function enterStep(): boolean {
  const before = isInStep;
  isInStep = true;
  return before;
}

/** Gives what the step waits for, if it yielded WAIT. */
export function leaveStep(before: boolean): Pending<any> | undefined {
  isInStep = before;
  const operation = asked;
  asked = undefined;
  return operation;
}

/** Async greenlets, once there are any, own what is begun in them. */
export function setOwnerOf(find: () => Owner | undefined): void {
  findOwner = find;
}

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
    return Promise.resolve(this.#value).then(onValue, onError);
  }
}

/** Over, and with nothing to give. */
export const done: Operation<void> = new Done<void>(undefined);
/** Over, and it came out well: what was free was taken at once. */
export const yes: Operation<boolean> = new Done(true);

/** It waits. */
const PENDING = 0;
/** It is over, with a value. */
const DONE = 1;
/** It is over, with an error. */
const FAILED = 2;
/** Nobody waits for it any more; it takes nothing. */
const LEFT = 3;
type State = typeof PENDING | typeof DONE | typeof FAILED | typeof LEFT;

export abstract class Pending<T> extends Operation<T> implements Timed, Listed {
  #state: State = PENDING;
  #result: unknown = undefined;
  #waiters: Waiter | Waiter[] | undefined = undefined;
  #promise: Promise<T> | undefined = undefined;
  /** In whom it was begun, if that lived. */
  readonly #owner: Owner | undefined;
  #stopListening: (() => void) | undefined = undefined;
  // Set in the constructor: V8 takes a microsecond, not a nanosecond, for a public field of a class that has more than four subclasses.
  declare at: number;
  declare place: number;
  declare seq: number;
  declare list: WaitList<any> | undefined;
  declare before: Listed | undefined;
  declare after: Listed | undefined;

  constructor() {
    super();
    this.at = 0;
    this.place = -1;
    this.seq = 0;
    this.list = undefined;
    this.before = undefined;
    this.after = undefined;
    if (findOwner === undefined) this.#owner = undefined;
    else {
      const owner = findOwner();
      this.#owner = owner?.ending === undefined ? owner : undefined;
    }
  }

  /** What it waits for, for people: `Queue.get()`. */
  abstract describe(): string;

  get isPending(): boolean {
    return this.#state === PENDING;
  }

  get isLeft(): boolean {
    return this.#state === LEFT;
  }

  /**
   * It waits no more for this long, nor after this signal. Call it last: it may end at once. Who does not wait at all lets those that
   * are ready go first: otherwise `while (!(yield* lock.acquire(0)))` would never let the one go on that has the lock.
   */
  protected limit(options: number | WaitOptions | undefined): void {
    if (options === undefined || this.#state !== PENDING) return;
    const { timeout, signal } = readWaitOptions(options);
    if (signal?.aborted === true) {
      this.reject(signal.reason);
      return;
    }
    if (timeout === 0) return ready(new Expiry(this));
    addTimer(this, timeout);
    if (signal === undefined) return;
    const onAbort = (): boolean => this.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener('abort', onAbort);
  }

  /** Ends the wait from outside, with an error: what it waited for is left as if it had never been asked. False if it cannot be. */
  reject(error: unknown): boolean {
    if (this.#state !== PENDING) return false;
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
    if (this.#state === PENDING) this.#end(DONE, value, false);
  }

  /** As `settle`, of what stood in line itself: who waits for it does not have to stand in line once more. */
  protected settleNow(value: T): void {
    if (this.#state === PENDING) this.#end(DONE, value, true);
  }

  fail(error: unknown): void {
    if (this.#state !== PENDING) return;
    // As a promise that nobody handles; it is handled if somebody asks in time.
    // oxlint-disable-next-line promise/no-promise-in-callback -- fail() is no callback
    if (this.#waiters === undefined) this.#promise = Promise.reject(error);
    this.#end(FAILED, error, false);
  }

  #end(state: State, result: unknown, isNow: boolean): void {
    this.detach();
    this.#state = state;
    this.#result = result;
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    if (Array.isArray(waiters)) for (const waiter of waiters) waiter.wake(this, isNow);
    else waiters.wake(this, isNow);
  }

  /** It is in no list any more, and neither a time nor a signal ends it. */
  protected detach(): void {
    if (this.place !== -1) removeTimer(this);
    if (this.list !== undefined) this.list.remove(this);
    if (this.#stopListening !== undefined) this.#stopListening();
    this.#stopListening = undefined;
  }

  addWaiter(waiter: Waiter): void {
    if (this.#waiters === undefined || this.#waiters === waiter) this.#waiters = waiter;
    else if (Array.isArray(this.#waiters)) this.#waiters.push(waiter);
    else this.#waiters = [this.#waiters, waiter];
  }

  get whose(): Actor | undefined {
    return this.#waiters === undefined || Array.isArray(this.#waiters) ? undefined : this.#waiters.whose;
  }

  /** A waiter is thrown out: if it was the only one, nothing was taken. */
  leave(waiter: Waiter, reason: unknown): void {
    if (this.#state !== PENDING && this.#state !== DONE) return;
    if (Array.isArray(this.#waiters)) {
      const others = this.#waiters.filter((one) => one !== waiter);
      this.#waiters = others.length === 1 ? others[0] : others;
    } else if (this.#waiters === waiter) this.#leaveAlone(reason);
  }

  #leaveAlone(reason: unknown): void {
    if (this.#state === DONE) {
      this.#state = LEFT;
      this.giveBack(this.#result as T);
    } else if (!this.holdsBack(reason)) {
      this.detach();
      this.#state = LEFT;
      this.abandon(reason);
    }
  }

  /** Whether who is thrown out has to wait on until it is over (`Shielded`). */
  protected holdsBack(_reason: unknown): boolean {
    return false;
  }

  override [Symbol.iterator](): this & Iterator<Wait, T> {
    return this as this & Iterator<Wait, T>;
  }

  next(): IteratorResult<Wait, T> {
    switch (this.#state) {
      case DONE:
        return { done: true, value: this.#result as T };
      case FAILED:
        this.#promise?.catch(ignore);
        throw this.#result;
      case LEFT:
        throw new InvalidStateError(`${this.describe()} was given up: nobody waited for it`);
      default:
    }
    if (!isInStep || asked !== undefined)
      throw new InvalidStateError(`yield* ${this.describe()} works in a generator function that spawn() runs: await it`);
    // oxlint-disable-next-line typescript/no-this-alias -- who is asked is told to the step
    asked = this;
    return yielded;
  }

  /** Its greenlet is thrown out of it; what that means for the operation was said by `leave`. */
  throw(error: unknown): IteratorResult<Wait, T> {
    throw error;
  }

  return(value?: any): IteratorReturnResult<any> {
    return { done: true, value };
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is to be awaited
  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#promise ??= this.#makePromise();
    return this.#promise.then(onValue, onError);
  }

  #makePromise(): Promise<T> {
    if (this.#state === DONE) return Promise.resolve(this.#result as T);
    if (this.#state === FAILED) return Promise.reject(this.#result);
    if (this.#state === LEFT) return Promise.reject(new InvalidStateError(`${this.describe()} was given up: nobody waited for it`));
    const awaiter = findOwner?.();
    return new Promise((resolve, reject) => {
      const step = (): void => {
        awaiter?.disown(this);
        if (this.#state === DONE) return resolve(this.#result as T);
        const ending = awaiter?.ending;
        if (ending !== undefined && ending.error === this.#result) ending.isTold = true;
        reject(this.#result);
      };
      // Where a test says whose turn it is, whoever awaits has to stand in line like the others.
      const whose = awaiter?.living ?? awaited;
      this.addWaiter({ wake: (_, isNow) => (isHeld && !isNow ? ready({ step, whose }) : step()), whose });
      if (awaiter === undefined) return;
      const { ending } = awaiter;
      if (ending === undefined) awaiter.adopt(this);
      // An `await` asks a moment later: killed in between, it must not wait. What was begun after the kill may, once that is known.
      else if (awaiter === this.#owner || !ending.isTold) this.reject(ending.error);
    });
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

const ignore = (): void => {};

/** Who awaits something, and is not in an async greenlet. */
const awaited: Actor = { describe: () => 'an await', isAsync: true };

const optionKeys = ['timeout', 'signal'] as const;

/** `number | WaitOptions`, checked; Infinity is for ever. */
export function readWaitOptions(
  options: number | WaitOptions | undefined,
  known: readonly string[] = optionKeys,
): { timeout: number; signal: AbortSignal | undefined } {
  if (options === undefined) return { timeout: Infinity, signal: undefined };
  if (typeof options === 'number') return { timeout: checkTimeout(options), signal: undefined };
  if (typeof options !== 'object') throw new TypeError(expected('timeout', 'a number of milliseconds or { timeout, signal }', options));
  checkOptions(options, 'options', known);
  const { timeout, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError(expected('signal', 'an AbortSignal', signal));
  return { timeout: checkTimeout(timeout), signal };
}
