/** The end of a queue: for waiters, for later callers, and for its items. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { ShutDown } from 'heddle';
import { type Greenlet, joinAll, LifoQueue, PriorityQueue, Queue, SimpleQueue, sleep, spawn } from 'heddle/coroutine';
import { runProgram } from '../program.js';
import { unkilled } from '../unkilled.ts';

const isShutDown = (error: unknown): boolean => error instanceof ShutDown;

/** Every call that a queue refuses once it is empty and shut down. */
function assertOver(queue: SimpleQueue<number>): Promise<void> {
  return spawn(function* () {
    const waiting = [
      () => queue.put(1),
      () => queue.put(1, 0),
      () => queue.putMany([1]),
      () => queue.get(),
      () => queue.get({ block: false }),
      () => queue.get(10),
      () => queue.getMany(2),
      () => queue.peek(),
    ];
    for (const call of waiting) {
      try {
        yield* call();
        assert.fail(`${String(call)} went through`);
      } catch (error) {
        assert.ok(isShutDown(error), `${String(call)} failed with ${String(error)}`);
      }
    }
    for (const call of [() => queue.putNowait(1), () => queue.getNowait(), () => queue.peekNowait()]) assert.throws(call, ShutDown);
    assert.deepEqual(yield* queue.next(), { done: true, value: undefined });
  }).get() as Promise<unknown> as Promise<void>;
}

for (const Kind of [SimpleQueue, Queue, LifoQueue, PriorityQueue] as (new (
  maxSize?: number,
  items?: number[],
) => SimpleQueue<number>)[]) {
  test(`${Kind.name}: its items can be got after its end, and nothing can be put`, async () => {
    const queue = new Kind(3, [1, 2]);
    queue.close();
    queue.shutdown();
    assert.ok(queue.isShutDown);
    assert.throws(() => queue.putNowait(3), ShutDown);
    await assert.rejects(async () => queue.put(3), ShutDown);
    assert.equal(await queue.peek(), queue.peekNowait());
    assert.deepEqual([queue.full(), queue.qsize()], [false, 2]);
    assert.deepEqual(new Set([await queue.get(), queue.getNowait()]), new Set([1, 2]));
    await assertOver(queue);
  });

  test(`${Kind.name}: nothing can be got after its immediate end`, async () => {
    const queue = new Kind(0, [1, 2]);
    queue.shutdown({ immediate: true });
    assert.equal(queue.qsize(), 0);
    await assertOver(queue);
  });

  test(`${Kind.name}: waiters are told of its end`, async () => {
    const empty = new Kind();
    const full = new Kind(1, [1]);
    const waiting: Greenlet[] = [
      () => empty.get(),
      () => empty.getMany(1),
      () => empty.peek(),
      () => full.put(2),
      () => full.putMany([3, 4]),
    ].map((call) => spawn(call as () => unknown));
    const ended = spawn(() => empty.next());
    await sleep(0);
    empty.shutdown();
    full.shutdown();
    for (const greenlet of waiting) await assert.rejects(async () => greenlet, ShutDown);
    assert.deepEqual(await ended, { done: true, value: undefined });
    assert.deepEqual(await full.getMany(9), [1]);
  });
}

test('an iteration ends after the last item of the queue', async () => {
  const queue = new Queue(0, [1, 2, 3]);
  const sums = [1, 2].map(() =>
    spawn(async () => {
      const got: number[] = [];
      for await (const item of queue) got.push(item);
      return got;
    }),
  );
  await sleep(0);
  void queue.put(4);
  queue.close();
  assert.deepEqual(
    (await Promise.all(sums)).flatMap(unkilled).toSorted((a, b) => a - b),
    [1, 2, 3, 4],
  );
});

test('an immediate end leaves no unfinished tasks', async () => {
  const queue = new Queue(2, [1, 2]);
  const joiner = spawn(() => queue.join());
  const putter = spawn(() => queue.put(3));
  await queue.get();
  await putter;
  queue.shutdown({ immediate: true });
  // The taken item is still being processed.
  assert.deepEqual([queue.unfinishedTasks, joiner.dead], [1, false]);
  queue.taskDone();
  assert.equal(await joiner, true);
  assert.throws(() => queue.taskDone(), RangeError);
});

test('tasks can be finished after a quiet end', async () => {
  const queue = new Queue(0, [1]);
  const joiner = spawn(() => queue.join());
  queue.shutdown();
  assert.equal(await queue.get(), 1);
  await sleep(0);
  assert.equal(joiner.dead, false);
  queue.taskDone();
  assert.equal(await joiner, true);
});

test('a quiet end can be made an immediate one', async () => {
  const queue = new Queue(0, [1]);
  queue.shutdown();
  queue.shutdown({ immediate: true });
  await assertOver(queue);
  assert.equal(await queue.join(), true);
});

test('an item that comes back to a queue after its end is kept, unless the end is immediate', async () => {
  for (const immediate of [false, true]) {
    const queue = new Queue<number>();
    const getter = spawn(function* () {
      yield* queue.get();
    });
    await sleep(0);
    queue.putNowait(1);
    queue.shutdown({ immediate });
    await getter.kill();
    assert.equal(queue.qsize(), immediate ? 0 : 1);
    assert.equal(queue.unfinishedTasks, queue.qsize());
    if (!immediate) assert.equal(await queue.get(), 1);
    await assertOver(queue);
  }
});

test('a crowd of writers, readers and joiners is told of the end, and loses no item', async () => {
  const queue = new Queue<number>(3);
  let puts = 0;
  const got: number[] = [];
  const isRising = (items: number[]): boolean => items.every((item, i) => i === 0 || item > items[i - 1]!);
  const writers = Array.from({ length: 8 }, (_, writer) =>
    spawn(function* () {
      try {
        for (let i = 0; ; i += 1) {
          yield* queue.put(writer * 1e6 + i);
          puts += 1;
        }
      } catch (error) {
        assert.ok(isShutDown(error));
      }
    }),
  );
  const readers = Array.from({ length: 5 }, () =>
    spawn(function* () {
      const mine: number[] = [];
      for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) {
        got.push(n.value);
        mine.push(n.value);
        queue.taskDone();
        if (got.length === 1000) queue.shutdown();
      }
      // Each reader has what comes from one writer in the order of that.
      for (let writer = 0; writer < 8; writer += 1) assert.ok(isRising(mine.filter((item) => Math.floor(item / 1e6) === writer)));
    }),
  );
  const joiners = await joinAll([1, 2].map(() => spawn(() => queue.join())));
  await joinAll([...writers, ...readers], { raiseError: true });
  assert.deepEqual(
    joiners.map((g) => g.value),
    [true, true],
  );
  assert.equal(got.length, puts);
  assert.equal(new Set(got).size, puts);
});

test('a program in a deadlock on a queue names the queue', async () => {
  const { stderr, code } = await runProgram(`
    const queue = new h.Queue(1, [1]);
    const empty = new h.LifoQueue();
    h.spawn(function* () { yield* queue.putMany([2, 3]); });
    h.spawn(function* () { yield* empty.get(); });
    h.spawn(function* () { yield* queue.join(); });
    h.spawn(function* () { yield* new h.Channel().put(1); });
  `);
  assert.equal(code, 1);
  assert.match(stderr, /waits for Queue\.putMany\(\) \(maxSize 1; 0 of 2 are in\)/);
  assert.match(stderr, /waits for LifoQueue\.get\(\)/);
  assert.match(stderr, /waits for Queue\.join\(\): 1 task is not done/);
  assert.match(stderr, /waits for Channel\.put\(\)/);
});
