/** Runs of pages: they never overlap, never lie in two segments unless they must, and what is free is found again as one. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { firstPage, pageSize } from '#src/memory/heap/heap-header.js';
import { FREE, kindOf, lengthOf, Pages, RUN } from '#src/memory/heap/pages.js';
import { checkHeap } from '../check-heap.ts';
import { PlainWorld } from './plain-memory.ts';

const inSegment = 128;

function newPages(limit = 16): { world: PlainWorld; pages: Pages; memory: ReturnType<PlainWorld['memory']> } {
  const world = new PlainWorld(limit);
  const memory = world.memory();
  return { world, memory, pages: new Pages(memory) };
}

function take({ world, pages }: { world: PlainWorld; pages: Pages }, count: number): number {
  let page = pages.find(count);
  if (page === 0) {
    pages.grow(count);
    page = pages.find(count);
  }
  assert.notEqual(page, 0, `no ${count} pages after growing`);
  pages.reserve(page, count);
  pages.set(page, RUN | count);
  // Not zero, so that a page that falsely counts as clean is seen.
  for (let at = page; at < page + count; at += 1)
    world.segments[Math.floor(at / inSegment)]!.fill(1, (at % inSegment) * 16384, (at % inSegment) * 16384 + 20);
  return page;
}

test('runs do not overlap or lie in two segments, and free ones come together again', () => {
  const action = fc.oneof(
    fc.record({ take: fc.oneof(fc.integer({ min: 1, max: 140 }), fc.constantFrom(127, 128, 129, 256, 300)) }),
    fc.record({ free: fc.nat() }),
    fc.constant('discard' as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const all = newPages();
      const { pages, memory } = all;
      const runs = new Map<number, number>();
      for (const each of actions) {
        if (each === 'discard') pages.discard();
        else if ('take' in each) {
          if ([...runs.values()].reduce((a, b) => a + b, 0) > 600) continue;
          runs.set(take(all, each.take), each.take);
        } else if (runs.size > 0) {
          const page = [...runs.keys()][each.free % runs.size]!;
          pages.free(page);
          runs.delete(page);
        }
        const found = new Map([...pages.runs()].filter(([, word]) => kindOf(word) === RUN).map(([page, word]) => [page, lengthOf(word)]));
        assert.deepEqual(found, new Map([...runs].sort(([a], [b]) => a - b)));
        checkHeap(memory);
      }
      for (const page of runs.keys()) pages.free(page);
      pages.discard();
      const free = [...pages.runs()].filter(([, word]) => kindOf(word) === FREE).map(([, word]) => lengthOf(word));
      assert.ok(
        free.every((length, i) => length === (i === 0 ? inSegment - firstPage : inSegment)),
        `free runs of ${free}`,
      );
    }),
    { numRuns: 60 },
  );
});

test('returned pages are zeros when they are taken, and used pages never count as clean', () => {
  const { world, pages, memory } = newPages();
  pages.grow(4);
  const page = pages.find(4);
  assert.equal(pages.reserve(page, 4), true);
  pages.set(page, RUN | 4);
  world.segments[0]!.fill(7, (page * pageSize) / 4, ((page + 4) * pageSize) / 4);
  pages.free(page);
  assert.equal(pages.find(2), page);
  assert.equal(pages.reserve(page, 2), false);
  pages.set(page, RUN | 2);
  pages.free(page);
  pages.discard();
  assert.ok(world.discarded >= 4 * pageSize);
  checkHeap(memory);
  assert.equal(pages.reserve(pages.find(4), 4), true);
});

test('a heap that cannot grow is unchanged', () => {
  const all = newPages(2);
  const { pages, memory } = all;
  pages.grow(1);
  const { end } = pages;
  assert.throws(() => pages.grow(1000), /at most 2 segments/);
  assert.equal(pages.end, end);
  checkHeap(memory);
  take(all, 3);
});
