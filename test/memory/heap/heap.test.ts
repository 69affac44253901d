/** The heap against a model: what is held stays as it was written, what is not comes back. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { checkHeader, headerFields } from '#src/memory/heap/heap-header.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { HeddleError } from '#src/errors.js';
import { checkHeap } from '../check-heap.ts';
import { killAt, PlainWorld, stepsOf } from './plain-memory.ts';
import { action, RandomHeap } from '../random-heap.ts';
import { until } from '../until.ts';

const long = process.env['HEDDLE_LONG'] !== undefined;

test('held memory is neither freed nor written over, and other memory is freed', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const random = new RandomHeap();
      for (const each of actions) {
        random.do(each);
        random.check();
      }
      random.end();
    }),
    { numRuns: long ? 1000 : 40 },
  );
});

test('a heap is right after a death, whichever step came last', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(action, fc.option(fc.nat(30), { freq: 3 })), { maxLength: 60 }), (actions) => {
      const random = new RandomHeap();
      for (const [each, step] of actions) {
        if (step === null) random.do(each);
        else {
          let left = step;
          const { who } = each;
          // The references of a dead thread are freed: others may hold the blocks, too, and have them in their lists.
          if (
            killAt(
              () => (left -= 1) < 0,
              () => random.do(each),
            )
          ) {
            random.threads[who]!.die();
            random.replace(who);
            if (each.do === 'give') random.held[each.to] = [];
            if (each.do === 'give' && each.to !== who) {
              random.threads[each.to]!.die();
              random.replace(each.to);
            }
          }
        }
        random.check();
      }
      random.end();
    }),
    { numRuns: long ? 2000 : 60 },
  );
});

test('a full heap says what it is full of, and can still be used', () => {
  const world = new PlainWorld(2);
  const { heap, memory } = world.thread();
  const positions: number[] = [];
  assert.throws(
    () => {
      for (;;) {
        heap.allocate(tagOf(17), 5000);
        positions.push(heap.listedAt);
      }
    },
    (error) => error instanceof HeddleError && /is full: it has 16777216 bytes.*\d+ kind 17.*at most 2 segments/.test(error.message),
  );
  checkHeap(memory);
  for (const position of positions.splice(0, positions.length / 2)) heap.drop(position);
  // Dropped blocks are found when memory is needed.
  for (let i = 0; i < 100; i += 1) heap.allocate(tagOf(18), 5000);
  checkHeap(memory);
});

test('dropping without end does not make the heap grow without end', () => {
  const world = new PlainWorld(64);
  const { heap, memory } = world.thread();
  for (let i = 0; i < 400_000; i += 1) {
    heap.allocate(tagOf(17), 32);
    heap.drop(heap.listedAt);
  }
  assert.equal(world.segments.length, 1);
  assert.ok(heap.statistics().sweeps < 100);
  heap.collect();
  assert.equal(checkHeap(memory).used, 0);
});

test('memory of another layout is refused', () => {
  const world = new PlainWorld();
  const memory = world.memory();
  checkHeader(memory);
  checkHeader(memory);
  const words = memory.segment(0);
  words[headerFields.version] = 9;
  assert.throws(() => checkHeader(memory), /layout 9.*layout 3/);
  words[headerFields.magic] = 5;
  assert.throws(() => checkHeader(memory), /not a heap of heddle/);
});

test('more than a segment is given in one piece, and less lies in one segment', () => {
  const world = new PlainWorld(64);
  const { heap, memory } = world.thread();
  const sizes = [3 * 2 ** 20, 2_000_000, 5 * 2 ** 20, 16384, 2 ** 21 - 5];
  const refs = sizes.map((words) => heap.allocate(tagOf(17), words).ref);
  checkHeap(memory);
  for (const [i, ref] of refs.entries()) {
    const first = Math.floor((ref * 16) / 2 ** 23);
    const last = Math.floor((ref * 16 + sizes[i]! * 4 - 1) / 2 ** 23);
    if (sizes[i]! < 2 ** 21) assert.equal(first, last);
  }
  for (const ref of refs) heap.guarded(() => heap.free(ref));
  heap.guarded(() => heap.pages.discard());
  assert.ok(world.discarded > 8 * 2 ** 20);
});

test('free memory stays while sweep follows on sweep, and goes back when none follows any more', async () => {
  const world = new PlainWorld(64);
  const { heap } = world.thread();
  heap.quietAfter = 1;
  const letGo = (mebibytes: number): void => {
    const positions: number[] = [];
    for (let i = 0; i < mebibytes; i += 1) {
      heap.allocate(tagOf(17), 2 ** 18);
      positions.push(heap.listedAt);
    }
    for (const position of positions) heap.drop(position);
  };
  for (let i = 0; i < 4; i += 1) letGo(16);
  assert.ok(heap.statistics().sweeps > 1);
  assert.equal(world.discarded, 0);
  await until(() => world.discarded > 0);
});

test('much free memory goes back at once', () => {
  const world = new PlainWorld(64);
  const { heap } = world.thread();
  const positions: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    heap.allocate(tagOf(17), 2 ** 18);
    positions.push(heap.listedAt);
  }
  for (const position of positions) heap.drop(position);
  assert.ok(world.discarded >= 96 * 2 ** 20, `${world.discarded}`);
});

test('the census has slices, between which other threads have their turn', () => {
  const { heap } = new PlainWorld(64).thread();
  const words = [8, 8, 100, 5000, 40_000];
  for (let i = 0; i < 500; i += 1) heap.allocate(tagOf(17 + (i % 3)), words[i % words.length]!);
  heap.sliceUnits = Infinity;
  const atOnce = heap.statistics();
  heap.sliceUnits = 10;
  let inSlices: unknown;
  const steps = stepsOf(() => (inSlices = heap.statistics()));
  assert.deepEqual(inSlices, atOnce);
  assert.ok(steps.filter((step) => step === 'guard.leave').length > 10, `${steps}`);
});
