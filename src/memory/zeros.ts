/** Fills words with zeros that no other thread reads: only under the heap's guard, and before the store that gives them a kind. */

import { type Block, placeOf, refUnit } from './block.ts';
import { type Memory, segmentSize } from './memory.ts';

export function fillWithZeros(memory: Memory, from: number, bytes: number): void {
  // The model makes the same steps again and again; so this must be one.
  if (memory.kind === 'model') return void memory.discard(from, bytes);
  for (let at = from; at < from + bytes; ) {
    const end = Math.min((Math.floor(at / segmentSize) + 1) * segmentSize, from + bytes);
    const begin = (at % segmentSize) / 4;
    memory.segment(Math.floor(at / segmentSize)).fill(0, begin, begin + (end - at) / 4);
    at = end;
  }
}

/** The first bytes of a block that lies in one segment. */
export function clearBlock(memory: Memory, block: Block, bytes: number): void {
  if (memory.kind === 'model') return void memory.discard(placeOf(block, 0), bytes);
  const { words, at } = block;
  const end = at + ((bytes + refUnit - 1) >>> 4) * 4;
  // Up to here a loop is faster than the call.
  if (end - at > 64) words.fill(0, at, end);
  else for (let i = at; i < end; i += 1) words[i] = 0;
}
