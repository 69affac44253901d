/** Waiting for a promise, or for whatever takes an AbortSignal. */

import { expected } from '../../check.ts';
import { enterOutside, leaveOutside, Operation, Pending, type WaitOptions } from '../../loop/index.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

export class Until<T> extends Pending<T> {
  readonly #what: string;
  #controller: AbortController | undefined;
  #isOutside = false;

  /** @param what for people: what is waited for */
  constructor(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>), options?: number | WaitOptions, what = 'a promise') {
    super();
    this.#what = what;
    if (typeof source === 'function') this.#call(source);
    else if (isThenable(source)) this.#follow(source);
    else throw new TypeError(expected('promise', 'a promise, or a function that returns one', source));
    this.limit(options);
  }

  #call(source: (signal: AbortSignal) => PromiseLike<T>): void {
    this.#controller = new AbortController();
    try {
      const promise = source(this.#controller.signal);
      if (!isThenable(promise)) throw new TypeError(expected('what the function of until() returns', 'a promise', promise));
      this.#follow(promise);
    } catch (error) {
      this.#over();
      this.fail(error);
    }
  }

  /** A result after the end of the wait is dropped, an error as well. */
  #follow(promise: PromiseLike<T>): void {
    this.#isOutside = true;
    enterOutside();
    promise.then(
      (value) => {
        this.#over();
        this.settle(value);
      },
      (error: unknown) => {
        this.#over();
        this.fail(error);
      },
    );
  }

  #over(): void {
    if (!this.#isOutside) return;
    this.#isOutside = false;
    leaveOutside();
  }

  describe(): string {
    return this.#what;
  }

  protected override abandon(reason: unknown): void {
    this.#over();
    this.#controller?.abort(reason);
  }
}

/**
 * Waits for a promise, a `Future`, or any other thenable. A function is called with a signal that is aborted when no waiter is left, so
 * that a killed greenlet also ends what it waited for. An error of the function is the error of the wait.
 *
 * @throws TypeError if it is neither a promise nor a function
 * @throws TimeoutError if it takes longer than `timeout`
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import { spawn, until } from 'heddle/coroutine';
 *
 * const server = createServer((request) => {
 *   request.on('close', () => console.log('the client has gone'));
 *   void g.kill();
 *   server.close();
 * });
 * await once(server.listen(0, '127.0.0.1'), 'listening');
 * const { port } = server.address() as { port: number };
 *
 * const g = spawn(function* () {
 *   const response = yield* until((signal) => fetch(`http://127.0.0.1:${port}/`, { signal }));
 *   return response.status;
 * });
 * // prints: the client has gone
 * ```
 */
export function until<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>), options?: number | WaitOptions): Operation<T> {
  return source instanceof Operation && options === undefined ? source : new Until(source, options);
}
