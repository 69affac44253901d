/** Every kind of value arrives as what it was. */

import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import { TextDecoder, TextEncoder } from 'node:util';
import { cross, kinds, refusal } from './cross.js';
import { difference } from './same-graph.js';

const values: Record<string, unknown> = {
  undefined,
  null: null,
  'true and false': [true, false],
  'integers of every width': [
    0,
    1,
    63,
    64,
    -1,
    -64,
    127,
    128,
    -128,
    -129,
    32_767,
    32_768,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    -(2 ** 53),
  ],
  'minus zero': -0,
  'minus zero among integers': [1, 2, -0, 4],
  'NaN and the infinities': [NaN, Infinity, -Infinity],
  'a tiny double': Number.MIN_VALUE,
  bigints: [0n, 1n, -1n, 255n, 256n, 2n ** 64n, -(2n ** 64n), 7n ** 1000n],
  'the empty string': '',
  'strings of every length near the limits': [47, 48, 49, 62, 63, 64, 65, 4095, 4096, 4097].map((length) => 'x'.repeat(length)),
  'a string that becomes wide late': `${'a'.repeat(40)}€`,
  'one-byte characters that are not ASCII': 'éÿ\u0080'.repeat(30),
  'lone surrogates': ['\ud800', 'a\udc00b', '\udfff\ud800', '\ud83d'.repeat(100)],
  'an emoji': '👩‍👩‍👧',
  'a NUL': 'a\0b',
  'many strings in a row': Array.from({ length: 1000 }, (_, i) => 'é€'.repeat(i % 9) + String(i)),
  'registered symbols': [Symbol.for('heddle test'), Symbol.for('')],
  'well-known symbols': [Symbol.iterator, Symbol.asyncIterator, Symbol.hasInstance],
  'boxed primitives': [Object(1), Object(-0), Object('text'), Object(true), Object(5n)],
  dates: [new Date(0), new Date(-1), new Date(NaN), new Date(8.64e15)],
  'regular expressions': [/a/, /[\u{1f600}]/dgimsuy, /(?:)/, /\//],
  'an empty array': [],
  'an array of holes': [, , ,], // oxlint-disable-line no-sparse-arrays
  'holes between values': [1, , undefined, , 'x'], // oxlint-disable-line no-sparse-arrays
  'a sparse array of huge length': Object.assign(new Array(4_294_967_295), { 7: 'a', 4_294_967_294: 'b' }),
  'an array that is dense, then sparse': Object.assign([1, 2, 3], { 100_000: 'x' }),
  'an array with other properties': Object.assign([1, 2], { name: 'x', '-1': 3, '01': 4, '4294967295': 5 }),
  'a long array with other properties': Object.assign(
    Array.from({ length: 500 }, () => 1),
    { more: { inner: [1] } },
  ),
  'arrays with properties named like methods': [
    ['a', 'b', 'c', 'd'],
    [1, 2, 3, 4],
    [{}, 1, 'a', null],
    Array.from({ length: 100 }, () => 'text'),
    Array.from({ length: 100 }, () => -0.5),
  ].map((array) => Object.assign(array, { constructor: 5, slice: 'x', join: 1, push: 2, map: 3, filter: 4, forEach: 5, keys: 6 })),
  'nested arrays': [[[[[]]]], [[1], [2]]],
  'an empty object': {},
  'an object with odd keys': { '': 1, 'a b': 2, '0': 3, '-1': 4, constructor: 5, hasOwnProperty: 6, toString: 7 },
  'an own __proto__ key': JSON.parse('{"__proto__": {"a": 1}, "b": 2}') as object,
  'many keys': Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, i])),
  'no prototype': Object.assign(Object.create(null) as object, { a: 1, __proto__: 2 }),
  'keys that are registered symbols': { [Symbol.for('k')]: 1, [Symbol.toStringTag]: 'Tagged' },
  'a Map with objects as keys': new Map<unknown, unknown>([
    [{ a: 1 }, [1]],
    [NaN, -0],
    [undefined, null],
    ['x', new Map()],
  ]),
  'a Set of anything': new Set<unknown>([1, 'a', {}, [], NaN, undefined, new Set([1])]),
  'an ArrayBuffer': new Uint8Array([1, 2, 3]).buffer,
  'an empty ArrayBuffer': new ArrayBuffer(0),
  'typed arrays': [
    new Uint8Array([1, 255]),
    new Uint8ClampedArray([1, 255]),
    new Int8Array([-1]),
    new Uint16Array([1, 65_535]),
    new Int16Array([-1]),
    new Uint32Array([2 ** 32 - 1]),
    new Int32Array([-1]),
    new Float32Array([1.5, NaN, -0]),
    new Float64Array([1e300, -0]),
    new BigInt64Array([-1n]),
    new BigUint64Array([2n ** 64n - 1n]),
  ],
  'a view of a part': new Uint16Array(new ArrayBuffer(16), 4, 3),
  'a DataView': new DataView(new ArrayBuffer(16), 3, 5),
  'a large typed array': new Float64Array(50_000).map((_, i) => i),
  'a view of a part of a large buffer': new Uint8Array(new ArrayBuffer(200_000), 100_000, 10),
};

class Entry {
  id = 1;
}

/** Objects of every kind that a program can put properties on. */
const holders: { readonly [name: string]: () => object } = {
  'a plain object': () => ({ a: 1 }),
  'an empty object': () => ({}),
  'an object without a prototype': () => Object.assign(Object.create(null) as object, { a: 1 }),
  'an instance': () => new Entry(),
  'an object with another prototype': () => Object.create({ inherited: 1 }) as object,
  'a short array': () => [1, { a: 2 }],
  'an array with holes': () => [, 1, , 2], // oxlint-disable-line no-sparse-arrays -- the case
  'a row of numbers': () => [1, 2, 3, 4, 5],
  'a long array': () => Array.from({ length: 1000 }, (_, i) => `${i}`),
  'an array of a subclass': () => new (class Rows extends Array<number> {})(1, 2, 3),
  'a Map': () => new Map([[1, 2]]),
  'a Set': () => new Set([1]),
  'a Map of a subclass': () => new (class Registry extends Map<number, number> {})([[1, 2]]),
  'a Date': () => new Date(5),
  'a RegExp': () => /a/g,
  'a boxed number': () => new Number(5), // oxlint-disable-line no-new-wrappers -- the case
  'a boxed string': () => new String('text'), // oxlint-disable-line no-new-wrappers -- the case
  'a Buffer': () => Buffer.from('abc'),
  'a typed array': () => new Float64Array(8),
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a DataView': () => new DataView(new ArrayBuffer(8)),
  'a URL': () => new URL('https://example.org/'),
};

for (const kind of kinds) {
  for (const [name, value] of Object.entries(values)) {
    test(`${name} is not the same after crossing to a ${kind}`, () => {
      const there = cross(value, kind);
      assert.equal(difference(value, there), undefined);
      assert.equal(difference(structuredClone(plain(value)), plain(there)), undefined);
    });
  }

  test(`the key order of an object changes on its way to a ${kind}`, () => {
    assert.deepEqual(Object.keys(cross({ z: 1, a: 2, m: 3, 5: 4, 1: 5 }, kind)), ['1', '5', 'z', 'a', 'm']);
  });

  test(`keys that are registered symbols arrive in a ${kind}, others are refused`, () => {
    const key = Symbol.for('heddle key');
    const there = cross({ [key]: [1], [Symbol.iterator]: 2 }, kind);
    assert.deepEqual(Reflect.ownKeys(there), [key, Symbol.iterator]);
    assert.deepEqual(there[key], [1]);
    const unique = Symbol('unique');
    const why = 'a property under a symbol that is not registered cannot cross: use Symbol.for(…) as its key';
    for (const holder of [{}, [], new Map(), Object.create(null), new (class Tagged {})(), new Error('e'), new Uint8Array(2)] as object[]) {
      Object.defineProperty(holder, unique, { value: 1 });
      assert.equal(refusal([holder], kind), `args[0][Symbol(unique)]: ${why}`);
    }
  });

  test(`hidden properties arrive in a ${kind} as they are, on objects of every kind`, () => {
    for (const [name, make] of Object.entries(holders)) {
      const here = make();
      Object.defineProperties(here, {
        fixed: { value: { deep: [here] } },
        changing: { value: 1, writable: true, configurable: true },
        [Symbol.for('heddle hidden')]: { value: 2, configurable: true },
      });
      const there = cross([here, here], kind)[0] as object;
      const own = Object.getOwnPropertyDescriptors(there) as Record<PropertyKey, PropertyDescriptor>;
      const flags = { enumerable: false, writable: false, configurable: false };
      assert.deepEqual(own['fixed'], { ...flags, value: { deep: [there] } }, name);
      assert.equal(own['fixed']?.value.deep[0], there, name);
      assert.deepEqual(own['changing'], { ...flags, value: 1, writable: true, configurable: true }, name);
      assert.deepEqual(own[Symbol.for('heddle hidden')], { ...flags, value: 2, configurable: true }, name);
      assert.deepEqual(Reflect.ownKeys(there), Reflect.ownKeys(here), name);
      assert.equal(Object.prototype.toString.call(there), Object.prototype.toString.call(here), name);
    }
  });

  test(`properties that were put on objects of built-in classes arrive in a ${kind}`, () => {
    for (const [name, make] of Object.entries(holders)) {
      const property = { enumerable: true, writable: true, configurable: true };
      const here = Object.defineProperties(make(), { label: { ...property, value: ['x'] }, size: { ...property, value: 7 } });
      const there = cross(here, kind) as { label: unknown };
      assert.deepEqual(there.label, ['x'], name);
      assert.deepEqual(Object.getOwnPropertyDescriptor(there, 'size'), { ...property, value: 7 }, name);
    }
  });

  test(`a hidden property that cannot cross to a ${kind} is refused with its path`, () => {
    for (const [name, make] of Object.entries(holders)) {
      const here = Object.defineProperty(make(), 'held', { value: { at: [Promise.resolve()] } });
      assert.equal(refusal([here], kind), 'args[0].held.at[0]: a Promise cannot cross: await it first, and hand over its result', name);
    }
  });

  test(`a hidden accessor arrives in a ${kind} as its two functions`, () => {
    class Lazy {
      made = 0;
    }
    for (const here of [new Lazy(), { made: 0 }, Object.assign([1], { made: 0 })] as Lazy[]) {
      Object.defineProperty(here, 'next', {
        get(this: Lazy) {
          this.made += 1;
          return this.made;
        },
        set(this: Lazy, value: number) {
          this.made = value;
        },
        configurable: true,
      });
      const there = cross(here, kind) as Lazy & { next: number };
      assert.equal(here.made, 0);
      there.next = 5;
      assert.deepEqual([there.next, there.next, there.made], [6, 7, 7]);
      assert.equal(Object.getOwnPropertyDescriptor(there, 'next')?.enumerable, false);
    }
  });

  test(`the strings of a tagged template keep their raw text in a ${kind}`, () => {
    const strings = ((parts: TemplateStringsArray, ..._: number[]) => parts)`a\n${1}b`;
    const there = cross(strings, kind);
    assert.deepEqual([...there, ...there.raw], ['a\n', 'b', 'a\\n', 'b']);
  });

  test(`objects deeper than the stack keep their hidden properties in a ${kind}`, () => {
    let list: { next?: object } = {};
    const depth = 300;
    for (let i = 0; i < depth; i += 1) list = Object.defineProperty({ next: list }, 'level', { value: i });
    let count = 0;
    for (let at = cross(list, kind) as { next?: object; level?: number }; at.next !== undefined; at = at.next) {
      assert.equal(at.level, depth - 1 - count);
      count += 1;
    }
    assert.equal(count, depth);
  });

  test(`frozen, sealed and read-only are not kept in a ${kind}, as with structuredClone`, () => {
    const there = cross([Object.freeze({ a: 1 }), Object.seal([1])] as const, kind);
    assert.deepEqual([Object.isFrozen(there[0]), Object.isSealed(there[1])], [false, false]);
  });

  test(`a getter is not read once, or crosses to a ${kind} as a getter`, () => {
    let reads = 0;
    const there = cross(
      {
        get x() {
          reads += 1;
          return reads;
        },
      },
      kind,
    );
    assert.equal(reads, 1);
    assert.deepEqual(Object.getOwnPropertyDescriptor(there, 'x'), { value: 1, writable: true, enumerable: true, configurable: true });
  });

  test(`a getter that deletes, adds or changes others confuses the ${kind} message`, () => {
    const value: Record<string, unknown> = {
      get a() {
        delete value['b'];
        value['d'] = 1;
        return 'a';
      },
      b: 2,
      c: 3,
    };
    assert.deepEqual(cross(value, kind), { a: 'a', c: 3 });
    const map = new Map<unknown, unknown>();
    map.set('x', {
      get y() {
        return map.set({}, 1).size;
      },
    });
    assert.equal(cross(map, kind).size, 1);
  });

  test(`a Buffer is something else, or brings Node's pool along to a ${kind}`, () => {
    const there = cross({ pooled: Buffer.from('abc'), whole: Buffer.alloc(5, 1), large: Buffer.alloc(100_000, 2) }, kind);
    assert.ok(Buffer.isBuffer(there.pooled) && Buffer.isBuffer(there.whole) && Buffer.isBuffer(there.large));
    assert.equal(there.pooled.toString(), 'abc');
    assert.equal(there.pooled.buffer.byteLength, 3);
    assert.ok(there.large.equals(Buffer.alloc(100_000, 2)));
  });

  test(`two views of one buffer do not share it any more in a ${kind}`, () => {
    for (const size of [64, 200_000]) {
      const buffer = new ArrayBuffer(size);
      const there = cross({ bytes: new Uint8Array(buffer), words: new Uint32Array(buffer, 8, 2), buffer, node: Buffer.from(buffer) }, kind);
      there.bytes[8] = 7;
      assert.equal(there.words[0], 7);
      assert.equal(there.bytes.buffer, there.buffer);
      assert.equal(there.node[8], 7);
    }
  });

  test(`a resizable buffer cannot grow any more in a ${kind}`, () => {
    interface Resizable extends ArrayBuffer {
      resize(size: number): void;
      readonly resizable: boolean;
      readonly maxByteLength: number;
    }
    const Make = ArrayBuffer as unknown as new (size: number, options: object) => Resizable;
    const buffer = new Make(8, { maxByteLength: 64 });
    const there = cross(
      { buffer, following: new Uint8Array(buffer), fixed: new Uint8Array(buffer, 0, 8), data: new DataView(buffer, 2) },
      kind,
    );
    assert.equal(there.buffer.resizable, true);
    assert.equal(there.buffer.maxByteLength, 64);
    there.buffer.resize(32);
    assert.deepEqual([there.following.length, there.fixed.length, there.data.byteLength], [32, 8, 30]);
  });

  test(`Node's everyday classes lose what they hold on their way to a ${kind}`, () => {
    const headers = new Headers([
      ['a', 'b'],
      ['set-cookie', 'x=1'],
      ['set-cookie', 'y=2'],
    ]);
    const there = cross(
      {
        url: new URL('https://user:pw@example.org:8080/a%20b?q=1#h'),
        query: new URLSearchParams('a=1&a=2&b=%26'),
        headers,
        encoder: new TextEncoder(),
        decoder: new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
      },
      kind,
    );
    assert.equal(there.url.href, 'https://user:pw@example.org:8080/a%20b?q=1#h');
    assert.deepEqual(there.query.getAll('a'), ['1', '2']);
    assert.deepEqual([...there.headers], [...headers]);
    assert.deepEqual(there.headers.getSetCookie(), ['x=1', 'y=2']);
    assert.deepEqual(there.encoder.encode('€'), new Uint8Array([0xe2, 0x82, 0xac]));
    assert.deepEqual([there.decoder.encoding, there.decoder.fatal, there.decoder.ignoreBOM], ['utf-16le', true, true]);
  });

  test(`a key of node:crypto is another one in a ${kind}`, () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const keys: KeyObject[] = [createSecretKey(Buffer.from('secret')), publicKey, privateKey];
    for (const [i, key] of cross(keys, kind).entries()) assert.ok(key.equals(keys[i] as KeyObject));
  });

  test(`an arguments object is not a plain object in a ${kind}`, () => {
    const list = (function (..._: number[]) {
      return arguments; // oxlint-disable-line prefer-rest-params
    })(1, 2);
    assert.deepEqual(cross<object>(list, kind), { 0: 1, 1: 2 });
  });

  test(`values of another realm stay foreign in a ${kind}`, () => {
    const there = cross<unknown[]>(
      runInNewContext(
        `[{ a: [1] }, [1, 2], new Map([[1, new Set([2])]]), new Date(5), /x/g, new Uint8Array([1]), Object.create(null)]`,
      ) as unknown[],
      kind,
    );
    const here = [{ a: [1] }, [1, 2], new Map([[1, new Set([2])]]), new Date(5), /x/g, new Uint8Array([1]), Object.create(null)];
    assert.equal(difference(here, there), undefined);
  });
}

/** structuredClone refuses symbols. */
function plain(value: unknown): unknown {
  return typeof value === 'symbol' || (Array.isArray(value) && typeof value[0] === 'symbol') || hasSymbolKeys(value) ? 0 : value;
}

function hasSymbolKeys(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (Object.getOwnPropertySymbols(value).length > 0 || Object.getPrototypeOf(value) === null)
  );
}
