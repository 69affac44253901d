/** `wait` and `asCompleted`: with futures that the test settles itself, and with tasks of both kinds of pool at once. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, Future, TimeoutError, asCompleted, wait } from '#src/index.js';
import { futures } from '#src/pool/futures/future.js';
import { all } from '../collect.ts';
import { kinds } from '../inside-kinds.ts';

const pending = (): Future<number> => futures.create<number>();
const resolved = (value: number): Future<number> => {
  const future = pending();
  futures.settle(future, true, value);
  return future;
};
const rejected = (error: unknown): Future<number> => {
  const future = pending();
  futures.settle(future, false, error);
  return future;
};
const cancelled = (): Future<number> => {
  const future = pending();
  futures.cancel(future);
  return future;
};
const later = (run: () => void): void => void setImmediate(run);

/** Counts the callbacks that a future has been given. */
function countCallbacks(future: Future<number>): () => number {
  let count = 0;
  const { onDone } = futures;
  futures.onDone = (to, fn) => {
    if (to === future) count++;
    onDone(to, fn);
  };
  return () => count;
}

test('wait finds each that is done, once', async () => {
  const [a, b] = [resolved(1), pending()];
  later(() => futures.settle(b, true, 2));
  const { done, notDone } = await wait([a, b, a, b, a]);
  assert.deepEqual([[...done], [...notDone]], [[a, b], []]);
  assert.deepEqual(await wait([]), { done: new Set(), notDone: new Set() });
  assert.deepEqual(await wait(new Set([a])), { done: new Set([a]), notDone: new Set() });
});

test('wait for the first ends with the first', async () => {
  const [a, b, c] = [pending(), pending(), pending()];
  let isOver = false;
  const waiting = wait([a, b, c], { returnWhen: FIRST_COMPLETED }).finally(() => (isOver = true));
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  futures.settle(b, true, 2);
  assert.deepEqual(await waiting, { done: new Set([b]), notDone: new Set([a, c]) });
  // One that is done already is the first; so is one that was cancelled.
  assert.deepEqual(await wait([a, b], { returnWhen: 'FIRST_COMPLETED' }), { done: new Set([b]), notDone: new Set([a]) });
  const d = cancelled();
  assert.deepEqual(await wait([a, d], { returnWhen: 'FIRST_COMPLETED' }), { done: new Set([d]), notDone: new Set([a]) });
  for (const each of [a, c]) futures.settle(each, true, 0);
});

test('wait for the first error ends with an error, not with a result or a cancelled one', async () => {
  const [a, b, c, d] = [pending(), pending(), pending(), cancelled()];
  const waiting = wait([a, b, c, d], { returnWhen: FIRST_EXCEPTION });
  later(() => {
    futures.settle(a, true, 1);
    later(() => futures.settle(b, false, new Error('b')));
  });
  assert.deepEqual(await waiting, { done: new Set([d, a, b]), notDone: new Set([c]) });
  // At once if one has failed already; falsy errors are errors, too.
  const failed = rejected(undefined);
  assert.deepEqual(await wait([c, failed], { returnWhen: FIRST_EXCEPTION }), { done: new Set([failed]), notDone: new Set([c]) });
  futures.settle(c, true, 3);
  // Without an error it waits for all.
  assert.deepEqual(await wait([a, c, d], { returnWhen: FIRST_EXCEPTION }), { done: new Set([a, c, d]), notDone: new Set() });
});

test('a wait that takes too long resolves to what is done', async () => {
  const [a, b] = [resolved(1), pending()];
  assert.deepEqual(await wait([a, b], { timeout: 0 }), { done: new Set([a]), notDone: new Set([b]) });
  assert.deepEqual(await wait([a, b], { timeout: 2 }), { done: new Set([a]), notDone: new Set([b]) });
  assert.deepEqual(await wait([a], { timeout: Infinity, returnWhen: ALL_COMPLETED }), { done: new Set([a]), notDone: new Set() });
  futures.settle(b, true, 0);
});

test('wrong arguments of wait and asCompleted reject', async () => {
  await assert.rejects(wait([], { returnWhen: 'SOMETIMES' as never }), {
    name: 'RangeError',
    message: "expected returnWhen to be ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, got 'SOMETIMES'",
  });
  await assert.rejects(wait([], { timeout: -1 }), { name: 'RangeError', message: 'expected timeout to be a number >= 0, got -1' });
  await assert.rejects(wait([], { timeout: '5' as never }), RangeError);
  await assert.rejects(
    wait([], { return_when: 'ALL_COMPLETED' } as never),
    /unknown key 'return_when' in options: known are timeout, returnWhen/,
  );
  await assert.rejects(wait(5 as never), { name: 'TypeError', message: 'expected fs to be an iterable of futures, got 5' });
  await assert.rejects(wait([resolved(1), Promise.resolve(1)] as never), /expected fs\[1\] to be a Future or an AsyncResult, got Promise/);
  for (const refused of [asCompleted([1] as never), asCompleted(null as never), asCompleted([], { timeout: -1 })]) {
    await assert.rejects(refused.next(), /expected (fs\[0\]|fs|timeout) to be/);
    assert.deepEqual(await refused.next(), { done: true, value: undefined });
  }
});

test('an error that wait hands over does not end the program before all are done', async () => {
  const [a, b] = [pending(), pending()];
  const waiting = wait([a, b]);
  // The test runner fails this test at an unhandled rejection.
  futures.settle(a, false, new Error('a'));
  await new Promise(setImmediate);
  futures.settle(b, true, 1);
  const { done } = await waiting;
  assert.equal(done.size, 2);
  await assert.rejects(a, /a/);
});

test('an error that comes after the wait is reported', async () => {
  // In a program of its own: here the test runner looks at every rejection.
  const program = `
    import { Future, wait } from 'heddle';
    let fail;
    const late = new Future((_, reject) => (fail = reject));
    const { notDone } = await wait([late], { timeout: 1 });
    console.log(notDone.size);
    fail(new Error('without a waiter'));
    setTimeout(() => console.log('goes on'), 1000);`;
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  await assert.rejects(
    ended,
    (error: { stdout: string; stderr: string }) => error.stdout === '1\n' && error.stderr.includes('without a waiter'),
  );
});

test('waits that end early leave no callbacks on a future that lives long', async () => {
  const future = pending();
  const callbacks = countCallbacks(future);
  for (let i = 0; i < 50; i++) {
    await wait([future, resolved(i)], { returnWhen: FIRST_COMPLETED });
    await wait([future], { timeout: 0.1 });
    for await (const f of asCompleted([future, resolved(i)])) {
      assert.notEqual(f, future);
      break;
    }
  }
  assert.equal(callbacks(), 1);
  // That one still tells all later waiters.
  const waiting = [wait([future]), wait([future], { returnWhen: FIRST_COMPLETED }), all(asCompleted([future]))];
  futures.settle(future, true, 1);
  assert.equal((await Promise.all(waiting)).length, 3);
});

test('asCompleted gives them in the order of their ends, once, those that were done first', async () => {
  const [a, b, c, d, e] = [pending(), resolved(2), pending(), rejected(new Error('d')), cancelled()];
  const order: Future<number>[] = [];
  later(() => {
    futures.settle(c, true, 3);
    later(() => futures.settle(a, false, new Error('a')));
  });
  for await (const future of asCompleted([a, b, c, d, e, a, b])) {
    assert.ok(future.done());
    order.push(future);
  }
  assert.deepEqual(order, [b, d, e, c, a]);
  assert.deepEqual(await all(asCompleted([])), []);
});

test('asCompleted that runs out of time yields what is done, and names the right numbers', async () => {
  const [a, b, c, d] = [resolved(1), resolved(2), pending(), pending()];
  for (const timeout of [0, 1]) {
    const iterator = asCompleted([a, c, b, d], { timeout });
    assert.deepEqual(await iterator.next(), { done: false, value: a });
    assert.deepEqual(await iterator.next(), { done: false, value: b });
    await assert.rejects(iterator.next(), (error) => error instanceof TimeoutError && error.message === '2 (of 4) futures unfinished');
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  }
  // Several next() calls at once: one hears of it, the others that it is over.
  const iterator = asCompleted([c, d], { timeout: 1 });
  const answers = await Promise.allSettled([iterator.next(), iterator.next(), iterator.next()]);
  assert.deepEqual(
    answers.map((answer) => answer.status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  // Results in time are yielded, however late they are asked for.
  const late = asCompleted([c, d], { timeout: 1 });
  futures.settle(c, true, 1);
  futures.settle(d, true, 1);
  await new Promise((resolve) => setTimeout(resolve, 3));
  assert.deepEqual(await all(late), [c, d]);
});

test('next() calls of asCompleted that wait at the same time get different futures', async () => {
  const [a, b] = [pending(), pending()];
  const iterator = asCompleted([a, b]);
  const answers = [iterator.next(), iterator.next(), iterator.next()];
  futures.settle(b, true, 1);
  futures.settle(a, true, 1);
  assert.deepEqual(
    (await Promise.all(answers)).map((answer) => answer.value),
    [b, a, undefined],
  );
});

test('futures of several pools, and a future made by hand, can be waited for together', async () => {
  const pools = kinds.map(({ open }) => open({ maxWorkers: 1 }));
  const made = new Future<number>((resolve) => void setImmediate(() => resolve(0)));
  const fs = [made, ...pools.map((pool) => pool.submit((x: number) => x * 2, 21))];
  const { done, notDone } = await wait(fs);
  assert.deepEqual([done, notDone.size], [new Set(fs), 0]);
  assert.deepEqual(await Promise.all(fs), [0, 42, 42]);
  await Promise.all(pools.map((pool) => pool.shutdown()));
});

test('a wait that ended early does not keep its program alive', async () => {
  const program = `
    import { Future, wait, asCompleted } from 'heddle';
    const never = new Future(() => {});
    const soon = new Future((resolve) => setImmediate(resolve));
    await wait([never, soon], { timeout: 1e9, returnWhen: 'FIRST_COMPLETED' });
    for await (const _ of asCompleted([never, soon], { timeout: 1e9 })) break;
    const iterator = asCompleted([never, soon], { timeout: 1e9 });
    await iterator.next();
    console.log('ends');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
  assert.equal(stdout, 'ends\n');
});
