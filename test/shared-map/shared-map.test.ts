/** A SharedMap in one thread: which keys are one, what values come back as, iteration, growth, refusals. (Between threads and processes: between.test.ts.) */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Event, Queue, SerializationError, SharedMap, type SharedMapKey } from 'heddle';

const keyRows: readonly (readonly SharedMapKey[])[] = [
  [undefined, null, true, false, 0, 1, -1, 63, 64, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 0.1, -0.1, Infinity, -Infinity, NaN],
  [0n, 1n, -1n, 2n ** 64n, -(2n ** 200n), '', '0', '1', 'true', 'null', 'undefined', 'NaN', '1n', 'a', 'ä', 'ÿ', 'Ā', '日本', '\ud800'],
  ['x'.repeat(63), 'x'.repeat(64), 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(100_000), '日'.repeat(50_000), '\0', '\0\0'],
  [Symbol.for('a'), Symbol.for(''), Symbol.for('日'), Symbol.iterator, Symbol.asyncIterator],
  [
    [],
    [undefined],
    [null],
    [''],
    [0],
    [1],
    [1, 2],
    [12],
    ['1', '2'],
    ['12'],
    ['1,2'],
    [1n],
    [NaN],
    [true, Symbol.iterator],
    ['日', 'a', 0.5],
  ],
];
const keys: readonly SharedMapKey[] = keyRows.flat();

test('keys are one where they are one in a Map, arrays by their elements, and come back as they are', () => {
  const map = new SharedMap<SharedMapKey, number>();
  for (const [i, key] of keys.entries()) map.setSync(key, i);
  assert.equal(map.size, keys.length);
  for (const [i, key] of keys.entries()) {
    const same = Array.isArray(key) ? [...key] : key;
    assert.deepEqual([map.getSync(same), map.hasSync(same)], [i, true], inspect(key));
  }
  const back = new Map([...map].map(([key, i]) => [i, key]));
  assert.equal(back.size, keys.length);
  for (const [i, key] of keys.entries()) assert.deepEqual(back.get(i), key);
  for (const key of keys) assert.equal(map.deleteSync(key), true);
  assert.deepEqual([map.size, [...map]], [0, []]);
});

test('-0 is 0, and all NaN are one, also in an array', () => {
  const map = new SharedMap([
    [-0, 'zero'],
    [NaN, 'nan'],
  ]);
  map.setSync([-0, NaN] as never, 'both');
  const other = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0]!;
  assert.deepEqual([map.getSync(0), map.getSync(-other), map.getSync([0, -NaN] as never)], ['zero', 'nan', 'both']);
  assert.ok([...map.keys()].some((key) => Object.is(key, 0)));
});

test('a key that is no primitive or array of primitives is refused at the call, and the map is as it was', async () => {
  const map = new SharedMap<any, number>();
  const rule = 'expected key to be a primitive or an array of primitives';
  const refused: [unknown, string, string][] = [
    [{}, 'TypeError', `${rule}, got {}`],
    [() => 1, 'TypeError', `${rule}, got a function`],
    [new Map(), 'TypeError', `${rule}, got Map(0) {}`],
    [[1, [2]], 'TypeError', `${rule}, got [ 2 ] at [1]`],
    [[{}], 'TypeError', `${rule}, got {} at [0]`],
    [new Array(1), 'TypeError', `${rule}, got one with holes or properties of its own: [ <1 empty item> ]`],
    [/(?<b>b)/.exec('abc'), 'TypeError', `${rule}, got one with holes or properties of its own: [`],
    [Symbol('mine'), 'SerializationError', 'key: Symbol(mine) cannot cross: only registered symbols can, Symbol.for(…)'],
    [[0, Symbol('mine')], 'SerializationError', 'key[1]: Symbol(mine) cannot cross'],
    ['x'.repeat(2 ** 20), 'RangeError', 'expected key to take at most 1048576 bytes'],
  ];
  for (const [key, name, message] of refused) {
    const isRefusal = (error: Error): boolean => error.name === name && error.message.startsWith(message);
    const sync = [
      () => map.setSync(key, 1),
      () => map.getSync(key),
      () => map.hasSync(key),
      () => map.deleteSync(key),
      () => map.updateSync(key, () => 1),
      () => new SharedMap([[key as string, 1]]),
    ];
    for (const call of sync) assert.throws(call, isRefusal);
    for (const call of [map.set(key, 1), map.get(key), map.has(key), map.delete(key), map.update(key, () => 1)])
      await assert.rejects(call, isRefusal);
  }
  assert.equal(map.size, 0);
});

const values: Record<string, unknown> = {
  undefined,
  null: null,
  false: false,
  int: -5,
  double: 0.1,
  'minus zero': -0,
  bigint: 2n ** 70n,
  text: 'a',
  'long text': '日'.repeat(300),
  'text of 47 bytes': 'x'.repeat(47),
  'text of 64 KiB': 'x'.repeat(65_536),
  date: new Date(5),
  nested: { a: [1, { b: new Set([1]) }], [Symbol.for('s')]: /x/g },
  error: new RangeError('mine'),
  bytes: new Uint8Array(200_000).fill(7),
  buffer: Buffer.from('hello'),
};

test('values come back as the items of a queue do, whatever their size', async () => {
  const map = new SharedMap<string>(Object.entries(values));
  for (const [name, value] of Object.entries(values)) {
    assert.deepEqual(map.getSync(name), value);
    assert.deepEqual(await map.get(name), value);
  }
  assert.deepEqual(new Map(map), new Map(Object.entries(values)));
  assert.ok(Object.is(map.getSync('minus zero'), -0));
  for (const name of Object.keys(values)) map.setSync(name, 1).setSync(name, values[name]);
  assert.deepEqual(new Map(map.entries()), new Map(Object.entries(values)));
  assert.equal(map.getSync('none'), undefined);
});

test('each get gives a copy, and a value is as it was when it was set', () => {
  const map = new SharedMap<string, { list: number[] }>();
  const value = { list: [1] };
  map.setSync('a', value);
  value.list.push(2);
  map.getSync('a')!.list.push(3);
  assert.deepEqual(map.getSync('a'), { list: [1] });
});

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
  twice(): number {
    return this.x * 2;
  }
}

test('instances and functions are values', async () => {
  const map = new SharedMap<string, Point | ((n: number) => number)>();
  const by = 3;
  map.setSync('point', new Point(4)).setSync('fn', (n) => n * by);
  assert.equal((map.getSync('point') as Point).twice(), 8);
  assert.equal(((await map.get('fn')) as (n: number) => number)(5), 15);
  for (const value of map.values()) assert.ok(value instanceof Point || typeof value === 'function');
});

test('a value that cannot cross is refused with its path, and the former one stays', async () => {
  const map = new SharedMap<string>([['a', 1]]);
  const bad = { deep: [new WeakMap()] };
  const refusal = (error: Error): boolean => error instanceof SerializationError && error.message.startsWith('value.deep[0]');
  assert.throws(() => map.setSync('a', bad), refusal);
  await assert.rejects(map.set('a', bad), refusal);
  assert.throws(() => map.updateSync('a', () => bad), refusal);
  assert.deepEqual([...map], [['a', 1]]);
});

test('shared objects are values, as themselves', () => {
  const map = new SharedMap<string>();
  const [event, queue] = [new Event(), new Queue<string>()];
  map.setSync('both', { event, queue, large: new Uint8Array(10_000) }).setSync('map', map);
  const both = map.getSync('both') as { event: Event; queue: Queue<string> };
  assert.deepEqual([both.event === event, both.queue === queue, map.getSync('map') === map], [true, true, true]);
  assert.equal(new Map(map).get('map'), map);
});

test('a map that is changed at random is what a Map would be', () => {
  const map = new SharedMap<number>();
  const reference = new Map<number, unknown>();
  let state = 1;
  const next = (below: number): number => (state = Math.imul(state, 48_271) & 0x7fff_ffff) % below;
  for (let step = 0; step < 30_000; step += 1) {
    const key = next(step < 15_000 ? 2000 : 300);
    const what = next(10);
    if (what < 6) {
      const value = [step, 'x'.repeat(next(60)), 'y'.repeat(next(12) === 0 ? 300 : 1)][next(3)];
      map.setSync(key, value);
      reference.set(key, value);
    } else if (what < 9) assert.equal(map.deleteSync(key), reference.delete(key));
    else if (next(2000) === 0) {
      map.clearSync();
      reference.clear();
    } else assert.deepEqual(map.getSync(key), reference.get(key));
    if (step % 5000 === 0) assert.deepEqual(new Map(map), reference);
  }
  assert.deepEqual([new Map(map), map.size], [reference, reference.size]);
});

test('a map grows with its entries, and is small again without them', () => {
  const map = new SharedMap<string, number>();
  const { bytes } = map.statistics();
  for (let i = 0; i < 20_000; i += 1) map.setSync(`key ${i}`, i);
  for (let round = 0; round < 3; round += 1) for (let i = 0; i < 20_000; i += 1) map.setSync(`key ${i}`, i + round);
  assert.deepEqual([map.size, map.getSync('key 19999')], [20_000, 20_001]);
  assert.ok(map.statistics().bytes < 20_000 * 150, `${map.statistics().bytes} bytes`);
  for (let i = 0; i < 20_000; i += 1) map.deleteSync(`key ${i}`);
  assert.ok(map.statistics().bytes < 600_000, `${map.statistics().bytes} bytes`);
  map.setSync('a', 1);
  map.clearSync();
  assert.deepEqual(map.statistics(), { size: 0, bytes });
});

test('a key that is there throughout an iteration comes once, whatever happens to others meanwhile', () => {
  const map = new SharedMap<number, number>();
  for (let i = 0; i < 400; i += 1) map.setSync(i, 0);
  for (const [name, iterate] of Object.entries({
    entries: () => map.entries(),
    keys: () => map.keys(),
    spread: () => map[Symbol.iterator](),
  })) {
    const seen = new Map<number, number>();
    for (const one of iterate()) {
      const key = Array.isArray(one) ? one[0] : one;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (key >= 400) continue;
      map.setSync(key, map.getSync(key)! + 1);
      map.setSync(1000 + key, 0);
      map.deleteSync(1000 + ((key * 7) % 400));
    }
    for (let i = 0; i < 400; i += 1) assert.equal(seen.get(i), 1, `${name}: ${i}`);
    for (const times of seen.values()) assert.equal(times, 1);
  }
  assert.equal(map.getSync(5), 3);
});

const sorted = <T>(all: Iterable<T>): T[] => [...all].sort((a, b) => (String(a) < String(b) ? -1 : 1));

test('forEach, keys and values go by the same rules as entries', () => {
  const map = new SharedMap([
    ['a', 1],
    ['b', 2],
  ]);
  const seen: unknown[] = [];
  const self = {};
  map.forEach(function each(this: unknown, value, key, its) {
    seen.push([key, value, its === map, this === self]);
  }, self);
  assert.deepEqual(sorted(seen), [
    ['a', 1, true, true],
    ['b', 2, true, true],
  ]);
  assert.deepEqual(
    [sorted(map.keys()), sorted(map.values())],
    [
      ['a', 'b'],
      [1, 2],
    ],
  );
  assert.throws(() => map.forEach(1 as never), { name: 'TypeError', message: 'expected fn to be a function, got 1' });
});

test('it is made from entries as a Map is, and refuses what is none', () => {
  assert.deepEqual([...new SharedMap(new Map([['a', 1]]))], [['a', 1]]);
  assert.equal(new SharedMap(null).size, 0);
  assert.deepEqual([...new SharedMap(new SharedMap([[1, 2]]))], [[1, 2]]);
  assert.throws(() => new SharedMap(5 as never), {
    name: 'TypeError',
    message: 'expected entries to be an iterable of [key, value], got 5',
  });
  assert.throws(() => new SharedMap([5] as never), { name: 'TypeError', message: 'expected an entry to be [key, value], got 5' });
});

test('it says what it is', () => {
  const map = new SharedMap([['a', 1]]);
  assert.equal(inspect(map), '<SharedMap with 1 entries>');
  assert.equal(JSON.stringify({ map }), '{"map":"<SharedMap with 1 entries>"}');
});

test('options are those of waiting calls: a time-out is checked, a signal ends promise forms before they begin and is refused elsewhere', async () => {
  const map = new SharedMap<string, number>([['a', 1]]);
  const signal = AbortSignal.abort(new Error('mine'));
  const mine = { message: 'mine' };
  for (const call of [
    map.get('a', { signal }),
    map.has('a', { signal }),
    map.set('b', 1, { signal }),
    map.delete('a', { signal }),
    map.clear({ signal }),
    map.update('a', () => 5, { signal }),
  ])
    await assert.rejects(call, mine);
  assert.deepEqual([...map], [['a', 1]]);
  const live = new AbortController().signal;
  const isTold = { name: 'TypeError', message: /^expected no signal, as a blocked thread cannot hear one: use \w+\(\)/ };
  const options = { signal: live } as never;
  for (const call of [
    () => map.getSync('a', options),
    () => map.hasSync('a', options),
    () => map.setSync('b', 1, options),
    () => map.deleteSync('a', options),
    () => map.clearSync(options),
    () => map.updateSync('a', () => 5, options),
  ])
    assert.throws(call, isTold);
  for (const bad of [-1, NaN, '1', { timeout: -1 }, { timout: 1 }] as never[]) {
    assert.throws(() => map.getSync('a', bad));
    await assert.rejects(map.get('a', bad));
    await assert.rejects(map.update('a', () => 5, bad));
  }
  assert.equal(await map.get('a', { timeout: 0, signal: live }), 1);
  assert.equal(map.getSync('a', 5), 1);
  assert.equal(await map.update('a', (n) => n! + 1, { timeout: 0, signal: live }), 2);
});
