/** Signals among the arguments of a task. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

/** Has the worker collect garbage, several times and over several turns. */
async function collect(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(`${Executor.name}: a signal that only its listener references is kept, and the task ends`, async () => {
    const pool = new Executor({ maxWorkers: 1, tasksPerWorker: 2 });
    try {
      const controller = new AbortController();
      const task = pool.submit((signal: AbortSignal) => {
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve('fired'), { once: true }));
      }, controller.signal);
      await pool.submit(collect);
      controller.abort();
      assert.equal(await task, 'fired');
    } finally {
      await pool.shutdown();
    }
  });
}
