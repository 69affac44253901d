/** AsyncResult: every waiter gets the value that was set. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { TimeoutError } from 'heddle';
import { AsyncResult, GreenletExit, sleep, spawn } from 'heddle/coroutine';
import { both } from '../both-kinds.js';
import { idle } from '../hand-clock.js';
import { runProgram } from '../program.js';

const error = new RangeError('own');

both('every waiter gets the value', function* ({ start }) {
  for (const value of [42, undefined, null, error]) {
    const result = new AsyncResult();
    const waiting = [1, 2].map(() =>
      start(function* () {
        return [yield result.get(), yield result.wait(), yield result, yield result.result()];
      }),
    );
    yield idle();
    assert.deepEqual(result.statistics(), { ready: false, waiting: 2, links: 0 });
    result.set(value);
    for (const g of waiting) assert.deepEqual(yield g, [value, true, value, value]);
    assert.deepEqual([result.getNowait(), result.value, result.exception], [value, value, undefined]);
    assert.deepEqual([result.ready(), result.done(), result.successful()], [true, true, true]);
  }
});

both('an error is thrown, to all waiters', function* ({ start }) {
  for (const thrown of [error, undefined]) {
    const result = new AsyncResult<number>();
    const waiting = [1, 2].map(() =>
      start(function* () {
        try {
          yield result.get();
        } catch (e) {
          return [e];
        }
        return [];
      }),
    );
    const waited = start(function* () {
      return yield result.wait();
    });
    yield idle();
    result.setException(thrown);
    for (const g of waiting) assert.deepEqual(yield g, [thrown]);
    assert.equal(yield waited, true);
    assert.deepEqual([result.ready(), result.successful(), result.value, result.exception], [true, false, undefined, thrown]);
    let caught: unknown[] = [];
    try {
      result.getNowait();
    } catch (e) {
      caught = [e];
    }
    assert.deepEqual(caught, [thrown]);
    const late = start(function* () {
      yield result;
    });
    late.link(() => {});
    yield late.join();
    assert.equal(late.exception, thrown);
  }
});

both('a wait for one that is not set in time ends', function* ({ start, clock }) {
  const result = new AsyncResult<number>();
  assert.deepEqual([result.ready(), result.successful(), result.value, result.exception], [false, false, undefined, undefined]);
  assert.throws(() => result.getNowait(), TimeoutError);
  const got = start(function* () {
    yield result.get(10);
  });
  const waited = start(function* () {
    return yield result.wait(10);
  });
  yield idle();
  clock.advance(10);
  yield got.join();
  assert.ok(got.exception instanceof TimeoutError);
  assert.equal(yield waited, false);
  assert.equal(result.statistics().waiting, 0);
  result.set(1);
  assert.deepEqual([yield result.get(0), yield result.wait(0)], [1, true]);
  assert.throws(() => result.get(-1), RangeError);
});

test('a second value replaces the first', async () => {
  const result = new AsyncResult<number>();
  const early = result.get();
  result.set(1);
  result.setResult(2);
  assert.deepEqual([await early, await result, result.value], [1, 2, 2]);
  result.setException(error);
  assert.deepEqual([result.value, result.exception], [undefined, error]);
  await assert.rejects(result, error);
  result.set(3);
  assert.equal(await result, 3);
});

test('it is a promise', async () => {
  const result = new AsyncResult<number>();
  const chain = result.then((value) => value + 1).finally(() => {});
  const raced = Promise.race([new AsyncResult(), result]);
  result.set(1);
  assert.deepEqual([await chain, await raced], [2, 1]);
  assert.equal(Object.prototype.toString.call(result), '[object AsyncResult]');
  const failed = new AsyncResult<number>();
  const caught = failed.catch((e: unknown) => e);
  failed.setException(error);
  assert.equal(await caught, error);
  await assert.rejects(
    failed.finally(() => {}),
    error,
  );
});

test('a linked greenlet gives it its outcome', async () => {
  const work = [
    function* () {
      yield* sleep();
      return 1;
    },
    async () => {
      throw error;
    },
    function* () {
      yield* sleep(60_000);
    },
  ];
  const results = work.map((fn) => {
    const result = new AsyncResult();
    const g = spawn<[], unknown>(fn);
    g.link(result);
    if (fn === work[2]) g.kill();
    return result;
  });
  assert.equal(await results[0], 1);
  await assert.rejects(results[1]!, error);
  assert.ok((await results[2]) instanceof GreenletExit);
});

test('an error without a reader is not reported, and a read one is thrown', async () => {
  const { stdout, stderr } = await runProgram(`
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
    const [quiet, loud] = [new h.AsyncResult(), new h.AsyncResult()];
    quiet.setException(new Error('quiet'));
    loud.get();
    loud.setException(new Error('loud'));
  `);
  assert.deepEqual([stdout, stderr], ['unhandled loud\n', '']);
});

test('callbacks are called', async () => {
  const result = new AsyncResult<number>();
  const said: unknown[] = [];
  const gone = (): void => void said.push('gone');
  result.rawlink((source) => said.push(source.value));
  result.rawlink(gone);
  result.unlink(gone);
  result.set(1);
  result.set(2);
  await idle();
  assert.deepEqual(said, [2], 'once, with what it is now');
});

test('it describes what it has', () => {
  const result = new AsyncResult<string>();
  assert.equal(String(result), '<AsyncResult not set>');
  result.set('text');
  assert.equal(inspect(result), "<AsyncResult 'text'>");
  result.setException(error);
  assert.match(String(result), /^<AsyncResult failed: .*RangeError: own/s);
});
