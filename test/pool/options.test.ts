/** The options of executors: their checks, and what the workers have of them. */

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { BrokenExecutor, type ExecutorOptions, Full, TimeoutError } from 'heddle';
import { until } from './collect.ts';
import { kinds } from './kinds.ts';

const wrong: readonly [options: unknown, message: RegExp][] = [
  [{ workers: 1 }, /^unknown key 'workers' in options: known are maxWorkers, minWorkers, /],
  [{ maxWorkers: 0 }, /^expected maxWorkers to be an integer >= 1, got 0$/],
  [{ maxWorkers: 2, minWorkers: 3 }, /^expected minWorkers to be an integer from 0 to 2, got 3$/],
  [{ idleTimeout: -1 }, /^expected idleTimeout to be a number >= 0, got -1$/],
  [{ tasksPerWorker: 0.5 }, /^expected tasksPerWorker to be an integer >= 1, got 0\.5$/],
  [{ queueLimit: 0 }, /^expected queueLimit to be an integer >= 1, got 0$/],
  [{ maxTasksPerChild: '9' }, /^expected maxTasksPerChild to be an integer >= 1, got '9'$/],
  [{ maxMemory: 1.5 }, /^expected maxMemory to be an integer >= 1, got 1\.5$/],
  [{ graceful: 'soon' }, /^expected graceful to be a number >= 0, got 'soon'$/],
  [{ startTimeout: Number.NaN }, /^expected startTimeout to be a number >= 0, got NaN$/],
  [{ initializer: 'init' }, /^expected initializer to be a function, got 'init'$/],
  [{ initargs: 1 }, /^expected initargs to be an array, got 1$/],
  [{ initArgs: 1 }, /^expected initArgs to be an array, got 1$/],
  [{ initArgs: [], initargs: [] }, /^initargs is the old name of initArgs: expected one of them, got both$/],
  [{ gracePeriod: -1 }, /^expected gracePeriod to be a number >= 0, got -1$/],
  [{ gracePeriod: 1, graceful: 1 }, /^graceful is the old name of gracePeriod: expected one of them, got both$/],
  [{ execArgv: '--title' }, /^expected execArgv to be an array of strings, got '--title'$/],
  [{ execArgv: [1] }, /^expected execArgv to be an array of strings, got \[ 1 \]$/],
  [{ env: 'A=1' }, /^expected env to be an object, got 'A=1'$/],
  [{ name: 7 }, /^expected name to be a string, got 7$/],
  [{ resourceLimits: { heap: 1 } }, /^unknown key 'heap' in resourceLimits: known are /],
];

for (const { kind, open } of kinds) {
  test(`${kind}: a wrong option of an executor is refused with what came`, () => {
    for (const [options, message] of wrong)
      assert.throws(
        () => open(options as ExecutorOptions),
        ({ message: text }: Error) => (assert.match(text, message), true),
      );
  });

  test(`${kind}: initArgs and gracePeriod do what their old names do, and undefined is no value of theirs`, async () => {
    const set = (word: string): void => void ((globalThis as { word?: string }).word = word);
    const get = (): string | undefined => (globalThis as { word?: string }).word;
    const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
    const given: readonly ExecutorOptions[] = [
      { initArgs: ['a'], gracePeriod: 0 },
      { initargs: ['a'], graceful: 0 },
      { initArgs: ['a'], initargs: undefined, gracePeriod: undefined, graceful: 0 },
    ];
    for (const options of given) {
      await using pool = open({ maxWorkers: 1, initializer: set, ...options });
      assert.equal(await pool.submit(get), 'a');
      await assert.rejects(pool.with({ timeout: 1 }).submit(hang), TimeoutError);
      await until(() => pool.statistics().workersEnded === 1);
    }
  });

  test(`${kind}: an executor and its views know how many workers there are at most`, async () => {
    await using pool = open({ maxWorkers: 3 });
    assert.deepEqual([pool.maxWorkers, pool.with({ key: 1 }).maxWorkers], [3, 3]);
    await using other = open();
    assert.equal(other.maxWorkers, availableParallelism());
    assert.throws(() => ((pool as { maxWorkers: number }).maxWorkers = 1), TypeError);
  });

  test(`${kind}: workers see the environment and the options of Node they were given`, async () => {
    await using pool = open({
      maxWorkers: 1,
      env: { HEDDLE_GIVEN: 'yes', HEDDLE_LEFT_OUT: undefined },
      execArgv: ['--conditions=heddle-test', '--no-warnings'],
    });
    const seen = await pool.submit(() => [
      process.env['HEDDLE_GIVEN'],
      'HEDDLE_LEFT_OUT' in process.env,
      process.env['PATH'],
      process.execArgv.includes('--conditions=heddle-test'),
    ]);
    assert.deepEqual(seen, ['yes', false, undefined, true]);
    process.env['HEDDLE_LATER'] = 'later';
    await using plain = open({ maxWorkers: 1 });
    assert.equal(await plain.submit(() => process.env['HEDDLE_LATER']), 'later');
    delete process.env['HEDDLE_LATER'];
    assert.equal(await plain.submit(() => isMainThread), kind === 'process');
  });

  test(`${kind}: a worker that does not become ready rejects its tasks, and is not tried again and again`, async () => {
    for (const initializer of [
      () => {
        for (;;);
      },
      () => new Promise(() => setInterval(() => {}, 1000)),
    ]) {
      const pool = open({ maxWorkers: 1, startTimeout: 1500, graceful: 20, initializer });
      const tasks = [pool.submit(() => 1), pool.with({ key: 'k', retries: 3 }).submit(() => 2)];
      for (const task of tasks) {
        const error = await task.then(
          () => assert.fail('it ran'),
          (thrown: unknown) => thrown as Error,
        );
        assert.ok(error instanceof BrokenExecutor);
        assert.ok(error.cause instanceof TimeoutError);
        assert.match(error.cause.message, /^a worker (?:thread|process) was not ready within 1500 ms, its startTimeout$/);
      }
      await pool.shutdown();
      assert.equal(pool.statistics().workersStarted, 0);
    }
  });

  test(`${kind}: a value other than an error, thrown by an initializer, is told in words`, async () => {
    for (const [thrown, told] of [
      [undefined, 'undefined'],
      ['no model', "'no model'"],
      [{ code: 5 }, '{ code: 5 }'],
    ] as const) {
      const initializer = (value: unknown): never => {
        // oxlint-disable-next-line typescript/only-throw-error -- the user's
        throw value;
      };
      const pool = open({ maxWorkers: 1, initializer, initargs: [thrown], name: 'mute' });
      await assert.rejects(
        pool.submit(() => 1),
        { message: `mute cannot start its workers: ${told}` },
      );
      await pool.shutdown();
    }
  });

  test(`${kind}: the name of a pool is in its errors`, async () => {
    const pool = open({ maxWorkers: 1, name: 'thumbnails' });
    await pool.shutdown();
    await assert.rejects(
      pool.submit(() => 1),
      { message: 'thumbnails is shut down: it takes no more tasks' },
    );
  });

  test(`${kind}: at most as many tasks wait as the queueLimit allows, and one that would begin is accepted`, async () => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 2, queueLimit: 2 });
    await pool.submit(() => 1);
    const gate = new AbortController();
    const wait = (signal: AbortSignal): Promise<string> =>
      new Promise((resolve) => (signal.aborted ? resolve('done') : signal.addEventListener('abort', () => resolve('done'))));
    const tasks = Array.from({ length: 4 }, () => pool.submit(wait, gate.signal));
    await until(() => pool.statistics().running === 2);
    for (const view of [pool, pool.with({ priority: 1 }), pool.with({ key: 'k' })])
      await assert.rejects(
        view.submit(() => 1),
        (error) => error instanceof Full && error.message.endsWith('2 waiting tasks, its queueLimit'),
      );
    gate.abort();
    assert.deepEqual(await Promise.all(tasks), ['done', 'done', 'done', 'done']);
    assert.equal(await pool.submit(() => 2), 2);
  });
}
