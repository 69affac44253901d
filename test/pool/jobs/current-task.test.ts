/** The facts that a task knows of itself. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TaskProgress, currentTask } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const id = (): number => currentTask()!.id;

for (const { kind, open } of kinds) {
  test(`${kind}: outside of a task there is none, and leftovers of a task are not one`, async () => {
    assert.equal(currentTask(), null);
    for (const tasksPerWorker of [1, 3]) {
      await using pool = open({ maxWorkers: 1, tasksPerWorker });
      const leaving = (): boolean => {
        setTimeout(() => ((globalThis as { late?: unknown }).late = [currentTask()]), 5);
        return currentTask() !== null;
      };
      const late = async (): Promise<unknown> => {
        while ((globalThis as { late?: unknown }).late === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
        return (globalThis as { late?: unknown }).late;
      };
      if (tasksPerWorker > 1) {
        assert.equal(await pool.submit(leaving), true);
        assert.deepEqual(await pool.submit(late), [null]);
      }
      const results = pool.map(leaving, [1, 2, 3], { chunkSize: 3 });
      assert.deepEqual(await all(results), [true, true, true]);
      assert.equal(currentTask(), null);
    }
  });

  test(`${kind}: two tasks, or two items of a map, have different ids`, async () => {
    await using pool = open({ maxWorkers: 2, tasksPerWorker: 2 });
    const ids = await Promise.all(Array.from({ length: 20 }, () => pool.submit(id)));
    ids.push(...(await all(pool.map(id, Array(100).keys(), { chunkSize: 7 }))), ...(await all(pool.map(id, Array(100).keys()))));
    ids.push(...(await pool.broadcast(id)));
    assert.equal(new Set(ids).size, 222);
  });

  test(`${kind}: concurrent tasks in one worker keep their contexts over an await`, async () => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 8 });
    const steps = async (): Promise<number[]> => {
      const ids = [currentTask()!.id];
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        ids.push(currentTask()!.id);
        await new Promise<void>((resolve) => setImmediate(() => queueMicrotask(resolve)));
        ids.push(currentTask()!.id);
      }
      return ids;
    };
    const lists = await Promise.all(Array.from({ length: 30 }, () => pool.submit(steps)));
    const mapped = await all(pool.map(steps, Array(30).keys(), { chunkSize: 3 }));
    for (const list of [...lists, ...mapped]) assert.equal(new Set(list).size, 1);
    assert.equal(new Set([...lists, ...mapped].map(([first]) => first)).size, 60);
  });

  test(`${kind}: the progress of a task is reported in time, and does not end the program`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const told: TaskProgress[] = [];
    const counting = (end: number): number => {
      const { progress } = currentTask()!;
      for (let i = 1; i <= end; i++) progress(i, i > 1 ? end : undefined);
      return end;
    };
    const future = pool.with({ progress: (p) => told.push(p) }).submit(counting, 10_000);
    let atEnd: TaskProgress | undefined;
    future.addDoneCallback(() => (atEnd = told.at(-1)));
    assert.equal(await future, 10_000);
    assert.deepEqual(told[0], { done: 1, total: null });
    assert.deepEqual(atEnd, { done: 10_000, total: 10_000 });
    assert.ok(told.length < 200, `told ${told.length} times`);

    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const throwing = (): never => {
      throw new Error('from progress');
    };
    assert.equal(await pool.with({ progress: throwing }).submit(counting, 3), 3);
    assert.match((await warned).message, /threw: Error: from progress$/);
    const wrong = (done: unknown, total?: unknown): void => currentTask()!.progress(done as number, total as number);
    await assert.rejects(pool.submit(wrong, 'half'), { name: 'TypeError', message: "expected done to be a number, got 'half'" });
    await assert.rejects(pool.submit(wrong, 1, Number.NaN), { name: 'TypeError', message: 'expected total to be a number, got NaN' });
    await assert.rejects(pool.submit(wrong, -1), { name: 'RangeError', message: 'expected done to be 0 or more, got -1' });
    assert.equal(await pool.submit(counting, 5), 5);
  });

  test(`${kind}: a task that has failed for its caller reports no progress`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 60_000 });
    const told: number[] = [];
    const controller = new AbortController();
    const working = async (): Promise<void> => {
      const { signal, progress } = currentTask()!;
      progress(1);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      progress(2);
    };
    const task = pool.with({ signal: controller.signal, progress: ({ done }) => told.push(done) }).submit(working);
    await until(() => told.length === 1);
    controller.abort('off');
    await assert.rejects(task, (thrown) => thrown === 'off');
    await pool.submit(() => {});
    assert.deepEqual(told, [1]);
  });
}
