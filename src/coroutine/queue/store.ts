import { Deque } from '../../loop/index.ts';

/** Where a queue keeps its items, in the order in which they go out. One file for each order: `fifo.ts`, `lifo.ts`, `lowest-first.ts`. */

export interface Store<T> {
  readonly size: number;
  /** The place, in the order of the store, of the item that was taken last. */
  readonly ticket: number;
  push(item: T): void;
  /** The next item. There must be one. */
  take(): T;
  /** The item that `take` would give. There must be one. */
  peek(): T;
  /** Puts an item back to where it would be if it had never been taken. */
  giveBack(item: T, ticket: number): void;
  clear(): void;
}

/**
 * A store that gives the first item first. Tickets count the items in their order of arrival.
 *
 *     out ◀── [ given back: 2 5 ] ◀── [ never taken: 7 8 9 … ] ◀── in
 *
 * Items that were never taken came after all that were. An item that comes back is therefore in front of them, sorted by its ticket.
 */
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
