/** The memory of maps and streams: slots, items read ahead, and bytes in front of a slow consumer. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Barrier, CancelledError, Event, Pool, Semaphore, ShutDown, ThreadPool, ThreadPoolExecutor, currentTask } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const MB = 1_000_000;
const numbers = (count: number): number[] => [...Array(count).keys()];

/** Results of a size, each in another way. */
const results: readonly [what: string, make: (size: number) => unknown][] = [
  ['buffers', (size) => Buffer.alloc(size)],
  ['strings', (size) => 'x'.repeat(size)],
  ['arrays of buffers', (size) => [1, 2].map(() => new Float64Array(size / 16))],
  [
    'errors',
    (size) => {
      throw new Error('x'.repeat(size));
    },
  ],
];

/** Counts what is taken from it. */
class Counted<T> implements Iterable<T> {
  taken = 0;
  readonly #make: (i: number) => T;
  readonly #limit: number;

  constructor(make: (i: number) => T, limit: number = Infinity) {
    this.#make = make;
    this.#limit = limit;
  }

  *[Symbol.iterator](): Generator<T> {
    while (this.taken < this.#limit) yield this.#make(this.taken++);
  }
}

for (const { kind, open, shared } of kinds) {
  const Workers = kind === 'thread' ? ThreadPool : Pool;

  test(`${kind}: every way to map fills all slots of the workers`, async () => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 10 });
    const barrier = new Barrier(10);
    // Goes on when ten items wait at the same time.
    const meet = async (x: number): Promise<number> => {
      await barrier.wait();
      return x;
    };
    assert.deepEqual(await all(pool.map(meet, numbers(30))), numbers(30));
    assert.deepEqual(await all(pool.map(meet, numbers(20), { bufferSize: 10 })), numbers(20));
    assert.deepEqual(await all(pool.map(meet, numbers(20), { chunkSize: 2 })), numbers(20));
    assert.equal((await all(mapOutcomes(pool, meet, numbers(20), { unordered: true }))).length, 20);
    async function* later(): AsyncGenerator<number> {
      yield* numbers(20);
    }
    assert.deepEqual(await all(pool.map(meet, later())), numbers(20));
  });

  test(`${kind}: maps of a Pool fill all slots of the workers`, async () => {
    await using pool = new Workers({ processes: 2, tasksPerWorker: 3 });
    const barrier = new Barrier(6);
    const meet = async (x: number): Promise<number> => {
      await barrier.wait();
      return x;
    };
    assert.deepEqual(await pool.map(meet, numbers(12)), numbers(12));
    const tuples = numbers(12).map((x): [number] => [x]);
    assert.deepEqual(await pool.starmap(meet, tuples), numbers(12));
    assert.deepEqual(await all(pool.imap(meet, numbers(12))), numbers(12));
    assert.equal((await all(pool.imapUnordered(meet, numbers(12)))).length, 12);
  });

  test(`${kind}: the default buffer follows the slots`, async () => {
    await using pool = open({ maxWorkers: 2, tasksPerWorker: 5 });
    const source = new Counted((i) => i);
    const mapped = pool.map((x) => x, source);
    assert.equal(source.taken, 4 * 2 * 5);
    const chunks = new Counted((i) => i);
    const inChunks = pool.map((x) => x, chunks, { chunkSize: 3 });
    assert.equal(chunks.taken, 4 * 2 * 5 * 3);
    await mapped.return?.();
    await inChunks.return?.();
  });

  test(`${kind}: what a map has read when its pool is shut down is computed and delivered`, async () => {
    for (const [limit, options] of [
      [11, { bufferSize: 20 }],
      [20, { bufferSize: 20, chunkSize: 7 }],
      [18, { bufferSize: 20, chunkSize: 15 }],
      [300, { bufferSize: 300 }],
    ] as const) {
      const pool = open({ maxWorkers: 1 });
      // Slower than the time in which a map looks after other things.
      const slow = new Counted((i) => {
        if (i < 11) for (const since = performance.now(); performance.now() - since < 1; );
        return i;
      }, limit);
      const mapped = pool.map((x: number) => x * 2, slow, options);
      assert.equal(slow.taken, limit);
      const ended = pool.shutdown();
      assert.deepEqual(
        await all(mapped),
        numbers(limit).map((x) => x * 2),
      );
      await ended;
    }
  });

  test(`${kind}: a map that is shut down before it is read ends with what it has read, and then says so`, async () => {
    const pool = open({ maxWorkers: 2 });
    const source = new Counted((i) => i);
    const outcomes = mapOutcomes(pool, (x) => x, source, { bufferSize: 30 });
    assert.equal(source.taken, 30);
    await pool.shutdown();
    for (let i = 0; i < 30; i++) assert.deepEqual((await outcomes.next()).value, { index: i, ok: true, value: i });
    assert.ok(((await outcomes.next()).value?.value as unknown) instanceof ShutDown);
    await outcomes.return?.();
  });

  test(`${kind}: results that are here when a map is aborted, left or shut down are dropped, or kept, to the last`, async () => {
    await using pool = open({ maxWorkers: 1 });
    for (const end of ['abort', 'return', 'toArray'] as const) {
      const controller = new AbortController();
      const source = new Counted((i) => i, 400);
      const results = pool.map((x: number) => x, source, { chunkSize: 200, bufferSize: 400, signal: controller.signal });
      for (let i = 0; i < 3; i++) assert.equal((await results.next()).value, i);
      await until(() => pool.statistics().running + pool.statistics().queued === 0);
      assert.equal(source.taken, 400);
      if (end === 'abort') {
        controller.abort('off');
        await assert.rejects(results.next(), (reason) => reason === 'off');
      } else if (end === 'return') await results.return?.();
      else assert.deepEqual(await results.toArray(), numbers(400).slice(3));
      assert.equal((await results.next()).done, true);
    }
  });

  test(`${kind}: a map reads no more than its buffer holds, item by item, as the consumer takes them`, async () => {
    await using pool = open({ maxWorkers: 1 });
    for (const bufferSize of [1, 5, 100]) {
      const source = new Counted((i) => i);
      const results = pool.map((x: number) => x, source, { bufferSize });
      for (let taken = 1; taken <= 300; taken++) {
        assert.equal((await results.next()).value, taken - 1);
        assert.ok(source.taken <= taken + bufferSize, `${source.taken} read, ${taken} taken of a buffer of ${bufferSize}`);
      }
      await results.return?.();
    }
  });

  test(`${kind}: a source that throws in the turn of the call loses nothing that it gave, though the pool is shut down`, async () => {
    const pool = open({ maxWorkers: 1 });
    function* breaks(): Generator<number> {
      yield* numbers(9);
      throw new RangeError('source');
    }
    const outcomes = mapOutcomes(pool, (x) => x, breaks(), { bufferSize: 20, chunkSize: 4 });
    await pool.shutdown();
    const got = await all(outcomes);
    assert.deepEqual(
      got.slice(0, 9).map(({ value }) => value),
      numbers(9),
    );
    assert.equal((got[9]!.value as unknown as Error).message, 'source');
    assert.equal(got.length, 10);
  });

  test(`${kind}: items of an async source that wait for company are computed when the pool is shut down`, async () => {
    const pool = open({ maxWorkers: 1 });
    const gate = new Event();
    const busy = pool.submit(() => gate.wait());
    await until(() => busy.running());
    let asked = 0;
    let release!: (value: number) => void;
    const last = new Promise<number>((resolve) => (release = resolve));
    async function* later(): AsyncGenerator<number> {
      for (; asked < 3; asked++) yield asked;
      asked++;
      yield await last;
    }
    const outcomes = mapOutcomes(pool, (x) => x, later(), { chunkSize: 10 });
    await until(() => asked === 4);
    const ended = pool.shutdown();
    gate.set();
    for (let i = 0; i < 3; i++) assert.equal((await outcomes.next()).value?.value, i);
    release(4);
    assert.ok(((await outcomes.next()).value?.value as unknown) instanceof ShutDown);
    await ended;
  });

  test(`${kind}: cancelFutures cancels what a map has read, and terminateWorkers as well`, async () => {
    for (const end of ['cancelFutures', 'terminate'] as const) {
      const pool = open({ maxWorkers: 1 });
      const never = (): Promise<void> => new Promise(() => setInterval(() => {}, 1000));
      const busy = pool.submit(never);
      await until(() => busy.running());
      const outcomes = mapOutcomes(pool, (x) => x, numbers(50), { bufferSize: 50 });
      const ended = end === 'terminate' ? pool.terminateWorkers() : pool.shutdown({ cancelFutures: true });
      const given = await all(outcomes);
      assert.equal(given.length, 50);
      assert.ok(given.every(({ value }) => (value as unknown) instanceof CancelledError));
      assert.ok(pool.statistics().cancelled >= 50);
      await pool.killWorkers();
      await Promise.allSettled([ended, busy]);
    }
  });

  for (const [what, make] of results) {
    test(`${kind}: a map makes at most 16 MiB ahead of its consumer, and what the workers have in hand (${what})`, async () => {
      await using pool = open({ maxWorkers: 2 });
      const others = what === 'buffers' ? [{}, { chunkSize: 50 }, { bufferSize: 1000, unordered: true }] : [];
      for (const options of [{ bufferSize: 1000 }, ...others]) {
        const before = pool.statistics();
        const source = new Counted((i) => i, 60);
        const outcomes = mapOutcomes(pool, () => make(MB), source, options);
        const made = (): number => pool.statistics().completed + pool.statistics().failed - before.completed - before.failed;
        const rest = (): boolean => pool.statistics().running + pool.statistics().queued === 0;
        await until(() => made() > 0 && rest());
        // Sixteen are less than 16 MiB. Each of two workers has a chunk in hand: one item, or those up to a mebibyte.
        const most = 'chunkSize' in options ? 16 + 4 : 16 + 2;
        assert.ok(made() <= most, `${made()} made, with ${JSON.stringify(options)}`);
        let taken = 0;
        for (; taken < 15; taken++) assert.equal((await outcomes.next()).done, false);
        await until(rest);
        assert.ok(made() - taken <= most, `${made()} made, ${taken} taken`);
        const indexes = (await all(outcomes)).map(({ index }) => index);
        assert.equal(new Set(indexes).size, 45);
        if (!('unordered' in options)) assert.deepEqual(indexes, numbers(60).slice(15));
        const { submitted, completed, failed } = pool.statistics();
        assert.equal(submitted, completed + failed);
        assert.equal(submitted - before.submitted, 60);
      }
    });
  }

  test(`${kind}: results and items bigger than the bound pass one by one, beside small ones`, async () => {
    const pool = shared(2);
    const sizes = [1, 20 * MB, 1, 18 * MB, 25 * MB, 1];
    for (const options of [{}, { chunkSize: 4 }, { bufferSize: 1 }]) {
      const made = await all(pool.map((size) => Buffer.alloc(size), sizes, options));
      assert.deepEqual(
        made.map((buffer) => buffer.length),
        sizes,
      );
      const taken = await all(
        pool.map(
          (buffer) => buffer.length,
          sizes.map((size) => Buffer.alloc(size)),
          options,
        ),
      );
      assert.deepEqual(taken, sizes);
    }
  });

  test(`${kind}: a map reads at most 16 MiB ahead, and an item for each worker`, async () => {
    const pool = shared(2);
    for (const options of [{ bufferSize: 1000 }, { bufferSize: 1000, chunkSize: 100 }]) {
      const source = new Counted((i) => Buffer.alloc(4 * MB, i), 30);
      const mapped = pool.map((buffer) => buffer[7], source, options);
      assert.ok(source.taken >= 4 && source.taken <= 5 + 2, `${source.taken} read`);
      assert.deepEqual(await all(mapped), numbers(30));
    }
  });

  test(`${kind}: an item in front that is late, tried again or lost comes, though what is behind it has filled the buffer`, async () => {
    await using pool = open({ maxWorkers: 2 });
    for (const how of ['late', 'fails', 'dies'] as const) {
      for (const options of [{ bufferSize: 200 }, { bufferSize: 200, chunkSize: 10 }]) {
        const gate = new Event();
        const work = async (x: number): Promise<Uint8Array> => {
          if (x === 0 && currentTask()?.attempt === 1) {
            await gate.wait();
            if (how === 'fails') throw new Error('again');
            if (how === 'dies') process.exit(1);
          }
          return new Uint8Array(2 * MB).fill(x);
        };
        const mapped = pool.map(work, numbers(24), { ...options, retries: 1, retryOn: () => true });
        // Only the first item runs: the others wait for the consumer.
        await until(() => pool.statistics().completed > 0 && pool.statistics().running === 1 && pool.statistics().queued === 0);
        gate.set();
        let next = 0;
        for await (const bytes of mapped) assert.deepEqual([bytes[0], bytes.at(-1)], [next, next++]);
        assert.equal(next, 24);
      }
    }
  });

  test(`${kind}: a map in front of a slow consumer leaves the workers to other tasks`, async () => {
    const pool = shared(1);
    const mapped = pool.map((_: number) => Buffer.alloc(3 * MB), numbers(12), { chunkSize: 12 });
    let sum = 0;
    for await (const bytes of mapped) sum += await pool.submit((size: number) => size / MB, bytes.length);
    assert.equal(sum, 36);
  });

  test(`${kind}: an abort or an early end drops the items that a worker gave back`, async () => {
    const pool = shared(1);
    const controller = new AbortController();
    for (const end of ['return', 'abort'] as const) {
      const source = new Counted((i) => i);
      const mapped = pool.map((_: number) => Buffer.alloc(4 * MB), source, { chunkSize: 50, signal: controller.signal });
      assert.equal((await mapped.next()).value?.length, 4 * MB);
      await until(() => pool.statistics().running + pool.statistics().queued === 0);
      if (end === 'return') await mapped.return?.();
      else {
        controller.abort('off');
        await assert.rejects(mapped.next(), (reason) => reason === 'off');
      }
      const { submitted, completed, failed, cancelled } = pool.statistics();
      assert.equal(submitted, completed + failed + cancelled);
    }
  });

  for (const [what, make, size] of [
    ['buffers', () => Buffer.alloc(4 * MB), 1],
    ['strings', () => 'x'.repeat(4 * MB), 1],
    ['small buffers', () => Buffer.alloc(100_000), 11],
    ['small strings', () => 'x'.repeat(100_000), 11],
  ] as const) {
    test(`${kind}: a stream makes at most a mebibyte ahead of its consumer, or one value (${what})`, async () => {
      await using pool = open({ maxWorkers: 1, tasksPerWorker: 2 });
      const made = new Semaphore(0);
      const values = pool.stream(function* () {
        for (;;) {
          made.release();
          yield make();
        }
      });
      const ahead: number[] = [];
      for (let taken = 1; taken <= 10; taken++) {
        assert.equal((await values.next()).done, false);
        // The worker hears of this value before the second of these tasks, which it runs when it is as far ahead as it goes.
        await pool.submit(() => {});
        await pool.submit(() => {});
        ahead.push(made.getValue() - taken);
      }
      await values.return?.();
      assert.ok(Math.max(...ahead) <= size, `${ahead.join(', ')} values made ahead`);
    });
  }
}

test('shared memory that is made for a stream counts, and the same memory again does not', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker: 2 });
  for (const isNew of [true, false]) {
    const made = new Semaphore(0);
    const values = pool.stream(function* () {
      let memory = new SharedArrayBuffer(4 * MB);
      for (;;) {
        made.release();
        yield memory;
        if (isNew) memory = new SharedArrayBuffer(4 * MB);
      }
    });
    assert.equal((await values.next()).value?.byteLength, 4 * MB);
    await pool.submit(() => {});
    await pool.submit(() => {});
    const count = made.getValue();
    await values.return?.();
    assert.ok(isNew ? count <= 2 : count > 10, `${count} made`);
  }
});
