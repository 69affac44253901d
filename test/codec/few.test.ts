/** Packets of a few simple values: the same bytes and values as by the flat writer and reader. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode, encode } from '#src/codec/index.js';
import { another, readFew, writeFew } from '#src/codec/message/few.js';
import { decodeFlat } from '#src/codec/message/decoder.js';

const border = { kind: 'thread' } as const;
const int = fc.oneof(fc.integer(), fc.constantFrom(0, 63, 64, -1, -64, 2 ** 31 - 1, -(2 ** 31), 0x3fff_ffff));
const number = fc.oneof(int, fc.double(), fc.constantFrom(-0, Number.NaN, 2 ** 31, 2 ** 53));
const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 10 }), fc.constantFrom('ÿ', '\ud800', 'ā'));
const simple = fc.oneof(number, text, fc.boolean(), fc.constantFrom(null, undefined));

test('a simple value, or a list of some, arrives as it was, by the short way and by the flat reader', () => {
  fc.assert(
    fc.property(fc.oneof(simple, fc.array(simple, { maxLength: 10 })), (value) => {
      const isOwnList = Array.isArray(value);
      const packet = encode(value, { border, isOwnList });
      assert.deepEqual(decode({ ...packet }, border), value);
      const bytes = writeFew(value, isOwnList);
      if (bytes === undefined) return;
      assert.deepEqual(decodeFlat(bytes, 0, bytes.length - 4), value);
      const read = readFew(bytes);
      if (read !== another) assert.deepEqual(read, value);
    }),
    { numRuns: 3000 },
  );
});

test('integers of 32 bits are read by the short way', () => {
  for (const n of [0, 63, 64, 127, 128, -1, -2, 300, 70_000, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.equal(readFew(writeFew(n, false)!), n);
    assert.deepEqual(readFew(writeFew([n, true, n], true)!), [n, true, n]);
  }
});

test('objects, longer lists and longer text go another way', () => {
  for (const value of [{}, [], Symbol.iterator, () => {}, 1n, 'x'.repeat(25), 'ā']) assert.equal(writeFew(value, false), undefined);
  assert.equal(
    writeFew(
      Array.from({ length: 9 }, () => 1),
      true,
    ),
    undefined,
  );
  assert.deepEqual(decode(encode([1, [2]], { border, isOwnList: true }), border), [1, [2]]);
});
