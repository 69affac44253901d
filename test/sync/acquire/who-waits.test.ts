/** Owners and waiters, seen from outside; and the report of a thread that waits for itself. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Barrier, Condition, Event, Lock, RLock, Semaphore, ThreadPool } from '#src/index.js';
import { whoWaits } from '#src/sync/acquire/who-waits.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

const main = { pid: process.pid, thread: 0 };

test('the owner of a lock, and its waiters, are seen', async () => {
  const lock = new Lock();
  assert.deepEqual(whoWaits(lock), { what: 'Lock unlocked', owner: null, holders: [], waiters: [] });
  lock.acquireSync();
  const pool = new ThreadPool(1);
  const other = pool.apply(() => {
    lock.acquireSync();
    lock.release();
  });
  while (lock.statistics().waiting < 1) await ticks();
  const mine = lock.acquire();
  const { owner, waiters } = whoWaits(lock);
  assert.deepEqual({ pid: owner?.pid, thread: owner?.thread }, main);
  assert.deepEqual(
    waiters.map(({ thread, isAsync, isCalled }) => [thread.pid, thread.thread > 0, isAsync, isCalled]),
    [
      [process.pid, true, false, false],
      [process.pid, false, true, false],
    ],
  );
  for (const { ms } of waiters) assert.ok(ms >= 0);
  lock.release();
  await mine;
  lock.release();
  await other;
  assert.deepEqual(whoWaits(lock).waiters, []);
  await pool.terminate();
});

test('the holders of permits are seen', async () => {
  const semaphore = new Semaphore(3);
  const guards = [semaphore.holdSync(), await semaphore.hold()];
  const { holders } = whoWaits(semaphore);
  assert.deepEqual(
    holders.map(({ thread, permits }) => [thread.pid, permits]),
    [[process.pid, 2]],
  );
  for (const guard of guards) guard[Symbol.dispose]();
  assert.deepEqual(whoWaits(semaphore).holders, []);
});

test('the waiters for an event, a notification or a barrier are seen', async () => {
  const event = new Event();
  const condition = new Condition();
  const barrier = new Barrier(2);
  condition.acquireSync();
  const waits = [event.wait(), condition.wait(), barrier.wait()];
  for (const one of [event, condition, barrier]) assert.equal(whoWaits(one).waiters.length, 1);
  assert.equal(whoWaits(condition).owner, null);
  event.set();
  await condition.run(() => condition.notify());
  barrier.waitSync();
  await Promise.all(waits);
  condition.release();
});

for (const [name, Class] of Object.entries({ Lock, RLock }))
  test(`${name}: a thread that waits for itself says so, once`, () => {
    const program = `
      import { ${name} } from 'heddle';
      const lock = new ${name}();
      if (${Class === RLock}) lock.run(() => new Promise(() => {}));
      else lock.acquireSync();
      console.log(lock.acquireSync(500));
      process.exit();
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { ...process.env, HEDDLE_DEADLOCK_AFTER: '100' },
    });
    assert.equal(stdout, 'false\n');
    assert.match(stderr, new RegExp(`thread 0\\) has been blocked for 0.1 s .* it has itself: ${name} held by MainProcess`));
    assert.equal(stderr.split('Warning').length, 2);
  });
