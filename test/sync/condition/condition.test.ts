/** Condition: what one thread can see of it. Between threads and processes: test/python/shared-conditions.test.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from 'heddle';
import { spawn } from 'heddle/coroutine';
import { Condition, Lock, RLock } from '../made.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

const nobody = { locked: false, waiting: 0, unnotified: 0 };

/** Async waiters, each of which writes down its number when it goes on. */
function waiters(condition: Condition, count: number): { readonly seen: number[]; readonly all: Promise<boolean[]> } {
  const seen: number[] = [];
  const wait = (number: number): Promise<boolean> =>
    condition.run(async () => {
      const isNotified = await condition.wait();
      seen.push(number);
      return isNotified;
    });
  return { seen, all: Promise.all(Array.from({ length: count }, (_, number) => wait(number))) };
}

for (const [name, make] of [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
] as const) {
  test(`${name}: a notification wakes as many as asked, those that came first`, async () => {
    const condition = new Condition(make());
    const { seen, all } = waiters(condition, 9);
    while (condition.statistics().unnotified < 9) await ticks();
    const notify = async (count: number): Promise<void> => {
      using lock = await condition.hold();
      assert.ok(lock);
      condition.notify(count);
    };
    await notify(0);
    await ticks();
    assert.deepEqual(seen, []);
    await notify(1);
    await ticks();
    assert.deepEqual(seen, [0]);
    await notify(3);
    await ticks();
    assert.deepEqual(seen, [0, 1, 2, 3]);
    await condition.run(() => condition.notifyAll());
    assert.deepEqual(await all, Array(9).fill(true));
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await notify(5);
    assert.deepEqual(condition.statistics(), nobody);
  });

  test(`${name}: a wait is over with the lock, however it ended`, async () => {
    const lock = make();
    const condition = new Condition(lock);
    lock.acquireSync();
    assert.equal(condition.waitSync(1), false);
    assert.equal(lock.locked(), true);
    assert.equal(condition.waitSync(0), false);
    assert.equal(await condition.wait(1), false);
    assert.equal(await condition.wait(0), false);
    const control = new AbortController();
    const aborted = condition.wait({ signal: control.signal });
    assert.equal(lock.locked(), false);
    control.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    await assert.rejects(condition.wait({ signal: control.signal }), /enough/);
    assert.equal(lock.locked(), true);
    lock.release();
    assert.deepEqual(condition.statistics(), nobody);
  });

  test(`${name}: an aborted wait waits for the lock`, async () => {
    const condition = new Condition(make());
    const control = new AbortController();
    let isOver = false;
    const waiting = condition.run(async () => {
      await assert.rejects(condition.wait({ signal: control.signal }), /enough/);
      assert.equal(condition.locked(), true);
      isOver = true;
    });
    while (condition.statistics().unnotified < 1) await ticks();
    await condition.run(async () => {
      control.abort(new Error('enough'));
      await ticks();
      assert.equal(isOver, false);
    });
    await waiting;
    assert.deepEqual(condition.statistics(), nobody);
  });

  test(`${name}: without the lock waits and notifications are refused`, () => {
    const condition = new Condition(make());
    assert.throws(() => condition.wait(), InvalidStateError);
    assert.throws(() => condition.waitSync(), InvalidStateError);
    assert.throws(() => condition.waitFor(() => true), InvalidStateError);
    assert.throws(() => condition.waitForSync(() => true), InvalidStateError);
    assert.throws(() => condition.notify(), InvalidStateError);
    assert.throws(() => condition.notifyAll(), InvalidStateError);
    assert.throws(() => condition.release(), InvalidStateError);
  });

  test(`${name}: waitFor() goes on when the predicate says yes, and gives its value`, async () => {
    const condition = new Condition(make());
    let value = 0;
    const waiting = condition.run(() => condition.waitFor(() => (value >= 3 ? `it is ${value}` : '')));
    for (let i = 0; i < 3; i += 1) {
      await ticks();
      await condition.run(() => {
        value += 1;
        condition.notify();
      });
    }
    assert.equal(await waiting, 'it is 3');
    await condition.run(async () => {
      assert.equal(await condition.waitFor(() => 0, 5), 0);
      assert.equal(
        condition.waitForSync(() => '', 5),
        '',
      );
      assert.equal(
        condition.waitForSync(() => 'at once'),
        'at once',
      );
      assert.equal(await condition.waitFor(() => value), 3);
      assert.throws(() => condition.waitFor(() => Promise.reject(new Error('told by the refusal'))), /answers at once/);
    });
    assert.deepEqual(condition.statistics(), nobody);
  });

  test(`${name}: the error of a predicate is thrown, with the lock`, async () => {
    const condition = new Condition(make());
    let calls = 0;
    await condition.run(async () => {
      const waiting = condition.waitFor(() => {
        calls += 1;
        if (calls > 1) throw new Error('bad predicate');
        return false;
      });
      await ticks();
      await condition.run(() => condition.notify());
      await assert.rejects(waiting, /bad predicate/);
      assert.equal(condition.locked(), true);
    });
    assert.deepEqual(condition.statistics(), nobody);
  });

  test(`${name}: a notification of a greenlet that is killed at the same moment is passed on`, async () => {
    const condition = new Condition(make());
    const seen: string[] = [];
    const wait = (name_: string) =>
      spawn(function* () {
        using lock = yield* condition.hold();
        assert.ok(lock);
        yield* condition.wait();
        seen.push(name_);
      });
    const [first, second] = [wait('first'), wait('second')];
    while (condition.statistics().unnotified < 2) await ticks();
    const killed = spawn(function* () {
      using lock = yield* condition.hold();
      assert.ok(lock);
      condition.notify();
      void first.kill();
    });
    await killed;
    await second;
    assert.deepEqual(seen, ['second']);
    assert.deepEqual(condition.statistics(), nobody);
  });
}

test('a reentrant lock is released completely, and reacquired as often', async () => {
  const lock = new RLock();
  const condition = new Condition(lock);
  lock.acquireSync();
  lock.acquireSync();
  assert.equal(condition.waitSync(1), false);
  const waiting = condition.wait();
  assert.equal(lock.locked(), false);
  await lock.run(() => condition.notify());
  assert.equal(await waiting, true);
  lock.release();
  assert.equal(lock.locked(), true);
  lock.release();
  assert.equal(lock.locked(), false);
});

test('two conditions of one lock are notified apart', async () => {
  const lock = new Lock();
  const [a, b] = [new Condition(lock), new Condition(lock)];
  const first = waiters(a, 1);
  const second = waiters(b, 1);
  while (a.statistics().unnotified + b.statistics().unnotified < 2) await ticks();
  await lock.run(() => b.notify());
  assert.deepEqual(await second.all, [true]);
  assert.deepEqual(first.seen, []);
  await lock.run(() => a.notifyAll());
  await first.all;
});

test('wrong arguments are refused', () => {
  assert.throws(() => new Condition({} as never), TypeError);
  const condition = new Condition();
  condition.acquireSync();
  for (const count of [-1, 0.5]) assert.throws(() => condition.notify(count), RangeError);
  assert.throws(() => condition.wait(-1), RangeError);
  assert.throws(() => condition.waitFor(1 as never), TypeError);
  condition.release();
});
