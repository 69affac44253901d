/** Bytes that no encoder wrote give an error: no hang, no crash, no memory out of proportion. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decode, decodeMessage, encode, modulesOf, takeEncoder } from '#src/codec/index.js';
import { SerializationError } from '#src/errors.js';

const border = { kind: 'process' } as const;
const runs = process.env['HEDDLE_LONG'] === '1' ? 100_000 : 2000;

const cycle: Record<string, unknown> = { a: [1, 2.5, -0, 'x'] };
cycle['self'] = cycle;
const sample = encode(
  {
    cycle,
    text: ['short', 'é'.repeat(80), '€€€', 'x'.repeat(300)],
    numbers: [
      [1, 2, 3, 4],
      [1, 2, 3, 400],
      [1, 2, 3, 1e6],
      [0.5, 1, 2, 3],
    ],
    strings: ['a', 'b', 'c', 'd', 'e'],
    rows: [
      { id: 1, n: 'a' },
      { id: 2, n: 'b' },
    ],
    map: new Map<unknown, unknown>([
      [1, { a: 1 }],
      ['b', new Set([1, 2])],
    ]),
    rare: [new Date(5), /a+/g, 10n ** 30n, -5n, Symbol.for('k'), Symbol.iterator, Object(1), new Error('e', { cause: new TypeError('c') })],
    bytes: [new Uint8Array([1, 2, 3]), new DataView(new ArrayBuffer(9), 2), Buffer.from('abc'), new ArrayBuffer(3)],
    sparse: Object.assign(new Array(1000), { 999: 1 }),
    fields: Object.assign([1], { x: 1 }),
    web: [new URL('http://a/b'), new Headers({ a: 'b' }), new URLSearchParams('a=b')],
    derived: Object.assign(Object.create({ up: 1 }) as object, { own: 2 }),
    deep: Array.from({ length: 150 }).reduce<unknown>((inner) => [inner], 'bottom'),
  },
  { border },
).bytes;

function read(bytes: Uint8Array): void {
  try {
    decode({ bytes, attachments: [], modules: [] }, border);
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
  }
}

const flatValue = {
  id: 1,
  text: ['short', 'é'.repeat(80), '€€€', 'x'.repeat(300)],
  numbers: [-1, 2.5, -0, 2 ** 31, 10n ** 30n, -5n],
  rows: [
    [1, 2, 3, 4],
    [1, 2, 3, 1e6],
    [0.5, 1, 2, 3],
    ['a', 'b', 'c', 'd', 'e'],
  ],
  list: [{ id: 1, n: 'a' }, { id: 2, n: 'b' }, [null, undefined, true, { '': false }]],
};
const messages = [flatValue, { ...flatValue, map: new Map([[1, { a: flatValue.list }]]), read: Math.max }].map((value) => {
  const encoder = takeEncoder();
  encoder.encode(value);
  const bytes = encoder.bytes.slice(encoder.start, encoder.end);
  encoder.release();
  return bytes;
});

function readMessage(bytes: Uint8Array): void {
  try {
    modulesOf(bytes, 0, bytes.length);
    decodeMessage(bytes, 0, bytes.length);
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
  }
}

test('a damaged message without a packet gives an error, and neither hangs nor crashes the reader', () => {
  assert.deepEqual(
    messages.map(([form]) => form),
    [0, 1],
  );
  for (const message of messages) {
    for (let length = 0; length < message.length; length += 1) {
      assert.throws(() => decodeMessage(message, 0, length), SerializationError);
    }
    for (let at = 0; at < message.length; at += 1) {
      for (const value of [0, 0x3f, 0x7f, 0x90, 0x92, 0x93, 0x9d, 0xb3, 0xff]) {
        const bytes = message.slice();
        bytes[at] = value;
        readMessage(bytes);
      }
    }
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = message.slice();
        for (const [at, value] of changes) bytes[at] = value;
        readMessage(bytes);
      }),
      { numRuns: runs / 2 },
    );
  }
  for (const form of [0, 1, 2]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readMessage(new Uint8Array([form, ...bytes]))),
      { numRuns: runs / 4 },
    );
    for (const kind of [0x98, 0x9d]) {
      const deep = new Uint8Array(1_000_000).fill(kind);
      for (let i = 2; i < deep.length; i += 2) deep[i] = 1;
      deep[0] = form;
      readMessage(deep);
    }
  }
});

test('a message that ends too early is read to its end', () => {
  for (let length = 0; length < sample.length; length += 1) {
    assert.throws(() => decode({ bytes: sample.slice(0, length), attachments: [], modules: [] }, border), SerializationError);
  }
});

test('a byte that changed on the way hangs or crashes the reader', () => {
  for (let at = 0; at < sample.length; at += 1) {
    for (const value of [0, 0x3f, 0x7f, 0x90, 0x92, 0x93, 0x9d, 0xb3, 0xff]) {
      const bytes = sample.slice();
      bytes[at] = value;
      read(bytes);
    }
  }
});

test('random bytes hang or crash the reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(bytes)),
    { numRuns: runs },
  );
});

test('several random changes hang or crash the reader', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), (changes) => {
      const bytes = sample.slice();
      for (const [at, value] of changes) bytes[at] = value;
      read(bytes);
    }),
    { numRuns: runs },
  );
});

test('bytes nested a million levels deep overflow the stack', () => {
  for (const kind of [0x9d, 0xa4, 0xa5, 0xa8, 0xb8, 0xbb, 0xbc, 0x9a, 0x9c, 0x9f, 0xb4]) {
    assert.throws(() => decode({ bytes: new Uint8Array(1_000_000).fill(kind), attachments: [], modules: [] }, border), SerializationError);
  }
});
