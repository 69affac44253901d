/** An async iteration whose steps are waits: each takes an item, and those that still wait are withdrawn when the loop is left. */

import type { AsyncItemIterator } from '../iteration.ts';
import { Done, type Operation, type Pending } from './operation.ts';

type Result<T> = IteratorResult<T, undefined>;

/** A step that waits for an item. */
interface Step<T> extends Pending<Result<T>> {
  /** Ends the wait, if it still waits: the iteration is over for it. */
  end?(): void;
}

/** A source of items. */
export interface ItemSource<T> {
  /** Takes an item; done when no more will come. */
  next(): Operation<Result<T>>;
}

export class ItemIterator<T> implements AsyncItemIterator<T> {
  readonly #source: ItemSource<T>;
  /** Steps that may still wait. A step is not awaited here: one that only its greenlet awaits gives its item back when that is killed. */
  #pending: Step<T>[] = [];
  #isOver = false;

  constructor(source: ItemSource<T>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<T>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    const got = this.#source.next();
    if (got instanceof Done) return got;
    const step = got as Step<T>;
    this.#pending = this.#pending.filter((one) => one.isPending);
    this.#pending.push(step);
    return step;
  }

  /** The loop was left: nothing is taken for it any more. */
  return(): Promise<Result<T>> {
    this.#isOver = true;
    for (const step of this.#pending) if (step.isPending) step.end?.();
    return Promise.resolve({ done: true, value: undefined });
  }
}
