/** What maps take items from, and streams take values from: iterables that are odd, wrong, or left in the middle. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { test } from 'node:test';
import { Pool, ThreadPool } from 'heddle';
import { all, until } from './collect.ts';
import { kinds } from './kinds.ts';

const same = (x: unknown): unknown => x;

/** What an iterator written by hand gives, one after another; then its end, by a value that is true without being `true`. */
function byHand(answers: readonly unknown[], isAsync: boolean = false): Iterable<unknown> {
  let i = 0;
  const next = (): unknown => (i < answers.length ? answers[i++] : { done: 1 });
  const items = isAsync ? { [Symbol.asyncIterator]: () => ({ next: async () => next() }) } : { [Symbol.iterator]: () => ({ next }) };
  return items as never;
}

/** Gives one item, and no second one. */
function idle(): Readable {
  let isFirst = true;
  const read = function (this: Readable): void {
    if (isFirst) this.push('first');
    isFirst = false;
  };
  return new Readable({ objectMode: true, read });
}

const trap = (key: 'done' | 'value'): object =>
  Object.defineProperty({ done: false, value: 1 }, key, { get: () => assert.fail('trapped') });

for (const { kind, open } of kinds) {
  test(`${kind}: an iterator that ends with something truthy goes on for ever`, async () => {
    await using executor = open({ maxWorkers: 1 });
    await using pool = kind === 'thread' ? new ThreadPool(1) : new Pool(1);
    for (const isAsync of [false, true]) {
      const items = (): Iterable<unknown> => byHand([{ value: 1 }, { done: 0, value: 2 }], isAsync);
      assert.deepEqual(await all(executor.map(same, items())), [1, 2]);
      assert.deepEqual(await all(executor.map((a, b) => [a, b], items(), 'abc')), [
        [1, 'a'],
        [2, 'b'],
      ]);
      assert.deepEqual(await pool.map(same, items()), [1, 2]);
      assert.deepEqual(await all(pool.imap(same, items())), [1, 2]);
      assert.deepEqual(await all(executor.stream(byHand, [{ value: 1 }, { done: 0, value: 2 }], isAsync)), [1, 2]);
    }
  });

  test(`${kind}: an iterator whose answers are none goes on for ever, or does not say what came`, async () => {
    await using executor = open({ maxWorkers: 1 });
    await using pool = kind === 'thread' ? new ThreadPool(1) : new Pool(1);
    for (const isAsync of [false, true]) {
      for (const [answer, told] of [
        [5, /next\(\) of items gives to be an object, got 5$/],
        [null, /next\(\) of items gives to be an object, got null$/],
        [trap('done'), /^trapped$/],
        [trap('value'), /^trapped$/],
      ] as const) {
        const items = (): Iterable<unknown> => byHand([{ value: 1 }, answer, { value: 3 }], isAsync);
        await assert.rejects(pool.map(same, items()), { message: told });
        const results = pool.imap(same, items());
        assert.equal((await results.next()).value, 1);
        await assert.rejects(results.next(), { message: told });
        assert.equal((await results.next()).done, true);
      }
      const values = executor.stream(byHand, [{ value: 1 }, 5], isAsync);
      assert.equal((await values.next()).value, 1);
      await assert.rejects(values.next(), { name: 'TypeError', message: /next\(\) of the stream gives to be an object, got 5$/ });
    }
    const noIterator = { [Symbol.iterator]: () => null } as never;
    const message = 'expected the iterator of items to have a method next(), got null';
    await assert.rejects(all(executor.map(same, noIterator)), { name: 'TypeError', message });
    await assert.rejects(pool.map(same, noIterator), { name: 'TypeError', message });
  });

  test(`${kind}: a list of arguments that is none fails in the worker, with words of ours`, async () => {
    await using pool = kind === 'thread' ? new ThreadPool(1) : new Pool(1);
    const pair = (a: unknown, b: unknown): unknown[] => [a, b];
    await assert.rejects(pool.starmap(pair, [['a', 'b'], 5 as never]), {
      name: 'TypeError',
      message: 'expected items[1] to be a list of arguments, got 5',
    });
    assert.deepEqual(await pool.starmap(pair, [new Set([1, 2]) as never, 'xy' as never]), [
      [1, 2],
      ['x', 'y'],
    ]);
  });

  test(`${kind}: a stream that is left while the map waits for its next item is not destroyed`, async () => {
    await using executor = open({ maxWorkers: 1 });
    await using pool = kind === 'thread' ? new ThreadPool(1) : new Pool(1);
    for (const map of [
      (items: Readable) => executor.map(same, items),
      (items: Readable) => executor.map(same, items, 'ab'),
      (items: Readable) => pool.imap(same, items),
      (items: Readable) => pool.imapUnordered(same, items),
    ]) {
      const items = idle();
      const results = map(items);
      assert.equal((await results.next()).value, 'first');
      await results.return!();
      assert.equal(items.destroyed, true);
    }
    let isCancelled = false;
    const web = new ReadableStream({ start: (controller) => controller.enqueue('first'), cancel: () => void (isCancelled = true) });
    const results = executor.map(same, web as unknown as AsyncIterable<unknown>);
    assert.equal((await results.next()).value, 'first');
    await results.return!();
    await until(() => isCancelled);
    const cutOff = idle();
    const mapped = pool.mapAsync(same, cutOff);
    await pool.terminate();
    await assert.rejects(mapped, { name: 'CancelledError' });
    assert.equal(cutOff.destroyed, true);
  });
}

test('of two ways to iterate, one that is null or undefined counts', async () => {
  await using pool = kinds[0].open({ maxWorkers: 1 });
  for (const none of [null, undefined]) {
    const items = { [Symbol.asyncIterator]: none, [Symbol.iterator]: () => [1, 2].values() } as never;
    assert.deepEqual(await all(pool.map(same, items)), [1, 2]);
  }
});
