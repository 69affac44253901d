/** A process that works at a queue and is killed right after one of the words that it writes: `node --conditions=model victim.js ACTION REF WRITE`. */

import { joinObject } from '#src/memory/index.js';
import { Deque, PriorityQueue, Queue } from '#src/channel/index.js';
import { tellHeapPlace } from '#src/handles.js';
import { killedAt } from './killed-at.js';

const [, , action, ref, write] = process.argv;
tellHeapPlace({ descriptor: 3 });
const object = joinObject(Number(ref));
if (!(object instanceof Queue || object instanceof Deque)) throw new TypeError(`block ${ref} is no queue`);
const queue = object as Queue;
const deque = object as unknown as Deque;
/** A PriorityQueue has tuples, and what the victim puts goes to the front. */
const itemOf = (text: string): unknown => (object instanceof PriorityQueue ? [-1, text] : text);

/** The victim's actions; it is killed in the middle, or ends by itself with exit code 7. */
const actions: Record<string, () => void> = {
  put: () => queue.putSync(itemOf('victim')),
  putMany: () => queue.putManySync(Array.from({ length: 3 }, (_, n) => itemOf(`victim ${n} ${'x'.repeat(2000)}`))),
  putLarge: () => queue.putSync([`victim ${'x'.repeat(20_000)}`, queue]),
  getLarge: () => void queue.getSync(0),
  get: () => void queue.getSync(0),
  getMany: () => void queue.getManySync(2, 0),
  taskDone: () => {
    queue.getSync(0);
    queue.taskDone();
  },
  append: () => deque.appendSync('victim'),
  extendLeft: () => deque.extendLeftSync(['victim 0', 'victim 1']),
  popLeft: () => void deque.popLeftSync(0),
  pop: () => void deque.popSync(0),
  rotate: () => deque.rotate(-1),
};

killedAt(Number(write), actions[action!]!);
