/** Promises on life: a pending async wait alone keeps a program alive, timers go on meanwhile, and unused objects are freed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Lock, Semaphore, ThreadPoolExecutor } from 'heddle';
import { collect, heapStatistics } from 'heddle/lowlevel';
import { untilCollected } from '../python/garbage.js';
import { everywhere, isNative, until } from './crew.js';
import { runProgram } from './run-program.js';

const patient = { timeout: 60_000 };

test('objects that are made, locked, set and dropped do not keep a program alive', patient, async () => {
  const { code, stdout, stderr } = await runProgram(`
    const lock = new Lock(), rlock = new RLock(), semaphore = new Semaphore(3), event = new Event();
    const condition = new Condition(), barrier = new Barrier(2), bounded = new BoundedSemaphore(2);
    await lock.acquire();
    await rlock.acquire();
    await semaphore.hold();
    event.set();
    await event.wait();
    condition.acquireSync();
    condition.notifyAll();
    await bounded.acquire();
    await barrier.wait(1).catch((error) => console.log(error.name));
    console.log(await lock.acquire(1));
  `);
  assert.deepEqual([code, stdout, stderr], [0, 'BrokenBarrierError\nfalse\n', '']);
});

const waits: Record<string, string> = {
  'Lock.acquire': 'const lock = new Lock(); lock.acquireSync(); later = () => lock.release(); wait = lock.acquire();',
  'RLock.run': 'const lock = new RLock(); lock.run(() => new Promise((resolve) => (later = resolve))); wait = lock.run(() => {});',
  'Semaphore.hold': 'const semaphore = new Semaphore(0); later = () => semaphore.release(); wait = semaphore.hold();',
  'Event.wait': 'const event = new Event(); later = () => event.set(); wait = event.wait();',
  'Condition.wait':
    'const condition = new Condition(); condition.acquireSync(); wait = condition.wait(); later = () => condition.run(() => condition.notify());',
  'Barrier.wait': 'const barrier = new Barrier(2); wait = barrier.wait(); later = () => barrier.wait();',
};

for (const [name, source] of Object.entries(waits)) {
  test(`${name} that is pending keeps a program alive, and its timers run`, patient, async () => {
    const { code, stdout } = await runProgram(`
      let wait, later, ticks = 0;
      ${source}
      setInterval(() => ticks++, 1).unref();
      // Nothing but the wait keeps the program alive until then.
      setTimeout(() => later(), 100).unref();
      await wait;
      console.log('over', ticks > 0);
    `);
    assert.deepEqual([code, stdout], [0, 'over true\n']);
  });
}

test('a wait that was given up does not keep a program alive', patient, async () => {
  const { code, stdout } = await runProgram(`
    const event = new Event(), lock = new Lock(), controller = new AbortController();
    lock.acquireSync();
    const waits = [event.wait({ signal: controller.signal }), lock.acquire({ signal: controller.signal }), event.wait(1)];
    setTimeout(() => controller.abort(), 20);
    console.log((await Promise.allSettled(waits)).map(({ status }) => status).join());
    setTimeout(() => console.log('kept alive'), 1e6).unref();
  `);
  assert.deepEqual([code, stdout], [0, 'rejected,rejected,fulfilled\n']);
});

test('a program ends with an idle pool whose worker has used a lock', patient, async () => {
  const { code } = await runProgram(`
    const lock = new Lock();
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => lock.run(() => {}));
  `);
  assert.equal(code, 0);
});

everywhere('a worker that waits without blocking does other things meanwhile', async (crew) => {
  const [lock, ticked] = [new Lock(), new Semaphore(0)];
  await lock.acquire();
  const task = crew.run(async () => {
    const timer = setInterval(() => ticked.release(), 1);
    await lock.acquire();
    clearInterval(timer);
    lock.release();
  });
  for (let i = 0; i < 5; i += 1) await ticked.acquire();
  lock.release();
  await task;
});

everywhere('a lock made in a worker that is gone is the lock it was', async (crew) => {
  const lock = await crew.run(async () => {
    const made = new Lock();
    made.acquireSync();
    made.release();
    return made;
  });
  assert.equal(lock.locked(), false);
  await lock.acquire();
  assert.deepEqual(await Promise.all(crew.bunch(2, () => lock.tryAcquire())), [false, false]);
  lock.release();
});

if (isNative) {
  test('no object leaves a file, or a name anywhere', patient, async () => {
    const { code, stdout } = await runProgram(`
      import { readdirSync } from 'node:fs';
      const before = readdirSync('/dev/shm').length;
      const lock = new Lock(), event = new Event();
      const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
      await pool.submit(() => lock.run(() => event.set()));
      console.log(event.isSet(), readdirSync('/dev/shm').length <= before);
    `);
    assert.deepEqual([code, stdout], [0, 'true true\n']);
  });
}

test('a lock without references is collected, and leaves the heap', patient, async () => {
  const count = (): number => heapStatistics().objects['Lock'] ?? 0;
  const before = count();
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  // In a call of its own, so that nothing here holds them.
  const make = async (): Promise<WeakRef<Lock>[]> => {
    const locks = Array.from({ length: 20 }, () => new Lock());
    await pool.submit((all: Lock[]) => all[0]!.run(() => all.length), locks);
    assert.ok(count() >= locks.length);
    return locks.map((lock) => new WeakRef(lock));
  };
  const refs = await make();
  await pool.shutdown();
  for (const ref of refs) await untilCollected(ref);
  await until(() => {
    collect();
    return count() <= before;
  });
});

test('a lock that only a guard knows, or a wait, is freed', patient, async () => {
  const begin = (): { refs: WeakRef<Lock>[]; guard: Disposable; wait: Promise<boolean>; other: WeakRef<object> } => {
    const [held, wanted] = [new Lock(), new Lock()];
    wanted.acquireSync();
    const wait = wanted.acquire(60_000);
    return { refs: [held, wanted].map((lock) => new WeakRef(lock)), guard: held.holdSync(), wait, other: new WeakRef({}) };
  };
  const { refs, guard, wait, other } = begin();
  await untilCollected(other);
  collect();
  const [held, wanted] = refs.map((ref) => ref.deref());
  assert.equal(held?.locked(), true);
  guard[Symbol.dispose]();
  assert.equal(held.locked(), false);
  wanted?.release();
  assert.equal(await wait, true);
});

test('an event of one program is not that of another', patient, async () => {
  const event = new Event();
  event.set();
  const { stdout } = await runProgram('console.log(new Event().isSet(), new Lock().locked())');
  assert.equal(stdout, 'false false\n');
});
