/** The worker's reports to its host of the time of a task's code. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskClock } from '#src/worker/inside/task-clock.js';

/** Which way the clock was told to go after the code had given this, and whether anything was read of the value before. */
function given(value: unknown): { readonly isStopped: boolean; readonly isReadFirst: boolean } {
  let isStopped = false;
  let isReadFirst = false;
  const clock = new TaskClock(1, (_id, isPreparing) => (isStopped = isPreparing));
  const { keys, getOwnPropertyNames } = Object;
  const { ownKeys } = Reflect;
  const reads = <T>(real: (of: object) => T) => {
    return (of: object): T => {
      if (of === value) isReadFirst ||= !isStopped;
      return real(of);
    };
  };
  Object.assign(Object, { keys: reads(keys), getOwnPropertyNames: reads(getOwnPropertyNames) });
  Object.assign(Reflect, { ownKeys: reads(ownKeys) });
  try {
    clock.runs();
    clock.gives(value);
  } finally {
    Object.assign(Object, { keys, getOwnPropertyNames });
    Object.assign(Reflect, { ownKeys });
    clock.end();
  }
  return { isStopped, isReadFirst };
}

test('the clock of a task stops before the keys of its result are counted, however many there are', () => {
  const many = Array.from({ length: 1000 }, (_, i) => i);
  const results = [
    many,
    new Float64Array(1000),
    Object.assign([], Object.fromEntries(many.entries())),
    Object.fromEntries(many.entries()),
    new Map(),
    [],
  ];
  for (const value of results) assert.deepEqual(given(value), { isStopped: true, isReadFirst: false });
});

test('the clock of a task runs on for a result whose size is known at once and small, and stops for others', () => {
  for (const value of [undefined, null, true, 1, -(2n ** 63n), 'a text']) assert.equal(given(value).isStopped, false, typeof value);
  for (const value of ['x'.repeat(1e6), 2n ** 100_000n, Symbol.for('x'), () => 1]) assert.equal(given(value).isStopped, true, typeof value);
});
