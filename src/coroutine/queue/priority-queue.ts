/** Source: queue.PriorityQueue */

import { expected } from '../../check.ts';
import type { Operation } from '../../loop/index.ts';
import { LowestFirst, type Priority } from './lowest-first.ts';
import { type BlockOptions, readItems } from './options.ts';
import { Queue } from './queue.ts';
import { reorder } from './simple-queue.ts';
import { TypeError } from '../../refusals.ts';

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

  /** @throws TypeError if the item has no order, or none with those before */
  override put(item: T, options?: number | BlockOptions): Operation<void> {
    this.#check(item);
    return super.put(item, options);
  }

  /** @throws TypeError if the item has no order, or none with those before */
  override putNowait(item: T): void {
    this.#check(item);
    super.putNowait(item);
  }

  /** @throws TypeError if an item has no order, or none with those before; then none is put */
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
