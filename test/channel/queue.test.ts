/** What users see of a Queue, between threads, between processes, and between both. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Empty, Event, Full, InvalidStateError, JoinableQueue, Lock, Queue, SerializationError, ShutDown, SimpleQueue } from 'heddle';
import { heapStatistics } from 'heddle/lowlevel';
import { everywhere, inBothForms, isNative, until } from '../sync/crew.js';
import type { Form } from '../sync/forms.js';

const put = <T>(form: Form, queue: Queue<T>, item: T, timeout?: number): Promise<void> | void =>
  form === 'sync' ? queue.putSync(item, timeout) : Promise.resolve(queue.put(item, timeout));
const get = <T>(form: Form, queue: Queue<T>, timeout?: number): Promise<T> | T =>
  form === 'sync' ? queue.getSync(timeout) : Promise.resolve(queue.get(timeout));

inBothForms('items of several producers arrive once, each producer in its order', async (crew, form) => {
  const queue = new Queue<[producer: number, n: number]>();
  const producers = crew.bunch(3, async (producer) => {
    for (let n = 0; n < 200; n += 1) await put(form, queue, [producer, n]);
  });
  const consumers = crew.bunch(3, async () => {
    const got: [number, number][] = [];
    try {
      for (;;) got.push(await get(form, queue));
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error;
      return got;
    }
  });
  await Promise.all(producers);
  queue.shutdown();
  const got = await Promise.all(consumers);
  for (const own of got)
    for (const producer of [0, 1, 2]) {
      const its = own.filter(([from]) => from === producer).map(([, n]) => n);
      assert.deepEqual(
        its,
        its.toSorted((one, other) => one - other),
      );
    }
  assert.equal(new Set(got.flat().map(([producer, n]) => producer * 1000 + n)).size, 600);
  assert.equal(got.flat().length, 600);
});

inBothForms('a bounded queue holds no more than its size', async (crew, form) => {
  const queue = new Queue<number>(3);
  const putting = crew.run(async () => {
    for (let n = 0; n < 100; n += 1) await put(form, queue, n);
  });
  await until(() => queue.full());
  await until(() => queue.statistics().waitingPutters === 1);
  const got: number[] = [];
  for (let n = 0; n < 100; n += 1) {
    assert.ok(queue.qsize() <= 3);
    got.push(await queue.get());
  }
  await putting;
  assert.deepEqual(
    got,
    Array.from({ length: 100 }, (_, n) => n),
  );
});

inBothForms('put and get give up in time, and leave nothing behind', async (crew, form) => {
  const queue = new Queue<number>(1);
  const outcome = await crew.run(async () => {
    const names: string[] = [];
    const name = async (call: () => unknown): Promise<void> => {
      try {
        await call();
        names.push('done');
      } catch (error) {
        names.push((error as Error).name);
      }
    };
    await name(() => get(form, queue, 1));
    await name(() => get(form, queue, 0));
    await name(() => put(form, queue, 1, 0));
    await name(() => put(form, queue, 2, 1));
    await name(() => put(form, queue, 2, 0));
    await name(() => queue.putNowait(3));
    await name(() => queue.getNowait());
    await name(() => queue.getNowait());
    return names;
  });
  assert.deepEqual(outcome, ['Empty', 'Empty', 'done', 'Full', 'Full', 'Full', 'done', 'Empty']);
  const { waitingGetters, waitingPutters, size } = queue.statistics();
  assert.deepEqual([waitingGetters, waitingPutters, size], [0, 0, 0]);
});

everywhere('a shutdown ends those that wait, and iterations when all is taken', async (crew) => {
  const queue = new Queue<number>();
  const waiting = crew.bunch(2, async () => {
    const got: number[] = [];
    for await (const item of queue) got.push(item);
    return got;
  });
  await queue.putMany([1, 2, 3]);
  queue.shutdown();
  const got = await Promise.all(waiting);
  assert.deepEqual(
    got.flat().toSorted((one, other) => one - other),
    [1, 2, 3],
  );
  await assert.rejects(Promise.resolve(queue.put(4)), ShutDown);
  assert.throws(() => queue.putNowait(4), ShutDown);
  await assert.rejects(Promise.resolve(queue.get()), ShutDown);
});

test('an immediate shutdown throws the items away', async () => {
  const queue = new Queue(2);
  await queue.put(new Lock());
  await queue.put('x'.repeat(100_000));
  const late = assert.rejects(Promise.resolve(queue.put(3)), ShutDown);
  queue.shutdown({ immediate: true });
  await late;
  assert.equal(queue.qsize(), 0);
  assert.throws(() => queue.getNowait(), ShutDown);
  assert.equal(await queue.join(0), true);
});

everywhere('join waits until each item is done', async (crew) => {
  const queue = new JoinableQueue<number>();
  await queue.putMany([1, 2, 3, 4]);
  assert.equal(await queue.join(1), false);
  const joined = crew.run(() => queue.joinSync());
  await crew.run(() => {
    for (let i = 0; i < 4; i += 1) {
      queue.getSync();
      queue.taskDone();
    }
  });
  assert.equal(await joined, true);
  assert.equal(await queue.join(), true);
  assert.throws(() => queue.taskDone(), RangeError);
});

everywhere('handles, large items and the queue itself are items', async (crew) => {
  const queue = new Queue();
  const event = new Event();
  await queue.putMany([{ event }, queue, new Uint8Array(300_000).fill(7), 'x'.repeat(20_000), { own: queue, bytes: new Uint8Array(9000) }]);
  const seen = await crew.run(() => {
    const [first, own, bytes, text, both] = queue.getManySync(5) as [
      { event: Event },
      Queue,
      Uint8Array,
      string,
      { own: Queue; bytes: Uint8Array },
    ];
    first.event.set();
    return [own === queue, both.own === queue, both.bytes.length, bytes.length, bytes.every((byte) => byte === 7), text.length];
  });
  assert.deepEqual(seen, [true, true, 9000, 300_000, true, 20_000]);
  assert.ok(event.isSet());
});

test('an item that cannot cross is refused by path, and uses no place', async () => {
  const queue = new Queue(1);
  await assert.rejects(Promise.resolve(queue.put({ a: [new SharedArrayBuffer(8)] })), (error) => {
    assert.ok(error instanceof SerializationError);
    assert.match(error.message, /item\.a\[0\]/);
    return true;
  });
  assert.throws(() => queue.putSync(AbortSignal.timeout(1000)), SerializationError);
  assert.throws(() => queue.putManySync([1, Symbol('own')]), SerializationError);
  assert.equal(queue.qsize(), 0);
});

test('putMany that fails half-way says how many went in', async () => {
  const queue = new Queue<number>(2);
  await assert.rejects(Promise.resolve(queue.putMany([1, 2, 3], 1)), (error) => {
    assert.ok(error instanceof Full);
    assert.equal((error as { count?: number }).count, 2);
    return true;
  });
  assert.throws(
    () => queue.putManySync([1, 2], { block: false }),
    (error) => error instanceof Full && (error as { count?: number }).count === 0,
  );
  assert.deepEqual(await queue.getMany(10), [1, 2]);
});

test('a sync put goes behind the async puts of its thread that still wait', async () => {
  const queue = new Queue<number>(1);
  await queue.put(0);
  const waiting = [queue.put(1), queue.putMany([2, 3])];
  const got: number[] = [queue.getNowait()];
  while (got.length < 4) got.push(await queue.get());
  await Promise.all(waiting);
  assert.deepEqual(got, [0, 1, 2, 3]);
  const last = queue.put(4);
  assert.throws(() => queue.putSync(5, 0), Full);
  await last;
  assert.equal(queue.getNowait(), 4);
});

test('an abort ends a wait with its reason, and takes nothing', async () => {
  const queue = new Queue<number>(1);
  const controller = new AbortController();
  const getting = Promise.resolve(queue.get({ signal: controller.signal }));
  controller.abort(new Error('enough'));
  await assert.rejects(getting, /enough/);
  await queue.put(1);
  const putting = Promise.resolve(queue.put(2, { signal: AbortSignal.abort(new Error('never')) }));
  await assert.rejects(putting, /never/);
  assert.deepEqual([queue.getNowait(), queue.qsize()], [1, 0]);
});

test('leaving a loop withdraws its get', async () => {
  const queue = new Queue<number>();
  const iterator = queue[Symbol.asyncIterator]();
  const pending = iterator.next();
  assert.deepEqual(await iterator.return!(), { done: true, value: undefined });
  assert.deepEqual(await pending, { done: true, value: undefined });
  await queue.put(1);
  assert.equal(queue.getNowait(), 1);
});

test('a loop that always finds an item leaves the event loop its turn', async () => {
  const queue = new Queue<number>();
  await queue.putMany([1]);
  const turn = { hasCome: false };
  setImmediate(() => (turn.hasCome = true));
  while (!turn.hasCome) {
    await queue.put(await queue.get());
  }
});

test('moved buffers are empty here', async () => {
  const queue = new Queue<ArrayBuffer>();
  const buffer = new ArrayBuffer(16);
  await queue.put(buffer, { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  assert.equal((await queue.get()).byteLength, 16);
});

test('a closed handle is refused, and the others go on', async () => {
  const queue = new Queue<number>();
  const waiting = assert.rejects(Promise.resolve(queue.get()), InvalidStateError);
  queue.close();
  queue.close();
  await waiting;
  for (const call of [
    () => queue.putNowait(1),
    () => queue.getNowait(),
    () => queue.put(1),
    () => queue.get(),
    () => queue.qsize(),
    () => queue.taskDone(),
    () => queue.join(),
  ])
    assert.throws(call, InvalidStateError);
  assert.match(inspect(queue), /closed here/);
});

test('bad arguments are refused at the call', () => {
  const queue = new Queue<number>(1);
  assert.throws(() => new Queue(2 ** 31), /expected maxSize to be an integer <= 2147483647, got 2147483648/);
  assert.throws(() => new Queue('3' as never), TypeError);
  assert.throws(() => queue.put(1, -1), RangeError);
  assert.throws(() => queue.get({ timeOut: 1 } as never), /unknown key 'timeOut'/);
  assert.throws(() => queue.getSync({ signal: AbortSignal.timeout(1) } as never), /get\(\)/);
  assert.throws(() => queue.getMany(0), RangeError);
  assert.throws(() => queue.putMany(3 as never), /expected items to be an iterable, got 3/);
  assert.throws(() => queue.get({ block: 1 } as never), TypeError);
  assert.throws(() => queue.shutdown({ immediate: 1 } as never), TypeError);
  assert.equal(queue.qsize(), 0);
});

test('the unbounded queue grows and shrinks, and never blocks', () => {
  const queue = new Queue<string>();
  for (let n = 0; n < 20_000; n += 1) queue.putSync(`item ${n}`);
  for (let n = 0; n < 20_000; n += 1) assert.equal(queue.getSync(), `item ${n}`);
  assert.throws(() => queue.getNowait(), Empty);
});

everywhere('SimpleQueue hands items on', async (crew) => {
  const queue = new SimpleQueue<number>();
  const getting = crew.run(() => [queue.getSync(), queue.getSync()]);
  await queue.put(1);
  queue.putSync(2);
  assert.deepEqual(await getting, [1, 2]);
  assert.ok(queue.empty());
  assert.throws(() => queue.getSync(0), Empty);
});

test('large memory is writable and the receiver’s own, and cannot be given away where it is a view', async () => {
  const queue = new Queue<Uint8Array>();
  const sent = new Uint8Array(300_000).fill(1);
  await queue.putMany([sent, sent]);
  const [first, second] = (await queue.getMany(2)) as [Uint8Array, Uint8Array];
  first.fill(2);
  assert.ok(second.every((byte) => byte === 1) && sent.every((byte) => byte === 1) && first.every((byte) => byte === 2));
  await queue.put(first);
  assert.deepEqual(await queue.get(), first);
  if (!isNative) return;
  await assert.rejects(Promise.resolve(queue.put(first, { transfer: [first.buffer as ArrayBuffer] })), /slice\(\)/);
});

test('a loop of getSync() that never reaches the event loop takes no more memory than its items need', () => {
  const queue = new Queue<Uint8Array>();
  const item = new Uint8Array(1 << 20);
  const used = (): number => heapStatistics().size;
  for (let n = 0; n < 100; n += 1) {
    queue.putSync(item);
    queue.getSync();
  }
  const after100 = used();
  for (let n = 0; n < 300; n += 1) {
    queue.putSync(item);
    queue.getSync();
  }
  assert.ok(used() <= after100 + (16 << 20), `${used()} after ${after100}`);
});
