/**
 * The assertions of CPython's suite on executors at work: ExecutorTest, the initializers, ProcessPoolExecutorTest, the interpreter pool,
 * asyncio.
 */

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { BrokenExecutor, CancelledError, type Future, InterpreterPoolExecutor, ShutDown, ThreadPoolExecutor, WorkerLost } from 'heddle';
import { all, until } from '../pool/collect.ts';
import { kinds } from '../pool/kinds.ts';
import { untilCollected } from './garbage.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const whoAmI = (): string => `${process.pid}/${threadId}`;
const sleep = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const { kind, open, shared } of kinds) {
  test(`${kind}: submit passes arguments of any name, and a missing function is refused`, async () => {
    const pool = shared(1);
    assert.deepEqual(await pool.submit((options: { self: number; fn: number }) => options, { self: 1, fn: 2 }), { self: 1, fn: 2 });
    await assert.rejects((pool.submit as () => Future<unknown>).call(pool), TypeError);
  });

  test(`${kind}: a map that runs out of time gives the results before, then the reason`, async () => {
    await using pool = open({ maxWorkers: 2, graceful: 0 });
    const stop = new AbortController();
    const results = pool.map(sleep, [0, 1, 1e8], { chunkSize: 1, signal: stop.signal });
    assert.deepEqual([(await results.next()).value, (await results.next()).value], [0, 1]);
    stop.abort(new RangeError('out of time'));
    await assert.rejects(results.next(), /out of time/);
  });

  test(`${kind}: an error stands at its place in a map, after the results before it, and ends it`, async () => {
    const pool = shared(1);
    const divide = (a: bigint, b: bigint): bigint => a / b;
    const results = pool.map(divide, [6n, 6n, 6n, 6n], [2n, 3n, 0n, 6n]);
    assert.deepEqual([(await results.next()).value, (await results.next()).value], [3n, 2n]);
    await assert.rejects(results.next(), { name: 'RangeError', message: 'Division by zero' });
    assert.equal((await results.next()).done, true);
  });

  test(`${kind}: a map keeps no result that was taken`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const results = pool.map((i: number) => ({ i }), range(10), { chunkSize: 5 });
    for (const i of range(10)) {
      const ref = await (async (): Promise<WeakRef<object>> => {
        const { value } = (await results.next()) as { value: { i: number } };
        assert.equal(value.i, i);
        return new WeakRef(value);
      })();
      await untilCollected(ref);
    }
  });

  test(`${kind}: the executor keeps neither the function nor its arguments when the task is done`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const refs = await (async (): Promise<WeakRef<object>[]> => {
      const argument = { x: 1 };
      const captured = { y: 2 };
      const add = (a: { x: number }): number => a.x + captured.y;
      assert.equal(await pool.submit(add, argument), 3);
      return [argument, captured, add].map((each) => new WeakRef(each));
    })();
    for (const ref of refs) await untilCollected(ref);
  });

  test(`${kind}: maxWorkers of 0 or less is refused`, () => {
    for (const maxWorkers of [0, -1]) assert.throws(() => open({ maxWorkers }), /expected maxWorkers to be an integer >= 1/);
  });

  test(`${kind}: a bufferSize that is no integer, or less than 1, is refused`, async () => {
    const pool = shared(1);
    for (const bufferSize of ['1', {}] as never[]) await assert.rejects(pool.map(String, [1], { bufferSize }).next(), TypeError);
    for (const bufferSize of [0, -1, 1.5]) await assert.rejects(pool.map(String, [1], { bufferSize }).next(), RangeError);
  });

  test(`${kind}: of several iterables the shortest ends the map, with a bufferSize as well`, async () => {
    const pool = shared(2);
    assert.deepEqual(await all(pool.map((a, b) => a + b, range(4), range(9), { bufferSize: 2 })), [0, 2, 4, 6]);
  });

  test(`${kind}: of an endless iterable only bufferSize items more than were consumed are taken`, async () => {
    await using pool = open({ maxWorkers: 2 });
    let taken = 0;
    const endless = function* (): Generator<number> {
      for (;;) yield taken++;
    };
    const results = pool.map((x) => x, endless(), { bufferSize: 4, chunkSize: 1 });
    assert.ok(taken > 0 && taken <= 4, `${taken} taken`);
    for (const i of range(10)) {
      assert.equal((await results.next()).value, i);
      assert.ok(taken <= i + 1 + 4, `${taken} taken`);
    }
    await until(() => taken === 14);
    await results.return!();
  });

  test(`${kind}: an error that is falsy is still an error`, async () => {
    const pool = shared(1);
    for (const falsy of [0, '', null, undefined, Number.NaN, false]) {
      const fail = (): never => {
        throw falsy;
      };
      assert.deepEqual(await Promise.allSettled([pool.submit(fail), pool.map(fail, [1]).next()]), [
        { status: 'rejected', reason: falsy },
        { status: 'rejected', reason: falsy },
      ]);
    }
  });

  test(`${kind}: the initializer runs once in every worker, with its arguments`, async () => {
    const initializer = (word: string): void => {
      const state = globalThis as { words?: string[] };
      (state.words ??= []).push(word);
    };
    await using pool = open({ maxWorkers: 2, initializer, initargs: ['ready'] });
    const words = await pool.broadcast(() => (globalThis as { words?: string[] }).words);
    assert.deepEqual(words, [['ready'], ['ready']]);
  });

  test(`${kind}: an initializer that fails breaks what waits and what comes later`, async () => {
    const initializer = (): never => {
      throw new RangeError('no model');
    };
    await using pool = open({ maxWorkers: 2, initializer });
    const waiting = range(4).map(() => pool.submit(() => 1));
    const isBroken = (error: unknown): boolean =>
      error instanceof BrokenExecutor && /no model/.test(error.message) && error.cause instanceof RangeError;
    for (const future of waiting) await assert.rejects(future, isBroken);
    await assert.rejects(
      pool.submit(() => 1),
      isBroken,
    );
  });

  test(`${kind}: a map with chunks of 6, 40 and 50 gives the same; one of -1 is refused`, async () => {
    const pool = shared(2);
    const power = (a: number, b: number): number => a ** b;
    const expected = range(40).map((i) => i ** (i % 4));
    for (const chunkSize of [6, 40, 50])
      assert.deepEqual(
        await all(
          pool.map(
            power,
            range(40),
            range(40).map((i) => i % 4),
            { chunkSize },
          ),
        ),
        expected,
      );
    await assert.rejects(pool.map(power, range(2), range(2), { chunkSize: -1 }).next(), RangeError);
  });

  test(`${kind}: the error of a task shows its line in the worker and the line that submitted it`, async () => {
    const pool = shared(1);
    const failing = (): never => {
      throw new RangeError('some error');
    };
    const error = (await pool.submit(failing).exception()) as Error;
    assert.ok(error instanceof RangeError);
    assert.match(error.stack ?? '', /^RangeError: some error\n +at failing .*executor\.test[^]*submitted from:\n.*executor\.test/);
  });

  test(`${kind}: an argument is freed in the worker after its task`, async () => {
    await using pool = open({ maxWorkers: 1 });
    await pool.submit((argument: object) => void ((globalThis as { ref?: WeakRef<object> }).ref = new WeakRef(argument)), {
      big: 'x'.repeat(100),
    });
    // The worker looks for it, a little each time, until it is gone.
    const isGone = async (): Promise<boolean> => {
      const v8 = await import('node:v8');
      const vm = await import('node:vm');
      v8.setFlagsFromString('--expose-gc');
      (vm.runInNewContext('gc') as () => void)();
      return (globalThis as { ref?: WeakRef<object> }).ref?.deref() === undefined;
    };
    while (!(await pool.submit(isGone)));
  });

  test(`${kind}: fifteen tasks a worker keep exactly maxWorkers busy`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const futures = range(30).map(() => pool.submit(sleep, 2));
    await until(() => pool.statistics().workers === 2);
    await Promise.all(futures);
    assert.deepEqual([pool.statistics().workers, pool.statistics().workersStarted], [2, 2]);
  });

  test(`${kind}: one task after another runs in one worker; a mix needs no more than run at once`, async () => {
    await using pool = open({ maxWorkers: 3 });
    const workers = new Set<string>();
    for (const _ of range(3)) workers.add(await pool.submit(whoAmI));
    assert.equal(workers.size, 1);
    await Promise.all([pool.submit(sleep, 5), pool.submit(sleep, 5)]);
    for (const _ of range(3)) await pool.submit(whoAmI);
    assert.ok(pool.statistics().workersStarted <= 2);
  });

  test(`${kind}: with maxTasksPerChild a worker runs three tasks, and the fourth is another's`, async () => {
    await using pool = open({ maxWorkers: 1, maxTasksPerChild: 3 });
    const ids: string[] = [];
    for (const _ of range(4)) ids.push(await pool.submit(whoAmI));
    assert.equal(new Set(ids.slice(0, 3)).size, 1);
    assert.notEqual(ids[2], ids[3]);
  });

  test(`${kind}: results arrive though their workers retire and the pool is shut down`, async () => {
    const pool = open({ maxWorkers: 2, maxTasksPerChild: 1 });
    const futures = range(6).map((i) => pool.submit((x: number) => x, i));
    await pool.shutdown();
    assert.deepEqual(await Promise.all(futures), range(6));
  });

  test(`${kind}: a killed worker rejects what it ran, and the executor goes on (Python's is broken for good)`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const die = (): void => (kind === 'process' ? void process.kill(process.pid, 'SIGKILL') : process.exit(1));
    const lost = pool.submit(die);
    const waiting = pool.submit(() => 'still here');
    await assert.rejects(lost, (error) => error instanceof WorkerLost && error.task === 'die');
    assert.equal(await waiting, 'still here');
    assert.equal(await pool.submit(() => 1), 1);
  });

  for (const method of ['terminateWorkers', 'killWorkers'] as const) {
    test(`${kind}: ${method} ends the workers, cancels what waits, and takes nothing more`, async () => {
      const pool = open({ maxWorkers: 1 });
      const pid = await pool.submit(() => process.pid);
      const running = pool.submit(sleep, 1e8);
      const waiting = pool.submit(sleep, 1);
      await until(() => running.running());
      await pool[method]();
      // The task was sent to the worker, which may not have begun it.
      await assert.rejects(running, (error) => error instanceof WorkerLost || error instanceof CancelledError);
      await assert.rejects(waiting, CancelledError);
      if (kind === 'process') await until(() => !isAlive(pid));
      await assert.rejects(pool.submit(sleep, 1), ShutDown);
      // The workers are dead already.
      await pool[method]();
      await pool.shutdown();
    });

    test(`${kind}: ${method} of a pool that has started no worker, or whose worker died, ends`, async () => {
      const unused = open({ maxWorkers: 1 });
      await unused[method]();
      await assert.rejects(unused.submit(sleep, 1), ShutDown);
      const pool = open({ maxWorkers: 1 });
      await assert.rejects(
        pool.submit(() => process.exit(1)),
        WorkerLost,
      );
      await pool[method]();
    });
  }

  test(`${kind}: map submits before the iteration`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const results = pool.map((x: number) => x, range(3), { chunkSize: 1 });
    await until(() => pool.statistics().completed === 3);
    assert.deepEqual(await all(results), range(3));
  });

  test(`${kind}: as many workers as the machine runs at once (Python: cpus + 4 for threads)`, async () => {
    await using pool = open();
    assert.equal((await pool.broadcast(() => 1)).length, availableParallelism());
  });

  test(`${kind}: closing a map cancels what has not begun`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const results = pool.map(sleep, [0, ...range(20).map(() => 5)], { chunkSize: 1, bufferSize: 21 });
    await results.next();
    await results.return!();
    await until(() => pool.statistics().running === 0);
    assert.equal(pool.statistics().queued, 0);
    assert.ok(pool.statistics().cancelled > 0);
  });

  test(`${kind}: closures, local instances and bound methods go along (Python refuses them)`, async () => {
    await using pool = open({ maxWorkers: 1, initializer: () => {} });
    const factor = 3;
    class Local {
      readonly base = 4;
      times(x: number): number {
        return this.base * x;
      }
    }
    const local = new Local();
    assert.equal(await pool.submit(() => factor * 2), 6);
    assert.equal(await pool.submit((each: Local) => each.times(2), local), 8);
    assert.equal(await pool.submit(local.times.bind(local), 5), 20);
    assert.equal(await pool.submit(() => new Local().times(factor)), 12);
  });

  test(`${kind}: a function runs with what its own module imports`, async () => {
    const pool = shared(1);
    assert.equal(await pool.submit(() => availableParallelism()), availableParallelism());
  });

  test(`${kind}: an event loop awaits a task, and giving up does no harm`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 0 });
    assert.equal(await pool.submit(sleep, 1), 1);
    const stop = new AbortController();
    const running = pool.with({ signal: stop.signal }).submit(sleep, 1e8);
    await until(() => running.running());
    stop.abort(new RangeError('given up'));
    await assert.rejects(running, /given up/);
    assert.equal(await pool.submit(sleep, 1), 1);
  });
}

test('an interpreter pool is a thread pool: a thread of Node is an interpreter of its own', async () => {
  assert.equal(InterpreterPoolExecutor, ThreadPoolExecutor);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => void ((globalThis as { leaked?: number }).leaked = 1));
  assert.equal((globalThis as { leaked?: number }).leaked, undefined);
});
