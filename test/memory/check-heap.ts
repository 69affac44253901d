/** Walks a heap and finds out whether everything in it fits together. */

import assert from 'node:assert/strict';
import { type Block, blockAt, type Memory } from '#src/memory/index.js';
import { firstPage, headerFields, pageSize } from '#src/memory/heap/heap-header.js';
import { readLedger } from '#src/memory/collect/ledger.js';
import { FREE, kindOf, lengthOf, Pages, RUN, SLAB } from '#src/memory/heap/pages.js';
import { ownerOf, parcelsIn, refsIn } from '#src/memory/objects/parcel-record.js';
import { slotIds } from '#src/memory/threads/slot-claim.js';
import { bitmapWords, countIn, groupOf, groups, noBlocks, sizeIn, Slabs } from '#src/memory/heap/slabs.js';
import { slotFields, slotOf } from '#src/memory/threads/slots.js';
import { blockHead, firstRefOf, kindOfTag, lastRefOf } from '#src/memory/heap/tag.js';

const pagesPerSegment = 128;
const wordsPerPage = pageSize / 4;
const clean = 1 << 27;
const full = 1 << 8;

export interface Checked {
  /** Bytes of taken blocks. */
  readonly used: number;
  readonly blocks: ReadonlySet<number>;
  /** Blocks that a living thread or a parcel holds, directly or not. */
  readonly reached: ReadonlySet<number>;
}

/** The guard must be free, or its owner dead. */
export function checkHeap(memory: Memory): Checked {
  const header = memory.segment(0);
  const pages = new Pages(memory);
  const slabs = new Slabs(memory, pages);
  const blocks = new Set<number>();
  const heads = new Set<number>();
  let used = 0;
  let page = firstPage;
  for (; page < pages.end; page += lengthOf(pages.word(page))) {
    const word = pages.word(page);
    const length = lengthOf(word);
    heads.add(page);
    assert.ok(length > 0 && page + length <= pages.end, `page ${page} has ${length} pages of ${pages.end}`);
    const segment = memory.segment(Math.floor(page / pagesPerSegment));
    const at = (page % pagesPerSegment) * wordsPerPage;
    if (kindOf(word) === FREE) {
      assert.ok((page % pagesPerSegment) + length <= pagesPerSegment, `the free run at ${page} lies in two segments`);
      if ((word & clean) !== 0)
        for (let i = at; i < at + length * wordsPerPage; i += 13)
          if (segment[i] !== 0) assert.fail(`page ${page} is said to be clean, and is not`);
    } else if (kindOf(word) === RUN) {
      if (length < pagesPerSegment)
        assert.ok((page % pagesPerSegment) + length <= pagesPerSegment, `the run at ${page} lies in two segments`);
      blocks.add(page * 4096);
      used += length * pageSize;
    } else {
      assert.equal(kindOf(word), SLAB, `page ${page} is nothing: ${word}`);
      const group = groupOf(word);
      assert.ok(group < groups);
      assert.deepEqual([...segment.subarray(at, at + 3)], [0x62616c73, group, sizeIn(group)], `the head of page ${page}`);
      const last = segment[at + 16 + bitmapWords(group) - 1]!;
      assert.equal(last & noBlocks(group), noBlocks(group), `page ${page} has more blocks than fit`);
      const taken = [...slabs.blocksOf(page)];
      if ((word & full) !== 0 && header[headerFields.isSweepDue] === 0)
        assert.equal(taken.length, countIn(group), `page ${page} is not full`);
      for (const ref of taken) blocks.add(ref);
      used += taken.length * sizeIn(group);
    }
  }
  assert.equal(page, pages.end || firstPage);
  const lowest = header[headerFields.lowestFree]!;
  if (lowest !== 0 && lowest < pages.end) assert.ok(heads.has(lowest), `the lowest free page, ${lowest}, is in the middle of something`);
  return { used, blocks, reached: reachedIn(memory, pages, slabs, blocks) };
}

function reachedIn(memory: Memory, pages: Pages, slabs: Slabs, blocks: ReadonlySet<number>): Set<number> {
  const reached = new Set<number>();
  const reach = (of: string, signed: number): void => {
    const ref = signed >>> 0;
    assert.ok(blocks.has(ref), `${of} names ${ref}, which is no block`);
    if (reached.has(ref)) return;
    reached.add(ref);
    const { words, at } = blockAt(memory, ref);
    const tag = words[at + blockHead.tag]!;
    assert.notEqual(kindOfTag(tag), 0, `block ${ref} has no tag`);
    if (words[at + blockHead.chain] !== 0) reach(`the chain of ${ref}`, words[at + blockHead.chain]!);
    if (firstRefOf(tag) === 0) return;
    for (let i = firstRefOf(tag); i < lastRefOf(tag); i += 1) if (words[at + i] !== 0) reach(`word ${i} of ${ref}`, words[at + i]!);
  };
  const header = memory.segment(0);
  for (const id of slotIds(memory)) {
    const tid = header[slotOf(id) + slotFields.tid]!;
    if (
      !memory.isAlive(
        { pid: header[slotOf(id) + slotFields.pid]!, tid, processStart: 0, threadStart: header[slotOf(id) + slotFields.threadStart]! },
        false,
      )
    )
      continue;
    const name = (ref: number): void => reach(`the ledger of ${id}`, ref);
    readLedger(memory, header[slotOf(id) + slotFields.ledger]!, name, name);
  }
  const owned: Block[] = [];
  for (const parcel of parcelsIn(memory, pages, slabs)) {
    if (ownerOf(parcel) !== 0) owned.push(parcel);
    else {
      reached.add(parcel.ref);
      for (const ref of refsIn(parcel)) if (blocks.has(ref >>> 0)) reach(`parcel ${parcel.ref}`, ref);
    }
  }
  for (let size = -1; size !== reached.size; ) {
    size = reached.size;
    for (const parcel of owned) {
      if (!reached.has(ownerOf(parcel) >>> 0)) continue;
      reach(`the owner of parcel ${parcel.ref}`, parcel.ref);
      for (const ref of refsIn(parcel)) reach(`parcel ${parcel.ref}`, ref);
    }
  }
  return reached;
}
