/**
 * A wait that its waiter cannot leave before something is in order again: the lock of a condition is reacquired, a function that was begun
 * has ended. A waiter that is thrown out is held back until then.
 *
 *   kill ──▶ leave ──▶ interrupted(error)      puts in order, and then calls fail(error)
 *                                   ╲
 *            yield* throws into it ──▶ thrownOut(error) says WAIT once more ──▶ next() throws what it failed with
 *
 * The idea is asyncio's `shield`, and how its `Condition.wait` ends when it is cancelled.
 */

import { Pending } from './operation.ts';
import type { Wait } from './step.ts';

export abstract class Shielded<T> extends Pending<T> {
  #isHeldBack = false;
  /** The latest error passed to `interrupted`. */
  #reason: unknown = undefined;

  /** Called when a waiter must be thrown out: end soon, with this error unless a stronger reason applies. May be called again. */
  protected abstract interrupted(error: unknown): void;

  override reject(error: unknown): boolean {
    if (!this.isPending) return false;
    this.interrupted(error);
    return true;
  }

  protected override holdsBack(reason: unknown): boolean {
    this.#isHeldBack = true;
    this.#reason = reason;
    this.interrupted(reason);
    return true;
  }

  override thrownOut(error: unknown): IteratorResult<Wait, T> {
    if (!this.#isHeldBack || this.isLeft) throw error;
    // A stronger error may have come after the first.
    if (this.isPending && error !== this.#reason) {
      this.#reason = error;
      this.interrupted(error);
    }
    return this.node.next();
  }
}
