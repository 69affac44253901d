/** A SharedArray in one thread. (Between threads and processes: between.test.ts.) */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError, RawArray, type TypeCode, type ViewOf } from 'heddle';
import { Lock, SharedArray } from '../sync/made.js';

const views: Record<TypeCode, new () => object> = {
  int8: Int8Array,
  b: Int8Array,
  uint8: Uint8Array,
  B: Uint8Array,
  int16: Int16Array,
  h: Int16Array,
  uint16: Uint16Array,
  H: Uint16Array,
  int32: Int32Array,
  i: Int32Array,
  uint32: Uint32Array,
  I: Uint32Array,
  int64: BigInt64Array,
  l: BigInt64Array,
  q: BigInt64Array,
  uint64: BigUint64Array,
  L: BigUint64Array,
  Q: BigUint64Array,
  float32: Float32Array,
  f: Float32Array,
  float64: Float64Array,
  d: Float64Array,
  bool: Uint8Array,
  '?': Uint8Array,
  c: Uint8Array,
};

for (const [code, View] of Object.entries(views) as [TypeCode, new () => object][]) {
  test(`'${code}': a view of the right class, over the memory itself`, () => {
    const array = new SharedArray(code, 5);
    const view = array.view as unknown as ViewOf<'i' | 'q'>;
    assert.ok(view instanceof View);
    assert.equal(array.view, array.view);
    assert.deepEqual([array.length, view.length, view.every((each) => Number(each) === 0)], [5, 5, true]);
    const one = (code === 'bool' || code === '?' ? true : code === 'c' ? 'a' : 1) as never;
    array.set(3, one);
    assert.equal(Number(view[3]), code === 'c' ? 97 : 1);
    assert.equal(Number(view[2]) + Number(view[4]), 0);
  });
}

test('made of a size, an iterable, a typed array, a string', () => {
  assert.deepEqual([...new SharedArray('i', [1, 2, 3])], [1, 2, 3]);
  assert.deepEqual([...new SharedArray('q', new Set([1, 2n]))], [1n, 2n]);
  assert.deepEqual([...new SharedArray('d', new Float64Array([0.5, 1.5]))], [0.5, 1.5]);
  assert.deepEqual([...new SharedArray('i', new Float64Array([5, 6]))], [5, 6]);
  assert.deepEqual(new SharedArray('c', 'hello').slice().join(''), 'hello');
  assert.deepEqual([...new SharedArray('?', [true, false])], [true, false]);
  assert.deepEqual([...new SharedArray('i', [])], []);
  assert.deepEqual(new SharedArray('i', 0).length, 0);
});

test('bad sizes, values and types are refused, with the place', () => {
  for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 40])
    assert.throws(() => new SharedArray('i', bad), { name: 'RangeError', message: /expected size to be an integer/ });
  for (const bad of [undefined, null, {}, true])
    assert.throws(() => new SharedArray('i', bad as never), {
      name: 'TypeError',
      message: /expected sizeOrInit to be a size or an iterable/,
    });
  assert.throws(() => new SharedArray('b', [1, 2, 300]), {
    name: 'RangeError',
    message: /expected element 2 of type 'b' to be .*, got 300/,
  });
  assert.throws(() => new SharedArray('?', new Uint8Array([7]) as never), {
    name: 'TypeError',
    message: /element 0 of type '\?' to be a boolean/,
  });
  assert.throws(() => new SharedArray('int' as 'i', 1), /expected type to be one of/);
  assert.throws(() => new SharedArray('i', 1, { lock: 1 as unknown as boolean }), /expected lock to be/);
});

test('get and set: negative indices count from the end, others are refused', () => {
  const array = new SharedArray('h', [10, 20, 30]);
  assert.deepEqual([array.get(0), array.get(2), array.get(-1), array.get(-3)], [10, 30, 30, 10]);
  array.set(-1, 31);
  assert.deepEqual(array.slice(), [10, 20, 31]);
  for (const bad of [3, -4, 0.5, NaN]) {
    assert.throws(() => array.get(bad), { name: 'RangeError', message: /expected index to be an integer from -3 to 2/ });
    assert.throws(() => array.set(bad, 1), RangeError);
  }
  for (const bad of ['0', undefined, 0n]) assert.throws(() => array.get(bad as never), { name: 'TypeError', message: /expected index/ });
  assert.throws(() => array.set(1, 40_000), { name: 'RangeError', message: /expected element 1 of type 'h' to be .*, got 40000/ });
  assert.throws(() => new SharedArray('i', 0).get(0), { name: 'RangeError', message: /in an array that has elements/ });
});

test('slice and fill are those of arrays, and iteration reads as it goes', () => {
  const array = new SharedArray('i', [0, 1, 2, 3, 4]);
  assert.deepEqual([array.slice(1, 3), array.slice(-2), array.slice(), array.slice(4, 1)], [[1, 2], [3, 4], [0, 1, 2, 3, 4], []]);
  assert.equal(array.fill(9, 1, -1), array);
  assert.deepEqual([...array], [0, 9, 9, 9, 4]);
  array.fill(7);
  assert.deepEqual(Array.from(array), [7, 7, 7, 7, 7]);
  assert.throws(() => array.fill(0.5), /expected value of type 'i'/);
  const bools = new SharedArray('bool', 2).fill(true);
  assert.deepEqual(
    [bools.slice(), [...bools.view]],
    [
      [true, true],
      [1, 1],
    ],
  );
  const seen: number[] = [];
  for (const each of array) {
    seen.push(each);
    array.set(seen.length % 5, 1);
  }
  assert.deepEqual(seen, [7, 1, 1, 1, 1]);
});

test('add and update change one element', async () => {
  const array = new SharedArray('B', [250, 0]);
  assert.equal(array.add(0, 5), 255);
  assert.throws(() => array.add(0, 1), RangeError);
  assert.equal(await array.update(-1, (n) => n + 3), 3);
  assert.equal(
    array.updateSync(1, (n) => n * 2),
    6,
  );
  await assert.rejects(
    array.update(0, () => 256),
    /element 0 of type 'B'/,
  );
  await assert.rejects(
    array.update(2, (n) => n),
    RangeError,
  );
  assert.deepEqual([[...array], array.getLock().locked()], [[255, 6], false]);
  const rounded = new SharedArray('f', 1);
  assert.equal(
    rounded.updateSync(0, () => 0.1),
    Math.fround(0.1),
  );
});

test('a lock of ones own, none, and what it says of itself', async () => {
  const lock = new Lock();
  assert.equal(new SharedArray('i', 1, { lock }).getLock(), lock);
  for (const array of [new RawArray('d', 3), new SharedArray('d', 3, { lock: false })]) {
    assert.throws(() => array.getLock(), { name: 'InvalidStateError', message: /Array has no lock/ });
    await assert.rejects(
      array.update(0, (n) => n),
      InvalidStateError,
    );
    assert.deepEqual(array.statistics(), { length: 3, bytes: 24, locked: false, waiting: 0 });
  }
  assert.deepEqual([String(new SharedArray('i', 3)), String(new RawArray('c', 1))], ["<SharedArray 'i' of 3>", "<RawArray 'c' of 1>"]);
});

test('an array of many segments of the heap is one array', () => {
  const length = 5 * 2 ** 20;
  const array = new SharedArray('i', length);
  array.set(length - 1, 7);
  array.set(0, 1);
  array.set(2 ** 21 - 16, 3); // where the first segment ends
  assert.deepEqual([array.view.length, array.view.at(-1), array.view[0], array.view[2 ** 21 - 16]], [length, 7, 1, 3]);
  assert.equal(
    array.view.reduce((a, b) => a + b),
    11,
  );
});
