/**
 * The assertions of CPython's lock_tests.py and _test_multiprocessing on Semaphore and BoundedSemaphore: between threads, between
 * processes, and between both, in both forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everywhere, inBothForms, until, untilWaiting } from '../sync/crew.js';
import { acquire, hold } from '../sync/forms.js';
import { BoundedSemaphore, Semaphore } from '../sync/made.js';

const classes = { Semaphore, BoundedSemaphore };

for (const [name, Class] of Object.entries(classes)) {
  test(`${name}: its value is no negative number`, () => {
    for (const value of [-1, -Infinity, NaN, 0.5]) assert.throws(() => new Class(value), RangeError);
  });

  test(`${name}: the default is one permit`, async () => {
    const semaphore = new Class();
    assert.equal(semaphore.getValue(), 1);
    assert.deepEqual([semaphore.tryAcquire(), semaphore.tryAcquire(), await semaphore.acquire(0)], [true, false, false]);
    semaphore.release();
  });

  everywhere(`${name}: with one permit the second waits for the first`, async (crew) => {
    const semaphore = new Class();
    await semaphore.acquire();
    const other = crew.run(async () => {
      await semaphore.acquire();
      semaphore.release();
      return 'passed';
    });
    await untilWaiting(semaphore, 1);
    assert.equal(other.done(), false);
    semaphore.release();
    assert.equal(await other, 'passed');
  });

  inBothForms(`${name}: its value counts down and up, for all`, async (crew, form) => {
    const semaphore = new Class(2);
    const values = await crew.run(async () => {
      const seen = [semaphore.getValue()];
      for (let i = 0; i < 2; i += 1) {
        await acquire(form, semaphore);
        seen.push(semaphore.getValue());
      }
      seen.push((await acquire(form, semaphore, 0)) ? 1 : -1);
      return seen;
    });
    assert.deepEqual(values, [2, 1, 0, -1]);
    assert.equal(semaphore.getValue(), 0);
    semaphore.release();
    semaphore.release();
    assert.equal(await crew.run(() => semaphore.getValue()), 2);
  });

  inBothForms(`${name}: with 3, exactly 3 pass, and each release lets one more in`, async (crew, form) => {
    const semaphore = new Class(3);
    const passed = new Semaphore(0);
    const others = crew.bunch(5, async () => {
      await acquire(form, semaphore);
      passed.release();
    });
    await until(() => passed.getValue() === 3);
    await untilWaiting(semaphore, 2);
    assert.equal(passed.getValue(), 3);
    semaphore.release();
    await until(() => passed.getValue() === 4);
    await untilWaiting(semaphore, 1);
    assert.equal(passed.getValue(), 4);
    semaphore.release();
    for (const other of others) await other;
    assert.deepEqual([passed.getValue(), semaphore.getValue()], [5, 0]);
    semaphore.release(3);
  });

  inBothForms(`${name}: several are released at once`, async (crew, form) => {
    const semaphore = new Class(4);
    for (let i = 0; i < 4; i += 1) await semaphore.acquire();
    const passed = new Semaphore(0);
    const others = crew.bunch(4, async () => {
      await acquire(form, semaphore);
      passed.release();
    });
    await untilWaiting(semaphore, 4);
    semaphore.release(3);
    await until(() => passed.getValue() === 3);
    await untilWaiting(semaphore, 1);
    semaphore.release(1);
    for (const other of others) await other;
    assert.deepEqual([passed.getValue(), semaphore.getValue()], [4, 0]);
    for (const n of [0, -1, 1.5]) assert.throws(() => semaphore.release(n), RangeError);
    semaphore.release(4);
  });

  everywhere(`${name}: of many tries as many succeed as there are permits`, async (crew) => {
    const semaphore = new Class(4);
    const tries = await Promise.all(crew.bunch(6, () => [semaphore.tryAcquire(), semaphore.tryAcquire()]));
    assert.equal(tries.flat().filter(Boolean).length, 4);
    assert.equal(semaphore.getValue(), 0);
    semaphore.release(4);
  });

  inBothForms(`${name}: an acquire gives false after its time, and true if there was one`, async (crew, form) => {
    const semaphore = new Class(1);
    const take = async (timeout: number): Promise<boolean> => acquire(form, semaphore, { timeout });
    assert.equal(await crew.run(take, 0), true);
    assert.equal(await crew.run(take, 0), false);
    assert.equal(await crew.run(take, 20), false);
    assert.equal(semaphore.statistics().waiting, 0);
    const late = crew.run(take, 50_000);
    await untilWaiting(semaphore, 1);
    semaphore.release();
    assert.equal(await late, true);
    semaphore.release();
    assert.throws(() => semaphore.acquireSync(-1), RangeError);
  });

  inBothForms(`${name}: the end of a block gives it back, also by an error`, async (crew, form) => {
    const semaphore = new Class(2);
    const failing = crew.run(async () => {
      using _outer = await hold(form, semaphore);
      using _inner = await hold(form, semaphore);
      throw new TypeError(`with ${semaphore.getValue()} left`);
    });
    await assert.rejects(failing, { name: 'TypeError', message: 'with 0 left' });
    assert.equal(semaphore.getValue(), 2);
    assert.equal(await crew.run(() => semaphore.run(() => semaphore.getValue())), 1);
    assert.equal(semaphore.getValue(), 2);
  });
}

everywhere('Semaphore: a release may go above the start, by any thread', async (crew) => {
  const semaphore = new Semaphore(2);
  semaphore.release();
  await crew.run(() => semaphore.release());
  assert.equal(semaphore.getValue(), 4);
});

everywhere('BoundedSemaphore: a release above the start is an error, and changes nothing', async (crew) => {
  const semaphore = new BoundedSemaphore(2);
  assert.throws(() => semaphore.release(), RangeError);
  await assert.rejects(
    crew.run(() => semaphore.release()),
    RangeError,
  );
  await semaphore.acquire();
  assert.throws(() => semaphore.release(2), RangeError);
  assert.equal(semaphore.getValue(), 1);
  await crew.run(() => semaphore.release());
  await assert.rejects(
    crew.run(() => semaphore.release()),
    RangeError,
  );
  assert.equal(semaphore.getValue(), 2);
});
