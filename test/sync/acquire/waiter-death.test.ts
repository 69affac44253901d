/** A death while waiting, or while waking others: no other waiter waits in vain, and nothing is lost. */

import assert from 'node:assert/strict';
import { Barrier, BrokenBarrierError, Condition, Event, Lock, OwnerDied, Semaphore } from 'heddle';
import { allReject, until, untilWaiting } from '../crew.js';
import { acquire, type Form, forms, meet, never, waitFor } from '../forms.js';
import { forEachEnd } from '../victim.js';

for (const form of forms) {
  const needs = { isBlocked: form === 'sync' };

  for (const fair of [false, true]) {
    forEachEnd(
      `${form}: the first in line for a lock is gone, the next gets it${fair ? ', fair' : ''}`,
      async (victim, crew) => {
        const lock = new Lock({ fair });
        await lock.acquire();
        victim.run(() => acquire(form, lock));
        await untilWaiting(lock, 1);
        const others = crew.bunch(2, async (n) => {
          const got = await acquire(n === 0 ? 'sync' : 'async', lock);
          lock.release();
          return got;
        });
        await untilWaiting(lock, 3);
        victim.end();
        await victim.ended();
        lock.release();
        for (const other of others) assert.equal(await other, true);
        await lock.acquire();
        lock.release();
        await untilWaiting(lock, 0);
      },
      needs,
    );

    forEachEnd(
      `${form}: it dies just when the lock is released${fair ? ', fair' : ''}`,
      async (victim, crew) => {
        const lock = new Lock({ fair });
        await lock.acquire();
        victim.run(async () => {
          await acquire(form, lock);
          await never();
        });
        await untilWaiting(lock, 1);
        const other = crew.run(async () => {
          try {
            return await lock.acquire();
          } catch (error) {
            return error instanceof OwnerDied; // it had got it, and died with it
          } finally {
            lock.release();
          }
        });
        await untilWaiting(lock, 2);
        victim.end();
        lock.release();
        assert.equal(await other, true);
      },
      needs,
    );
  }

  forEachEnd(
    `${form}: permits that one waited for are all there when it is gone`,
    async (victim, crew) => {
      const semaphore = new Semaphore(2);
      await semaphore.acquire();
      await semaphore.acquire();
      victim.run(() => acquire(form, semaphore));
      await untilWaiting(semaphore, 1);
      const other = crew.run(() => semaphore.acquire());
      await untilWaiting(semaphore, 2);
      victim.end();
      await victim.ended();
      semaphore.release(2);
      assert.equal(await other, true);
      assert.equal(await semaphore.acquire(), true);
      assert.equal(semaphore.getValue(), 0);
    },
    needs,
  );

  forEachEnd(
    `${form}: an event wakes the survivors`,
    async (victim, crew) => {
      const event = new Event();
      victim.run(() => waitFor(form, event));
      await untilWaiting(event, 1);
      const others = crew.bunch(2, (n) => waitFor(n === 0 ? 'sync' : 'async', event));
      await untilWaiting(event, 3);
      victim.end();
      await victim.ended();
      event.set();
      for (const other of others) assert.equal(await other, true);
    },
    needs,
  );

  forEachEnd(
    `${form}: a condition's notify(1) goes to a living waiter`,
    async (victim, crew) => {
      const condition = new Condition();
      const wait = async (how: Form): Promise<boolean> => {
        await acquire(how, condition);
        const isNotified = await waitFor(how, condition);
        condition.release();
        return isNotified;
      };
      victim.run(() => wait(form));
      await until(() => condition.statistics().unnotified === 1);
      const other = crew.run(() => wait('sync'));
      await until(() => condition.statistics().unnotified === 2);
      victim.end();
      await victim.ended();
      await condition.acquire();
      condition.notify();
      condition.release();
      assert.equal(await other, true);
    },
    needs,
  );

  forEachEnd(
    `${form}: a barrier that a party has died at is broken for all`,
    async (victim, crew) => {
      const barrier = new Barrier(5);
      victim.run(() => meet(form, barrier));
      await until(() => barrier.nWaiting === 1);
      const others = crew.bunch(3, (n) => meet(n === 0 ? 'sync' : 'async', barrier));
      await until(() => barrier.nWaiting === 4);
      victim.end();
      await allReject(others, BrokenBarrierError);
      assert.equal(barrier.broken, true);
      await victim.ended();
      barrier.reset();
      for (const each of crew.bunch(4, () => meet('async', barrier))) each.catch(() => {});
      await barrier.wait();
      assert.equal(barrier.broken, false);
    },
    needs,
  );
}

forEachEnd('one that has notified and dies with the lock has notified', async (victim, crew) => {
  const condition = new Condition();
  const waiters = crew.bunch(2, async (n) => {
    const form = n === 0 ? 'sync' : 'async';
    await acquire(form, condition);
    try {
      return await waitFor(form, condition);
    } catch (error) {
      return error instanceof OwnerDied ? 'told' : 'lost';
    } finally {
      condition.release();
    }
  });
  await until(() => condition.statistics().unnotified === 2);
  victim.run(async () => {
    await condition.acquire();
    condition.notifyAll();
    await never();
  });
  await until(() => condition.statistics().unnotified === 0);
  victim.end();
  // The lock had its owner die, so one of them is told.
  assert.deepEqual(new Set(await Promise.all(waiters)), new Set([true, 'told']));
  assert.equal(await condition.acquire(), true);
  condition.release();
});

forEachEnd('one that dies while it notifies, sets and releases leaves everything usable', async (victim, crew) => {
  const [lock, condition, event, semaphore] = [new Lock({ onOwnerDied: 'ignore' }), new Condition(), new Event(), new Semaphore(0)];
  victim.run(async () => {
    for (;;) {
      for (let i = 0; i < 50; i += 1) {
        lock.holdSync()[Symbol.dispose]();
        semaphore.release();
        event.set();
        event.clear();
        using _ = condition.holdSync();
        condition.notifyAll();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const acquired = await Promise.all(crew.bunch(4, () => semaphore.acquire()));
  assert.deepEqual(acquired, [true, true, true, true]);
  victim.end();
  await victim.ended();
  for (const each of crew.bunch(2, () => lock.run(() => true))) assert.equal(await each, true);
  await condition.acquire().catch((error: unknown) => assert.ok(error instanceof OwnerDied));
  condition.release();
  event.clear();
  const waiter = crew.run(() => event.wait());
  await untilWaiting(event, 1);
  event.set();
  assert.equal(await waiter, true);
});
