/** The assertions of CPython's suite on queues (test_queue.py), for those between greenlets. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Empty, Full, ShutDown } from 'heddle';
import { type Greenlet, joinAll, LifoQueue, PriorityQueue, Queue, SimpleQueue, sleep, spawn } from 'heddle/coroutine';
import { untilCollected } from './garbage.ts';
import { unkilled } from '../coroutine/unkilled.ts';

type Make = new (maxSize?: number, items?: number[]) => Queue<number>;
const kinds = [Queue, LifoQueue, PriorityQueue] as Make[];
const isShutDown = (error: unknown): boolean => error instanceof ShutDown;

/** The outcome of a greenlet's call: its value, or the name of its error. */
function outcomeOf(call: () => unknown): Greenlet {
  return spawn(async () => {
    try {
      return await call();
    } catch (error) {
      return (error as Error).name;
    }
  });
}

async function outcomes(greenlets: readonly Greenlet[]): Promise<unknown[]> {
  return (await joinAll(greenlets)).map((g) => g.value);
}

for (const Kind of kinds) {
  test(`${Kind.name}: join returns before the workers have finished, or not a second time`, async () => {
    const queue = new Kind();
    let sum = 0;
    const workers = [1, 2].map(() =>
      spawn(function* () {
        for (let item = yield* queue.get(); item >= 0; item = yield* queue.get()) {
          yield* sleep(0);
          sum += item;
          queue.taskDone();
        }
        queue.taskDone();
      }),
    );
    for (let round = 1; round <= 2; round += 1) {
      for (let i = 0; i < 100; i += 1) void queue.put(i);
      assert.equal(await queue.join(), true);
      assert.equal(sum, round * 4950);
    }
    await queue.putMany([-1, -1]);
    await queue.join();
    await joinAll(workers, { raiseError: true });
    assert.throws(() => queue.taskDone(), RangeError);
  });

  test(`${Kind.name}: its order, its bounds, and calls that wait at them`, async () => {
    const queue = new Kind(3);
    assert.ok(queue.empty() && !queue.full());
    const order = { Queue: [333, 111, 222], LifoQueue: [222, 111, 333], PriorityQueue: [111, 222, 333] }[Kind.name];
    for (const item of [333, 111, 222]) await queue.put(item);
    assert.ok(queue.full() && !queue.empty());
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], order);
    await queue.putMany([1, 2, 3]);
    assert.throws(() => queue.putNowait(4), Full);
    await assert.rejects(async () => queue.put(4, { block: false }), Full);
    await assert.rejects(async () => queue.put(4, 1), Full);
    const put = spawn(() => queue.put(4));
    await sleep(0);
    assert.equal(put.dead, false);
    await queue.get();
    await put;
    await queue.getMany(3);
    assert.throws(() => queue.getNowait(), Empty);
    await assert.rejects(async () => queue.get({ block: false }), Empty);
    await assert.rejects(async () => queue.get(1), Empty);
    const get = spawn(() => queue.get(60_000));
    await sleep(0);
    await queue.put(5);
    assert.equal(await get, 5);
  });

  test(`${Kind.name}: a negative time-out is taken`, () => {
    const queue = new Kind(1);
    assert.throws(() => queue.put(1, { timeout: -1 }), RangeError);
    assert.throws(() => queue.get({ timeout: -1 }), RangeError);
    assert.ok(queue.empty());
  });

  test(`${Kind.name}: nowait waits, or does not fail at the limits`, () => {
    const queue = new Kind(2);
    for (const item of [1, 2]) queue.putNowait(item);
    assert.throws(() => queue.putNowait(3), Full);
    for (let i = 0; i < 2; i += 1) queue.getNowait();
    assert.throws(() => queue.getNowait(), Empty);
  });

  test(`${Kind.name}: calls after its end, empty, filled, or at once`, async () => {
    for (const immediate of [false, true]) {
      const queue = new Kind(2, [1, 2]);
      queue.shutdown({ immediate });
      if (!immediate) {
        assert.equal(queue.qsize(), 2);
        assert.throws(() => queue.putNowait(3), ShutDown);
        await queue.get();
        queue.getNowait();
      }
      for (const call of [() => queue.put(1), () => queue.put(1, 1), () => queue.get(), () => queue.get({ block: false })])
        await assert.rejects(async () => call(), ShutDown);
      assert.throws(() => queue.putNowait(1), ShutDown);
      assert.throws(() => queue.getNowait(), ShutDown);
      if (!immediate) for (let i = 0; i < 2; i += 1) queue.taskDone();
      assert.equal(await queue.join(), true);
      assert.throws(() => queue.taskDone(), RangeError);
    }
  });

  for (const immediate of [false, true]) {
    const how = immediate ? 'immediate ' : '';
    test(`${Kind.name}: an ${how}end is not told to writers, readers and joiners`, async () => {
      const queue = new Kind(4);
      let [puts, gets] = [0, 0];
      const writers = Array.from({ length: 4 }, () =>
        spawn(function* () {
          for (;;) {
            yield* queue.put(puts);
            puts += 1;
          }
        }),
      );
      const readers = Array.from({ length: 4 }, () =>
        spawn(function* () {
          for (;;) {
            yield* queue.get();
            gets += 1;
            queue.taskDone();
            if (gets === 100) queue.shutdown({ immediate });
          }
        }),
      );
      const joiners = [1, 2].map(() => spawn(() => queue.join()));
      await joinAll([...writers, ...readers, ...joiners]);
      for (const { exception } of [...writers, ...readers]) assert.ok(isShutDown(exception));
      assert.deepEqual(await outcomes(joiners), [true, true]);
      if (!immediate) assert.equal(gets, puts);
      assert.equal(queue.unfinishedTasks, 0);
    });

    test(`${Kind.name}: an ${how}end is not told to getters that wait`, async () => {
      const queue = new Kind();
      const getters = [() => queue.get(), () => queue.get(60_000), () => queue.get()].map(outcomeOf);
      await sleep(0);
      queue.shutdown({ immediate });
      assert.deepEqual(await outcomes(getters), ['ShutDown', 'ShutDown', 'ShutDown']);
    });

    test(`${Kind.name}: an ${how}end with putters and joiners that wait`, async () => {
      const queue = new Kind(2, [1, 2]);
      const putters = [3, 4].map((item) => outcomeOf(() => queue.put(item)));
      const joiners = [1, 2].map(() => outcomeOf(() => queue.join()));
      await sleep(0);
      queue.shutdown({ immediate });
      assert.deepEqual(await outcomes(putters), ['ShutDown', 'ShutDown']);
      if (!immediate) {
        assert.ok(joiners.every((g) => !g.dead));
        for (let i = 0; i < 2; i += 1) {
          await queue.get();
          queue.taskDone();
        }
      }
      assert.deepEqual(await outcomes(joiners), [true, true]);
    });

    test(`${Kind.name}: an ${how}end between get and taskDone`, async () => {
      const queue = new Kind(2, [1, 2]);
      const joiner = outcomeOf(() => queue.join());
      const gate = new SimpleQueue<void>();
      const worker = spawn(function* () {
        yield* queue.get();
        yield* gate.get();
        queue.taskDone();
        if (!immediate) yield* queue.get();
        if (!immediate) queue.taskDone();
        return yield* queue.get();
      });
      await sleep(0);
      queue.shutdown({ immediate });
      gate.putNowait();
      await assert.rejects(async () => worker, ShutDown);
      assert.equal(await joiner, true);
    });
  }
}

test('a put that fails leaves a queue that does not work', async () => {
  const queue = new PriorityQueue<any>(2);
  await queue.put(1);
  for (const call of [() => queue.put(Number.NaN), () => queue.putNowait({}), () => queue.put('1', 1), () => queue.putMany([2, 'b'])])
    assert.throws(call, TypeError);
  assert.deepEqual([queue.qsize(), queue.full(), queue.unfinishedTasks], [1, false, 1]);
  await queue.put(0);
  assert.throws(() => queue.put(null), TypeError);
  const waiting = spawn(() => queue.put(2));
  await sleep(0);
  assert.deepEqual([await queue.get(), await queue.get()], [0, 1]);
  await waiting;
  assert.equal(await queue.get(), 2);
  const getter = spawn(() => queue.get());
  await sleep(0);
  assert.throws(() => queue.put(undefined), TypeError);
  await queue.put(3);
  assert.equal(await getter, 3);
});

test('SimpleQueue: its size, its order, and calls that wait', async () => {
  const queue = new SimpleQueue<number>();
  assert.deepEqual([queue.empty(), queue.qsize()], [true, 0]);
  await queue.put(1, { block: false });
  await queue.put(2, 10);
  queue.putNowait(3);
  assert.deepEqual([queue.empty(), queue.qsize()], [false, 3]);
  assert.deepEqual([await queue.get(), await queue.get(1), queue.getNowait()], [1, 2, 3]);
  assert.throws(() => queue.getNowait(), Empty);
  await assert.rejects(async () => queue.get({ block: false }), Empty);
  await assert.rejects(async () => queue.get(1), Empty);
  assert.throws(() => queue.get(-1), RangeError);
  const numbers = Array.from({ length: 5000 }, (_, i) => i);
  for (const n of numbers) queue.putNowait(n);
  assert.deepEqual(await queue.getMany(Infinity), numbers);
});

for (const [how, take] of [
  ['waiting', (queue: SimpleQueue<number>) => queue.get()],
  ['polling', (queue: SimpleQueue<number>) => queue.get(0)],
  ['with time-outs', (queue: SimpleQueue<number>) => queue.get(1)],
] as const) {
  test(`SimpleQueue: many, ${how}, lose items or get them twice`, async () => {
    const queue = new SimpleQueue<number>();
    const [count, each] = [20, 100];
    const feeders = Array.from({ length: count }, (_, feeder) =>
      spawn(function* () {
        for (let i = 0; i < each; i += 1) {
          yield* queue.put(feeder * each + i);
          if (i % 7 === 0) yield* sleep(0);
        }
      }),
    );
    const consumers = Array.from({ length: count }, () =>
      spawn(function* () {
        const mine: number[] = [];
        while (mine.length < each) {
          try {
            mine.push(yield* take(queue));
          } catch (error) {
            assert.ok(error instanceof Empty);
          }
        }
        return mine;
      }),
    );
    await joinAll([...feeders, ...consumers], { raiseError: true });
    const got = consumers.map((g) => unkilled(g.value!));
    assert.equal(new Set(got.flat()).size, count * each);
    for (const mine of got) {
      for (let feeder = 0; feeder < count; feeder += 1) {
        const from = mine.filter((item) => Math.floor(item / each) === feeder);
        assert.deepEqual(
          from,
          from.toSorted((a, b) => a - b),
        );
      }
    }
  });
}

test('an item that was got, or the queue itself, is kept', async () => {
  for (const Kind of [SimpleQueue, LifoQueue, PriorityQueue] as (new () => SimpleQueue<any>)[]) {
    const queue = new Kind();
    const refs = await spawn(function* () {
      const made: WeakRef<object>[] = [];
      for (let i = 0; i < 3; i += 1) {
        const item = [i];
        made.push(new WeakRef(item));
        if (i < 2) yield* queue.put(item);
        else {
          const getter = spawn(() => queue.get());
          yield* sleep(0);
          yield* queue.put(item);
          yield* getter;
        }
        if (i < 2) yield* queue.get();
      }
      return made;
    });
    for (const ref of unkilled(refs)) await untilCollected(ref);
    assert.ok(queue.empty());
  }
  await untilCollected(new WeakRef(new Queue(0, [1])));
});
