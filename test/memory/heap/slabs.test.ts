/** Equal blocks: each is given once, all are found again, and none lies in a page's head or over its end. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { pageSize } from '#src/memory/heap/heap-header.js';
import { Pages } from '#src/memory/heap/pages.js';
import { blockSizes, countIn, groupFor, groups, largest, ones, sizeIn, Slabs } from '#src/memory/heap/slabs.js';
import { checkHeap } from '../check-heap.ts';
import { PlainWorld } from './plain-memory.ts';

function newSlabs(): { slabs: Slabs; pages: Pages; memory: ReturnType<PlainWorld['memory']>; addPage: (group: number) => number } {
  const memory = new PlainWorld().memory();
  const pages = new Pages(memory);
  pages.grow(1);
  const slabs = new Slabs(memory, pages);
  const addPage = (group: number): number => {
    const page = pages.find(1);
    pages.reserve(page, 1);
    slabs.addPage(page, group);
    return page;
  };
  return { memory, pages, slabs, addPage };
}

test('each size gets blocks that fit', () => {
  for (let bytes = 1; bytes <= largest; bytes += 1) {
    const size = sizeIn(groupFor(bytes, false));
    assert.ok(size >= bytes, `${bytes} in ${size}`);
    assert.equal(sizeIn(groupFor(bytes, true)), size);
    assert.notEqual(groupFor(bytes, true), groupFor(bytes, false));
    if (bytes > 32) assert.ok(size <= bytes * 2, `${bytes} in ${size}`);
  }
  assert.deepEqual(
    blockSizes.filter((size) => size % 16 !== 0),
    [],
  );
});

test('a page gives each of its blocks once', () => {
  for (let group = 0; group < groups; group += 1) {
    const { slabs, addPage, memory } = newSlabs();
    const page = addPage(group);
    const refs: number[] = [];
    for (let ref = slabs.find(group); ref !== 0; ref = slabs.find(group)) {
      slabs.take();
      refs.push(ref);
    }
    assert.equal(refs.length, countIn(group));
    const sorted = refs.toSorted((a, b) => a - b);
    const size = sizeIn(group) / 16;
    assert.ok(sorted[0]! >= page * 4096 + 32 && sorted.at(-1)! + size <= (page + 1) * (pageSize / 16));
    assert.ok(sorted.every((ref, i) => i === 0 || ref - sorted[i - 1]! >= size));
    assert.equal(checkHeap(memory).used, refs.length * sizeIn(group));

    for (const ref of refs) slabs.free(ref);
    assert.equal(checkHeap(memory).used, 0);
    assert.notEqual(slabs.find(group), 0, 'what was freed is not found again');
    assert.throws(() => slabs.free(refs[0]!), /freed twice/);
  }
});

test('a full page is found again, and no page in front is passed by', () => {
  const { slabs, addPage, memory } = newSlabs();
  const group = groupFor(8128, false);
  const refs: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    addPage(group);
    for (let ref = slabs.find(group); ref !== 0; ref = slabs.find(group)) {
      slabs.take();
      refs.push(ref);
    }
  }
  assert.equal(refs.length, 5 * countIn(group));
  for (const i of [33, 2, 17]) slabs.free(refs[i]!);
  const again: number[] = [];
  for (let ref = slabs.find(group); ref !== 0; ref = slabs.find(group)) {
    slabs.take();
    again.push(ref);
  }
  assert.deepEqual(again, [refs[2], refs[17], refs[33]]);
  checkHeap(memory);
});

test('bits are counted', () => {
  for (const bits of [0, 1, -1, 0x8000_0000 | 0, 0x5555_5555, 0x0f0f_0f0f, 0xff]) {
    let count = 0;
    for (let i = 0; i < 32; i += 1) count += (bits >>> i) & 1;
    assert.equal(ones(bits), count);
  }
});
