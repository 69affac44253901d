/** Event loops in the model: a body that takes turns, and others that ring its bell. */

import { exchange, load, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, ring, theAgent } from '#src/memory/index.js';
import { model, type ModelHeap, turn } from '#src/testing/model/index.js';
import { failureOf } from './words.js';

/** The first thread's loop waits for `posters` posts. */
function posting(posters: number, look: (block: Block) => number, post: (block: Block, number: number) => void) {
  const loop = (block: Block): void => {
    const got = { posts: 0 };
    const wait = {
      step: () => void (got.posts += look(block)),
      probe: () => {},
      pass: () => {},
    };
    theAgent().waits.add(wait);
    while (got.posts < posters) turn();
    theAgent().waits.delete(wait);
  };
  const poster = (number: number) => (block: Block) => post(block, number);
  return {
    threads: [loop, ...Array.from({ length: posters }, (_, number) => poster(number + 1))],
    setup: (heap: ModelHeap) => {
      const block = heap.take(posters + 1, 'post');
      // The loop's thread has the first slot of the threads.
      block.words[block.at] = theAgent().id - posters - 1;
      return block;
    },
    preemptions: Infinity,
  };
}

function postAndRing({ words, at }: Block, number: number): void {
  store(words, at + number, 1);
  ring(words[at]!);
}

const lookAtAll = ({ words, at }: Block): number => exchange(words, at + 1, 0) + exchange(words, at + 2, 0);

test('a ring is not lost when the bell is cleared before the look', () => {
  const { isComplete, schedules } = model(posting(2, lookAtAll, postAndRing));
  assert.equal(isComplete, true);
  assert.ok(schedules > 10, String(schedules));
});

test('a ring before there is something to see is found as a fault', () => {
  const tooEarly = ({ words, at }: Block, number: number): void => {
    ring(words[at]!);
    store(words, at + number, 1);
  };
  assert.match(failureOf(() => model(posting(2, lookAtAll, tooEarly))).message, /loop waits for its bell/);
});

test('a kicked loop does not wait for its bell', () => {
  let steps = 0;
  const loop = (block: Block): void => {
    let own = 0;
    theAgent().waits.add({ step: () => void (own += load(block.words, block.at) + 1), probe: () => {}, pass: () => {} });
    theAgent().waits.kick();
    assert.equal(turn(), 'wake');
    steps = own;
  };
  model({ threads: [loop], setup: (heap) => heap.take(1, 'word') });
  assert.equal(steps, 1);
});

/** A loop that takes one turn, and one that rings its bell. */
function ringing(turned: (by: string) => void, ms?: number) {
  return {
    threads: [
      function loop() {
        theAgent().waits.add({ step: () => turned('step'), probe: () => turned('probe'), pass: () => {} });
        turned(turn(ms));
      },
      function ringer({ words, at }: Block) {
        ring(words[at]!);
      },
    ],
    setup: (heap: ModelHeap) => {
      const block = heap.take(1, 'loop');
      block.words[block.at] = theAgent().id - 2;
      return block;
    },
    preemptions: Infinity,
  };
}

test('the tick of a loop comes after a death only', () => {
  const by = new Set<string>();
  model(ringing((one) => by.add(one)));
  assert.deepEqual([...by].sort(), ['step', 'wake']);
  model({ ...ringing((one) => by.add(one)), deaths: 1, mayDie: [1] });
  assert.deepEqual([...by].sort(), ['probe', 'slice', 'step', 'wake']);
});

test('the time of a turn ends it, without a step of the waits', () => {
  const by = new Set<string>();
  model({ ...ringing((one) => by.add(one), 100), timeouts: 1 });
  assert.deepEqual([...by].sort(), ['step', 'timeout', 'wake']);
});
