/**
 * The assertions of CPython's lock_tests.py and _test_multiprocessing on Condition: between threads, between processes, and between both,
 * in both forms. The subject of a condition is a semaphore's value here: a number that all see.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from 'heddle';
import { type Crew, everywhere, inBothForms, until } from '../sync/crew.js';
import { acquire, type Form, waitFor } from '../sync/forms.js';
import { Condition, Lock, RLock, Semaphore } from '../sync/made.js';

const waiting = async (condition: Condition, count: number): Promise<void> => until(() => condition.statistics().unnotified === count);

/** Starts `count` waiters for a notification; they count themselves in `woken`. */
const sleepers = (crew: Crew, form: Form, count: number, condition: Condition, woken: Semaphore, timeout?: number) =>
  crew.bunch(count, async () => {
    await acquire(form, condition);
    const isNotified = await waitFor(form, condition, timeout === undefined ? {} : { timeout });
    woken.release();
    const isHeld = condition.locked();
    condition.release();
    return [isNotified, isHeld];
  });

test('Condition: the lock given is the lock used; the default is a plain one', async () => {
  for (const lock of [new Lock(), new RLock()]) {
    const condition = new Condition(lock);
    await condition.acquire();
    assert.deepEqual([lock.locked(), condition.locked()], [true, true]);
    condition.release();
    assert.deepEqual([lock.locked(), condition.locked()], [false, false]);
  }
  const condition = new Condition();
  await condition.acquire();
  assert.equal(condition.tryAcquire(), false);
  condition.release();
});

for (const Class of [Lock, RLock]) {
  everywhere(`Condition(${Class.name}): wait and notify without the lock are errors`, async (crew) => {
    const condition = new Condition(new Class());
    const tries = async (): Promise<boolean[]> => {
      const calls: (() => unknown)[] = [
        () => condition.wait(),
        () => condition.wait(0),
        () => condition.waitSync(),
        () => condition.notify(),
        () => condition.notifyAll(),
      ];
      const seen: boolean[] = [];
      for (const call of calls) {
        try {
          await call();
          seen.push(false);
        } catch (error) {
          seen.push(error instanceof InvalidStateError);
        }
      }
      return seen;
    };
    const allRefused = [true, true, true, true, true];
    assert.deepEqual(await tries(), allRefused);
    assert.deepEqual(await crew.run(tries), allRefused);
    // Also while another has it.
    await condition.acquire();
    assert.deepEqual(await crew.run(tries), allRefused);
    condition.notify();
    condition.notifyAll();
    condition.release();
    assert.deepEqual(await tries(), allRefused);
  });

  inBothForms(`Condition(${Class.name}): one that waits is notified, and has the lock again`, async (crew, form) => {
    const condition = new Condition(new Class());
    const woken = new Semaphore(0);
    const [sleeper] = sleepers(crew, form, 1, condition, woken);
    await waiting(condition, 1);
    await condition.acquire();
    condition.notify();
    // The waiter cannot resume before the lock is free.
    assert.equal(woken.getValue(), 0);
    condition.release();
    assert.deepEqual(await sleeper, [true, true]);
  });
}

inBothForms('Condition: an RLock taken several times is given up as a whole, and had as often again', async (crew, form) => {
  const lock = new RLock();
  const condition = new Condition(lock);
  const sleeper = crew.run(async () => {
    for (let i = 0; i < 3; i += 1) await acquire(form, condition);
    await waitFor(form, condition);
    let depth = 0;
    while (depth < 3) {
      lock.release();
      depth += 1;
    }
    return lock.locked();
  });
  await waiting(condition, 1);
  // Three releases of the sleeper's have let us in.
  await lock.acquire();
  condition.notify();
  lock.release();
  assert.equal(await sleeper, false);
});

inBothForms('Condition: notify(n) wakes exactly n, notifyAll the rest', async (crew, form) => {
  const condition = new Condition();
  const woken = new Semaphore(0);
  const all = sleepers(crew, form, 6, condition, woken);
  await waiting(condition, 6);
  let left = 6;
  for (const n of [1, 2, Infinity]) {
    await condition.acquire();
    if (n === Infinity) condition.notifyAll();
    else condition.notify(n);
    condition.release();
    left = Math.max(0, left - n);
    await until(() => woken.getValue() === 6 - left);
    await waiting(condition, left);
    assert.equal(woken.getValue(), 6 - left);
  }
  for (const sleeper of all) assert.deepEqual(await sleeper, [true, true]);
});

everywhere('Condition: notify(n) wakes those that came first', async (crew) => {
  const condition = new Condition();
  const order = [new Semaphore(0), new Semaphore(0)];
  const all = [];
  for (let i = 0; i < 4; i += 1) {
    const mine = order[i < 2 ? 0 : 1]!;
    all.push(...sleepers(crew, i % 2 === 0 ? 'sync' : 'async', 1, condition, mine));
    await waiting(condition, i + 1);
  }
  await condition.acquire();
  condition.notify(2);
  condition.release();
  await until(() => order[0]!.getValue() === 2);
  assert.equal(order[1]!.getValue(), 0);
  await condition.acquire();
  condition.notify(100);
  condition.release();
  for (const each of all) await each;
});

inBothForms('Condition: a notify without a waiter is not kept', async (crew, form) => {
  const condition = new Condition();
  await condition.acquire();
  condition.notify();
  condition.notifyAll();
  condition.release();
  const [sleeper] = sleepers(crew, form, 1, condition, new Semaphore(0), 20);
  assert.deepEqual(await sleeper, [false, true]);
});

inBothForms('Condition: a wait gives false after its time, with the lock', async (crew, form) => {
  const condition = new Condition();
  for (const late of sleepers(crew, form, 5, condition, new Semaphore(0), 20)) assert.deepEqual(await late, [false, true]);
  assert.deepEqual([condition.locked(), condition.statistics().unnotified], [false, 0]);
});

inBothForms('Condition: waitFor goes on when its predicate is true', async (crew, form) => {
  const condition = new Condition();
  const state = new Semaphore(0);
  const waiter = crew.run(async () => {
    using _ = await condition.hold();
    const isFour = (): boolean => state.getValue() === 4;
    const value = form === 'sync' ? condition.waitForSync(isFour) : await condition.waitFor(isFour);
    return [value, state.getValue()];
  });
  for (let i = 0; i < 4; i += 1) {
    await waiting(condition, 1);
    await crew.run(() => {
      using _ = condition.holdSync();
      state.release();
      condition.notify();
    });
  }
  assert.deepEqual(await waiter, [true, 4]);
});

inBothForms('Condition: waitFor gives what its predicate gave last when its time is over', async (crew, form) => {
  const condition = new Condition();
  const state = new Semaphore(0);
  const waiter = crew.run(async () => {
    using _ = await condition.hold();
    const predicate = (): number => (state.getValue() === 4 ? 1 : 0);
    const value = form === 'sync' ? condition.waitForSync(predicate, 200) : await condition.waitFor(predicate, 200);
    return [value, condition.locked()];
  });
  for (let i = 0; i < 3; i += 1) {
    using _ = await condition.hold();
    state.release();
    condition.notifyAll();
  }
  assert.deepEqual(await waiter, [0, true]);
  assert.equal(condition.locked(), false);
});

inBothForms('Condition: waitFor that is true at once does not wait', async (crew, form) => {
  const condition = new Condition();
  const value = await crew.run(async () => {
    using _ = await condition.hold();
    return form === 'sync' ? condition.waitForSync(() => 'there', 0) : await condition.waitFor(() => 'there', 0);
  });
  assert.equal(value, 'there');
});
