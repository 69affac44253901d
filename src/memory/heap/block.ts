/**
 * A block of the heap, as this thread sees it. A reference names a block: a 32-bit number that counts 16 bytes from the heap's start. One
 * word can thus name any block of 64 GiB; 0 names none. A block of less than a segment never lies in two.
 */

import { type Memory, segmentSize } from './memory.ts';

/** Bytes that a reference counts. */
export const refUnit = 16;
const wordsPerRef = refUnit / 4;
const wordsPerSegment = segmentSize / 4;

export interface Block {
  readonly ref: number;
  /** The words of its segment. */
  readonly words: Int32Array;
  /** Where in them it begins. */
  readonly at: number;
}

export function blockAt(memory: Memory, ref: number): Block {
  // As unsigned, and without 32-bit shifts: word numbers go up to 2^34.
  const first = (ref >>> 0) * wordsPerRef;
  return { ref, words: memory.segment(Math.floor(first / wordsPerSegment)), at: first % wordsPerSegment };
}

/** The place (`Memory`) of one of its words. */
export function placeOf(block: Block, offset: number): number {
  return (block.ref >>> 0) * refUnit + offset * 4;
}
