/** Streams: values in order as they come, back-pressure, and ends of every kind. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { promisify } from 'node:util';
import { SerializationError, ShutDown, TimeoutError, WorkerLost, currentTask } from 'heddle';
import { all, until } from './collect.ts';
import { kinds } from './kinds.ts';

/** The values before the error, and the error. */
async function drain(values: AsyncIterable<unknown>): Promise<[unknown[], unknown]> {
  const got: unknown[] = [];
  try {
    for await (const value of values) got.push(value);
  } catch (error) {
    return [got, error];
  }
  return [got, undefined];
}

/** The file to which workers append their reports. */
const file = join(tmpdir(), `heddle-stream-${process.pid}`);
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
afterEach(() => rmSync(file, { force: true }));

for (const { kind, open, shared } of kinds) {
  test(`${kind}: values come once, in order`, async () => {
    const pool = shared(1);
    const count = 20_000;
    const numbers = function* (n: number): Generator<number> {
      for (let i = 0; i < n; i++) yield i;
    };
    const expected = Array.from({ length: count }, (_, i) => i);
    assert.deepEqual(await all(pool.stream(numbers, count)), expected);
    const asyncNumbers = async function* (n: number): AsyncGenerator<number> {
      for (let i = 0; i < n; i++) yield i % 3 === 0 ? i : await Promise.resolve(i);
    };
    assert.deepEqual(await all(pool.stream(asyncNumbers, 500)), expected.slice(0, 500));
    assert.deepEqual(await all(pool.stream(() => 'añ😀')), ['a', 'ñ', '😀']);
    assert.deepEqual(await all(pool.stream(async () => new Set([1, [2], { three: 3 }]))), [1, [2], { three: 3 }]);
    assert.deepEqual(await all(pool.stream(() => [])), []);
  });

  test(`${kind}: a generator waits for a consumer that is slow or has stopped`, async () => {
    const pool = shared(1);
    const endless = function* (path: string, append: (path: string, text: string) => void): Generator<number> {
      for (let i = 0; ; i++) {
        append(path, '.');
        yield i;
      }
    };
    const values = pool.stream(endless, file, appendFileSync);
    for (let i = 0; i < 300; i++) assert.deepEqual(await values.next(), { done: false, value: i });
    const big = pool.stream(function* () {
      for (;;) yield new Uint8Array(600_000);
    });
    await values.return?.();
    assert.ok(textOf(file).length <= 300 + 65, `${textOf(file).length} values were made for 300`);
    for (let i = 0; i < 5; i++) assert.equal(((await big.next()).value as Uint8Array).length, 600_000);
    await big.return?.();
  });

  test(`${kind}: leaving early ends the generator`, async () => {
    const pool = shared(1);
    const endless = async function* (path: string, append: (path: string, text: string) => void): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 5));
        append(path, `closed ${currentTask()?.signal.aborted}`);
      }
    };
    for await (const value of pool.stream(endless, file, appendFileSync)) if (value === 2) break;
    // One worker: this runs when the stream has ended.
    assert.equal(await pool.submit(() => 'next'), 'next');
    assert.equal(textOf(file), 'closed true');
  });

  test(`${kind}: an error comes after the values, once`, async () => {
    const pool = shared(1);
    const failing = function* (): Generator<number> {
      yield 1;
      yield 2;
      throw new RangeError('after two');
    };
    const values = pool.stream(failing);
    const [got, error] = await drain(values);
    assert.deepEqual(got, [1, 2]);
    assert.ok(error instanceof RangeError);
    assert.match(error.stack!, /submitted from:[^]*stream\.test/);
    assert.deepEqual(await values.next(), { done: true, value: undefined });
    const [none, atOnce] = await drain(
      pool.stream((): number[] => {
        throw new TypeError('no values');
      }),
    );
    assert.deepEqual([none, (atOnce as Error).message], [[], 'no values']);
  });

  test(`${kind}: a result that is not a stream, or cannot cross, rejects`, async () => {
    const pool = shared(1);
    const [none, notIterable] = await drain(pool.stream((() => 5) as never));
    assert.deepEqual([none, (notIterable as Error).message], [[], 'expected what a streamed function returns to be an iterable, got 5']);
    const [one, unsendable] = await drain(
      pool.stream(function* (): Generator {
        yield 1;
        yield { later: Promise.resolve(2) };
      }),
    );
    assert.deepEqual(one, [1]);
    assert.ok(unsendable instanceof SerializationError);
    assert.equal(unsendable.message, 'values[1].later: a Promise cannot cross: await it before the function returns');
    const [, refused] = await drain(pool.stream((_later: unknown) => [1], Promise.resolve()));
    assert.match((refused as Error).message, /^args\[0\]: a Promise cannot cross: await it first, and hand over its result$/);
    const [, noFunction] = await drain(pool.stream(7 as never));
    assert.match((noFunction as Error).message, /expected fn to be a function, got 7/);
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });

  test(`${kind}: the death of its worker rejects a stream, after the values before it`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const [got, error] = await drain(
      pool.stream(function* dying(): Generator<number> {
        yield 1;
        yield 2;
        process.exit(4);
      }),
    );
    assert.deepEqual(got, [1, 2]);
    assert.ok(error instanceof WorkerLost);
    assert.deepEqual([error.exitCode, error.task], [4, 'dying']);
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });

  test(`${kind}: a timeout or an abort reaches a stream`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 20 });
    const stuck = function* (): Generator<number> {
      yield 1;
      for (;;);
    };
    const [got, late] = await drain(pool.with({ timeout: 200 }).stream(stuck));
    assert.deepEqual(got, [1]);
    assert.ok(late instanceof TimeoutError);
    const controller = new AbortController();
    const values = pool.with({ signal: controller.signal }).stream(stuck);
    assert.equal((await values.next()).value, 1);
    const next = values.next();
    const reason = new Error('not wanted');
    controller.abort(reason);
    assert.equal(await next.catch((error: unknown) => error), reason);
    assert.equal((await values.next()).done, true);
    const [, early] = await drain(pool.with({ signal: AbortSignal.abort(reason) }).stream(stuck));
    assert.equal(early, reason);
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });

  test(`${kind}: a stream that waits for what never comes rejects; one that waits for its consumer goes on`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const [got, error] = await drain(
      pool.stream(async function* waiting(): AsyncGenerator<number> {
        yield 1;
        await new Promise(() => {});
      }),
    );
    assert.deepEqual(got, [1]);
    assert.match((error as Error).message, /^waiting can never settle/);
    const values = pool.stream(function* () {
      for (let i = 0; i < 200; i++) yield i;
    });
    assert.equal((await values.next()).value, 0);
    await until(() => pool.statistics().running === 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await all(values)).length, 199);
  });

  test(`${kind}: several consumers of one stream get different values`, async () => {
    const pool = shared(1);
    const values = pool.stream(function* () {
      yield 1;
      yield 2;
    });
    const results = await Promise.all([values.next(), values.next(), values.next(), values.next()]);
    assert.deepEqual(
      results.map(({ value }) => value as unknown),
      [1, 2, undefined, undefined],
    );
  });

  test(`${kind}: a stream does not hang the end of its pool`, async () => {
    const pool = open({ maxWorkers: 1 });
    const values = pool.stream(function* () {
      yield 1;
      for (;;);
    });
    assert.equal((await values.next()).value, 1);
    const waiting = pool.stream(() => [1]);
    await pool.killWorkers();
    assert.ok((await values.next().catch((error: unknown) => error)) instanceof WorkerLost);
    assert.match(((await waiting.next().catch((error: unknown) => error)) as Error).message, /cancelled before it began/);
    assert.ok(
      (await pool
        .stream(() => [1])
        .next()
        .catch((error: unknown) => error)) instanceof ShutDown,
    );
  });
}

for (const name of ['ThreadPoolExecutor', 'ProcessPoolExecutor']) {
  test(`${name}: a stream without a consumer does not keep the program alive`, async () => {
    const program = `
      import { ${name} as Pool } from 'heddle';
      const values = new Pool({ maxWorkers: 1 }).stream(function* () { for (let i = 0; ; i++) yield i; });
      console.log((await values.next()).value);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(stdout, '0\n');
  });
}
