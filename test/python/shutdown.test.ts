/** The assertions of CPython's suite on the end: ExecutorShutdownTest and its variants for threads and processes. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { CancelledError, ShutDown } from 'heddle';
import { until } from '../pool/collect.ts';
import { kinds } from '../pool/kinds.ts';

const sleep = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
const program = async (name: string, code: string): Promise<string> => {
  const text = `import { ${name} as Executor } from 'heddle';
    const sleep = (ms) => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
    ${code}`;
  return (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], { timeout: 60_000 })).stdout;
};

for (const { kind, open } of kinds) {
  const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';

  test(`${kind}: after shutdown submit is refused, and says so`, async () => {
    const pool = open({ maxWorkers: 1 });
    await pool.shutdown();
    await assert.rejects(
      pool.submit(sleep, 1),
      (error) => error instanceof ShutDown && /PoolExecutor-\d+ is shut down/.test(error.message),
    );
  });

  test(`${kind}: a submit while the program ends changes nothing about its end`, async () => {
    const code = `
      const pool = new Executor({ maxWorkers: 1 });
      await pool.submit(sleep, 1);
      process.on('exit', () => { pool.submit(sleep, 1); console.log('exit handler'); });
      console.log('ends');`;
    assert.equal(await program(name, code), 'ends\nexit handler\n');
  });

  test(`${kind}: shutdown with cancelFutures cancels what waits, finishes what runs, and leaves nothing pending`, async () => {
    const pool = open({ maxWorkers: 2 });
    const futures = Array.from({ length: 50 }, () => pool.submit(sleep, 5));
    await until(() => futures.some((future) => future.running()));
    await pool.shutdown({ cancelFutures: true });
    const cancelled = futures.filter((future) => future.cancelled());
    assert.ok(cancelled.length >= 20);
    assert.ok(futures.every((future) => future.done()));
    for (const future of futures) {
      if (future.cancelled()) await assert.rejects(future, CancelledError);
      else assert.equal(await future, 5);
    }
  });

  test(`${kind}: shutdown without waiting lets the program end with its output`, async () => {
    const code = `
      const pool = new Executor({ maxWorkers: 2 });
      pool.submit(sleep, 20).then((ms) => console.log('apple', ms));
      await pool.shutdown({ wait: false });
      console.log('shut down');`;
    assert.equal(await program(name, code), 'shut down\napple 20\n');
  });

  test(`${kind}: a task cancelled right after its submit does not hang the shutdown`, async () => {
    const pool = open({ maxWorkers: 1 });
    assert.equal(await pool.submit(sleep, 1), 1);
    for (let i = 0; i < 20; i++) {
      const future = pool.submit(sleep, 0);
      future.cancel();
    }
    await pool.shutdown();
  });

  test(`${kind}: the end of the block ends the workers`, async () => {
    let kept;
    {
      await using pool = open({ maxWorkers: 2 });
      kept = pool;
      for (const ms of [1, 2, 3]) await pool.submit(sleep, ms);
    }
    assert.equal(kept.statistics().workers, 0);
    await assert.rejects(kept.submit(sleep, 1), ShutDown);
  });

  test(`${kind}: workers are named after their pool, or by its name option`, async () => {
    await using named = open({ maxWorkers: 1, name: 'bees' });
    await named.shutdown();
    await assert.rejects(named.submit(sleep, 1), /^ShutDown: bees is shut down/);
  });

  test(`${kind}: an executor that was dropped delivers its results and lets the program end`, async () => {
    const code = `
      const results = (() => {
        const pool = new Executor({ maxWorkers: 2 });
        return [1, 2, 3].map((ms) => pool.submit(sleep, ms));
      })();
      console.log(await Promise.all(results));`;
    assert.equal(await program(name, code), '[ 1, 2, 3 ]\n');
  });

  test(`${kind}: shutdown without waiting delivers what was submitted`, async () => {
    const pool = open({ maxWorkers: 2 });
    const futures = [3, 2, 1].map((ms) => pool.submit(sleep, ms));
    await pool.shutdown({ wait: false });
    assert.deepEqual(await Promise.all(futures), [3, 2, 1]);
    await pool.shutdown();
  });

  test(`${kind}: shutdown with cancelFutures and without waiting drops what waits, and the one that runs ends`, async () => {
    const pool = open({ maxWorkers: 1 });
    const running = pool.submit(sleep, 10);
    const waiting = pool.submit(sleep, 1e8);
    await until(() => running.running());
    await pool.shutdown({ wait: false, cancelFutures: true });
    assert.ok(waiting.cancelled());
    assert.equal(await running, 10);
    await pool.shutdown();
  });
}
