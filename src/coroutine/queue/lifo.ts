/** Last in, first out: a stack. Tickets count the items in their order of arrival. */

import type { Store } from './store.ts';

export class Lifo<T> implements Store<T> {
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
