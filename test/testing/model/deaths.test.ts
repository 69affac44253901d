/** Threads of the model die at any step, and what waits for them looks around only then. */

import { compareExchange, load, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, isDead, me } from '#src/memory/index.js';
import { model, type ModelHeap } from '#src/testing/model/index.js';
import { failureOf, sleep, wake } from './words.js';

test('a thread can die at every step', () => {
  const reached = new Set<string>();
  const { schedules } = model({
    threads: [
      ({ words, at }: Block) => {
        for (let i = 1; i <= 5; i += 1) store(words, at, i);
      },
      ({ words, at }: Block) => void store(words, at + 1, 1),
    ],
    setup: (heap) => heap.take(2, 'words'),
    after: ({ words, at }, { dead }) => void reached.add(`${words[at]} ${words[at + 1]} ${dead.join()}`),
    deaths: 1,
    preemptions: 0,
  });
  const expected = ['5 1 ', '5 0 1'];
  for (const steps of [0, 1, 2, 3, 4]) expected.push(`${steps} 1 0`);
  assert.deepEqual([...reached].sort(), expected.sort());
  assert.ok(schedules >= expected.length);
});

test('only threads die that may', () => {
  const dead = new Set<number>();
  const body = ({ words, at }: Block): void => void store(words, at, 1);
  model({
    threads: [body, body, body],
    setup: (heap) => heap.take(1, 'word'),
    after: (_, end) => end.dead.forEach((number) => dead.add(number)),
    deaths: 2,
    mayDie: [0, 2],
  });
  assert.deepEqual(dead, new Set([0, 2]));
});

/** A lock whose word names its owner, so that another thread can find out that it is dead. */
function lock(block: Block, looks: boolean): void {
  const { words, at } = block;
  for (;;) {
    const owner = compareExchange(words, at, 0, me);
    if (owner === 0) return;
    if (looks && isDead(owner, false) && compareExchange(words, at, owner, me) === owner) return;
    sleep(block, 0, owner);
  }
}

function locking(looks: boolean, threads: number) {
  const body = (block: Block): void => {
    lock(block, looks);
    load(block.words, block.at + 1);
    store(block.words, block.at, 0);
    wake(block, 0, 1);
  };
  return { threads: Array.from({ length: threads }, () => body), setup: (heap: ModelHeap) => heap.take(2, 'lock') };
}

test('a lock that looks whether its owner lives holds under every schedule with a death', (t) => {
  const two = model({ ...locking(true, 2), deaths: 1, preemptions: Infinity });
  const three = model({ ...locking(true, 3), deaths: 1, preemptions: 2 });
  assert.deepEqual([two.isComplete, three.isComplete], [true, true]);
  console.log(`${t.name}: ${two.schedules} and ${three.schedules} at ${three.perSecond} runs/s`);
});

test('a lock that does not look is found to wait for a dead one', () => {
  const { message, steps } = failureOf(() => model({ ...locking(false, 2), deaths: 1 }));
  assert.match(message, /no thread can go on/);
  assert.equal(steps.filter((step) => step.includes('*** dies')).length, 1);
  assert.equal(model({ ...locking(false, 2), preemptions: Infinity }).isComplete, true);
});

test('a wake-up that a dead one took with it is found', () => {
  // The one that is woken must wake the next.
  const body = (block: Block): void => {
    sleep(block, 0, 0);
    wake(block, 0, 1);
  };
  const waker = (block: Block): void => {
    store(block.words, block.at, 1);
    wake(block, 0, 1);
  };
  const test = { threads: [body, body, waker], setup: (heap: ModelHeap) => heap.take(1, 'gate'), slices: 0 };
  assert.equal(model({ ...test, preemptions: Infinity }).isComplete, true);
  // Where no thread looks around, a chain breaks; the model's last slices would save it.
  const saved = model({ ...test, deaths: 1, mayDie: [0, 1], preemptions: Infinity });
  assert.equal(saved.isComplete, true);
});

test('slices come only after a death, unless they always may', () => {
  const sleeper = (block: Block): void => {
    while (load(block.words, block.at) === 0) sleep(block, 0, 0);
  };
  const setter = ({ words, at }: Block): void => void store(words, at, 1);
  const test = { threads: [sleeper, setter], setup: (heap: ModelHeap) => heap.take(1, 'word') };
  assert.match(failureOf(() => model(test)).message, /sleeps at word, which was 0 and is 1/);
  assert.equal(model({ ...test, slices: 'always' }).isComplete, true);
});
