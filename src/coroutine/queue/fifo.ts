/**
 * First in, first out. Tickets count the items in their order of arrival.
 *
 *     out ◀── [ given back: 2 5 ] ◀── [ never taken: 7 8 9 … ] ◀── in
 *
 * Items that were never taken are newer than all that were. A returned item therefore goes to the front, among other returned ones in
 * order.
 */

import { Deque } from '../../loop/index.ts';
import type { Store } from './store.ts';

interface Returned<T> {
  readonly item: T;
  readonly ticket: number;
}

export class Fifo<T> implements Store<T> {
  readonly #items = new Deque<T>();
  /** Nearly always empty. */
  readonly #returned: Returned<T>[] = [];
  /** How many were taken for the first time. */
  #taken = 0;
  ticket = 0;

  get size(): number {
    return this.#items.length + this.#returned.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    const returned = this.#returned.length === 0 ? undefined : this.#returned.shift();
    if (returned === undefined) {
      this.ticket = this.#taken;
      this.#taken += 1;
      return this.#items.shift() as T;
    }
    this.ticket = returned.ticket;
    return returned.item;
  }

  peek(): T {
    const [returned] = this.#returned;
    return returned === undefined ? (this.#items.at(0) as T) : returned.item;
  }

  giveBack(item: T, ticket: number): void {
    const after = this.#returned.findIndex((other) => other.ticket > ticket);
    this.#returned.splice(after === -1 ? this.#returned.length : after, 0, { item, ticket });
  }

  clear(): void {
    this.#items.clear();
    this.#returned.length = 0;
  }
}
