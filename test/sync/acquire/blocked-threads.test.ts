/** A thread that is blocked in a Sync call: its async waiters are passed over, and it can be ended. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Lock, ProcessPoolExecutor, Semaphore, ThreadPoolExecutor, WorkerLost } from 'heddle';
import { everywhere, inBothForms, isNative, until, untilWaiting } from '../crew.js';
import { acquire } from '../forms.js';
import { runProgram } from '../run-program.js';

for (const fair of [false, true]) {
  inBothForms(`its async waiters are passed over, and have their turn afterwards${fair ? ', fair' : ''}`, async (crew, form) => {
    const [lock, go] = [new Lock({ fair }), new Event()];
    await lock.acquire();
    const blocked = crew.run(async () => {
      const wait = lock.acquire();
      go.waitSync();
      const got = await wait;
      lock.release();
      return got;
    });
    await untilWaiting(lock, 1);
    await untilWaiting(go, 1);
    const next = crew.run(async () => {
      const got = await acquire(form, lock);
      lock.release();
      return got;
    });
    await untilWaiting(lock, 2);
    lock.release();
    // The first in line cannot take it, so the second does.
    assert.equal(await next, true);
    assert.equal(blocked.done(), false);
    go.set();
    assert.equal(await blocked, true);
  });
}

everywhere('it may wait for a lock behind which its own async waiter stands', async (crew) => {
  const [lock, done] = [new Lock(), new Event()];
  const other = crew.run(async () => {
    await lock.acquire();
    await done.wait();
    lock.release();
  });
  await until(() => lock.locked());
  const order = await crew.run(async () => {
    const seen: string[] = [];
    const wait = lock.acquire().then(() => seen.push('async'));
    done.set();
    lock.acquireSync();
    seen.push('sync');
    lock.release();
    await wait;
    lock.release();
    return seen;
  });
  await other;
  assert.deepEqual(order, ['sync', 'async']);
});

everywhere('one called just before it blocks passes the call on', async (crew) => {
  // Released and blocked at the same time, over and over: the thread that is called first may be blocked by then.
  const [lock, semaphore] = [new Lock(), new Semaphore(0)];
  const all = crew.bunch(4, async (n) => {
    for (let i = 0; i < 50; i += 1) {
      const mine = lock.acquire();
      if ((i + n) % 3 === 0) semaphore.acquireSync(1);
      await mine;
      lock.release();
      semaphore.release();
    }
    return 'all through';
  });
  assert.deepEqual(await Promise.all(all), ['all through', 'all through', 'all through', 'all through']);
});

for (const kind of isNative ? (['thread', 'process'] as const) : (['thread'] as const)) {
  test(`a ${kind} that is blocked in acquireSync can be ended`, { timeout: 60_000 }, async () => {
    const Pool = kind === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor;
    const lock = new Lock();
    await lock.acquire();
    const pool = new Pool({ maxWorkers: 2 });
    const tasks = [pool.submit(() => lock.acquireSync()), pool.submit(() => lock.acquireSync(1e9))];
    const ends = Promise.allSettled(tasks);
    await untilWaiting(lock, 2);
    await pool.terminateWorkers();
    for (const end of await ends) assert.ok(end.status === 'rejected' && end.reason instanceof WorkerLost);
    await pool.shutdown();
    lock.release();
    assert.equal(await lock.acquire(), true);
    lock.release();
  });

  test(`a task in a ${kind} that is blocked in acquireSync is ended by its time-out`, { timeout: 60_000 }, async () => {
    const Pool = kind === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor;
    const lock = new Lock();
    await lock.acquire();
    await using pool = new Pool({ maxWorkers: 1, graceful: 0 });
    // A thread that is ended while it loads modules leaves their files open, in Node.
    await pool.submit(() => lock.locked());
    await assert.rejects(Promise.resolve(pool.with({ timeout: 50 }).submit(() => lock.acquireSync())), { name: 'TimeoutError' });
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
    lock.release();
  });
}

test('process.exit() of a program whose threads are blocked in every kind of Sync call ends it', { timeout: 60_000 }, async () => {
  const { code, stdout } = await runProgram(`
    const objects = [new Lock(), new Semaphore(0), new Event(), new Barrier(2), new Condition()];
    objects[0].acquireSync();
    const pool = new ThreadPoolExecutor({ maxWorkers: 5 });
    const ready = new Semaphore(0);
    const block = [
      () => (ready.release(), objects[0].acquireSync()),
      () => (ready.release(), objects[1].acquireSync()),
      () => (ready.release(), objects[2].waitSync()),
      () => (ready.release(), objects[3].waitSync()),
      () => (objects[4].acquireSync(), ready.release(), objects[4].waitSync()),
    ];
    for (const each of block) pool.submit(each).catch(() => {});
    for (let i = 0; i < 5; i += 1) await ready.acquire();
    console.log('all are blocked');
    process.exit(7);
  `);
  assert.deepEqual([code, stdout], [7, 'all are blocked\n']);
});
