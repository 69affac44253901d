/** Ways for a worker to die, and what is left of its tasks and neighbours. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type WorkerLost } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

interface Way {
  readonly name: string;
  readonly die: () => unknown;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly cause?: RegExp;
  readonly only?: 'thread' | 'process';
}

const never = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));

const ways: Way[] = [
  { name: 'process.exit(0)', die: () => process.exit(0), exitCode: 0, signal: null },
  { name: 'process.exit(3)', die: () => process.exit(3), exitCode: 3, signal: null },
  { name: 'an exit from a later timer', die: () => (setTimeout(() => process.exit(4), 5), never()), exitCode: 4, signal: null },
  {
    name: 'an uncaught error in a timer',
    die: () => (
      setTimeout(() => {
        console.error = () => {};
        throw new RangeError('in a timer');
      }, 5),
      never()
    ),
    exitCode: 1,
    signal: null,
    cause: /in a timer/,
  },
  {
    name: 'an unhandled rejection',
    die: () => (void Promise.reject(new RangeError('unhandled')), never()),
    exitCode: 1,
    signal: null,
    cause: /unhandled/,
  },
  { name: 'SIGKILL', die: () => (process.kill(process.pid, 'SIGKILL'), never()), exitCode: null, signal: 'SIGKILL', only: 'process' },
  { name: 'SIGTERM', die: () => (process.kill(process.pid, 'SIGTERM'), never()), exitCode: null, signal: 'SIGTERM', only: 'process' },
  { name: 'process.abort()', die: () => process.abort(), exitCode: null, signal: 'SIGABRT', only: 'process' },
  {
    name: 'its heap being full',
    die: () => {
      let chain: unknown;
      for (;;) chain = { chain };
    },
    exitCode: 1,
    signal: null,
    cause: /memory/i,
    only: 'thread',
  },
];

for (const { kind, open } of kinds) {
  for (const way of ways.filter(({ only }) => only === undefined || only === kind)) {
    test(`${kind}: ${way.name} in a task rejects it, and spares its neighbours and the pool`, async () => {
      await using pool = open({ maxWorkers: 2, resourceLimits: { maxOldGenerationSizeMb: 64 } });
      const controller = new AbortController();
      const neighbour = pool.submit(
        (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('alive'))),
        controller.signal,
      );
      await until(() => neighbour.running());
      const { die } = way;
      const victim = pool.submit(die);
      const waiting = [1, 2, 3].map((x) => pool.submit((y: number) => y, x));
      const error = (await victim.then(
        () => assert.fail('it ended well'),
        (thrown: unknown) => thrown,
      )) as WorkerLost;
      assert.equal(error.name, 'WorkerLost');
      assert.deepEqual([error.exitCode, error.signal], [way.exitCode, way.signal]);
      assert.equal(error.task, 'die');
      assert.ok(kind === 'thread' ? error.threadId! > 0 : error.pid! !== process.pid);
      assert.match(
        error.message,
        kind === 'thread' ? /^the worker \(thread \d+\) that ran die / : /^the worker \(process \d+\) that ran die /,
      );
      assert.match(error.stack!, /death\.test/);
      if (way.cause !== undefined) assert.match((error.cause as Error).message, way.cause);
      assert.deepEqual(await Promise.all(waiting), [1, 2, 3]);
      controller.abort();
      assert.equal(await neighbour, 'alive');
    });
  }

  test(`${kind}: with one worker and many tasks waiting, a death loses one`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const work = (x: number): number => (x % 10 === 5 ? process.exit(1) : x);
    const fates = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => pool.submit(work, i)));
    assert.deepEqual(
      fates.map((fate) => fate.status === 'fulfilled'),
      Array.from({ length: 30 }, (_, i) => i % 10 !== 5),
    );
  });

  test(`${kind}: a worker that dies between two tasks is replaced, and the next one runs`, async () => {
    await using pool = open({ maxWorkers: 1 });
    await pool.submit(() => void setTimeout(() => process.exit(0), 1));
    const fates = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => pool.submit((x: number) => x, i)));
    assert.deepEqual(
      fates.map((fate) => fate.status),
      Array.from({ length: 200 }, () => 'fulfilled'),
    );
  });

  test(`${kind}: messages that a worker had sent before it died are read`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const fates = await all(
      mapOutcomes(
        pool,
        (x: number) => (x === 500 ? process.exit(1) : x),
        Array.from({ length: 1000 }, (_, i) => i),
        { chunkSize: 1000 },
      ),
    );
    assert.deepEqual(
      fates.filter((fate) => !fate.ok).map((fate) => fate.index),
      [500],
    );
  });

  test(`${kind}: workers that cannot start break the pool, and reject its tasks`, async () => {
    const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
    const preload = join(tmpdir(), `heddle-broken-${process.pid}-${kind}.cjs`);
    // The main program is the first to run it, every worker the second.
    writeFileSync(preload, 'if (process.env.HEDDLE_TEST_MAIN) throw new RangeError("broken preload"); process.env.HEDDLE_TEST_MAIN = "1";');
    const program = `
      import { ${name} as Pool } from 'heddle';
      const pool = new Pool({ maxWorkers: 2 });
      const fates = await Promise.allSettled([1, 2, 3, 4, 5].map((x) => pool.submit((y) => y, x)));
      const mapped = await pool.map((x) => x, [1]).next().catch((error) => error);
      await pool.shutdown();
      console.log(JSON.stringify([...fates.map((fate) => fate.reason), mapped].map((e) => [e?.name, e?.message, e?.cause?.message])));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--require', preload, '--input-type=module', '-e', program]);
    rmSync(preload);
    const why = kind === 'thread' ? /^broken preload$/ : /worker process \d+ exited with code 1 before it was ready$/;
    const fates = JSON.parse(stdout) as string[][];
    assert.equal(fates.length, 6);
    for (const [error, message, cause] of fates) {
      assert.equal(error, kind === 'thread' ? 'BrokenThreadPool' : 'BrokenProcessPool');
      assert.match(cause ?? '', why);
      assert.ok(message?.startsWith(`${name}-1 cannot start its workers: `) === true && message.endsWith(cause ?? ''), message);
    }
  });
}

test('process: items that a killed worker had certainly not begun run elsewhere, once', async () => {
  const { open } = kinds[1];
  await using pool = open({ maxWorkers: 1 });
  const work = async (x: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 3));
    if (x === 7) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100_000));
    }
    return x;
  };
  const fates = await all(
    mapOutcomes(
      pool,
      work,
      Array.from({ length: 20 }, (_, i) => i),
      { chunkSize: 20 },
    ),
  );
  assert.deepEqual(
    fates.filter((fate) => !fate.ok).map((fate) => fate.index),
    [7],
  );
});
