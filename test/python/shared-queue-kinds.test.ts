/**
 * The assertions of CPython's test_queue on LifoQueue and PriorityQueue, and of test_deque on deques, as far as they have the calls:
 * between threads, between processes, and between both. The common assertions on all queues are in `queues/`.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deque, Empty, Full } from 'heddle';
import { everywhere, inBothForms, until } from '../sync/crew.js';
import { LifoQueue, PriorityQueue, Queue } from '../sync/made.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const orders: readonly (readonly [new (maxSize?: number) => Queue<any>, readonly number[]])[] = [
  [Queue, [111, 333, 222]],
  [LifoQueue, [222, 333, 111]],
  [PriorityQueue, [111, 222, 333]],
];

for (const [Class, order] of orders) {
  inBothForms(`${Class.name}, basic: its order, its bounds, and calls that wait at them`, async (crew, form) => {
    const queue: Queue<number> = new Class(3);
    const put = (item: number, options?: { timeout?: number; block?: boolean }): unknown =>
      form === 'sync' ? queue.putSync(item, options) : queue.put(item, options);
    const get = (options?: { timeout?: number; block?: boolean }): unknown =>
      form === 'sync' ? queue.getSync(options) : queue.get(options);
    for (let round = 0; round < 2; round += 1) {
      assert.equal(queue.qsize(), 0);
      for (const item of [111, 333, 222]) await put(item);
      assert.deepEqual([await get(), await get(), await get()], order);
      for (const item of [1, 2]) await put(item);
      assert.ok(!queue.empty() && !queue.full());
      await put(3);
      assert.ok(queue.full());
      for (const options of [{ block: false }, { timeout: 5 }]) await assert.rejects(async () => put(4, options), Full);
      const putting = crew.run(() => queue.putSync(4));
      await until(() => queue.statistics().waitingPutters === 1);
      await get();
      await putting;
      for (let left = 3; left > 0; left -= 1) await get();
      assert.ok(queue.empty());
      for (const options of [{ block: false }, { timeout: 5 }]) await assert.rejects(async () => get(options), Empty);
      const getting = crew.run(() => queue.getSync());
      await until(() => queue.statistics().waitingGetters === 1);
      await put(5);
      assert.equal(await getting, 5);
    }
  });
}

test('PriorityQueue: random priorities come out sorted, as heapq does it', () => {
  const queue = new PriorityQueue<number>();
  let seed = 1;
  const numbers = upTo(3000).map(() => (seed = (seed * 48_271) % 0x7fff_ffff) - 2 ** 30);
  for (const number of numbers.slice(0, 2000)) queue.putSync(number);
  queue.putManySync(numbers.slice(2000));
  assert.deepEqual(
    queue.getManySync(5000),
    numbers.toSorted((one, other) => one - other),
  );
});

everywhere('deque, basics: both ends, 200 items on each side', async (crew) => {
  const deque = new Deque<number>();
  await crew.run(() => {
    for (let n = 0; n < 200; n += 1) {
      deque.appendSync(n);
      deque.appendLeftSync(-n - 1);
    }
  });
  assert.deepEqual(
    [...deque],
    upTo(400).map((n) => n - 200),
  );
  const left = upTo(250).map(() => deque.popLeftSync());
  assert.deepEqual(
    left,
    upTo(250).map((n) => n - 200),
  );
  const right = upTo(150).map(() => deque.popSync());
  assert.deepEqual(
    right.toReversed(),
    upTo(150).map((n) => n + 50),
  );
  assert.equal(deque.length, 0);
});

test('deque, underflow: pop and popleft of an empty one fail', async () => {
  const deque = new Deque<number>();
  assert.throws(() => deque.popSync(0), Empty);
  assert.throws(() => deque.popLeftSync({ block: false }), Empty);
  await assert.rejects(Promise.resolve(deque.pop(0)), Empty);
  await assert.rejects(Promise.resolve(deque.popLeft(1)), Empty);
});

test('deque, maxlen: append, appendleft, extend and extendleft keep the latest', () => {
  const deque = new Deque<number>(3);
  assert.equal(deque.maxLen, 3);
  deque.extendSync(upTo(10));
  assert.deepEqual([...deque], [7, 8, 9]);
  deque.appendSync(10);
  assert.deepEqual([...deque], [8, 9, 10]);
  deque.extendLeftSync(upTo(10));
  assert.deepEqual([...deque], [9, 8, 7]);
  deque.appendLeftSync(10);
  assert.deepEqual([...deque], [10, 9, 8]);
  assert.throws(() => new Deque(-1), RangeError);
  assert.throws(() => new Deque('abc' as never), TypeError);
  assert.equal(new Deque().maxLen, 0);
});

test('deque, extend and extendleft: any iterable, also the deque itself; what is none is refused', () => {
  const deque = new Deque<string>();
  deque.extendSync('abcd');
  deque.extendSync([]);
  deque.extendSync(deque);
  assert.equal([...deque].join(''), 'abcdabcd');
  const other = new Deque<string>();
  other.extendLeftSync('abcd');
  other.extendLeftSync([]);
  assert.equal([...other].join(''), 'dcba');
  other.extendLeftSync(other);
  assert.equal([...other].join(''), 'abcddcba');
  assert.throws(() => deque.extendSync(1 as never), TypeError);
});

test('deque, rotate: any number of steps in both directions, of empty ones too', () => {
  const letters = 'abcde';
  for (let steps = -12; steps <= 12; steps += 1) {
    const deque = new Deque<string>();
    deque.extendSync(letters);
    deque.rotate(steps);
    const at = ((-steps % 5) + 5) % 5;
    assert.equal([...deque].join(''), letters.slice(at) + letters.slice(0, at));
    deque.rotate(-steps);
    assert.equal([...deque].join(''), letters);
  }
  const deque = new Deque<number>();
  deque.rotate();
  deque.rotate(-5);
  deque.appendSync(1);
  deque.rotate(3);
  assert.deepEqual([...deque], [1]);
  assert.throws(() => deque.rotate('x' as never), TypeError);
});

test('deque, len and the queue that is made of one: 1,000 that come at one end and go at the other', () => {
  const deque = new Deque<number>();
  for (let n = 0; n < 10; n += 1) deque.appendSync(n);
  for (let n = 10; n < 1000; n += 1) {
    assert.equal(deque.popLeftSync(), n - 10);
    deque.appendSync(n);
    assert.equal(deque.length, 10);
  }
});
