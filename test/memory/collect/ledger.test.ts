/** A thread's ledger: it lists what was put in, and nothing else, also after it became shorter. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readLedger } from '#src/memory/collect/ledger.js';
import { slotFields, slotOf } from '#src/memory/threads/slots.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { type PlainThread, PlainWorld } from '../heap/plain-memory.ts';

function listed({ memory, agent }: PlainThread): { pages: number; refs: number[] } {
  const refs: number[] = [];
  let pages = 0;
  const first = memory.segment(0)[slotOf(agent.id) + slotFields.ledger]!;
  readLedger(
    memory,
    first,
    () => (pages += 1),
    (ref) => void refs.push(ref >>> 0),
  );
  return { pages, refs: refs.sort((a, b) => a - b) };
}

test('exactly the held blocks are listed', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(400), fc.record({ drop: fc.nat() })), { maxLength: 12 }), (actions) => {
      const thread = new PlainWorld().thread();
      const held = new Map<number, number>();
      for (const each of actions) {
        if (typeof each === 'number') {
          for (let i = 0; i < each; i += 1) {
            const { ref } = thread.heap.allocate(tagOf(9), 2);
            assert.ok(!held.has(thread.heap.listedAt));
            held.set(thread.heap.listedAt, ref);
          }
        } else {
          for (const position of [...held.keys()].slice(each.drop % (held.size + 1))) {
            assert.equal(thread.heap.at(position), held.get(position));
            thread.heap.drop(position);
            held.delete(position);
          }
          thread.heap.collect();
        }
        assert.deepEqual(
          listed(thread).refs,
          [...held.values()].sort((a, b) => a - b),
        );
      }
    }),
    { numRuns: 40 },
  );
});

test('a ledger that was long becomes short', () => {
  const thread = new PlainWorld().thread();
  const positions = Array.from({ length: 2000 }, () => (thread.heap.allocate(tagOf(9), 2), thread.heap.listedAt));
  assert.equal(listed(thread).pages, 8);
  for (const position of positions) if (position !== 300) thread.heap.drop(position);
  thread.heap.collect();
  assert.equal(listed(thread).pages, 2);
  assert.equal(thread.heap.at(300), listed(thread).refs[0]);
  thread.heap.drop(300);
  thread.heap.collect();
  assert.equal(listed(thread).pages, 0);
  assert.equal(thread.heap.statistics().used, 0);
  thread.heap.allocate(tagOf(9), 2);
  assert.equal(listed(thread).pages, 1);
});
