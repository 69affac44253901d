/** Maps over shared memory: workers are sent ranges and read the items where they lie. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Pool, RawArray, SharedArray, ThreadPool, WorkerLost, share } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const numbers = (count: number): number[] => [...Array(count).keys()];
const double = (x: number): number => x * 2;

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a map over shared memory gives what a map over a copy gives`, async () => {
    const pool = shared(2);
    const floats = share(Float64Array.from(numbers(5000), (x) => x / 8 - 1));
    const lists: Iterable<unknown>[] = [
      floats,
      floats.subarray(1000, 1003),
      share(Buffer.from('some bytes')),
      share(new BigUint64Array([1n, 2n ** 60n])),
      share(new Int16Array(0)),
      new SharedArray('int32', numbers(300)),
      new SharedArray('bool', [true, false, true]),
      new SharedArray('int64', [-1n, 2n]),
      new RawArray('float32', [0.5, -0, NaN]),
    ];
    for (const list of lists) {
      const copy = [...list];
      for (const options of [{}, { chunkSize: 7 }, { bufferSize: 3 }])
        assert.deepStrictEqual(await all(pool.map((x: unknown) => x, list, options)), copy);
      const outcomes = await all(mapOutcomes(pool, (x: unknown) => x, list, { unordered: true }));
      assert.deepStrictEqual(
        outcomes.sort((a, b) => a.index - b.index).map(({ value }) => value),
        copy,
      );
      // Beside another list, and as arguments, items are read one by one.
      assert.deepStrictEqual(
        await all(pool.map((x: unknown, i: number) => [x, i], list, numbers(2))),
        copy.slice(0, 2).map((x, i) => [x, i]),
      );
    }
  });

  test(`${kind}: items in shared memory are not copied when a map takes them: what is written later is seen`, async () => {
    await using pool = open({ maxWorkers: 1 });
    for (const list of [share(new Float64Array(1000)), new SharedArray('float64', 1000)]) {
      const gate = new Event();
      const begun = new Event();
      const work = async (x: number): Promise<number> => {
        begun.set();
        await gate.wait();
        return x;
      };
      const results = pool.map(work, list as Iterable<number>, { chunkSize: 10, bufferSize: 1000 });
      await begun.wait();
      list.fill(5);
      gate.set();
      assert.deepEqual(await all(results), [0, ...Array.from({ length: 999 }, () => 5)]);
    }
  });

  test(`${kind}: a range whose worker is lost, or whose items fail, goes on where it was`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const list = share(Int32Array.from(numbers(40)));
    const work = (x: number): number => {
      if (x === 13) process.exit(3);
      if (x % 10 === 7) throw new RangeError(`item ${x}`);
      return x * 2;
    };
    for (const retries of [0, 1]) {
      const outcomes = await all(mapOutcomes(pool, work, list, { chunkSize: 20, retries }));
      assert.deepEqual(
        outcomes.map(({ index }) => index),
        numbers(40),
      );
      for (const { index, ok, value } of outcomes) {
        if (index === 13) assert.ok((value as unknown) instanceof WorkerLost);
        else if (index % 10 === 7) assert.equal((value as unknown as Error).message, `item ${index}`);
        else assert.deepEqual([ok, value], [true, index * 2]);
      }
    }
  });

  test(`${kind}: a Pool maps over shared memory, also when it is terminated meanwhile`, async () => {
    const Workers = kind === 'thread' ? ThreadPool : Pool;
    const pool = new Workers(1);
    const list = new SharedArray('int32', numbers(2000));
    assert.deepEqual(await pool.map(double, list), numbers(2000).map(double));
    const gate = new Event();
    const begun = new Event();
    const waits = async (): Promise<void> => {
      begun.set();
      await gate.wait();
    };
    const mapped = pool.map(waits, list, { bufferSize: 4 });
    await begun.wait();
    const ended = pool.terminate();
    await assert.rejects(mapped);
    await ended;
  });

  test(`${kind}: a list of a class with an iterator of its own is read by it`, async () => {
    class Backwards extends SharedArray<'int32'> {
      override *[Symbol.iterator](): IterableIterator<number> {
        for (let i = this.length - 1; i >= 0; i--) yield this.get(i);
      }
    }
    assert.deepEqual(await all(shared(1).map(double, new Backwards('int32', [1, 2, 3]))), [6, 4, 2]);
  });

  test(`${kind}: a map over shared memory that is left early leaves nothing behind`, async () => {
    const pool = shared(1);
    const list = share(new Float64Array(100_000));
    for await (const x of pool.map(double, list)) if (x === 0) break;
    await until(() => pool.statistics().running + pool.statistics().queued === 0);
    assert.deepEqual(await all(pool.map(double, list.subarray(0, 3))), [0, 0, 0]);
  });
}
