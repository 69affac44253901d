import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { CancelledError, Future, InvalidStateError, TimeoutError } from '#src/index.js';
import { futures } from '#src/pool/futures/future.js';

const pending = (): Future<number> => futures.create<number>();
const settle = (future: Future<number>, ok: boolean, value: unknown): void => futures.settle(future, ok, value);

test('a future is a promise', async () => {
  const future = pending();
  assert.ok(future instanceof Promise);
  const derived = future.then((x) => x + 1);
  assert.equal(derived.constructor, Promise);
  settle(future, true, 1);
  assert.equal(await derived, 2);
  assert.equal(await future.finally(() => {}), 1);
  assert.deepEqual(await Promise.all([future, Future.resolve(3)]), [1, 3]);
});

test('the methods tell the state', async () => {
  const future = pending();
  assert.deepEqual([future.done(), future.running(), future.cancelled()], [false, false, false]);
  futures.assign(future, { cancel: () => true, isRunning: () => true });
  assert.deepEqual([future.done(), future.running(), future.cancelled()], [false, true, false]);
  assert.equal(future.cancel(), false);
  settle(future, true, 7);
  assert.deepEqual([future.done(), future.running(), future.cancelled()], [true, false, false]);
  assert.equal(future.cancel(), false);
  assert.equal(await future.result(0), 7);
  assert.equal(await future.exception(0), null);
});

test('a future is settled once', async () => {
  const future = pending();
  settle(future, true, 1);
  assert.throws(() => settle(future, true, 2), InvalidStateError);
  assert.equal(await future, 1);
});

test('result() and exception() end at their timeout, and leave the task alone', async () => {
  const future = pending();
  await assert.rejects(future.result(1), (error) => error instanceof TimeoutError && /within 1 ms/.test(error.message));
  await assert.rejects(future.exception(0), TimeoutError);
  settle(future, false, new RangeError('late'));
  await assert.rejects(future.result(5), RangeError);
  assert.equal(((await future.exception(5)) as Error).message, 'late');
});

test('a wrong timeout is refused', async () => {
  const future = pending();
  await assert.rejects(future.result(-1), /expected timeout to be a number >= 0, got -1/);
  await assert.rejects(future.exception('soon' as never), RangeError);
  settle(future, true, 1);
});

test('an undefined or falsy error is an error', async () => {
  for (const thrown of [undefined, null, 0, '']) {
    const future = pending();
    settle(future, false, thrown);
    assert.deepEqual(
      await future.then(
        () => 'value',
        (error: unknown) => [error],
      ),
      [thrown],
    );
  }
});

test('a cancelled future never runs, and does not end the program as an unhandled rejection', async () => {
  const future = pending();
  const cancel = (): boolean => {
    futures.cancel(future);
    return true;
  };
  futures.assign(future, { cancel, isRunning: () => false });
  const seen: unknown[] = [];
  future.addDoneCallback((f) => seen.push(f));
  assert.equal(future.cancel('changed my mind'), true);
  assert.equal(future.cancel(), true);
  assert.deepEqual([future.done(), future.cancelled(), future.running()], [true, true, false]);
  assert.deepEqual(seen, [future]);
  await assert.rejects(future, (error) => error instanceof CancelledError && error.cause === 'changed my mind');
  await assert.rejects(future.exception(), CancelledError);
});

test('done callbacks run in order, and at once when it is done already', async () => {
  const future = pending();
  const order: string[] = [];
  future.addDoneCallback(() => order.push('first'));
  future.addDoneCallback(() => {
    throw new Error('in a callback');
  });
  future.addDoneCallback((f) => order.push(`third ${f.done()}`));
  const warning = once(process, 'warning') as Promise<[Error]>;
  settle(future, true, 1);
  assert.deepEqual(order, ['first', 'third true']);
  future.addDoneCallback(() => order.push('late'));
  assert.equal(order.at(-1), 'late');
  assert.match((await warning)[0].message, /in a callback/);
  assert.throws(() => future.addDoneCallback(5 as never), TypeError);
});

test('an unhandled error is reported', () => {
  const program = `
    import { ThreadPoolExecutor } from 'heddle';
    new ThreadPoolExecutor({ maxWorkers: 1 }).submit(() => { throw new Error('unseen'); });`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /unseen/);
});
