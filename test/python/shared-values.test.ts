/** The assertions of CPython's _test_multiprocessing on Value, Array and sharedctypes: between threads, between processes, and both. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawArray, RawValue, type TypeCode } from 'heddle';
import { everywhere } from '../sync/crew.js';
import { Condition, Lock, RLock, SharedArray, Value } from '../sync/made.js';

/** Type, first value, what the child writes. */
const codes: readonly [TypeCode, unknown, unknown][] = [
  ['i', 4343, 24234],
  ['d', 3.625, -4.25],
  ['h', -232, 234],
  ['q', 2n ** 33n, 2n ** 34n],
  ['c', 'x', 'y'],
];

for (const Class of [Value, RawValue]) {
  everywhere(`${Class.name}: each type has its first value, and what a child writes is seen by the parent`, async (crew) => {
    const values = codes.map(([code, first]) => new Class(code, first as never));
    assert.deepEqual(
      values.map(({ value }) => value),
      codes.map(([, first]) => first),
    );
    await crew.run(
      (given, next) => {
        for (const [i, value] of given.entries()) value.value = next[i] as never;
      },
      values,
      codes.map(([, , next]) => next),
    );
    assert.deepEqual(
      values.map(({ value }) => value),
      codes.map(([, , next]) => next),
    );
  });
}

const makers: Record<string, (lock?: boolean | Lock | RLock) => Value<'i'> | SharedArray<'i'>> = {
  Value: (lock) => new Value('i', 5, { lock }),
  SharedArray: (lock) => new SharedArray('i', [1, 2, 3], { lock }),
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: a lock of its own by default, one that is given, or none; another kind is an error`, () => {
    for (const own of [make(), make(true), make(undefined)]) assert.ok(own.getLock() instanceof Lock);
    for (const lock of [new Lock(), new RLock()]) assert.equal(make(lock).getLock(), lock);
    assert.throws(() => make(false).getLock(), { name: 'InvalidStateError' });
    for (const bad of ['no lock', new Condition()]) assert.throws(() => make(bad as never), TypeError);
  });
}

for (const [name, make] of Object.entries({
  SharedArray: (of: number | number[]) => new SharedArray('i', of),
  RawArray: (of: number | number[]) => new RawArray('i', of),
})) {
  everywhere(`${name}: a child sums up in place; length, elements and slices are those of a list`, async (crew) => {
    const list = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
    const array = make(list);
    assert.deepEqual([array.length, array.get(3), array.slice(2, 7), [...array]], [list.length, list[3], list.slice(2, 7), list]);
    array.view.set([1, 2, 3, 4], 4);
    list.splice(4, 4, 1, 2, 3, 4);
    assert.deepEqual([...array], list);
    const sumUp = (numbers: { get(i: number): number; set(i: number, n: number): void; readonly length: number }): void => {
      for (let i = 1; i < numbers.length; i += 1) numbers.set(i, numbers.get(i) + numbers.get(i - 1));
    };
    await crew.run(sumUp, array);
    let sum = 0;
    assert.deepEqual(
      [...array],
      list.map((each) => (sum += each)),
    );
  });

  test(`${name}: one of a size is zeros, also where memory was used before`, () => {
    for (let i = 0; i < 20; i += 1) {
      const array = make(1000);
      assert.ok(array.view.every((each) => each === 0));
      array.fill(7);
    }
    assert.equal(make(0).length, 0);
  });
}

everywhere('sharedctypes: several values and arrays under one lock are doubled together', async (crew) => {
  const lock = new RLock();
  const [x, y, z] = [new Value('i', 7, { lock }), new Value('d', 1 / 3, { lock }), new Value('q', 2n ** 33n, { lock })];
  const numbers = new SharedArray('d', 10, { lock });
  for (let i = 0; i < 10; i += 1) numbers.set(i, i);
  const text = new SharedArray('c', 'hello', { lock });
  await crew.run(async () => {
    using _ = await lock.hold();
    x.updateSync((each) => each * 2);
    y.updateSync((each) => each * 2);
    z.updateSync((each) => each * 2n);
    for (const [i, each] of numbers.slice().entries()) numbers.set(i, each * 2);
    text.view.set(Buffer.from('HELLO'));
  });
  assert.deepEqual([x.value, y.value, z.value], [14, 2 / 3, 2n ** 34n]);
  assert.deepEqual(
    [...numbers],
    Array.from({ length: 10 }, (_, i) => i * 2),
  );
  assert.equal(text.slice().join(''), 'HELLO');
});

test('sharedctypes: a copy does not change with the original', () => {
  const array = new SharedArray('d', [1, 2.5]);
  const [list, view, other] = [array.slice(), array.view.slice(), new SharedArray('d', array)];
  array.fill(0);
  for (const copy of [list, view, other]) assert.deepEqual([...copy], [1, 2.5]);
});
