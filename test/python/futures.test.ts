/** The assertions of CPython's suite on futures, wait and as_completed: FutureTests, WaitTests, AsCompletedTests. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  ALL_COMPLETED,
  CancelledError,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type Future,
  InvalidStateError,
  TimeoutError,
  asCompleted,
  wait,
} from '#src/index.js';
import { futures } from '#src/pool/futures/future.js';
import { all, until } from '../pool/collect.ts';
import { kinds } from '../pool/inside-kinds.ts';

const error = new RangeError('some error');
const never = (): Promise<never> => new Promise((_, reject) => setTimeout(reject, 1e8));
const sleep = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
const fail = (): never => {
  throw new RangeError('some error');
};

/** A future in each state. What is cancelled can be cancelled again; what runs or has ended cannot. */
function each(): Record<'pending' | 'running' | 'cancelled' | 'failed' | 'successful', Future<number>> {
  const make = (isRunning: boolean = false): Future<number> => {
    const future = futures.create<number>();
    const cancel = (): boolean => {
      futures.cancel(future);
      return true;
    };
    futures.assign(future, { cancel, isRunning: () => isRunning });
    return future;
  };
  const [pending, running, cancelled, failed, successful] = [make(), make(true), make(), make(), make()];
  futures.cancel(cancelled);
  futures.settle(failed, false, error);
  failed.catch(() => {});
  futures.settle(successful, true, 42);
  return { pending, running, cancelled, failed, successful };
}

test('cancel, cancelled, running and done tell the state', () => {
  const { pending, running, cancelled, failed, successful } = each();
  const states = [pending, running, cancelled, failed, successful];
  assert.deepEqual(
    states.map((f) => f.done()),
    [false, false, true, true, true],
  );
  assert.deepEqual(
    states.map((f) => f.running()),
    [false, true, false, false, false],
  );
  assert.deepEqual(
    states.map((f) => f.cancel()),
    [true, false, true, false, false],
  );
  assert.deepEqual(
    states.map((f) => f.cancelled()),
    [true, false, true, false, false],
  );
});

test('result and exception give up in time, or tell what the state is', async () => {
  const { pending, running, cancelled, failed, successful } = each();
  for (const method of ['result', 'exception'] as const) {
    await assert.rejects(pending[method](0), TimeoutError);
    await assert.rejects(running[method](1), TimeoutError);
    await assert.rejects(cancelled[method](0), CancelledError);
  }
  await assert.rejects(failed.result(0), error);
  assert.equal(await failed.exception(0), error);
  assert.deepEqual([await successful.result(0), await successful.exception(0)], [42, null]);
});

test('a future is settled once, with a value or an error', async () => {
  const { failed, successful, running } = each();
  for (const done of [failed, successful])
    for (const ok of [true, false]) assert.throws(() => futures.settle(done, ok, 1), InvalidStateError);
  assert.equal(await successful, 42);
  await assert.rejects(failed, error);
  const waiting = running.result(60_000);
  futures.settle(running, true, 7);
  assert.equal(await waiting, 7);
});

test('done callbacks see the result, the error or that it was cancelled; at once if it is done', async () => {
  const { pending, running, cancelled, failed, successful } = each();
  const seen: Future<number>[] = [];
  for (const future of [cancelled, failed, successful]) future.addDoneCallback((f) => seen.push(f));
  assert.deepEqual(seen, [cancelled, failed, successful]);
  for (const future of [pending, running]) future.addDoneCallback((f) => seen.push(f));
  futures.settle(running, false, error);
  pending.cancel();
  assert.deepEqual(seen.slice(3), [running, pending]);
  assert.equal(await running.exception(), error);
});

test('a done callback that throws is told as a warning, and the next one runs, also when it is done already', async () => {
  for (const isDone of [false, true]) {
    const { running, successful } = each();
    const future = isDone ? successful : running;
    const warning = once(process, 'warning') as Promise<[Error]>;
    let isNextCalled = false;
    future.addDoneCallback(() => {
      throw new Error('doh!');
    });
    future.addDoneCallback(() => (isNextCalled = true));
    if (!isDone) futures.settle(running, true, 5);
    assert.match((await warning)[0].message, /doh!/);
    assert.ok(isNextCalled);
  }
});

for (const { kind, open } of kinds) {
  test(`${kind}: wait counts a future once that is given twice`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const future = pool.submit(sleep, 1);
    assert.deepEqual(await wait([future, future], { returnWhen: ALL_COMPLETED }), { done: new Set([future]), notDone: new Set() });
  });

  test(`${kind}: wait returns at the first, and at once if one is done`, async () => {
    const pool = open({ maxWorkers: 2 });
    const [fast, slow] = [pool.submit(sleep, 1), pool.submit(never)];
    assert.deepEqual(await wait([slow, fast], { returnWhen: FIRST_COMPLETED }), { done: new Set([fast]), notDone: new Set([slow]) });
    const { cancelled } = each();
    assert.deepEqual(await wait([cancelled, slow], { returnWhen: FIRST_COMPLETED }), {
      done: new Set([cancelled]),
      notDone: new Set([slow]),
    });
    slow.catch(() => {});
    await pool.killWorkers();
  });

  test(`${kind}: wait returns at the first error, at once if there is one; being cancelled is none`, async () => {
    const pool = open({ maxWorkers: 2 });
    const slow = pool.submit(never);
    const [value, failing] = [pool.submit(sleep, 0), pool.submit(fail)];
    const { cancelled, successful, failed } = each();
    const { done, notDone } = await wait([slow, value, cancelled, successful, failing], { returnWhen: FIRST_EXCEPTION });
    assert.deepEqual([done, notDone], [new Set([cancelled, successful, value, failing]), new Set([slow])]);
    assert.deepEqual((await wait([slow, failed], { returnWhen: FIRST_EXCEPTION })).done, new Set([failed]));
    slow.catch(() => {});
    await pool.killWorkers();
  });

  test(`${kind}: wait that runs out of time splits what is done from what is not`, async () => {
    const pool = open({ maxWorkers: 2 });
    const [fast, slow] = [pool.submit(sleep, 1), pool.submit(never)];
    await fast;
    const { cancelled, failed, successful } = each();
    assert.deepEqual(await wait([cancelled, failed, successful, fast, slow], { timeout: 5 }), {
      done: new Set([cancelled, failed, successful, fast]),
      notDone: new Set([slow]),
    });
    slow.catch(() => {});
    await pool.killWorkers();
  });

  test(`${kind}: many that end at once do not confuse the waiters`, async () => {
    await using pool = open({ maxWorkers: 2, tasksPerWorker: 50 });
    const fs = Array.from({ length: 100 }, () => pool.submit(sleep, 1));
    const { done, notDone } = await wait(fs, { timeout: 60_000 });
    assert.deepEqual([done.size, notDone.size], [100, 0]);
  });

  test(`${kind}: asCompleted gives a future once that is given three times`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const future = pool.submit(sleep, 1);
    assert.deepEqual(await all(asCompleted([future, future, future])), [future]);
    assert.deepEqual(await all(asCompleted([future, future])), [future]);
  });

  test(`${kind}: asCompleted gives finished, cancelled, failed and running ones`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const [running, failing] = [pool.submit(sleep, 1), pool.submit(fail)];
    const { cancelled, failed, successful } = each();
    const seen = await all(asCompleted([cancelled, failed, running, failing, successful, running]));
    assert.deepEqual(seen, [cancelled, failed, successful, running, failing]);
  });

  test(`${kind}: asCompleted that runs out of time gives what is done, then TimeoutError with the numbers`, async () => {
    const pool = open({ maxWorkers: 2 });
    const [a, b] = [pool.submit(never), pool.submit(never)];
    await until(() => a.running());
    const { cancelled, successful } = each();
    for (const timeout of [0, 1]) {
      const completed = asCompleted([a, successful, b, cancelled], { timeout });
      assert.deepEqual([(await completed.next()).value, (await completed.next()).value], [successful, cancelled]);
      await assert.rejects(
        completed.next(),
        (thrown) => thrown instanceof TimeoutError && thrown.message === '2 (of 4) futures unfinished',
      );
    }
    for (const future of [a, b]) future.catch(() => {});
    await pool.killWorkers();
  });
}
