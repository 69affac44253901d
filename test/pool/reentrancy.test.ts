/** Calls in the middle of a pool's work. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { Event, TimeoutError } from 'heddle';
import { all, until } from './collect.ts';
import { kinds } from './kinds.ts';

const forEver = () => new Promise<void>((resolve) => setTimeout(resolve, 1e9));

for (const { kind, open } of kinds) {
  test(`${kind}: an observer may end the pool while it gives out tasks: all workers end`, async () => {
    // The chunk uses its worker up: the next worker is started by the very event that gives out the chunk.
    const pool = open({ maxWorkers: 2, tasksPerWorker: 2, maxTasksPerChild: 2 });
    let end: Promise<void> | undefined;
    const onTask = (): void => void (end ??= pool.killWorkers());
    subscribe('heddle:taskStarted', onTask);
    await assert.rejects(all(pool.map((n) => n, [1, 2, 3, 4], { chunkSize: 2 })));
    unsubscribe('heddle:taskStarted', onTask);
    await end;
    assert.equal(pool.statistics().workers, 0);
  });

  test(`${kind}: an observer can cancel waiting tasks`, async () => {
    const pool = open({ maxWorkers: 1 });
    const first = pool.submit(() => 1);
    const second = pool.submit(() => 2);
    let isCancelled: boolean | undefined;
    const onTask = (): void => void (isCancelled ??= second.cancel());
    subscribe('heddle:taskStarted', onTask);
    assert.equal(await first, 1);
    unsubscribe('heddle:taskStarted', onTask);
    assert.equal(isCancelled, true);
    assert.ok(second.cancelled());
    await pool.shutdown();
  });

  test(`${kind}: an item that waits for its chunk to fill is computed when the pool is shut down`, async () => {
    const pool = open({ maxWorkers: 1 });
    const gate = new Event();
    const busy = pool.submit(() => gate.wait());
    await until(() => pool.statistics().running === 1);
    let isAsked = false;
    async function* source(): AsyncGenerator<number> {
      yield 1;
      isAsked = true;
      await new Promise(() => {});
    }
    const results = pool.map((n) => n, source(), { chunkSize: 2 });
    const next = results.next();
    await until(() => isAsked);
    await pool.shutdown({ wait: false });
    gate.set();
    assert.deepEqual(await next, { done: false, value: 1 });
    await results.return?.();
    assert.equal(await busy, true);
    await pool.shutdown();
  });

  test(`${kind}: an attempt that took too long is followed by another, unless retryOn says no`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 0 });
    await assert.rejects(pool.with({ timeout: 10, retries: 1, retryOn: () => false }).submit(forEver), TimeoutError);
    assert.equal(pool.statistics().retried, 0);
    await assert.rejects(pool.with({ timeout: 10, retries: 1 }).submit(forEver), TimeoutError);
    assert.equal(pool.statistics().retried, 1);
  });

  test(`${kind}: an abort while the arguments are read is seen`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const reason = new Error('no longer');
    const argument = {
      get late() {
        controller.abort(reason);
        return 1;
      },
    };
    await assert.rejects(
      pool.with({ signal: controller.signal }).submit((_: object) => {}, argument),
      reason,
    );
  });
}
