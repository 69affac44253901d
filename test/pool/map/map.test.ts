import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapOutcomes } from 'heddle/lowlevel';
import { CancelledError, SerializationError, ShutDown, WorkerLost } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const double = (x: number): number => x * 2;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Counts what is taken from it, and notices its end. */
function counted(limit: number = Infinity): { items: Generator<number>; taken: () => number; isClosed: () => boolean } {
  let taken = 0;
  let isClosed = false;
  function* numbers(): Generator<number> {
    try {
      while (taken < limit) yield taken++;
    } finally {
      isClosed = true;
    }
  }
  return { items: numbers(), taken: () => taken, isClosed: () => isClosed };
}

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a result does not wait for the next item of its chunk`, async () => {
    const pool = shared(1);
    const gate = new AbortController();
    const { signal } = gate;
    const work = (x: number): unknown => {
      if (x < 2 || signal.aborted) return x;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(x)));
    };
    const results = pool.map(work, [0, 1, 2, 3], { chunkSize: 4 });
    assert.equal((await results.next()).value, 0);
    assert.equal((await results.next()).value, 1);
    gate.abort();
    assert.deepEqual(await all(results), [2, 3]);
  });

  test(`${kind}: an error that many items end with has the frames of the caller once`, async () => {
    const pool = open({ maxWorkers: 1 });
    const { items, isClosed } = counted(12);
    const outcomes = mapOutcomes(pool, () => new Promise<void>(() => setInterval(() => {}, 1000)), items, {
      chunkSize: 4,
      unordered: true,
    });
    // All are sent, and most wait: what comes later would be refused instead. Taking them may need several turns of the loop.
    await until(isClosed);
    void pool.shutdown({ wait: false, cancelFutures: true });
    const error: unknown = (await outcomes.next()).value?.value;
    assert.ok(error instanceof CancelledError);
    assert.equal(error.stack?.split('submitted from:').length, 2);
    await pool.terminateWorkers();
  });

  test(`${kind}: an item that never ends fails at its timeout, and spares the items behind it`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 50 });
    const run = async (item: number): Promise<number> => (item === 1 ? new Promise(() => setInterval(() => {}, 1000)) : item);
    const outcomes = await all(mapOutcomes(pool, run, [0, 1, 2], { timeout: 200, chunkSize: 3 }));
    assert.deepEqual(
      outcomes.map(({ ok, value }) => (ok ? value : String(value))),
      [0, 'TimeoutError: run has not ended within 200 ms', 2],
    );
  });

  test(`${kind}: results come in order, each once`, async () => {
    const pool = shared(2);
    assert.deepEqual(await all(pool.map(double, range(5000))), range(5000).map(double));
    assert.deepEqual(await all(pool.map(double, [])), []);
    // The first item is the slowest.
    const wait = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
    assert.deepEqual(await all(pool.map(wait, [30, 1, 2, 0])), [30, 1, 2, 0]);
  });

  test(`${kind}: any source, chunk size and buffer size gives what Array.map gives`, async () => {
    const pool = shared(2);
    const size = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 60 }),
        size,
        size,
        fc.boolean(),
        async (items, chunkSize, bufferSize, isAsync) => {
          async function* slowly(): AsyncGenerator<number> {
            for (const item of items) {
              if (item % 3 === 0) await new Promise(setImmediate);
              yield item;
            }
          }
          assert.deepEqual(await all(pool.map(double, isAsync ? slowly() : items, { chunkSize, bufferSize })), items.map(double));
        },
      ),
      { numRuns: process.env['HEDDLE_LONG'] === undefined ? 60 : 2000 },
    );
  });

  test(`${kind}: several iterables are zipped, and the longer ones closed`, async () => {
    const pool = shared(2);
    const tail = counted();
    async function* letters(): AsyncGenerator<string> {
      yield* 'abc';
    }
    assert.deepEqual(await all(pool.map((a, b) => `${a}${b}`, letters(), tail.items, { chunkSize: 2 })), ['a0', 'b1', 'c2']);
    await until(tail.isClosed);
    assert.deepEqual(await all(pool.map((a, b, c) => a + b + c, [1, 2], [10, 20, 30], new Set([100, 200]))), [111, 222]);
    assert.deepEqual(await all(pool.map((x) => x.toUpperCase(), 'ab')), ['A', 'B']);
  });

  test(`${kind}: work begins with the call, and takes no more than the buffer holds`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const source = counted();
    const results = pool.map(double, source.items, { bufferSize: 10 });
    assert.ok(source.taken() > 0);
    await pool.submit(() => 1);
    assert.equal(source.taken(), 10);
    for (let i = 0; i < 500; i++) {
      assert.equal((await results.next()).value, i * 2);
      assert.ok(source.taken() <= i + 1 + 10, `${source.taken()} taken, ${i + 1} given`);
    }
    await results.return!();
    assert.ok(source.isClosed());
  });

  test(`${kind}: a map works with a buffer of one`, async () => {
    const pool = shared(2);
    assert.deepEqual(await all(pool.map(double, range(30), { bufferSize: 1, chunkSize: 8 })), range(30).map(double));
  });

  test(`${kind}: an endless source does not eat all memory without a bufferSize`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const source = counted();
    let last = -1;
    for await (const x of pool.map(double, source.items)) {
      last = x;
      if (x >= 40_000) break;
    }
    assert.equal(last, 40_000);
    assert.ok(source.isClosed());
    assert.ok(source.taken() <= 20_001 + 4 * 2 * 16_384 + 16_384, `${source.taken()} taken`);
  });

  test(`${kind}: an item that throws rejects at its place, and the iteration goes on`, async () => {
    const pool = shared(2);
    const source = counted(100);
    const results = pool.map(
      (x) => {
        if (x === 3) throw new RangeError(`item ${x}`);
        return x;
      },
      source.items,
      { chunkSize: 2 },
    );
    assert.deepEqual([(await results.next()).value, (await results.next()).value, (await results.next()).value], [0, 1, 2]);
    const error = (await results.next().catch((thrown: unknown) => thrown)) as Error;
    assert.ok(error instanceof RangeError);
    assert.match(error.stack!, /item 3[^]*submitted from:\n[^]*map\.test/);
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    await until(source.isClosed);
  });

  test(`${kind}: an item or result that cannot cross fails at its own position`, async () => {
    const pool = shared(2);
    const sent = pool.map((x) => x, [1, { deep: [new WeakMap()] }, 3] as unknown[], { chunkSize: 3 });
    assert.equal((await sent.next()).value, 1);
    await assert.rejects(sent.next(), (error) => error instanceof SerializationError && error.message.includes('items[1].deep[0]'));
    const returned = pool.map((x) => (x === 2 ? new WeakMap() : x), [1, 2, 3], { chunkSize: 3 });
    assert.equal((await returned.next()).value, 1);
    await assert.rejects(returned.next(), (error) => error instanceof SerializationError && error.message.includes('result'));
  });

  test(`${kind}: an error of the source comes after the items that were taken`, async () => {
    const pool = shared(2);
    function* breaks(): Generator<number> {
      yield* [1, 2, 3];
      throw new RangeError('source');
    }
    async function* breaksLate(): AsyncGenerator<number> {
      yield* [1, 2, 3];
      throw new RangeError('source');
    }
    for (const source of [breaks(), breaksLate()]) {
      const results = pool.map(double, source, { chunkSize: 2 });
      assert.deepEqual([(await results.next()).value, (await results.next()).value, (await results.next()).value], [2, 4, 6]);
      await assert.rejects(results.next(), { name: 'RangeError', message: 'source' });
      assert.equal((await results.next()).done, true);
    }
  });

  test(`${kind}: wrong arguments reject`, async () => {
    const pool = shared(1);
    const refused = (...args: unknown[]): Promise<unknown> =>
      (pool.map as (...args: unknown[]) => AsyncIterator<unknown>).apply(pool, args).next();
    await assert.rejects(refused(5, [1]), /expected fn to be a function, got 5/);
    await assert.rejects(refused(double, 5), /expected items to be an iterable, got 5/);
    await assert.rejects(refused(double), /expected items to be an iterable, got undefined/);
    await assert.rejects(refused(double, [1], { chunkSize: 0 }), /expected chunkSize to be an integer >= 1, got 0/);
    await assert.rejects(refused(double, [1], { bufferSize: 1.5 }), RangeError);
    await assert.rejects(refused(double, [1], { size: 1 }), /unknown key 'size' in options: known are chunkSize, bufferSize/);
    const weak = new WeakMap();
    await assert.rejects(
      refused(() => weak, [1]),
      SerializationError,
    );
  });

  test(`${kind}: toArray() takes all results that are left, or rejects with the first error and closes the source`, async () => {
    const pool = shared(2);
    assert.deepEqual(await pool.map(double, range(500)).toArray(), range(500).map(double));
    assert.deepEqual(await pool.map(double, []).toArray(), []);
    const begun = pool.map((a, b) => a + b, range(5), counted().items);
    assert.equal((await begun.next()).value, 0);
    assert.deepEqual(await begun.toArray(), [2, 4, 6, 8]);
    assert.deepEqual(await begun.toArray(), []);
    const source = counted();
    const odd = (x: number): number => {
      if (x % 4 === 3) throw new RangeError(`item ${x}`);
      return x;
    };
    await assert.rejects(pool.map(odd, source.items).toArray(), { name: 'RangeError', message: 'item 3' });
    await until(source.isClosed);
    await assert.rejects(pool.map(double, 5 as never).toArray(), /expected items to be an iterable, got 5/);
  });

  test(`${kind}: several next() at once get their results in order`, async () => {
    const pool = shared(2);
    const results = pool.map(double, [1, 2, 3]);
    const got = await Promise.all([results.next(), results.next(), results.next(), results.next()]);
    assert.deepEqual(
      got.map((r) => r.value),
      [2, 4, 6, undefined],
    );
    assert.equal(got[3].done, true);
  });

  test(`${kind}: an item of an async source does not wait for the next one while workers are free`, async () => {
    const pool = shared(2);
    let give!: (value: number) => void;
    async function* byHand(): AsyncGenerator<number> {
      yield 1;
      yield await new Promise<number>((resolve) => (give = resolve));
    }
    const results = pool.map(double, byHand(), { chunkSize: 100 });
    assert.equal((await results.next()).value, 2);
    give(5);
    assert.equal((await results.next()).value, 10);
    assert.equal((await results.next()).done, true);
  });

  test(`${kind}: return() does not wait for a source that never delivers`, async () => {
    const pool = shared(1);
    async function* stuck(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    const results = pool.map(double, stuck());
    assert.equal((await results.next()).value, 2);
    assert.deepEqual(await results.return!(), { done: true, value: undefined });
    assert.equal((await results.next()).done, true);
  });

  test(`${kind}: a source slower than the workers leaves everything else its turn`, async () => {
    const pool = shared(2);
    function* slow(): Generator<number> {
      for (let i = 0; ; i++) {
        const end = performance.now() + 1;
        while (performance.now() < end);
        yield i;
      }
    }
    let count = 0;
    for await (const _ of pool.map(double, slow(), { bufferSize: 1000 })) if (++count === 20) break;
    assert.equal(count, 20);
  });

  test(`${kind}: a source that is slow to read fills chunks of a given size`, async () => {
    await using pool = open({ maxWorkers: 2 });
    await pool.submit(() => {});
    const underWay: number[] = [];
    function* slow(): Generator<number> {
      for (let i = 0; i < 12; i++) {
        // Longer than heddle reads a source without looking elsewhere.
        const end = performance.now() + 7;
        while (performance.now() < end);
        if (i % 5 === 0) underWay.push(0);
        underWay[underWay.length - 1] = Math.max(underWay.at(-1)!, pool.statistics().submitted);
        yield i;
      }
    }
    assert.deepEqual(await all(pool.map(double, slow(), { chunkSize: 5 })), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
    // Items that were handed over until the last of each chunk was read: those of the chunks before it, and the task above.
    assert.deepEqual(underWay, [1, 6, 11]);
    assert.equal(pool.statistics().submitted, 13);
  });

  test(`${kind}: items of one chunk do not share what they change`, async () => {
    const pool = shared(1);
    const list: number[] = [];
    assert.deepEqual(await all(pool.map((x) => list.push(x), [1, 2, 3], { chunkSize: 3 })), [1, 1, 1]);
  });

  test(`${kind}: an item that never settles rejects`, async () => {
    const pool = shared(1);
    const fates = await all(
      mapOutcomes(pool, (x: number) => (x % 2 === 0 ? new Promise<number>(() => {}) : x), [0, 1, 2, 3], { chunkSize: 4 }),
    );
    assert.deepEqual(
      fates.map((f) => f.ok),
      [false, true, false, true],
    );
    assert.match((fates[0]!.value as unknown as Error).message, /can never settle/);
  });

  test(`${kind}: after a failed item the other outcomes come`, async () => {
    const pool = shared(2);
    const odd = (x: number): number => {
      if (x % 2 === 1) throw new Error(`odd ${x}`);
      return x;
    };
    const fates = await all(mapOutcomes(pool, odd, range(1000)));
    assert.deepEqual(
      fates.map((f) => f.index),
      range(1000),
    );
    assert.ok(
      fates.every((f, i) => f.ok === (i % 2 === 0) && (f.ok ? f.value === i : (f.value as unknown as Error).message === `odd ${i}`)),
    );
  });

  test(`${kind}: unordered outcomes do not wait for the slowest, and all come`, async () => {
    const pool = shared(2);
    const controller = new AbortController();
    const { signal } = controller;
    const seen: number[] = [];
    // Item 0 ends only when all others have come out.
    const wait = (x: number): unknown => (x > 0 ? x : new Promise((resolve) => signal.addEventListener('abort', () => resolve(0))));
    for await (const { index, ok } of mapOutcomes(pool, wait, range(50), { unordered: true, chunkSize: 5 })) {
      assert.ok(ok);
      seen.push(index);
      if (seen.length === 45) controller.abort();
    }
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      range(50),
    );
    assert.ok(seen.indexOf(0) >= 45);
  });

  test(`${kind}: items that a dead worker had not begun run elsewhere, once`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const deadly = (x: number): number => {
      if (x === 3) process.exit(9);
      return x;
    };
    const fates = await all(mapOutcomes(pool, deadly, range(40), { chunkSize: 20 }));
    assert.deepEqual(
      fates.filter((f) => !f.ok).map((f) => f.index),
      [3],
    );
    assert.ok((fates[3]!.value as unknown) instanceof WorkerLost);
    assert.ok(fates.every((f, i) => !f.ok || f.value === i));
  });

  test(`${kind}: a map ends after shutdown, and its cancelled items reject`, async () => {
    const pool = open({ maxWorkers: 1 });
    const results = mapOutcomes(pool, double, range(100), { bufferSize: 4, chunkSize: 1 });
    assert.equal((await results.next()).value?.value, 0);
    await pool.shutdown({ cancelFutures: true });
    const rest = await all(results);
    assert.equal(rest.length, 99);
    assert.ok(
      rest.some((f) => (f.value as unknown) instanceof CancelledError) ||
        rest.every((f) => f.ok || (f.value as unknown) instanceof ShutDown),
    );
    assert.ok((rest.at(-1)!.value as unknown) instanceof ShutDown);
  });
}
