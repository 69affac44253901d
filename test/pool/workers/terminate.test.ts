/** `terminateWorkers()` and `killWorkers()`, in every state of a pool. */

import assert from 'node:assert/strict';
import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CancelledError, ShutDown, WorkerLost } from 'heddle';
import { until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-terminate-'));
test.after(() => rmSync(folder, { recursive: true }));

/** Reports that it runs, then does so without an end. */
const spin = (file: string): never => {
  writeFileSync(file, '');
  for (;;);
};
const hang = (file: string): Promise<never> => {
  writeFileSync(file, '');
  return new Promise(() => setInterval(() => {}, 1000));
};
let files = 0;

for (const { kind, open } of kinds) {
  for (const how of ['terminateWorkers', 'killWorkers'] as const) {
    for (const stuck of [spin, hang]) {
      test(`${kind}: ${how}() ends a task (${stuck.name}), settles what waits, and names the cause`, async () => {
        const pool = open({ maxWorkers: 1, graceful: 30 });
        const file = join(folder, String(files++));
        const running = pool.with({ retries: 3, retryOn: () => true }).submit(stuck, file);
        const waiting = pool.with({ retries: 3, retryOn: () => true }).submit(() => 1);
        const keyed = pool.with({ key: 'k' }).submit(() => 2);
        const ends = Promise.allSettled([running, waiting, keyed]);
        await until(() => existsSync(file));
        await Promise.all([pool[how](), pool[how](), pool.shutdown()]);
        const [first, second, third] = await ends;
        assert.ok(first.status === 'rejected' && first.reason instanceof WorkerLost);
        assert.match(first.reason.message, new RegExp(`that ran ${stuck.name} was ended by ${how}\\(\\)$`));
        if (kind === 'process') assert.ok(['SIGTERM', 'SIGKILL'].includes(first.reason.signal!));
        for (const end of [second, third]) assert.ok(end.status === 'rejected' && end.reason instanceof CancelledError);
        assert.equal(waiting.cancelled(), true);
        await assert.rejects(
          pool.submit(() => 1),
          ShutDown,
        );
        await Promise.all([pool.terminateWorkers(), pool.killWorkers(), pool.shutdown()]);
        const { submitted, failed, cancelled, retried, workers, starting, running: left } = pool.statistics();
        assert.deepEqual(
          { submitted, failed, cancelled, retried, workers, starting, left },
          { submitted: 3, failed: 1, cancelled: 2, retried: 0, workers: 0, starting: 0, left: 0 },
        );
      });
    }

    test(`${kind}: ${how}() of a pool without, with starting, or with idle workers ends`, async () => {
      await open({ maxWorkers: 2 })[how]();
      const starting = open({ maxWorkers: 2, minWorkers: 2 });
      const task = starting.submit(() => 1);
      const end = assert.rejects(task, CancelledError);
      await starting[how]();
      await end;
      const idle = open({ maxWorkers: 2 });
      await idle.broadcast(() => 1);
      await idle[how]();
      assert.equal(idle.statistics().workersEnded, 2);
      const closed = open({ maxWorkers: 1 });
      await closed.shutdown();
      await closed[how]();
    });

    test(`${kind}: ${how}() during a shutdown that waits takes effect`, async () => {
      const pool = open({ maxWorkers: 1, graceful: 20 });
      const file = join(folder, String(files++));
      const ends = Promise.allSettled([pool.submit(hang, file)]);
      await until(() => existsSync(file));
      const slow = pool.shutdown();
      await pool[how]();
      await slow;
      assert.equal((await ends)[0].status, 'rejected');
    });

    test(`${kind}: ${how}() settles a map, and closes its source`, async () => {
      const pool = open({ maxWorkers: 1, graceful: 20 });
      let isClosed = false;
      function* naturals(): Generator<number> {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          isClosed = true;
        }
      }
      const file = join(folder, String(files++));
      const work = (x: number): unknown => (x === 3 ? hang(file) : x);
      const results = pool.map(work, naturals(), { chunkSize: 1, retries: 5 });
      for (let i = 0; i < 3; i++) assert.equal((await results.next()).value, i);
      await until(() => existsSync(file));
      const next = assert.rejects(results.next(), WorkerLost);
      await pool[how]();
      await next;
      await until(() => isClosed);
      const { submitted, completed, failed, cancelled } = pool.statistics();
      assert.equal(submitted, completed + failed + cancelled);
    });
  }
}

test('process: terminateWorkers() gives a handler of SIGTERM its time, and no more', async () => {
  const handle = (ready: string, done: string, isEndless: boolean): Promise<never> => {
    process.on('SIGTERM', () => {
      writeFileSync(done, 'heard');
      if (!isEndless) setTimeout(() => (writeFileSync(done, 'done'), process.exit(5)), 10);
    });
    writeFileSync(ready, '');
    return new Promise(() => setInterval(() => {}, 1000));
  };
  for (const isEndless of [false, true]) {
    const pool = kinds[1].open({ maxWorkers: 1, graceful: isEndless ? 50 : Infinity });
    const [ready, done] = [join(folder, String(files++)), join(folder, String(files++))];
    const end = pool.submit(handle, ready, done, isEndless).catch((error: unknown) => error);
    await until(() => existsSync(ready));
    await pool.terminateWorkers();
    const lost = await end;
    assert.ok(lost instanceof WorkerLost);
    assert.deepEqual([lost.exitCode, lost.signal], isEndless ? [null, 'SIGKILL'] : [5, null]);
    // One that is killed at once may not have come so far as to hear of it.
    if (!isEndless) assert.equal(readFileSync(done, 'utf8'), 'done');
  }
});
