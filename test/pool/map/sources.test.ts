/** The sources of maps and streams: iterables that are odd, wrong, or left in the middle. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { test } from 'node:test';
import { Pool, ThreadPool } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const same = (x: unknown): unknown => x;

/** A hand-written iterator: the given answers one after another; then its end, by a value that is true without being `true`. */
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

/** Numbers, and what must not be taken for one. */
const mixed: readonly unknown[] = [
  1,
  2,
  -0,
  NaN,
  0.1,
  2 ** 31,
  -(2 ** 40),
  Infinity,
  7,
  8,
  9,
  '10',
  undefined,
  null,
  11,
  12,
  13,
  14n,
  [15],
  -0,
];

/** An array of a class of its own, which loops go over from its end. */
class Backwards extends Array<number> {
  override *[Symbol.iterator](): ArrayIterator<number> {
    for (let i = this.length - 1; i >= 0; i--) yield this[i]!;
  }
}

for (const { kind, open, shared } of kinds) {
  test(`${kind}: numbers come back as they went, alone and among other values, in chunks of every size`, async () => {
    const pool = shared(2);
    for (const chunkSize of [1, 3, 4, 7, 100, undefined]) {
      const options = chunkSize === undefined ? {} : { chunkSize };
      assert.deepStrictEqual(await all(pool.map(same, mixed, options)), mixed);
      assert.deepStrictEqual(await pool.map(same, mixed, options).toArray(), mixed);
      const numbers = mixed.filter((value) => typeof value === 'number');
      assert.deepStrictEqual(await all(pool.map(same, new Set(numbers), options)), [...new Set(numbers)]);
      // Results of another kind than the items, and back.
      assert.deepStrictEqual(
        await all(pool.map((x: number) => (x % 5 === 4 ? String(x) : x / 2), [...Array(20).keys()], options)),
        [...Array(20).keys()].map((x) => (x % 5 === 4 ? String(x) : x / 2)),
      );
    }
  });

  test(`${kind}: arrays and typed arrays are read as a loop reads them`, async () => {
    const pool = shared(1);
    // oxlint-disable-next-line no-sparse-arrays -- holes are what this is about
    assert.deepStrictEqual(await all(pool.map(same, [1, , 3, 4, 5, , 7])), [1, undefined, 3, 4, 5, undefined, 7]);
    for (const typed of [
      new Float32Array([0.5, -0, NaN]),
      new Uint8ClampedArray([300, 1]),
      new BigInt64Array([1n, -5n]),
      Buffer.from('abc'),
    ])
      assert.deepStrictEqual(await all(pool.map(same, typed as Iterable<unknown>)), [...(typed as Iterable<unknown>)]);
    assert.deepEqual(await all(pool.map(same, Backwards.from([1, 2, 3]))), [3, 2, 1]);
    const own = Object.assign([1, 2, 3], { [Symbol.iterator]: () => ['own'].values() });
    assert.deepEqual(await all(pool.map(same, own)), ['own']);
    const growing = [1, 2, 3];
    const results = pool.map(same, growing, { bufferSize: 1 });
    growing.push(4);
    growing[2] = 30;
    assert.deepEqual(await all(results), [1, 2, 30, 4]);
  });

  test(`${kind}: a typed array whose memory is taken away while it is read ends its map with an error`, async () => {
    const pool = shared(1);
    const typed = new Float64Array([1, 2, 3]);
    const results = pool.map(same, typed, { bufferSize: 1 });
    structuredClone(typed, { transfer: [typed.buffer] });
    assert.equal((await results.next()).value, 1);
    await assert.rejects(results.next(), { name: 'TypeError', message: /detached/ });
  });

  test(`${kind}: an iterator that ends with a truthy value ends`, async () => {
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

  test(`${kind}: an iterator whose answers are invalid ends with what came`, async () => {
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

  test(`${kind}: an invalid list of arguments fails with a message of heddle`, async () => {
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

  test(`${kind}: a stream that is left while the map waits for its next item is destroyed`, async () => {
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

/** Async items that take their time to close, and may fail at it. */
class Closing implements AsyncIterable<number> {
  asked = 0;
  hasClosed = false;
  readonly #close: () => Promise<void>;

  constructor(close: () => Promise<void> = async () => {}) {
    this.#close = close;
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return {
      next: async () => ({ done: false, value: this.asked++ }),
      return: async () => {
        await this.#close();
        this.hasClosed = true;
        return { done: true, value: undefined };
      },
    };
  }

  /** Waits until a map with a buffer of two has read as far as it goes behind one result, and waits for none. */
  async whenRead(): Promise<void> {
    await until(() => this.asked === 3);
    await new Promise(setImmediate);
  }
}

for (const { kind, shared } of kinds) {
  test(`${kind}: return() of a map waits until its async source has closed, and gives the error that this ends with`, async () => {
    const executor = shared(1);
    await using pool = kind === 'thread' ? new ThreadPool(1) : new Pool(1);
    const options = { bufferSize: 2 };
    const ways: ((items: AsyncIterable<number>) => AsyncIterator<unknown>)[] = [
      (items) => executor.map(same, items, options),
      (items) => executor.map(same, items, new Closing(), options),
      (items) => mapOutcomes(executor, same, items, options),
      (items) => pool.imap(same, items, options),
      (items) => pool.imapUnordered(same, items, options),
    ];
    for (const map of ways) {
      let release!: () => void;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const source = new Closing(() => gate);
      const results = map(source);
      await results.next();
      await source.whenRead();
      let hasReturned = false;
      const returned = results.return!().then((end) => {
        hasReturned = true;
        return end;
      });
      await new Promise(setImmediate);
      assert.deepEqual([hasReturned, source.hasClosed], [false, false]);
      release();
      assert.deepEqual(await returned, { done: true, value: undefined });
      assert.equal(source.hasClosed, true);

      const broken = new Closing(() => Promise.reject(new RangeError('while it closed')));
      const failing = map(broken);
      await failing.next();
      await broken.whenRead();
      await assert.rejects(failing.return!(), { name: 'RangeError', message: 'while it closed' });
      assert.deepEqual(await failing.next(), { done: true, value: undefined });
    }
  });

  test(`${kind}: leaving a loop gives the error of a sync source that fails as it is closed`, async () => {
    const executor = shared(1);
    const items: Iterable<number> = {
      [Symbol.iterator]: () => {
        let i = 0;
        const fail = (): never => {
          throw new RangeError('while it closed');
        };
        return { next: () => ({ done: false, value: i++ }), return: fail };
      },
    };
    const leave = async (): Promise<void> => {
      for await (const x of executor.map(same, items, { bufferSize: 3 })) if (x === 2) break;
    };
    await assert.rejects(leave(), { name: 'RangeError', message: 'while it closed' });
  });
}

test('of two ways to iterate, one that is null or undefined does not count', async () => {
  await using pool = kinds[0].open({ maxWorkers: 1 });
  for (const none of [null, undefined]) {
    const items = { [Symbol.asyncIterator]: none, [Symbol.iterator]: () => [1, 2].values() } as never;
    assert.deepEqual(await all(pool.map(same, items)), [1, 2]);
  }
});
