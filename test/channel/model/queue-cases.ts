/**
 * The cases of the ring and the Queue under every schedule of a few threads. No item is lost, doubled or out of order, and no thread sleeps
 * while its wait is possible. Deaths at any step lose the items in the hands of the dead and no more. Items are messages of one word; the
 * codec makes no steps.
 */

import assert from 'node:assert/strict';
import { Empty, Full, OwnerDied, ShutDown } from '#src/errors.js';
import { type Operation, Pending } from '#src/loop/index.js';
import { Queue, SimpleQueue } from '#src/channel/index.js';
import { sizeOffset } from '#src/channel/ring.js';
import { OLDEST, OVERDUE, SPARE, TAIL } from '#src/channel/record.js';
import { type Block, blockAt, blockOf, collect, joinObject, refOf, segmentSize, theAgent } from '#src/memory/index.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { settled } from '../../sync/model/loop.js';
import { checkHeap } from '../../memory/check-heap.js';

// A thread that spins takes it when it comes, and what is behind would be tried by few schedules.
dontSpin();

export interface Scene {
  readonly ref: number;
  /** Items whose put has returned, and items that came out, in order. */
  readonly put: number[];
  readonly got: number[];
  /** The final reports of the threads. */
  readonly told: string[];
}

/** The content of a chunk that was used before. */
const junk = 0x77;
/** Units of the first chunk: two messages, and the way to the next. */
const shortChunk = 4;

interface SceneOptions {
  readonly maxSize?: number;
  /** Items that are there. */
  readonly items?: number;
  readonly isSimple?: boolean;
  /** As many as two messages fill the first chunk. */
  readonly isShort?: boolean;
}

const sceneOf =
  ({ maxSize = 0, items = 0, isSimple = false, isShort = false }: SceneOptions = {}) =>
  (heap: ModelHeap): Scene => {
    const queue: Queue<number> | SimpleQueue<number> = isSimple ? new SimpleQueue<number>() : new Queue<number>(maxSize);
    const block = blockOf(queue);
    heap.describe(block, 'Waitable', 'queue');
    heap.describe(block, 'Queue', 'queue', 4);
    heap.describe(block, 'QueueLines', 'queue', 32);
    spoil(heap, block, isShort);
    const put: number[] = [];
    for (let item = 1; item <= items; item += 1) {
      queue.putSync(item);
      put.push(item);
    }
    return { ref: refOf(queue), put, got: [], told: [] };
  };

/** The first chunk was used before; and it is short. */
function spoil(heap: ModelHeap, { words, at }: Block, isShort: boolean): void {
  const chunk = blockAt(heap.memory, words[at + OLDEST]!);
  const units = isShort ? shortChunk : 12;
  // Of the real heap the size stays, as the block is of that size.
  if (isShort) chunk.words[chunk.at + sizeOffset] = shortChunk;
  chunk.words.fill(junk, chunk.at + 8, chunk.at + units * 4);
  heap.describe(chunk, units * 4, 'chunk');
}

const queueIn = ({ ref }: Scene): Queue<number> => joinObject(ref) as Queue<number>;

function putOne(scene: Scene, queue: Queue<number>, item: number): void {
  queue.putSync(item);
  once(() => void scene.put.push(item));
}

export const producer = (first: number, count: number) =>
  function producer(scene: Scene): void {
    const queue = queueIn(scene);
    for (let item = first; item < first + count; item += 1) putOne(scene, queue, item);
  };

export const batch = (items: readonly number[]) =>
  function batch(scene: Scene): void {
    queueIn(scene).putManySync(items);
    once(() => void scene.put.push(...items));
  };

export function came(scene: Scene, item: number): void {
  once(() => void scene.got.push(item));
}

export const consumer = (count: number) =>
  function consumer(scene: Scene): void {
    const queue = queueIn(scene);
    for (let i = 0; i < count; i += 1) came(scene, queue.getSync());
  };

/** The same, and says that each is done. */
export const worker = (count: number) =>
  function worker(scene: Scene): void {
    const queue = queueIn(scene);
    for (let i = 0; i < count; i += 1) {
      came(scene, queue.getSync());
      queue.taskDone();
    }
  };

/** One that takes what there is, and does it. */
export function helper(scene: Scene): void {
  const queue = queueIn(scene);
  try {
    came(scene, queue.getSync(5));
  } catch (error) {
    if (!(error instanceof Empty)) throw error;
    return;
  }
  queue.taskDone();
}

export function secondHelper(scene: Scene): void {
  helper(scene);
}

export const loop = (count: number) =>
  function loop(scene: Scene): void {
    const queue = queueIn(scene);
    for (let i = 0; i < count; i += 1) came(scene, settled(queue.get()));
  };

export const loopPutting = (first: number, count: number) =>
  function loopPutting(scene: Scene): void {
    const queue = queueIn(scene);
    const puts = Array.from({ length: count }, (_, i) => queue.put(first + i));
    for (const [i, put] of puts.entries()) {
      settled(put);
      once(() => void scene.put.push(first + i));
    }
  };

/** Two async puts wait, and the same thread puts a third one and blocks. */
const mixed = (first: number) =>
  function mixed(scene: Scene): void {
    const queue = queueIn(scene);
    const puts = [queue.put(first), queue.put(first + 1)];
    queue.putSync(first + 2);
    for (const put of puts) settled(put);
    once(() => void scene.put.push(first, first + 1, first + 2));
  };

export const hurried = (count: number) =>
  function hurried(scene: Scene): void {
    const queue = queueIn(scene);
    for (let i = 0; i < count; i += 1) {
      try {
        came(scene, queue.getSync(5));
      } catch (error) {
        assert.ok(error instanceof Empty);
      }
    }
  };

export const hurriedPut = (item: number) =>
  function hurriedPut(scene: Scene): void {
    try {
      queueIn(scene).putSync(item, 5);
      once(() => void scene.put.push(item));
    } catch (error) {
      assert.ok(error instanceof Full);
    }
  };

/** A getter that is ended from outside after `turns` turns; an item that it has taken already goes back. */
export const aborted = (turns: number) =>
  function aborted(scene: Scene): void {
    const queue = queueIn(scene);
    const get = queue.get();
    if (!(get instanceof Pending)) return came(scene, settled(get));
    for (let i = 0; i < turns && get.isPending; i += 1) turn();
    if (get.isPending) {
      get.catch(() => {});
      get.reject(new Error('aborted'));
    } else came(scene, settled(get));
  };

/** A greenlet that is killed in the moment in which its item has come. */
export function killed(scene: Scene): void {
  const queue = queueIn(scene);
  const get = queue.get();
  if (!(get instanceof Pending)) return came(scene, settled(get));
  const greenlet = { resume: () => {}, whose: undefined };
  get.addWaiter(greenlet as never);
  while (get.isPending) turn();
  get.leave(greenlet as never, new Error('killed'));
}

export function joiner(scene: Scene): void {
  const queue = queueIn(scene);
  queue.joinSync();
  once(() => {
    scene.told.push('joined');
    assert.equal(scene.got.length, scene.put.length, 'it was joined too early');
  });
}

export function widowed(scene: Scene): void {
  const queue = queueIn(scene);
  for (;;) {
    try {
      queue.joinSync();
      once(() => void scene.told.push('joined'));
      return;
    } catch (error) {
      if (!(error instanceof OwnerDied)) throw error;
      once(() => void scene.told.push('widowed'));
    }
  }
}

export function stopping(scene: Scene): void {
  queueIn(scene).shutdown();
}

export function emptying(scene: Scene): void {
  queueIn(scene).shutdown({ immediate: true });
}

/** Takes until the queue is empty. */
export function drainer(scene: Scene): void {
  const queue = queueIn(scene);
  try {
    for (;;) came(scene, queue.getSync());
  } catch (error) {
    if (!(error instanceof ShutDown)) throw error;
  }
}

function drainingLoop(scene: Scene): void {
  const items = queueIn(scene)[Symbol.asyncIterator]();
  for (;;) {
    const step = settled(items.next() as Operation<IteratorResult<number, undefined>>);
    if (step.done === true) return;
    came(scene, step.value);
  }
}

export const tryPut = (item: number) =>
  function tryPut(scene: Scene): void {
    try {
      putOne(scene, queueIn(scene), item);
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error;
    }
  };

/** Returns the remaining items; nothing is in line. */
export function rest(scene: Scene): number[] {
  const queue = queueIn(scene);
  const left: number[] = [];
  for (;;) {
    try {
      left.push(queue.getSync(0));
    } catch (error) {
      if (!(error instanceof Empty || error instanceof ShutDown)) throw error;
      return left;
    }
  }
}

export const inOrder = (items: readonly number[]): readonly number[] => items.toSorted((one, other) => one - other);

/** Each item that was put came out once; those of one producer in their order, where one consumer took them. */
export function whole(scene: Scene): void {
  const queue = queueIn(scene);
  const { waitingGetters } = queue.statistics();
  assert.equal(waitingGetters, 0, 'a getter is still in line');
  assert.deepEqual(inOrder([...scene.got, ...rest(scene)]), inOrder(scene.put));
}

function wholeInOrder(scene: Scene): void {
  whole(scene);
  for (const base of [0, 10, 20]) {
    const own = scene.got.filter((item) => item > base && item <= base + 10);
    assert.deepEqual(own, inOrder(own), 'out of order');
  }
}

const allOf = (scene: Scene): void => {
  assert.equal(rest(scene).length, 0, 'an item was left');
  wholeInOrder(scene);
};

/** The same, by several consumers: each has its own order. */
export const allByMany = (scene: Scene): void => {
  assert.equal(rest(scene).length, 0, 'an item was left');
  assert.deepEqual(inOrder(scene.got), inOrder(scene.put));
};

/** After a death: nothing twice, nothing in the wrong order, and what is missing was in the hands of the dead. */
export function survived(scene: Scene, { dead }: ModelEnd): void {
  const queue = queueIn(scene);
  const left = rest(scene);
  const out = [...scene.got, ...left];
  assert.equal(new Set(out).size, out.length, 'an item came twice');
  const missing = scene.put.filter((item) => !out.includes(item));
  assert.ok(missing.length <= dead.length, `${missing.length} items are lost, ${dead.length} threads died`);
  const { lost, size } = queue.statistics();
  assert.equal(size, 0, 'the queue is empty, and says that it is not');
  assert.ok(lost <= missing.length, `${lost} are said to be lost, ${missing.length} are`);
  if (dead.length === 0) assert.equal(lost, 0);
}

/** The same, and the queue goes on. */
export function goesOn(scene: Scene, end: ModelEnd): void {
  survived(scene, end);
  const queue = queueIn(scene);
  queue.putSync(99);
  assert.equal(queue.qsize(), 1);
  assert.equal(queue.getSync(), 99);
}

export const joinedOnce = (scene: Scene, { dead }: ModelEnd): void => {
  assert.equal(scene.told.filter((what) => what === 'joined').length, 1);
  const widowedTimes = scene.told.filter((what) => what === 'widowed').length;
  assert.ok(widowedTimes <= dead.length, `it was told ${widowedTimes} times, ${dead.length} died`);
  assert.equal(queueIn(scene).statistics().unfinishedTasks, 0);
};

/** Two chunks were used: the first is SPARE, and the second has no room for a further message. */
function sceneOfSpare(heap: ModelHeap): Scene {
  const queue = new Queue<number>();
  const { words, at } = blockOf(queue);
  const first = blockAt(heap.memory, words[at + OLDEST]!);
  const size = first.words[first.at + sizeOffset]!;
  first.words[first.at + sizeOffset] = shortChunk;
  for (const item of [1, 2, 3]) queue.putSync(item);
  for (const item of [1, 2, 3]) assert.equal(queue.getSync(), item);
  first.words[first.at + sizeOffset] = size;
  assert.equal(words[at + SPARE], first.ref);
  const second = blockAt(heap.memory, words[at + OLDEST]!);
  second.words[second.at + sizeOffset] = words[at + TAIL]! - second.ref + 1;
  heap.describe(blockOf(queue), 'Waitable', 'queue');
  heap.describe(blockOf(queue), 'QueueLines', 'queue', 32);
  return { ref: refOf(queue), put: [], got: [], told: [] };
}

/** As a getter has left it that was overdue, and died. */
function sceneReserved(heap: ModelHeap): Scene {
  const scene = sceneOf({ isSimple: true })(heap);
  const { words, at } = blockOf(queueIn(scene));
  words[at + OVERDUE] = 1;
  return scene;
}

export function sweeper(): void {
  collect();
}

/** The heap is whole, and the item is there. */
function isWhole(scene: Scene): void {
  checkHeap(theAgent().memory);
  whole(scene);
}

/** Words of a heap that has chunks, and takes them back. */
export const realHeap = segmentSize / 4;

export const cases: Record<string, ModelOptions<Scene>> = {
  'a producer and a consumer': { threads: [producer(1, 2), consumer(2)], setup: sceneOf(), after: allOf, preemptions: 3 },
  'a producer and a consumer, over the end of a chunk': {
    threads: [producer(1, 3), consumer(3)],
    setup: sceneOf({ isShort: true, isSimple: true }),
    after: allOf,
    preemptions: 2,
  },
  'two producers and a consumer': {
    threads: [producer(1, 1), producer(11, 2), consumer(3)],
    setup: sceneOf({ isSimple: true }),
    after: allOf,
    preemptions: 2,
  },
  'a producer and two consumers': {
    threads: [producer(1, 2), consumer(1), consumer(1)],
    setup: sceneOf({ isSimple: true }),
    after: allByMany,
    preemptions: 2,
  },
  'a batch for two consumers': {
    threads: [batch([1, 2]), consumer(1), consumer(1)],
    setup: sceneOf(),
    after: allByMany,
    preemptions: 2,
  },
  'a batch over the end of a chunk': {
    threads: [batch([1, 2, 3]), consumer(3)],
    setup: sceneOf({ isShort: true }),
    after: allOf,
    preemptions: 2,
  },
  'room for one': { threads: [producer(1, 3), consumer(3)], setup: sceneOf({ maxSize: 1 }), after: allOf, preemptions: 2 },
  'room for one, two producers': {
    threads: [producer(1, 1), producer(11, 1), consumer(2)],
    setup: sceneOf({ maxSize: 1 }),
    after: allOf,
    preemptions: 2,
  },
  'an event loop that takes': { threads: [producer(1, 2), loop(2)], setup: sceneOf({ isSimple: true }), after: allOf, preemptions: 3 },
  'an event loop and a thread that take': {
    threads: [producer(1, 2), loop(1), consumer(1)],
    setup: sceneOf({ isSimple: true }),
    after: allByMany,
    preemptions: 2,
  },
  'an event loop that puts': { threads: [loopPutting(1, 3), consumer(3)], setup: sceneOf({ maxSize: 1 }), after: allOf, preemptions: 2 },
  'async puts before a put that blocks': { threads: [mixed(1), consumer(3)], setup: sceneOf({ maxSize: 1 }), after: allOf, preemptions: 2 },
  'a getter that is overdue, and one that comes newly': {
    threads: [producer(1, 2), consumer(1), hurried(1)],
    setup: sceneOf({ isSimple: true }),
    after: whole,
    preemptions: 2,
    delays: 1,
    timeouts: 1,
  },
  'an event loop that is overdue, and a getter that comes newly': {
    threads: [producer(1, 2), loop(1), hurried(1)],
    setup: sceneOf({ isSimple: true }),
    after: whole,
    preemptions: 2,
    delays: 1,
    timeouts: 1,
  },
  'a getter that is overdue, and an event loop that comes newly': {
    threads: [producer(1, 2), consumer(1), loop(1)],
    setup: sceneReserved,
    after: allByMany,
    preemptions: 2,
  },
  'a reservation of a getter that has died': {
    threads: [producer(1, 1), consumer(1)],
    setup: sceneReserved,
    after: allByMany,
    preemptions: 2,
    timeouts: 1,
  },
  'a time-out': { threads: [producer(1, 1), hurried(1)], setup: sceneOf(), after: whole, preemptions: 2, timeouts: 1 },
  'a time-out among three': {
    threads: [producer(1, 2), hurried(1), consumer(1)],
    setup: sceneOf({ isSimple: true }),
    after: whole,
    preemptions: 2,
    timeouts: 1,
  },
  'a time-out of a put': {
    threads: [hurriedPut(11), producer(1, 1), consumer(2)],
    setup: sceneOf({ maxSize: 1, items: 1 }),
    after: whole,
    preemptions: 1,
    timeouts: 1,
  },
  'an abort': { threads: [producer(1, 1), aborted(1)], setup: sceneOf(), after: whole, preemptions: 3 },
  'an abort among three': {
    threads: [producer(1, 2), aborted(0), consumer(1)],
    setup: sceneOf({ isSimple: true }),
    after: whole,
    preemptions: 2,
  },
  'a kill': { threads: [producer(1, 2), killed, consumer(1)], setup: sceneOf({ isSimple: true }), after: whole, preemptions: 2 },
  'a shutdown': { threads: [tryPut(1), drainer, stopping], setup: sceneOf(), after: allOf, preemptions: 2 },
  'a shutdown beside an event loop': { threads: [tryPut(1), drainingLoop, stopping], setup: sceneOf(), after: allOf, preemptions: 2 },
  'a shutdown that empties': {
    threads: [tryPut(2), drainer, emptying],
    setup: sceneOf({ items: 1, maxSize: 1 }),
    preemptions: 2,
  },
  tasks: {
    threads: [worker(1), worker(1), joiner],
    setup: sceneOf({ items: 2 }),
    after: (scene) => joinedOnce(scene, { dead: [], now: 0 }),
    preemptions: 2,
  },
  'a death of a producer or a consumer': {
    threads: [producer(1, 2), hurried(2)],
    setup: sceneOf(),
    after: goesOn,
    preemptions: 1,
    deaths: 1,
    timeouts: 1,
  },
  'a death over the end of a chunk': {
    threads: [producer(11, 2), producer(1, 2), hurried(3)],
    setup: sceneOf({ isShort: true, isSimple: true }),
    after: survived,
    preemptions: 0,
    deaths: 1,
    timeouts: 3,
  },
  'a death in a batch': {
    threads: [batch([1, 2, 3]), hurried(3)],
    setup: sceneOf({ isShort: true }),
    after: survivedBatch,
    preemptions: 0,
    deaths: 1,
    timeouts: 3,
  },
  'a death of one of two consumers': {
    threads: [hurried(1), hurried(1)],
    setup: sceneOf({ items: 2 }),
    after: goesOn,
    preemptions: 1,
    deaths: 1,
    timeouts: 1,
  },
  'a death in the repair after a death': {
    threads: [hurried(1), hurried(1), hurried(1)],
    setup: sceneOf({ items: 1, isSimple: true }),
    after: survived,
    preemptions: 0,
    deaths: 2,
    timeouts: 2,
  },
  'a death between get and taskDone': {
    threads: [helper, secondHelper, widowed],
    setup: sceneOf({ items: 1 }),
    after: joinedOnce,
    mayDie: [0],
    preemptions: 1,
    deaths: 1,
  },
  'a chunk that comes back while the heap is swept': {
    threads: [producer(4, 1), sweeper],
    setup: sceneOfSpare,
    after: isWhole,
    preemptions: 2,
    words: realHeap,
  },
  'a chunk that comes back': {
    threads: [producer(11, 3), consumer(3)],
    setup: sceneOf({ isShort: true, isSimple: true }),
    after: allOf,
    preemptions: 1,
    words: realHeap,
  },
};

/** Of a batch all or nothing is there. */
function survivedBatch(scene: Scene, end: ModelEnd): void {
  const out = [...scene.got, ...rest(scene)];
  assert.equal(new Set(out).size, out.length, 'an item came twice');
  assert.deepEqual(out, inOrder(out), 'out of order');
  if (end.dead.includes(0)) assert.ok(out.length === 0 || out.length === 3, `${out.length} of a batch are there`);
}
