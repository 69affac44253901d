/** Tasks that a busy worker has ahead: they count as waiting until it begins them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError, ThreadPoolExecutor, WorkerLost, currentTask } from '#src/index.js';
import { setImmediate } from 'node:timers/promises';

const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(64));
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await setImmediate();
};
/** Tells that it has begun, and keeps its thread until it is let go. */
const block = (gate: Int32Array): void => {
  Atomics.store(gate, 0, 1);
  Atomics.wait(gate, 1, 0);
};
const open = (gate: Int32Array): void => {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
};
const count = (gate: Int32Array, n: number): number => {
  Atomics.add(gate, 2, 1);
  return n;
};

/** A pool that has measured short tasks, so that busy workers have others ahead. */
async function warm(maxWorkers: number): Promise<ThreadPoolExecutor> {
  const pool = new ThreadPoolExecutor({ maxWorkers });
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 200 }, (_, n) => pool.submit((x: number) => x, n)));
  return pool;
}

test('what a busy worker has ahead waits: it is counted so, does not run, and can be cancelled', async () => {
  const pool = await warm(1);
  const gate = words();
  const long = pool.submit(block, gate);
  await until(() => Atomics.load(gate, 0) === 1);
  const others = Array.from({ length: 10 }, (_, n) => pool.submit(count, gate, n));
  assert.deepEqual([pool.statistics().running, pool.statistics().queued], [1, 10]);
  assert.deepEqual([long.running(), others.some((each) => each.running())], [true, false]);
  const cancelled = others.filter((_, n) => n % 2 === 1);
  assert.ok(cancelled.every((each) => each.cancel()));
  open(gate);
  const ends = await Promise.allSettled(others);
  assert.deepEqual(
    ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason instanceof CancelledError)),
    [0, true, 2, true, 4, true, 6, true, 8, true],
  );
  assert.equal(Atomics.load(gate, 2), 5, 'what was cancelled did not run');
  await pool.shutdown();
});

test('an aborted task that a busy worker has ahead never runs', async () => {
  const pool = await warm(1);
  const gate = words();
  const long = pool.submit(block, gate);
  const controller = new AbortController();
  await until(() => Atomics.load(gate, 0) === 1);
  const future = pool.with({ signal: controller.signal }).submit(count, gate, 1);
  const next = pool.submit(count, gate, 2);
  controller.abort(new Error('not wanted'));
  await assert.rejects(future, { message: 'not wanted' });
  open(gate);
  assert.deepEqual([await long, await next, Atomics.load(gate, 2)], [undefined, 2, 1]);
  await pool.shutdown();
});

test('a worker that is free takes what another has ahead', async () => {
  const pool = await warm(2);
  const [one, other] = [words(), words()];
  const [first, second] = [pool.submit(block, one), pool.submit(block, other)];
  await until(() => Atomics.load(one, 0) === 1 && Atomics.load(other, 0) === 1);
  const behind = Array.from({ length: 20 }, (_, n) => pool.submit(count, one, n));
  open(other);
  assert.deepEqual(
    await Promise.all(behind),
    behind.map((_, n) => n),
  );
  assert.equal(first.done(), false);
  open(one);
  await Promise.all([first, second]);
  await pool.shutdown();
});

test('tasks behind a long one go to workers that are done, in the order in which they were submitted', async () => {
  const pool = await warm(2);
  const gate = words();
  const order = new Int32Array(new SharedArrayBuffer(4 * 2000));
  const note = (list: Int32Array, n: number): void => {
    list[Atomics.add(list, 0, 1) + 1] = n;
  };
  const long = pool.submit(block, gate);
  await until(() => Atomics.load(gate, 0) === 1);
  await Promise.all(Array.from({ length: 1000 }, (_, n) => pool.submit(note, order, n)));
  const begun = [...order.subarray(1, 1001)];
  assert.deepEqual(
    [...begun].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, n) => n),
  );
  // What the blocked worker had ahead is given to the other when that is noticed, not at the end.
  assert.ok(begun.indexOf(0) < 900 && begun.indexOf(1) < 900);
  open(gate);
  await long;
  await pool.shutdown();
});

test('a higher priority goes before what a busy worker has not begun and its host still has', async () => {
  const pool = await warm(1);
  const gate = words();
  const long = pool.submit(block, gate);
  await until(() => Atomics.load(gate, 0) === 1);
  const order: string[] = [];
  const futures = Array.from({ length: 200 }, (_, n) => pool.submit(count, gate, n).then(() => order.push(`low ${n}`)));
  futures.push(
    pool
      .with({ priority: 1 })
      .submit(count, gate, 0)
      .then(() => order.push('high')),
  );
  open(gate);
  await Promise.all([...futures, long]);
  assert.ok(order.indexOf('high') <= 64, `it came after ${order.indexOf('high')} others`);
  await pool.shutdown();
});

test('of a worker that ends, what it had ahead runs elsewhere, once', async () => {
  const pool = await warm(1);
  const gate = words();
  const die = (at: Int32Array): never => {
    Atomics.store(at, 0, 1);
    Atomics.wait(at, 1, 0);
    process.exit(3);
  };
  const dying = pool.submit(die, gate);
  await until(() => Atomics.load(gate, 0) === 1);
  const others = Array.from({ length: 30 }, (_, n) => pool.submit(count, gate, n));
  open(gate);
  await assert.rejects(dying, WorkerLost);
  assert.deepEqual(
    await Promise.all(others),
    others.map((_, n) => n),
  );
  assert.equal(Atomics.load(gate, 2), 30);
  await pool.shutdown();
});

test('of a worker that is killed, what it had ahead is cancelled by terminateWorkers', async () => {
  const pool = await warm(1);
  const gate = words();
  const long = pool.submit(block, gate);
  await until(() => Atomics.load(gate, 0) === 1);
  const others = Array.from({ length: 5 }, (_, n) => pool.submit(count, gate, n));
  const ended = pool.terminateWorkers();
  const ends = await Promise.allSettled([long, ...others]);
  assert.deepEqual(
    ends.map((end) => (end as PromiseRejectedResult).reason.constructor),
    [WorkerLost, ...others.map(() => CancelledError)],
  );
  assert.equal(Atomics.load(gate, 2), 0);
  await ended;
});

test('shutdown with cancelFutures cancels what a busy worker has ahead, and one without runs it', async () => {
  for (const cancelFutures of [true, false]) {
    const pool = await warm(1);
    const gate = words();
    const long = pool.submit(block, gate);
    await until(() => Atomics.load(gate, 0) === 1);
    const others = Array.from({ length: 5 }, (_, n) => pool.submit(count, gate, n));
    const ended = pool.shutdown({ cancelFutures });
    open(gate);
    const ends = await Promise.allSettled(others);
    assert.ok(ends.every(({ status }) => status === (cancelFutures ? 'rejected' : 'fulfilled')));
    assert.equal(Atomics.load(gate, 2), cancelFutures ? 0 : 5);
    await Promise.all([long, ended]);
  }
});

test('tasks that follow one another in a worker see each its own number, microtasks of the one before come first', async () => {
  const pool = await warm(1);
  const trace: string[] = [];
  const told = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      pool.submit((i: number) => {
        const shared = globalThis as { heddleTrace?: number[] };
        const list = (shared.heddleTrace ??= []);
        void Promise.resolve().then(() => list.push(i));
        return [currentTask()!.id, i, list.length];
      }, n),
    ),
  );
  for (const [, i, length] of told) trace.push(`${i}:${length}`);
  assert.equal(new Set(told.map(([id]) => id)).size, 100);
  assert.deepEqual(
    trace,
    Array.from({ length: 100 }, (_, n) => `${n}:${n}`),
  );
  await pool.shutdown();
});

test('the queueLimit counts what busy workers have ahead', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, queueLimit: 5 });
  for (let i = 0; i < 300; i++) await pool.submit((x: number) => x, i);
  const gate = words();
  const long = pool.submit(block, gate);
  const taken = Array.from({ length: 8 }, (_, n) => pool.submit(count, gate, n));
  const ends = Promise.allSettled(taken);
  open(gate);
  assert.deepEqual(
    (await ends).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
  );
  await long;
  await pool.shutdown();
});

test('a worker of maxTasksPerChild runs as many as that, also of those it had ahead', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, maxTasksPerChild: 50 });
  const where = await Promise.all(
    Array.from({ length: 200 }, () => pool.submit(async () => (await import('node:worker_threads')).threadId)),
  );
  const counts = new Map<number, number>();
  for (const id of where) counts.set(id, (counts.get(id) ?? 0) + 1);
  assert.deepEqual([...counts.values()], [50, 50, 50, 50]);
  await pool.shutdown();
});
