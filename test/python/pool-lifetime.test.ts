/** The assertions of CPython's suite on the life of a multiprocessing.Pool: its block, its ends, and what its workers leave. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { CancelledError, SerializationError, ShutDown, WorkerLost } from 'heddle';
import { poolKinds } from '../pool/pool-kinds.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const square = (x: number): number => x * x;
const forever = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));

for (const { kind, open } of poolKinds) {
  test(`${kind}: terminate with ten thousand tasks that never end, one a chunk, ends it`, async () => {
    const pool = open(3);
    const result = pool.mapAsync(forever, range(10_000), { chunkSize: 1 });
    await pool.terminate();
    await pool.join();
    await assert.rejects(result.get(), (error) => error instanceof CancelledError || error instanceof WorkerLost);
  });

  test(`${kind}: a block gives what was waited for, and behind it the pool takes nothing more`, async () => {
    const kept = open(2);
    {
      await using pool = kept;
      assert.deepEqual(await pool.mapAsync(square, range(10)).get(), range(10).map(square));
    }
    await assert.rejects(kept.mapAsync(square, range(10)), ShutDown);
  });

  test(`${kind}: a pool that is closed early gives all results, though its workers retire after each task`, async () => {
    const pool = open({ processes: 3, maxTasksPerChild: 1 });
    const results = range(6).map((i) => pool.applyAsync(async (x: number) => (await new Promise(setImmediate), x * x), [i]));
    pool.close();
    await pool.join();
    assert.deepEqual(
      results.map((result) => result.ready()),
      Array(6).fill(true),
    );
    assert.deepEqual(await Promise.all(results), range(6).map(square));
  });

  test(`${kind}: the error of a call shows its line in the worker, its cause, and the line that called`, async () => {
    await using pool = open(1);
    const failing = (): never => {
      throw new RangeError('123', { cause: new TypeError('the reason') });
    };
    for (const call of [
      () => pool.apply(failing),
      () => pool.map(failing, [1]),
      () => pool.starmap(failing, [[]]),
      () => pool.imap(failing, [1]).next(),
    ]) {
      const error = await (call() as Promise<unknown>).then(
        () => assert.fail('it ran'),
        (thrown: unknown) => thrown as Error,
      );
      assert.ok(error instanceof RangeError && error.cause instanceof TypeError);
      assert.match(error.stack!, /RangeError: 123\n\s+at failing .*pool-lifetime\.test.*submitted from:\n.*pool-lifetime\.test/s);
    }
  });

  test(`${kind}: a pool cannot be handed to a worker`, async () => {
    await using pool = open(1);
    await assert.rejects(
      pool.apply((other: unknown) => typeof other, [pool]),
      SerializationError,
    );
  });

  test(`${kind}: the exit listeners of the workers run when the pool is closed`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-exit-'));
    try {
      const initializer = (path: string): void => {
        process.on('exit', () => writeFileSync(join(path, `${process.pid}-${threadId}`), ''));
      };
      const pool = open({ processes: 2, initializer, initargs: [folder] });
      const nap = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
      await pool.map(nap, range(8), { chunkSize: 1 });
      // One that starts late has its listener, too.
      while (pool.statistics().starting > 0) await nap();
      const { workersStarted } = pool.statistics();
      pool.close();
      await pool.join();
      assert.equal(readdirSync(folder).length, workersStarted);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
