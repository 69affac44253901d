/**
 * The cases of the Semaphore under every schedule of a few threads. No more threads have a permit than there are permits, no thread sleeps
 * while one is free, and the permits of the dead come back, at whatever step they died.
 */

import assert from 'node:assert/strict';
import { Pending } from '#src/loop/index.js';
import { joinObject, refOf } from '#src/memory/index.js';
import { BoundedSemaphore, Semaphore, type SemaphoreOptions } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once } from '#src/testing/model/index.js';
import { settled } from './loop.js';

dontSpin();

interface Scene {
  ref: number;
  value: number;
  inside: { count: number; entered: number };
}

const sceneOf =
  (value: number, options?: SemaphoreOptions) =>
  (heap: ModelHeap): Scene => {
    const semaphore = new BoundedSemaphore(value, options);
    heap.name(semaphore, 'Semaphore', 'semaphore');
    return { ref: refOf(semaphore), value, inside: { count: 0, entered: 0 } };
  };

function semaphoreOf({ ref }: Scene): Semaphore {
  const semaphore = joinObject(ref);
  assert.ok(semaphore instanceof Semaphore);
  return semaphore;
}

function visit({ inside, value }: Scene): void {
  once(() => {
    inside.count += 1;
    inside.entered += 1;
    assert.ok(inside.count <= value, `${inside.count} have one of ${value} permits`);
  });
  once(() => void (inside.count -= 1));
}

/** For threads that may die inside. */
const enter = ({ inside }: Scene): void => once(() => void (inside.entered += 1));

const worker = (times: number) =>
  function worker(scene: Scene): void {
    const semaphore = semaphoreOf(scene);
    for (let i = 0; i < times; i += 1) {
      assert.equal(semaphore.acquireSync(), true);
      visit(scene);
      semaphore.release();
    }
  };

const loop = (times: number) =>
  function loop(scene: Scene): void {
    const semaphore = semaphoreOf(scene);
    for (let i = 0; i < times; i += 1) {
      assert.equal(settled(semaphore.acquire()), true);
      visit(scene);
      semaphore.release();
    }
  };

const holder = (times: number) =>
  function holder(scene: Scene): void {
    const semaphore = semaphoreOf(scene);
    for (let i = 0; i < times; i += 1) {
      const guard = semaphore.holdSync();
      visit(scene);
      guard[Symbol.dispose]();
    }
  };

/** As `holder`, and may die. */
function mortal(scene: Scene): void {
  const guard = semaphoreOf(scene).holdSync();
  enter(scene);
  guard[Symbol.dispose]();
}

function mortalLoop(scene: Scene): void {
  const guard = settled(semaphoreOf(scene).hold());
  enter(scene);
  guard[Symbol.dispose]();
}

/** Acquires one and gives two back, one of which was taken before. */
function releaser(scene: Scene): void {
  semaphoreOf(scene).release(2);
}

function hurried(scene: Scene): void {
  const semaphore = semaphoreOf(scene);
  if (!semaphore.acquireSync(5)) return;
  visit(scene);
  semaphore.release();
}

function aborted(scene: Scene): void {
  const semaphore = semaphoreOf(scene);
  const operation = semaphore.acquire();
  if (operation instanceof Pending && operation.isPending) {
    operation.catch(() => {});
    operation.reject(new Error('aborted'));
  } else semaphore.release();
}

/** All permits are there again; the first acquisition finds the deaths. */
function allBack(scene: Scene): void {
  const semaphore = semaphoreOf(scene);
  let found = 0;
  while (semaphore.tryAcquire()) found += 1;
  assert.equal(found, scene.value, `${found} of ${scene.value} permits are there`);
}

const allHad =
  (times: number) =>
  (scene: Scene, { dead }: ModelEnd): void => {
    assert.ok(scene.inside.entered >= times - dead.length, `${scene.inside.entered} of ${times} had one`);
    if (dead.length === 0) assert.equal(semaphoreOf(scene).statistics().waiting, 0, 'a waiter is still in line');
    allBack(scene);
  };

/** Two permits have been taken before, by no particular thread. */
const emptyScene =
  (value: number) =>
  (heap: ModelHeap): Scene => {
    const scene = sceneOf(value)(heap);
    const semaphore = semaphoreOf(scene);
    semaphore.acquireSync();
    semaphore.acquireSync();
    return scene;
  };

export const cases: Record<string, ModelOptions<Scene>> = {
  'two threads, one permit': { threads: [worker(2), worker(2)], setup: sceneOf(1), after: allHad(4), preemptions: 3 },
  'three threads, one permit': { threads: [worker(1), worker(1), worker(1)], setup: sceneOf(1), after: allHad(3), preemptions: 2 },
  'three threads, two permits': { threads: [worker(1), worker(1), worker(1)], setup: sceneOf(2), after: allHad(3), preemptions: 2 },
  'in order': { threads: [worker(1), worker(1), worker(1)], setup: sceneOf(1, { fair: true }), after: allHad(3), preemptions: 1 },
  'two at once': { threads: [worker(1), worker(1), releaser], setup: emptyScene(2), after: allHad(2), preemptions: 2 },
  'two at once, to a waiter and an event loop': {
    threads: [worker(1), loop(1), releaser],
    setup: emptyScene(2),
    after: allHad(2),
    preemptions: 2,
  },
  'after waiting for longer than a millisecond': {
    threads: [worker(2), worker(2)],
    setup: sceneOf(1),
    after: allHad(4),
    preemptions: 2,
    delays: 2,
  },
  'two at once, after waiting for longer': {
    threads: [worker(1), worker(1), releaser],
    setup: emptyScene(2),
    after: allHad(2),
    preemptions: 1,
    delays: 1,
  },
  'a thread and an event loop': { threads: [worker(2), loop(2)], setup: sceneOf(1), after: allHad(4), preemptions: 3 },
  'two that hold': { threads: [holder(2), holder(1)], setup: sceneOf(1), after: allHad(3), preemptions: 2 },
  'one that holds and one that acquires': { threads: [holder(1), worker(2)], setup: sceneOf(1), after: allHad(3), preemptions: 2 },
  'three that hold': { threads: [holder(1), holder(1), holder(1)], setup: sceneOf(3), after: allHad(3), preemptions: 2 },
  'two that hold and one that acquires': {
    threads: [holder(1), holder(1), worker(1)],
    setup: sceneOf(2),
    after: allHad(3),
    preemptions: 1,
  },
  'a time-out': { threads: [hurried, worker(1), worker(1)], setup: sceneOf(1), after: allHad(2), preemptions: 2, timeouts: 1 },
  'an abort': { threads: [aborted, worker(1), worker(1)], setup: sceneOf(1), after: allHad(2), preemptions: 2 },
  'a death of one of two that hold': { threads: [mortal, mortal], setup: sceneOf(1), after: allHad(2), preemptions: 1, deaths: 1 },
  'a death of one of two that hold, of two permits': {
    threads: [mortal, mortal],
    setup: sceneOf(2),
    after: allHad(2),
    preemptions: 2,
    deaths: 1,
  },
  'two deaths': { threads: [mortal, mortal], setup: sceneOf(1), after: allHad(2), preemptions: 1, deaths: 2 },
  'a death of one that holds beside one that acquires': {
    threads: [mortal, worker(1)],
    setup: sceneOf(2),
    after: allHad(2),
    preemptions: 2,
    deaths: 1,
    mayDie: [0],
  },
  'a death of one of three that hold': {
    threads: [mortal, mortal, mortal],
    setup: sceneOf(1),
    after: allHad(3),
    preemptions: 0,
    deaths: 1,
  },
  'a death of an event loop that holds, or beside it': {
    threads: [mortalLoop, mortal],
    setup: sceneOf(1),
    after: allHad(2),
    preemptions: 1,
    deaths: 1,
  },
};
