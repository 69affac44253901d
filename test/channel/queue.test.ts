/** What is particular to queues that threads and processes share: what items may be, and where they lie. What all queues do is in `queues/`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Empty, Event, Lock, Queue, SerializationError, ShutDown } from 'heddle';
import { heapStatistics } from 'heddle/lowlevel';
import { everywhere, isNative } from '../sync/crew.js';

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

test('moved buffers are empty here', async () => {
  const queue = new Queue<ArrayBuffer>();
  const buffer = new ArrayBuffer(16);
  await queue.put(buffer, { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  assert.equal((await queue.get()).byteLength, 16);
});

test('the unbounded queue grows and shrinks, and never blocks', () => {
  const queue = new Queue<string>();
  for (let n = 0; n < 20_000; n += 1) queue.putSync(`item ${n}`);
  for (let n = 0; n < 20_000; n += 1) assert.equal(queue.getSync(), `item ${n}`);
  assert.throws(() => queue.getNowait(), Empty);
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
