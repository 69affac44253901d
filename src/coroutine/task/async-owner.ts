/**
 * What an async greenlet awaits of ours. An async function cannot be thrown into; but when its greenlet is killed, its waits are
 * rejected, so that it unwinds at the `await` where it is. What it begins afterwards, in a `finally`, is its own.
 */

import type { Ending, Living, Owner, Pending, Steppable } from '../../loop/index.ts';
import { added, type Few, listOf, removed } from './watchers.ts';

export class AsyncOwner implements Owner {
  readonly living: Living;
  /** One at a time is the rule. */
  #awaited: Few<Pending<any>> = undefined;
  /** What is to be done when it awaits something again. */
  #deferred: Steppable[] | undefined = undefined;
  /** What its present waits end by. */
  ending: Ending | undefined = undefined;

  constructor(living: Living) {
    this.living = living;
  }

  adopt(operation: Pending<any>): void {
    this.#awaited = added(this.#awaited, operation);
    const deferred = this.#deferred;
    if (deferred === undefined) return;
    this.#deferred = undefined;
    for (const one of deferred) one.step();
  }

  disown(operation: Pending<any>): void {
    this.#awaited = removed(this.#awaited, operation);
  }

  /** Rejects what is awaited now; false if that is nothing, or nothing that can be rejected. */
  interrupt(error: unknown): boolean {
    let isTaken = false;
    for (const operation of listOf(this.#awaited)) if (operation.reject(error)) isTaken = true;
    return isTaken;
  }

  defer(step: Steppable): void {
    this.#deferred ??= [];
    this.#deferred.push(step);
  }

  describe(): string | undefined {
    return listOf(this.#awaited)[0]?.describe();
  }
}
