/**
 * What an async greenlet awaits of ours. An async function cannot be thrown into; but when its greenlet is killed, its waits are
 * rejected, so that it unwinds at the `await` where it is. What it begins afterwards, in a `finally`, is its own.
 */

import type { Living, Owner, Pending, Steppable } from '../loop/index.ts';

export class AsyncOwner implements Owner {
  readonly living: Living;
  readonly #awaited = new Set<Pending<any>>();
  /** What is to be done when it awaits something again. */
  #deferred: Steppable[] = [];
  /** What its present waits end by. */
  ending: { readonly error: unknown } | undefined;

  constructor(living: Living) {
    this.living = living;
  }

  adopt(operation: Pending<any>): void {
    this.#awaited.add(operation);
    if (this.#deferred.length === 0) return;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const one of deferred) one.step();
  }

  disown(operation: Pending<any>): void {
    this.#awaited.delete(operation);
  }

  /** Rejects what is awaited now; false if that is nothing, or nothing that can be rejected. */
  interrupt(error: unknown): boolean {
    let isTaken = false;
    for (const operation of this.#awaited) if (operation.reject(error)) isTaken = true;
    return isTaken;
  }

  defer(step: Steppable): void {
    this.#deferred.push(step);
  }

  describe(): string | undefined {
    const [first] = this.#awaited;
    return first?.describe();
  }
}
