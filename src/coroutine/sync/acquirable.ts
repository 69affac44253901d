/** What locks, semaphores and conditions have in common: they are acquired, held while something runs, and released. */

import type { Operation, WaitOptions } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { currentOwner } from '../task/current.ts';
import type { ResultOf, Spawnable } from '../task/greenlet.ts';
import { acquire, hold } from './acquire.ts';
import type { Source } from './claim.ts';
import { run } from './run.ts';

export let sourceOf: (acquirable: Acquirable) => Source;

/**
 * What `Lock`, `RLock`, `Semaphore` and `Condition` have in common: they are acquired and released, in strict order of arrival,
 * without a promise unless somebody awaits.
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

  /** Gives it back. Whoever has waited longest has it from now on. @throws InvalidStateError if there is nothing to give back */
  release(): void {
    this.#source.drop(currentOwner());
  }

  /** Whether one would have to wait for it now. */
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
   * Runs a function, generator, async or plain, while it is had; gives its result. The function belongs to the greenlet that calls:
   * it is killed with it, and has ended, `finally` and all, when the greenlet goes on. If nobody has to be waited for, it begins in the
   * call. An async function cannot be thrown into: its waits for operations of this module are rejected, and it is waited for.
   *
   * @throws TimeoutError if it was not had within `timeout`; the function may take as long as it likes
   */
  run<R>(fn: (() => R) & Spawnable<R>, options?: number | WaitOptions): Operation<ResultOf<R>> {
    return run(this.#source, fn, options);
  }

  toString(): string {
    const waiting = this.#source.waiters.length;
    return `<${this.#source.describe()}${waiting === 0 ? '' : `, ${waiting} waiting`}>`;
  }
}
