/** An iteration over a queue: each step takes an item. */

import { Done } from '../loop/index.ts';
import type { AsyncItemIterator } from '../iteration.ts';
import { Next } from './operations.ts';
import type { QueueCore } from './queue-core.ts';

type Step<T> = IteratorResult<T, undefined>;

export class QueueIterator<T> implements AsyncItemIterator<T> {
  readonly #core: QueueCore<T>;
  readonly #pending: Set<Next<T>> = new Set();
  #isOver = false;

  constructor(core: QueueCore<T>) {
    this.#core = core;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step<T>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    const got = this.#core.next();
    if (got instanceof Done) return got;
    const step = got as Next<T>;
    this.#pending.add(step);
    const forget = (): void => void this.#pending.delete(step);
    step.then(forget, forget);
    return step;
  }

  /** The loop was left: nothing is taken for it any more. */
  return(): Promise<Step<T>> {
    this.#isOver = true;
    for (const step of this.#pending) step.end();
    return Promise.resolve({ done: true, value: undefined });
  }
}
