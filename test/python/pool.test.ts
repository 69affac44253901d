/**
 * The assertions of CPython's suite on multiprocessing.Pool: _TestPool, _TestPoolWorkerErrors, _TestPoolWorkerLifetime and their
 * neighbours.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { SerializationError, TimeoutError } from 'heddle';
import { all, until } from '../pool/collect.ts';
import { poolKinds } from '../pool/pool-kinds.ts';
import { untilCollected } from './garbage.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const square = (x: number): number => x * x;
const sleep = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
const whoAmI = (): string => `${process.pid}/${threadId}`;

/** Gives some items, then fails; it may say how many there would be. */
class Failing implements Iterable<number> {
  readonly length: number;
  readonly #before: number;

  constructor(before: number, length: number) {
    this.#before = before;
    this.length = length;
  }

  *[Symbol.iterator](): Generator<number> {
    yield* range(this.#before);
    throw new RangeError('no more');
  }
}

for (const { kind, open, shared } of poolKinds) {
  test(`${kind}: apply equals a local call`, async () => {
    const pool = shared(2);
    assert.equal(await pool.apply(square, [5]), square(5));
    assert.equal(await pool.apply(square, [] as never), square(undefined as never));
    assert.equal(await pool.apply(({ x, wait }: { x: number; wait: number }) => x * wait, [{ x: 3, wait: 2 }]), 6);
  });

  test(`${kind}: map, imap and imapUnordered give the same as a loop, with chunks as well`, async () => {
    const pool = shared(2);
    const squares = range(100).map(square);
    for (const chunkSize of [undefined, 20, 53, 100, 1000]) {
      assert.deepEqual(await pool.map(square, range(100), { chunkSize }), squares);
      const results = pool.imap(square, range(100), { chunkSize });
      for (const i of range(100)) assert.deepEqual(await results.next(), { done: false, value: i * i });
      for (let i = 0; i < 2; i++) assert.deepEqual(await results.next(), { done: true, value: undefined });
      const unordered = await all(pool.imapUnordered(square, range(100), { chunkSize }));
      assert.deepEqual(
        unordered.sort((a, b) => a - b),
        squares,
      );
    }
  });

  test(`${kind}: starmap and starmapAsync unpack tuples`, async () => {
    const pool = shared(2);
    const tuples = range(100).map((i) => [i, 100 - i] as const);
    const expected = tuples.map(([a, b]) => a * b);
    assert.deepEqual(await pool.starmap((a, b) => a * b, tuples), expected);
    assert.deepEqual(await pool.starmap((a, b) => a * b, tuples, { chunkSize: 20 }), expected);
    assert.deepEqual(await pool.starmapAsync((a, b) => a * b, tuples).get(), expected);
  });

  test(`${kind}: mapAsync calls back with the results, or with the error; one after another`, async () => {
    const pool = shared(2);
    const calls: unknown[] = [];
    const callback = (results: number[]): void => void calls.push(results);
    const errorCallback = (error: unknown): void => void calls.push(error);
    await pool.mapAsync(square, range(5), { callback, errorCallback }).wait();
    await pool.mapAsync((x: string) => BigInt(x), ['1', 'x', '2'], { errorCallback }).wait();
    assert.deepEqual(calls[0], [0, 1, 4, 9, 16]);
    assert.ok(calls[1] instanceof SyntaxError);
    assert.equal(calls.length, 2);
  });

  test(`${kind}: an item that cannot cross fails the map instead of hanging it`, async () => {
    const pool = shared(2);
    await assert.rejects(
      pool.map((x: unknown) => x, [new WeakMap()]),
      SerializationError,
    );
    assert.deepEqual(await pool.map(square, range(3)), [0, 1, 4]);
  });

  test(`${kind}: an error of the iterable is the error of map, whatever length it claims`, async () => {
    const pool = shared(2);
    for (const [before, length] of [
      [0, 0],
      [0, 1],
      [5, 10],
      [5, -1],
      [5, 1e9],
    ] as const) {
      await assert.rejects(pool.map(square, new Failing(before, length)), { name: 'RangeError', message: 'no more' });
      await assert.rejects(pool.map(square, new Failing(before, length), { chunkSize: 2 }), RangeError);
    }
  });

  test(`${kind}: get() gives the result when it is there, and get(timeout) gives up before`, async () => {
    const pool = shared(2);
    const result = pool.applyAsync(sleep, [30]);
    await assert.rejects(result.get(1), TimeoutError);
    assert.equal(result.ready(), false);
    assert.equal(await result.get(), 30);
    assert.equal(result.ready(), true);
  });

  test(`${kind}: an error of the iterable stands at its place in imap, for chunks of 1, 2 and 4; the pool goes on`, async () => {
    const pool = shared(2);
    await assert.rejects(pool.imap(square, new Failing(0, 1)).next(), RangeError);
    for (const chunkSize of [1, 2, 4]) {
      const results = pool.imap(square, new Failing(10, 20), { chunkSize });
      for (const i of range(10)) assert.equal((await results.next()).value, i * i);
      await assert.rejects(results.next(), RangeError);
      assert.equal((await results.next()).done, true);
      assert.equal(await pool.apply(square, [7]), 49);
    }
  });

  test(`${kind}: an error of the iterable comes once out of imapUnordered, and all results beside it`, async () => {
    const pool = shared(2);
    for (const chunkSize of [1, 2, 4]) {
      const results = pool.imapUnordered(square, new Failing(10, 20), { chunkSize });
      const values: number[] = [];
      let errors = 0;
      for (;;) {
        try {
          const next = await results.next();
          if (next.done === true) break;
          values.push(next.value);
        } catch {
          errors++;
        }
      }
      assert.deepEqual([values.sort((a, b) => a - b), errors], [range(10).map(square), 1]);
    }
  });

  test(`${kind}: a pool of 0 or -1 workers is refused, one of 3 works`, async () => {
    assert.throws(() => open(0), RangeError);
    assert.throws(() => open(-1), RangeError);
    await using pool = open(3);
    assert.deepEqual(await pool.map(square, range(3)), [0, 1, 4]);
  });

  test(`${kind}: nothing in, nothing out`, async () => {
    await using pool = open(1);
    assert.deepEqual(await pool.map(square, []), []);
    assert.deepEqual(await all(pool.imap(square, [])), []);
    assert.deepEqual(await all(pool.imapUnordered(square, [])), []);
    assert.deepEqual(await pool.starmap(square, []), []);
    assert.deepEqual(await pool.mapAsync(square, []).get(), []);
    pool.close();
    await pool.join();
  });

  test(`${kind}: an error in a map does not hang join, and all chunks are run`, async () => {
    const pool = open(2);
    const folder = mkdtempSync(join(tmpdir(), 'no-failfast-'));
    try {
      const work = (i: number): void => {
        if (i === 0) throw new RangeError('the first');
        writeFileSync(join(folder, String(i)), '');
      };
      const result = pool.mapAsync(work, range(23), { chunkSize: 1 });
      pool.close();
      await assert.rejects(result.get(), /the first/);
      await pool.join();
      for (const i of range(23).slice(1)) assert.equal(readFileSync(join(folder, String(i)), 'utf8'), '');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test(`${kind}: arguments and results are released after the call`, async () => {
    await using pool = open(1);
    const refs = await (async (): Promise<WeakRef<object>[]> => {
      const argument = { big: 'x'.repeat(1000) };
      const results = await pool.map((x: object) => ({ x }), [argument]);
      const one = await pool.apply((x: object) => ({ x }), [argument]);
      return [argument, results[0]!, one].map((each) => new WeakRef(each));
    })();
    for (const ref of refs) await untilCollected(ref);
  });

  test(`${kind}: the errorCallback gets the very error that get() gives`, async () => {
    const pool = shared(1);
    const seen: unknown[] = [];
    const fail = (): never => {
      throw new KeyError('some key');
    };
    const result = pool.applyAsync(fail, [], { errorCallback: (error) => seen.push(error) });
    const error: unknown = await result.get().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof KeyError);
    assert.deepEqual(seen, [error]);
    assert.equal(seen[0], error);
  });

  test(`${kind}: a result that cannot cross is an error for get() and the callback; the pool goes on`, async () => {
    const pool = shared(1);
    const seen: unknown[] = [];
    const result = pool.applyAsync(() => new WeakMap(), [], { errorCallback: (error) => seen.push(error) });
    await assert.rejects(result.get(), SerializationError);
    assert.ok(seen[0] instanceof SerializationError);
    for (const i of range(5)) assert.equal(await pool.apply(square, [i]), i * i);
  });

  test(`${kind}: maxTasksPerChild of 0, -1, 0.5 or '12' is refused`, () => {
    for (const wrong of [0, -1, 0.5, '12'])
      assert.throws(() => open({ processes: 1, maxTasksPerChild: wrong as number }), /maxTasksPerChild/);
  });

  test(`${kind}: workers are replaced after maxTasksPerChild tasks, and nothing is lost`, async () => {
    const pool = open({ processes: 2, maxTasksPerChild: 5 });
    const results = range(20).map((i) => pool.applyAsync((x: number) => [x, `${process.pid}/${threadId}`] as const, [i]));
    pool.close();
    await pool.join();
    const tasksOf = new Map<string, number>();
    for (const [i, result] of results.entries()) {
      const [x, worker] = await result;
      assert.equal(x, i);
      tasksOf.set(worker, (tasksOf.get(worker) ?? 0) + 1);
    }
    assert.ok(
      [...tasksOf.values()].every((tasks) => tasks <= 5),
      [...tasksOf.values()].join(),
    );
  });

  test(`${kind}: the initializer must be a function, and runs once in every worker`, async () => {
    assert.throws(() => open({ processes: 1, initializer: 123 as never }), TypeError);
    const folder = mkdtempSync(join(tmpdir(), 'initializer-'));
    const log = join(folder, 'log');
    try {
      const initializer = (file: string): void => writeFileSync(file, `${process.pid}/${threadId}\n`, { flag: 'a' });
      await using pool = open({ processes: 2, initializer, initargs: [log] });
      const workers = new Set(await pool.map(whoAmI, range(20), { chunkSize: 1 }));
      await pool.terminate();
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
      assert.equal(new Set(lines).size, lines.length);
      for (const worker of workers) assert.ok(lines.includes(worker));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test(`${kind}: when only the first worker can start, the pool goes on with it and the others leave nothing (Python gives up the pool)`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'not-leak-'));
    try {
      const initializer = (lock: string): void => writeFileSync(lock, '', { flag: 'wx' });
      const pool = open({ processes: 3, initializer, initargs: [join(folder, 'lock')] });
      const workers = new Set(await pool.map(whoAmI, range(12), { chunkSize: 1 }));
      assert.equal(workers.size, 1);
      await until(() => pool.statistics().starting === 0);
      assert.equal(pool.statistics().workers, 1);
      await pool.terminate();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('thread: a pool of many workers starts and finishes', async () => {
  const [thread] = poolKinds;
  const pool = thread.open(process.env['HEDDLE_LONG'] === undefined ? 16 : 200);
  const ids = await pool.map(
    async (i) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return i;
    },
    range(200),
    { chunkSize: 1 },
  );
  assert.deepEqual(ids, range(200));
  pool.close();
  await pool.join();
});

class KeyError extends Error {
  override name = 'KeyError';
}
