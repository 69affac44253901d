/** The common part of locks, semaphores and conditions: they are acquired, held while a function runs, and released. */

import type { Operation, WaitOptions } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { currentOwner } from '../task/current.ts';
import type { ResultOf, Spawnable } from '../task/greenlet.ts';
import { acquire, hold } from './acquire.ts';
import type { Source } from './claim.ts';
import { run } from './run.ts';

export let sourceOf: (acquirable: Acquirable) => Source;

/**
 * The base of `Lock`, `RLock`, `Semaphore` and `Condition`: they are acquired and released, in strict order of arrival. No promise is made
 * without an `await`.
 */
export abstract class Acquirable {
  readonly #source: Source;

  static {
    sourceOf = (acquirable) => acquirable.#source;
    showAsText(Acquirable);
  }

  /** @internal */
  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Waits until it is had: true; false after `timeout` milliseconds. A greenlet that is killed while it waits, or before it sees that
   * it was its turn, has taken nothing.
   */
  acquire(options?: number | WaitOptions): Operation<boolean> {
    return acquire(this.#source, options);
  }

  /** Takes it if that can be at once; says whether. */
  tryAcquire(): boolean {
    return this.#source.take(currentOwner());
  }

  /**
   * Releases the object; the waiter that has waited longest has it from now on. @throws InvalidStateError if there is nothing to release
   */
  release(): void {
    this.#source.drop(currentOwner());
  }

  /** True if an acquisition would have to wait now. */
  locked(): boolean {
    return this.#source.isTaken;
  }

  /**
   * As `acquire`, for `using`: what comes gives it back at the end of the block.
   *
   * @throws TimeoutError if it was not had within `timeout`
   */
  hold(options?: number | WaitOptions): Operation<Disposable> {
    return hold(this.#source, options);
  }

  /**
   * Runs a generator, async or plain function while the object is held; resolves to its result. The function belongs to the calling
   * greenlet: it is killed with it, and has ended, with its `finally` blocks, when the greenlet resumes. If the object is free, the
   * function begins in the call. No error can be thrown into an async function: its waits for operations of this module are rejected, and
   * its end is awaited.
   *
   * @throws TimeoutError if it was not had within `timeout`; the function may take as long as it likes
   */
  run<R>(fn: (() => R) & Spawnable<R>, options?: number | WaitOptions): Operation<ResultOf<R>> {
    return run(this.#source, fn, options);
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    const waiting = this.#source.waiters.length;
    return `<${this.#source.describe()}${waiting === 0 ? '' : `, ${waiting} waiting`}>`;
  }
}
