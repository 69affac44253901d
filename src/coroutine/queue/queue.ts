/** A queue that counts its tasks. Source: queue.Queue, gevent.queue.Queue */

import type { Operation, WaitOptions } from '../../loop/index.ts';
import { bufferOf, type QueueStatistics, SimpleQueue } from './simple-queue.ts';
import { joinOf } from './join.ts';
import { RangeError } from '../../refusals.ts';

/** A queue with tasks in numbers. */
export interface TaskQueueStatistics extends QueueStatistics {
  /** How many items that were put in are not done with. */
  readonly unfinishedTasks: number;
  /** How many calls wait until all tasks are done. */
  readonly waitingJoiners: number;
}

/**
 * A queue of tasks: a consumer calls `taskDone()` for each item that it has processed, and `join()` waits until all are.
 *
 * @example
 * ```ts
 * import { Queue, sleep, spawn } from 'heddle/coroutine';
 *
 * const queue = new Queue<string>(2);
 * spawn(function* worker() {
 *   for (;;) {
 *     const item = yield* queue.get();
 *     yield* sleep(1);
 *     console.log('done with', item);
 *     queue.taskDone();
 *   }
 * }).unref();
 * await queue.putMany(['a', 'b', 'c']); // waits for room
 * await queue.join();
 * // prints: done with a
 * // prints: done with b
 * // prints: done with c
 * ```
 */
export class Queue<T> extends SimpleQueue<T> {
  /** One item that was got is done with. @throws RangeError if that is said more often than items were put */
  taskDone(): void {
    const buffer = bufferOf(this);
    if (buffer.unfinished === 0) throw new RangeError('taskDone() was called more often than items were put');
    buffer.finish(1);
  }

  /** How many items that were put in are not done with. */
  get unfinishedTasks(): number {
    return bufferOf(this).unfinished;
  }

  /** Waits until all that was put in is done with: true; false after `timeout` milliseconds. */
  join(options?: number | WaitOptions): Operation<boolean> {
    return joinOf(bufferOf(this), options);
  }

  /** The present state in numbers. */
  override statistics(): TaskQueueStatistics {
    const { unfinished, joiners } = bufferOf(this);
    return { ...super.statistics(), unfinishedTasks: unfinished, waitingJoiners: joiners.length };
  }
}
