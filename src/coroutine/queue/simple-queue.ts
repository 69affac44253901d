/** A queue without a count of tasks, and what all queues share. Source: gevent.queue.SimpleQueue, queue.SimpleQueue */

import { checkBoolean, checkInteger, checkOptions } from '../../check.ts';
import type { AsyncItemIterator } from '../../iteration.ts';
import { ItemIterator, type Operation } from '../../loop/index.ts';
import { showAsText } from '../../repr.ts';
import { BoundedBuffer } from './bounded-buffer.ts';
import { Fifo, type Store } from './store.ts';
import { type BlockOptions, readItems } from './options.ts';

/** A queue in numbers. */
export interface QueueStatistics {
  /** How many items are in it. */
  readonly size: number;
  /** How many fit; 0 is without a bound. */
  readonly maxSize: number;
  /** How many calls wait for an item. */
  readonly waitingGetters: number;
  /** The number of calls that wait for space. */
  readonly waitingPutters: number;
  /** How many items were ever put in. */
  readonly puts: number;
  /** How many items have gone out: those that were got or thrown away. */
  readonly gets: number;
}

export let bufferOf: <T>(queue: SimpleQueue<T>) => BoundedBuffer<T>;
/** Gives a queue that was just made another order, and its first items. */
export let reorder: <T>(queue: SimpleQueue<T>, store: Store<T>, items: Iterable<T>) => void;

/**
 * Passes any objects, by reference, from one greenlet to another: first in, first out. Waiters are served in order of arrival. A getter
 * that is killed or late takes nothing.
 *
 * @example
 * ```ts
 * import { SimpleQueue, spawn } from 'heddle/coroutine';
 *
 * const queue = new SimpleQueue<string>();
 * spawn(function* () {
 *   for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) console.log(n.value);
 *   console.log('that was all');
 * });
 * await queue.put('one');
 * await queue.put('two');
 * queue.close();
 * // prints: one
 * // prints: two
 * // prints: that was all
 * ```
 */
export class SimpleQueue<T> implements AsyncIterable<T> {
  #buffer: BoundedBuffer<T>;

  static {
    bufferOf = (queue) => queue.#buffer;
    reorder = (queue, store, items) => {
      queue.#buffer = new BoundedBuffer(queue.#buffer.name, queue.#buffer.maxSize, store);
      for (const item of readItems(items)) queue.#buffer.putNowait(item);
    };
    showAsText(SimpleQueue);
  }

  /**
   * @param maxSize how many items fit; 0 or less is without a bound
   * @param items what is in it from the beginning
   * @throws RangeError if `maxSize` is not an integer
   * @throws Full if more `items` are given than fit
   */
  constructor(maxSize: number = 0, items: Iterable<T> = []) {
    checkInteger(maxSize, 'maxSize', Number.MIN_SAFE_INTEGER);
    this.#buffer = new BoundedBuffer(new.target.name, Math.max(maxSize, 0), new Fifo<T>());
    for (const item of readItems(items)) this.#buffer.putNowait(item);
  }

  /** How many items fit; 0 is without a bound. */
  get maxSize(): number {
    return this.#buffer.maxSize;
  }

  /** True if `shutdown` or `close` was called. */
  get isShutDown(): boolean {
    return this.#buffer.isShutDown;
  }

  /**
   * Puts an item in; waits while the queue is full. The put begins with the call, also if it is not awaited.
   *
   * @throws Full if there was no space in time, or at once with `block: false`
   * @throws ShutDown if the queue is shut down
   */
  put(item: T, options?: number | BlockOptions): Operation<void> {
    return this.#buffer.put(item, options);
  }

  /** Puts an item in. @throws Full if there is no space @throws ShutDown if the queue is shut down */
  putNowait(item: T): void {
    this.#buffer.putNowait(item);
  }

  /**
   * Puts items in, in their order: at once as many as fit, and the others as space comes, before the items of later callers. The items are
   * read during the call.
   *
   * @throws Full if there was no space for all in time; those that fitted are in
   * @throws ShutDown if the queue is shut down
   */
  putMany(items: Iterable<T>, options?: number | BlockOptions): Operation<void> {
    return this.#buffer.putMany(readItems(items), options);
  }

  /**
   * Takes the next item; waits for one. As always, `await` goes on to what an item with a `then` comes to; `yield*` and `for await` give
   * the item itself.
   *
   * @throws Empty if none came in time, or the queue is empty and `block` is `false`
   * @throws ShutDown if the queue is shut down and has no more items
   */
  get(options?: number | BlockOptions): Operation<T> {
    return this.#buffer.get(options);
  }

  /** Takes the next item. @throws Empty if there is none @throws ShutDown if there never will be one */
  getNowait(): T {
    return this.#buffer.getNowait();
  }

  /**
   * Takes all items that there are, up to `max` (`Infinity` for all); waits for one.
   *
   * @throws Empty if none came in time, or the queue is empty and `block` is `false`
   * @throws ShutDown if the queue is shut down and has no more items
   */
  getMany(max: number, options?: number | BlockOptions): Operation<T[]> {
    if (max !== Infinity) checkInteger(max, 'max', 1);
    return this.#buffer.getMany(max, options);
  }

  /** As `get`, but the item stays. Source: gevent.queue.SimpleQueue.peek */
  peek(options?: number | BlockOptions): Operation<T> {
    return this.#buffer.peek(options);
  }

  /** As `getNowait`, but the item stays. */
  peekNowait(): T {
    return this.#buffer.peekNowait();
  }

  /**
   * A step of an iteration in a generator greenlet, without a promise. Takes the next item, or waits for one; done when the queue is shut
   * down and empty. Elsewhere use `for await (const item of queue)`.
   *
   * @example
   * ```ts
   * import { Queue, spawn } from 'heddle/coroutine';
   *
   * const queue = new Queue(0, [1, 2, 3]);
   * queue.close();
   * const sum = spawn(function* () {
   *   let total = 0;
   *   for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) total += n.value;
   *   return total;
   * });
   * console.log(await sum); // prints: 6
   * ```
   */
  next(): Operation<IteratorResult<T, undefined>> {
    return this.#buffer.next();
  }

  /** `for await` takes items until it is shut down and empty. Leaving the loop withdraws the pending get. */
  [Symbol.asyncIterator](): AsyncItemIterator<T> {
    return new ItemIterator(this.#buffer);
  }

  /** How many items are in it. */
  qsize(): number {
    return this.#buffer.store.size;
  }

  /** True if the queue is empty. */
  empty(): boolean {
    return this.#buffer.store.size === 0;
  }

  /** True if no further item fits. */
  full(): boolean {
    return this.#buffer.isFull;
  }

  /**
   * Shuts the queue down: `put` fails, also where it waits. Remaining items can still be taken; then `get` fails, and iterations end.
   *
   * @param options with `immediate` what is in it is thrown away
   *
   * Source: queue.Queue.shutdown
   */
  shutdown(options?: { readonly immediate?: boolean }): void {
    checkOptions(options, 'options', ['immediate']);
    checkBoolean(options?.immediate, 'immediate');
    this.#buffer.shutdown(options?.immediate === true);
  }

  /** As `shutdown()`. */
  close(): void {
    this.#buffer.shutdown(false);
  }

  /** The present state in numbers. */
  statistics(): QueueStatistics {
    const { store, maxSize, getters, putters, puts } = this.#buffer;
    return { size: store.size, maxSize, waitingGetters: getters.length, waitingPutters: putters.length, puts, gets: puts - store.size };
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    const { name, store, maxSize, isShutDown } = this.#buffer;
    return `<${name}: ${store.size}${maxSize > 0 ? ` of ${maxSize}` : ''} items${isShutDown ? ', shut down' : ''}>`;
  }
}
