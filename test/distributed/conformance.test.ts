/**
 * One table of rules for the local classes and the distributed ones: the names are the same, and so is what they do. A distributed member gives a promise
 * where a local one gives a value: the rules await both.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as heddle from 'heddle';
import * as distributed from 'heddle/distributed';
import { BrokenBarrierError, Empty, Full, InvalidStateError, SerializationError, ShutDown, TimeoutError } from 'heddle';
import { until } from './peer.js';
import { freeName, noServer, startServer, type TestServer } from './server.js';

type Awaitable<T> = T | PromiseLike<T>;
type Limit = number | { readonly timeout?: number; readonly signal?: AbortSignal; readonly block?: boolean };

interface Acquirable {
  acquire(options?: Limit): Awaitable<boolean>;
  tryAcquire(): Awaitable<boolean>;
  release(n?: number): Awaitable<void>;
  locked(): Awaitable<boolean>;
  hold(options?: Limit): Awaitable<object>;
  run<T>(fn: () => Awaitable<T>, options?: Limit): Promise<T>;
  statistics(): Awaitable<{ readonly waiting: number }>;
}
interface AnySemaphore extends Acquirable {
  getValue(): Awaitable<number>;
}
interface AnyEvent {
  isSet(): Awaitable<boolean>;
  set(): Awaitable<void>;
  clear(): Awaitable<void>;
  wait(options?: Limit): Awaitable<boolean>;
  statistics(): Awaitable<{ readonly waiting: number }>;
}
interface AnyBarrier {
  wait(options?: Limit): Awaitable<number>;
  reset(): Awaitable<void>;
  abort(): Awaitable<void>;
  readonly parties: number;
  readonly nWaiting: Awaitable<number>;
  readonly broken: Awaitable<boolean>;
}
interface AnyQueue<T = any> extends AsyncIterable<T> {
  put(item: T, options?: Limit): Awaitable<void>;
  putNowait(item: T): Awaitable<void>;
  putMany(items: Iterable<T>, options?: Limit): Awaitable<void>;
  get(options?: Limit): Awaitable<T>;
  getNowait(): Awaitable<T>;
  getMany(max: number, options?: Limit): Awaitable<T[]>;
  qsize(): Awaitable<number>;
  empty(): Awaitable<boolean>;
  full(): Awaitable<boolean>;
  readonly maxSize: number;
  readonly isShutDown: Awaitable<boolean>;
  taskDone(): Awaitable<void>;
  join(options?: Limit): Awaitable<boolean>;
  shutdown(options?: { immediate?: boolean }): Awaitable<void>;
  statistics(): Awaitable<{ readonly unfinishedTasks: number; readonly waitingGetters: number; readonly waitingPutters: number }>;
}

interface Family {
  readonly name: string;
  readonly skip: string | false;
  lock(): Acquirable;
  semaphore(value?: number): AnySemaphore;
  event(): AnyEvent;
  barrier(parties: number, options?: object): AnyBarrier;
  queue(maxSize?: number): AnyQueue;
}

let server: TestServer | undefined;
const opened: distributed.DistributedObject[] = [];
before(async () => {
  if (noServer === false) server = await startServer();
});
after(async () => {
  for (const object of opened) {
    await object.destroy();
    await object.close();
  }
  await server?.[Symbol.asyncDispose]();
});

function open<T extends distributed.DistributedObject>(object: T): T {
  opened.push(object);
  return object;
}
const options = (): { url: string } => ({ url: server!.url });

const families: readonly Family[] = [
  {
    name: 'local',
    skip: false,
    lock: () => new heddle.Lock(),
    semaphore: (value) => new heddle.Semaphore(value),
    event: () => new heddle.Event(),
    barrier: (parties, own) => new heddle.Barrier(parties, own),
    queue: (maxSize) => new heddle.Queue(maxSize),
  },
  {
    name: 'distributed',
    skip: noServer,
    lock: () => open(new distributed.DistributedLock(freeName(), options())),
    semaphore: (value) => open(new distributed.DistributedSemaphore(freeName(), value, options())),
    event: () => open(new distributed.DistributedEvent(freeName(), options())),
    barrier: (parties, own) => open(new distributed.DistributedBarrier(freeName(), parties, { ...options(), ...own })),
    queue: (maxSize) => open(new distributed.DistributedQueue(freeName(), maxSize, options())),
  },
];

/** Refused at the call: a local member throws, a distributed one rejects. */
const refused = (call: () => unknown, expected: object | RegExp): Promise<void> => assert.rejects(async () => call(), expected);

for (const family of families) {
  const rule = (name: string, fn: () => Promise<void>): void => void test(`${family.name}: ${name}`, { skip: family.skip }, fn);

  for (const [kind, make] of Object.entries({ Lock: () => family.lock(), Semaphore: () => family.semaphore(1) })) {
    rule(`a ${kind} has one owner at a time, and says whether it is locked`, async () => {
      const one = make();
      assert.equal(await one.locked(), false);
      assert.equal(await one.acquire(), true);
      assert.equal(await one.locked(), true);
      assert.equal(await one.tryAcquire(), false);
      assert.equal(await one.acquire(0), false);
      assert.equal(await one.acquire(5), false);
      await one.release();
      assert.equal(await one.tryAcquire(), true);
      await one.release();
      assert.equal(await one.locked(), false);
    });

    rule(`waiters of a ${kind} have their turn in order, and none at the same time`, async () => {
      const one = make();
      await one.acquire();
      const order: number[] = [];
      let inside = 0;
      const all = Array.from({ length: 5 }, (_, n) =>
        one.run(async () => {
          inside += 1;
          assert.equal(inside, 1);
          await new Promise(setImmediate);
          order.push(n);
          inside -= 1;
        }),
      );
      await until(async () => (await one.statistics()).waiting >= 1);
      await one.release();
      await Promise.all(all);
      assert.deepEqual(order, [0, 1, 2, 3, 4]);
    });

    rule(`run of a ${kind} gives the result or the error of its function, and releases`, async () => {
      const one = make();
      assert.equal(await one.run(() => 7), 7);
      await assert.rejects(
        one.run(() => Promise.reject(new Error('mine'))),
        /mine/,
      );
      assert.equal(await one.locked(), false);
      await one.acquire();
      await refused(() => one.run(() => 1, 5), TimeoutError);
      await refused(() => one.hold({ timeout: 0 }), TimeoutError);
    });

    rule(`a wait for a ${kind} ends with the reason of its signal`, async () => {
      const one = make();
      await one.acquire();
      const controller = new AbortController();
      const waiting = assert.rejects(async () => one.acquire({ signal: controller.signal }), /enough/);
      controller.abort(new Error('enough'));
      await waiting;
      await refused(() => one.acquire({ signal: AbortSignal.abort(new Error('before')) }), /before/);
      await refused(() => one.acquire(-1), RangeError);
      await refused(() => one.acquire({ nonsense: 1 } as never), /unknown key 'nonsense'/);
    });
  }

  rule('release of a free Lock is an InvalidStateError', async () => {
    await refused(() => family.lock().release(), InvalidStateError);
  });

  rule('a Semaphore counts its permits, also those above its value', async () => {
    const semaphore = family.semaphore(2);
    assert.equal(await semaphore.getValue(), 2);
    await semaphore.acquire();
    await semaphore.acquire();
    assert.equal(await semaphore.getValue(), 0);
    const waiting = [semaphore.acquire(), semaphore.acquire()];
    await semaphore.release(3);
    for (const one of waiting) assert.equal(await one, true);
    assert.equal(await semaphore.getValue(), 1);
    await semaphore.release(2);
    assert.equal(await semaphore.getValue(), 3);
    await refused(() => semaphore.release(0), RangeError);
  });

  rule('an Event lets all go on that wait, also when it is cleared at once', async () => {
    const event = family.event();
    assert.equal(await event.isSet(), false);
    assert.equal(await event.wait(5), false);
    const waiting = [event.wait(), event.wait(), event.wait()];
    await until(async () => (await event.statistics()).waiting >= 1);
    await event.set();
    await event.clear();
    for (const one of waiting) assert.equal(await one, true);
    assert.equal(await event.isSet(), false);
    await event.set();
    assert.equal(await event.wait(0), true);
  });

  rule('a Barrier gives each party another rank, and can be used again', async () => {
    const barrier = family.barrier(3);
    assert.equal(barrier.parties, 3);
    for (let round = 0; round < 2; round += 1) {
      const first = [barrier.wait(), barrier.wait()];
      await until(async () => (await barrier.nWaiting) === 2);
      const ranks = await Promise.all([...first, barrier.wait()]);
      assert.deepEqual(ranks.toSorted(), [0, 1, 2]);
    }
    assert.equal(await barrier.broken, false);
  });

  rule('one party of a Barrier calls the action before any passes; an action that throws breaks it', async () => {
    let calls = 0;
    const barrier = family.barrier(2, { action: () => void (calls += 1) });
    const seen = await Promise.all([1, 2].map(async () => [await barrier.wait(), calls][1]));
    assert.deepEqual([seen, calls], [[1, 1], 1]);
    const failing = family.barrier(2, {
      action: () => {
        throw new Error('the action');
      },
    });
    const ends = await Promise.allSettled([failing.wait(), failing.wait()]);
    const names = ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : 'passed'));
    assert.equal(names.filter((text) => text.includes('the action')).length, 1);
    assert.equal(await failing.broken, true);
  });

  rule('a Barrier breaks by a time-out and by abort, and is as new after reset', async () => {
    const barrier = family.barrier(2);
    await refused(() => barrier.wait(5), BrokenBarrierError);
    assert.equal(await barrier.broken, true);
    await refused(() => barrier.wait(), BrokenBarrierError);
    await barrier.reset();
    assert.equal(await barrier.broken, false);
    const waiting = refused(() => barrier.wait(), BrokenBarrierError);
    await until(async () => (await barrier.nWaiting) === 1);
    await barrier.abort();
    await waiting;
    await barrier.reset();
    const interrupted = refused(() => barrier.wait(), BrokenBarrierError);
    await until(async () => (await barrier.nWaiting) === 1);
    await barrier.reset();
    await interrupted;
    assert.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).toSorted(), [0, 1]);
  });

  rule('a Queue is first in, first out, for values of all kinds', async () => {
    const queue = family.queue();
    const items = [
      1,
      'two',
      3n,
      null,
      undefined,
      Number.NaN,
      { a: [new Date(4), /x/g, new Map([[{ k: 1 }, new Set([2])]])] },
      Buffer.from('b'),
      new TypeError('e'),
    ];
    await queue.put(items[0]);
    await queue.putMany(items.slice(1));
    assert.equal(await queue.qsize(), items.length);
    const seen: unknown[] = [await queue.get()];
    while (seen.length < items.length) seen.push(...(await queue.getMany(3)));
    assert.deepEqual(seen, items);
    assert.ok(seen.at(-1) instanceof TypeError);
    assert.equal(await queue.empty(), true);
  });

  rule('a Queue that is full refuses, or waits for room', async () => {
    const queue = family.queue(2);
    assert.equal(queue.maxSize, 2);
    await queue.putMany([1, 2]);
    assert.equal(await queue.full(), true);
    await refused(() => queue.putNowait(3), Full);
    await refused(() => queue.put(3, { block: false }), Full);
    await refused(() => queue.put(3, 5), Full);
    const putting = Promise.all([queue.put(3), queue.putMany([4, 5])]);
    const seen: number[] = [];
    for (let i = 0; i < 5; i += 1) seen.push((await queue.get()) as number);
    await putting;
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  });

  rule('a putMany that finds no room says how many went in', async () => {
    const queue = family.queue(2);
    await assert.rejects(
      async () => queue.putMany([1, 2, 3], 5),
      (error: Full & { count?: number }) => {
        assert.ok(error instanceof Full);
        return error.count === 2;
      },
    );
    assert.deepEqual(await queue.getMany(Infinity), [1, 2]);
  });

  rule('an empty Queue refuses, or waits for an item, in order of the gets', async () => {
    const queue = family.queue();
    await refused(() => queue.getNowait(), Empty);
    await refused(() => queue.get({ block: false }), Empty);
    await refused(() => queue.get(5), Empty);
    const gets = Promise.all([queue.get(), queue.get(), queue.get()]);
    await queue.putMany(['a', 'b', 'c']);
    assert.deepEqual(await gets, ['a', 'b', 'c']);
  });

  rule('a get that was aborted or timed out takes no item', async () => {
    const queue = family.queue();
    const controller = new AbortController();
    const aborted = assert.rejects(async () => queue.get({ signal: controller.signal }), /enough/);
    const late = refused(() => queue.get(3), Empty);
    controller.abort(new Error('enough'));
    await queue.put('kept');
    await Promise.all([aborted, late.catch(() => queue.put('kept'))]);
    assert.equal(await queue.get(), 'kept');
    await refused(() => queue.get({ signal: AbortSignal.abort(new Error('before')) }), /before/);
    await refused(() => queue.put(1, { signal: AbortSignal.abort(new Error('before')) }), /before/);
    assert.equal(await queue.qsize(), 0);
  });

  rule('join of a Queue waits for taskDone of each item', async () => {
    const queue = family.queue();
    assert.equal(await queue.join(), true);
    await queue.putMany([1, 2]);
    assert.equal(await queue.join(5), false);
    await queue.getMany(2);
    const joining = queue.join();
    await queue.taskDone();
    assert.equal((await queue.statistics()).unfinishedTasks, 1);
    await queue.taskDone();
    assert.equal(await joining, true);
    await refused(() => queue.taskDone(), RangeError);
  });

  rule('a Queue that is shut down takes nothing more, gives what it has, and ends iterations', async () => {
    const queue = family.queue(2);
    await queue.putMany([1, 2]);
    const late = refused(() => queue.put(3), ShutDown);
    await until(async () => (await queue.statistics()).waitingPutters === 1);
    await queue.shutdown();
    await late;
    assert.equal(await queue.isShutDown, true);
    await refused(() => queue.putNowait(3), ShutDown);
    await refused(() => queue.putMany([]), ShutDown);
    const seen: unknown[] = [];
    for await (const item of queue) seen.push(item);
    assert.deepEqual(seen, [1, 2]);
    await refused(() => queue.get(), ShutDown);
    await refused(() => queue.getNowait(), ShutDown);
  });

  rule('gets that wait are told of a shutdown, and an immediate one throws the items away', async () => {
    const queue = family.queue();
    const waiting = refused(() => queue.get(), ShutDown);
    await until(async () => (await queue.statistics()).waitingGetters === 1);
    await queue.shutdown();
    await waiting;
    const other = family.queue();
    await other.putMany([1, 2, 3]);
    await other.get();
    await other.shutdown({ immediate: true });
    await refused(() => other.get(), ShutDown);
    assert.deepEqual([await other.qsize(), (await other.statistics()).unfinishedTasks], [0, 1]);
    await other.taskDone();
    assert.equal(await other.join(), true);
  });

  rule('a loop over a Queue that is left takes no further item', async () => {
    const queue = family.queue();
    await queue.putMany([1, 2, 3]);
    for await (const item of queue) if (item === 2) break;
    assert.equal(await queue.get(), 3);
  });

  rule('what cannot cross is refused by its path, and nothing goes in', async () => {
    const queue = family.queue();
    for (const value of [Symbol('own'), new WeakMap(), Promise.resolve(), new AbortController().signal]) {
      await refused(
        () => queue.put({ a: [value] }),
        (error: Error) => error instanceof SerializationError && error.message.includes('item.a[0]'),
      );
      await refused(
        () => queue.putMany([1, { b: value }]),
        (error: Error) => error instanceof SerializationError && error.message.includes('.b'),
      );
    }
    assert.equal(await queue.qsize(), 0);
  });

  rule('wrong arguments of a Queue are refused', async () => {
    const queue = family.queue();
    await refused(() => queue.get(-1), RangeError);
    await refused(() => queue.get('soon' as never), TypeError);
    await refused(() => queue.getMany(0), RangeError);
    await refused(() => queue.putMany(7 as never), TypeError);
    await refused(() => queue.put(1, { now: true } as never), /unknown key 'now'/);
    await refused(() => queue.shutdown({ fast: true } as never), /unknown key 'fast'/);
    await refused(() => family.queue('many' as never), TypeError);
    await refused(() => family.barrier(0), RangeError);
    await refused(() => family.semaphore(-1), RangeError);
  });
}
