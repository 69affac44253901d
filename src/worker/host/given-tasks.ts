/**
 * The tasks that a worker was given and has not ended, and which of them have begun.
 *
 *   with a ticket      a word of its own says whether it has begun (`ahead.ts`)
 *   without            they begin in the order in which they were sent, so a number says which: `nth`
 */

import type { Capsule } from '../../codec/index.ts';

/** Where code of a caller's runs that is called later: an `AsyncResource`, or what leads to one without keeping it. */
export interface CallerContext {
  runInAsyncScope<This, Args extends unknown[], R>(work: (this: This, ...args: Args) => R, self?: This, ...args: Args): R;
}

/** A task, as the handle of its worker knows it. The giver hears of the task by this object. */
export interface Given {
  readonly id: number;
  readonly capsule: Capsule;
  /** The async context in which the outcome is decoded and told, where code of the caller may have to run. */
  readonly context: CallerContext | undefined;
  /** The ticket by which the task can be taken back until the worker begins it; 0: none. Written by the handle. */
  ticket: number;
  /** The place among those without a ticket that the worker was sent, counted from 1. Written by the handle. */
  nth: number;
  /** The number of calls to stop that the worker has not answered. Written by the handle. */
  unanswered: number;
}

export class GivenTasks {
  /** The only task, nearly always. */
  #one: Given | undefined;
  readonly #others: Map<number, Given> = new Map();
  /** The number of tasks without a ticket that the worker was sent. */
  sent = 0;

  get size(): number {
    return this.#others.size + (this.#one === undefined ? 0 : 1);
  }

  add(task: Given): void {
    task.unanswered = 0;
    task.nth = task.ticket === 0 ? ++this.sent : 0;
    if (this.#one === undefined) this.#one = task;
    else this.#others.set(task.id, task);
  }

  get(id: number): Given | undefined {
    return this.#one?.id === id ? this.#one : this.#others.get(id);
  }

  delete(task: Given): void {
    if (this.#one === task) this.#one = undefined;
    else this.#others.delete(task.id);
  }

  /** Takes out a task that could not be sent. Called during the call that sent it: no other came after it. */
  unsent(task: Given): void {
    if (task.nth > 0) this.sent--;
    this.delete(task);
  }

  *[Symbol.iterator](): Generator<Given> {
    if (this.#one !== undefined) yield this.#one;
    yield* this.#others.values();
  }

  /** Lists the ids of those without a ticket that have begun. @param count the number that the worker has begun, modulo 2³² */
  begun(count: number): ReadonlySet<number> {
    const last = this.sent - ((this.sent - count) >>> 0);
    const ids = new Set<number>();
    for (const { id, nth } of this) if (nth > 0 && nth <= last) ids.add(id);
    return ids;
  }
}
