/** Lists of plain values in named memory: what they hold, what is refused, and that a refusal changes nothing. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { HeddleError, InvalidStateError, ShareableList, type ShareableValue, SharedMemory } from 'heddle';
import { everywhere } from '../../sync/crew.js';

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

const values: readonly [ShareableValue, string][] = [
  [0, 'q'],
  [-1, 'q'],
  [Number.MAX_SAFE_INTEGER, 'q'],
  [Number.MIN_SAFE_INTEGER, 'q'],
  [2n ** 53n, 'q'],
  [2n ** 63n - 1n, 'q'],
  [-(2n ** 63n), 'q'],
  [0.5, 'd'],
  [-0, 'd'],
  [NaN, 'd'],
  [Infinity, 'd'],
  [-Infinity, 'd'],
  [2 ** 53, 'd'],
  [Number.MIN_VALUE, 'd'],
  [Number.MAX_VALUE, 'd'],
  [true, 'xxxxxxx?'],
  [false, 'xxxxxxx?'],
  [null, 'xxxxxx?x'],
  ['', '8s'],
  ['1234567', '8s'],
  ['12345678', '16s'],
  ['é漢💡', '16s'],
  ['\uFEFFmark', '8s'],
  ['a\0b', '8s'],
  [bytes(), '8s'],
  [bytes(0, 255, 1), '8s'],
  [bytes(...Array(100).fill(7)), '104s'],
];

test('each value comes back as it went in, by get, by iteration and in another handle', () => {
  using list = new ShareableList(values.map(([value]) => value));
  using same = new ShareableList(undefined, { name: list.shm.name });
  for (const one of [list, same]) {
    assert.deepEqual(
      [...one],
      values.map(([value]) => value),
    );
    assert.equal(one.length, values.length);
    assert.equal(one.format, values.map(([, format]) => format).join(''));
    for (const [i, [value]] of values.entries()) {
      assert.deepEqual(one.get(i), value);
      assert.deepEqual(one.get(i - values.length), value);
    }
  }
});

test('a value takes the place of any other one that it fits, and the others stay', () => {
  for (const [value] of values) {
    const fits = !(typeof value === 'string' || value instanceof Uint8Array) || Buffer.from(value as string).length <= 8;
    if (!fits) continue;
    for (const first of [1, 2.5, true, null, 'text', bytes(1)] satisfies ShareableValue[]) {
      using list = new ShareableList(['before', first, 'after']);
      list.set(1, value);
      assert.deepEqual([...list], ['before', value, 'after']);
    }
  }
});

test('a shorter text leaves nothing of a longer one', () => {
  using list = new ShareableList(['0123456789']);
  list.set(0, 'ab');
  assert.equal(list.get(0), 'ab');
  list.set(0, bytes(1));
  assert.deepEqual(list.get(0), bytes(1));
  list.set(0, 7);
  assert.equal(list.get(0), 7);
  list.set(0, 'x');
  assert.deepEqual([list.get(0), list.format], ['x', '16s']);
});

test('a number stays a float where one was, and another integer becomes an integer', () => {
  using list = new ShareableList([0.5, 1]);
  list.set(0, 2);
  list.set(1, 1.5);
  assert.deepEqual([[...list], list.format], [[2, 1.5], 'dd']);
  list.set(0, 2n);
  assert.deepEqual([list.get(0), list.format], [2, 'qd']);
});

const refused: readonly [string, unknown, { name: string; message: RegExp }][] = [
  [
    'a longer text',
    'far too many',
    { name: 'RangeError', message: /exceeds available storage: item 1 has 8 bytes, and 'far too many' needs 12/ },
  ],
  ['a text that is longer in UTF-8', 'ééééé', { name: 'RangeError', message: /exceeds available storage/ }],
  ['longer bytes', bytes(1, 2, 3, 4, 5, 6, 7, 8, 9), { name: 'RangeError', message: /exceeds available storage/ }],
  ['text that ends in NUL', 'a\0', { name: 'RangeError', message: /without NUL at its end/ }],
  ['bytes that end in NUL', bytes(1, 0), { name: 'RangeError', message: /without NUL at its end/ }],
  ['half a character', '\uD83D', { name: 'RangeError', message: /well-formed text/ }],
  [
    'an integer of more than 64 bits',
    2n ** 63n,
    { name: 'RangeError', message: /expected value to be an integer of 64 bits, got 9223372036854775808n/ },
  ],
  ['undefined', undefined, { name: 'TypeError', message: /expected value to be a number, .*got undefined/ }],
  ['an object', {}, { name: 'TypeError', message: /got {}/ }],
  ['an array', [1], { name: 'TypeError', message: /got \[/ }],
  ['a symbol', Symbol('s'), { name: 'TypeError', message: /got Symbol\(s\)/ }],
  ['other arrays of numbers', new Float64Array(1), { name: 'TypeError', message: /got Float64Array/ }],
];

for (const [what, value, error] of refused) {
  test(`${what} is refused, and the old value stays`, () => {
    using list = new ShareableList(['before', 'old', 'after']);
    const before = list.shm.buf.slice();
    assert.throws(() => list.set(1, value as ShareableValue), error);
    assert.deepEqual(list.shm.buf, before);
    if (!/longer/.test(what))
      assert.throws(() => new ShareableList([1, value as ShareableValue]), { name: error.name, message: /values\[1\]/ });
  });
}

test('wrong indices, values and options are refused', () => {
  using list = new ShareableList([1, 2]);
  for (const index of [2, -3, 0.5, NaN]) {
    assert.throws(() => list.get(index), { name: 'RangeError', message: /expected index to be an integer from -2 to 1/ });
    assert.throws(() => list.set(index, 1), RangeError);
  }
  assert.throws(() => list.get('0' as never), TypeError);
  for (const wrong of [5, 'text', {}, true])
    assert.throws(() => new ShareableList(wrong as never), { name: 'TypeError', message: /an iterable of values/ });
  assert.throws(() => new ShareableList([], { size: 5 } as never), /unknown key 'size'/);
  assert.throws(() => new ShareableList([1], { name: list.shm.name }), { code: 'EEXIST' });
  assert.throws(() => new ShareableList(null, { name: 'heddle-no-such-list' }), { code: 'ENOENT' });
  assert.throws(() => new ShareableList(['x'.repeat(10_000_000)]), { name: 'RangeError', message: /values\[0\].*less than 9999992 bytes/ });
});

test('an empty list has no items, and none is found in it', () => {
  using list = new ShareableList();
  assert.deepEqual([list.length, list.format, [...list], list.count(1), list.shm.size], [0, '', [], 0, 16]);
  assert.throws(() => list.index(null), RangeError);
  assert.throws(() => list.get(0), RangeError);
  using same = new ShareableList(null, { name: list.shm.name });
  assert.equal(same.length, 0);
});

test('values are counted and found by what they are', () => {
  using list = new ShareableList([1, 1.5, true, '1', bytes(1), null, 2n ** 60n, 1, bytes(1, 2)]);
  assert.deepEqual(
    [1, 1n, 1.5, true, '1', bytes(1), null, 2n ** 60n, 2, bytes(2)].map((value) => list.count(value)),
    [2, 2, 1, 1, 1, 1, 1, 1, 0, 0],
  );
  assert.deepEqual(
    [1, 1n, true, bytes(1, 2), null].map((value) => list.index(value)),
    [0, 0, 2, 8, 5],
  );
  assert.throws(() => list.index(2), { name: 'RangeError', message: /expected value to be in the list, got 2/ });
});

test('a copy of a list has values and floats of its own', () => {
  using list = new ShareableList([1.5, 2, 'x', 3]);
  list.set(0, 1);
  using copy = new ShareableList(list, { name: `heddle-list-${process.pid}` });
  assert.deepEqual([[...copy], copy.format, copy.shm.name], [[1, 2, 'x', 3], list.format, `heddle-list-${process.pid}`]);
  copy.set(-1, 77);
  assert.deepEqual([copy.get(3), list.get(3)], [77, 3]);
});

test('a block that holds no list is refused, whatever is in it', () => {
  const wrong: readonly ((view: DataView) => void)[] = [
    () => {},
    (view) => view.setBigInt64(0, -1n, true),
    (view) => view.setBigInt64(0, 2n ** 60n, true),
    (view) => view.setBigInt64(0, 3n, true),
    (view) => {
      view.setBigInt64(0, 1n, true);
      view.setBigInt64(16, 1000n, true);
    },
    (view) => {
      view.setBigInt64(0, 1n, true);
      view.setBigInt64(8, 8n, true);
      view.setBigInt64(16, 16n, true);
    },
  ];
  for (const [i, write] of wrong.entries()) {
    using memory = new SharedMemory({ create: true, size: i === 0 ? 8 : 64 });
    write(new DataView(memory.buf.buffer));
    assert.throws(
      () => new ShareableList(null, { name: memory.name }),
      (error) => error instanceof HeddleError && error.message.startsWith(`${memory.name} holds no ShareableList: `),
    );
  }
});

test('an item whose format is none of a list is refused when it is read', () => {
  using list = new ShareableList([1, 2]);
  const formats = list.shm.size - 2 * 9;
  list.shm.buf.set(Buffer.from('99s'), formats);
  assert.throws(() => list.get(0), /item 0 of psm_\w+ has the format '99s', which no ShareableList has/);
  assert.equal(list.get(1), 2);
});

test('it shows its values, and when it is closed, that it is', () => {
  const list = new ShareableList([1, 'two']);
  const { name } = list.shm;
  assert.equal(inspect(list), `ShareableList([ 1, 'two' ], name='${name}')`);
  assert.deepEqual(list.statistics(), { length: 2, size: list.shm.size });
  list[Symbol.dispose]();
  assert.equal(String(list), `ShareableList(closed, name='${name}')`);
  assert.throws(() => list.get(0), InvalidStateError);
});

everywhere('an argument and a result is the same list', async (crew) => {
  using list = new ShareableList([1, 'two', null]);
  const home = await crew.run((its: ShareableList) => {
    its.set(0, (its.get(0) as number) + 1);
    return its;
  }, list);
  home.set(2, true);
  assert.deepEqual([[...list], home.shm.name, home instanceof ShareableList], [[2, 'two', true], list.shm.name, true]);
  home.shm.close();
});
