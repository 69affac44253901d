/** Things of any kind, in the order in which they are ready. */

import type { AsyncItemIterator } from '../../iteration.ts';
import { Deque, Done, now, type Operation, Pending, WaitList } from '../../loop/index.ts';
import { Completions, type Waitable, waitablesOf } from './completions.ts';
import { readWaitManyOptions, type WaitManyOptions } from './wait.ts';

/**
 * The result of `iwait`. `next()` returns an operation: use `for await`, or `yield*` it in a generator greenlet. This is a separate
 * interface: TypeScript assumes that a loop over an `AsyncIterableIterator` awaits the greenlets, which this loop does not.
 */
export interface ReadyOnes<T> extends AsyncItemIterator<T>, Disposable {
  /** The next that is ready. */
  next(): Operation<IteratorResult<T, undefined>>;
  /** Waits for no more of them. */
  return(): Operation<IteratorResult<T, undefined>>;
  /** The iterator itself. */
  [Symbol.asyncIterator](): this;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

class Next<T> extends Pending<IteratorResult<T, undefined>> {
  readonly #of: Iwait<any>;
  readonly #signal: AbortSignal | undefined;

  constructor(of: Iwait<any>, takers: WaitList<Next<T>>, timeout: number, signal: AbortSignal | undefined) {
    super();
    this.#of = of;
    this.#signal = signal;
    takers.push(this);
    this.limit({ timeout, signal });
  }

  describe(): string {
    return `the next of iwait(), of ${this.#of.pending}`;
  }

  override expire(): void {
    this.#of.close();
  }

  protected override abandon(): void {
    if (this.#signal?.aborted === true) this.#of.close();
  }

  /** The receiver was thrown out. */
  protected override giveBack(result: IteratorResult<T, undefined>): void {
    if (result.done !== true) this.#of.putBack(result.value);
  }
}

/** Only `next()` has anything in the loop: a forgotten iteration keeps no object alive. */
class Iwait<T extends Waitable> {
  readonly #ready = new Deque<T>();
  readonly #takers = new WaitList<Next<T>>();
  readonly #completions = new Completions<T>((one) => this.#completed(one));
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #missing: number;

  constructor(objects: ReadonlySet<T>, timeout: number, signal: AbortSignal | undefined, count: number) {
    this.#missing = Math.min(count, objects.size);
    this.#signal = signal;
    this.#deadline = now() + timeout;
    if (this.#missing > 0) this.#completions.link(objects);
  }

  get pending(): number {
    return this.#completions.pending;
  }

  next(): Operation<IteratorResult<T, undefined>> {
    if (this.#ready.length > 0) return new Done({ done: false, value: this.#ready.shift()! });
    if (this.#missing === 0) return new Done<IteratorResult<T, undefined>>(END);
    return new Next<T>(this as Iwait<any>, this.#takers, Math.max(this.#deadline - now(), 0), this.#signal);
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

  /** Ends the iteration. Objects that were ready before can still be taken. */
  close(): void {
    this.#missing = 0;
    this.#completions.leave();
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) taker.settle(END);
  }

  forget(): void {
    this.close();
    this.#ready.clear();
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
 * Yields the objects one after another, as they become ready (see `wait`): first those that are ready already. The iteration ends when all
 * have come, or `count` of them, or after `timeout` milliseconds from this call. Leaving the loop early leaves nothing behind. The objects
 * are yielded as they are: greenlets are not awaited.
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
