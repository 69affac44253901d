/** Slots: never shared, reused when all that a dead one held is gone, and never under the same id. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { become, isDead, threadOf } from '#src/memory/index.js';
import { claimSlot, nameSlot, slotIds } from '#src/memory/threads/slot-claim.js';
import { slotCount, slotFields, slotOf } from '#src/memory/threads/slots.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { Killed, killAt, PlainWorld } from '../heap/plain-memory.ts';

test('each thread has its own slot, and no id comes again', () => {
  const world = new PlainWorld();
  const first = world.thread();
  const seen = new Set<number>([first.agent.id]);
  for (let i = 0; i < 3 * slotCount; i += 1) {
    const thread = world.thread();
    assert.ok(!seen.has(thread.agent.id) && thread.agent.id > 0);
    seen.add(thread.agent.id);
    thread.die();
    if (i % 1000 === 999) first.heap.guarded(() => first.heap.clearSlots(true));
  }
  assert.deepEqual([...slotIds(first.memory)].length, 1 + ((3 * slotCount) % 1000));
});

test('a full table is emptied, or reported', () => {
  const world = new PlainWorld();
  const first = world.thread();
  const threads = Array.from({ length: slotCount - 1 }, () => world.thread());
  assert.throws(() => world.thread(), /4096 threads/);
  for (const thread of threads.slice(0, 10)) thread.die();
  first.heap.collect();
  assert.ok(world.thread());
  assert.equal(first.heap.statistics().threads, slotCount - 9);
});

test('a claimant that was killed half-way loses its slot, and a living one keeps it', () => {
  const world = new PlainWorld();
  const first = world.thread();
  for (const step of ['slot.taken', 'slot.generation', 'slot.filled', 'slot.claimed']) {
    const alive = world.memory();
    assert.ok(
      killAt(
        (name) => name === step,
        () => {
          assert.throws(() => claimSlot(alive), Killed);
          throw new Killed(step);
        },
      ),
    );
    const its = (): number => {
      const words = first.memory.segment(0);
      let count = 0;
      for (let i = 0; i < slotCount; i += 1) if (words[slotOf(i) + slotFields.tid] === alive.identity().tid) count += 1;
      return count;
    };
    assert.equal(its(), 1, step);
    first.heap.collect();
    assert.equal(its(), 1, step);
    world.end(alive);
    first.heap.collect();
    assert.equal(its(), 0, step);
  }
});

test('a slot is not used again while its objects are still there', () => {
  const world = new PlainWorld();
  const [first, second] = [world.thread(), world.thread()];
  second.heap.allocate(tagOf(9), 20);
  second.die();
  const words = first.memory.segment(0);
  const slot = slotOf(second.agent.id);
  assert.ok(
    killAt(
      (step) => step === 'slot.cleared',
      () => first.heap.collect(),
    ),
  );
  assert.equal(words[slot + slotFields.ledger], 0);
  assert.notEqual(words[slot + slotFields.tid], 0);
  first.die();
  const third = world.thread();
  third.heap.collect();
  assert.equal(words[slot + slotFields.tid], 0);
  assert.equal(third.heap.statistics().used, 0);
});

test('a dead thread counts as dead though another one has its slot', () => {
  const world = new PlainWorld();
  const first = world.thread();
  const second = world.thread();
  become(first.agent);
  nameSlot(second.memory, second.agent.id, 'Zweiter 👍');
  assert.equal(threadOf(second.agent.id).name, 'Zweiter 👍');
  assert.equal(isDead(second.agent.id, false), false);
  second.die();
  assert.equal(isDead(second.agent.id, false), true);
  first.heap.collect();
  for (let i = 0; i < slotCount - 1; i += 1) {
    const { agent } = world.thread();
    if ((agent.id & 0xfff) === (second.agent.id & 0xfff)) assert.notEqual(agent.id, second.agent.id);
  }
  become(first.agent);
  assert.equal(isDead(second.agent.id, false), true);
  assert.match(threadOf(second.agent.id).name, /long ago/);
});
