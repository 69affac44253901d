/**
 * The waits of an async greenlet for operations of heddle. No error can be thrown into an async function. When its greenlet is killed,
 * these waits are rejected instead, so that the function unwinds at its `await`. Waits that it begins afterwards, in a `finally`, are not
 * affected.
 */

import type { Ending, Living, Owner, Pending, Steppable } from '../../loop/index.ts';
import { added, type Few, listOf, removed } from './watchers.ts';

export class AsyncOwner implements Owner {
  readonly living: Living;
  /** One at a time is the rule. */
  #awaited: Few<Pending<any>> = undefined;
  /** Steps that must run when it awaits something again. */
  #deferred: Steppable[] | undefined = undefined;
  /** The error that ends its present waits. */
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
