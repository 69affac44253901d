/**
 * The layout of a `SharedMap` in the heap. An entry is in one stripe, by its hash. Each stripe has a mutex for writers, and a count for
 * readers, which read without it.
 *
 *    map     TAG CHAIN SEED …                                                CHAIN: the locks of `update`
 *    line 1  a table for each stripe                                         16 references
 *    line 2… MUTEX SEQUENCE COUNT VERSION, a line of the cache for each stripe
 *
 *    table   TAG CHAIN │ SLOTS FRESH END UNITS FREE │ LISTS … │ slots │ entries       CHAIN: chunks with more entries
 *              │                                        │         └──▶ entry ──NEXT──▶ entry
 *              └──▶ chunk ──▶ chunk                     └──▶ free entry of that size ──NEXT──▶ free entry
 *
 *    entry   NEXT HASH VERSION VALUE KEY │ key │ value                        in units of 16 bytes, named by the reference of the first
 */

import { layout, type RefRange, segmentSize } from '../memory/index.ts';

/** A power of two, and as many as a block may have references. */
export const stripeCount = 16;
const stripeWords = 16;

const map = layout('SharedMap', 'a hash map; its stripes follow', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the locks of update(); 0: it was not called yet'],
  seed: ['bits', 'what hashes of keys begin with'],
  reserved: ['bits', 'nothing: the references have a line of the cache of their own', 13],
  tables: ['ref', 'the table of each stripe; 0: it has had no entry', stripeCount],
});

const stripe = layout('SharedMapStripe', 'a part of a SharedMap', {
  mutex: ['slot', 'the thread that changes it; bit 31: others sleep until it has done'],
  sequence: ['uint32', 'odd while entries are changed'],
  count: ['uint32', 'entries'],
  version: ['uint32', 'the version of the entry that was written last'],
  reserved: ['bits', 'nothing: each stripe has a line of the cache of its own', stripeWords - 4],
});

const locks = layout('SharedMapLocks', 'the locks that updates of a SharedMap take', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  locks: ['ref', 'the lock of each stripe; 0: there is none yet', stripeCount],
});

/** Sizes of entries that have a list of free ones: from `leastUnits` on. */
export const listCount = 25;
/** Units of the smallest entry. */
export const leastUnits = 2;

const table = layout('SharedMapTable', 'the entries of a stripe; its slots follow, and behind them entries', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the chunk with entries that was added last'],
  slots: ['uint32', 'how many, a power of two'],
  fresh: ['ref', 'the first unit that was never used'],
  end: ['ref', 'behind the last of those'],
  units: ['uint32', 'units for entries, here and in chunks'],
  free: ['uint32', 'units of them that are free or lost, but for those never used'],
  lists: ['ref', 'the first free entry of each size', listCount],
});

const chunk = layout('SharedMapChunk', 'more entries of a stripe, which follow', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the next chunk'],
  reserved: ['bits', 'nothing yet', 2],
});

const entry = layout('SharedMapEntry', 'a key and its value, which follow', {
  next: ['ref', 'the next entry of its slot; of a free one the next of its size'],
  hash: ['bits', 'of its key'],
  version: ['uint32', 'no other entry of the stripe has, or had, the same'],
  value: ['bits', 'bytes of the value << 4 | its kind, as in a queue'],
  key: ['uint32', 'bytes of the key'],
});

export const SEED: number = map.seed;
export const LOCKS: number = map.chain;
export const TABLES: number = map.tables;
/** Words of a map. */
export const mapWords: number = map.size + stripeCount * stripeWords;
export const mapRefs: RefRange = { first: TABLES, count: stripeCount };

/** Where the words of a stripe begin in a map. */
export const stripeAt = (index: number): number => map.size + index * stripeWords;
export const MUTEX: number = stripe.mutex;
export const SEQUENCE: number = stripe.sequence;
export const COUNT: number = stripe.count;
export const VERSION: number = stripe.version;

export const LOCK: number = locks.locks;
export const locksWords: number = locks.size;
export const locksRefs: RefRange = { first: LOCK, count: stripeCount };

export const CHAIN: number = table.chain;
export const SLOTS: number = table.slots;
export const FRESH: number = table.fresh;
export const END: number = table.end;
export const UNITS: number = table.units;
export const FREE: number = table.free;
export const LISTS: number = table.lists;
/** Words of a table before its slots. */
export const tableHead: number = table.size;
/** Words of a chunk before its entries. */
export const chunkHead: number = chunk.size;

export const NEXT: number = entry.next;
export const HASH: number = entry.hash;
export const ENTRY_VERSION: number = entry.version;
export const VALUE: number = entry.value;
export const KEY: number = entry.key;
/** Words of an entry before its key. */
export const entryHead: number = entry.size;

/** From a reference to the number of its segment, and to the unit in that. */
export const unitShift: number = Math.log2(segmentSize / 16);
export const unitMask: number = segmentSize / 16 - 1;

/** Returns the words for `bytes` bytes. */
export const wordsOf = (bytes: number): number => (bytes + 3) >> 2;

/** Units of an entry. @param key bytes of its key @param value bytes of its value */
export const unitsOf = (key: number, value: number): number => (entryHead + wordsOf(key) + wordsOf(value) + 3) >> 2;
