/** Queues between greenlets: the receiver of each item, the order, and what an abandoned wait leaves. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Empty, Full } from 'heddle';
import { forEach, joinAll, LifoQueue, PriorityQueue, Queue, SimpleQueue, sleep, spawn, Timeout } from 'heddle/coroutine';

// oxlint-disable-next-line unicorn/no-thenable -- an item whose `then` must not be called
const thenable = { then: (): never => assert.fail('a thenable was asked') };

test('items come in order, and as themselves', async () => {
  const items = [undefined, null, thenable, { a: 1 }, Promise.resolve(7), Number.NaN];
  const queue = new Queue<unknown>();
  for (const item of items) queue.putNowait(item);
  const got: unknown[] = [];
  await spawn(function* () {
    while (!queue.empty()) got.push(yield* queue.get());
    const later = spawn(function* () {
      for (const item of items) yield* queue.put(item);
      queue.close();
    });
    for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) got.push(n.value);
    yield* later;
  });
  assert.equal(got.length, 2 * items.length);
  for (const [i, item] of got.entries()) assert.ok(Object.is(item, items[i % items.length]));
});

test('for await yields items as they are, and ends', async () => {
  const queue = new Queue<unknown>(2);
  spawn(function* () {
    yield* queue.putMany([1, thenable, 3, 4]);
    queue.shutdown();
  });
  const got: unknown[] = [];
  for await (const item of queue) got.push(item);
  assert.ok(got.length === 4 && got[1] === thenable);
  for await (const item of queue) assert.fail(`${String(item)} comes after the end`);
});

test('a killed forEach() takes no item with it', async () => {
  const queue = new Queue<number>();
  const got: number[] = [];
  const reader = spawn(() => forEach(queue, (item) => got.push(item)));
  const killed = spawn(function* () {
    yield* forEach(queue, (item) => got.push(-item));
  });
  queue.putNowait(1);
  await sleep(0);
  queue.putNowait(2);
  queue.putNowait(3);
  void killed.kill();
  queue.close();
  await reader;
  assert.deepEqual(got, [1, 2, 3]);
});

test('a put that is not awaited is done', async () => {
  const queue = new Queue<number>(1);
  void queue.put(1);
  void queue.put(2);
  assert.deepEqual([queue.qsize(), queue.statistics().waitingPutters], [1, 1]);
  assert.deepEqual([await queue.get(), await queue.get()], [1, 2]);
});

test('waiters are served in order of arrival', async () => {
  const queue = new Queue<number>();
  const said: string[] = [];
  const waiters = ['a', 'b', 'c'].map((name) =>
    spawn(function* () {
      said.push(`${name} got ${yield* queue.get()}`);
    }),
  );
  await sleep(0);
  queue.putNowait(1);
  // A put item belongs to the first waiter, even before that has resumed.
  assert.throws(() => queue.getNowait(), Empty);
  void queue.put(2);
  queue.putNowait(3);
  queue.putNowait(4);
  assert.equal(queue.getNowait(), 4);
  await joinAll(waiters);
  assert.deepEqual(said, ['a got 1', 'b got 2', 'c got 3']);
});

test('waiters for room are admitted in order of arrival, and no put passes by', async () => {
  const queue = new Queue<string>(1, ['first']);
  const putters = ['a', 'b'].map((name) => spawn(() => queue.put(name)));
  await sleep(0);
  assert.equal(queue.getNowait(), 'first');
  // The room belongs to a, though it has not gone on yet.
  assert.throws(() => queue.putNowait('passes by'), Full);
  assert.deepEqual([queue.getNowait(), queue.getNowait()], ['a', 'b']);
  await joinAll(putters, { raiseError: true });
});

test('a getter that is killed or late takes no item with it', async () => {
  const queue = new Queue<number>();
  const killed = spawn(() => queue.get());
  const stepped = spawn(function* () {
    yield* queue.get();
  });
  await sleep(0);
  await assert.rejects(async () => queue.get(1), Empty);
  assert.equal(queue.statistics().waitingGetters, 2);
  const aborted = queue.get({ signal: AbortSignal.abort(new Error('mine')) });
  await assert.rejects(async () => aborted, /mine/);
  await stepped.kill();
  await killed.kill();
  assert.equal(queue.statistics().waitingGetters, 0);
  queue.putNowait(1);
  assert.equal(queue.getNowait(), 1);
});

test('an item that was handed to a killed getter goes back in its place', async () => {
  for (const makeQueue of [() => new Queue<number>(), () => new SimpleQueue<number>(), () => new PriorityQueue<number>()]) {
    const queue = makeQueue();
    const got: number[] = [];
    const getter = function* (): Generator<any, void> {
      got.push(yield* queue.get());
    };
    const getters = [spawn(getter), spawn(getter), spawn(getter)];
    await sleep(0);
    for (const item of [1, 2, 3, 4]) queue.putNowait(item);
    // The getters have 1, 2 and 3, but have not resumed. In whatever order they die, the items are in order again.
    void getters[1]!.kill();
    void getters[0]!.kill();
    assert.deepEqual(
      [1, 2, 4].map(() => queue.getNowait()),
      [1, 2, 4],
    );
    await joinAll(getters);
    assert.deepEqual(got, [3]);
  }
});

test('an item that comes back goes to the first waiter', async () => {
  const queue = new Queue<number>();
  const first = spawn(() => queue.get());
  const [killed, next] = [1, 2].map(() =>
    spawn(function* () {
      return yield* queue.get();
    }),
  );
  await sleep(0);
  queue.putNowait(1);
  queue.putNowait(2);
  await killed!.kill();
  assert.equal(await next, 2);
  assert.equal(await first, 1);
});

test('items that come back to a stack stay below later ones', async () => {
  const stack = new LifoQueue<number>();
  const getters = [1, 2].map(() =>
    spawn(function* () {
      yield* stack.get();
    }),
  );
  await sleep(0);
  for (const item of [1, 2, 3]) stack.putNowait(item);
  for (const getter of getters) void getter.kill();
  assert.deepEqual(await stack.getMany(9), [3, 2, 1]);
});

test('a putter that is killed or late puts nothing', async () => {
  const queue = new Queue<string>(1, ['first']);
  const killed = spawn(function* () {
    yield* queue.put('killed');
  });
  await sleep(0);
  await assert.rejects(async () => queue.put('late', 1), Full);
  await assert.rejects(async () => queue.put('aborted', { signal: AbortSignal.abort(new Error('mine')) }), /mine/);
  await assert.rejects(async () => queue.put('not now', { block: false }), Full);
  await killed.kill();
  assert.equal(queue.statistics().waitingPutters, 0);
  assert.deepEqual(await queue.getMany(9), ['first']);
  assert.deepEqual([queue.qsize(), queue.unfinishedTasks], [0, 1]);
});

test('a put that was admitted stays when its greenlet is killed', async () => {
  const queue = new Queue<string>(1, ['first']);
  const putter = spawn(function* () {
    yield* queue.put('second');
  });
  await sleep(0);
  assert.equal(queue.getNowait(), 'first');
  await putter.kill();
  assert.equal(queue.getNowait(), 'second');
});

test('a timeout around it goes through, and loses no item', async () => {
  const queue = new Queue<number>();
  const late = spawn(function* () {
    return yield* Timeout.run({ timeout: 1, value: 'late' }, function* () {
      return yield* queue.get(60_000);
    });
  });
  assert.equal(await late, 'late');
  queue.putNowait(1);
  assert.equal(queue.getNowait(), 1);
});

test('a caller that does not wait gets nothing that is still to come', async () => {
  const queue = new Queue<number>();
  await assert.rejects(async () => queue.get({ block: false }), Empty);
  await assert.rejects(async () => queue.get(0), Empty);
  assert.throws(() => queue.getNowait(), Empty);
  assert.throws(() => queue.peekNowait(), Empty);
  const polled = await spawn(function* () {
    spawn(() => queue.put(1));
    for (let tries = 1; ; tries += 1) {
      try {
        return [yield* queue.get(0), tries];
      } catch (error) {
        assert.ok(error instanceof Empty);
      }
    }
  });
  assert.deepEqual(polled, [1, 1]);
});

test('putMany and getMany under a bound keep the order, and do not block each other', async () => {
  const queue = new Queue<number>(3);
  const numbers = Array.from({ length: 10 }, (_, i) => i);
  const all = spawn(() => queue.putMany(numbers));
  const another = spawn(() => queue.put(10));
  await sleep(0);
  assert.deepEqual([queue.qsize(), queue.statistics().waitingPutters], [3, 2]);
  // One call takes also what comes in through the room that it makes.
  assert.deepEqual(await queue.getMany(5), [0, 1, 2, 3, 4]);
  assert.equal(queue.qsize(), 3);
  assert.deepEqual(await queue.getMany(Infinity), [5, 6, 7, 8, 9, 10]);
  await joinAll([all, another], { raiseError: true });
  const many = queue.getMany(4);
  const one = queue.get();
  await queue.putMany([1, 2, 3, 4, 5]);
  assert.deepEqual([await many, await one], [[1, 2, 3], 4]);
  assert.deepEqual(await queue.getMany(4), [5]);
});

test('a putMany that ends early counts what is in, and ends', async () => {
  const queue = new Queue<number>(2);
  await assert.rejects(async () => queue.putMany([1, 2, 3], 1), { name: 'Full', count: 2 });
  assert.deepEqual(await queue.getMany(9), [1, 2]);
  const killed = spawn(function* () {
    yield* queue.putMany([4, 5, 6, 7]);
  });
  await sleep(0);
  assert.equal(queue.getNowait(), 4);
  await killed.kill();
  assert.deepEqual(await queue.getMany(9), [5, 6]);
  await queue.putMany([]);
  assert.equal(queue.unfinishedTasks, 5);
});

test('the items of a killed getMany go back', async () => {
  const queue = new Queue<number>();
  const getter = spawn(function* () {
    yield* queue.getMany(3);
  });
  await sleep(0);
  void queue.putMany([1, 2, 3, 4]);
  assert.equal(queue.qsize(), 1);
  await getter.kill();
  assert.deepEqual(await queue.getMany(9), [1, 2, 3, 4]);
});

test('peek leaves the item, and admits no putter', async () => {
  const queue = new Queue<number>(1);
  const peekers = [1, 2].map(() => spawn(() => queue.peek()));
  await sleep(0);
  const taker = spawn(() => queue.get());
  await sleep(0);
  const late = spawn(() => queue.peek());
  await sleep(0);
  await queue.put(1);
  assert.deepEqual(
    (await joinAll([...peekers, taker])).map((g) => g.value),
    [1, 1, 1],
  );
  await queue.put(2);
  assert.equal(await late, 2);
  const waiting = spawn(() => queue.put(3));
  await sleep(0);
  assert.deepEqual([await queue.peek(), queue.peekNowait(), queue.statistics().waitingPutters], [2, 2, 1]);
  await assert.rejects(async () => new Queue().peek(1), Empty);
  assert.deepEqual(await queue.getMany(9), [2, 3]);
  await waiting;
});

test('join counts what was put, got, given back and thrown away', async () => {
  const queue = new Queue<number>(0, [1, 2]);
  assert.equal(queue.unfinishedTasks, 2);
  assert.equal(await queue.join(1), false);
  const joiner = spawn(() => queue.join());
  const killed = spawn(function* () {
    yield* queue.getMany(2);
    yield* queue.get();
  });
  await sleep(0);
  queue.putNowait(3);
  await killed.kill();
  queue.taskDone();
  queue.taskDone();
  assert.equal(joiner.dead, false);
  queue.shutdown({ immediate: true });
  assert.equal(await joiner, true);
  assert.equal(await queue.join(), true);
  assert.throws(() => queue.taskDone(), { name: 'RangeError', message: /more often than items were put/ });
});

test('priorities come in order', async () => {
  const queue = new PriorityQueue<[number, string]>(0, [[3, 'c']]);
  await queue.putMany([
    [1, 'a'],
    [2, 'b'],
    [1, 'a too'],
  ]);
  assert.deepEqual(
    (await queue.getMany(9)).map(([, value]) => value),
    ['a', 'a too', 'b', 'c'],
  );
  const waiting = queue.get();
  await queue.putMany([
    [9, 'high'],
    [-1, 'low'],
  ]);
  assert.deepEqual(await waiting, [-1, 'low']);
});

test('a date is a priority, which cannot change in the queue', async () => {
  const queue = new PriorityQueue<[Date, string]>();
  const [soon, late] = [new Date(1000), new Date(2000)];
  await queue.putMany([
    [late, 'late'],
    [soon, 'soon'],
    [new Date(1000), 'soon, too'],
  ]);
  soon.setTime(3000);
  assert.deepEqual(
    (await queue.getMany(9)).map(([, value]) => value),
    ['soon', 'soon, too', 'late'],
  );
  assert.throws(() => queue.putNowait([new Date('never'), '']), TypeError);
});

test('priorities that have no order are refused', async () => {
  const queue = new PriorityQueue<any>(2, ['b', 'a']);
  for (const item of [Number.NaN, null, undefined, {}, [], [undefined, 1], [[1], 1]])
    assert.throws(() => queue.put(item), { name: 'TypeError', message: /expected item to be a number, a string or a tuple/ });
  assert.throws(() => queue.putNowait(1), { message: /expected item to be ordered by a string, as those before, got 1/ });
  assert.throws(() => queue.putMany(['x', 1]), TypeError);
  assert.throws(() => new PriorityQueue<any>(0, [1, 2n]), TypeError);
  assert.deepEqual(await queue.getMany(9), ['a', 'b']);
});

test('arguments without a meaning are refused', async () => {
  const queue = new Queue<number>();
  for (const size of [1.5, Number.NaN, Infinity]) assert.throws(() => new Queue(size), RangeError);
  assert.throws(() => new Queue('3' as any), TypeError);
  assert.throws(() => new Queue(1, [1, 2]), Full);
  for (const call of [
    () => queue.get(-1),
    () => queue.put(1, -1),
    () => queue.put(1, { timeout: Number.NaN }),
    () => queue.getMany(1, { timeout: -1 }),
    () => queue.peek(-1),
    () => queue.putMany([1], -1),
    () => queue.getMany(0),
    () => queue.getMany(1.5),
    () => queue.join(-1),
  ])
    assert.throws(call, RangeError);
  for (const call of [
    () => queue.get({ blocking: false } as any),
    () => queue.put(1, { block: 1 } as any),
    () => queue.get(null as any),
    () => queue.get({ signal: {} as any }),
    () => queue.shutdown({ now: true } as any),
    () => queue.putMany(1 as any),
  ])
    assert.throws(call, TypeError);
  // Nothing of that is left, or was taken.
  assert.deepEqual(queue.statistics(), {
    size: 0,
    maxSize: 0,
    waitingGetters: 0,
    waitingPutters: 0,
    puts: 0,
    gets: 0,
    unfinishedTasks: 0,
    waitingJoiners: 0,
  });
  assert.equal(new Queue(-1).maxSize, 0);
});

test('a queue describes itself', () => {
  assert.equal(String(new Queue(3, [1])), '<Queue: 1 of 3 items>');
  const closed = new LifoQueue();
  closed.close();
  assert.equal(String(closed), '<LifoQueue: 0 items, shut down>');
  assert.equal(String(new (class Mail extends SimpleQueue<string> {})()), '<Mail: 0 items>');
});
