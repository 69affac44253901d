/**
 * The cases of the Event under every schedule of a few threads: every waiter resumes when it is set, and none that came after `clear()`.
 */

import assert from 'node:assert/strict';
import { joinObject, refOf } from '#src/memory/index.js';
import { Pending } from '#src/loop/index.js';
import { Event } from '#src/sync/index.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { settled } from './loop.js';

interface Scene {
  ref: number;
  passed: { count: number };
}

function sceneOf(heap: ModelHeap): Scene {
  const event = new Event();
  heap.name(event, 'Event', 'event');
  return { ref: refOf(event), passed: { count: 0 } };
}

function eventOf({ ref }: Scene): Event {
  const event = joinObject(ref);
  assert.ok(event instanceof Event);
  return event;
}

const pass = ({ passed }: Scene): void => once(() => void (passed.count += 1));

function waiter(scene: Scene): void {
  assert.equal(eventOf(scene).waitSync(), true);
  pass(scene);
}

function loop(scene: Scene): void {
  assert.equal(settled(eventOf(scene).wait()), true);
  pass(scene);
}

/** Two async waits of one thread. */
function twice(scene: Scene): void {
  const event = eventOf(scene);
  const waits = [event.wait(), event.wait()];
  for (const wait of waits) {
    assert.equal(settled(wait), true);
    pass(scene);
  }
}

/** Hears of the one `set` there is, clears it, and waits once more: in vain. */
function again(scene: Scene): void {
  const event = eventOf(scene);
  assert.equal(event.waitSync(), true);
  event.clear();
  assert.equal(event.waitSync(5), false, 'the set before the clear let it through');
  pass(scene);
}

/** The same with an event loop. */
function loopAgain(scene: Scene): void {
  const event = eventOf(scene);
  assert.equal(settled(event.wait()), true);
  event.clear();
  const operation = event.wait();
  if (operation instanceof Pending) turn(1);
  assert.ok(operation instanceof Pending && operation.isPending, 'the set before the clear let it through');
  operation.catch(() => {});
  operation.reject(new Error('in vain'));
  pass(scene);
}

function hurried(scene: Scene): void {
  if (eventOf(scene).waitSync(5)) pass(scene);
}

function aborted(scene: Scene): void {
  const operation = eventOf(scene).wait();
  if (!(operation instanceof Pending)) return;
  turn(1);
  operation.catch(() => {});
  operation.reject(new Error('aborted'));
}

function setter(scene: Scene): void {
  eventOf(scene).set();
}

/** Sets the event for a moment only, when `waiting` threads are in line. */
const pulse = (waiting: number) =>
  function pulse(scene: Scene): void {
    const event = eventOf(scene);
    while (event.statistics().waiting < waiting);
    event.set();
    event.clear();
  };

const allPassed =
  (count: number) =>
  (scene: Scene, { dead }: ModelEnd): void => {
    assert.ok(scene.passed.count >= count - dead.length, `${scene.passed.count} of ${count} passed`);
    if (dead.length === 0) assert.equal(eventOf(scene).statistics().waiting, 0, 'a waiter is still in line');
  };

export const cases: Record<string, ModelOptions<Scene>> = {
  'a thread': { threads: [waiter, setter], setup: sceneOf, after: allPassed(1), preemptions: Infinity },
  'two threads': { threads: [waiter, waiter, setter], setup: sceneOf, after: allPassed(2), preemptions: 3 },
  'an event loop': { threads: [loop, setter], setup: sceneOf, after: allPassed(1), preemptions: Infinity },
  'a thread and an event loop': { threads: [loop, waiter, setter], setup: sceneOf, after: allPassed(2), preemptions: 2 },
  'two waits of an event loop': { threads: [twice, setter], setup: sceneOf, after: allPassed(2), preemptions: 3 },
  'set for a moment': { threads: [waiter, pulse(1)], setup: sceneOf, after: allPassed(1), preemptions: 4 },
  'set for a moment for two': { threads: [waiter, waiter, pulse(2)], setup: sceneOf, after: allPassed(2), preemptions: 2 },
  'set for a moment for an event loop': { threads: [loop, waiter, pulse(2)], setup: sceneOf, after: allPassed(2), preemptions: 2 },
  'two that set it': { threads: [waiter, setter, setter], setup: sceneOf, after: allPassed(1), preemptions: 2 },
  'a wait after the clear': { threads: [again, setter], setup: sceneOf, after: allPassed(1), preemptions: 3, timeouts: 1 },
  'a wait of an event loop after the clear': {
    threads: [loopAgain, setter],
    setup: sceneOf,
    after: allPassed(1),
    preemptions: 3,
    timeouts: 1,
  },
  'a time-out': { threads: [hurried, waiter, setter], setup: sceneOf, after: allPassed(1), preemptions: 2, timeouts: 1 },
  'an abort': { threads: [aborted, waiter, setter], setup: sceneOf, after: allPassed(1), preemptions: 2, timeouts: 1 },
  'a death of a waiter': {
    threads: [waiter, waiter, setter],
    setup: sceneOf,
    after: allPassed(2),
    preemptions: 1,
    deaths: 1,
    mayDie: [0, 1],
  },
  'a death of a setter': {
    threads: [waiter, loop, setter, setter],
    setup: sceneOf,
    after: allPassed(1),
    preemptions: 1,
    deaths: 1,
    mayDie: [2],
  },
};
