/** Last in, first out. Source: queue.LifoQueue */

import { blockOf, defineKind, type ObjectKind } from '../../memory/index.ts';
import { QueueCore } from '../queue-core.ts';
import { describeQueue, Queue, queueVariety, type QueueVariety } from '../queue.ts';
import { queueRefs, queueWords } from '../record.ts';
import { StackStore } from './stack-store.ts';

const kind: ObjectKind = defineKind({
  number: 22,
  name: 'LifoQueue',
  words: queueWords,
  refs: queueRefs,
  create: () => new LifoQueue(),
  describe: describeQueue,
});

/**
 * A `Queue` that gives the newest item first, and is otherwise the same.
 *
 * Source: queue.LifoQueue
 *
 * @example
 * ```ts
 * import { LifoQueue, Thread } from 'heddle';
 *
 * const stack = new LifoQueue<string>();
 * await new Thread({ target: () => stack.putManySync(['bottom', 'middle', 'top']) }).start().join();
 * console.log(await stack.get(), await stack.get()); // prints: top middle
 * ```
 */
export class LifoQueue<T = unknown> extends Queue<T> {
  static {
    const variety: QueueVariety = {
      kind,
      start: (block) => StackStore.start(block),
      core: (queue) => new QueueCore(queue, new StackStore(blockOf(queue))),
    };
    Object.defineProperty(LifoQueue, queueVariety, { value: variety });
  }
}
