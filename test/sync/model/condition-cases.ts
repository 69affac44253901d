/**
 * The cases of the Condition under every schedule of a few threads. A notification is lost neither between the look and the sleep, nor with
 * a waiter that gives up or dies, and the lock is held whenever a wait is over.
 */

import assert from 'node:assert/strict';
import { OwnerDied } from '#src/errors.js';
import { Pending } from '#src/loop/index.js';
import { type Block, joinObject, refOf } from '#src/memory/index.js';
import { Condition } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { load, store } from '#src/atomics';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { settled } from './loop.js';

dontSpin();

interface Scene {
  ref: number;
  /** The number of items to be taken. */
  items: Block;
  seen: { inside: number; done: number; told: number };
}

function sceneOf(heap: ModelHeap): Scene {
  const condition = new Condition();
  heap.name(condition, 'Condition', 'condition');
  return { ref: refOf(condition), items: heap.take(1, 'items'), seen: { inside: 0, done: 0, told: 0 } };
}

function conditionOf({ ref }: Scene): Condition {
  const condition = joinObject(ref);
  assert.ok(condition instanceof Condition);
  return condition;
}

const itemsOf = ({ items }: Scene): number => load(items.words, items.at);
const setItems = ({ items }: Scene, count: number): void => void store(items.words, items.at, count);

/** One has the lock at a time. */
function inside({ seen }: Scene): void {
  once(() => {
    seen.inside += 1;
    assert.equal(seen.inside, 1, 'two have the lock');
  });
  once(() => void (seen.inside -= 1));
}

const done = ({ seen }: Scene): void => once(() => void (seen.done += 1));

/** Takes an item. */
function consumer(scene: Scene): void {
  const condition = conditionOf(scene);
  condition.acquireSync();
  while (itemsOf(scene) === 0) {
    assert.equal(condition.waitSync(), true);
    inside(scene);
  }
  setItems(scene, itemsOf(scene) - 1);
  done(scene);
  condition.release();
}

function loop(scene: Scene): void {
  const condition = conditionOf(scene);
  settled(condition.acquire());
  while (itemsOf(scene) === 0) {
    assert.equal(settled(condition.wait()), true);
    inside(scene);
  }
  setItems(scene, itemsOf(scene) - 1);
  done(scene);
  condition.release();
}

function waitingFor(scene: Scene): void {
  const condition = conditionOf(scene);
  settled(condition.acquire());
  assert.equal(settled(condition.waitFor(() => itemsOf(scene) > 0)), true);
  setItems(scene, itemsOf(scene) - 1);
  done(scene);
  condition.release();
}

/** Brings `count` items, and notifies one waiter for each. */
const producer = (count: number) =>
  function producer(scene: Scene): void {
    const condition = conditionOf(scene);
    for (let i = 0; i < count; i += 1) {
      condition.acquireSync();
      setItems(scene, itemsOf(scene) + 1);
      condition.notify();
      condition.release();
    }
  };

/** Brings `count` items at once. */
const supplier = (count: number) =>
  function supplier(scene: Scene): void {
    const condition = conditionOf(scene);
    condition.acquireSync();
    setItems(scene, count);
    condition.notifyAll();
    condition.release();
  };

/** Takes an item if one comes in time. */
function hurried(scene: Scene): void {
  const condition = conditionOf(scene);
  condition.acquireSync();
  if (itemsOf(scene) === 0 && !condition.waitSync(5)) {
    inside(scene);
    condition.release();
    return;
  }
  inside(scene);
  if (itemsOf(scene) > 0) {
    setItems(scene, itemsOf(scene) - 1);
    done(scene);
  }
  condition.release();
}

/** Leaves what came in time to the next. */
function polite(scene: Scene): void {
  const condition = conditionOf(scene);
  condition.acquireSync();
  if (itemsOf(scene) === 0 && condition.waitSync(5)) condition.notify();
  condition.release();
}

/** The wait is ended from outside, and takes nothing. */
function aborted(scene: Scene): void {
  const condition = conditionOf(scene);
  settled(condition.acquire());
  if (itemsOf(scene) === 0) {
    const operation = condition.wait();
    operation.catch(() => {});
    turn(1);
    if (operation instanceof Pending) operation.reject(new Error('aborted'));
    try {
      settled(operation);
    } catch (error) {
      assert.match(String(error), /aborted/);
    }
    inside(scene);
    // The waiter was notified before that, and takes nothing: it is another one's turn.
    condition.notify();
  }
  condition.release();
}

/** Waits until there is an item, which stays, and tells the next. */
function passer(scene: Scene): void {
  const condition = conditionOf(scene);
  told(scene, () => condition.acquireSync());
  while (itemsOf(scene) === 0) told(scene, () => condition.waitSync());
  done(scene);
  condition.notify();
  condition.release();
}

function passingLoop(scene: Scene): void {
  const condition = conditionOf(scene);
  told(scene, () => settled(condition.acquire()));
  while (itemsOf(scene) === 0) told(scene, () => settled(condition.wait()));
  done(scene);
  condition.notify();
  condition.release();
}

function told({ seen }: Scene, wait: () => boolean): void {
  try {
    wait();
  } catch (error) {
    if (!(error instanceof OwnerDied)) throw error;
    once(() => void (seen.told += 1));
  }
}

/** Brings one, and may die. */
function bringer(scene: Scene): void {
  const condition = conditionOf(scene);
  told(scene, () => condition.acquireSync());
  setItems(scene, 1);
  condition.notify();
  condition.release();
}

const allDone =
  (count: number) =>
  (scene: Scene, { dead }: ModelEnd): void => {
    assert.ok(scene.seen.done >= count - dead.length, `${scene.seen.done} of ${count} had what they waited for`);
    assert.ok(scene.seen.told <= dead.length, 'told more often than threads died');
    const condition = conditionOf(scene);
    if (dead.length > 0) return;
    assert.deepEqual(condition.statistics(), { locked: false, waiting: 0, unnotified: 0 });
  };

export const cases: Record<string, ModelOptions<Scene>> = {
  'one that waits': { threads: [consumer, producer(1)], setup: sceneOf, after: allDone(1), preemptions: 3 },
  'two that wait': { threads: [consumer, consumer, producer(2)], setup: sceneOf, after: allDone(2), preemptions: 1 },
  'two that wait, notified at once': { threads: [consumer, consumer, supplier(2)], setup: sceneOf, after: allDone(2), preemptions: 1 },
  'an event loop': { threads: [loop, producer(1)], setup: sceneOf, after: allDone(1), preemptions: 3 },
  'a thread and an event loop': { threads: [consumer, loop, producer(2)], setup: sceneOf, after: allDone(2), preemptions: 1 },
  'an event loop with a predicate': { threads: [waitingFor, producer(1)], setup: sceneOf, after: allDone(1), preemptions: 2 },
  'a time-out': { threads: [hurried, producer(1)], setup: sceneOf, after: allDone(0), preemptions: 2, timeouts: 1 },
  'a time-out beside one that waits': {
    threads: [hurried, consumer, producer(2)],
    setup: sceneOf,
    after: allDone(1),
    preemptions: 1,
    timeouts: 1,
  },
  "a time-out, and a notification that is another one's": {
    threads: [polite, consumer, producer(1)],
    setup: sceneOf,
    after: allDone(1),
    preemptions: 1,
    timeouts: 1,
  },
  'an abort beside one that waits': {
    threads: [aborted, consumer, producer(1)],
    setup: sceneOf,
    after: allDone(1),
    preemptions: 1,
    timeouts: 1,
  },
  'a death of one of two that wait': {
    threads: [passer, passer, bringer],
    setup: sceneOf,
    after: allDone(2),
    preemptions: 1,
    deaths: 1,
    mayDie: [0],
  },
  'a death of a thread or an event loop that waits': {
    threads: [passer, passingLoop, bringer],
    setup: sceneOf,
    after: allDone(2),
    preemptions: 1,
    deaths: 1,
    mayDie: [0, 1],
  },
  'a death of one that notifies': {
    threads: [passer, bringer, bringer],
    setup: sceneOf,
    after: allDone(1),
    preemptions: 1,
    deaths: 1,
    mayDie: [1],
  },
  'a death of one that notifies an event loop': {
    threads: [passingLoop, bringer, bringer],
    setup: sceneOf,
    after: allDone(1),
    preemptions: 1,
    deaths: 1,
    mayDie: [1],
  },
};
