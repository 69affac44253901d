/** Condition: the order of notifications, and the lock is held again however the wait ends. */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from 'heddle';
import { Condition, type Greenlet, Lock, RLock, Semaphore, sleep, spawn } from 'heddle/coroutine';
import { both, type World } from '../both-kinds.js';
import { idle } from '../hand-clock.js';

const waiterOf =
  ({ start }: World, condition: Condition, said: string[]) =>
  (name: string) =>
    start(function* () {
      yield condition.acquire();
      try {
        said.push(`${name} ${yield condition.wait()}`);
      } finally {
        assert.equal(condition.locked(), true);
        said.push(`${name} releases`);
        condition.release();
      }
    });

both('a notification goes to the longest waiter', function* (world) {
  const condition = new Condition();
  const said: string[] = [];
  const waiters = ['a', 'b', 'c', 'd'].map(waiterOf(world, condition, said));
  yield idle();
  assert.deepEqual(condition.statistics(), { locked: false, waiting: 0, unnotified: 4 });
  yield condition.run(() => condition.notify());
  yield waiters[0];
  assert.deepEqual(said, ['a true', 'a releases']);
  yield condition.run(() => condition.notify(2));
  yield idle();
  assert.deepEqual(said.slice(2), ['b true', 'b releases', 'c true', 'c releases']);
  yield condition.run(() => condition.notifyAll());
  yield waiters[3];
  assert.deepEqual(condition.statistics(), { locked: false, waiting: 0, unnotified: 0 });
});

both('a notified waiter resumes after the lock is free', function* (world) {
  const condition = new Condition();
  const said: string[] = [];
  const waiter = waiterOf(world, condition, said)('a');
  yield idle();
  yield condition.acquire();
  condition.notify();
  yield idle();
  assert.deepEqual([said, condition.statistics()], [[], { locked: true, waiting: 1, unnotified: 0 }]);
  condition.release();
  yield waiter;
  assert.deepEqual(said, ['a true', 'a releases']);
});

both('a killed waiter has the lock when it resumes', function* (world) {
  const condition = new Condition();
  const said: string[] = [];
  const waiter = waiterOf(world, condition, said)('a');
  yield idle();
  yield condition.acquire();
  waiter.kill();
  yield idle();
  assert.deepEqual(said, []);
  condition.release();
  yield idle();
  assert.deepEqual([said, condition.locked()], [['a releases'], false]);
});

both('a kill of a notified waiter passes the notification on', function* (world) {
  const condition = new Condition();
  const said: string[] = [];
  const [first] = ['a', 'b'].map(waiterOf(world, condition, said));
  yield idle();
  yield condition.acquire();
  condition.notify();
  first!.kill();
  condition.release();
  yield idle();
  assert.deepEqual([said, condition.locked()], [['a releases', 'b true', 'b releases'], false]);
});

test('a kill of a notified waiter that has the lock already passes the notification on', async () => {
  const condition = new Condition();
  const said: string[] = [];
  function* wait(name: string) {
    using _ = yield* condition.hold();
    said.push(`${name} ${yield* condition.wait()}`);
  }
  const [first, second] = [spawn(wait, 'a'), spawn(wait, 'b')];
  await idle();
  await condition.acquire();
  condition.notify();
  condition.release();
  assert.equal(condition.owner, first);
  first.kill();
  await second;
  assert.deepEqual([said, condition.locked()], [['b true'], false]);
});

test('two kills of a notified waiter pass one notification on', async () => {
  const condition = new Condition();
  function* wait() {
    using _ = yield* condition.hold();
    yield* condition.wait();
  }
  const [first, second, third] = [spawn(wait), spawn(wait), spawn(wait)];
  await idle();
  await condition.acquire();
  condition.notify();
  first.kill(new Error('one'));
  await idle();
  first.kill(new Error('two'));
  condition.release();
  await second;
  await idle();
  assert.deepEqual([third.ready(), condition.statistics().unnotified], [false, 1]);
  await third.kill();
});

test('a second kill throws after the lock is reacquired', async () => {
  const condition = new Condition();
  const [one, two] = [new Error('one'), new Error('two')];
  let caught: unknown;
  const g = spawn(function* () {
    yield* condition.acquire();
    try {
      yield* condition.wait();
    } catch (error) {
      caught = error;
      condition.release();
    }
  });
  await idle();
  await condition.acquire();
  g.kill(one);
  await idle();
  g.kill(two);
  await idle();
  assert.deepEqual([caught, condition.statistics()], [undefined, { locked: true, waiting: 1, unnotified: 0 }]);
  condition.release();
  await g;
  assert.deepEqual([caught, condition.locked()], [two, false]);
});

both('a wait that ran out of time gives false, and has the lock', function* ({ start, clock }) {
  const condition = new Condition();
  const g = start(function* () {
    yield condition.acquire();
    const isNotified: unknown = yield condition.wait(10);
    condition.release();
    return isNotified;
  });
  yield idle();
  yield condition.acquire();
  clock.advance(10);
  yield idle();
  assert.equal(g.ready(), false, 'the lock is held');
  condition.notify();
  condition.release();
  assert.equal(yield g, false, 'a notification that comes later is none');
  assert.deepEqual(condition.statistics(), { locked: false, waiting: 0, unnotified: 0 });
});

both('a notified waiter that runs out of time, or is aborted, while it waits for the lock has the lock', function* ({ start, clock }) {
  const condition = new Condition();
  const controller = new AbortController();
  const g = start(function* () {
    yield condition.acquire();
    const isNotified: unknown = yield condition.wait({ timeout: 10, signal: controller.signal });
    condition.release();
    return isNotified;
  });
  yield idle();
  yield condition.acquire();
  condition.notify();
  clock.advance(20);
  controller.abort();
  condition.release();
  assert.equal(yield g, true);
});

both('an aborted waiter has the lock when it resumes', function* ({ start }) {
  const condition = new Condition();
  const reason = new Error('enough');
  const controller = new AbortController();
  const g = start(function* () {
    yield condition.acquire();
    try {
      yield condition.wait({ signal: controller.signal });
    } catch (error) {
      return [error, condition.locked()];
    } finally {
      condition.release();
    }
    return [];
  });
  yield idle();
  controller.abort(reason);
  assert.deepEqual(yield g, [reason, true]);
});

both('a wait of no time lets others have the lock', function* ({ start }) {
  const condition = new Condition();
  let isIn = false;
  yield condition.acquire();
  start(function* () {
    yield condition.run(() => (isIn = true));
  });
  yield idle();
  assert.equal(isIn, false);
  assert.equal(yield condition.wait(0), false);
  assert.deepEqual([isIn, condition.locked()], [true, true]);
  condition.release();
});

both('a predicate is asked with the lock, after each notification', function* ({ start }) {
  const condition = new Condition();
  const asked: boolean[] = [];
  let state = 0;
  const g = start(function* () {
    yield condition.acquire();
    const value: unknown = yield condition.waitFor(() => {
      asked.push(condition.locked());
      return state === 3 && 'three';
    });
    condition.release();
    return value;
  });
  yield idle();
  for (state = 1; state <= 3; state += 1) {
    yield condition.run(() => condition.notify());
    yield idle();
  }
  assert.equal(yield g, 'three');
  assert.deepEqual(asked, [true, true, true, true]);
});

both('a predicate that never comes true ends at the timeout', function* ({ start, clock }) {
  const condition = new Condition();
  const g = start(function* () {
    yield condition.acquire();
    const value: unknown = yield condition.waitFor(() => 0, 10);
    return [value, condition.locked()];
  });
  yield idle();
  clock.advance(6);
  yield condition.run(() => condition.notify());
  yield idle();
  assert.equal(g.ready(), false);
  clock.advance(4);
  assert.deepEqual(yield g, [0, true]);
});

both('a predicate that fails keeps the lock', function* () {
  const condition = new Condition();
  yield condition.acquire();
  const fail = (): never => {
    throw new Error('own');
  };
  assert.throws(() => condition.waitFor(fail), /own/);
  assert.throws(() => condition.waitFor(async () => false), /expected predicate to be a function that answers at once, got Promise/);
  assert.throws(() => condition.waitFor(1 as never), /expected predicate to be a function, got 1/);
  assert.equal(condition.locked(), true);
});

both('a reentrant lock is reacquired as often as it was held', function* ({ start }) {
  const lock = new RLock();
  const condition = new Condition(lock);
  const g = start(function* () {
    yield condition.acquire();
    yield lock.acquire();
    yield condition.wait();
    const { depth } = lock.statistics();
    condition.release();
    lock.release();
    return depth;
  });
  yield idle();
  assert.equal(lock.locked(), false);
  yield condition.acquire();
  condition.notify();
  condition.release();
  assert.equal(yield g, 2);
  assert.equal(lock.locked(), false);
});

both('a wait or notification without the lock is refused', function* ({ start }) {
  for (const lock of [undefined, new Lock(), new RLock()]) {
    const condition = new Condition(lock);
    for (const method of ['wait', 'notify', 'notifyAll'] as const)
      assert.throws(() => void condition[method](), InvalidStateError, `${String(lock)}.${method}`);
    assert.throws(() => condition.waitFor(() => true), /expected the lock to be held by the caller of waitFor\(\), got R?Lock unlocked/);
  }
  const condition = new Condition(new RLock());
  yield condition.acquire();
  yield start(function* () {
    assert.throws(() => condition.notify(), /got RLock held by Greenlet-\d+$/);
  });
});

test('a bad argument is refused, and the lock kept', async () => {
  const condition = new Condition();
  await condition.acquire();
  assert.throws(() => condition.wait(-1), RangeError);
  assert.throws(() => condition.notify(1.5), /expected n to be an integer >= 0, got 1.5/);
  assert.deepEqual(condition.statistics(), { locked: true, waiting: 0, unnotified: 0 });
  assert.throws(() => new Condition(new Semaphore() as never), /expected lock to be a Lock or an RLock, got/);
});

test('greenlets of one condition lose no notification in a crowd of kills', async () => {
  const condition = new Condition();
  let woken = 0;
  const waiters: Greenlet[] = Array.from({ length: 100 }, () =>
    spawn(function* () {
      using _ = yield* condition.hold();
      yield* condition.wait();
      woken += 1;
    }),
  );
  await idle();
  // Half of them are notified, and of these every second one is killed at the same moment: 25 of the others take their place.
  await condition.run(function* () {
    condition.notify(50);
    for (let i = 0; i < 50; i += 2) waiters[i]!.kill();
    yield* sleep();
  });
  await idle();
  assert.deepEqual([woken, condition.statistics()], [50, { locked: false, waiting: 0, unnotified: 25 }]);
  await condition.run(() => condition.notifyAll());
});
