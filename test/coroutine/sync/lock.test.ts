/** Lock: its owner, the next owner, and no owner that is thrown out takes it along. */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidStateError, TimeoutError } from 'heddle';
import { getCurrent, type Greenlet, killAll, Lock, sleep, spawn } from 'heddle/coroutine';
import { both } from '../both-kinds.js';
import { idle } from '../hand-clock.js';
import { runProgram } from '../program.js';

both('the lock goes to the longest waiter', function* ({ start }) {
  const lock = new Lock();
  const order: number[] = [];
  yield lock.acquire();
  for (const i of [1, 2, 3])
    start(function* () {
      yield lock.acquire();
      order.push(i);
      lock.release();
    });
  yield idle();
  assert.deepEqual([order, lock.statistics()], [[], { locked: true, waiting: 3 }]);
  lock.release();
  assert.equal(lock.tryAcquire(), false, 'it is handed over, not free for a newcomer');
  yield idle();
  assert.deepEqual([order, lock.locked()], [[1, 2, 3], false]);
});

both('two that take turns in a loop do not starve a third', function* ({ start }) {
  const lock = new Lock();
  const order: string[] = [];
  const loop = (name: string) =>
    start(function* () {
      for (let i = 0; i < 4; i += 1) {
        yield lock.acquire();
        order.push(name);
        yield sleep();
        lock.release();
      }
    });
  const greenlets = ['a', 'b', 'c'].map(loop);
  for (const g of greenlets) yield g.join();
  assert.equal(order.join(''), 'abcabcabcabc');
});

both('a killed waiter neither takes the lock nor stands in the way', function* ({ start }) {
  const lock = new Lock();
  const order: string[] = [];
  const wait = (name: string): Greenlet<void> =>
    start(function* () {
      yield lock.acquire();
      order.push(name);
      lock.release();
    });
  yield lock.acquire();
  const [first, second] = [wait('first'), wait('second')];
  yield idle();
  yield first.kill();
  assert.equal(lock.statistics().waiting, 1);
  lock.release();
  yield second;
  assert.deepEqual([order, lock.locked()], [['second'], false]);
});

test('a greenlet that is killed between its turn and its next step gives the lock on', async () => {
  const lock = new Lock();
  const order: string[] = [];
  function* wait(name: string) {
    yield* lock.acquire();
    order.push(name);
    lock.release();
  }
  await lock.acquire();
  const [first, second] = [spawn(wait, 'first'), spawn(wait, 'second')];
  await idle();
  lock.release();
  first.kill();
  await second;
  assert.deepEqual([order, lock.locked()], [['second'], false]);
});

test('many that are killed at once leave the lock free', async () => {
  const lock = new Lock();
  await lock.acquire();
  const waiters = Array.from({ length: 100 }, () =>
    spawn(function* () {
      using _ = yield* lock.hold();
      yield* sleep();
    }),
  );
  await idle();
  lock.release();
  await killAll(waiters);
  assert.deepEqual(lock.statistics(), { locked: false, waiting: 0 });
});

both('a waiter that ran out of time does not take the lock', function* ({ start, clock }) {
  const lock = new Lock();
  yield lock.acquire();
  const g = start(function* () {
    return yield lock.acquire(10);
  });
  yield idle();
  clock.advance(9);
  yield idle();
  assert.equal(g.ready(), false);
  clock.advance(1);
  assert.equal(yield g, false);
  assert.deepEqual(lock.statistics(), { locked: true, waiting: 0 });
  lock.release();
  assert.equal(lock.locked(), false);
  assert.equal(yield lock.acquire({ timeout: 10 }), true);
});

both('an aborted waiter does not take the lock', function* () {
  const lock = new Lock();
  const reason = new Error('enough');
  const controller = new AbortController();
  yield lock.acquire();
  const acquired = lock.acquire({ signal: controller.signal });
  const failed = assert.rejects(acquired, (error) => error === reason);
  controller.abort(reason);
  yield failed;
  assert.deepEqual(lock.statistics(), { locked: true, waiting: 0 });
});

both('a loop of attempts lets others go on', function* ({ start }) {
  const lock = new Lock();
  yield lock.acquire();
  let tries = 0;
  const spinner = start(function* () {
    while (!(yield lock.acquire(0))) tries += 1;
    return tries;
  });
  yield sleep();
  yield sleep();
  lock.release();
  const count = (yield spinner) as number;
  assert.ok(count > 0, `${count} tries`);
});

test('a free lock is acquired at once, without an operation', () => {
  const lock = new Lock();
  const first = lock.acquire();
  lock.release();
  assert.equal(lock.acquire(), first, 'all that are over at once are one');
});

test('a bad option is refused, and leaves no waiter behind', () => {
  const lock = new Lock();
  assert.throws(() => lock.acquire('soon' as never), /expected timeout to be a number of milliseconds or/);
  assert.equal(lock.locked(), false);
  lock.tryAcquire();
  for (const method of ['acquire', 'hold'] as const) assert.throws(() => lock[method](-1), RangeError);
  assert.throws(() => lock.run(() => 1, { timeuot: 1 } as never), /unknown key 'timeuot'/);
  assert.throws(() => lock.run('fn' as never), /expected fn to be a function, got 'fn'/);
  assert.equal(lock.statistics().waiting, 0);
});

both('a release too many is refused', function* () {
  const lock = new Lock();
  assert.throws(() => lock.release(), { name: 'InvalidStateError', message: 'release() of a Lock that is not locked' });
  yield lock.acquire();
  lock.release();
  assert.throws(() => lock.release(), InvalidStateError);
});

both('another greenlet can release it', function* ({ start }) {
  const lock = new Lock();
  yield lock.acquire();
  yield start(function* () {
    lock.release();
  });
  assert.equal(lock.locked(), false);
});

both('a guard releases the lock, once', function* () {
  const lock = new Lock();
  const guard = (yield lock.hold()) as Disposable;
  assert.equal(lock.locked(), true);
  guard[Symbol.dispose]();
  assert.equal(lock.locked(), false);
  yield lock.acquire();
  guard[Symbol.dispose]();
  assert.equal(lock.locked(), true, 'it was given back once');
});

both('hold() that ran out of time throws', function* ({ start, clock }) {
  const lock = new Lock();
  yield lock.acquire();
  const g = start(function* () {
    return yield lock.hold(10);
  });
  yield idle();
  clock.advance(10);
  yield g.join();
  assert.ok(g.exception instanceof TimeoutError);
  assert.match((g.exception as Error).message, /^hold\(\) was given less time than it took: Lock held by Greenlet-\d+$/);
});

test('an unseen guard is released', async () => {
  const lock = new Lock();
  await lock.acquire();
  const g = spawn(function* () {
    using _ = yield* lock.hold();
  });
  await idle();
  lock.release();
  await g.kill();
  assert.equal(lock.locked(), false);
});

both('it describes its owner', function* ({ start }) {
  const lock = new Lock();
  assert.deepEqual([lock.owner, String(lock)], [null, '<Lock unlocked>']);
  const g = start(function* () {
    yield lock.acquire();
    assert.equal(lock.owner, getCurrent());
  });
  const waiting = (yield g, lock.acquire());
  assert.equal(lock.owner, g);
  assert.equal(inspect(lock), `<Lock held by ${g.name}, which has ended, 1 waiting>`);
  lock.release();
  yield waiting;
  assert.equal(lock.owner, getCurrent());
});

test('a program in a deadlock names the owner of the lock', async () => {
  const { stderr, code } = await runProgram(`
    const lock = new h.Lock();
    h.spawn(function* () { yield* lock.acquire(); yield* lock.acquire(); });
    h.spawn(function* () { yield* lock.run(() => {}); });
    const keeper = h.spawn(function* () { yield* lock.hold(); });
  `);
  assert.match(stderr, /3 greenlets wait indefinitely\n {2}Greenlet-1 waits for Lock held by Greenlet-1\n/);
  assert.match(stderr, /Greenlet-2 waits for Lock held by Greenlet-1\n/);
  assert.match(stderr, /Greenlet-3 waits for Lock held by Greenlet-1\n/);
  assert.equal(code, 1);
});
