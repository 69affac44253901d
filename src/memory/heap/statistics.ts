/** The statistics of the heap. */

import { load } from '#atomics';
import { blockAt, refUnit } from './block.ts';
import { headerFields, pageSize } from './heap-header.ts';
import type { Memory } from './memory.ts';
import { FREE, type Pages, RUN, kindOf, lengthOf } from './pages.ts';
import { slotIds } from '../threads/slot-claim.ts';
import { type Slabs, groupOf, sizeIn } from './slabs.ts';
import { blockHead, kindOfTag, kinds } from './tag.ts';

/** The state of the shared heap. */
export interface HeapStatistics {
  /** The kind of memory below it. */
  readonly memory: Memory['kind'];
  /** Bytes of the heap in all. */
  readonly size: number;
  /** Bytes of the blocks in use. */
  readonly used: number;
  /** Bytes of free memory in the heap. */
  readonly free: number;
  /** Bytes that were dropped since the last sweep; an estimate. */
  readonly dropped: number;
  /** The number of sweeps so far. */
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

/** Sets the name of the objects of a kind. */
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

/**
 * A census of the heap: bytes in taken blocks, and the number of blocks of each kind. It counts under the guard, in slices. Changes by
 * other threads between two slices may or may not be counted.
 */
export class Census {
  readonly #memory: Memory;
  readonly #pages: Pages;
  readonly #slabs: Slabs;
  #page = 0;
  used = 0;
  readonly counts: Map<number, number> = new Map();

  constructor(memory: Memory, pages: Pages, slabs: Slabs) {
    this.#memory = memory;
    this.#pages = pages;
    this.#slabs = slabs;
  }

  /** Counts about `blocks` blocks. Returns true when all are counted. */
  slice(blocks: number): boolean {
    let left = blocks;
    for (const [page, word] of this.#pages.runsFrom(this.#page)) {
      if (left <= 0) return false;
      left -= 1;
      this.#page = page + lengthOf(word);
      if (kindOf(word) === RUN) this.#count((page * pageSize) / refUnit, lengthOf(word) * pageSize);
      else if (kindOf(word) !== FREE)
        for (const ref of this.#slabs.blocksOf(page)) {
          this.#count(ref, sizeIn(groupOf(word)));
          left -= 1;
        }
    }
    return true;
  }

  #count(ref: number, bytes: number): void {
    this.used += bytes;
    const { words, at } = blockAt(this.#memory, ref);
    const kind = kindOfTag(load(words, at + blockHead.tag));
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** When all is counted. */
  statistics(): HeapStatistics {
    const header = this.#memory.segment(0);
    const { used, counts } = this;
    const size = this.#pages.end * pageSize;
    return {
      memory: this.#memory.kind,
      size,
      used,
      free: size - used,
      dropped: (load(header, headerFields.dropped) >>> 0) * refUnit,
      sweeps: load(header, headerFields.sweeps),
      threads: [...slotIds(this.#memory)].length,
      parcels: counts.get(kinds.parcel) ?? 0,
      objects: namesOf(counts),
    };
  }
}
