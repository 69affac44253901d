/** `backoff`: a task that failed waits for a while before its next attempt, and whatever may happen to it meanwhile. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mock, test } from 'node:test';
import { promisify } from 'node:util';
import { CancelledError, TimeoutError, WorkerLost, currentTask } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

/** Longer than any test. */
const long = 60_000;

const succeedsAt = (attempt: number): number => {
  if (currentTask()!.attempt < attempt) throw new RangeError('not yet');
  return currentTask()!.attempt;
};
const dies = (): number => (currentTask()!.attempt === 1 ? process.exit(3) : currentTask()!.attempt);
const alwaysDies = (): never => process.exit(3);

for (const { kind, open, shared } of kinds) {
  const pool = shared(1);

  test(`${kind}: backoff is asked after each failed attempt, and may be a number`, async () => {
    const asked: number[] = [];
    const view = pool.with({ retries: 3, backoff: (attempt) => (asked.push(attempt), attempt) });
    assert.equal(await view.submit(succeedsAt, 4), 4);
    assert.deepEqual(asked, [1, 2, 3]);
    assert.equal(await pool.with({ retries: 3, backoff: 1 }).submit(succeedsAt, 3), 3);
    // No attempt follows the last one.
    await assert.rejects(view.submit(succeedsAt, 9), { message: 'not yet' });
    assert.deepEqual(asked, [1, 2, 3, 1, 2, 3]);
  });

  test(`${kind}: each item of a map has its own backoff, and the order holds`, async () => {
    const asked: number[] = [];
    const fragile = (x: number): string => {
      const { attempt } = currentTask()!;
      if (x % 2 === 0 && attempt < 3) throw new RangeError('not yet');
      return `${x}@${attempt}`;
    };
    const options = { chunkSize: 2, retries: 2, backoff: (attempt: number) => (asked.push(attempt), attempt) };
    assert.deepEqual(await all(pool.map(fragile, [1, 2, 3, 4], options)), ['1@1', '2@3', '3@1', '4@3']);
    assert.deepEqual(
      asked.toSorted((a, b) => a - b),
      [1, 1, 2, 2],
    );
  });

  test(`${kind}: a task that waits for its backoff counts as waiting, and others have its worker`, async () => {
    const own = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const waiting = own.with({ retries: 1, backoff: long, signal: controller.signal }).submit(succeedsAt, 2);
    await until(() => own.statistics().retried === 1);
    assert.equal(await own.submit(Math.abs, -1), 1);
    const { queued, running } = own.statistics();
    assert.deepEqual([queued, running, waiting.running(), waiting.done()], [1, 0, false, false]);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, { message: 'enough' });
    assert.equal(own.statistics().queued, 0);
    await own.shutdown();
  });

  test(`${kind}: a task that waits for its backoff can be cancelled`, async () => {
    const before = pool.statistics().retried;
    const waiting = pool.with({ retries: 1, backoff: long }).submit(succeedsAt, 2);
    await until(() => pool.statistics().retried === before + 1);
    assert.equal(waiting.cancel(), true);
    await assert.rejects(waiting, CancelledError);
    assert.equal(pool.statistics().queued, 0);
  });

  test(`${kind}: tasks of the same key wait behind the one that waits for its backoff`, async () => {
    const order: string[] = [];
    const first = pool.with({ key: 'k', retries: 1, backoff: 20 }).submit(succeedsAt, 2);
    const second = pool.with({ key: 'k' }).submit(() => 'second');
    const other = pool.with({ key: 'another' }).submit(() => 'other');
    await Promise.all([
      first.then(() => order.push('first')),
      second.then(() => order.push('second')),
      other.then(() => order.push('other')),
    ]);
    assert.deepEqual(order, ['other', 'first', 'second']);
  });

  test(`${kind}: an attempt whose worker was lost, or that took too long, is followed after its backoff, too`, async () => {
    const own = open({ maxWorkers: 1, graceful: 0 });
    const asked: number[] = [];
    const view = own.with({ retries: 1, backoff: (attempt) => (asked.push(attempt), 1) });
    assert.equal(await view.submit(dies), 2);
    const hangs = (): number => {
      if (currentTask()!.attempt === 1) for (;;);
      return currentTask()!.attempt;
    };
    assert.equal(await view.with({ timeout: 50 }).submit(hangs), 2);
    assert.deepEqual(asked, [1, 1]);
    await own.shutdown();
  });

  test(`${kind}: retryOn narrows which errors are tried again: also lost workers and time-outs`, async () => {
    const own = open({ maxWorkers: 1, graceful: 0 });
    const asked: unknown[] = [];
    const never = own.with({ retries: 2, retryOn: (error) => (asked.push(error), false) });
    await assert.rejects(never.submit(alwaysDies), WorkerLost);
    await assert.rejects(
      never.with({ timeout: 20 }).submit(() => {
        for (;;);
      }),
      TimeoutError,
    );
    await assert.rejects(never.submit(succeedsAt, 2), RangeError);
    const results = own.map(() => process.exit(3), [1], { retries: 2, retryOn: (error) => (asked.push(error), false) });
    await assert.rejects(results.next(), WorkerLost);
    assert.deepEqual(
      asked.map((error) => (error as Error).constructor),
      [WorkerLost, TimeoutError, RangeError, WorkerLost],
    );
    assert.equal(own.statistics().retried, 0);
    await own.shutdown();
  });

  test(`${kind}: shutdown waits for attempts that are to come, of tasks and of items, also after it was called`, async () => {
    const own = open({ maxWorkers: 1 });
    const task = own.with({ retries: 2, backoff: 5 }).submit(succeedsAt, 3);
    const results = own.map(succeedsAt, [3, 3], { chunkSize: 2, retries: 2, backoff: 5 });
    await until(() => own.statistics().retried > 0);
    await own.shutdown();
    assert.equal(await task, 3);
    assert.deepEqual(await all(results), [3, 3]);
  });

  test(`${kind}: shutdown that cancels, and terminate, cancel what waits for its backoff`, async () => {
    for (const end of ['shutdown', 'terminateWorkers'] as const) {
      const own = open({ maxWorkers: 1 });
      const task = own.with({ retries: 2, backoff: long }).submit(succeedsAt, 3);
      const results = own.map(succeedsAt, [3], { retries: 2, backoff: long });
      await until(() => own.statistics().retried === 2);
      await (end === 'shutdown' ? own.shutdown({ cancelFutures: true }) : own.terminateWorkers());
      await assert.rejects(task, CancelledError);
      await assert.rejects(results.next(), CancelledError);
    }
  });

  test(`${kind}: a map that is left while an item waits for its backoff leaves nothing behind`, async () => {
    const own = open({ maxWorkers: 1 });
    const results = own.map(succeedsAt, [3], { retries: 2, backoff: long });
    await until(() => own.statistics().retried === 1);
    await results.return!();
    assert.equal(own.statistics().queued, 0);
    await own.shutdown();
  });

  test(`${kind}: backoff goes by the real clock, also where a test fakes timers`, async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      assert.equal(await pool.with({ retries: 1, backoff: 1 }).submit(succeedsAt, 2), 2);
    } finally {
      mock.timers.reset();
    }
  });

  test(`${kind}: a program does not end before the attempt that its task waits for`, async () => {
    const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
    const program = `
      import { ${name} as Pool, currentTask } from 'heddle';
      const fragile = () => {
        if (currentTask().attempt === 1) throw new Error('not yet');
        return 'at last';
      };
      new Pool({ maxWorkers: 1 }).with({ retries: 1, backoff: 50 }).submit(fragile).then(console.log);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    assert.equal(stdout, 'at last\n');
  });
}

test('a backoff that throws or says no time is a warning, and the next attempt does not wait', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const pool = kinds[0].shared(1);
  const throwing = (): never => {
    throw new Error('the question');
  };
  assert.equal(await pool.with({ retries: 1, backoff: throwing }).submit(succeedsAt, 2), 2);
  assert.equal(await pool.with({ retries: 1, backoff: () => NaN }).submit(succeedsAt, 2), 2);
  assert.deepEqual(await all(pool.map(succeedsAt, [2], { retries: 1, backoff: throwing })), [2]);
  await until(() => warnings.length === 3);
  process.off('warning', onWarning);
  assert.match(warnings[0]!.message, /^backoff threw: Error: the question$/);
  assert.match(warnings[1]!.message, /^backoff threw: RangeError: expected what it returns to be a number >= 0, got NaN$/);
});
