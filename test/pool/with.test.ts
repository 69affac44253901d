/** `with()`: views of an executor with options of their own, and the checks of these options. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessPoolExecutor, ShutDown, type TaskOptions, ThreadPoolExecutor } from '#src/index.js';
import { insideOf } from '#src/pool/pool-executor.js';
import { kinds } from './inside-kinds.ts';

const wrong: readonly [options: unknown, error: typeof TypeError | typeof RangeError, message: RegExp][] = [
  [
    { timout: 1 },
    TypeError,
    /^unknown key 'timout' in options: known are signal, timeout, key, retries, retryOn, backoff, priority, idempotent, transfer, progress$/,
  ],
  [null, TypeError, /^expected options to be an object, got null$/],
  [[], TypeError, /^expected options to be an object, got \[\]$/],
  ['fast', TypeError, /^expected options to be an object, got 'fast'$/],
  [{ timeout: 'soon' }, RangeError, /^expected timeout to be a number >= 0, got 'soon'$/],
  [{ timeout: -1 }, RangeError, /^expected timeout to be a number >= 0, got -1$/],
  [{ timeout: Number.NaN }, RangeError, /^expected timeout to be a number >= 0, got NaN$/],
  [{ retries: -1 }, RangeError, /^expected retries to be an integer >= 0, got -1$/],
  [{ retries: 1.5 }, RangeError, /^expected retries to be an integer >= 0, got 1\.5$/],
  [{ retries: Infinity }, RangeError, /^expected retries to be an integer >= 0, got Infinity$/],
  [{ retries: '2' }, TypeError, /^expected retries to be an integer >= 0, got '2'$/],
  [{ backoff: 'soon' }, TypeError, /^expected backoff to be a number >= 0 or a function, got 'soon'$/],
  [{ backoff: Infinity }, RangeError, /^expected backoff to be a number >= 0 or a function, got Infinity$/],
  [{ retryOn: TypeError.prototype }, TypeError, /^expected retryOn to be a function, got /],
  [{ priority: 'high' }, TypeError, /^expected priority to be a number, got 'high'$/],
  [{ priority: Number.NaN }, RangeError, /^expected priority to be a number, got NaN$/],
  [{ key: {} }, TypeError, /^expected key to be a string or a number, got \{\}$/],
  [{ key: null }, TypeError, /^expected key to be a string or a number, got null$/],
  [{ key: 1n }, TypeError, /^expected key to be a string or a number, got 1n$/],
  [{ signal: new AbortController() }, TypeError, /^expected signal to be an AbortSignal, got AbortController/],
  [{ signal: null }, TypeError, /^expected signal to be an AbortSignal, got null$/],
  [{ progress: true }, TypeError, /^expected progress to be a function, got true$/],
  [{ transfer: new ArrayBuffer(1) }, TypeError, /^expected transfer to be an array of ArrayBuffers, got ArrayBuffer/],
  [{ transfer: [new Uint8Array(1)] }, TypeError, /^expected transfer\[0\] to be an ArrayBuffer, got Uint8Array/],
];

class Counting extends ThreadPoolExecutor {
  submitted = 0;

  override submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A) {
    this.submitted++;
    return super.submit(fn, ...args);
  }
}

for (const { kind, open } of kinds) {
  test(`${kind}: a wrong option of with() is refused with what came`, async () => {
    await using pool = open({ maxWorkers: 1 });
    for (const [options, error, message] of wrong) {
      assert.throws(
        () => pool.with(options as TaskOptions),
        (thrown: Error) => {
          assert.match(thrown.message, message);
          return thrown instanceof error;
        },
      );
    }
  });

  test(`${kind}: a view keeps what it has from its executor, and changes nothing there`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const retryOn = (): boolean => true;
    const first = pool.with({ timeout: 5000, retries: 2, retryOn, key: 'a' });
    const second = first.with({ timeout: Infinity, key: 0, priority: 3, retries: undefined });
    const third = second.with({});
    assert.deepEqual(insideOf(pool).settings, {
      signal: undefined,
      timeout: Infinity,
      key: undefined,
      retries: 0,
      retryOn: undefined,
      backoff: 0,
      priority: 0,
      idempotent: false,
      transfer: [],
      progress: undefined,
    });
    assert.deepEqual({ ...insideOf(first).settings }, { ...insideOf(pool).settings, timeout: 5000, retries: 2, retryOn, key: 'a' });
    assert.deepEqual({ ...insideOf(second).settings }, { ...insideOf(first).settings, timeout: Infinity, key: 0, priority: 3 });
    assert.deepEqual(insideOf(third).settings, insideOf(second).settings);
    assert.equal(insideOf(third).pool, insideOf(pool).pool);
    assert.ok(third instanceof (kind === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor));
    assert.equal(await third.submit((x: number) => x + 1, 1), 2);
    assert.equal(third.statistics().submitted, 1);
    assert.deepEqual(pool.statistics(), third.statistics());
  });

  test(`${kind}: with() on a pool that is shut down works, and its tasks reject`, async () => {
    const pool = open({ maxWorkers: 1 });
    const before = pool.with({ timeout: 1000 });
    await pool.shutdown();
    for (const view of [before, pool.with({ retries: 3, retryOn: () => true, key: 1 })]) {
      await assert.rejects(
        view.submit(() => 1),
        ShutDown,
      );
      await assert.rejects(view.map((x) => x, [1]).next(), ShutDown);
      await assert.rejects(
        view.broadcast(() => 1),
        ShutDown,
      );
      await assert.rejects(view.stream(() => [1]).next(), ShutDown);
      await view.shutdown();
    }
  });

  test(`${kind}: shutdown of a view ends the pool`, async () => {
    const pool = open({ maxWorkers: 1 });
    const future = pool.submit(() => 1);
    {
      await using view = pool.with({ priority: 1 });
      assert.equal(await view.submit(() => 2), 2);
    }
    assert.equal(await future, 1);
    await assert.rejects(
      pool.submit(() => 3),
      ShutDown,
    );
  });

  test(`${kind}: the transfer option moves, and refuses a buffer that is not among the arguments`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const sent = new ArrayBuffer(8);
    const other = new ArrayBuffer(8);
    const size = await pool.with({ transfer: [sent, other] }).submit((buffer: ArrayBuffer) => buffer.byteLength, sent);
    assert.deepEqual([size, sent.byteLength, other.byteLength], [8, 0, 8]);
  });
}

test('a view of a subclass has its methods and its fields', async () => {
  await using pool = new Counting({ maxWorkers: 1 });
  const view = pool.with({ timeout: 1000 });
  assert.ok(view instanceof Counting);
  assert.equal(await pool.submit(() => 1), 1);
  assert.equal(await view.submit(() => 2), 2);
  assert.equal(view.submitted, 2);
});

test('a method of an executor on another object is refused', () => {
  const { statistics, with: view } = ThreadPoolExecutor.prototype;
  assert.throws(() => statistics.call({} as ThreadPoolExecutor), /^TypeError: a method of an executor was called on another object$/);
  assert.throws(() => view.call({} as ThreadPoolExecutor, {}), /^TypeError: a method of an executor was called on another object$/);
});
