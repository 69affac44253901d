/**
 * The allocator under the schedules of two threads, one of which may die at any step: whatever is left, the heap is whole, and what the living
 * hold is theirs.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, segmentSize, theAgent } from '#src/memory/index.js';
import { collect } from '#src/memory/heap/heap.js';
import { allocateOwned, freeOwned } from '#src/memory/objects/owned.js';
import { model, type ModelEnd, modelRandom, type ModelTest, once } from '#src/testing/model/index.js';
import { checkHeap } from '../check-heap.js';

/** A whole segment, as pages may be anywhere in it. */
const segmentWords = segmentSize / 4;
const isLong = process.env['HEDDLE_LONG'] === '1';

/** The owner of a block: each owner writes its own number all over it. */
function fill(block: Block, words: number, number: number): void {
  once(() => {
    for (let i = 2; i < words; i += 1) {
      assert.equal(block.words[block.at + i], 0, 'a new block is not zero');
      block.words[block.at + i] = number;
    }
  });
}

function check(block: Block, words: number, number: number): void {
  once(() => {
    for (let i = 2; i < words; i += 1) assert.equal(block.words[block.at + i], number, 'another thread has the same block');
  });
}

const user = (number: number, sizes: readonly number[]) =>
  function user(): void {
    const blocks = sizes.map((words) => {
      const block = allocateOwned(words);
      fill(block, words, number);
      return block;
    });
    blocks.forEach((block, i) => check(block, sizes[i]!, number));
    for (const block of blocks) freeOwned(block);
  };

/** Of a thread that lives, its ledger stays. */
const ledgerBytes = 1024;

function whole(_: void, { dead }: ModelEnd): void {
  collect();
  assert.equal(checkHeap(theAgent().memory).used, ledgerBytes * (2 - dead.length), 'what is in use is not the ledgers of the living');
}

const cases: Record<string, ModelTest<void>> = {
  'two threads': { threads: [user(1, [32]), user(2, [32])], setup: () => {}, after: whole, words: segmentWords },
  'two threads, one of which dies': {
    threads: [user(1, [32]), user(2, [32])],
    setup: () => {},
    after: whole,
    words: segmentWords,
    deaths: 1,
  },
};

for (const [name, options] of Object.entries(cases)) {
  test(`${name}: the heap is whole under every schedule`, (t) => {
    const { schedules, steps, perSecond } = model({ ...options, preemptions: 2, limit: isLong ? 100_000 : 1000 });
    t.diagnostic(`${schedules} schedules, ${steps} steps, ${perSecond} a second`);
    const random = modelRandom({ ...options, runs: isLong ? 20_000 : 500, seed: 1 });
    t.diagnostic(`${random.runs} at random, ${random.perSecond} a second`);
  });
}
