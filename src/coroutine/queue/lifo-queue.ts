/** Source: queue.LifoQueue */

import { Queue } from './queue.ts';
import { reorder } from './simple-queue.ts';
import type { Store } from './store.ts';

/** A store that gives the last item first: a stack. Tickets count the items in their order of arrival. */
class Lifo<T> implements Store<T> {
  readonly #items: T[] = [];
  /** Of the items, in the same places. */
  readonly #tickets: number[] = [];
  #arrived = 0;
  ticket = 0;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#tickets.push(this.#arrived);
    this.#arrived += 1;
  }

  take(): T {
    this.ticket = this.#tickets.pop()!;
    return this.#items.pop() as T;
  }

  peek(): T {
    return this.#items.at(-1) as T;
  }

  giveBack(item: T, ticket: number): void {
    const at = this.#tickets.findLastIndex((other) => other < ticket) + 1;
    this.#items.splice(at, 0, item);
    this.#tickets.splice(at, 0, ticket);
  }

  clear(): void {
    this.#items.length = 0;
    this.#tickets.length = 0;
  }
}

/**
 * A queue that gives the newest item first. A getter that waits is given the first that comes.
 *
 * @example
 * ```ts
 * import { LifoQueue } from 'heddle/coroutine';
 *
 * const stack = new LifoQueue(0, ['bottom', 'middle']);
 * stack.putNowait('top');
 * console.log(stack.getNowait(), stack.getNowait()); // prints: top middle
 * ```
 */
export class LifoQueue<T> extends Queue<T> {
  /** @see SimpleQueue */
  constructor(maxSize: number = 0, items: Iterable<T> = []) {
    super(maxSize);
    reorder(this, new Lifo<T>(), items);
  }
}
