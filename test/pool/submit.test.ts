import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Executor, Full, SerializationError, ShutDown, ThreadPoolExecutor } from 'heddle';
import { until } from './collect.ts';
import { kinds } from './kinds.ts';

class Refused extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`over ${limit}`);
    this.name = 'Refused';
    this.limit = limit;
  }
}

test('Executor itself cannot be constructed', () => {
  assert.throws(() => new (Executor as never as new () => Executor)(), /Executor cannot be constructed: use ThreadPoolExecutor/);
});

test('an unknown or wrong option is refused', () => {
  const open = (options: unknown) => () => new ThreadPoolExecutor(options as never);
  assert.throws(open({ maxWorker: 2 }), /unknown key 'maxWorker' in options: known are maxWorkers, /);
  assert.throws(open({ maxWorkers: 0 }), /expected maxWorkers to be an integer >= 1, got 0/);
  assert.throws(open({ maxWorkers: '2' }), TypeError);
  assert.throws(open({ initializer: 5 }), /expected initializer to be a function, got 5/);
  assert.throws(open({ initargs: 5 }), TypeError);
  assert.throws(open({ name: 5 }), TypeError);
  assert.throws(open({ resourceLimits: { maxOldSpace: 5 } }), /unknown key 'maxOldSpace' in resourceLimits/);
  assert.throws(open({ resourceLimits: { stackSizeMb: -5 } }), RangeError);
  assert.throws(open(5), TypeError);
});

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a function gets its arguments and captures, and gives its result`, async () => {
    const pool = shared(1);
    const factor = 3;
    const names = new Map([['a', [1, 2]]]);
    assert.equal(await pool.submit((a: number, b: number) => (a + b) * factor, 1, 2), 9);
    assert.deepEqual(await pool.submit(async (key: string) => ({ found: names.get(key), nothing: undefined }), 'a'), {
      found: [1, 2],
      nothing: undefined,
    });
    assert.equal(await pool.submit(() => undefined), undefined);
    assert.equal(await pool.submit((...args: unknown[]) => args.length), 0);
    assert.ok(Object.is(await pool.submit((x: number) => x, -0), -0));
  });

  test(`${kind}: the task runs in another thread or process`, async () => {
    const pool = shared(1);
    const [pid, threadId] = await pool.submit(async () => [process.pid, (await import('node:worker_threads')).threadId]);
    assert.notDeepEqual([pid, threadId], [process.pid, 0]);
    assert.equal(pid === process.pid, kind === 'thread');
  });

  test(`${kind}: a worker has the main script of the program, and no IPC channel`, async () => {
    const pool = shared(1);
    assert.deepEqual(await pool.submit(() => [process.argv, typeof process.send]), [
      process.argv.slice(0, 2),
      kind === 'thread' ? typeof process.send : 'undefined',
    ]);
  });

  test(`${kind}: arguments changed after the call are not seen`, async () => {
    const pool = shared(1);
    const list = [1];
    let captured = 1;
    const future = pool.submit((xs: number[]) => [xs, captured], list);
    list.push(2);
    captured = 2;
    assert.deepEqual(await future, [[1], 1]);
  });

  test(`${kind}: an error arrives with class, properties, and both stacks`, async () => {
    const pool = shared(1);
    function failHere(limit: number): never {
      throw new Refused(limit);
    }
    async function whoSubmits(): Promise<void> {
      await pool.submit(failHere, 5);
    }
    const error = await whoSubmits().then(
      () => assert.fail(),
      (thrown: unknown) => thrown as Refused,
    );
    assert.ok(error instanceof Refused);
    assert.equal(error.limit, 5);
    assert.match(error.stack!, /Refused: over 5\n    at failHere .*submit\.test[^]*submitted from:\n    at whoSubmits .*submit\.test/);
    assert.doesNotMatch(error.stack!, /\/(dist|src)\//);
  });

  test(`${kind}: a thrown value that is not an error, or falsy, arrives`, async () => {
    const pool = shared(1);
    for (const thrown of [undefined, null, 0, '', 'text', { a: 1 }]) {
      const fate = await pool
        .submit((x: unknown) => {
          throw x;
        }, thrown)
        .then(
          () => 'value',
          (error: unknown) => [error],
        );
      assert.deepEqual(fate, [thrown]);
    }
    assert.deepEqual(await pool.submit(() => Promise.reject(7)).catch((error: unknown) => [error]), [7]);
  });

  test(`${kind}: a value that cannot cross fails its own task only`, async () => {
    const pool = shared(1);
    const weak = new WeakMap();
    const good = pool.submit(() => 1);
    await assert.rejects(
      pool.submit((x: unknown) => x, { a: [weak] }),
      (error) => error instanceof SerializationError && error.message.includes('args[0].a[0]'),
    );
    await assert.rejects(
      pool.submit(() => weak),
      SerializationError,
    );
    await assert.rejects(
      pool.submit(() => ({ x: new WeakMap() })),
      (error) => error instanceof SerializationError && error.message.includes('result.x'),
    );
    await assert.rejects(pool.submit(5 as never), /expected fn to be a function, got 5/);
    assert.equal(await good, 1);
    assert.equal(await pool.submit(() => 2), 2);
  });

  test(`${kind}: an error that cannot cross rejects its task, readably`, async () => {
    const pool = shared(1);
    const error = (await pool
      .submit(() => {
        throw Object.assign(new TypeError('with baggage'), { map: new WeakMap() });
      })
      .catch((thrown: unknown) => thrown)) as Error;
    assert.match(error.message, /with baggage/);
  });

  test(`${kind}: a promise that can never settle rejects`, async () => {
    const pool = shared(1);
    const never = await pool.submit(() => new Promise(() => {})).catch((error: unknown) => error as Error);
    assert.match((never as Error).message, /can never settle/);
    // A timer that does not keep the worker alive settles nothing either.
    await assert.rejects(
      pool.submit(() => new Promise((resolve) => setTimeout(resolve, 2 ** 30).unref())),
      /can never settle/,
    );
    assert.equal(await pool.submit(() => new Promise<number>((resolve) => setTimeout(() => resolve(5), 5))), 5);
    assert.equal(await pool.submit(() => 1), 1);
  });

  test(`${kind}: a task that waits for a signal of its host is not taken for stuck, and hears it`, async () => {
    const pool = shared(1);
    const controller = new AbortController();
    const future = pool.submit(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason))),
      controller.signal,
    );
    await until(() => future.running());
    controller.abort('enough');
    assert.equal(await future, 'enough');
    const late = new AbortController();
    const captured = late.signal;
    const second = pool.submit(() => captured.aborted || new Promise((resolve) => captured.addEventListener('abort', () => resolve(true))));
    late.abort();
    assert.equal(await second, true);
  });

  test(`${kind}: a signal that a worker returned fires here`, async () => {
    const pool = shared(1);
    const signal = await pool.submit(() => AbortSignal.timeout(10));
    await until(() => signal.aborted);
    assert.equal((signal.reason as Error).name, 'TimeoutError');
  });

  test(`${kind}: a function is decoded once, and does not see what another task did to its captures`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const list: number[] = [];
    const add = (x: number): number => list.push(x);
    assert.deepEqual(await Promise.all([pool.submit(add, 1), pool.submit(add, 2)]), [1, 1]);
  });

  test(`${kind}: two workers run at the same time`, async () => {
    const pool = shared(2);
    const both = new AbortController();
    // The first ends only when the second has begun.
    const first = pool.submit(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('both ran'))),
      both.signal,
    );
    pool.submit(() => 1).then(() => both.abort(), assert.fail);
    assert.equal(await first, 'both ran');
  });

  test(`${kind}: tasksPerWorker lets tasks wait side by side`, async () => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 3 });
    const controller = new AbortController();
    const wait = (signal: AbortSignal): Promise<unknown> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('woken')));
    const waiting = [pool.submit(wait, controller.signal), pool.submit(wait, controller.signal)];
    await pool.submit(() => 1);
    controller.abort();
    assert.deepEqual(await Promise.all(waiting), ['woken', 'woken']);
  });

  test(`${kind}: a waiting task can be cancelled, and a running one cannot`, async () => {
    const pool = shared(1);
    const controller = new AbortController();
    const running = pool.submit(
      (s: AbortSignal) => new Promise((resolve) => s.addEventListener('abort', () => resolve(1))),
      controller.signal,
    );
    const waiting = pool.submit(() => 2);
    await until(() => running.running());
    assert.equal(waiting.cancel('not needed'), true);
    assert.equal(running.cancel(), false);
    await assert.rejects(waiting, { name: 'CancelledError', cause: 'not needed' });
    controller.abort();
    assert.equal(await running, 1);
  });

  test(`${kind}: a full queue takes no more than its limit`, async () => {
    await using pool = open({ maxWorkers: 1, queueLimit: 2 });
    const futures = Array.from({ length: 4 }, (_, i) => pool.submit((x: number) => x, i));
    const fates = await Promise.allSettled(futures);
    assert.deepEqual(
      fates.map((fate) => fate.status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    assert.ok((fates[2] as PromiseRejectedResult).reason instanceof Full);
  });

  test(`${kind}: a map does not fail at the queueLimit, as a submit does`, async () => {
    await using pool = open({ maxWorkers: 1, queueLimit: 1 });
    const results: number[] = [];
    for await (const result of pool.map((x: number) => x, [1, 2, 3, 4, 5, 6], { chunkSize: 1 })) results.push(result);
    assert.deepEqual(results, [1, 2, 3, 4, 5, 6]);
  });

  test(`${kind}: the initializer runs first, once for each worker`, async () => {
    await using pool = open({
      maxWorkers: 1,
      initializer: (x: number) =>
        void ((globalThis as Record<string, unknown>)['ran'] = (((globalThis as Record<string, unknown>)['ran'] as number) ?? 0) + x),
      initargs: [5],
    });
    const read = (): unknown => (globalThis as Record<string, unknown>)['ran'];
    assert.deepEqual([await pool.submit(read), await pool.submit(read)], [5, 5]);
  });

  test(`${kind}: an initializer that throws breaks the pool, with its error`, async () => {
    await using pool = open({
      maxWorkers: 1,
      initializer: () => {
        throw new RangeError('no licence');
      },
    });
    const error = (await pool.submit(() => 1).catch((thrown: unknown) => thrown)) as Error;
    assert.equal(error.name, kind === 'thread' ? 'BrokenThreadPool' : 'BrokenProcessPool');
    assert.equal((error.cause as Error).message, 'no licence');
    await assert.rejects(
      pool.submit(() => 2),
      { name: error.name },
    );
  });

  test(`${kind}: shutdown loses no tasks, takes no new ones, and leaves no workers`, async () => {
    const pool = open({ maxWorkers: 1 });
    const futures = [1, 2, 3].map((x) => pool.submit((y: number) => y * 2, x));
    const down = pool.shutdown();
    await assert.rejects(
      pool.submit(() => 1),
      ShutDown,
    );
    await down;
    assert.deepEqual(await Promise.all(futures), [2, 4, 6]);
    await pool.shutdown();
  });

  test(`${kind}: shutdown with cancelFutures cancels what waits`, async () => {
    const pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const first = pool.submit(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('ran'))),
      controller.signal,
    );
    await until(() => first.running());
    const second = pool.submit(() => 1);
    const down = pool.shutdown({ cancelFutures: true });
    assert.ok(second.cancelled());
    controller.abort();
    assert.equal(await first, 'ran');
    await down;
  });

  test(`${kind}: shutdown without wait does not wait, and its options are checked`, async () => {
    const pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const future = pool.submit(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('ran'))),
      controller.signal,
    );
    await pool.shutdown({ wait: false });
    assert.equal(future.done(), false);
    controller.abort();
    assert.equal(await future, 'ran');
    await assert.rejects(pool.shutdown({ now: true } as never), /unknown key 'now'/);
    await assert.rejects(pool.shutdown({ wait: 'yes' } as never), /expected wait to be a boolean, got 'yes'/);
    await pool.shutdown();
  });

  test(`${kind}: a worker with a leftover timer does not hold up the shutdown`, async () => {
    const pool = open({ maxWorkers: 1 });
    await pool.submit(() => void setInterval(() => {}, 1000));
    await pool.shutdown();
  });

  test(`${kind}: ten thousand waiting tasks all run, in order`, async () => {
    const pool = shared(2);
    const square = (x: number): number => x * x;
    const results = await Promise.all(Array.from({ length: 10_000 }, (_, i) => pool.submit(square, i)));
    assert.ok(results.every((r, i) => r === i * i));
  });

  test(`${kind}: a done callback may submit more`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const seen: number[] = [];
    await new Promise<void>((resolve) => {
      const next = (x: number): void => {
        pool
          .submit((y: number) => y, x)
          .addDoneCallback((f) => {
            f.then((y) => {
              seen.push(y);
              if (y === 5) resolve();
            }, assert.fail);
            if (x < 5) next(x + 1);
          });
      };
      next(1);
    });
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  });

  test(`${kind}: big arguments and results arrive unchanged`, async () => {
    const pool = shared(1);
    const bytes = new Uint8Array(30 * 1024 * 1024).fill(7);
    const back = await pool.submit((given: Uint8Array) => given.map((x) => x + 1), bytes);
    assert.equal(back.length, bytes.length);
    assert.ok(back.every((x) => x === 8));
    assert.equal(bytes[0], 7);
  });
}
