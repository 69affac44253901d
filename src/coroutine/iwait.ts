/** Things of any kind, in the order in which they are ready. */

import { addTimer, Deque, Done, type Operation, Pending, removeTimer, type Timed, WaitList } from '../loop/index.ts';
import { Completions, type Waitable, waitablesOf } from './completions.ts';
import { readWaitManyOptions, type WaitManyOptions } from './wait.ts';

/**
 * What `iwait` returns. Its `next()` is an operation: `for await`, or `yield*` it in a generator greenlet. An interface of its own, because
 * TypeScript says of a loop over an `AsyncIterableIterator` that it awaits the greenlets, which it does not.
 */
export interface ReadyOnes<T> extends AsyncIterableIterator<T, undefined>, Disposable {
  next(): Operation<IteratorResult<T, undefined>>;
  /** Waits for no more of them. */
  return(): Operation<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): this;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

class Next<T> extends Pending<IteratorResult<T, undefined>> {
  readonly #of: Iwait<any>;

  constructor(of: Iwait<any>, takers: WaitList<Next<T>>) {
    super();
    this.#of = of;
    takers.push(this);
  }

  describe(): string {
    return `the next of iwait(), of ${this.#of.pending}`;
  }

  /** Whoever was to have it was thrown out. */
  protected override giveBack(result: IteratorResult<T, undefined>): void {
    if (result.done !== true) this.#of.putBack(result.value);
  }
}

/** The time after which an iteration ends. */
class Deadline implements Timed {
  at = 0;
  place = -1;
  seq = 0;
  readonly expire: () => void;

  constructor(ms: number, expire: () => void) {
    this.expire = expire;
    addTimer(this, ms);
  }
}

class Iwait<T extends Waitable> {
  readonly #ready = new Deque<T>();
  readonly #takers = new WaitList<Next<T>>();
  readonly #completions = new Completions<T>((one) => this.#completed(one));
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort();
  #missing: number;
  /** What the next `next()` rejects with, if nobody waited when it happened. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(objects: ReadonlySet<T>, timeout: number, signal: AbortSignal | undefined, count: number) {
    this.#missing = Math.min(count, objects.size);
    this.#signal = signal;
    this.#deadline = new Deadline(this.#missing === 0 ? Infinity : timeout, () => this.close());
    if (signal?.aborted === true) {
      this.#abort();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#missing > 0) this.#completions.link(objects);
  }

  get pending(): number {
    return this.#completions.pending;
  }

  next(): Operation<IteratorResult<T, undefined>> {
    if (this.#ready.length > 0) return new Done({ done: false, value: this.#ready.shift()! });
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal === undefined && this.#missing === 0) return new Done<IteratorResult<T, undefined>>(END);
    const next = new Next<T>(this as Iwait<any>, this.#takers);
    if (refusal !== undefined) next.reject(refusal.error);
    return next;
  }

  putBack(one: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.unshift(one);
    else taker.settle({ done: false, value: one });
  }

  #completed(one: T): void {
    this.#missing -= 1;
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.push(one);
    else taker.settle({ done: false, value: one });
    if (this.#missing === 0) this.close();
  }

  #abort(): void {
    const error: unknown = this.#signal!.reason;
    const taker = this.#takers.first;
    if (taker === undefined) this.#refusal = { error };
    else taker.reject(error);
    this.close();
  }

  /** No more come. Those that have come can still be taken. */
  close(): void {
    this.#missing = 0;
    removeTimer(this.#deadline);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#completions.leave();
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) taker.settle(END);
  }

  forget(): void {
    this.close();
    this.#ready.clear();
    this.#refusal = undefined;
  }
}

class IwaitIterator<T extends Waitable> implements ReadyOnes<T> {
  readonly #inside: Iwait<T>;

  constructor(inside: Iwait<T>) {
    this.#inside = inside;
  }

  next(): Operation<IteratorResult<T, undefined>> {
    return this.#inside.next();
  }

  return(): Operation<IteratorResult<T, undefined>> {
    this.#inside.forget();
    return new Done<IteratorResult<T, undefined>>(END);
  }

  [Symbol.dispose](): void {
    this.#inside.forget();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * Gives the objects one after another, as they are ready (`wait` says what that is): in the order in which they are, first those that are
 * already. It is over when all have come, or `count` of them, or after `timeout` milliseconds from this call. Leaving the loop early leaves
 * nothing behind. The objects come as themselves: greenlets are not awaited.
 *
 * @throws TypeError if something among them cannot be waited for
 *
 * Source: gevent.iwait
 *
 * @example
 * ```ts
 * import { iwait, sleep, spawn } from 'heddle/coroutine';
 *
 * function* after(ms: number) {
 *   yield* sleep(ms);
 *   return ms;
 * }
 * for await (const g of iwait([spawn(after, 50), spawn(after, 1)])) console.log(g.value);
 * // prints: 1
 * // prints: 50
 *
 * await spawn(function* () {
 *   using ready = iwait([spawn(after, 50), spawn(after, 1)]);
 *   const first = yield* ready.next();
 *   console.log(first.value?.value); // prints: 1
 * });
 * ```
 */
export function iwait<T extends Waitable>(objects: Iterable<T>, options?: number | WaitManyOptions): ReadyOnes<T> {
  const { timeout, signal, count } = readWaitManyOptions(options);
  return new IwaitIterator(new Iwait(waitablesOf(objects), timeout, signal, count));
}
