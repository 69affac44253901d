import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { FIRST_EXCEPTION, InvalidStateError, TimeoutError, asCompleted, wait } from '#src/index.js';
import { type AsyncResult, type Callbacks, asyncResults } from '#src/pool/multiprocessing/async-result.js';
import { all } from '../collect.ts';

interface Made {
  result: AsyncResult<number>;
  resolve: (value: number) => void;
  reject: (error: unknown) => void;
}

function make(callbacks: Callbacks<number> = {}): Made {
  let resolve!: (value: number) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<number>((a, b) => ([resolve, reject] = [a, b]));
  return { result: asyncResults.follow(promise, callbacks, () => false), resolve, reject };
}

test('a result is a promise', async () => {
  const { result, resolve } = make();
  const derived = result.then((value) => value + 1);
  assert.ok(derived instanceof Promise);
  resolve(1);
  assert.deepEqual(await Promise.all([result, derived, result.finally(() => {}), result.catch(() => 0)]), [1, 2, 1, 1]);
  const failed = make();
  failed.reject(new RangeError('no'));
  assert.equal(await failed.result.catch((error: Error) => error.message), 'no');
  await assert.rejects(Promise.resolve(failed.result), RangeError);
  assert.equal(Object.prototype.toString.call(result), '[object AsyncResult]');
});

test('a result tells its state', async () => {
  const { result, resolve } = make();
  assert.equal(result.ready(), false);
  assert.throws(() => result.successful(), InvalidStateError);
  resolve(1);
  await result;
  assert.deepEqual([result.ready(), result.successful()], [true, true]);
  for (const error of [new Error('x'), undefined, 0]) {
    const failed = make();
    failed.reject(error);
    assert.equal(await failed.result.wait(), true);
    assert.deepEqual([failed.result.ready(), failed.result.successful()], [true, false]);
  }
});

test('get() and wait() end at their timeout, leave the call alone, and refuse a wrong one', async () => {
  const { result, resolve } = make();
  for (const timeout of [0, 1]) {
    await assert.rejects(result.get(timeout), TimeoutError);
    assert.equal(await result.wait(timeout), false);
  }
  for (const timeout of [-1, Number.NaN, '1' as never]) {
    await assert.rejects(result.get(timeout), RangeError);
    await assert.rejects(result.wait(timeout), RangeError);
  }
  const waiting = result.wait(1e9);
  resolve(5);
  assert.deepEqual([await waiting, await result.get(0), await result.wait(0)], [true, 5, true]);
});

test('callbacks run once, in the right case and order', async () => {
  const order: unknown[] = [];
  const note: Callbacks<number> = {
    callback: (value) => order.push(['value', value]),
    errorCallback: (error) => order.push(['error', (error as Error).message]),
  };
  const [a, b] = [make(note), make(note)];
  b.reject(new Error('b'));
  a.resolve(1);
  await a.result.get().then(() => order.push('after a'));
  await assert.rejects(b.result.get(), /b/);
  assert.deepEqual(order, [['error', 'b'], ['value', 1], 'after a']);
});

test('an error in a callback is reported, and not the result', async () => {
  const warning = once(process, 'warning') as Promise<[Error]>;
  const { result, resolve } = make({
    callback: () => {
      throw new Error('in a callback');
    },
  });
  resolve(1);
  assert.equal(await result, 1);
  assert.match((await warning)[0].message, /a callback of an AsyncResult threw: Error: in a callback/);
});

test('wait() and asCompleted() take results', async () => {
  const [a, b, c] = [make(), make(), make()];
  const [first, second, third] = [a.result, b.result, c.result];
  b.resolve(2);
  await second;
  const order = all(asCompleted([first, second]));
  const failing = wait([first, second, third], { returnWhen: FIRST_EXCEPTION });
  a.reject(new Error('a'));
  assert.deepEqual(await failing, { done: new Set([second, first]), notDone: new Set([third]) });
  assert.deepEqual(await order, [second, first]);
  c.resolve(3);
});

test('an unhandled error is reported, and one that an errorCallback got is not', async () => {
  const program = (options: string): string => `
    import { ThreadPool } from 'heddle';
    const pool = new ThreadPool(1);
    const result = pool.applyAsync(() => { throw new Error('unseen'); }, []${options});
    await pool.apply(() => 'comes behind it');
    setImmediate(() => console.log('goes on'));`;
  const run = (options: string): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(options)]);
  await assert.rejects(run(''), (error: { stderr: string; stdout: string }) => error.stderr.includes('unseen') && error.stdout === '');
  assert.equal((await run(', { errorCallback: (error) => console.log(error.message) }')).stdout, 'unseen\ngoes on\n');
  // wait() has seen it.
  assert.equal((await run('); await result.wait(')).stdout, 'goes on\n');
});
