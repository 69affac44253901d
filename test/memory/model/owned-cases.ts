/** Cases: owned blocks under the schedules of a thread that moves them and one that sweeps in slices, of which one may die at any step. */

import assert from 'node:assert/strict';
import { load, store } from '#src/atomics';
import { adopt, allocateOwned, type Block, blockAt, pause, relink, segmentSize, theAgent } from '#src/memory/index.js';
import { collect, theHeap } from '#src/memory/heap/heap.js';
import { type ModelEnd, type ModelOptions, once } from '#src/testing/model/index.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { checkHeap, type Checked } from '../check-heap.js';

const segmentWords = segmentSize / 4;
const refs = { first: 4, count: 3 };
const [OLDEST, SPARE, FRESH] = [refs.first, refs.first + 1, refs.first + 2];

interface Context {
  readonly owner: Block;
  readonly chunks: readonly [first: number, second: number, third: number];
}

function setup(): Context {
  const owner = allocateOwned(20, refs);
  const chunks = [allocateOwned(20), allocateOwned(20), allocateOwned(20)] as const;
  const [first, second, third] = chunks;
  owner.words[owner.at + OLDEST] = first.ref;
  first.words[first.at + 1] = second.ref;
  second.words[second.at + 1] = third.ref;
  for (const block of chunks) adopt(block);
  return { owner, chunks: [first.ref, second.ref, third.ref] };
}

/** Waits until the other thread sweeps, so that what follows comes between its slices. */
function untilSwept(): void {
  const header = theAgent().memory.segment(0);
  // The other one may have died before.
  for (let left = 20; left > 0; left -= 1) {
    if (load(header, headerFields.sweeper) !== 0 || load(header, headerFields.sweeps) !== 0) return;
    pause();
  }
}

/** As the consumer of a queue that leaves a chunk, and a producer that hangs a new one in. */
function move({ owner, chunks: [ref, second] }: Context): void {
  const first = blockAt(theAgent().memory, ref);
  const fresh = allocateOwned(20);
  untilSwept();
  relink((links) => {
    links.set(owner, OLDEST, second);
    links.set(owner, SPARE, ref);
    links.set(first, 1, 0);
  });
  store(owner.words, owner.at + FRESH, fresh.ref);
  adopt(fresh);
  once(() => assert.equal(load(fresh.words, fresh.at + 5), 0));
}

/** In slices that mark one block, or free one page. */
function sweep(): void {
  theHeap().sliceUnits = 1;
  collect();
}

function whole({ owner, chunks: [first, second, third] }: Context, { dead }: ModelEnd): void {
  check(owner, second, third);
  collect();
  const { blocks, reached } = check(owner, second, third);
  assert.deepEqual(blocks, reached, 'a block is left that is not reached');
  if (!dead.includes(0)) assert.deepEqual(refsOf(owner).slice(0, 2), [second, first]);
}

function check(owner: Block, second: number, third: number): Checked {
  const checked = checkHeap(theAgent().memory);
  for (const ref of [owner.ref, second, third]) assert.ok(checked.reached.has(ref), 'a chunk is gone');
  return checked;
}

const refsOf = (owner: Block): number[] => [OLDEST, SPARE, FRESH].map((word) => load(owner.words, owner.at + word));

const options = { setup, after: whole, words: segmentWords, preemptions: 1 };

export const cases: Record<string, ModelOptions<Context>> = {
  'a sweep beside moves': { ...options, threads: [move, sweep] },
  'a sweep beside moves, and a death': { ...options, threads: [move, sweep], deaths: 1 },
};
