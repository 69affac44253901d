/** `Pool` and `ThreadPool`. What is Python's is tested in test/python. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  AsyncResult,
  CancelledError,
  Event,
  InvalidStateError,
  Pool,
  SerializationError,
  ShutDown,
  ThreadPool,
  TimeoutError,
  WorkerLost,
  currentTask,
} from 'heddle';
import { all } from '../collect.ts';
import { poolKinds } from '../pool-kinds.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const double = (x: number): number => x * 2;
const never = (): Promise<never> => new Promise((_, reject) => setTimeout(reject, 1e8));

/** An endless source that tells how far it was read, and whether it was closed. */
function naturals(): { items: Generator<number>; taken: () => number; isClosed: () => boolean } {
  let taken = 0;
  let isClosed = false;
  function* numbers(): Generator<number> {
    try {
      for (;;) yield taken++;
    } finally {
      isClosed = true;
    }
  }
  return { items: numbers(), taken: () => taken, isClosed: () => isClosed };
}

for (const { kind, open, shared } of poolKinds) {
  test(`${kind}: all ways to call give the same result`, async () => {
    const pool = shared(2);
    assert.equal(pool.maxWorkers, 2);
    const factor = 3;
    assert.equal(await pool.apply((a: number, b: number) => (a + b) * factor, [1, 2]), 9);
    assert.equal(await pool.apply(() => factor), 3);
    assert.equal(await pool.applyAsync(async (x: number) => x * factor, [2]), 6);
    assert.deepEqual(await pool.map(double, range(1000)), range(1000).map(double));
    assert.deepEqual(await pool.mapAsync(double, new Set(range(10))), range(10).map(double));
    assert.deepEqual(
      await pool.starmap(
        (a, b) => `${a}${b}`,
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      ),
      ['a1', 'b2'],
    );
    assert.deepEqual(await pool.starmapAsync((...all: number[]) => all.length, [[], [1], [1, 2]]), [0, 1, 2]);
    assert.deepEqual(await all(pool.imap(double, range(100), { chunkSize: 7 })), range(100).map(double));
    assert.deepEqual(
      (await all(pool.imapUnordered(double, range(100)))).sort((a, b) => a - b),
      range(100).map(double),
    );
    assert.deepEqual([await pool.map(double, []), await pool.starmap(Math.max, []), await all(pool.imap(double, []))], [[], [], []]);
    assert.deepEqual(await pool.map((word) => word.toUpperCase(), 'abc'), ['A', 'B', 'C']);
  });

  test(`${kind}: map goes on with the other items while it waits for a slow first one`, async () => {
    const pool = shared(2);
    const last = new Event();
    // The first item ends only when the last has run.
    const results = await pool.map(
      async (i) => {
        if (i === 49) last.set();
        if (i === 0) await last.wait();
        return i;
      },
      range(50),
      { chunkSize: 1, bufferSize: 2 },
    );
    assert.deepEqual(results, range(50));
  });

  test(`${kind}: a map goes on after its first error, and rejects with it`, async () => {
    const pool = shared(2);
    const ran: number[] = [];
    const result = pool.mapAsync(
      async (i: number) => {
        // The later one fails sooner.
        if (i === 2) await new Promise((resolve) => setTimeout(resolve, 20));
        if (i === 2 || i === 5) throw new RangeError(`item ${i}`);
        return i;
      },
      (function* () {
        for (const i of range(40)) {
          ran.push(i);
          yield i;
        }
      })(),
      { chunkSize: 1, bufferSize: 4 },
    );
    await assert.rejects(result.get(), { name: 'RangeError', message: 'item 2' });
    assert.equal(ran.length, 40);
    assert.equal(result.successful(), false);
    // undefined is an error as good as any.
    const failing = pool.map((i) => {
      if (i === 1) throw undefined;
    }, range(3));
    assert.deepEqual(await Promise.allSettled([failing]), [{ status: 'rejected', reason: undefined }]);
  });

  test(`${kind}: an item that cannot cross, or is not a list of arguments, fails alone`, async () => {
    const pool = shared(1);
    const iterator = pool.imap((x: unknown) => typeof x, [1, new WeakMap(), 3], { chunkSize: 3 });
    assert.deepEqual((await iterator.next()).value, 'number');
    await assert.rejects(iterator.next(), SerializationError);
    assert.deepEqual((await iterator.next()).value, 'number');
    assert.equal((await iterator.next()).done, true);
    await assert.rejects(pool.starmap(Math.max, [[1], 5 as never]), TypeError);
    assert.equal(await pool.apply(Math.max, [1, 2]), 2);
  });

  test(`${kind}: imap goes on after an error, which is in its place`, async () => {
    const pool = shared(2);
    for (const chunkSize of [1, 2, 4, undefined]) {
      const iterator = pool.imap(
        (i) => {
          if (i % 3 === 1) throw new Error(`item ${i}`);
          return i;
        },
        range(7),
        { chunkSize },
      );
      const seen: unknown[] = [];
      for (;;) {
        const next = await iterator.next().catch((error: Error) => ({ done: false, value: error.message }));
        if (next.done === true) break;
        seen.push(next.value);
      }
      assert.deepEqual(seen, [0, 'item 1', 2, 3, 'item 4', 5, 6]);
    }
  });

  test(`${kind}: next(timeout) loses no result, keeps the order, and ends`, async () => {
    const pool = shared(1);
    const iterator = pool.imap((ms) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms)), [30, 1, 2, 0], {
      chunkSize: 1,
    });
    await assert.rejects(iterator.next(0), TimeoutError);
    const [a, b, c] = await Promise.allSettled([iterator.next(1), iterator.next(), iterator.next(1e9)]);
    assert.equal(a.status, 'rejected');
    assert.deepEqual(
      [b, c].map((each) => each.status === 'fulfilled' && each.value.value),
      [30, 1],
    );
    await assert.rejects(iterator.next(-1), RangeError);
    assert.deepEqual([(await iterator.next()).value, (await iterator.next(1e9)).value], [2, 0]);
    for (const timeout of [0, undefined]) assert.deepEqual(await iterator.next(timeout), { done: true, value: undefined });
  });

  test(`${kind}: imap reads an endless source as far as needed, and closes it`, async () => {
    await using pool = open(2);
    for (const method of ['imap', 'imapUnordered'] as const) {
      const source = naturals();
      let sum = 0;
      for await (const value of pool[method](double, source.items, { bufferSize: 10, chunkSize: 2 })) {
        sum += value;
        if (value > 100) break;
      }
      assert.ok(sum > 0 && source.isClosed());
      assert.ok(source.taken() < 100 + 20, `${source.taken()} items taken`);
    }
    const source = naturals();
    const iterator = pool.imap(double, source.items);
    assert.deepEqual(await iterator.return(), { done: true, value: undefined });
    assert.ok(source.isClosed());
    assert.equal((await iterator.next()).done, true);
  });

  test(`${kind}: an error of the source comes once, in its place`, async () => {
    const pool = shared(2);
    for (const chunkSize of [1, 2, 4]) {
      for (const isAsync of [false, true]) {
        const broken = function* (): Generator<number> {
          yield* range(5);
          throw new Error('source');
        };
        const source = isAsync
          ? (async function* () {
              yield* broken();
            })()
          : broken();
        const iterator = pool.imap(double, source, { chunkSize });
        for (const i of range(5)) assert.equal((await iterator.next()).value, i * 2);
        await assert.rejects(iterator.next(), /source/);
        assert.equal((await iterator.next()).done, true);
        await assert.rejects(pool.map(double, broken(), { chunkSize }), /source/);
      }
    }
  });

  test(`${kind}: callbacks run in the caller, in time`, async () => {
    const pool = shared(1);
    const seen: unknown[] = [];
    const callbacks = {
      callback: (value: unknown) => seen.push([process.pid, value]),
      errorCallback: (error: unknown) => seen.push(error),
    };
    const results = [1, 2, 3].map((x) => pool.applyAsync(double, [x], callbacks));
    assert.ok(results.every((result) => result instanceof AsyncResult));
    await results[2];
    assert.deepEqual(
      seen,
      [2, 4, 6].map((x) => [process.pid, x]),
    );
    seen.length = 0;
    await pool.mapAsync(double, [1, 2], callbacks);
    const failing = pool.starmapAsync((_x: number): number => assert.fail('no'), [[1]], callbacks);
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    assert.deepEqual(seen, [[process.pid, [2, 4]], error]);
  });

  test(`${kind}: a wrong argument is refused`, async () => {
    for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => open(count), RangeError);
    for (const count of ['3', null, true]) assert.throws(() => open(count as never), TypeError);
    for (const processes of [0, '3']) assert.throws(() => open({ processes } as never), /expected processes to be an integer >= 1, got/);
    assert.throws(() => open({ maxWorkers: 2 } as never), /unknown key 'maxWorkers' in options: known are processes, /);
    assert.throws(() => open({ initializer: 5 as never }), TypeError);
    const both = (first: unknown, more: unknown) => () => new (kind === 'thread' ? ThreadPool : Pool)(first as never, more as never);
    assert.throws(both({ processes: 1 }, { name: 'x' }), /expected processes to be a number, as options follow, got /);
    assert.throws(both(1, { processes: 2 }), /expected processes to be given once, got '1, and 2 in options'/);
    assert.throws(both(1, 5), /expected options to be an object, got 5/);
    assert.throws(both(1, { maxWorkers: 2 }), /unknown key 'maxWorkers' in options/);
    assert.throws(both(null, { name: 'x' }), TypeError);
    assert.throws(both(undefined, { processes: 0 }), RangeError);
    await using pool = open({ processes: 1 });
    await assert.rejects(pool.apply(5 as never), /expected fn to be a function, got 5/);
    await assert.rejects(pool.apply(double, 5 as never), /expected args to be an array, got 5/);
    await assert.rejects(pool.map(5 as never, []), /expected fn to be a function/);
    await assert.rejects(pool.map(double, 5 as never), /expected items to be an iterable, got 5/);
    await assert.rejects(pool.map(double, null as never), /expected items to be an iterable, got null/);
    await assert.rejects(pool.map(double, [], { chunksize: 1 } as never), /unknown key 'chunksize'/);
    await assert.rejects(pool.map(double, [], { callback: () => {} } as never), /unknown key 'callback'/);
    await assert.rejects(pool.imap(double, [], { chunkSize: 0 }).next(), RangeError);
    await assert.rejects(pool.imap(double, null as never).next(), TypeError);
    await assert.rejects(pool.applyAsync(double, [1], { callback: 5 as never }).get(), /expected callback to be a function/);
    await assert.rejects(pool.mapAsync(double, [1], { errorCallback: 5 as never }).get(), /expected errorCallback to be a function/);
    // An errorCallback gets the error there, too.
    const errors: unknown[] = [];
    await assert.rejects(pool.applyAsync(5 as never, [], { errorCallback: (error) => errors.push(error) }).get(), TypeError);
    assert.equal(errors.length, 1);
  });

  test(`${kind}: a closed pool refuses new work, and does what it was given`, async () => {
    const pool = open(2);
    await assert.rejects(pool.join(), InvalidStateError);
    const source = naturals();
    const endless = pool.imap(double, source.items, { bufferSize: 2, chunkSize: 1 });
    const lazy = pool.imap(double, range(300), { bufferSize: 3 });
    const results = [pool.applyAsync(double, [1]), pool.mapAsync(double, range(300), { chunkSize: 1, bufferSize: 2 })];
    pool.close();
    pool.close();
    for (const refused of [
      pool.apply(double, [1]),
      pool.map(double, [1]),
      pool.starmapAsync(double, [[1]]),
      pool.imap(double, [1]).next(),
    ]) {
      await assert.rejects(refused, (error) => error instanceof ShutDown && /-\d+ is closed: it takes no more work/.test(error.message));
    }
    assert.deepEqual([(await endless.next()).value, (await endless.next()).value], [0, 2]);
    await endless.return();
    await pool.join();
    assert.deepEqual(await Promise.all(results), [2, range(300).map(double)]);
    assert.deepEqual(await all(lazy), range(300).map(double));
    await pool.join();
    await pool.terminate();
  });

  test(`${kind}: terminate waits for no task, and settles every waiter`, async () => {
    const pool = open(1);
    let begun!: (progress: unknown) => void;
    const source = naturals();
    const hasBegun = new Promise<unknown>((resolve) => (begun = resolve));
    const running = pool.applyAsync(
      () => {
        currentTask()!.progress(1);
        return never();
      },
      [],
      { progress: begun },
    );
    const queued = [pool.applyAsync(double, [1]), pool.applyAsync(double, [2])];
    const maps = [
      pool.mapAsync(double, range(100), { chunkSize: 1 }),
      pool.mapAsync(double, source.items, { chunkSize: 1, bufferSize: 8 }),
    ];
    const iterator = pool.imap(double, naturals().items, { bufferSize: 2, chunkSize: 1 });
    const stuck = pool.imap(double, { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) });
    const nexts = [iterator.next(), stuck.next()];
    const settled = Promise.allSettled([running, ...queued, ...maps, ...nexts]);
    await hasBegun;
    const ended = pool.terminate();
    assert.equal(pool.terminate(), ended);
    const reasons = (await settled).map((each) => (each.status === 'rejected' ? each.reason : each));
    assert.ok(reasons[0] instanceof WorkerLost, `${reasons[0]}`);
    for (const reason of reasons.slice(1)) assert.ok(reason instanceof CancelledError, `${reason}`);
    await ended;
    await pool.join();
    assert.ok(source.isClosed());
    await assert.rejects(pool.apply(double, [1]), ShutDown);
    // The items that it had taken before the end fail at their places; then it is over.
    let rest = 0;
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => error);
      if (!(next instanceof Error)) break;
      assert.ok(next instanceof CancelledError, `${next}`);
      rest++;
    }
    assert.ok(rest <= 3, `${rest} results after the end`);
  });

  test(`${kind}: terminate ends in every state`, async () => {
    const states: ((pool: Pool) => unknown)[] = [
      () => {},
      (pool) => pool.close(),
      (pool) => pool.apply(double, [1]),
      (pool) => void pool.applyAsync(double, [1], { errorCallback: () => {} }),
      (pool) => void pool.map(double, naturals().items).catch(() => {}),
      async (pool) => {
        pool.close();
        await pool.join();
      },
      (pool) => {
        void pool.imap(never, [1, 2, 3]);
        pool.close();
        void pool.join();
      },
      (pool) => pool.terminate(),
    ];
    for (const enter of states) {
      const pool = open(1);
      await enter(pool);
      await pool.terminate();
      await pool.join();
      await pool[Symbol.asyncDispose]();
    }
  });

  test(`${kind}: terminate works from within its own source or callback`, async () => {
    const pool = open(1);
    const results = pool.map(
      double,
      (function* () {
        yield 1;
        void pool.terminate();
        yield 2;
      })(),
    );
    await assert.rejects(results, (error) => error instanceof CancelledError || error instanceof ShutDown);
    await pool.join();
    const other = open(1);
    let ended: Promise<void> | undefined;
    assert.equal(await other.applyAsync(double, [1], { callback: () => void (ended = other.terminate()) }), 2);
    await ended;
  });

  test(`${kind}: the options of a task and of a map are those of an executor`, async () => {
    await using pool = open({ processes: 1, graceful: 0 });
    await assert.rejects(pool.apply(never, [], { timeout: 20 }), TimeoutError);
    const controller = new AbortController();
    const aborted = pool.applyAsync(never, [], { signal: controller.signal });
    controller.abort('enough');
    assert.deepEqual(await Promise.allSettled([aborted]), [{ status: 'rejected', reason: 'enough' }]);
    const attempts = pool.apply(
      () => {
        const { attempt } = currentTask()!;
        if (attempt < 3) throw new RangeError('again');
        return attempt;
      },
      [],
      { retries: 5, retryOn: (error) => error instanceof RangeError },
    );
    assert.equal(await attempts, 3);
    // Of a map: each item has its time, and the signal ends the whole.
    const late = pool.imap(never, [1, 2], { timeout: 20 });
    await assert.rejects(late.next(), TimeoutError);
    await assert.rejects(late.next(), TimeoutError);
    assert.deepEqual(await late.next(), { done: true, value: undefined });
    assert.deepEqual(await all(pool.imap(double, [1, 2], { timeout: 60_000 })), [2, 4]);
    const stop = new AbortController();
    const endless = pool.imap(double, naturals().items, { signal: stop.signal });
    await endless.next();
    const waiting = pool.map(double, naturals().items, { signal: stop.signal });
    stop.abort('stop');
    await assert.rejects(waiting, (reason) => reason === 'stop');
    const rest = await Promise.allSettled([endless.next(), endless.next()]);
    assert.deepEqual(rest, [
      { status: 'rejected', reason: 'stop' },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
    assert.equal(pool.statistics().queued, 0);
    await assert.rejects(pool.apply(double, [1], { callback: () => {} } as never), /unknown key 'callback' in options: known are signal, /);
    await assert.rejects(pool.applyAsync(double, [1], { callBack: 1 } as never).get(), /known are signal, .*, errorCallback/);
  });

  test(`${kind}: a program ends without an error though its pool was terminated with work left`, async () => {
    const name = kind === 'thread' ? 'ThreadPool' : 'Pool';
    const program = `
      import { ${name}, currentTask } from 'heddle';
      const pool = new ${name}(1);
      const stay = () => { currentTask().progress(1); return new Promise((resolve) => setTimeout(resolve, 1e8)); };
      await new Promise((resolve) => void pool.applyAsync(stay, [], { progress: resolve }));
      pool.applyAsync(stay);
      pool.mapAsync(stay, [1, 2]);
      pool.map(stay, [1, 2]);
      await pool.terminate();
      console.log('ends');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
    assert.equal(stdout, 'ends\n');
  });

  test(`${kind}: an idle pool does not keep its program alive, and one that is closed loses no results`, async () => {
    const name = kind === 'thread' ? 'ThreadPool' : 'Pool';
    const program = `
      import { ${name} } from 'heddle';
      const pool = new ${name}(2);
      console.log(await pool.map((x) => x * 2, [1, 2]));
      const open = pool.imap((x) => x, Array.from({ length: 1000 }, (_, i) => i));
      await open.next();
      pool.applyAsync((x) => x, [7], { callback: (x) => console.log('callback', x) });
      pool.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
    assert.equal(stdout, '[ 2, 4 ]\ncallback 7\n');
  });

  test(`${kind}: an error shows where the pool was called`, async () => {
    await using pool = open(1);
    const task = (): never => {
      throw new Error('here');
    };
    for (const call of [() => pool.apply(task), () => pool.map(task, [1]), () => pool.imap(task, [1]).next()]) {
      const error = (await call().catch((thrown: unknown) => thrown)) as Error;
      assert.match(error.stack ?? '', /Error: here\n(.*\n)+  submitted from:\n.*pool\.test/);
    }
  });
}

test('a subclass of ThreadPool gets threads, and a pool has a name', async () => {
  class Own extends ThreadPool {}
  await using pool = new Own(1);
  assert.equal(await pool.apply(() => process.pid), process.pid);
  await using other = new Pool(1);
  assert.notEqual(await other.apply(() => process.pid), process.pid);
  await assert.rejects(
    (async () => {
      await using named = new ThreadPool({ processes: 1, name: 'bees' });
      named.close();
      await named.apply(() => 1);
    })(),
    /bees is closed/,
  );
});

test('a pool is not sent to a worker', async () => {
  await using pool = new ThreadPool(1);
  await assert.rejects(
    pool.apply((p: Pool) => p, [pool]),
    SerializationError,
  );
});
