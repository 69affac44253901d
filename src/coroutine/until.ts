/** Waiting for a promise, or for whatever takes an AbortSignal. */

import { expected } from '../check.ts';
import { enterOutside, leaveOutside, Operation, Pending } from '../loop/index.ts';

class Until<T> extends Pending<T> {
  #controller: AbortController | undefined;
  #isOutside = true;

  constructor(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)) {
    super();
    let promise: PromiseLike<T>;
    if (typeof source === 'function') {
      this.#controller = new AbortController();
      promise = source(this.#controller.signal);
    } else promise = source;
    if (typeof (promise as PromiseLike<T> | undefined)?.then !== 'function') throw new TypeError(expected('promise', 'a promise', promise));
    enterOutside();
    promise.then(
      (value) => {
        this.#leaveOutside();
        this.settle(value);
      },
      (error: unknown) => {
        this.#leaveOutside();
        this.fail(error);
      },
    );
  }

  #leaveOutside(): void {
    if (!this.#isOutside) return;
    this.#isOutside = false;
    leaveOutside();
  }

  describe(): string {
    return 'a promise';
  }

  protected override abandon(reason: unknown): void {
    this.#leaveOutside();
    this.#controller?.abort(reason);
  }
}

/**
 * Waits for a promise, a `Future`, or anything else with a `then`. Given a function, calls it with a signal that is aborted when nobody
 * waits any more, so that a killed greenlet also ends what it waited for.
 *
 * @throws TypeError if it is no promise and no function that returns one
 *
 * @example
 * ```ts
 * import { spawn, until } from 'heddle/coroutine';
 *
 * const g = spawn(function* () {
 *   const text = yield* until(Promise.resolve('text'));
 *   return text.length;
 * });
 * console.log(await g); // prints: 4
 * ```
 */
export function until<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Operation<T> {
  return source instanceof Operation ? source : new Until(source);
}
