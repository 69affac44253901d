/**
 * Threads that sleep in a Sync call when a party dies, and nothing else waits for the same object: no event loop whose probes could find the death
 * for them. This thread only looks at numbers meanwhile.
 */

import assert from 'node:assert/strict';
import { Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, OwnerDied, RLock, Semaphore } from 'heddle';
import { until, untilWaiting } from '../crew.js';
import { never } from '../forms.js';
import { forEachEnd } from '../victim.js';

type Owned = Lock | RLock | Condition;
const nameOf = (error: unknown): string => (error instanceof OwnerDied ? 'told' : String(error));

forEachEnd('acquireSync that sleeps gets what the dead one had', async (victim, crew) => {
  const locks: Owned[] = [new Lock(), new RLock(), new Condition()];
  const semaphores = [new Semaphore(1), new BoundedSemaphore(1)];
  victim.run(async () => {
    for (const lock of locks) await lock.acquire();
    for (const semaphore of semaphores) await semaphore.hold();
    await never();
  });
  await until(() => semaphores.every((semaphore) => semaphore.locked()));
  const told = locks.map((lock) =>
    crew.run(() => {
      try {
        return lock.acquireSync();
      } catch (error) {
        return nameOf(error);
      } finally {
        lock.release();
      }
    }),
  );
  const got = semaphores.map((semaphore) => crew.run(() => semaphore.acquireSync()));
  for (const object of [...locks, ...semaphores]) await untilWaiting(object, 1);
  victim.end();
  assert.deepEqual(await Promise.all(told), ['told', 'told', 'told']);
  assert.deepEqual(await Promise.all(got), [true, true]);
});

forEachEnd('holdSync, waitSync and waitForSync that sleep hear of the dead one', async (victim, crew) => {
  const [lock, rlock, semaphore] = [new Lock(), new RLock(), new Semaphore(1)];
  const conditions = [new Condition(), new Condition(new RLock())];
  const barrier = new Barrier(3);
  const toldBy = (wait: () => unknown): unknown => {
    try {
      return wait();
    } catch (error) {
      return nameOf(error);
    }
  };
  const waits = [
    () => toldBy(() => conditions[0]!.acquireSync() && conditions[0]!.waitSync()),
    () => toldBy(() => conditions[1]!.acquireSync() && conditions[1]!.waitForSync(() => false)),
  ].map((wait) => crew.run(wait));
  await until(() => conditions.every((condition) => condition.statistics().unnotified === 1));
  victim.run(async () => {
    await lock.acquire();
    await rlock.acquire();
    await semaphore.hold();
    for (const condition of conditions) await condition.acquire();
    await barrier.wait();
  });
  await until(() => barrier.nWaiting === 1);
  const holds = [
    () => toldBy(() => lock.holdSync()),
    () => toldBy(() => rlock.holdSync()),
    () => toldBy(() => typeof semaphore.holdSync()[Symbol.dispose]),
  ].map((wait) => crew.run(wait));
  const met = crew.run(() => {
    try {
      return barrier.waitSync();
    } catch (error) {
      return error instanceof BrokenBarrierError;
    }
  });
  for (const object of [lock, rlock, semaphore]) await untilWaiting(object, 1);
  await until(() => barrier.nWaiting === 2);
  victim.end();
  assert.deepEqual(await Promise.all(waits), ['told', 'told']);
  assert.deepEqual(await Promise.all(holds), ['told', 'told', 'function']);
  assert.equal(await met, true);
});

forEachEnd('a thread that sleeps behind a dead one has its turn', async (victim, crew) => {
  const [lock, fair, semaphore] = [new Lock(), new Lock({ fair: true }), new Semaphore(0)];
  const condition = new Condition();
  lock.acquireSync();
  fair.acquireSync();
  victim.run(async () => {
    await condition.acquire();
    await Promise.all([condition.wait(), lock.acquire(), fair.acquire(), semaphore.acquire()]);
    await never();
  });
  await until(() => condition.statistics().unnotified === 1);
  const behind = [
    () => lock.acquireSync(),
    () => fair.acquireSync(),
    () => semaphore.acquireSync(),
    () => condition.acquireSync() && condition.waitSync(),
  ].map((wait) => crew.run(wait));
  for (const object of [lock, fair, semaphore]) await untilWaiting(object, 2);
  await until(() => condition.statistics().unnotified === 2);
  // The notification of a dead waiter is lost with it.
  condition.acquireSync();
  condition.notify();
  victim.end();
  await victim.ended();
  condition.release();
  lock.release();
  fair.release();
  semaphore.release();
  assert.deepEqual(await Promise.all(behind), [true, true, true, true]);
});

forEachEnd(
  'a party that sleeps at a barrier is told when another dies in its action',
  async (victim, crew) => {
    const begun = new Event();
    const never = new Event();
    const action = (): void => {
      begun.set();
      never.waitSync();
    };
    const barrier = new Barrier(3, { action });
    const others = [0, 1].map(() =>
      crew.run(() => {
        try {
          return barrier.waitSync();
        } catch (error) {
          return error instanceof BrokenBarrierError;
        }
      }),
    );
    await until(() => barrier.nWaiting === 2);
    victim.run(() => barrier.waitSync());
    await until(() => begun.isSet());
    victim.end();
    assert.deepEqual(await Promise.all(others), [true, true]);
  },
  { isBlocked: true },
);
