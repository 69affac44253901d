/** Threads that open a line of its own at the same time, and one that calls: they meet in one line, and no wake-up is lost. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { load, store } from '#src/atomics';
import { allocateOwned, type Block, OwnedLine, segmentSize, theAgent } from '#src/memory/index.js';
import { collect } from '#src/memory/heap/heap.js';
import { model, type ModelEnd, modelRandom, type ModelTest } from '#src/testing/model/index.js';
import { checkHeap } from '../check-heap.js';

const isLong = process.env['HEDDLE_LONG'] === '1';
const refs = { first: 4, count: 1 };
/** The awaited word: 1 once the event has come. */
const FLAG = 8;

const setup = (): Block => allocateOwned(16, refs);

const isSet = ({ words, at }: Block): boolean => load(words, at + FLAG) === 1;

function wait(block: Block): void {
  const line = new OwnedLine(block, refs.first).open();
  const waiter = line.join(false);
  for (; !isSet(block); waiter.again()) waiter.sleep(Infinity);
  waiter.free();
}

function set(block: Block): void {
  store(block.words, block.at + FLAG, 1);
  new OwnedLine(block, refs.first).known?.callAll();
}

const waiter = (): ((block: Block) => void) => (block) => wait(block);

function whole(block: Block, { dead }: ModelEnd): void {
  collect();
  const { blocks, reached } = checkHeap(theAgent().memory);
  assert.deepEqual(blocks, reached);
  const line = new OwnedLine(block, refs.first).known;
  if (dead.length === 0) assert.equal(line!.count(), 0);
}

const words = segmentSize / 4;
const cases: Record<string, ModelTest<Block>> = {
  'two that wait and one that calls': { threads: [waiter(), waiter(), set], setup },
  'the same on the real heap, and a waiter dies': {
    threads: [waiter(), waiter(), set],
    setup,
    after: whole,
    words,
    deaths: 1,
    mayDie: [0, 1],
  },
};

for (const [name, options] of Object.entries(cases)) {
  test(`${name}: all meet in one line`, (t) => {
    const { schedules, steps, perSecond } = model({ ...options, preemptions: 2, limit: isLong ? 100_000 : 1000 });
    t.diagnostic(`${schedules} schedules, ${steps} steps, ${perSecond} a second`);
    const random = modelRandom({ ...options, runs: isLong ? 20_000 : 300, seed: 1 });
    t.diagnostic(`${random.runs} at random, ${random.perSecond} a second`);
  });
}
