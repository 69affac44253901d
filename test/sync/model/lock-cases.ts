/**
 * The cases of the Lock under every schedule of a few threads. It has at most one owner, no thread sleeps on while it is free, and
 * timeouts, kills and event loops leave it right. Slices and ticks come only after a death, so a lost wake-up is a deadlock here.
 */

import assert from 'node:assert/strict';
import { OwnerDied } from '#src/errors.js';
import { type Operation, Pending } from '#src/loop/index.js';
import { blockAt, joinObject, ownOffset, refOf, waitingOffset } from '#src/memory/index.js';
import { Lock, type LockOptions } from '#src/sync/index.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';

// A spinning thread takes it when it is released, and the code behind would be tried by few schedules.
dontSpin();

interface Scene {
  ref: number;
  /** Another lock. */
  other: number;
  /** The threads in the critical section, and the number of entries. */
  inside: { count: number; entered: number; told: number };
}

const sceneOf =
  (options?: LockOptions) =>
  (heap: ModelHeap): Scene => {
    const lock = new Lock(options);
    heap.describe(blockAt(heap.memory, refOf(lock)), 'Waitable', 'lock');
    const other = new Lock();
    heap.describe(blockAt(heap.memory, refOf(other)), 'Waitable', 'other');
    return { ref: refOf(lock), other: refOf(other), inside: { count: 0, entered: 0, told: 0 } };
  };

function assertLock(object: unknown): Lock {
  assert.ok(object instanceof Lock);
  return object;
}

const lockOf = ({ ref }: Scene): Lock => assertLock(joinObject(ref));

function enter({ inside }: Scene): void {
  once(() => {
    inside.count += 1;
    inside.entered += 1;
    assert.equal(inside.count, 1, 'two threads have the lock');
  });
}

function leave({ inside }: Scene): void {
  once(() => void (inside.count -= 1));
}

function section(scene: Scene, lock: Lock): void {
  enter(scene);
  leave(scene);
  lock.release();
}

/** Takes it, works, releases it, so often. */
const worker = (times: number) =>
  function worker(scene: Scene): void {
    const lock = lockOf(scene);
    for (let i = 0; i < times; i += 1) {
      assert.equal(lock.acquireSync(), true);
      section(scene, lock);
    }
  };

/** Turns the event loop until the wait is over. */
function turnUntilOver(operation: Operation<boolean>): void {
  if (operation instanceof Pending) while (operation.isPending) turn();
}

/** The same without blocking: its event loop turns until it has it. */
const loop = (times: number) =>
  function loop(scene: Scene): void {
    const lock = lockOf(scene);
    for (let i = 0; i < times; i += 1) {
      const operation = lock.acquire();
      turnUntilOver(operation);
      section(scene, lock);
    }
  };

const allHad = (times: number) => (scene: Scene) => {
  assert.equal(scene.inside.entered, times);
  const lock = lockOf(scene);
  assert.equal(lock.locked(), false);
  assert.equal(lock.statistics().waiting, 0, 'a waiter is still in line');
};

/** As `worker`, but gives up after some milliseconds. */
const hurried = (times: number) =>
  function hurried(scene: Scene): void {
    const lock = lockOf(scene);
    for (let i = 0; i < times; i += 1) if (lock.acquireSync(5)) section(scene, lock);
  };

/** As `loop`, but its wait is ended from outside after `turns` turns. */
const aborted = (turns: number) =>
  function aborted(scene: Scene): void {
    const lock = lockOf(scene);
    const operation = lock.acquire();
    if (!(operation instanceof Pending)) return section(scene, lock);
    for (let i = 0; i < turns && operation.isPending; i += 1) turn();
    if (operation.isPending) {
      operation.catch(() => {});
      operation.reject(new Error('aborted'));
    } else section(scene, lock);
  };

/** Two async waiters of one thread, then the same thread blocks for it, too. */
function mixed(scene: Scene): void {
  const lock = lockOf(scene);
  const first = lock.acquire();
  const second = lock.acquire();
  for (const operation of [first, second]) {
    turnUntilOver(operation);
    section(scene, lock);
  }
}

/** Has an async waiter and blocks in a Sync call meanwhile. */
function both(scene: Scene): void {
  const lock = lockOf(scene);
  const operation = lock.acquire();
  if (operation instanceof Pending && operation.isPending) {
    lock.acquireSync();
    section(scene, lock);
    while (operation.isPending) turn();
  }
  section(scene, lock);
}

/** As `sceneOf`, but the third thread has the lock and the second one has the other. */
function sceneOfCrossing(heap: ModelHeap): Scene {
  const scene = sceneOf()(heap);
  for (const [ref, thread] of [
    [scene.ref, 3],
    [scene.other, 2],
  ] as const) {
    const { words, at } = blockAt(heap.memory, ref);
    words[at + ownOffset] = (1 << 12) | thread;
  }
  return scene;
}

/** The third thread owns the lock, and the waiter in line for it has left: the mark is still there. */
function sceneOfMark(heap: ModelHeap): Scene {
  const scene = sceneOfCrossing(heap);
  const { words, at } = blockAt(heap.memory, scene.ref);
  words[at + waitingOffset] = 1;
  return scene;
}

/** Blocks for one lock while its event loop is in line for another one. */
function blocked(scene: Scene): void {
  const lock = lockOf(scene);
  const other = assertLock(joinObject(scene.other));
  const operation = lock.acquire();
  if (operation instanceof Pending && operation.isPending) {
    other.acquireSync();
    other.release();
    while (operation.isPending) turn();
  }
  section(scene, lock);
}

/** Has the other lock while it waits for the first one. */
function crossing(scene: Scene): void {
  const lock = lockOf(scene);
  const other = assertLock(joinObject(scene.other));
  lock.acquireSync();
  section(scene, lock);
  other.release();
}

function releasing(scene: Scene): void {
  lockOf(scene).release();
}

/** One that can be told that the owner died. */
function survivor(scene: Scene): void {
  const lock = lockOf(scene);
  try {
    lock.acquireSync();
  } catch (error) {
    if (!(error instanceof OwnerDied)) throw error;
    once(() => {
      scene.inside.count = 0;
      scene.inside.told += 1;
    });
  }
  section(scene, lock);
}

function surviving(scene: Scene): void {
  const lock = lockOf(scene);
  const operation = lock.acquire();
  turnUntilOver(operation);
  if (isOwnerDied(operation))
    once(() => {
      scene.inside.count = 0;
      scene.inside.told += 1;
    });
  section(scene, lock);
}

function isOwnerDied(operation: Operation<boolean>): boolean {
  try {
    operation[Symbol.iterator]().next();
    return false;
  } catch (error) {
    if (error instanceof OwnerDied) return true;
    throw error;
  }
}

/** No living thread is left behind, and each death inside is reported once. */
const allLiveHad =
  (threads: number) =>
  ({ inside, ref }: Scene, { dead }: ModelEnd): void => {
    assert.ok(inside.entered >= threads - dead.length, `${inside.entered} of ${threads} had it, ${dead.length} died`);
    assert.ok(inside.told <= dead.length, 'told more often than threads died');
    const { owner } = assertLock(joinObject(ref));
    if (owner !== null) assert.ok(dead.length > 0, 'no thread died, and it is locked');
  };

const nobodyInLine = (scene: Scene): void => {
  const lock = lockOf(scene);
  assert.equal(lock.locked(), false);
  assert.equal(lock.statistics().waiting, 0, 'a waiter is still in line');
};

export const cases: Record<string, ModelOptions<Scene>> = {
  'two threads': { threads: [worker(2), worker(2)], setup: sceneOf(), after: allHad(4), preemptions: 3 },
  'three threads': { threads: [worker(1), worker(1), worker(1)], setup: sceneOf(), after: allHad(3), preemptions: 2 },
  'two threads, strictly in order': { threads: [worker(2), worker(1)], setup: sceneOf({ fair: true }), after: allHad(3), preemptions: 2 },
  'three threads, strictly in order': {
    threads: [worker(1), worker(1), worker(1)],
    setup: sceneOf({ fair: true }),
    after: allHad(3),
    preemptions: 2,
  },
  'a thread and an event loop': { threads: [worker(2), loop(2)], setup: sceneOf(), after: allHad(4), preemptions: 3 },
  'two event loops': { threads: [loop(2), loop(2)], setup: sceneOf(), after: allHad(4), preemptions: 3 },
  'two threads and an event loop': { threads: [worker(1), worker(1), loop(1)], setup: sceneOf(), after: allHad(3), preemptions: 2 },
  'after waiting for longer than a millisecond': {
    threads: [worker(2), worker(2)],
    setup: sceneOf(),
    after: allHad(4),
    preemptions: 2,
    delays: 2,
  },
  'a time-out': { threads: [hurried(2), worker(2)], setup: sceneOf(), after: nobodyInLine, preemptions: 2, timeouts: 1 },
  'a time-out among three': {
    threads: [hurried(1), worker(1), worker(1)],
    setup: sceneOf(),
    after: nobodyInLine,
    preemptions: 2,
    timeouts: 1,
    delays: 1,
  },
  'a time-out beside an event loop': {
    threads: [hurried(1), loop(1), worker(1)],
    setup: sceneOf(),
    after: nobodyInLine,
    preemptions: 2,
    timeouts: 1,
  },
  'an abort': { threads: [aborted(1), worker(2)], setup: sceneOf(), after: nobodyInLine, preemptions: 3 },
  'an abort among three': { threads: [aborted(0), worker(1), worker(1)], setup: sceneOf(), after: nobodyInLine, preemptions: 2 },
  'two async waiters of one thread': { threads: [mixed, worker(2)], setup: sceneOf(), after: allHad(4), preemptions: 3 },
  'two async waiters of one thread, beside two': {
    threads: [mixed, worker(1), loop(1)],
    setup: sceneOf(),
    after: allHad(4),
    preemptions: 2,
  },
  'a thread that blocks while its event loop is in line': { threads: [both, worker(1)], setup: sceneOf(), preemptions: 3 },
  'a thread that blocks while its event loop is in line, among three': {
    threads: [both, worker(1), worker(1)],
    setup: sceneOf(),
    preemptions: 2,
  },
  'a thread that blocks for another lock while its event loop is in line': {
    threads: [blocked, crossing, releasing],
    setup: sceneOfCrossing,
    after: allHad(2),
    preemptions: 2,
  },
  'a mark without need': { threads: [worker(1), worker(1), releasing], setup: sceneOfMark, after: allHad(2), preemptions: 2 },
  'a death of one of two': { threads: [survivor, survivor], setup: sceneOf(), after: allLiveHad(2), preemptions: 2, deaths: 1 },
  'a death of one of three': { threads: [survivor, survivor, survivor], setup: sceneOf(), after: allLiveHad(3), preemptions: 1, deaths: 1 },
  'a death, strictly in order': {
    threads: [survivor, survivor, survivor],
    setup: sceneOf({ fair: true }),
    after: allLiveHad(3),
    preemptions: 1,
    deaths: 1,
  },
  'a death of an event loop or beside it': {
    threads: [surviving, survivor],
    setup: sceneOf(),
    after: allLiveHad(2),
    preemptions: 2,
    deaths: 1,
  },
  'a death among two event loops': { threads: [surviving, surviving], setup: sceneOf(), after: allLiveHad(2), preemptions: 2, deaths: 1 },
  'a death after waiting for longer than a millisecond': {
    threads: [survivor, survivor, survivor],
    setup: sceneOf(),
    after: allLiveHad(3),
    preemptions: 1,
    deaths: 1,
    delays: 1,
  },
};
