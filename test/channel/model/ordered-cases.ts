/**
 * The cases of queues of other orders under every schedule of a few threads. No item is lost, doubled or in the wrong place, and deaths at
 * any step lose the items in the hands of the dead and no more. The common cases of all queues are in `queue-cases.ts`.
 */

import assert from 'node:assert/strict';
import { Empty } from '#src/errors.js';
import { Deque, LifoQueue, PriorityQueue, type Queue } from '#src/channel/index.js';
import { chainOffset, sizeOffset } from '#src/channel/ring.js';
import { CAPACITY, CHAIN, END, HAND, ITEMS, LOG, TOTAL, USED } from '#src/channel/ordered/record.js';
import { GETS, PUTS } from '#src/channel/record.js';
import { Pending } from '#src/loop/index.js';
import { type Block, blockAt, blockOf, collect, joinObject, refOf, type SharedObject, theAgent } from '#src/memory/index.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { checkHeap } from '../../memory/check-heap.js';
import { settled } from '../../sync/model/loop.js';
import {
  aborted,
  allByMany,
  batch,
  came,
  consumer,
  drainer,
  emptying,
  goesOn,
  helper,
  hurried,
  hurriedPut,
  inOrder,
  joinedOnce,
  joiner,
  killed,
  loop,
  loopPutting,
  producer,
  realHeap,
  rest,
  type Scene,
  secondHelper,
  stopping,
  survived,
  sweeper,
  tryPut,
  whole,
  widowed,
  worker,
} from './queue-cases.js';

interface SceneOptions {
  readonly max?: number;
  /** Items that are there, in the order in which they were put. */
  readonly items?: readonly number[];
  /** Cells of the first chunk. */
  readonly cells?: number;
  /** Items for which the first row has room. */
  readonly row?: number;
}

/** The row and the chunk are short, and were used before. */
function shorten(heap: ModelHeap, queue: Block, cells: number, row: number): void {
  const items = blockAt(heap.memory, queue.words[queue.at + ITEMS]!);
  const head = (word: number): number => items.at + word;
  const chunk = blockAt(heap.memory, items.words[head(CHAIN)]!);
  assert.equal(chunk.words[chunk.at + chainOffset], 0);
  chunk.words[chunk.at + sizeOffset] = 1 + cells * 4;
  items.words[head(END)] = chunk.ref + 1 + cells * 4;
  items.words[head(TOTAL)] = cells;
  if (row > 0) items.words[head(CAPACITY)] = row;
  heap.describe(items, 'OrderedItems', 'items');
  heap.describe(chunk, (1 + cells * 4) * 4, 'cells');
}

function sceneOn(heap: ModelHeap, object: SharedObject, { cells = 8, row = 0 }: SceneOptions): void {
  const block = blockOf(object);
  heap.describe(block, 'Waitable', 'queue');
  heap.describe(block, 'Queue', 'queue', 4);
  heap.describe(block, 'OrderedQueueLines', 'queue', 32);
  shorten(heap, block, cells, row);
}

const sceneOf =
  (Class: new (maxSize?: number) => Queue<any>, options: SceneOptions = {}) =>
  (heap: ModelHeap): Scene => {
    const queue = new Class(options.max);
    queue.putSync(1);
    queue.getSync();
    queue.taskDone();
    sceneOn(heap, queue, options);
    for (const item of options.items ?? []) queue.putSync(item);
    return { ref: refOf(queue), put: [...(options.items ?? [])], got: [], told: [] };
  };

const lifo = (options?: SceneOptions): ((heap: ModelHeap) => Scene) => sceneOf(LifoQueue, options);
const priority = (options?: SceneOptions): ((heap: ModelHeap) => Scene) => sceneOf(PriorityQueue, options);

/** The rest comes lowest first. */
function left(scene: Scene): readonly number[] {
  const items = rest(scene);
  assert.deepEqual(items, inOrder(items), 'in the wrong place');
  return items;
}

const lowestFirst = (scene: Scene): void => {
  const items = left(scene);
  assert.deepEqual(inOrder([...scene.got, ...items]), inOrder(scene.put));
};

const survivedLowestFirst = (scene: Scene, end: ModelEnd): void => {
  const items = left(scene);
  scene.got.push(...items);
  goesOn(scene, end);
};

/** Items that came back are under those that were put later. */
function newestFirst(scene: Scene): void {
  const items = rest(scene);
  assert.deepEqual(items, inOrder(items).toReversed(), 'in the wrong place');
  scene.got.push(...items);
  whole(scene);
}

function survivedNewestFirst(scene: Scene, end: ModelEnd): void {
  const items = rest(scene);
  assert.deepEqual(items, inOrder(items).toReversed(), 'in the wrong place');
  scene.got.push(...items);
  goesOn(scene, end);
}

/** Takes an item for a wait that is ended in the same moment. */
const returning = (scene: Scene): void => {
  const queue = joinObject(scene.ref) as LifoQueue<number>;
  const get = queue.get();
  if (!(get instanceof Pending)) return came(scene, settled(get));
  const greenlet = { resume: () => {}, whose: undefined };
  get.addWaiter(greenlet as never);
  while (get.isPending) turn();
  get.leave(greenlet as never, new Error('killed'));
};

// Deques.

interface DequeScene extends Scene {
  /** Items that it began with, from the left. */
  readonly first: readonly number[];
}

const deque =
  (options: SceneOptions = {}) =>
  (heap: ModelHeap): DequeScene => {
    const made = new Deque<number>(options.max);
    made.appendSync(1);
    made.popSync();
    sceneOn(heap, made, options);
    made.extendSync(options.items ?? []);
    return { ref: refOf(made), put: [...(options.items ?? [])], got: [], told: [], first: options.items ?? [] };
  };

const dequeIn = ({ ref }: Scene): Deque<number> => joinObject(ref) as Deque<number>;

const appending = (...items: readonly number[]) =>
  function appending(scene: Scene): void {
    const made = dequeIn(scene);
    for (const item of items) {
      made.appendSync(item);
      once(() => void scene.put.push(item));
    }
  };

const appendingLeft = (...items: readonly number[]) =>
  function appendingLeft(scene: Scene): void {
    const made = dequeIn(scene);
    for (const item of items) {
      made.appendLeftSync(item);
      once(() => void scene.put.push(item));
    }
  };

const extending = (...items: readonly number[]) =>
  function extending(scene: Scene): void {
    dequeIn(scene).extendSync(items);
    once(() => void scene.put.push(...items));
  };

const popping = (timeout?: number) =>
  function popping(scene: Scene): void {
    try {
      came(scene, dequeIn(scene).popSync(timeout));
    } catch (error) {
      assert.ok(error instanceof Empty);
    }
  };

const poppingLeft = (timeout?: number) =>
  function poppingLeft(scene: Scene): void {
    try {
      came(scene, dequeIn(scene).popLeftSync(timeout));
    } catch (error) {
      assert.ok(error instanceof Empty);
    }
  };

/** Two async pops at the left end, which are ended from outside when both may have been served. */
function abortedPops(scene: Scene): void {
  const made = dequeIn(scene);
  const pops = [made.popLeft(), made.popLeft()];
  const greenlet = { resume: () => {}, whose: undefined };
  const waiting = pops.filter((pop) => pop instanceof Pending);
  for (const pop of pops) if (!(pop instanceof Pending)) came(scene, settled(pop));
  for (const pop of waiting) pop.addWaiter(greenlet as never);
  while (waiting.some((pop) => pop.isPending)) turn();
  for (const pop of waiting) pop.leave(greenlet as never, new Error('killed'));
}

const rotating = (steps: number) =>
  function rotating(scene: Scene): void {
    dequeIn(scene).rotate(steps);
  };

function all(scene: Scene): number[] {
  const made = dequeIn(scene);
  const items = [...made];
  const popped: number[] = [];
  for (let i = 0; i < items.length; i += 1) popped.push(made.popLeftSync(0));
  assert.deepEqual(popped, items, 'a snapshot shows something else');
  assert.throws(() => made.popLeftSync(0), Empty);
  return items;
}

const wholeDeque = (scene: Scene): void => {
  assert.equal(dequeIn(scene).statistics().waitingGetters, 0, 'a getter is still in line');
  assert.deepEqual(inOrder([...scene.got, ...all(scene)]), inOrder(scene.put));
};

/** The rest is in the order of its numbers, from the left. */
const ascending = (scene: Scene): void => {
  const items = [...dequeIn(scene)];
  assert.deepEqual(items, inOrder(items), 'in the wrong place');
  wholeDeque(scene);
};

/** The deque was full, and some items were dropped. */
const latest = (max: number) =>
  function latest(scene: Scene): void {
    const { dropped, puts } = dequeIn(scene).statistics();
    const items = all(scene);
    assert.equal(items.length, max);
    assert.equal(dropped, puts - max - 1);
    assert.equal(new Set(items).size, max, 'an item came twice');
  };

/** After a death: no item twice, none lost but those of the dead, and what was dropped is counted. */
function dequeSurvived(scene: Scene, { dead }: ModelEnd): void {
  const made = dequeIn(scene);
  const { maxLen } = made;
  const items = all(scene);
  const out = [...scene.got, ...items];
  assert.equal(new Set(out).size, out.length, 'an item came twice');
  const { dropped, lost, puts, gets, size } = made.statistics();
  assert.ok(maxLen === 0 || items.length <= maxLen, 'more than it holds');
  assert.equal(size, 0);
  assert.equal(puts, gets + dropped);
  assert.ok(lost <= dead.length);
  const missing = scene.put.filter((item) => !out.includes(item));
  assert.ok(missing.length <= dead.length + dropped, `${missing.length} items are missing`);
  made.appendSync(99);
  assert.equal(made.popSync(), 99);
}

/** A batch is there, or is not. */
function extended(scene: Scene, end: ModelEnd): void {
  const items = [...dequeIn(scene)];
  const own = items.filter((item) => item > 10);
  assert.ok(own.length === 0 || own.length === 2, `${own.length} of a batch are there`);
  assert.deepEqual(own.length === 0 ? items : [items[0], ...own], own.length === 0 ? scene.put.slice(0, 3) : [3, 11, 12]);
  dequeSurvived(scene, end);
}

/** The deque has turned, or has not. */
function turned(scene: Scene, end: ModelEnd): void {
  const text = [...dequeIn(scene)].join();
  assert.ok(text === '1,2,3,4,5' || text === '4,5,1,2,3', text);
  dequeSurvived(scene, end);
}

/** The log is empty when the mutex is free, and a queue without items has no cells in use. */
function isQuiet(scene: Scene): void {
  const { words, at } = blockOf(joinObject(scene.ref));
  assert.deepEqual([words[at + LOG], words[at + HAND]], [0, 0]);
  if (words[at + PUTS] !== words[at + GETS]) return;
  const items = blockAt(theAgent().memory, words[at + ITEMS]!);
  assert.equal(items.words[items.at + USED], 0, 'cells are in use that nothing names');
}

const quietly =
  (check: (scene: Scene, end: ModelEnd) => void) =>
  (scene: Scene, end: ModelEnd): void => {
    check(scene, end);
    isQuiet(scene);
  };

/** All blocks of the queue are in use, and the heap is whole. */
function ownsItsBlocks(scene: Scene): void {
  const { memory } = theAgent();
  const { blocks } = checkHeap(memory);
  const { words, at } = blockOf(joinObject(scene.ref));
  const own = [words[at + ITEMS]!];
  const items = blockAt(memory, own[0]!);
  for (let ref = items.words[items.at + CHAIN]!; ref !== 0; ) {
    own.push(ref);
    const chunk = blockAt(memory, ref);
    ref = chunk.words[chunk.at + chainOffset]!;
  }
  for (const ref of own) assert.ok(blocks.has(ref >>> 0), `block ${ref} was freed`);
}

/** Six that a heap must move. */
const mixed = [4, 2, 6, 1, 5, 3];

export const cases: Record<string, ModelOptions<any>> = {
  'lifo: a producer and two consumers': {
    threads: [producer(1, 2), consumer(1), consumer(1)],
    setup: lifo(),
    after: quietly(allByMany),
    preemptions: 2,
  },
  'lifo: two producers and a consumer': {
    threads: [producer(1, 1), producer(11, 1), consumer(2)],
    setup: lifo(),
    after: quietly(allByMany),
    preemptions: 2,
  },
  'lifo: room for one': { threads: [producer(1, 2), consumer(2)], setup: lifo({ max: 1 }), after: quietly(allByMany), preemptions: 2 },
  'lifo: an event loop that puts': {
    threads: [loopPutting(1, 2), consumer(2)],
    setup: lifo({ max: 1 }),
    after: quietly(allByMany),
    preemptions: 2,
  },
  'lifo: an abort': { threads: [producer(1, 2), aborted(1)], setup: lifo(), after: quietly(newestFirst), preemptions: 2 },
  'lifo: an item that comes back goes under those put later': {
    threads: [producer(1, 3), returning],
    setup: lifo(),
    after: quietly(newestFirst),
    preemptions: 2,
  },
  'lifo: a death': {
    threads: [producer(2, 1), hurried(1)],
    setup: lifo({ items: [1] }),
    after: quietly(goesOn),
    preemptions: 1,
    deaths: 1,
    timeouts: 1,
  },
  'lifo: a death while an item comes back': {
    threads: [producer(1, 3), returning],
    setup: lifo(),
    after: quietly(survivedNewestFirst),
    mayDie: [1],
    preemptions: 2,
    deaths: 1,
  },
  'lifo: a death where there are no more cells, and no room in the row': {
    threads: [batch([11, 12])],
    setup: lifo({ items: [1], cells: 2, row: 2 }),
    after: quietly(survivedBatchOfTwo),
    preemptions: 0,
    deaths: 1,
  },
  'lifo: a row and cells that grow while the heap is swept': {
    threads: [producer(3, 1), sweeper],
    setup: lifo({ items: [1, 2], cells: 2, row: 2 }),
    after(scene) {
      ownsItsBlocks(scene);
      newestFirst(scene);
    },
    preemptions: 2,
    words: realHeap,
  },
  'lifo: a death while a row and cells grow': {
    threads: [producer(3, 1)],
    setup: lifo({ items: [1, 2], cells: 2, row: 2 }),
    after(scene, end) {
      collect();
      ownsItsBlocks(scene);
      survivedNewestFirst(scene, end);
    },
    preemptions: 0,
    deaths: 1,
    words: realHeap,
  },
  'lifo: a shutdown that empties while the heap is swept': {
    threads: [emptying, sweeper],
    setup: lifo({ items: [1, 2], cells: 2, row: 2 }),
    after: ownsItsBlocks,
    preemptions: 2,
    words: realHeap,
  },
  'lifo: a shutdown': { threads: [tryPut(1), drainer, stopping], setup: lifo(), after: quietly(allByMany), preemptions: 2 },
  'lifo: a shutdown that empties': { threads: [tryPut(2), drainer, emptying], setup: lifo({ items: [1], max: 1 }), preemptions: 2 },
  'lifo: tasks': {
    threads: [worker(1), worker(1), joiner],
    setup: lifo({ items: [1, 2] }),
    after: (scene) => joinedOnce(scene, { dead: [], now: 0 }),
    preemptions: 1,
  },
  'lifo: a death between get and taskDone': {
    threads: [helper, secondHelper, widowed],
    setup: lifo({ items: [1] }),
    after: joinedOnce,
    mayDie: [0],
    preemptions: 0,
    deaths: 1,
  },
  'priority: a producer and two consumers': {
    threads: [producer(1, 2), consumer(1), consumer(1)],
    setup: priority({ items: [7, 5] }),
    after: quietly(lowestFirst),
    preemptions: 2,
  },
  'priority: an event loop and a thread that take': {
    threads: [producer(1, 2), loop(1), consumer(1)],
    setup: priority(),
    after: quietly(lowestFirst),
    preemptions: 2,
  },
  'priority: a time-out of a put': {
    threads: [hurriedPut(3), consumer(1)],
    setup: priority({ items: [2], max: 1 }),
    after: quietly(lowestFirst),
    preemptions: 1,
    timeouts: 1,
  },
  'priority: a kill': { threads: [producer(1, 2), killed], setup: priority(), after: quietly(lowestFirst), preemptions: 2 },
  'priority: a death in a take': {
    threads: [hurried(1)],
    setup: priority({ items: mixed }),
    after: quietly(survivedLowestFirst),
    preemptions: 0,
    deaths: 1,
  },
  'priority: a death in a put': {
    threads: [producer(0, 1)],
    setup: priority({ items: mixed, cells: 9 }),
    after: quietly(survivedLowestFirst),
    preemptions: 0,
    deaths: 1,
  },
  'priority: a death in a batch': {
    threads: [batch([0, -1, -2])],
    setup: priority({ items: [3, 5, 4], cells: 9 }),
    after: quietly(survivedBatchOfThree),
    preemptions: 0,
    deaths: 1,
  },
  'priority: a death, and another one in the repair': {
    threads: [hurried(1), hurried(1), hurried(1)],
    setup: priority({ items: [4, 2, 3, 1], cells: 5 }),
    after: quietly(survivedLowestFirst),
    preemptions: 0,
    deaths: 2,
    timeouts: 3,
  },
  'priority: a death while an item comes back': {
    threads: [producer(-1, 1), returning],
    setup: priority(),
    after: quietly(survivedLowestFirst),
    mayDie: [1],
    preemptions: 1,
    deaths: 1,
  },
  'deque: both ends': {
    threads: [appending(2), appendingLeft(1), popping()],
    setup: deque(),
    after: quietly(wholeDeque),
    preemptions: 2,
  },
  'deque: a pop at each end': {
    threads: [appending(1, 2), popping(), poppingLeft()],
    setup: deque(),
    after: quietly(wholeDeque),
    preemptions: 2,
  },
  'deque: a full one': {
    threads: [appending(11, 12), appendingLeft(21)],
    setup: deque({ items: [1, 2], max: 2 }),
    after: quietly(latest(2)),
    preemptions: 2,
  },
  'deque: items that come back are in their order': {
    threads: [extending(1, 2, 3), abortedPops],
    setup: deque(),
    after: quietly(ascending),
    preemptions: 2,
  },
  'deque: a rotation beside pops': {
    threads: [rotating(1), popping(), poppingLeft()],
    setup: deque({ items: [1, 2, 3] }),
    after: quietly(wholeDeque),
    preemptions: 2,
  },
  'deque: a death of one that appends to a full one': {
    threads: [appending(11), popping(5)],
    setup: deque({ items: [1, 2], max: 2 }),
    after: quietly(dequeSurvived),
    preemptions: 1,
    deaths: 1,
    timeouts: 1,
  },
  'deque: a death at the left end': {
    threads: [appendingLeft(11), poppingLeft(5)],
    setup: deque({ items: [1, 2], max: 2 }),
    after: quietly(dequeSurvived),
    preemptions: 1,
    deaths: 1,
    timeouts: 1,
  },
  'deque: a death in an extension of a full one': {
    threads: [extending(11, 12)],
    setup: deque({ items: [1, 2, 3], max: 3 }),
    after: quietly(extended),
    preemptions: 0,
    deaths: 1,
  },
  'deque: a death in a rotation': {
    threads: [rotating(2)],
    setup: deque({ items: [1, 2, 3, 4, 5], row: 6 }),
    after: quietly(turned),
    preemptions: 0,
    deaths: 1,
  },
  'deque: a death while items come back': {
    threads: [extending(1, 2, 3), abortedPops],
    setup: deque(),
    after: quietly(survivedAscending),
    mayDie: [1],
    preemptions: 0,
    deaths: 1,
  },
};

function survivedAscending(scene: Scene, end: ModelEnd): void {
  const items = [...dequeIn(scene)];
  assert.deepEqual(items, inOrder(items), 'in the wrong place');
  const { lost } = dequeIn(scene).statistics();
  assert.ok(lost <= end.dead.length);
  assert.ok(items.length + scene.got.length >= scene.put.length - 2 * end.dead.length);
}

/** Of a batch all or nothing is there. */
function survivedBatchOfTwo(scene: Scene, end: ModelEnd): void {
  const items = rest(scene);
  assert.ok(items.join() === '1' || items.join() === '12,11,1', items.join());
  scene.got.push(...items);
  goesOn(scene, end);
}

function survivedBatchOfThree(scene: Scene, end: ModelEnd): void {
  const items = left(scene);
  assert.ok(items.join() === '3,4,5' || items.join() === '-2,-1,0,3,4,5', items.join());
  scene.got.push(...items);
  survived(scene, end);
}
