/**
 * The objects of an item live in the shared heap as long as the item can come out of its queue, and no longer: also where threads and
 * processes end in the middle.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Lock, Queue, SimpleQueue } from 'heddle';
import { heapStatistics } from 'heddle/lowlevel';
import { settle, untilFreed } from '../shared/freed.js';
import { until } from '../sync/crew.js';
import { forEachEnd } from '../sync/victim.js';

const patient = { timeout: 60_000 };
/** Longer than what others may allocate meanwhile. */
const size = 2 ** 20;

const used = (): number => heapStatistics().used;
const count = (kind: string): number => heapStatistics().objects[kind] ?? 0;

test('a dropped queue drops what it holds: large items, handles, itself, and queues that hold each other', patient, async () => {
  await settle();
  const before = [count('Queue'), count('SimpleQueue'), count('Event'), used()] as const;
  const fill = (): void => {
    const [one, other, own] = [new Queue(), new SimpleQueue(), new Queue()];
    one.putSync({ other, event: new Event(), bytes: new Uint8Array(size) });
    other.putSync([one, new Uint8Array(size)]);
    own.putManySync([own, { own, event: new Event() }, new Uint8Array(size)]);
  };
  for (let i = 0; i < 5; i += 1) fill();
  assert.ok(used() > before[3] + 15 * size);
  await untilFreed(
    () => count('Queue') <= before[0] && count('SimpleQueue') <= before[1] && count('Event') <= before[2] && used() < before[3] + size,
  );
});

test('what an immediate shutdown throws away is freed', patient, async () => {
  await settle();
  const before = used();
  const queue = new Queue();
  queue.putManySync([new Uint8Array(size), [new Event(), new Uint8Array(size)]]);
  queue.shutdown({ immediate: true });
  await untilFreed(() => used() < before + size);
});

forEachEnd('an item with which it waited for room is freed', async (victim) => {
  await settle();
  const queue = new Queue(1);
  await queue.put(0);
  const before = used();
  victim.run(() =>
    Promise.all([queue.put([new Lock(), new Uint8Array(size)]), queue.putMany([[new Uint8Array(size)], new Uint8Array(size)])]),
  );
  await until(() => queue.statistics().waitingPutters === 1 && used() >= before + 3 * size);
  victim.end();
  await victim.ended();
  await untilFreed(() => used() < before + size);
  assert.equal(await queue.get(), 0);
  assert.ok(queue.empty());
});

forEachEnd('an item in its hands is freed', async (victim) => {
  await settle();
  const before = used();
  const queue = new Queue();
  // The module of the function is loaded before the item is opened, and its import never ends there.
  Object.assign(globalThis, { [Symbol.for('heddle.test.may-load')]: true });
  const { neverElsewhere } = await import('./never-loaded.js');
  await queue.put([neverElsewhere, new Lock(), new Uint8Array(size)]);
  assert.ok(used() >= before + size);
  const isLoading = new Event();
  victim.run(() => {
    Object.assign(globalThis, { [Symbol.for('heddle.test.loading')]: isLoading });
    return queue.get();
  });
  await isLoading.wait();
  victim.end();
  await victim.ended();
  await untilFreed(() => used() < before + size);
  await queue.put(1);
  assert.equal(await queue.get(), 1);
});
