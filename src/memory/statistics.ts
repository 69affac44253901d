/** What the heap says of itself. */

import { load } from '#atomics';
import { blockAt, refUnit } from './block.ts';
import { headerFields, pageSize } from './heap-header.ts';
import type { Memory } from './memory.ts';
import type { Pages } from './pages.ts';
import { parcelsIn } from './parcel-record.ts';
import { slotIds } from './slot-claim.ts';
import type { Slabs } from './slabs.ts';
import { FREE, kindOf, lengthOf, RUN } from './pages.ts';
import { groupOf, sizeIn } from './slabs.ts';
import { blockHead, kindOfTag, kinds } from './tag.ts';

export interface HeapStatistics {
  /** Which memory it stands on. */
  readonly memory: Memory['kind'];
  /** In bytes: all that it has, how much of that is in blocks that were taken, and the rest. */
  readonly size: number;
  readonly used: number;
  readonly free: number;
  /** An estimate of what was let go since the last sweep, in bytes. */
  readonly dropped: number;
  readonly sweeps: number;
  /** Threads that have a slot; one that has died has it until the next sweep. */
  readonly threads: number;
  /** Messages with handles that were sent and not yet received. */
  readonly parcels: number;
  /** How many objects there are, by the names of their kinds; other blocks under names in brackets. */
  readonly objects: Readonly<Record<string, number>>;
}

const names = new Map<number, string>([
  [kinds.line, '[line]'],
  [kinds.owned, '[owned]'],
  [kinds.ledger, '[ledger]'],
  [kinds.parcel, '[parcel]'],
]);

/** What objects of a kind are called. */
export function nameKind(kind: number, name: string): void {
  names.set(kind, name);
}

function namesOf(counts: ReadonlyMap<number, number>): Record<string, number> {
  const named: Record<string, number> = {};
  for (const [kind, count] of counts) {
    const name = names.get(kind) ?? (kind === 0 ? '[without tag]' : `kind ${kind}`);
    named[name] = (named[name] ?? 0) + count;
  }
  return named;
}

/** The most frequent first: `1200 Lock, 3 Queue`. */
export function describeCensus(counts: ReadonlyMap<number, number>): string {
  const sorted = Object.entries(namesOf(counts)).sort(([, a], [, b]) => b - a);
  return sorted.map(([name, count]) => `${count} ${name}`).join(', ');
}

/** What there is: bytes in taken blocks, and how many blocks of each kind. */
export function census(memory: Memory, pages: Pages, slabs: Slabs): { used: number; counts: Map<number, number> } {
  const counts = new Map<number, number>();
  let used = 0;
  const count = (ref: number, bytes: number): void => {
    used += bytes;
    const { words, at } = blockAt(memory, ref);
    const kind = kindOfTag(load(words, at + blockHead.tag));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  };
  for (const [page, word] of pages.runs()) {
    if (kindOf(word) === RUN) count((page * pageSize) / refUnit, lengthOf(word) * pageSize);
    else if (kindOf(word) !== FREE) for (const ref of slabs.blocksOf(page)) count(ref, sizeIn(groupOf(word)));
  }
  return { used, counts };
}

/** Under the guard. */
export function statisticsOf(memory: Memory, pages: Pages, slabs: Slabs): HeapStatistics {
  const header = memory.segment(0);
  const { used, counts } = census(memory, pages, slabs);
  const size = pages.end * pageSize;
  return {
    memory: memory.kind,
    size,
    used,
    free: size - used,
    dropped: (load(header, headerFields.dropped) >>> 0) * refUnit,
    sweeps: load(header, headerFields.sweeps),
    threads: [...slotIds(memory)].length,
    parcels: [...parcelsIn(memory, pages, slabs)].length,
    objects: namesOf(counts),
  };
}
