/** Queues in a heap that may not grow any further: a put is refused and nothing else happens, what is there comes out, and then there is room again. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from '#src/channel/index.js';
import { HeddleError } from '#src/errors.js';
import { become } from '#src/memory/index.js';
import { PlainWorld } from '../memory/heap/plain-memory.js';

const isFull = (error: unknown): boolean => error instanceof HeddleError && error.message.includes('the shared heap is full');

/** Fills it with items, large ones first; returns how many. */
function fill<T>(queue: { putSync(item: T): void }, itemOf: (n: number, text: string) => T): number {
  let n = 0;
  for (const length of [50_000, 9000, 3000, 100]) {
    try {
      for (; ; n += 1) queue.putSync(itemOf(n, 'x'.repeat(length)));
    } catch (error) {
      assert.ok(isFull(error), String(error));
    }
  }
  return n;
}

for (const Class of [Queue, SimpleQueue, LifoQueue, PriorityQueue] as unknown as (new () => Queue<[number, string]>)[]) {
  test(`${Class.name}: a heap that is full of items refuses puts, and can be emptied`, async () => {
    become(new PlainWorld(2).thread().agent);
    const queue = new Class();
    const count = fill(queue, (n, text) => [n, text] as [number, string]);
    assert.ok(count > 100, `only ${count} items`);
    const item: [number, string] = [count, 'y'.repeat(60_000)];
    const before = queue.statistics();
    await assert.rejects(async () => queue.put(item), isFull);
    assert.throws(() => queue.putSync(item), isFull);
    if (Class.name !== 'SimpleQueue') {
      assert.throws(() => queue.putNowait(item), isFull);
      await assert.rejects(async () => queue.putMany([item, item]), isFull);
      assert.throws(() => queue.putManySync([item, item]), isFull);
    }
    assert.deepEqual(queue.statistics(), before);
    const seen: number[] = [];
    for (; !queue.empty(); ) seen.push((seen.length % 2 === 0 ? queue.getSync() : await queue.get())[0]);
    const inOrder = Array.from({ length: count }, (_, n) => n);
    assert.deepEqual(seen, Class.name === 'LifoQueue' ? inOrder.toReversed() : inOrder);
    assert.equal(queue.statistics().lost, 0);
    queue.putSync(item);
    assert.deepEqual(await queue.get(), item);
  });
}

test('small items that find no memory reject with how many went, and the ring stays whole', async () => {
  become(new PlainWorld(2).thread().agent);
  const [full, queue] = [new SimpleQueue<[number, string]>(), new Queue<string>()];
  fill(full, (n, text) => [n, text]);
  const text = 'z'.repeat(5000);
  const got: string[] = [];
  let puts = 0;
  // Until the next chunk of the ring finds no memory.
  for (let error: unknown; error === undefined; ) {
    try {
      await queue.putMany([`${puts}`, `${puts + 1} ${text}`, `${puts + 2} ${text}`]);
      puts += 3;
    } catch (refused) {
      assert.ok(isFull(refused), String(refused));
      puts += (refused as { count: number }).count;
      error = refused;
    }
  }
  assert.equal(queue.qsize(), puts);
  while (!queue.empty()) got.push(queue.getSync());
  assert.deepEqual(
    got.map((item) => Number.parseInt(item, 10)),
    Array.from({ length: puts }, (_, n) => n),
  );
  while (!full.empty()) full.getSync();
  await queue.putMany([text, text, text]);
  assert.deepEqual(await queue.getMany(3), [text, text, text]);
});
