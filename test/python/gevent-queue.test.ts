/** The assertions of gevent's suite on its queues and channels. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Empty, Full, TimeoutError } from 'heddle';
import {
  Channel,
  forEach,
  type Greenlet,
  joinAll,
  JoinableQueue,
  LifoQueue,
  PriorityQueue,
  Queue,
  SimpleQueue,
  sleep,
  spawn,
  Timeout,
} from 'heddle/coroutine';

/** The common part of both. */
type Any = SimpleQueue<string> | Channel<string>;
const all: [string, () => Any][] = [
  ['SimpleQueue', () => new SimpleQueue(1)],
  ['Queue', () => new Queue(1)],
  ['LifoQueue', () => new LifoQueue(1)],
  ['PriorityQueue', () => new PriorityQueue<string>(1)],
  ['Channel', () => new Channel()],
];
const bounded = all.slice(0, 4) as [string, () => SimpleQueue<string>][];

/** `ok` or the name of the error, once it is over. */
const tried = (call: () => unknown): Greenlet =>
  spawn(function* () {
    try {
      const value = call();
      return value === undefined ? 'ok' : yield* value as any;
    } catch (error) {
      return (error as Error).name;
    }
  });

for (const [name, make] of all) {
  test(`${name}: a put without waiting, from the loop, takes more than fits`, async () => {
    const queue = make();
    const results = await joinAll(['a', 'b'].map((item) => tried(() => queue.putNowait(item))));
    assert.deepEqual(
      results.map((g) => g.value),
      name === 'Channel' ? ['Full', 'Full'] : ['ok', 'Full'],
    );
  });

  test(`${name}: a put without waiting wakes a getter`, async () => {
    const queue = make();
    const getter = spawn(() => queue.get());
    await sleep(0);
    assert.ok(queue.empty());
    assert.equal(await tried(() => queue.putNowait('item')), 'ok');
    assert.equal(await getter, 'item');
    assert.ok(queue.empty());
  });

  test(`${name}: a get without waiting, from the loop, finds nothing, and wakes a putter`, async () => {
    const queue = make();
    assert.equal(await tried(() => queue.getNowait()), 'Empty');
    const putters = ['a', 'b'].map((item) => spawn(() => queue.put(item)));
    await sleep(0);
    if (name === 'Channel') assert.ok(putters.every((g) => !g.dead));
    assert.equal(queue.getNowait(), 'a');
    assert.equal(queue.getNowait(), 'b');
    await joinAll(putters, { raiseError: true });
  });

  test(`${name}: what is sent first, or last, does not arrive`, async () => {
    const queue = make();
    const early = spawn(() => queue.get());
    await sleep(0);
    await queue.put('first');
    assert.equal(await early, 'first');
    const sent = spawn(() => queue.put('last'));
    await sleep(0);
    assert.equal(await queue.get(), 'last');
    await sent;
  });

  test(`${name}: several that wait do not get one each`, async () => {
    const queue = make();
    const getters = [1, 2].map(() => spawn(() => queue.get()));
    await sleep(0);
    await queue.put('a');
    await queue.put('b');
    assert.deepEqual(await Promise.all(getters), ['a', 'b']);
  });

  test(`${name}: one that gave up eats an item`, async () => {
    const queue = make();
    assert.equal(await tried(() => queue.get(1)), 'Empty');
    const putter = spawn(() => queue.put('item'));
    assert.equal(await queue.get(), 'item');
    await putter;
  });

  test(`${name}: of two that wait one dies, and the other gets nothing`, async () => {
    const queue = make();
    const [dies, lives] = [1, 2].map(() =>
      spawn(function* () {
        return yield* queue.get();
      }),
    );
    await sleep(0);
    const putter = spawn(() => queue.put('item'));
    void dies!.kill(new RangeError('dies'));
    await assert.rejects(async () => dies, RangeError);
    assert.equal(await lives, 'item');
    await putter;
    assert.ok(queue.empty());
  });

  test(`${name}: an enclosing time-out does not come through a wait`, async () => {
    const queue = make();
    if (queue instanceof SimpleQueue) queue.putNowait('fills');
    for (const wait of [() => queue.put('x'), () => queue.put('x', 60_000), () => (make() as Channel<string>).get(60_000)]) {
      const ended = await spawn(function* () {
        using timeout = Timeout.startNew(1);
        try {
          yield* wait();
          assert.fail('it was put');
        } catch (error) {
          return error === timeout;
        }
      });
      assert.equal(ended, true);
    }
  });

  test(`${name}: a shorter wait inside an enclosing time-out is ended by that`, async () => {
    const queue = make();
    const g = spawn(function* () {
      using timeout = Timeout.startNew(60_000);
      try {
        return yield* queue.get(1);
      } catch (error) {
        return error instanceof Empty && timeout.pending;
      }
    });
    assert.equal(await g, true);
  });

  test(`${name}: the error that a wait was told to end by is another`, async () => {
    class Mine extends Error {}
    const queue = make();
    await assert.rejects(async () => Timeout.run({ timeout: 1, error: Mine }, () => queue.get()), Mine);
    const mine = new Mine('mine');
    await assert.rejects(
      async () => queue.get({ signal: AbortSignal.abort(mine) }),
      (error) => error === mine,
    );
    await assert.rejects(async () => Timeout.run(1, () => queue.get()), TimeoutError);
  });
}

test('Channel, Queue: a link does not put the greenlet', async () => {
  for (const queue of [new Channel<Greenlet<number>>(), new Queue<Greenlet<number>>()]) {
    const greenlets = [1, 2, 3].map((n) => spawn(() => n));
    for (const greenlet of greenlets) greenlet.link((ended) => queue.put(ended));
    await spawn(function* () {
      for (const greenlet of greenlets) assert.equal(yield* queue.get(), greenlet);
    });
  }
});

for (const [name, make] of bounded) {
  test(`${name}: a peek at nothing`, async () => {
    const queue = make();
    assert.throws(() => queue.peekNowait(), Empty);
    await assert.rejects(async () => queue.peek({ block: false }), Empty);
    await assert.rejects(async () => queue.peek(1), Empty);
  });

  test(`${name}: several that peek do not see the same item`, async () => {
    const queue = make();
    const peekers = Array.from({ length: 10 }, () => spawn(() => queue.peek()));
    await sleep(0);
    await queue.put('item');
    assert.deepEqual(new Set((await joinAll(peekers)).map((g) => g.value)), new Set(['item']));
    assert.equal(queue.qsize(), 1);
  });

  test(`${name}: a producer goes on beyond maxSize`, async () => {
    const queue = make();
    const puts: string[] = [];
    const producer = spawn(function* () {
      for (const item of ['a', 'b', 'c']) {
        yield* queue.put(item);
        puts.push(item);
      }
    });
    await sleep(0);
    assert.deepEqual([puts, queue.full()], [['a'], true]);
    assert.equal(await queue.get(), 'a');
    await sleep(0);
    assert.deepEqual(puts, ['a', 'b']);
    assert.deepEqual([await queue.get(), await queue.get()], ['b', 'c']);
    await producer;
    assert.throws(() => queue.getNowait(), Empty);
  });

  test(`${name}: more first items than fit are taken`, () => {
    const [Kind] = [make().constructor as new (maxSize: number, items: string[]) => SimpleQueue<string>];
    assert.equal(new Kind(2, ['a', 'b']).qsize(), 2);
    assert.throws(() => new Kind(1, ['a', 'b']), Full);
  });
}

test('Channel: puts and gets go on in another order', async () => {
  const channel = new Channel<string>();
  const said: string[] = [];
  const putter = spawn(function* () {
    said.push('sending hello');
    yield* channel.put('hello');
    said.push('sending world');
    yield* channel.put('world');
    said.push('sent world');
  });
  await spawn(function* () {
    said.push('waiting');
    said.push(yield* channel.get());
    said.push(yield* channel.get());
    assert.ok(!said.includes('sent world'));
  });
  await putter;
  assert.deepEqual(said, ['sending hello', 'waiting', 'hello', 'sending world', 'world', 'sent world']);
});

test('Channel, Queue: an iteration does not end', async () => {
  for (const queue of [new Channel<number>(), new SimpleQueue<number>(), new JoinableQueue<number>(1)]) {
    const got: number[] = [];
    const reader = spawn(() => forEach(queue, (item) => got.push(item)));
    for (const item of [1, 2, 3]) await queue.put(item);
    queue.close();
    await reader;
    assert.deepEqual(got, [1, 2, 3]);
  }
});

test('JoinableQueue: tasks are counted wrongly', async () => {
  const queue = new JoinableQueue<number>();
  // Nothing was put.
  assert.equal(await queue.join(), true);
  const joins: Greenlet<boolean>[] = [];
  for (let i = 0; i < 5; i += 1) {
    await queue.put(i);
    joins.push(spawn(() => queue.join()));
  }
  assert.equal(await queue.join(1), false);
  for (let i = 0; i < 5; i += 1) {
    assert.ok(joins.every((g) => !g.dead));
    assert.equal(await queue.get(), i);
    queue.taskDone();
  }
  assert.deepEqual(await Promise.all(joins), [true, true, true, true, true]);
  assert.throws(() => queue.taskDone(), RangeError);
});

test('JoinableQueue: the first items are no tasks', async () => {
  const queue = new JoinableQueue(0, ['a', 'b', 'c']);
  assert.equal(queue.unfinishedTasks, 3);
  for (let i = 0; i < 3; i += 1) {
    assert.equal(await queue.join(0), false);
    queue.getNowait();
    queue.taskDone();
  }
  assert.equal(await queue.join(), true);
});
