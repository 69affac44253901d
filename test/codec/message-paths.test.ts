/** Each value arrives alike, whichever way it is written and read: as a packet, by the general encoder alone, or flat as far as it goes. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { decode, decodeMessage, encode, modulesOf, prepare, takeEncoder } from '#src/codec/index.js';
import { SerializationError } from '#src/errors.js';
import { difference } from './same-graph.js';

const FLAT = 0;
const GENERAL = 1;

/** The flat reader handles the first objects of a kind differently from later ones. */
const MANY = 300;

function bytesOf(value: unknown, isGeneral: boolean = false): Uint8Array {
  const encoder = takeEncoder();
  try {
    encoder.encode(value, { isGeneral });
    return encoder.bytes.slice(encoder.start, encoder.end);
  } finally {
    encoder.release();
  }
}

const read = (bytes: Uint8Array): unknown => decodeMessage(bytes, 0, bytes.length);

/** As the general decoder reads it. */
function readGeneral(bytes: Uint8Array): unknown {
  const copy = bytes.slice();
  if (copy[0] === FLAT) copy[0] = GENERAL;
  return read(copy);
}

const border = { kind: 'process' } as const;

/** All ways; `make` makes the same value each time. */
async function ways<T>(make: () => T): Promise<Record<string, T>> {
  const packet = encode(make(), { border });
  const [flat, general] = [bytesOf(make()), bytesOf(make(), true)];
  await prepare({ modules: [...modulesOf(flat, 0, flat.length), ...packet.modules] });
  return {
    packet: decode(packet, border) as T,
    general: read(general) as T,
    flat: read(flat) as T,
    'flat, read by the general decoder': readGeneral(flat) as T,
  };
}

/** A description of everything that a program can see of an object's properties. */
const shapeOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? [Object.getPrototypeOf(value), Reflect.ownKeys(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key)])]
    : value;

async function alike(make: () => unknown, isFlat: boolean): Promise<void> {
  assert.equal(bytesOf(make())[0] === FLAT, isFlat);
  const { packet, ...others } = await ways(make);
  for (const [way, value] of Object.entries(others)) {
    assert.equal(difference(packet, value), undefined, way);
    assert.deepEqual(shapeOf(value), shapeOf(packet), way);
  }
}

const rows = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ id: i, name: `name ${i}` }));
const nested = (depth: number): object => Array.from({ length: depth }).reduce<object>((inner) => ({ inner }), {});
const wide = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, i]));

const flat: Record<string, () => unknown> = {
  numbers: () => [0, 63, 64, -1, 2 ** 31, -0, 0.5, Number.NaN, Infinity, 2 ** 53],
  bigints: () => [0n, -1n, 10n ** 30n, { big: -(2n ** 64n) }],
  scalars: () => [true, false, null, undefined],
  strings: () => ['', 'short', 'é', 'é'.repeat(60), '€', '\ud800', 'x'.repeat(5000), '€'.repeat(3000), '\0\n'],
  'a number': () => 17,
  'a string': () => 'text',
  undefined: () => undefined,
  'an object': () => ({ id: 1, name: 'a', ok: true }),
  'empty ones': () => [{}, [], { a: [] }],
  'the same keys in another order': () => [
    { a: 1, b: 2 },
    { b: 1, a: 2 },
    { a: 1, b: 2 },
  ],
  'odd keys': () =>
    Object.fromEntries(
      ['', 'a b', '"', "'", '\\', '\n', '\u2028', '\ud800', '€', 'constructor', 'toString', '-1', '3', '1'].map((key) => [key, key]),
    ),
  __proto__: () => JSON.parse('{"a":1,"__proto__":{"b":2},"c":3}'),
  'records of 31': () => rows(30),
  'an object of 32 keys': () => wide(32),
  'an object of 100 keys': () => wide(100),
  holes: () => [1, , 3, undefined, ,], // oxlint-disable-line no-sparse-arrays -- it is about them
  'nothing but holes': () => new Array(20),
  'an array of 64': () => Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? i : String(i))),
  'rows of one kind': () => [
    [1, 2, 3, 4],
    [1, 2, 3, 400],
    [1, 2, 3, 70_000],
    [1.5, 2, 3, -0],
    ['a', 'b', 'c', 'dé€'],
  ],
  frozen: () => Object.freeze({ list: Object.freeze([1, 2]) }),
  'a getter': () => ({
    a: 1,
    get b() {
      return { c: 2 };
    },
  }),
};

class Point {
  x = 1;
}
class List extends Array<number> {}

const general: Record<string, () => unknown> = {
  'the same object twice': () => {
    const one = { id: 1 };
    return { a: one, list: [one, { id: 2 }], b: one };
  },
  'the same array twice': () => {
    const one = [1, 2, 3, 4, 5];
    return [one, { one }];
  },
  'a cycle': () => {
    const one: Record<string, unknown> = { id: 1, list: [{ id: 2 }] };
    one['self'] = one;
    return one;
  },
  'records of 32': () => rows(32),
  'nested 40 deep': () => nested(40),
  'nested 500 deep': () => nested(500),
  'shared references behind many objects': () => {
    const list = rows(40);
    return [...list, list[3], list[39]];
  },
  'an array of 65': () => Array.from({ length: 65 }, (_, i) => (i % 2 === 0 ? i : String(i))),
  'a sparse array': () => Object.assign(new Array(10_000), { 9_999: 1 }),
  'a hidden property': () => Object.defineProperty({ a: 1 }, 'hidden', { value: { b: 2 } }),
  'a hidden accessor': () => ({ outer: Object.defineProperty({ a: 1 }, 'hidden', { get: Math.random }) }),
  'a symbol as key': () => ({ before: { x: 1 }, one: { a: 1, [Symbol.for('k')]: 2 }, after: { x: 2 } }),
  'a hidden symbol': () => Object.defineProperty({ a: 1 }, Symbol.for('k'), { value: 2 }),
  'null prototypes': () => ({ a: Object.assign(Object.create(null) as object, { b: 1 }) }),
  'fields of an array': () => ({ a: Object.assign([1, 2], { index: 3 }), b: [] }),
  'hidden fields of an array': () => ({ a: ((strings: TemplateStringsArray, ..._: number[]) => strings)`one${2}two` }),
  'an array without elements and a field': () => Object.assign([], { x: 1 }),
  boxed: () => [Object(1), Object('a'), Object(true)],
  'dates and patterns': () => ({ at: new Date(5), like: /a/g, map: new Map([[{ a: 1 }, [1]]]) }),
  bytes: () => ({ id: 1, bytes: new Uint8Array([1, 2]), more: { id: 2 } }),
  'well-known objects': () => ({ before: { x: 1 }, math: Math, log: console, json: { inner: JSON }, after: { x: 2 } }),
  'well-known functions': () => ({ before: { x: 1 }, max: Math.max, after: { x: 2 } }),
  'a getter before a named object': () => {
    const holder = { before: [1], log: console };
    return { holder, again: holder };
  },
  symbols: () => ({ a: Symbol.iterator, b: { c: Symbol.for('x') } }),
  'an error': () => ({ before: { x: 1 }, list: [{ y: 2 }, new URL('http://a/b')] }),
};

for (const [name, make] of Object.entries(flat)) test(`flat and alike on all ways: ${name}`, () => alike(make, true));
for (const [name, make] of Object.entries(general)) test(`not flat, and alike on all ways: ${name}`, () => alike(make, false));

test('instances of classes keep their class, among objects that were flat before', async () => {
  const value = await ways(() => ({
    before: { x: 5 },
    list: new List(1, 2, 3),
    point: new Point(),
    again: [new Point()],
    derived: Object.assign(Object.create({ up: 1 }) as { up: number; own: number }, { own: 2 }),
  }));
  for (const [way, one] of Object.entries(value)) {
    const Class = one.point.constructor;
    assert.ok(Class.name === 'Point' && one.again[0] instanceof Class && one.list.constructor.name === 'List', way);
    assert.deepEqual([one.derived.up, one.derived.own, Object.keys(one.derived)], [1, 2, ['own']], way);
    assert.deepEqual([{ ...one.before }, one.point.x, one.list.length, one.list[2]], [{ x: 5 }, 1, 3, 3], way);
  }
});

test('what is read many times comes out as it did the first time', () => {
  for (const [name, make] of Object.entries(flat)) {
    const bytes = bytesOf(make());
    for (let i = 0; i < MANY; i += 1) {
      const value = read(bytes);
      if (i === 0 || i === MANY - 1) {
        assert.equal(difference(readGeneral(bytes), value), undefined, name);
        assert.deepEqual(shapeOf(value), shapeOf(readGeneral(bytes)), name);
      }
    }
  }
});

test('objects of many kinds of keys are not mistaken for one another', () => {
  const all = Array.from({ length: 1000 }, (_, i) => ({ [`a${i % 37}`]: 1, [`b${i % 41}`]: 2, c: { [`d${i % 13}`]: i } }));
  for (let round = 0; round < 3; round += 1) for (const one of all) assert.equal(difference(one, read(bytesOf(one))), undefined);
});

test('an object that goes by its name takes back what was written of it, flat or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-paths-'));
  try {
    writeFileSync(
      join(folder, 'data.cjs'),
      'exports.data = { id: 1, list: [{ a: 1 }] }; exports.run = function run() { return exports.data; };',
    );
    writeFileSync(join(folder, 'map.cjs'), 'exports.map = new Map([[1, { a: 1 }]]); exports.more = [new Date(5)]; exports.run = () => 1;');
    const require = createRequire(join(folder, 'main.cjs'));
    for (const name of ['data', 'map']) {
      const lib = require(`./${name}.cjs`) as Record<string, unknown>;
      const [key] = Object.keys(lib) as [string];
      const make = (): Record<string, unknown> => ({
        before: { x: 1 },
        deep: [{ lib }],
        inner: lib[key],
        again: [lib, lib[key], { x: 2 }],
      });
      for (const [way, value] of Object.entries(await ways(make))) {
        const again = value['again'] as unknown[];
        assert.ok((value['deep'] as { lib: unknown }[])[0]?.lib === lib && again[0] === lib, `${name}, ${way}`);
        assert.ok(value['inner'] !== lib[key] && value['inner'] === again[1], `${name}, ${way}`);
        assert.equal(difference([{ x: 1 }, lib[key], { x: 2 }], [value['before'], value['inner'], again[2]]), undefined, `${name}, ${way}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a getter runs once, on each way and whatever follows it', async () => {
  for (const last of [1, { a: 1 }, new Map(), Math.max, console, Symbol.iterator, [1, [2]]]) {
    let calls = 0;
    const make = (): object => ({
      first: { x: 1 },
      get counted() {
        calls += 1;
        return calls;
      },
      last,
    });
    await ways(make);
    assert.equal(calls, 3);
    calls = 0;
    const inner = make();
    bytesOf({ before: { inner }, after: [new Set([inner])] });
    assert.equal(calls, 1);
  }
});

test('a getter that changes its object is obeyed alike', async () => {
  const changes: ((object: Record<string, unknown>) => void)[] = [
    (object) => delete object['later'],
    (object) => (object['new'] = 1),
    (object) => Object.defineProperty(object, 'later', { enumerable: false }),
    (object) => (object['later'] = { other: [1] }),
    (object) => (object['later'] = object),
    (object) => Object.setPrototypeOf(object, null),
  ];
  for (const change of changes) {
    await alikeAfter(() => {
      const object: Record<string, unknown> = {
        first: 1,
        get second() {
          change(object);
          return 2;
        },
        later: 'l',
        last: [{ a: 1 }],
      };
      return object;
    });
  }
});

async function alikeAfter(make: () => unknown): Promise<void> {
  const { packet, ...others } = await ways(make);
  for (const [way, value] of Object.entries(others)) {
    assert.equal(difference(packet, value), undefined, way);
    assert.deepEqual(shapeOf(value), shapeOf(packet), way);
  }
}

test('a refusal is the same on each way', () => {
  const bad: Record<string, () => unknown> = {
    deep: () => ({ a: [{ b: 1 }, { c: [1, { 'odd key': new WeakMap() }] }] }),
    symbolKey: () => ({ a: [{ [Symbol('s')]: 1 }] }),
    arrayKey: () => [Object.assign([1], { [Symbol('s')]: 1 })],
    throws: () => ({
      a: [
        {
          get b() {
            throw new Error('no');
          },
        },
      ],
    }),
    proxy: () => ({ a: new Proxy({}, {}) }),
    late: () => ({ map: new Map([['k', { a: [1, Promise.resolve()] }]]) }),
  };
  for (const [name, make] of Object.entries(bad)) {
    const [flatly, generally] = [false, true].map((isGeneral) => messageOf(() => bytesOf(make(), isGeneral)));
    const packet = messageOf(() => encode(make(), { border, root: 'item' }));
    assert.ok(packet?.startsWith('item') === true, name);
    assert.deepEqual([flatly, generally], [packet, packet], name);
  }
});

function messageOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SerializationError);
    return error.message;
  }
  return undefined;
}

test('a Proxy is refused before any of its traps runs', () => {
  const trapped: string[] = [];
  const spy = new Proxy({}, { get: (_, name) => void trapped.push(String(name)) });
  assert.throws(() => bytesOf({ a: new Proxy({}, spy), b: 1 }), /item\.a: a Proxy cannot cross/);
  assert.deepEqual(trapped, []);
});

/** Runs with a property on `Object.prototype`. */
function polluted(property: PropertyDescriptor, run: (name: string) => void): void {
  // oxlint-disable-next-line no-extend-native -- as a program may do
  Object.defineProperty(Object.prototype, 'polluted', { configurable: true, ...property });
  try {
    run('polluted');
  } finally {
    delete (Object.prototype as Record<string, unknown>)['polluted'];
  }
}

test('what a program puts on Object.prototype is neither sent nor does it swallow what is', () => {
  const set: unknown[] = [];
  const properties: PropertyDescriptor[] = [
    { value: 'inherited', enumerable: true, writable: true },
    { value: 'inherited', enumerable: false, writable: false },
    { get: () => 'inherited', set: (value) => void set.push(value), enumerable: true },
  ];
  for (const property of properties) {
    const before = { id: 1, polluted: 'own', list: [{ polluted: 2 }] };
    const bytes = bytesOf(before);
    const packet = encode(before, { border });
    const known = { before: bytesOf({ known: 1, polluted: 2 }) };
    for (let i = 0; i < MANY; i += 1) read(known.before);
    polluted(property, () => {
      const [plain] = [read(bytesOf({ id: 1, list: [{ a: 2 }] })) as Record<string, unknown>];
      assert.deepEqual([Object.keys(plain), Object.hasOwn(plain, 'polluted')], [['id', 'list'], false]);
      const results = [read(bytes), readGeneral(bytes), decode(packet, border), read(bytesOf(before)), read(known.before)];
      for (const value of results as Record<string, unknown>[]) {
        assert.deepEqual(Object.getOwnPropertyDescriptor(value, 'polluted')?.enumerable, true);
        assert.equal(Object.hasOwn(value, 'polluted') && value['polluted'], 'known' in value && Object.hasOwn(value, 'known') ? 2 : 'own');
      }
    });
  }
  assert.deepEqual(set, []);
});

test('a key __proto__ that arrives changes no prototype', () => {
  const bytes = bytesOf(JSON.parse('{"__proto__":{"isAdmin":true},"id":1}'));
  for (let i = 0; i < MANY; i += 1) {
    const value = read(bytes) as Record<string, unknown>;
    if (Object.getPrototypeOf(value) !== Object.prototype || value['isAdmin'] !== undefined) assert.fail('it did');
    if (i === MANY - 1) assert.deepEqual(Object.keys(value), ['__proto__', 'id']);
  }
  assert.equal(({} as Record<string, unknown>)['isAdmin'], undefined);
});
