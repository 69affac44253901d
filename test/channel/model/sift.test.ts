/**
 * A thread is stopped right after each store of a sift of 1,000 items: all of them are there, in their order, and the next one goes on. Here it leaves by an error, so that
 * every store can be tried; `ordered-killed-at-every-step.test.ts` kills processes.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Deque, LifoQueue, PriorityQueue, type Queue } from '#src/channel/index.js';
import { Items } from '#src/channel/items.js';
import { DequeStore, LEFT_END, RIGHT_END } from '#src/channel/ordered/deque-store.js';
import { HAND, ITEMS, LOG, USED } from '#src/channel/ordered/record.js';
import { QueueCore } from '#src/channel/queue-core.js';
import { TAIL_MUTEX } from '#src/channel/record.js';
import { blockAt, blockOf, replaceStepper, type Stepper, theAgent } from '#src/memory/index.js';

const many = 1000;
const stop = new Error('stopped here');

const real = Atomics as unknown as Record<string, (words: Int32Array, index: number, a: number, b: number) => number>;

/** Runs a call, and stops it right after the nth store that it makes in the mutex of a queue. False: it makes fewer. */
function stops(queue: Queue<any> | Deque<any>, call: () => void, store: number): boolean {
  const { words: own, at } = blockOf(queue);
  let left = store;
  let isInside = false;
  const stepper: Stepper = (operation, words, index, a, b) => {
    if (words === undefined) return 0;
    const result = real[operation]!(words, index, a, b);
    if (words === own && index === at + TAIL_MUTEX) isInside = operation === 'compareExchange';
    else if (operation === 'store' && isInside && --left === 0) throw stop;
    return result;
  };
  const before = replaceStepper(stepper);
  try {
    call();
    return false;
  } catch (error) {
    assert.equal(error, stop);
    return true;
  } finally {
    replaceStepper(before);
  }
}

function checkQuiet(queue: Queue<any> | Deque<any>): void {
  const { words, at } = blockOf(queue);
  assert.deepEqual([words[at + LOG], words[at + HAND]], [0, 0]);
  const items = blockAt(theAgent().memory, words[at + ITEMS]!);
  assert.equal(items.words[items.at + USED], queue.statistics().size, 'cells are lost');
}

/** Returns how many stores there are. */
function eachStore(change: (queue: PriorityQueue<number>) => void, check: (items: number[], lost: number) => void): number {
  for (let store = 1; ; store += 1) {
    const queue = new PriorityQueue<number>();
    queue.putManySync(Array.from({ length: many }, (_, n) => (n * 7919) % many));
    // The books have their entry.
    queue.putSync(-5);
    queue.getSync();
    if (!stops(queue, () => change(queue), store)) return store - 1;
    checkQuiet(queue);
    queue.putSync(many);
    check(queue.getManySync(2 * many), queue.statistics().lost);
    checkQuiet(queue);
  }
}

const upTo = (first: number): number[] => Array.from({ length: many + 1 - first }, (_, n) => first + n);

test('a get of a PriorityQueue of 1,000 items can be stopped after each of its stores', (t) => {
  let lost = 0;
  let taken = 0;
  const stores = eachStore(
    (queue) => queue.getSync(),
    (items, gone) => {
      assert.deepEqual(items, upTo(items[0]!));
      // The last of all stores says that the thread has it.
      assert.ok(gone <= items[0]! && items[0]! <= 1);
      lost += gone;
      taken += items[0]!;
    },
  );
  t.diagnostic(`${stores} stores, in ${lost} of them the item was in the hands of the thread`);
  assert.ok(stores > 20 && lost > 18, `${stores} stores, ${lost} lost`);
  assert.equal(taken, lost + 1);
});

test('a put into a PriorityQueue of 1,000 items can be stopped after each of its stores', (t) => {
  let there = 0;
  const stores = eachStore(
    (queue) => queue.putSync(-1),
    (items, lost) => {
      assert.equal(lost, 0);
      assert.deepEqual(items, upTo(items[0]!));
      there += items[0] === -1 ? 1 : 0;
    },
  );
  t.diagnostic(`${stores} stores, after ${there} of them the item was there`);
  assert.ok(stores > 20 && there > 18, `${stores} stores, ${there} there`);
});

test('a batch into a PriorityQueue of 1,000 items can be stopped after each of its stores, and is there as a whole or not at all', () => {
  const stores = eachStore(
    (queue) => queue.putManySync([-1, -2, -3, -4]),
    (items) => assert.deepEqual(items, upTo(items[0] === -4 ? -4 : 0)),
  );
  assert.ok(stores > 80, `${stores} stores`);
});

test('getMany of a LifoQueue can be stopped after each of its stores', () => {
  for (let store = 1; ; store += 1) {
    const queue = new LifoQueue<number>();
    queue.putManySync([0, 1, 2, 3, 4]);
    queue.getSync();
    if (!stops(queue, () => queue.getManySync(3), store)) break;
    checkQuiet(queue);
    const items = queue.getManySync(10);
    assert.deepEqual(items, [3, 2, 1, 0].slice(4 - items.length));
    assert.ok(items.length >= 1 && queue.statistics().lost <= 1);
  }
});

test('the row of references is replaced in one store: a put that has no room can be stopped after each of its stores', () => {
  // A row has room for 52 at first.
  for (let store = 1; ; store += 1) {
    const queue = new LifoQueue<number>();
    queue.putManySync(Array.from({ length: 52 }, (_, n) => n));
    if (!stops(queue, () => queue.putSync(52), store)) {
      assert.ok(store > 12, `${store} stores`);
      break;
    }
    checkQuiet(queue);
    const items = queue.getManySync(100);
    assert.deepEqual(
      items,
      Array.from({ length: items.length }, (_, n) => items.length - 1 - n),
    );
    assert.ok(items.length >= 52);
  }
});

for (const [name, end, other] of [
  ['left', LEFT_END, RIGHT_END],
  ['right', RIGHT_END, LEFT_END],
] as const)
  test(`an item that comes back to the ${name} end of a deque of those that came back can be stopped after each of its stores`, () => {
    for (let store = 1; ; store += 1) {
      const deque = new Deque<number>();
      const coreAt = (place: number): QueueCore<number> =>
        new QueueCore(deque, new DequeStore(blockOf(deque), place), new Items(deque), 'deque');
      const core = coreAt(end);
      const take = () => {
        assert.ok(core.buffer.take(false));
        return core.buffer.keep();
      };
      deque.extendSync(end === LEFT_END ? [1, 2, 3] : [3, 2, 1]);
      for (const message of [take(), take(), take()]) core.buffer.giveBack(message);
      // The free cell still has the mark of a returned item.
      assert.ok(coreAt(other).buffer.take(false));
      const [first, second] = [take(), take()];
      core.buffer.giveBack(first);
      const isStopped = stops(deque, () => core.buffer.giveBack(second), store);
      deque.rotate(0);
      const items = [...deque];
      checkQuiet(deque);
      if (end === RIGHT_END) items.reverse();
      assert.deepEqual(items, items.length === 1 ? [1] : [1, 2], `stopped after store ${store}`);
      if (!isStopped) {
        assert.ok(store > 12, `${store} stores`);
        break;
      }
    }
  });
