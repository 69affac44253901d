/** A getter that is never quick enough has its turn: what comes next is reserved for it. Threads on memory of this thread alone, one acting at a time. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Queue } from '#src/channel/index.js';
import { become, joinObject, refOf } from '#src/memory/index.js';
import { type PlainThread, PlainWorld } from '../memory/heap/plain-memory.js';

interface Scene {
  readonly world: PlainWorld;
  /** The queue, as a thread sees it that acts from now on. */
  as(thread: 'slow' | 'quick'): Queue<number>;
}

function scene(): Scene {
  const world = new PlainWorld();
  // As on a machine that has run for a while.
  world.clock = 1000;
  const threads: Record<'slow' | 'quick', PlainThread> = { slow: world.thread(), quick: world.thread() };
  become(threads.slow.agent);
  const queue = new Queue<number>();
  const ref = refOf(queue);
  let other: Queue<number> | undefined;
  return {
    world,
    as: (thread) => {
      become(threads[thread].agent);
      return thread === 'slow' ? queue : (other ??= joinObject(ref) as Queue<number>);
    },
  };
}

/** The slow thread waits in `getSync`; what happens during its sleeps, one after the other. */
function waitSlowly({ world, as }: Scene, sleeps: readonly (() => void)[]): number {
  let at = 0;
  world.whileAsleep = () => {
    const step = sleeps[at]!;
    at += 1;
    const { whileAsleep } = world;
    world.whileAsleep = undefined;
    step();
    as('slow');
    world.whileAsleep = whileAsleep;
  };
  return as('slow').getSync();
}

test('a getter that was called in vain and has waited long reserves the next item: a newcomer stands in line, and does not take it at once', () => {
  const it = scene();
  const { world, as } = it;
  const sleptBefore: number[] = [];
  const takeQuickly = (): void => {
    const queue = as('quick');
    const { sleeps } = world;
    queue.putSync(1);
    assert.equal(queue.getSync(), 1);
    sleptBefore.push(world.sleeps - sleeps);
  };
  const got = waitSlowly(it, [
    // In vain, but it has not waited long.
    takeQuickly,
    () => {
      world.clock += 5;
      takeQuickly();
    },
    // Now it is reserved: the quick thread leaves it for a moment. As the slow one stands still, it takes it then, and the reservation is over.
    takeQuickly,
    () => as('quick').putSync(2),
  ]);
  assert.equal(got, 2);
  assert.deepEqual(sleptBefore, [0, 0, 1]);
});

test('a get that does not wait takes what is reserved', () => {
  const it = scene();
  const { world, as } = it;
  const takeNow = (): void => {
    const queue = as('quick');
    world.clock += 5;
    queue.putSync(1);
    const { sleeps } = world;
    assert.deepEqual([queue.getSync(0), world.sleeps - sleeps], [1, 0]);
  };
  assert.equal(waitSlowly(it, [takeNow, takeNow, takeNow, () => as('quick').putSync(2)]), 2);
});

test('a getter that has its item ends the reservation', () => {
  const it = scene();
  const { world, as } = it;
  const got = waitSlowly(it, [
    () => {
      world.clock += 5;
      const queue = as('quick');
      queue.putSync(1);
      queue.getNowait();
    },
    () => as('quick').putSync(2),
  ]);
  assert.equal(got, 2);
  const queue = as('quick');
  queue.putSync(3);
  const { sleeps } = world;
  assert.deepEqual([queue.getSync(), world.sleeps - sleeps], [3, 0]);
});

test('a get waits for its whole time, also where it is called in vain', () => {
  const { world, as } = scene();
  let calls = 0;
  world.whileAsleep = () => {
    const { whileAsleep } = world;
    world.whileAsleep = undefined;
    world.clock += 1;
    if ((calls += 1) % 3 === 0) {
      const queue = as('quick');
      queue.putSync(calls);
      queue.getNowait();
    }
    as('slow');
    world.whileAsleep = whileAsleep;
  };
  const begin = world.clock;
  assert.throws(() => as('slow').getSync(30), { name: 'Empty' });
  assert.ok(world.clock - begin >= 30, `${world.clock - begin} ms`);
  assert.equal(as('slow').statistics().waitingGetters, 0);
});
