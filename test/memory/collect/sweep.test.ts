/** Reachable blocks stay, others go: through chains, links and cycles, in parcels, and when their threads have ended. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block } from '#src/memory/index.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { kinds, tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from '../check-heap.ts';
import { killAt, type PlainThread, PlainWorld } from '../heap/plain-memory.ts';

const linkAt = 5;

function make({ heap }: PlainThread, tag: number = tagOf(9)): { block: Block; position: number } {
  const block = heap.allocate(tag, 20);
  return { block, position: heap.listedAt };
}

const has = ({ memory }: PlainThread, block: Block): boolean => checkHeap(memory).blocks.has(block.ref);

test('blocks of a record live exactly as long as it', () => {
  const thread = new PlainWorld().thread();
  const { heap } = thread;
  const record = make(thread);
  let last = record;
  const chain = Array.from({ length: 5 }, () => {
    const next = make(thread, tagOf(kinds.owned));
    last.block.words[last.block.at + 1] = next.block.ref;
    heap.guarded(() => heap.unlist(next.position));
    return (last = next);
  });
  heap.collect();
  assert.ok(chain.every(({ block }) => has(thread, block)));
  heap.drop(record.position);
  assert.ok(has(thread, record.block), 'nothing goes without a sweep');
  heap.collect();
  assert.ok([record, ...chain].every(({ block }) => !has(thread, block)));
});

test('an object stays while another one needs it', () => {
  const thread = new PlainWorld().thread();
  const { heap } = thread;
  const [lock, condition] = [make(thread), make(thread, tagOf(10, { first: linkAt, count: 1 }))];
  condition.block.words[condition.block.at + linkAt] = lock.block.ref;
  heap.drop(lock.position);
  heap.collect();
  assert.ok(has(thread, lock.block));
  heap.drop(condition.position);
  heap.collect();
  assert.ok(!has(thread, lock.block));
});

test('objects that name one another are freed', () => {
  const thread = new PlainWorld().thread();
  const { heap } = thread;
  const [a, b] = [make(thread, tagOf(10, { first: linkAt, count: 1 })), make(thread, tagOf(10, { first: linkAt, count: 1 }))];
  a.block.words[a.block.at + linkAt] = b.block.ref;
  b.block.words[b.block.at + linkAt] = a.block.ref;
  for (const { position } of [a, b]) heap.drop(position);
  heap.collect();
  assert.ok(!has(thread, a.block) && !has(thread, b.block));
});

test('an object of two threads stays with the second', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const { block, position } = make(one);
  two.heap.guarded(() => {
    two.heap.makeRoom(1);
    two.heap.list(block.ref);
  });
  one.heap.drop(position);
  one.heap.collect();
  assert.ok(has(one, block));
  two.die();
  one.heap.collect();
  assert.ok(!has(one, block));
  assert.equal(one.heap.statistics().threads, 1);
});

test('a death under the guard is followed by a sweep', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  make(one);
  assert.ok(
    killAt(
      (step) => step === 'heap.taken',
      () => make(two),
    ),
  );
  two.die();
  assert.equal(one.heap.slabs.find(0), 0);
  // No thread has asked for it: the next one finds the guard with a dead one's name in it.
  make(one);
  const { blocks, reached } = checkHeap(one.memory);
  assert.equal(blocks.size, reached.size);
  assert.equal(one.memory.segment(0)[headerFields.isSweepDue], 0);
});

test('a sweep counts right', () => {
  const thread = new PlainWorld().thread();
  const { heap, memory } = thread;
  heap.collect();
  const before = heap.statistics().used;
  const positions = Array.from({ length: 300 }, (_, i) => (heap.allocate(tagOf(9), 2 + i * 100), heap.listedAt));
  const used = () => memory.segment(0)[headerFields.used]! * 16;
  assert.equal(used(), heap.statistics().used);
  const grown = heap.statistics().used - before;
  assert.equal(heap.collect(), 0);
  for (const position of positions) heap.drop(position);
  // Some of it was freed on the way.
  assert.ok(heap.collect() <= grown);
  assert.equal(used(), before);
  assert.equal(heap.statistics().free + before, heap.statistics().size);
});
