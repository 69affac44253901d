/**
 * The first two words of every block:
 *
 *    TAG     magic, 8 bits | version, 4 bits | link, 12 bits | kind, 8 bits
 *    CHAIN   a further block that belongs to it; 0 is none
 *
 * `link` is which word of the block names another object that must live as long as this one; 0 is none.
 */

import { layout } from './layout.ts';

/** Offsets of the two, in words. */
export const blockHead: Readonly<Record<'tag' | 'chain' | 'size', number>> = layout('Block', 'how every block begins', {
  tag: ['bits', 'magic, 8 bits; version, 4 bits; link, 12 bits; kind, 8 bits'],
  chain: ['ref', 'a further block that belongs to it; 0: none'],
});

const magic = 0x4d << 24;
const version = 1 << 20;

/** Kinds that are not objects. */
export const kinds = { chained: 251, ledger: 252, parcel: 253 } as const;
export const mostKinds = 240;

export function tagOf(kind: number, link: number = 0): number {
  return magic | version | (link << 8) | kind;
}

/** 0 if it is no tag. */
export function kindOfTag(tag: number): number {
  return (tag & 0xfff0_0000) === (magic | version) ? tag & 0xff : 0;
}

export function linkOf(tag: number): number {
  return (tag >>> 8) & 0xfff;
}
