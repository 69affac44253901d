/** Lowest first. Source: queue.PriorityQueue */

import { blockOf, defineKind, type ObjectKind } from '../../memory/index.ts';
import { QueueCore } from '../queue-core.ts';
import { describeQueue, Queue, queueVariety, type QueueVariety } from '../queue.ts';
import { queueRefs, queueWords } from '../record.ts';
import { PriorityItems } from './priority-items.ts';
import { PriorityStore } from './priority-store.ts';

const kind: ObjectKind = defineKind({
  number: 23,
  name: 'PriorityQueue',
  words: queueWords,
  refs: queueRefs,
  create: () => new PriorityQueue(),
  describe: describeQueue,
});

/** An item of a `PriorityQueue`: a priority, or a tuple that begins with one. */
export type PriorityItem = number | string | readonly [priority: number | string, ...rest: unknown[]];

/**
 * A `Queue` that gives the lowest item first; of equals the one that was put first.
 *
 * Items are numbers, strings, or tuples `[priority, …]` that begin with one of them; the rest of a tuple does not count. Strings are compared by code units, as `<`
 * does. All items of one queue are of one kind: that of the first. `NaN`, and an item of another kind, are refused when they are put: `TypeError`.
 *
 * Source: queue.PriorityQueue
 *
 * @example
 * ```ts
 * import { PriorityQueue, Thread } from 'heddle';
 *
 * const queue = new PriorityQueue<[number, string]>();
 * const target = () => queue.putManySync([[2, 'later'], [1, 'soon'], [1, 'soon, too']]);
 * await new Thread({ target }).start().join();
 * console.log(await queue.getMany(3)); // prints: [ [ 1, 'soon' ], [ 1, 'soon, too' ], [ 2, 'later' ] ]
 * ```
 */
export class PriorityQueue<T extends PriorityItem = PriorityItem> extends Queue<T> {
  static {
    const variety: QueueVariety = {
      kind,
      start: (block) => PriorityStore.start(block),
      core: (queue) => new QueueCore(queue, new PriorityStore(blockOf(queue)), new PriorityItems(queue)),
    };
    Object.defineProperty(PriorityQueue, queueVariety, { value: variety });
  }
}
