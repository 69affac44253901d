/** Workers that are replaced, kept, or ended because they have nothing to do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const me = (): string => `${process.pid}:${threadId}`;
/** How many of each worker there are, in the order they came. */
const runs = (list: readonly string[]): number[] => {
  const counts = new Map<string, number>();
  for (const each of list) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts.values()];
};

for (const { kind, open } of kinds) {
  test(`${kind}: a worker runs exactly maxTasksPerChild tasks`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 3 });
    const tasks = Array.from({ length: 8 }, () => pool.submit(me));
    assert.deepEqual(runs(await Promise.all(tasks)), [3, 3, 2]);
    assert.deepEqual(runs(await all(pool.map(me, Array(7).keys(), { chunkSize: 1 }))), [1, 3, 3]);
    await until(() => pool.statistics().workersEnded === 5);
    const { completed, workersStarted } = pool.statistics();
    assert.deepEqual({ completed, workersStarted }, { completed: 15, workersStarted: 5 });
  });

  test(`${kind}: with maxTasksPerChild a chunk stays whole, counts its items, and loses none`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 4 });
    assert.deepEqual(runs(await all(pool.map(me, Array(20).keys(), { chunkSize: 10 }))), [10, 10]);
    const adaptive = await all(pool.map((x: number) => [x, `${process.pid}:${threadId}`] as const, Array(40).keys()));
    assert.deepEqual(
      adaptive.map(([x]) => x),
      [...Array(40).keys()],
    );
    for (const count of runs(adaptive.map(([, who]) => who))) assert.ok(count < 8, `${count} in one worker`);
  });

  test(`${kind}: maxTasksPerChild ends a worker after the tasks it runs beside each other`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 4, tasksPerWorker: 3 });
    const slow = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return `${process.pid}:${threadId}`;
    };
    assert.deepEqual(runs(await Promise.all(Array.from({ length: 10 }, () => pool.submit(slow)))), [4, 4, 2]);
  });

  test(`${kind}: a worker that keeps the memory of a task is replaced, but not in the middle of one`, async () => {
    const limit = kind === 'thread' ? 60e6 : 250e6;
    await using pool = open({ maxWorkers: 1, maxMemory: limit, tasksPerWorker: 2 });
    const fill = (megabytes: number): string => {
      const list = ((globalThis as { kept?: unknown[] }).kept ??= []);
      for (let i = 0; i < megabytes; i++) list.push(new Array<number>(131_072).fill(i + 0.5));
      return `${process.pid}:${threadId}`;
    };
    const before = await pool.submit(me);
    assert.equal(await pool.submit(fill, 1), before);
    const gate = new AbortController();
    const beside = pool.submit(
      (signal: AbortSignal) =>
        new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(`${process.pid}:${threadId}`))),
      gate.signal,
    );
    await until(() => beside.running());
    assert.equal(await pool.submit(fill, 300), before);
    const next = pool.submit(me);
    assert.equal(next.running(), false);
    gate.abort();
    assert.equal(await beside, before);
    assert.notEqual(await next, before);
    assert.equal(pool.statistics().workersStarted, 2);
  });

  test(`${kind}: minWorkers start with the pool, and stay`, async () => {
    await using pool = open({ maxWorkers: 3, minWorkers: 2, idleTimeout: 1 });
    assert.equal(pool.statistics().starting, 2);
    await until(() => pool.statistics().workers === 2);
    await pool.broadcast(me);
    await until(() => pool.statistics().workers === 2);
    assert.equal(pool.statistics().workersStarted, 3);
    await assert.rejects(
      pool.submit(() => process.exit(1)),
      { name: 'WorkerLost' },
    );
    await until(() => pool.statistics().workers === 2 && pool.statistics().workersStarted === 4);
  });

  test(`${kind}: idle workers end, and busy ones stay`, async () => {
    await using pool = open({ maxWorkers: 3, idleTimeout: 30 });
    const gate = new AbortController();
    const busy = pool.submit(
      (signal: AbortSignal) =>
        new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(`${process.pid}:${threadId}`))),
      gate.signal,
    );
    await until(() => busy.running());
    await Promise.all([pool.submit(me), pool.submit(me), pool.submit(me)]);
    await until(() => pool.statistics().workers === 1);
    assert.equal(busy.done(), false);
    gate.abort();
    await busy;
    await until(() => pool.statistics().workers === 0);
    assert.match(await pool.submit(me), /:/);
    // Workers that were told to end count no more, and have not ended yet.
    await until(() => {
      const { workersStarted, workersEnded, workers } = pool.statistics();
      return workersStarted - workersEnded === workers;
    });
  });

  test(`${kind}: an idleTimeout of Infinity or 0 is taken as it is`, async () => {
    await using forever = open({ maxWorkers: 1, idleTimeout: Infinity });
    await using never = open({ maxWorkers: 1, idleTimeout: 0 });
    const before = await forever.submit(me);
    await never.submit(me);
    await until(() => never.statistics().workersEnded === 1);
    assert.equal(await forever.submit(me), before);
  });

  test(`${kind}: a keyed task does not wait for a worker that is being replaced`, async () => {
    await using pool = open({ maxWorkers: 2, maxTasksPerChild: 2, idleTimeout: 5 });
    const view = pool.with({ key: 'k' });
    const ends = await Promise.all(Array.from({ length: 9 }, () => view.submit(me)));
    assert.deepEqual(runs(ends), [2, 2, 2, 2, 1]);
  });
}
