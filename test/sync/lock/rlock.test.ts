/** RLock: its scopes, in one thread. Between threads and processes: test/python/shared-locks.test.ts. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { InvalidStateError, TimeoutError } from 'heddle';
import { sleep, spawn } from 'heddle/coroutine';
import { Condition, Lock, RLock, Semaphore } from '../made.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

test('it is free exactly after as many releases as acquisitions', async () => {
  const lock = new RLock();
  assert.throws(() => lock.release(), InvalidStateError);
  assert.equal(lock.acquireSync(), true);
  assert.equal(await lock.acquire(), true);
  assert.equal(lock.tryAcquire(), true);
  assert.equal(lock.acquireSync(0), true);
  for (let left = 4; left > 0; left -= 1) {
    assert.equal(lock.locked(), true);
    assert.notEqual(lock.owner, null);
    lock.release();
  }
  assert.equal(lock.locked(), false);
  assert.equal(lock.owner, null);
  assert.throws(() => lock.release(), InvalidStateError);
});

test('guards release it once each', async () => {
  const lock = new RLock();
  {
    using one = lock.holdSync();
    {
      using two = await lock.hold();
      assert.ok(one !== two);
      two[Symbol.dispose]();
      assert.equal(lock.locked(), true);
    }
    assert.equal(lock.locked(), true);
  }
  assert.equal(lock.locked(), false);
});

test('two runs at the same time exclude each other', async () => {
  const lock = new RLock();
  let inside = 0;
  const visit = () =>
    lock.run(async () => {
      inside += 1;
      assert.equal(inside, 1);
      await ticks();
      await lock.run(() => lock.run(ticks));
      using again = lock.holdSync();
      assert.ok(again);
      inside -= 1;
    });
  await Promise.all([visit(), visit(), visit()]);
  assert.deepEqual(lock.statistics(), { locked: false, waiting: 0 });
});

test('a scope can neither release nor enter the lock of another', async () => {
  const lock = new RLock();
  let leave!: () => void;
  const running = lock.run(() => new Promise<void>((resolve) => (leave = resolve)));
  assert.throws(() => lock.release(), InvalidStateError);
  assert.equal(lock.tryAcquire(), false);
  await assert.rejects(
    lock.run(() => {}, 1),
    TimeoutError,
  );
  leave();
  await running;
  assert.equal(lock.tryAcquire(), true);
  lock.release();
});

test('code inside of a run can enter again what the run has', async () => {
  const [outer, inner] = [new RLock(), new RLock()];
  await outer.run(() =>
    inner.run(() => {
      using again = outer.holdSync(0);
      assert.ok(again);
    }),
  );
  using main = outer.holdSync();
  await inner.run(async () => {
    assert.equal(outer.tryAcquire(), true);
    outer.release();
  });
  assert.ok(main);
});

test('each greenlet is a scope of its own', async () => {
  const lock = new RLock();
  const seen: string[] = [];
  const visit = (name: string) =>
    spawn(function* () {
      yield* lock.acquire();
      yield* lock.acquire();
      seen.push(`${name} in`);
      yield* sleep(1);
      seen.push(`${name} out`);
      lock.release();
      lock.release();
    });
  const [a, b] = [visit('a'), visit('b')];
  await a;
  await b;
  assert.deepEqual(seen, ['a in', 'a out', 'b in', 'b out']);
});

test('a greenlet that is killed when the lock is its own, and has not seen it, releases it', async () => {
  const lock = new RLock();
  lock.acquireSync();
  const greenlet = spawn(function* () {
    yield* lock.acquire();
    assert.fail('it went on');
  });
  await ticks();
  lock.release();
  await greenlet.kill();
  assert.equal(lock.locked(), false);
});

test('run() refuses a missing function before it waits for the lock', async () => {
  for (const lock of [new Lock(), new RLock(), new Semaphore(1), new Condition()]) {
    lock.acquireSync();
    await assert.rejects(lock.run('no function' as never), /^TypeError: expected fn to be a function, got 'no function'/);
    lock.release();
  }
});

test('run() gives the result, and releases the lock when the function throws', async () => {
  const lock = new RLock();
  assert.equal(await lock.run(() => 42), 42);
  assert.equal(await lock.run(async () => 43), 43);
  await assert.rejects(
    lock.run(() => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(lock.locked(), false);
  await assert.rejects(lock.run(1 as never), TypeError);
});

test('a run keeps what the program has in its own AsyncLocalStorage', async () => {
  const storage = new AsyncLocalStorage<string>();
  const lock = new RLock();
  await storage.run('mine', () => lock.run(async () => assert.equal(storage.getStore(), 'mine')));
});
