/** `broadcast()`: once in each worker. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { BrokenExecutor, ShutDown, WorkerLost } from 'heddle';
import { until } from './collect.ts';
import { kinds } from './kinds.ts';

const me = (): string => `${process.pid}:${threadId}`;

for (const { kind, open } of kinds) {
  test(`${kind}: a broadcast comes to each worker once`, async () => {
    await using pool = open({ maxWorkers: 3 });
    const first = await pool.broadcast(me);
    assert.equal(new Set(first).size, 3);
    const count = (): number => ((globalThis as { n?: number }).n = ((globalThis as { n?: number }).n ?? 0) + 1);
    assert.deepEqual(await pool.broadcast(count), [1, 1, 1]);
    const [second, third] = await Promise.all([pool.broadcast(count), pool.broadcast(count)]);
    assert.deepEqual(
      [second, third],
      [
        [2, 2, 2],
        [3, 3, 3],
      ],
    );
    assert.deepEqual((await pool.broadcast(me)).sort(), first.sort());
    const { submitted, completed, workersStarted } = pool.statistics();
    assert.deepEqual({ submitted, completed, workersStarted }, { submitted: 15, completed: 15, workersStarted: 3 });
  });

  test(`${kind}: a broadcast waits for tasks that run in its workers, and comes to each`, async () => {
    await using pool = open({ maxWorkers: 2, queueLimit: 1 });
    const gate = new AbortController();
    const wait = (signal: AbortSignal): Promise<string> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(`${process.pid}:${threadId}`)));
    await pool.broadcast(me);
    const running = [pool.submit(wait, gate.signal), pool.submit(wait, gate.signal)];
    await until(() => running.every((each) => each.running()));
    const everywhere = pool.broadcast(me);
    const behind = pool.broadcast(me);
    assert.equal(pool.statistics().queued, 4);
    gate.abort();
    const who = (await Promise.all(running)).sort();
    assert.deepEqual((await everywhere).sort(), who);
    assert.deepEqual((await behind).sort(), who);
  });

  test(`${kind}: the first error of a broadcast comes at once, and the pool goes on`, async () => {
    await using pool = open({ maxWorkers: 2 });
    await pool.broadcast(me);
    await assert.rejects(
      pool.broadcast(() => {
        throw new RangeError('everywhere');
      }),
      { name: 'RangeError', message: 'everywhere' },
    );
    await assert.rejects(
      pool.broadcast(() => process.exit(2)),
      (error) => error instanceof WorkerLost && error.exitCode === 2,
    );
    assert.equal(new Set(await pool.broadcast(me)).size, 2);
    await assert.rejects(pool.broadcast(7 as never), { name: 'TypeError', message: 'expected fn to be a function, got 7' });
    const { submitted, completed, failed } = pool.statistics();
    assert.deepEqual({ submitted, completed, failed }, { submitted: 8, completed: 4, failed: 4 });
  });

  test(`${kind}: a moved buffer reaches every worker of a broadcast`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const buffer = new ArrayBuffer(1000);
    assert.deepEqual(await pool.with({ transfer: [buffer] }).broadcast((b: ArrayBuffer) => b.byteLength, buffer), [1000, 1000]);
  });

  test(`${kind}: a broadcast to a pool that is shut down, or cannot start its workers, rejects`, async () => {
    const pool = open({ maxWorkers: 2 });
    await pool.shutdown();
    await assert.rejects(pool.broadcast(me), ShutDown);
    await using broken = open({
      maxWorkers: 2,
      initializer: () => {
        throw new RangeError('cannot begin');
      },
    });
    await assert.rejects(broken.broadcast(me), BrokenExecutor);
    await assert.rejects(broken.broadcast(me), BrokenExecutor);
  });

  test(`${kind}: a waiting broadcast can be aborted and cancelled`, async () => {
    const pool = open({ maxWorkers: 2, graceful: 20 });
    const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
    const busy = [pool.submit(hang), pool.submit(hang)];
    const ends = Promise.allSettled(busy);
    await until(() => busy.every((each) => each.running()));
    const controller = new AbortController();
    const aborted = pool.with({ signal: controller.signal }).broadcast(me);
    controller.abort('off');
    await assert.rejects(aborted, (thrown) => thrown === 'off');
    const cancelled = pool.broadcast(me);
    const end = assert.rejects(cancelled, { name: 'CancelledError' });
    await pool.killWorkers();
    await end;
    await ends;
    const { submitted, failed, cancelled: count } = pool.statistics();
    assert.deepEqual([submitted, failed + count], [6, 6]);
    assert.ok(count >= 2);
  });
}
