/**
 * The first two words of every block:
 *
 *    TAG     magic, 8 bits | colour, 4 bits | count of references - 1, 4 bits | first of them, 8 bits | kind, 8 bits
 *    CHAIN   a further block that belongs to it; 0 is none
 *
 * Each word of the range of references names a block that must live as long as this one; 0: none. The range stands in the tag, so that a
 * process that does not know the kind can sweep. The sweep owns the colour (`marker.ts`). Nothing else in a tag changes as long as the
 * block lives.
 */

import { checkInteger } from '../../check.ts';
import { layout } from './layout.ts';

/** Offsets of the two, in words. */
export const blockHead: Readonly<Record<'tag' | 'chain' | 'size', number>> = layout('Block', 'how every block begins', {
  tag: ['bits', 'magic, 8 bits; colour, 4 bits; count of references - 1, 4 bits; first of them, 8 bits; kind, 8 bits'],
  chain: ['ref', 'a further block that belongs to it; 0: none'],
});

const magic = 0x4d << 24;
const colourAt = 20;
const COLOUR = 0xf << colourAt;

/** Kinds that are not objects. */
export const kinds = { line: 250, owned: 251, ledger: 252, parcel: 253 } as const;
export const mostKinds = 240;

/** Words of a block that each name a further block; 0: none. */
export interface RefRange {
  /** The offset of the first, from 2 to 255. */
  readonly first: number;
  /** From 1 to 16. */
  readonly count: number;
}

export function tagOf(kind: number, refs?: RefRange): number {
  return magic | (refs === undefined ? 0 : ((refs.count - 1) << 16) | (refs.first << 8)) | kind;
}

/** @throws RangeError if a tag cannot hold the range, or it reaches beyond the block */
export function checkRefs({ first, count }: RefRange, words: number): void {
  checkInteger(first, 'refs.first', blockHead.size, 255);
  checkInteger(count, 'refs.count', 1, 16);
  checkInteger(first + count, 'refs.first + refs.count', 0, words);
}

/** 0: the word is not a tag. */
export function kindOfTag(tag: number): number {
  return (tag & 0xff00_0000) === magic ? tag & 0xff : 0;
}

export function colourOf(tag: number): number {
  return (tag >>> colourAt) & 0xf;
}

export function coloured(tag: number, colour: number): number {
  return (tag & ~COLOUR) | (colour << colourAt);
}

/** The offset of the first reference; 0: the block has none. */
export function firstRefOf(tag: number): number {
  return (tag >>> 8) & 0xff;
}

/** The offset behind the last reference of a block that has some. */
export function lastRefOf(tag: number): number {
  return firstRefOf(tag) + ((tag >>> 16) & 0xf) + 1;
}
