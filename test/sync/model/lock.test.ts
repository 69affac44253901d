/**
 * The Lock under every schedule of a few threads: that one has it at a time, that nobody sleeps for ever while it is free, that time-outs, kills and
 * event loops leave it right. Slices and ticks come only after a death, so a lost wake-up is a deadlock here.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Pending } from '#dist/loop/index.js';
import { joinObject } from '#dist/memory/index.js';
import { Lock } from '#dist/sync/index.js';
import { model, type ModelHeap, type ModelOptions, once, turn } from '#dist/testing/model/index.js';
import { dontSpin } from '#dist/sync/spin.js';
import { share } from './share.js';

// Who spins takes it when it is released, and what is behind would be tried by few schedules.
dontSpin();

interface Scene {
  ref: number;
  /** Who is in the critical section, and how often somebody was. */
  inside: { count: number; entered: number; most: number };
}

const FAIR = 1;

const sceneOf =
  (flags = 0) =>
  (heap: ModelHeap): Scene => ({ ref: share(heap, 2, 'lock', { 1: flags }).ref, inside: { count: 0, entered: 0, most: 0 } });

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

/** The same without blocking: its event loop turns until it has it. */
const loop = (times: number) =>
  function loop(scene: Scene): void {
    const lock = lockOf(scene);
    for (let i = 0; i < times; i += 1) {
      const operation = lock.acquire();
      while (operation instanceof Pending && operation.isPending) turn();
      section(scene, lock);
    }
  };

const allHad = (times: number) => (scene: Scene) => {
  assert.equal(scene.inside.entered, times);
  const lock = lockOf(scene);
  assert.equal(lock.locked(), false);
  assert.equal(lock.statistics().waiting, 0, 'somebody is still in line');
};

const show = (name: string, found: object): void => console.log(name, JSON.stringify(found));

const cases: Record<string, ModelOptions<Scene>> = {
  'two threads': { threads: [worker(2), worker(2)], setup: sceneOf(), after: allHad(4), preemptions: 3 },
  'three threads': { threads: [worker(1), worker(1), worker(1)], setup: sceneOf(), after: allHad(3), preemptions: 2 },
  'two threads, strictly in order': { threads: [worker(2), worker(1)], setup: sceneOf(FAIR), after: allHad(3), preemptions: 2 },
  'three threads, strictly in order': {
    threads: [worker(1), worker(1), worker(1)],
    setup: sceneOf(FAIR),
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
};

for (const [name, options] of Object.entries(cases)) {
  test(`${name}: two have it, or one sleeps while it is free`, () => {
    const found = model(options);
    show(name, found);
    assert.equal(found.isComplete, true);
  });
}
