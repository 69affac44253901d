/** The model scheduler itself: it runs exactly the schedules that there are, and finds what fails under one of them. */

import { load, store } from '#atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Block } from '#dist/memory/index.js';
import { model, type ModelHeap } from '#dist/testing/model/index.js';

/** Reads and writes back, as `count += 1` does; and looks at something else. */
function increase({ words, at }: Block): void {
  const value = load(words, at);
  store(words, at, value + 1);
  load(words, at + 1);
}

function counting(threads: number, outcomes: number[]) {
  return {
    threads: Array.from({ length: threads }, () => increase),
    setup: (heap: ModelHeap) => heap.take(2, 'counter'),
    after: ({ words, at }: Block) => void outcomes.push(words[at]!),
    preemptions: Infinity,
  };
}

test('some of the twenty schedules of a counter are not run, or one twice', () => {
  const outcomes: number[] = [];
  const found = model({ ...counting(2, outcomes), sleepSets: false });
  assert.deepEqual([found.schedules, found.steps, found.isComplete], [20, 120, true]);
  assert.equal(outcomes.filter((one) => one === 1).length, 12);
});

test('three threads of three steps have other schedules than 1680', () => {
  const outcomes: number[] = [];
  assert.equal(model({ ...counting(3, outcomes), sleepSets: false }).schedules, 1680);
  assert.deepEqual(new Set(outcomes), new Set([1, 2, 3]));
});
