/**
 * The layout of a parcel in the heap: the handles of a message in flight. A parcel holds their objects for that time, whatever becomes of
 * the sender.
 *
 *    made: ON_ITS_WAY ──▶ opened by the receiver of the message: freed, the receiver has the handles
 *                    ├──▶ dropped by the host, whose link to the other end has ended
 *                    └──▶ the host has died: no thread will open it
 *
 *    made: OWNED ──▶ opened, or dropped: freed
 *               ├──▶ its owner, a block, is garbage: swept with the owner, also when the owner is among the handles in the parcel
 *               └──▶ in the hands of a thread, out of its owner's place, that has died: swept
 */

import { load } from '#atomics';
import { type Block, blockAt } from '../heap/block.ts';
import { pageSize } from '../heap/heap-header.ts';
import { layout } from '../heap/layout.ts';
import type { Memory } from '../heap/memory.ts';
import { kindOf, type Pages, RUN, SLAB } from '../heap/pages.ts';
import { holdsParcels, type Slabs } from '../heap/slabs.ts';
import { kindOfTag, kinds } from '../heap/tag.ts';

export const parcelFields: Readonly<Record<'tag' | 'chain' | 'state' | 'host' | 'link' | 'count' | 'size', number>> = layout(
  'Parcel',
  'the handles in a message that is on its way, or in an item that a block owns; their refs follow',
  {
    tag: ['bits', 'magic, colour, references and kind'],
    chain: ['ref', 'the block with the bytes of the item; 0: none'],
    state: ['bits', '1: on its way, 2: owned by a block'],
    host: ['slot', 'the starter of the worker at the other end of the link, or that end; 0: not known. Owned: the ref of the owner'],
    link: ['uint32', 'which of the links of that host it travels on. Owned: the slot id of the thread in whose hands it is; 0: in none'],
    count: ['uint32', 'how many handles'],
  },
);

/** Lives until the message is read, or cannot be read any more. */
export const ON_ITS_WAY = 1;
/** Lives as long as the block whose ref is in `host`. */
export const OWNED = 2;

/** Yields all parcels that are taken, also those that no thread will open. */
export function* parcelsIn(memory: Memory, pages: Pages, slabs: Slabs): IterableIterator<Block> {
  for (const [page, word] of pages.runs()) yield* parcelsOn(memory, slabs, page, word);
}

/** Yields the parcels on one page, the first of a run. */
export function* parcelsOn(memory: Memory, slabs: Slabs, page: number, word: number): IterableIterator<Block> {
  const first = (page * pageSize) / 16;
  if (kindOf(word) === SLAB && holdsParcels(word)) for (const ref of slabs.blocksOf(page)) yield blockAt(memory, ref);
  else if (kindOf(word) === RUN && isParcel(blockAt(memory, first))) yield blockAt(memory, first);
}

export function isParcel({ words, at }: Block): boolean {
  return kindOfTag(load(words, at + parcelFields.tag)) === kinds.parcel;
}

export function isOnItsWay({ words, at }: Block, isAlive: (host: number) => boolean): boolean {
  if (load(words, at + parcelFields.state) !== ON_ITS_WAY) return false;
  const host = load(words, at + parcelFields.host);
  return host === 0 || isAlive(host);
}

/** The ref of the block that owns a parcel; 0: none does. */
export function ownerOf({ words, at }: Block): number {
  return load(words, at + parcelFields.state) === OWNED ? load(words, at + parcelFields.host) : 0;
}

/** The slot id of the thread that has an owned parcel in its hands; 0: it is where its owner has it. */
export function holderOf({ words, at }: Block): number {
  return load(words, at + parcelFields.link);
}

/** True if a parcel can be opened. */
export function isSealed({ words, at }: Block): boolean {
  const state = load(words, at + parcelFields.state);
  return state === ON_ITS_WAY || state === OWNED;
}

/** The refs of its handles. A parcel of more than a segment is not made. */
export function refsIn({ words, at }: Block): number[] {
  const begin = at + parcelFields.size;
  return Array.from({ length: load(words, at + parcelFields.count) }, (_, i) => load(words, begin + i));
}
