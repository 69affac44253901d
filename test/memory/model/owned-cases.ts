/** Cases: owned blocks under the schedules of a thread that moves them and one that sweeps in slices, of which one may die at any step. */

import assert from 'node:assert/strict';
import { load } from '#src/atomics';
import { adopt, allocateOwned, type Block, blockAt, relink, segmentSize, theAgent } from '#src/memory/index.js';
import { collect, theHeap } from '#src/memory/heap.js';
import { type ModelEnd, type ModelOptions, once } from '#src/testing/model/index.js';
import { checkHeap } from '../check-heap.js';

const segmentWords = segmentSize / 4;
const refs = { first: 4, count: 3 };
const [OLDEST, SPARE, FRESH] = [refs.first, refs.first + 1, refs.first + 2];

interface Context {
  readonly owner: Block;
  readonly first: number;
  readonly second: number;
}

function setup(): Context {
  const owner = allocateOwned(20, refs);
  const [first, second] = [allocateOwned(20), allocateOwned(20)];
  owner.words[owner.at + OLDEST] = first.ref;
  first.words[first.at + 1] = second.ref;
  for (const block of [second, first]) adopt(block);
  return { owner, first: first.ref, second: second.ref };
}

/** As the consumer of a queue that leaves a chunk, and a producer that hangs a new one in. */
function move({ owner, first: ref, second }: Context): void {
  const first = blockAt(theAgent().memory, ref);
  relink((links) => {
    links.set(owner, OLDEST, second);
    links.set(owner, SPARE, ref);
    links.set(first, 1, 0);
  });
  const fresh = allocateOwned(20);
  relink((links) => links.set(owner, FRESH, fresh.ref));
  adopt(fresh);
  once(() => assert.equal(load(fresh.words, fresh.at + 5), 0));
}

/** In slices that mark one block, or free one page. */
function sweep(): void {
  theHeap().sliceUnits = 1;
  collect();
}

function whole({ owner, first, second }: Context, { dead }: ModelEnd): void {
  collect();
  const { blocks, reached } = checkHeap(theAgent().memory);
  assert.deepEqual(blocks, reached, 'a block is left that is not reached');
  const named = refsOf(owner);
  assert.ok(reached.has(second), 'the second is gone');
  if (!dead.includes(0)) assert.deepEqual(named.slice(0, 2), [second, first]);
}

const refsOf = (owner: Block): number[] => [OLDEST, SPARE, FRESH].map((word) => load(owner.words, owner.at + word));

const options = { setup, after: whole, words: segmentWords, preemptions: 2 };

export const cases: Record<string, ModelOptions<Context>> = {
  'a sweep beside moves': { ...options, threads: [move, sweep] },
  'a sweep beside moves, and a death': { ...options, threads: [move, sweep], deaths: 1 },
};
