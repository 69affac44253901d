/**
 * How a parcel lies in the heap: the handles of a message that is on its way. It holds them for as long, whatever becomes of who sent it.
 *
 *    made: ON_ITS_WAY ──▶ opened by who receives the message: freed, the handles are his
 *                    ├──▶ dropped by the host, whose link to the other end has ended
 *                    └──▶ the host has died: nobody will ever open it
 */

import { load } from '#atomics';
import { type Block, blockAt } from './block.ts';
import { pageSize } from './heap-header.ts';
import { layout } from './layout.ts';
import type { Memory } from './memory.ts';
import { kindOf, type Pages, RUN, SLAB } from './pages.ts';
import { holdsParcels, type Slabs } from './slabs.ts';
import { kindOfTag, kinds } from './tag.ts';

export const parcelFields: Readonly<Record<'tag' | 'chain' | 'state' | 'host' | 'link' | 'count' | 'size', number>> = layout(
  'Parcel',
  'the handles in a message that is on its way; their refs follow',
  {
    tag: ['bits', 'magic, version and kind'],
    chain: ['ref', 'none'],
    state: ['bits', '1: on its way'],
    host: ['slot', 'who started the worker at the other end of the link, or is that end; 0: not known'],
    link: ['uint32', 'which of the links of that host it travels on'],
    count: ['uint32', 'how many handles'],
  },
);

export const ON_ITS_WAY = 1;

/** All that are taken; also those that nobody will open any more. */
export function* parcelsIn(memory: Memory, pages: Pages, slabs: Slabs): IterableIterator<Block> {
  for (const [page, word] of pages.runs()) {
    const first = (page * pageSize) / 16;
    if (kindOf(word) === SLAB && holdsParcels(word)) for (const ref of slabs.blocksOf(page)) yield blockAt(memory, ref);
    else if (kindOf(word) === RUN && isParcel(blockAt(memory, first))) yield blockAt(memory, first);
  }
}

export function isParcel({ words, at }: Block): boolean {
  return kindOfTag(load(words, at + parcelFields.tag)) === kinds.parcel;
}

export function isOnItsWay({ words, at }: Block, isAlive: (host: number) => boolean): boolean {
  if (load(words, at + parcelFields.state) !== ON_ITS_WAY) return false;
  const host = load(words, at + parcelFields.host);
  return host === 0 || isAlive(host);
}

/** The refs of its handles. A parcel of more than a segment is not made. */
export function refsIn({ words, at }: Block): number[] {
  const begin = at + parcelFields.size;
  return Array.from({ length: load(words, at + parcelFields.count) }, (_, i) => load(words, begin + i));
}
