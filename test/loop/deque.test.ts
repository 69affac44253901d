/** The ring behind queues, against an array. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Deque } from '#src/loop/index.js';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('push', 'unshift', 'shift', 'pop') },
  { weight: 1, arbitrary: fc.constantFrom('clear', 'fill', 'drain') },
  { weight: 2, arbitrary: fc.nat(40).map((index) => ({ take: index })) },
);

test('a ring behaves as an array, however it is filled and emptied', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ring = new Deque<number>();
      const list: number[] = [];
      steps.forEach((one, i) => {
        if (typeof one === 'object') {
          if (one.take < list.length) assert.equal(ring.take(one.take), list.splice(one.take, 1)[0]);
        } else if (one === 'push') {
          ring.push(i);
          list.push(i);
        } else if (one === 'unshift') {
          ring.unshift(i);
          list.unshift(i);
        } else if (one === 'shift') assert.equal(ring.shift(), list.shift());
        else if (one === 'pop') assert.equal(ring.pop(), list.pop());
        else if (one === 'clear') {
          ring.clear();
          list.length = 0;
        } else if (one === 'fill') {
          for (let k = 0; k < 40; k += 1) ring.push(k);
          list.push(...Array.from({ length: 40 }, (_, k) => k));
        } else while (list.length > 0) assert.equal(ring.shift(), list.shift());
        assert.equal(ring.length, list.length);
        assert.deepEqual([...ring], list);
        assert.equal(ring.at(list.length - 1), list.at(-1));
        assert.equal(ring.at(list.length), undefined);
      });
    }),
    { numRuns: 500 },
  );
});

test('a ring that was large shrinks when it is empty', () => {
  const ring = new Deque<object>();
  const held = new WeakRef({});
  for (let i = 0; i < 10_000; i += 1) ring.push(held);
  for (let i = 0; i < 10_000; i += 1) ring.shift();
  ring.push(held);
  assert.deepEqual([...ring], [held]);
});
