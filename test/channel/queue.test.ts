/**
 * The peculiarities of queues that threads and processes share: the kinds of items, and their place. The common behaviour of queues is in
 * `queues/`.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Empty, SerializationError, share, ShutDown } from 'heddle';
import { heapStatistics } from 'heddle/lowlevel';
import { everywhere, isNative } from '../sync/crew.js';
import { Event, Lock, Queue } from '../sync/made.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

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

test('what only threads can share, an AbortSignal, and what cannot cross at all are refused by path, and use no place', async () => {
  const { port1, port2 } = new MessageChannel();
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: new (descriptor: object) => object } })
    .WebAssembly;
  const refused: readonly unknown[] = [
    new SharedArrayBuffer(8),
    new Uint8Array(new SharedArrayBuffer(8)),
    new Memory({ initial: 1, maximum: 1, shared: true }),
    port1,
    AbortSignal.abort(),
    new AbortController().signal,
    Symbol('own'),
    new WeakMap(),
    Promise.resolve(),
  ];
  const isRefusal =
    (path: string) =>
    (error: unknown): boolean =>
      error instanceof SerializationError && error.message.includes(path);
  const queue = new Queue(1);
  for (const value of refused) {
    await assert.rejects(async () => queue.put({ a: [value] }), isRefusal('item.a[0]'));
    assert.throws(() => queue.putSync(new Map([['key', value]])), isRefusal('item'));
    assert.throws(() => queue.putNowait(value), isRefusal('item'));
    await assert.rejects(async () => queue.putMany([1, { value }]), isRefusal('.value'));
    assert.throws(() => queue.putManySync([1, [value]]), isRefusal('[0]'));
  }
  assert.deepEqual([queue.qsize(), queue.statistics().puts], [0, 0]);
  await queue.put('next');
  assert.equal(queue.getNowait(), 'next');
  port2.close();
});

test('a share()d array that is an item a thousand times is never copied, and comes back as itself', async () => {
  const queue = new Queue<{ readonly data: Uint8Array; readonly part: Uint8Array }>();
  const data = share(new Uint8Array(9 * 2 ** 20).fill(5));
  const before = heapStatistics().used;
  for (let i = 0; i < 500; i += 1) await queue.put({ data, part: data.subarray(i) });
  queue.putManySync(Array.from({ length: 500 }, (_, i) => ({ data, part: data.subarray(i) })));
  assert.ok(heapStatistics().used - before < 2 ** 20, `${heapStatistics().used - before} bytes`);
  for (const item of await queue.getMany(Infinity)) assert.ok(item.data === data && item.part.buffer === data.buffer);
});

test('moved buffers are empty here', async () => {
  const queue = new Queue<ArrayBuffer>();
  const buffer = new ArrayBuffer(16);
  await queue.put(buffer, { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  assert.equal((await queue.get()).byteLength, 16);
});

test('the unbounded queue grows and shrinks, and never blocks', () => {
  const queue = new Queue<string>();
  const { used } = heapStatistics();
  for (let n = 0; n < 20_000; n += 1) queue.putSync(`item ${n}`);
  assert.ok(heapStatistics().used > used + 20_000 * 16);
  for (let n = 0; n < 20_000; n += 1) assert.equal(queue.getSync(), `item ${n}`);
  assert.throws(() => queue.getNowait(), Empty);
  // The chunk in use, and one that is spare.
  assert.ok(heapStatistics().used <= used + 2 * 65_536, `${heapStatistics().used - used} bytes`);
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
  const used = (): { heap: number; resident: number } => ({ heap: heapStatistics().size, resident: process.memoryUsage.rss() });
  const pass = (items: number): void => {
    for (let n = 0; n < items; n += 1) {
      queue.putSync(item);
      queue.getSync();
    }
  };
  pass(100);
  const before = used();
  // 20 GB, where there is time for it.
  pass(isLong ? 20_000 : 300);
  const after = used();
  if (isLong) console.log(`resident: ${before.resident >> 20} MiB, ${after.resident >> 20} MiB after 20 GB`);
  assert.ok(after.heap <= before.heap + (16 << 20), `${after.heap} after ${before.heap}`);
  assert.ok(after.resident <= before.resident + (256 << 20), `${after.resident} after ${before.resident}`);
});

test('items of many large parts come as they were put', async () => {
  const queue = new Queue<Record<string, unknown>>();
  const item = {
    text: 'ä'.repeat(50_000) + '界'.repeat(50_000),
    bytes: new Uint8Array(200_000).map((_, i) => i * 7),
    doubles: Float64Array.from({ length: 20_000 }, (_, i) => i / 3),
    numbers: Array.from({ length: 30_000 }, (_, i) => i * i),
    rest: Array.from({ length: 3000 }, (_, i) => ({ i, name: `number ${i}` })),
    more: new Uint8Array(100_000).fill(3).buffer,
  };
  await queue.put(item);
  await queue.putMany([item, { bytes: item.bytes }]);
  assert.deepEqual(await queue.get(), item);
  assert.deepEqual(queue.getSync(), item);
  assert.deepEqual(await queue.getMany(2), [{ bytes: item.bytes }]);
});

test('a large item may put another one while it is encoded', () => {
  const queue = new Queue<{ bytes: Uint8Array; n: number }>();
  const inner = { bytes: new Uint8Array(150_000).fill(1), n: 1 };
  const outer = {
    bytes: new Uint8Array(300_000).fill(2),
    get n() {
      queue.putSync(inner);
      return 2;
    },
  };
  queue.putSync(outer);
  assert.deepEqual(queue.getSync(), inner);
  assert.deepEqual(queue.getSync(), { bytes: outer.bytes.slice(), n: 2 });
});

test('a large item that cannot cross leaves nothing in the heap', () => {
  const queue = new Queue();
  const before = heapStatistics().used;
  for (let i = 0; i < 10; i += 1)
    assert.throws(() => queue.putSync({ bytes: new Uint8Array(1_000_000), signal: new AbortController().signal }), SerializationError);
  assert.equal(heapStatistics().used, before);
});

test('handles that are taken together with other items are in the hands of their taker', async () => {
  const queue = new Queue();
  const locks = Array.from({ length: 12 }, () => new Lock());
  const before = heapStatistics().parcels;
  for (const take of [() => queue.getManySync(36), async () => queue.getMany(36)]) {
    await queue.putMany(locks.flatMap((lock, i) => [`item ${i}`, { lock }, i]));
    const got = await take();
    assert.equal(got.length, 36);
    for (const [i, lock] of locks.entries()) {
      assert.deepEqual([got[i * 3], got[i * 3 + 2]], [`item ${i}`, i]);
      const their = (got[i * 3 + 1] as { lock: Lock }).lock;
      assert.equal(their, lock);
    }
    assert.equal(heapStatistics().parcels, before);
  }
  // Taken items that could not be returned come back whole.
  await queue.putMany([1, { lock: locks[0] }, 'two', { lock: locks[1] }]);
  const aborted = new AbortController();
  const taking = queue.getMany(4, { signal: aborted.signal });
  aborted.abort();
  const [...rest] = await Promise.resolve(taking).catch(() => queue.getManySync(4));
  assert.deepEqual(rest, [1, { lock: locks[0] }, 'two', { lock: locks[1] }]);
  assert.equal(heapStatistics().parcels, before);
});
