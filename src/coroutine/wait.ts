/** Waiting for several things of any kind. */

import { checkInteger } from '../check.ts';
import { Done, type Operation, Pending, readWaitOptions, type WaitOptions } from '../loop/index.ts';
import { Completions, type Waitable, waitablesOf } from './completions.ts';
import { NoneLeft } from './none-left.ts';

/** For `wait()` and `iwait()`. */
export interface WaitManyOptions extends WaitOptions {
  /** The number of objects to wait for. Default: all. */
  readonly count?: number | undefined;
}

const optionKeys = ['timeout', 'signal', 'count'];

export function readWaitManyOptions(options: number | WaitManyOptions | undefined): {
  timeout: number;
  signal: AbortSignal | undefined;
  count: number;
} {
  const count = typeof options === 'object' ? options.count : undefined;
  if (count !== undefined) checkInteger(count, 'count', 0);
  return { ...readWaitOptions(options, optionKeys), count: count ?? Infinity };
}

class WaitMany<T extends Waitable> extends Pending<T[]> {
  readonly #done: T[] = [];
  readonly #completions: Completions<T>;
  #missing: number;

  constructor(objects: ReadonlySet<T>, count: number, options: WaitOptions) {
    super();
    this.#missing = Math.min(count, objects.size);
    this.#completions = new Completions((one) => this.#completed(one));
    this.#completions.link(objects);
    this.limit(options);
  }

  #completed(one: T): void {
    this.#done.push(one);
    this.#missing -= 1;
    if (this.#missing === 0) this.expire();
  }

  describe(): string {
    return `wait(), for ${this.#missing} of ${this.#completions.pending} things`;
  }

  override expire(): void {
    this.#completions.leave();
    this.settle(this.#done);
  }

  protected override abandon(): void {
    this.#completions.leave();
  }
}

/**
 * Waits until all of the objects are ready, and resolves to them in the order in which they became ready; at a timeout, to those that are.
 * A greenlet or a promise is ready when it has ended, in whatever way (an error of a promise counts as seen). An `Event` or `AsyncResult`
 * is ready when it is set, a `Semaphore` when it is free. An object that is passed twice counts once.
 *
 * Without objects, waits until no other greenlet is left: `true`, or `false` at a timeout. Greenlets that were `unref`ed are not waited
 * for.
 *
 * @throws TypeError if something among them cannot be waited for
 *
 * Source: gevent.wait
 *
 * @example
 * ```ts
 * import { sleep, spawn, wait } from 'heddle/coroutine';
 *
 * const promise = new Promise((resolve) => setTimeout(resolve, 200));
 * const g = spawn(() => sleep(1));
 * console.log((await wait([promise, g])).map((one) => one === promise)); // prints: [ false, true ]
 *
 * spawn(() => sleep(60_000)).unref();
 * spawn(() => sleep(10));
 * console.log(await wait(undefined, { timeout: 1 }), await wait()); // prints: false true
 * process.exit();
 * ```
 */
export function wait(objects?: undefined, options?: number | WaitOptions): Operation<boolean>;
export function wait<T extends Waitable>(objects: Iterable<T>, options?: number | WaitManyOptions): Operation<T[]>;
export function wait<T extends Waitable>(objects?: Iterable<T>, options?: number | WaitManyOptions): Operation<boolean | T[]> {
  if (objects === undefined) return new NoneLeft(options);
  const { count, ...waitOptions } = readWaitManyOptions(options);
  const all = waitablesOf(objects);
  return all.size === 0 || count === 0 ? new Done<T[]>([]) : new WaitMany(all, count, waitOptions);
}
