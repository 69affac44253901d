/** Semaphore, BoundedSemaphore: permits are neither lost nor made, and the longest waiter has the next. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BoundedSemaphore, getCurrent, killAll, Semaphore, spawn } from 'heddle/coroutine';
import { both } from '../both-kinds.js';
import { idle } from '../hand-clock.js';
import { runProgram } from '../program.js';

both('no more get in than there are permits, in order', function* ({ start }) {
  const semaphore = new Semaphore(2);
  const order: number[] = [];
  for (let i = 0; i < 5; i += 1)
    start(function* () {
      yield semaphore.acquire();
      order.push(i);
    });
  yield idle();
  assert.deepEqual([order, semaphore.statistics()], [[0, 1], { free: 0, waiting: 3, links: 0 }]);
  semaphore.release();
  assert.equal(semaphore.tryAcquire(), false, 'it is handed over');
  yield idle();
  assert.deepEqual(order, [0, 1, 2]);
  semaphore.release(4);
  yield idle();
  assert.deepEqual([order, semaphore.getValue()], [[0, 1, 2, 3, 4], 2]);
});

test('a permit of a waiter that is killed at its turn is passed on', async () => {
  const semaphore = new Semaphore(0);
  const take = function* (): Generator<any, boolean> {
    return yield* semaphore.acquire();
  };
  const greenlets = [1, 2, 3].map(() => spawn(take));
  await idle();
  semaphore.release(2);
  await killAll(greenlets.slice(0, 2));
  assert.equal(await greenlets[2], true);
  assert.deepEqual(semaphore.statistics(), { free: 1, waiting: 0, links: 0 });
});

both('a wait that ran out of time, or was killed, takes no permit', function* ({ start, clock }) {
  const semaphore = new Semaphore(0);
  const late = start(function* () {
    return yield semaphore.acquire(10);
  });
  const killed = start(function* () {
    return yield semaphore.acquire();
  });
  yield idle();
  clock.advance(10);
  assert.equal(yield late, false);
  yield killed.kill();
  semaphore.release();
  assert.deepEqual(semaphore.statistics(), { free: 1, waiting: 0, links: 0 });
});

both('a look takes no permit, and sees a free one', function* ({ start, clock }) {
  const semaphore = new Semaphore(0);
  const looker = start(function* () {
    return yield semaphore.wait();
  });
  const late = start(function* () {
    return yield semaphore.wait(10);
  });
  yield idle();
  clock.advance(10);
  assert.equal(yield late, 0);
  semaphore.release(3);
  assert.equal(yield looker, 3);
  assert.deepEqual([semaphore.ready(), yield semaphore.wait()], [true, 3]);
});

test('a look goes after waiters for the permit itself', async () => {
  const semaphore = new Semaphore(0);
  const looked = semaphore.wait();
  const acquired = semaphore.acquire();
  semaphore.release();
  assert.equal(await acquired, true);
  assert.equal(semaphore.ready(), false);
  semaphore.release();
  assert.equal(await looked, 1);
});

test('callbacks come when a permit is free, once', async () => {
  const semaphore = new Semaphore(0);
  const said: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => () => void said.push(name));
  for (const callback of [a!, b!, a!, c!]) semaphore.rawlink(callback);
  assert.equal(semaphore.statistics().links, 3);
  semaphore.unlink(c!);
  const taken = semaphore.acquire();
  semaphore.release();
  await taken;
  await idle();
  assert.deepEqual(said, [], 'it went to the waiter');
  semaphore.release();
  assert.deepEqual(said, [], 'not within the call');
  await idle();
  assert.deepEqual([said, semaphore.statistics().links], [['a', 'b'], 0]);
  semaphore.release();
  await idle();
  assert.deepEqual(said, ['a', 'b']);
});

test('a callback is not called if the permit was taken before its turn', async () => {
  const semaphore = new Semaphore(0);
  const said: number[] = [];
  semaphore.rawlink((source) => said.push(source.getValue()));
  semaphore.release();
  semaphore.tryAcquire();
  await idle();
  assert.deepEqual([said, semaphore.statistics().links], [[], 1]);
  semaphore.release();
  await idle();
  assert.deepEqual(said, [1]);
});

test('a callback that fails is reported, and does not stop the others', async () => {
  const { stdout, stderr } = await runProgram(`
    const semaphore = new h.Semaphore();
    h.spawn(function* setter() { semaphore.rawlink(() => { throw new Error('own'); }); });
    h.spawn(() => semaphore.rawlink(() => console.log('called')));
  `);
  assert.equal(stdout, 'called\n');
  assert.match(stderr, /^heddle: Greenlet-1 has a callback that failed: Error: own\n/);
});

both('a release too many is refused by one with a bound', function* () {
  const semaphore = new BoundedSemaphore(2);
  assert.throws(() => semaphore.release(), {
    name: 'RangeError',
    message: 'expected release() of at most the 0 permits that are taken, got 1',
  });
  yield semaphore.acquire();
  assert.throws(() => semaphore.release(2), RangeError);
  assert.equal(semaphore.getValue(), 1, 'of too many none is given back');
  semaphore.release();
  assert.equal(semaphore.getValue(), 2);
  const guard = (yield semaphore.hold()) as Disposable;
  semaphore.release();
  assert.throws(() => guard[Symbol.dispose](), RangeError);
  assert.equal(semaphore.getValue(), 2);
});

test('a bad value is refused', () => {
  assert.throws(() => new Semaphore(-1), { name: 'RangeError', message: 'expected value to be an integer >= 0, got -1' });
  assert.throws(() => new Semaphore(1.5), RangeError);
  assert.throws(() => new BoundedSemaphore('2' as never), TypeError);
  assert.throws(() => new Semaphore().release(0), { name: 'RangeError', message: 'expected n to be an integer >= 1, got 0' });
  assert.throws(() => new Semaphore().rawlink(1 as never), TypeError);
});

both('it describes how many are free, and the last holder', function* () {
  assert.equal(String(new Semaphore(2)), '<Semaphore with 2 free>');
  const semaphore = new BoundedSemaphore();
  yield semaphore.acquire();
  const late = semaphore.acquire();
  assert.equal(inspect(semaphore), `<BoundedSemaphore with none of 1 free, the last taken by ${getCurrent().name}, 1 waiting>`);
  semaphore.release();
  yield late;
});
