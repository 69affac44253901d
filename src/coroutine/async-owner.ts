/**
 * What an async greenlet awaits of ours. An async function cannot be thrown into; but when its greenlet is killed, its waits are
 * rejected, so that it unwinds at the `await` where it is. What it begins afterwards, in a `finally`, is its own.
 */

import type { Living, Owner, Pending } from '../loop/index.ts';

export class AsyncOwner implements Owner {
  readonly living: Living;
  readonly #awaited = new Set<Pending<any>>();
  /** What its present waits end by. */
  ending: { readonly error: unknown } | undefined;

  constructor(living: Living) {
    this.living = living;
  }

  adopt(operation: Pending<any>): void {
    this.#awaited.add(operation);
  }

  disown(operation: Pending<any>): void {
    this.#awaited.delete(operation);
  }

  /** Rejects what is awaited now. */
  interrupt(error: unknown): void {
    for (const operation of this.#awaited) operation.reject(error);
  }

  describe(): string | undefined {
    const [first] = this.#awaited;
    return first?.describe();
  }
}
