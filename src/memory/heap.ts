/**
 * The heap's blocks, from this thread: taken, listed as held by it, and given back.
 */

import { add, compareExchange, store } from '#atomics';
import { theAgent } from './agent.ts';
import { type Block, blockAt, refUnit } from './block.ts';
import { segmentSize } from './memory.ts';
import { slotCount, slotSize, slotsBegin } from './slots.ts';

/** Where blocks begin, in words, and where the next one does. */
const blocksBegin = slotsBegin + slotCount * slotSize;
const NEXT = 1;

/** What word 0 of a block says that only carries on another one. */
const chainedTag = 1;

/** A block of zeros, which this thread holds. Its first word is the tag. Under a segment's size. @throws HeddleError if the heap is full */
export function allocate(tag: number, words: number): Block {
  const { memory } = theAgent();
  const first = memory.segment(0);
  const needed = Math.ceil((words * 4) / 64);
  compareExchange(first, NEXT, 0, blocksBegin / 16);
  let at = add(first, NEXT, needed);
  const perSegment = segmentSize / 64;
  // A block never lies in two segments.
  while (at % perSegment > perSegment - needed) at = add(first, NEXT, needed);
  memory.grow((Math.floor(at / perSegment) + 1) * segmentSize);
  const block = blockAt(memory, at * (64 / refUnit));
  store(block.words, block.at, tag);
  return block;
}

/** A block that will carry on a record: held by this thread until it is chained to it. */
export function allocateChained(words: number): Block {
  return allocate(chainedTag, words);
}

/** The block belongs to a record now: that record's CHAIN, or one of its chained blocks', names it. */
export function chained(_block: Block): void {}

/** Gives a block back, which nobody can reach any more. */
export function freeBlock(_block: Block): void {}
