/** Semaphore and BoundedSemaphore: what one thread can see of them. Between threads and processes: test/python/shared-semaphores.test.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { TimeoutError } from 'heddle';
import { spawn } from 'heddle/coroutine';
import { BoundedSemaphore, Semaphore } from '../made.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

for (const Class of [Semaphore, BoundedSemaphore]) {
  const { name } = Class;

  test(`${name}: the value is what was taken and given back`, async () => {
    const semaphore = new Class(3);
    assert.equal(semaphore.getValue(), 3);
    assert.equal(semaphore.acquireSync(), true);
    assert.equal(await semaphore.acquire(), true);
    assert.equal(semaphore.tryAcquire(), true);
    assert.equal(semaphore.getValue(), 0);
    assert.equal(semaphore.locked(), true);
    assert.equal(semaphore.tryAcquire(), false);
    assert.equal(semaphore.acquireSync(0), false);
    assert.equal(semaphore.acquireSync(3), false);
    assert.equal(await semaphore.acquire(3), false);
    semaphore.release(2);
    assert.equal(semaphore.getValue(), 2);
    semaphore.release();
    assert.deepEqual(semaphore.statistics(), { value: 3, held: 0, waiting: 0 });
  });

  test(`${name}: held permits are in the books, and leave them`, async () => {
    const semaphore = new Class(4);
    {
      using one = semaphore.holdSync();
      using two = await semaphore.hold();
      assert.ok(one !== two);
      semaphore.acquireSync();
      assert.deepEqual(semaphore.statistics(), { value: 1, held: 2, waiting: 0 });
      one[Symbol.dispose]();
      assert.deepEqual(semaphore.statistics(), { value: 2, held: 1, waiting: 0 });
    }
    assert.deepEqual(semaphore.statistics(), { value: 3, held: 0, waiting: 0 });
    assert.equal(await semaphore.run(async () => semaphore.statistics().held), 1);
    await assert.rejects(
      semaphore.run(() => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.deepEqual(semaphore.statistics(), { value: 3, held: 0, waiting: 0 });
  });

  test(`${name}: each release lets in as many as it gives`, async () => {
    const semaphore = new Class(9);
    for (let i = 0; i < 9; i += 1) semaphore.acquireSync();
    const entered: number[] = [];
    const all = Array.from({ length: 9 }, (_, n) => semaphore.acquire().then(() => entered.push(n)));
    await ticks();
    assert.deepEqual(entered, []);
    semaphore.release();
    await ticks();
    assert.deepEqual(entered, [0]);
    semaphore.release(3);
    await ticks();
    assert.deepEqual(entered, [0, 1, 2, 3]);
    semaphore.release(5);
    await Promise.all(all);
    assert.deepEqual(entered, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(semaphore.statistics(), { value: 0, held: 0, waiting: 0 });
  });

  test(`${name}: holders and acquirers share one line`, async () => {
    const semaphore = new Class(2);
    semaphore.acquireSync();
    semaphore.acquireSync();
    const first = semaphore.hold();
    const second = semaphore.acquire();
    const third = semaphore.hold();
    semaphore.release(2);
    const guard = await first;
    await second;
    assert.deepEqual(semaphore.statistics(), { value: 0, held: 1, waiting: 1 });
    guard[Symbol.dispose]();
    (await third)[Symbol.dispose]();
    assert.deepEqual(semaphore.statistics(), { value: 1, held: 0, waiting: 0 });
  });

  test(`${name}: a wait that ends early takes no permit`, async () => {
    const semaphore = new Class(1);
    const guard = semaphore.holdSync();
    const control = new AbortController();
    const aborted = semaphore.hold({ signal: control.signal });
    const late = semaphore.hold(1);
    const killed = spawn(function* () {
      yield* semaphore.hold();
    });
    await assert.rejects(late, TimeoutError);
    assert.throws(() => semaphore.holdSync(1), TimeoutError);
    control.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    await killed.kill();
    assert.deepEqual(semaphore.statistics(), { value: 0, held: 1, waiting: 0 });
    guard[Symbol.dispose]();
    assert.deepEqual(semaphore.statistics(), { value: 1, held: 0, waiting: 0 });
  });

  test(`${name}: a greenlet that is killed when it has the permit, and has not seen it, returns it`, async () => {
    const semaphore = new Class(1);
    const guard = semaphore.holdSync();
    const greenlet = spawn(function* () {
      yield* semaphore.hold();
      assert.fail('it went on');
    });
    await ticks();
    guard[Symbol.dispose]();
    await greenlet.kill();
    assert.deepEqual(semaphore.statistics(), { value: 1, held: 0, waiting: 0 });
  });

  test(`${name}: wrong arguments are refused`, () => {
    for (const value of [-1, 0.5, NaN, 2 ** 30]) assert.throws(() => new Class(value), RangeError);
    assert.throws(() => new Class('1' as never), TypeError);
    assert.throws(() => new Class(1, { fast: true } as object), TypeError);
    assert.throws(() => new Class(1, { fair: 1 as never }), TypeError);
    for (const n of [0, -1, 0.5]) assert.throws(() => new Class().release(n), RangeError);
  });

  test(`${name}: it tells how many permits there are, and may be`, () => {
    const of = Class === BoundedSemaphore ? ' of 3 permits' : ' permits';
    const semaphore = new Class(3);
    assert.equal(inspect(semaphore), `<${name} with 3${of}>`);
    semaphore.tryAcquire();
    assert.equal(inspect(semaphore), `<${name} with 2${of}>`);
    assert.equal(String(semaphore), `<${name} with 2${of}>`);
  });
}

test('a semaphore of one permit is printed with one permit', () => {
  assert.equal(inspect(new Semaphore(1)), '<Semaphore with 1 permit>');
  assert.equal(inspect(new BoundedSemaphore(1)), '<BoundedSemaphore with 1 of 1 permits>');
});

test('a semaphore has only possible values', () => {
  const semaphore = new Semaphore();
  semaphore.release(2 ** 30 - 2);
  assert.equal(semaphore.getValue(), 2 ** 30 - 1);
  assert.throws(() => semaphore.release(), RangeError);
  assert.equal(semaphore.getValue(), 2 ** 30 - 1);
  using guard = semaphore.holdSync();
  assert.ok(guard);
  assert.equal(semaphore.getValue(), 2 ** 30 - 2);
});

test('a bounded semaphore refuses one release too many', () => {
  const semaphore = new BoundedSemaphore(2);
  assert.throws(() => semaphore.release(), { name: 'RangeError', message: /at most the 0 permits/ });
  semaphore.acquireSync();
  assert.throws(() => semaphore.release(2), RangeError);
  assert.equal(semaphore.getValue(), 1);
  const guard = semaphore.holdSync();
  semaphore.release(2);
  // The guard's permits have been returned by another thread.
  assert.throws(() => guard[Symbol.dispose](), RangeError);
  assert.deepEqual(semaphore.statistics(), { value: 2, held: 0, waiting: 0 });
});

test('a strict semaphore lets no newcomer in before waiters', async () => {
  const semaphore = new Semaphore(1, { fair: true });
  semaphore.acquireSync();
  const first = semaphore.acquire();
  semaphore.release();
  assert.equal(semaphore.tryAcquire(), false);
  await first;
  semaphore.release();
  assert.equal(semaphore.tryAcquire(), true);
});
