/** Time-outs in the model come before, after and together with what they wait for; and its clock. */

import { compareExchange, load, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, theAgent } from '#src/memory/index.js';
import { model, type ModelHeap } from '#src/testing/model/index.js';
import { failureOf, sleep, wake } from './words.js';

const GIVEN = 1;
const GIVEN_UP = 2;

/** A gives something to B, which waits for it for a second. */
function giving(giveUp: (block: Block) => string, outcomes: Set<string>) {
  let got = '';
  const giver = (block: Block): void => {
    if (compareExchange(block.words, block.at, 0, GIVEN) === 0) wake(block, 0, 1);
  };
  const getter = (block: Block): void => {
    const { memory } = theAgent();
    const end = memory.now() + 1000;
    for (;;) {
      if (load(block.words, block.at) === GIVEN) return void (got = 'in time');
      const left = end - memory.now();
      if (left <= 0) return void (got = giveUp(block));
      sleep(block, 0, 0, left);
    }
  };
  return {
    threads: [giver, getter],
    setup: (heap: ModelHeap) => heap.take(1, 'gift'),
    after: ({ words, at }: Block) => void outcomes.add(`${got}, ${words[at] === GIVEN ? 'given' : 'not given'}`),
    preemptions: Infinity,
  };
}

const rightly = ({ words, at }: Block): string => (compareExchange(words, at, 0, GIVEN_UP) === 0 ? 'too late' : 'just in time');

test('a timeout races with its event', () => {
  const outcomes = new Set<string>();
  model({ ...giving(rightly, outcomes), timeouts: 1 });
  assert.deepEqual([...outcomes].sort(), ['in time, given', 'just in time, given', 'too late, not given']);
});

test('only allowed timeouts come', () => {
  const outcomes = new Set<string>();
  model(giving(rightly, outcomes));
  assert.deepEqual([...outcomes], ['in time, given']);
});

test('a wait that gives up without looking again is found', () => {
  const wrongly = ({ words, at }: Block): string => {
    assert.notEqual(load(words, at), GIVEN, 'given to none');
    return 'too late';
  };
  const { message } = failureOf(() => model({ ...giving(wrongly, new Set()), timeouts: 1 }));
  assert.match(message, /given to none/);
  assert.match(message, /getter +\*\*\* its time is over/);
});

test('when no other thread can go on, the first timeout comes', () => {
  const order: number[] = [];
  const sleeper = (ms: number) => (block: Block) => {
    sleep(block, 0, 0, ms);
    assert.equal(theAgent().memory.now(), ms);
    store(block.words, block.at + 1, ms);
  };
  model({
    threads: [sleeper(30), sleeper(10), sleeper(20)],
    setup: (heap) => heap.take(2, 'words'),
    after: ({ words, at }, { now }) => void order.push(words[at + 1]!, now),
    preemptions: 2,
  });
  assert.deepEqual(new Set(order), new Set([30]));
});

test('time passes while a thread does something', () => {
  const seen = new Set<number>();
  const search = (delays: number) =>
    model({
      threads: [
        () => {
          const before = theAgent().memory.now();
          seen.add(theAgent().memory.now() - before);
        },
      ],
      setup: () => {},
      delays,
    });
  search(0);
  assert.deepEqual([...seen], [0]);
  search(1);
  assert.deepEqual(seen, new Set([0, 2]));
});
