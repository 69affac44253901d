/** run(fn) of locks: the function belongs to the caller, and the lock is released when it is over, however it ends. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { TimeoutError } from 'heddle';
import { Event, getCurrent, GreenletExit, Local, Lock, Semaphore, sleep, spawn, Timeout, until } from 'heddle/coroutine';
import { both } from '../both-kinds.js';
import { HandClock, idle } from '../hand-clock.js';
import { runProgram } from '../program.js';

both('every kind of function gives its result', function* () {
  const lock = new Lock();
  const event = new Event();
  event.set();
  function* three() {
    yield* sleep();
    return 3;
  }
  const results = [
    yield lock.run(() => 1),
    yield lock.run(async () => {
      await sleep();
      return 2;
    }),
    yield lock.run(three),
    yield lock.run(() => three()),
    yield lock.run(() => Promise.resolve(4)),
    yield lock.run(() => event.wait()),
    yield lock.run(() => spawn(three)),
  ];
  assert.deepEqual([results, lock.locked()], [[1, 2, 3, 3, 4, true, 3], false]);
});

both('a function that fails releases the lock', function* () {
  const lock = new Lock();
  const error = new Error('own');
  const fail = (): never => {
    throw error;
  };
  const failing = [
    fail,
    async () => {
      await sleep();
      fail();
    },
    function* () {
      yield* sleep();
      fail();
    },
    () => until(Promise.reject(error)),
  ];
  for (const fn of failing) {
    let caught: unknown;
    try {
      yield lock.run<unknown>(fn);
    } catch (e) {
      caught = e;
    }
    assert.deepEqual([caught, lock.locked()], [error, false]);
  }
});

both('functions run in order, one at a time', function* () {
  const lock = new Lock();
  const said: string[] = [];
  const runs = ['a', 'b', 'c'].map((name) =>
    lock.run(function* () {
      said.push(name);
      yield* sleep();
      said.push(name);
    }),
  );
  assert.deepEqual(said, ['a'], 'the first begins in the call');
  yield runs[2];
  assert.equal(said.join(''), 'aabbcc', 'those without a waiter run, too');
});

both('a killed greenlet does not let its function begin', function* ({ start }) {
  const lock = new Lock();
  yield lock.acquire();
  let hasBegun = false;
  const g = start(function* () {
    yield lock.run(() => (hasBegun = true));
  });
  yield idle();
  yield g.kill();
  assert.equal(lock.statistics().waiting, 0);
  lock.release();
  yield idle();
  assert.deepEqual([hasBegun, lock.locked()], [false, false]);
});

test('a killed greenlet goes on, and the lock is free, after its function has ended', async () => {
  const lock = new Lock();
  const said: string[] = [];
  const cleaned = new Event();
  const g = spawn(function* () {
    try {
      yield* lock.run(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          said.push('cleans');
          yield* cleaned.wait();
          said.push('cleaned');
        }
      });
    } finally {
      said.push(`goes on, locked: ${lock.locked()}`);
    }
  });
  await idle();
  g.kill();
  await idle();
  assert.deepEqual([said, lock.locked(), g.dead], [['cleans'], true, false]);
  cleaned.set();
  await g.join();
  assert.deepEqual(said, ['cleans', 'cleaned', 'goes on, locked: false']);
  assert.ok((g.value as unknown) instanceof GreenletExit);
});

test('a kill that the function swallows is not thrown after it', async () => {
  const lock = new Lock();
  const g = spawn(function* () {
    const value = yield* lock.run(function* () {
      try {
        yield* sleep(60_000);
      } catch {
        yield* sleep();
        return 'swallowed';
      }
      return '';
    });
    return value;
  });
  await idle();
  g.kill();
  assert.equal(await g, 'swallowed');
});

test('a second kill reaches the finally of the first', async () => {
  const lock = new Lock();
  const [first, second] = [new Error('first'), new Error('second')];
  const said: unknown[] = [];
  const g = spawn(function* () {
    yield* lock.run(function* () {
      try {
        yield* sleep(60_000);
      } finally {
        try {
          yield* sleep(60_000);
        } catch (error) {
          said.push(error);
        }
      }
    });
  });
  await idle();
  g.kill(first);
  await idle();
  await g.kill(second);
  assert.deepEqual([said, g.exception, lock.locked()], [[second], first, false]);
});

test('the async function of a killed generator greenlet ends, and keeps the lock until then', async () => {
  const lock = new Lock();
  const said: string[] = [];
  const cleaned = new Event();
  const g = spawn(function* () {
    yield* lock.run(async () => {
      getCurrent().signal.addEventListener('abort', () => said.push('aborted'));
      try {
        await sleep(60_000);
      } catch (error) {
        assert.ok(error instanceof GreenletExit);
        said.push('thrown');
        await cleaned.wait();
        throw error;
      }
    });
  });
  await idle();
  g.kill();
  await idle();
  assert.deepEqual([said, lock.locked(), g.dead], [['aborted', 'thrown'], true, false]);
  cleaned.set();
  await g.join();
  assert.deepEqual([lock.locked(), g.successful()], [false, true]);
});

test('the function of a killed async greenlet keeps the lock until its end', async () => {
  const lock = new Lock();
  const cleaned = new Event();
  const said: string[] = [];
  const g = spawn(async () => {
    await lock.run(async () => {
      try {
        await sleep(60_000);
      } finally {
        await cleaned.wait();
        said.push('cleaned');
      }
    });
  });
  await idle();
  await g.kill();
  assert.deepEqual([g.dead, lock.locked()], [true, true]);
  cleaned.set();
  await idle();
  assert.deepEqual([said, lock.locked()], [['cleaned'], false]);
});

test('a promise that cannot be ended is waited for, and the lock kept', async () => {
  const lock = new Lock();
  let settle!: () => void;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  const g = spawn(function* () {
    yield* lock.run(() => promise);
    return 'not reached';
  });
  await idle();
  g.kill();
  await idle();
  assert.deepEqual([lock.locked(), g.dead], [true, false]);
  settle();
  await g.join();
  assert.deepEqual([lock.locked(), (g.value as unknown) instanceof GreenletExit], [false, true]);
});

both('a greenlet that is killed by its own function ends', function* ({ start }) {
  const lock = new Lock();
  let hasGoneOn = false;
  const g = start(function* () {
    const self = getCurrent();
    yield lock.run(() => {
      self.kill();
      hasGoneOn = true;
    });
    hasGoneOn = true;
  });
  yield g.join();
  assert.deepEqual([hasGoneOn, lock.locked(), (g.value as unknown) instanceof GreenletExit], [false, false, true]);
});

test('a function that catches its own kill is not killed once more', async () => {
  const lock = new Lock();
  const g = spawn(function* () {
    return yield* lock.run(function* () {
      yield* sleep();
      try {
        getCurrent().kill();
      } catch {}
      yield* sleep();
      return 'goes on';
    });
  });
  assert.equal(await g, 'goes on');
});

test('a timeout within the function is weaker than a kill', async () => {
  using clock = new HandClock();
  const lock = new Lock();
  const error = new Error('kill');
  const g = spawn(function* () {
    yield* lock.run(function* () {
      using _ = Timeout.startNew(10);
      yield* sleep(60_000);
    });
  });
  await idle();
  clock.advance(10);
  await g.kill(error);
  assert.equal(g.exception, error);
});

both('the function runs in its greenlet, with its fields', function* () {
  const lock = new Lock();
  const local = new Local<{ name?: string }>();
  local.name = 'mine';
  const self = getCurrent();
  const check = (): void => assert.deepEqual([getCurrent() === self, local.name], [true, 'mine']);
  yield lock.run(check);
  yield lock.run(function* () {
    yield* sleep();
    check();
  });
  yield lock.run(async () => {
    await sleep();
    check();
  });
  yield lock.acquire();
  const later = lock.run(check);
  lock.release();
  yield later;
});

test('a function runs in the context of its caller', async () => {
  const lock = new Lock();
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const see = (): void => void seen.push(storage.getStore());
  await lock.acquire();
  const runs = ['plain', 'generator', 'async'].map((name) =>
    storage.run(name, () => {
      if (name === 'plain') return lock.run(see);
      if (name === 'generator')
        return lock.run(function* () {
          see();
          yield* sleep();
          see();
        });
      return lock.run(async () => {
        see();
        await sleep();
        see();
      });
    }),
  );
  storage.run('other', () => lock.release());
  await Promise.all(runs);
  assert.deepEqual(seen, ['plain', 'generator', 'generator', 'async', 'async']);
});

test('a timeout comes through', async () => {
  const lock = new Lock();
  const g = spawn(function* () {
    using timeout = Timeout.startNew(1);
    try {
      yield* lock.run(function* () {
        yield* sleep(60_000);
      });
    } catch (error) {
      return error === timeout;
    }
    return false;
  });
  assert.deepEqual([await g, lock.locked()], [true, false]);
});

both('the time for the lock is not the time for the function', function* ({ start, clock }) {
  const lock = new Lock();
  yield lock.acquire();
  const late = start(function* () {
    yield lock.run(() => {}, 10);
  });
  yield idle();
  clock.advance(10);
  yield late.join();
  assert.ok(late.exception instanceof TimeoutError);
  assert.match((late.exception as Error).message, /^run\(\) was given less time than it took: Lock held by/);
  lock.release();
  const slow = start(function* () {
    return yield lock.run(
      function* () {
        yield* sleep(20);
        return 'took its time';
      },
      { timeout: 10 },
    );
  });
  yield idle();
  clock.advance(20);
  assert.equal(yield slow, 'took its time');
});

test('permits are given back', async () => {
  const semaphore = new Semaphore(2);
  const greenlets = [1, 2, 3].map(() => spawn(() => semaphore.run(() => sleep(60_000))));
  await idle();
  assert.deepEqual(semaphore.statistics(), { free: 0, waiting: 1, links: 0 });
  for (const g of greenlets) await g.kill();
  await idle();
  assert.deepEqual(semaphore.statistics(), { free: 2, waiting: 0, links: 0 });
});

test('a program with locks and async functions, but no greenlets, needs no AsyncLocalStorage', async () => {
  const { stdout } = await runProgram(`
    import { AsyncLocalStorage } from 'node:async_hooks';
    let asked = 0;
    const { getStore } = AsyncLocalStorage.prototype;
    AsyncLocalStorage.prototype.getStore = function () { asked += 1; return getStore.call(this); };
    const lock = new h.Lock();
    const condition = new h.Condition();
    await Promise.all([1, 2].map(() => lock.run(async () => { await h.sleep(1); })));
    const waiting = (async () => { await condition.acquire(); await condition.wait(); condition.release(); })();
    await condition.run(() => condition.notify());
    await waiting;
    console.log(asked);
    await new h.RLock().run(async () => {});
    console.log(asked > 0);
  `);
  assert.equal(stdout, '0\ntrue\n');
});
