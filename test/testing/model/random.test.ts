/** Random schedules: by ranks they find in some thousand runs what even ones hardly ever do. */

import { compareExchange, load, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Block } from '#src/memory/index.js';
import { modelRandom, modelReplay, type ModelHeap } from '#src/testing/model/index.js';
import { failureOf } from './words.js';

const LONG = 12;

/** Works for a while; says whether the other one has done nothing meanwhile. */
function workAlone({ words, at }: Block, mine: number): boolean {
  const before = load(words, at + 2 - mine);
  for (let i = 1; i <= LONG; i += 1) store(words, at + 1 + mine, before + i);
  return load(words, at + 2 - mine) === before;
}

/** Fails only if each of them works in the midst of the other's work, and without it: three orders. */
const deep = {
  threads: [
    (block: Block) => {
      const { words, at } = block;
      for (let i = 0; i < 4; i += 1) store(words, at + 1, -i);
      compareExchange(words, at, 0, 1);
      if (workAlone(block, 0)) assert.notEqual(compareExchange(words, at, 2, 3), 2, 'deep');
    },
    (block: Block) => {
      const { words, at } = block;
      if (load(words, at) === 1 && workAlone(block, 1)) {
        compareExchange(words, at, 1, 2);
        for (let i = 0; i < 4; i += 1) store(words, at + 2, -i);
        assert.notEqual(load(words, at), 3, 'deep');
      }
    },
  ],
  setup: (heap: ModelHeap) => heap.take(3, 'work'),
};

test('a bug that needs three orders is found by ranks', (t) => {
  const { message, schedule } = failureOf(() => modelRandom({ ...deep, runs: 50_000, seed: 1, strategy: 'ranks', depth: 3 }));
  assert.match(message, /deep/);
  assert.match(failureOf(() => modelReplay(deep, schedule)).message, /deep/);
  console.log(`${t.name}: ${message.split('\n', 1)[0]}`);
});

test('a bug that needs three orders is not found evenly in as many runs', (t) => {
  const { runs, perSecond } = modelRandom({ ...deep, runs: 20_000, seed: 1, strategy: 'evenly' });
  assert.equal(runs, 20_000);
  console.log(`${t.name}: no, at ${perSecond} runs/s`);
});

test('the same seed gives the same runs', () => {
  const record = (seed: number): string[] => {
    const seen: string[] = [];
    const body = ({ words, at }: Block): void => {
      for (let i = 0; i < 4; i += 1) store(words, at, load(words, at) + 1);
    };
    modelRandom({
      threads: [body, body],
      setup: (heap) => heap.take(1, 'word'),
      after: ({ words, at }, { dead }) => void seen.push(`${words[at]} ${dead.join()}`),
      deaths: 1,
      runs: 200,
      seed,
    });
    return seen;
  };
  assert.deepEqual(record(5), record(5));
  assert.notDeepEqual(record(5), record(6));
  const dead = record(5).filter((one) => !one.endsWith(' '));
  assert.ok(dead.length > 20 && dead.length < 190, String(dead.length));
});
