/** The order of acquisition: of arrival with `{ fair: true }`, and after a wait of more than a millisecond; no waiter starves. */

import assert from 'node:assert/strict';
import { Event, Lock, RLock, Semaphore } from 'heddle';
import { type Crew, everywhere, until, untilWaiting } from '../crew.js';
import { acquire, type Form } from '../forms.js';

type Acquirable = Lock | RLock | Semaphore;

/** Resolves when all waiters have waited for more than the millisecond of the rule. */
async function pastTheMillisecond(): Promise<void> {
  const from = performance.now();
  await until(() => performance.now() - from > 5);
}

/** Lets them come one after the other, sync and async in turn, in threads, in processes and here; returns in which order each got it. */
async function arrive(crew: Crew, lock: Acquirable, beforeRelease: () => Promise<void>): Promise<number[]> {
  const turns = new Semaphore(0);
  await lock.acquire();
  const take = async (form: Form): Promise<number> => {
    await acquire(form, lock);
    turns.release();
    const turn = turns.getValue();
    lock.release();
    return turn;
  };
  const order: PromiseLike<number>[] = [];
  for (let n = 0; n < 5; n += 1) {
    const form = n % 2 === 0 ? 'sync' : 'async';
    order.push(n === 3 && !(lock instanceof RLock) ? take('async') : crew.run(take, form));
    await untilWaiting(lock, n + 1);
  }
  await beforeRelease();
  lock.release();
  return Promise.all(order);
}

everywhere('a fair lock is had in order of arrival, sync and async alike', async (crew) => {
  for (const Class of [Lock, RLock]) {
    assert.deepEqual(await arrive(crew, new Class({ fair: true }), async () => {}), [1, 2, 3, 4, 5]);
  }
});

everywhere('waiters of more than a millisecond get it in order of arrival', async (crew) => {
  for (const make of [() => new Lock(), () => new RLock(), () => new Semaphore(1)]) {
    assert.deepEqual(await arrive(crew, make(), pastTheMillisecond), [1, 2, 3, 4, 5]);
  }
});

for (const fair of [false, true]) {
  everywhere(`loops that acquire and release do not starve a waiter${fair ? ', fair' : ''}`, async (crew) => {
    const [lock, stop, started] = [new Lock({ fair }), new Event(), new Semaphore(0)];
    const hogs = crew.bunch(3, (n) => {
      started.release();
      let rounds = 0;
      for (; !stop.isSet(); rounds += 1) {
        lock.acquireSync();
        if (n === 0) for (const end = performance.now() + 0.2; performance.now() < end; );
        lock.release();
      }
      return rounds;
    });
    await until(() => started.getValue() === 3);
    for (let i = 0; i < 5; i += 1) await lock.run(() => {});
    const patient = await Promise.all(
      crew.bunch(2, async (n) => {
        for (let i = 0; i < 5; i += 1) {
          await acquire(n === 0 ? 'sync' : 'async', lock);
          lock.release();
        }
        return 'served';
      }),
    );
    stop.set();
    assert.deepEqual(patient, ['served', 'served']);
    for (const hog of hogs) assert.ok((await hog) > 0);
  });
}

everywhere('loops that take permits do not starve a waiter', async (crew) => {
  const [semaphore, stop, started] = [new Semaphore(2), new Event(), new Semaphore(0)];
  const hogs = crew.bunch(4, () => {
    started.release();
    while (!stop.isSet()) {
      semaphore.acquireSync();
      semaphore.release();
    }
  });
  await until(() => started.getValue() === 4);
  for (let i = 0; i < 10; i += 1) await semaphore.run(() => {});
  stop.set();
  await Promise.all(hogs);
  assert.equal(semaphore.getValue(), 2);
});
