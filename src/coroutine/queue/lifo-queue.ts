/** Source: queue.LifoQueue */

import { Lifo } from './lifo.ts';
import { Queue } from './queue.ts';
import { reorder } from './simple-queue.ts';

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
