/** Source: queue.PriorityQueue */

import { expected } from '../../check.ts';
import type { Operation } from '../../loop/index.ts';
import { TypeError } from '../../refusals.ts';
import { type BlockOptions, readItems } from './options.ts';
import { Queue } from './queue.ts';
import { reorder } from './simple-queue.ts';
import type { Store } from './store.ts';

/** A value with an order. */
export type Priority = number | string | bigint;

interface Entry<T> {
  readonly priority: Priority;
  readonly ticket: number;
  readonly item: T;
}

/**
 * A store that gives the lowest priority first: a binary heap (Williams), as Python's `heapq`. Tickets count the items in their order of arrival, which
 * equal priorities keep.
 */
class LowestFirst<T> implements Store<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #priorityOf: (item: T) => Priority;
  #arrived = 0;
  ticket = 0;

  constructor(order: (item: T) => Priority) {
    this.#priorityOf = order;
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

/** A value with an order: a number, a string, a bigint, or an object with one, such as a `Date`. */
export interface Ordered {
  /** The place in the order, for JavaScript's `<`. */
  valueOf(): number | string | bigint;
}

/** An item of a `PriorityQueue`: a value with an order, or a tuple that begins with one. */
export type Prioritized = Ordered | readonly [Ordered, ...unknown[]];

/**
 * A queue that gives the lowest item first; of equals the one that came first. Items are numbers, strings, or tuples `[priority, …]`; a
 * `Date` is a priority, too. All priorities of one queue are of one kind. A getter that waits is given the first item that comes; of those
 * that come with one `putMany` the lowest.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from 'heddle/coroutine';
 *
 * const queue = new PriorityQueue<[number, string]>();
 * await queue.put([2, 'later']);
 * await queue.put([1, 'soon']);
 * await queue.put([1, 'soon, too']);
 * console.log(await queue.getMany(3)); // prints: [ [ 1, 'soon' ], [ 1, 'soon, too' ], [ 2, 'later' ] ]
 * ```
 */
export class PriorityQueue<T extends Prioritized = Prioritized> extends Queue<T> {
  /** Of its priorities, as `typeof` says it. */
  #kind: string | undefined = undefined;

  /**
   * @see SimpleQueue
   * @throws TypeError if an item has no order, or none with those that the queue had before; so do all ways to put one
   */
  constructor(maxSize: number = 0, items: Iterable<T> = []) {
    super(maxSize);
    reorder(this, new LowestFirst<T>(priorityOf), this.#checkAll(items));
  }

  /**
   * Puts an item in, by its priority; waits while the queue is full.
   *
   * @throws TypeError if the item has no order, or none with those before
   */
  override put(item: T, options?: number | BlockOptions): Operation<void> {
    this.#check(item);
    return super.put(item, options);
  }

  /** Puts an item in, by its priority, without waiting. @throws TypeError if the item has no order, or none with those before */
  override putNowait(item: T): void {
    this.#check(item);
    super.putNowait(item);
  }

  /**
   * Puts items in, by their priorities, as space comes.
   *
   * @throws TypeError if an item has no order, or none with those before; then none is put
   */
  override putMany(items: Iterable<T>, options?: number | BlockOptions): Operation<void> {
    return super.putMany(this.#checkAll(items), options);
  }

  #checkAll(items: Iterable<T>): T[] {
    const all = readItems(items);
    for (const item of all) this.#check(item);
    return all;
  }

  #check(item: T): void {
    const priority: unknown = priorityOf(item);
    const kind = typeof priority;
    const hasOrder = kind === 'string' || kind === 'bigint' || (kind === 'number' && !Number.isNaN(priority));
    if (!hasOrder) throw new TypeError(expected('item', 'a number, a string or a tuple [priority, …]', item));
    this.#kind ??= kind;
    if (kind !== this.#kind) throw new TypeError(expected('item', `ordered by a ${this.#kind}, as those before`, item));
  }
}

function priorityOf(item: Prioritized): Priority {
  const ordered = Array.isArray(item) ? (item[0] as Ordered | undefined | null) : (item as Ordered);
  return ordered?.valueOf() as Priority;
}
