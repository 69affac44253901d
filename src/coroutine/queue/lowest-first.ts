/** Lowest first: a binary heap (Williams's, as in Python's `heapq`). Tickets count the items in their order of arrival, which ties keep. */

import type { Store } from './store.ts';

/** A value with an order. */
export type Priority = number | string | bigint;

interface Entry<T> {
  readonly priority: Priority;
  readonly ticket: number;
  readonly item: T;
}

export class LowestFirst<T> implements Store<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #priorityOf: (item: T) => Priority;
  #arrived = 0;
  ticket = 0;

  constructor(priorityOf: (item: T) => Priority) {
    this.#priorityOf = priorityOf;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(item: T): void {
    this.giveBack(item, this.#arrived);
    this.#arrived += 1;
  }

  take(): T {
    const { item, ticket } = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    this.ticket = ticket;
    return item;
  }

  peek(): T {
    return this.#heap[0]!.item;
  }

  giveBack(item: T, ticket: number): void {
    const heap = this.#heap;
    const entry = { priority: this.#priorityOf(item), ticket, item };
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(entry, heap[above]!)) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = entry;
  }

  /** Puts an entry in at the top. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, entry)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = entry;
  }

  clear(): void {
    this.#heap.length = 0;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.ticket < b.ticket);
}
