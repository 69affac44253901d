/** RLock: its owner, its depth, and concurrent entries. */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidStateError } from 'heddle';
import { Event, getCurrent, Lock, RLock, sleep, spawn, Timeout } from 'heddle/coroutine';
import { untilCollected } from '../../python/garbage.js';
import { both } from '../both-kinds.js';
import { idle } from '../hand-clock.js';

both('a holder can acquire it again, and frees it after as many releases', function* ({ start }) {
  const lock = new RLock();
  for (let i = 0; i < 3; i += 1) assert.equal(yield lock.acquire(), true);
  assert.deepEqual(lock.statistics(), { depth: 3, waiting: 0 });
  const other = start(function* () {
    assert.equal(lock.tryAcquire(), false);
    yield lock.acquire();
    lock.release();
  });
  yield idle();
  lock.release();
  lock.release();
  yield idle();
  assert.equal(other.ready(), false);
  lock.release();
  yield other;
  assert.equal(lock.locked(), false);
});

both('a release by another greenlet is refused', function* ({ start }) {
  const lock = new RLock();
  assert.throws(() => lock.release(), /^InvalidStateError: release\(\) by Greenlet-\d+ of an RLock unlocked$/);
  yield lock.acquire();
  const self = getCurrent();
  yield start(function* () {
    assert.throws(() => lock.release(), {
      name: 'InvalidStateError',
      message: `release() by ${getCurrent().name} of an RLock held by ${self.name}`,
    });
  });
  lock.release();
  assert.throws(() => lock.release(), InvalidStateError);
});

both('it describes its owner and its depth', function* ({ start }) {
  const lock = new RLock();
  assert.deepEqual([lock.owner, inspect(lock)], [null, '<RLock unlocked>']);
  const g = start(function* () {
    yield lock.acquire();
    assert.equal(inspect(lock), `<RLock held by ${getCurrent().name}>`);
    yield lock.acquire();
    assert.equal(inspect(lock), `<RLock held by ${getCurrent().name}, 2 times>`);
    lock.release();
  });
  yield g;
  assert.equal(lock.owner, g);
  assert.equal(String(lock), `<RLock held by ${g.name}, which has ended>`);
});

both('parts of a greenlet are the same holder', function* () {
  const lock = new RLock();
  const other = new Lock();
  yield lock.acquire();
  yield lock.run(() => assert.equal(lock.statistics().depth, 2));
  yield other.run(function* () {
    yield* lock.acquire();
    assert.equal(lock.owner, getCurrent());
  });
  yield Timeout.run(60_000, function* () {
    yield* sleep();
    yield* lock.acquire();
    assert.equal(lock.statistics().depth, 3);
    lock.release();
  });
  lock.release();
  lock.release();
  assert.equal(lock.locked(), false);
});

test('async functions of the main program share it, and can be kept apart', async () => {
  const lock = new RLock();
  const said: string[] = [];
  const twice = async (name: string): Promise<void> => {
    said.push(name);
    await sleep();
    await lock.acquire();
    said.push(name);
    lock.release();
  };
  await lock.acquire();
  await Promise.all([twice('a'), twice('b')]);
  lock.release();
  assert.equal(said.splice(0).join(''), 'abab');
  await Promise.all([lock.run(() => twice('a')), lock.run(() => twice('b')), lock.run(() => twice('c'))]);
  assert.equal(said.join(''), 'aabbcc');
  assert.equal(lock.locked(), false);
});

test('a run within a run does not wait for itself', async () => {
  const [outer, inner] = [new RLock(), new RLock()];
  const depth = await outer.run(async () => {
    await sleep();
    return inner.run(() => outer.run(async () => (await sleep(), outer.statistics().depth)));
  });
  assert.deepEqual([depth, outer.locked(), inner.locked()], [2, false, false]);
});

test('two runs within a run, at the same time, do not shut each other out', async () => {
  const [outer, inner] = [new RLock(), new RLock()];
  const met = new Event();
  await outer.run(() =>
    Promise.all([
      inner.run(async () => {
        await outer.acquire();
        await met.wait();
        outer.release();
      }),
      outer.run(() => met.set()),
    ]),
  );
  assert.equal(outer.locked(), false);
});

test('a lock that a run acquires besides belongs to its greenlet after it', async () => {
  const [lock, other] = [new RLock(), new RLock()];
  const g = spawn(function* () {
    yield* lock.run(function* () {
      yield* lock.acquire();
      yield* other.acquire();
    });
    assert.deepEqual([lock.statistics().depth, lock.owner, other.owner], [1, getCurrent(), getCurrent()]);
    lock.release();
    other.release();
  });
  await g;
  assert.deepEqual([lock.locked(), other.locked()], [false, false]);
});

test('parts of one async greenlet do not wait for each other', async () => {
  const lock = new RLock();
  const met = new Event();
  await spawn(async () => {
    const first = new Lock().run(async () => {
      await lock.acquire();
      await met.wait();
      lock.release();
    });
    const second = new Lock().run(async () => {
      await sleep();
      await lock.acquire();
      met.set();
      lock.release();
    });
    await Promise.all([first, second]);
  });
  assert.equal(lock.locked(), false);
});

test('a greenlet that waited twice, at the same time, gets it twice', async () => {
  const lock = new RLock();
  await lock.acquire();
  let hadIt = 0;
  // Had they come while their greenlet had it, they would have got it at once.
  spawn(async () => {
    const got = lock.acquire();
    const other = lock.acquire();
    await got;
    await other;
    hadIt = lock.statistics().depth;
    lock.release();
    lock.release();
  });
  const stranger = spawn(function* () {
    yield* lock.acquire();
    assert.equal(hadIt, 2);
    lock.release();
  });
  await idle();
  assert.equal(lock.statistics().waiting, 3);
  lock.release();
  await stranger;
  assert.deepEqual(lock.statistics(), { depth: 0, waiting: 0 });
});

both('a guard releases the lock from any greenlet', function* ({ start }) {
  const lock = new RLock();
  const guard = (yield lock.hold()) as Disposable;
  yield start(function* () {
    guard[Symbol.dispose]();
  });
  assert.equal(lock.locked(), false);
});

both('a killed waiter does not take it', function* ({ start }) {
  const lock = new RLock();
  yield lock.acquire();
  const [first, second] = [1, 2].map(() =>
    start(function* () {
      yield lock.acquire();
      lock.release();
    }),
  );
  yield idle();
  yield first!.kill();
  lock.release();
  yield second;
  assert.deepEqual(lock.statistics(), { depth: 0, waiting: 0 });
});

test('greenlets that have waited are not kept', async () => {
  const lock = new RLock();
  const refs: WeakRef<object>[] = [];
  const wait = (timeout?: number): void => {
    const g = spawn(function* () {
      if (yield* lock.acquire(timeout)) lock.release();
    });
    refs.push(new WeakRef(g));
    if (timeout === undefined) spawn(() => g.kill());
  };
  const visit = (): void => void refs.push(new WeakRef(spawn(() => lock.run(() => sleep()))));
  await lock.acquire();
  wait(1);
  wait();
  visit();
  await sleep(5);
  lock.release();
  for (const ref of refs) await untilCollected(ref);
  assert.deepEqual(lock.statistics(), { depth: 0, waiting: 0 });
});
