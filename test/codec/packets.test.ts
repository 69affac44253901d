/** Several messages in one packet do not disturb each other. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, decodeAll, Decoder, encode, Encoder, move, registerReducer } from '#src/codec/index.js';
import { growInHeap, Writer } from '#src/codec/packet/writer.js';
import { carry, kinds } from './cross.js';

/** Lists of values that are, begin as, or end as nothing but numbers. */
const series: readonly (readonly unknown[])[] = [
  [],
  [1],
  [1, 2, 3],
  [1, 2, 3, 4],
  [0, -0, 1, -1, 0],
  [-0, -0, -0, -0],
  [NaN, Infinity, -Infinity, 0.1, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON],
  [2 ** 31 - 1, -(2 ** 31), 0, 5],
  [1, 2, 2 ** 31, 3],
  [1, 2, -(2 ** 31) - 1, 3],
  [1, 2, 3, 4, 5, 0.5, 6],
  [1, 2, 3, 4, 5, undefined, 6, 0.5],
  [1, 2, 3, 4, '5'],
  [1, 2, 3, 4, 5n, null, [6, 7, 8, 9], { ten: 10 }],
  ['1', 2, 3, 4, 5],
  [1, 2, 3, 4, Object(5)],
  Array.from({ length: 5000 }, (_, i) => i - 2500),
  Array.from({ length: 5000 }, (_, i) => i / 7),
  Array.from({ length: 5000 }, (_, i) => (i === 4999 ? -0 : i)),
  Array.from({ length: 5000 }, (_, i) => (i === 4999 ? 'end' : i / 2)),
];

for (const kind of kinds) {
  const border = { kind };

  test(`each number of a series in one ${kind} packet comes out as it went in`, () => {
    for (const values of series) {
      const encoder = new Encoder({ border, isSeries: true });
      for (const value of values) encoder.add(value);
      assert.equal(encoder.count, values.length);
      const packet = carry(encoder.finish(), kind);
      assert.deepStrictEqual(decodeAll(packet, border), [...values]);
      const { numbers } = new Decoder(packet, border);
      if (numbers !== undefined) assert.ok(Array.from(numbers).every((number, i) => Object.is(number, values[i])));
      const isRow = values.length >= 4 && values.every((value) => typeof value === 'number');
      assert.equal(numbers !== undefined, isRow);
      // The next packet begins anew.
      assert.deepEqual(decodeAll(carry(encode(7, { border }), kind), border), [7]);
    }
  });

  test(`a value that is refused leaves the numbers of a series in a ${kind} packet as they are`, () => {
    const encoder = new Encoder({ border, isSeries: true });
    for (let i = 0; i < 6; i += 1) encoder.add(i + 0.5);
    assert.throws(() => encoder.add(new WeakMap(), 'items'), /items: a WeakMap cannot cross/);
    encoder.add(-0);
    assert.deepStrictEqual(decodeAll(carry(encoder.finish(), kind), border), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, -0]);
  });

  test(`a row of numbers in a ${kind} packet that is cut, or says another length, is refused`, () => {
    const encoder = new Encoder({ border, isSeries: true });
    for (let i = 0; i < 9; i += 1) encoder.add(i);
    const { bytes } = carry(encoder.finish(), kind);
    const message = { modules: [], attachments: [] };
    for (const wrong of [
      bytes.subarray(4),
      bytes.subarray(1),
      Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 4 ? byte + 1 : byte)),
    ])
      assert.throws(() => new Decoder({ ...message, bytes: wrong }, border), { name: 'SerializationError' });
    assert.deepEqual(decodeAll({ ...message, bytes: Uint8Array.of(0, 0, 0, ...bytes).subarray(3) }, border), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test(`messages of one ${kind} packet share an object`, () => {
    const shared = { n: 1 };
    const encoder = new Encoder({ border });
    for (let i = 0; i < 3; i += 1) encoder.add([shared, shared], 'args');
    assert.equal(encoder.count, 3);
    const values = decodeAll(carry(encoder.finish(), kind), border) as (typeof shared)[][];
    assert.equal(values.length, 3);
    for (const [a, b] of values) assert.equal(a, b);
    assert.notEqual(values[0]?.[0], values[1]?.[0]);
  });

  test(`a message that is refused leaves something in a ${kind} packet`, () => {
    const encoder = new Encoder({ border });
    class Thing {
      n = 1;
    }
    encoder.add({ a: 1, big: new Uint8Array(100_000) }, 'one');
    const { size } = encoder;
    const big = move(new Uint8Array(100_000));
    const bad = {
      a: 1,
      fresh: { shape: 1 },
      big,
      thing: new Thing(),
      signal: new AbortController().signal,
      fn: () => big,
      no: new WeakMap(),
    };
    assert.throws(
      () => encoder.add(bad, 'two'),
      /^SerializationError: two\.no: a WeakMap cannot cross: a Map, a Set or the object itself can$/,
    );
    assert.deepEqual([encoder.count, encoder.size], [1, size]);
    encoder.add({ fresh: { shape: 2 }, things: [new Thing(), new Thing()] }, 'three');
    const packet = encoder.finish();
    assert.equal(big.length, 100_000);
    assert.deepEqual([packet.signals.length, packet.attachments.length], [0, kind === 'thread' ? 1 : 0]);
    const [first, second] = decodeAll(carry(packet, kind), border) as [{ big: Uint8Array }, { fresh: unknown; things: Thing[] }];
    assert.equal(first.big.length, 100_000);
    assert.deepEqual(second.fresh, { shape: 2 });
    assert.equal(second.things[0]?.constructor, second.things[1]?.constructor);
  });

  test(`instances in different messages of a ${kind} packet have different classes`, () => {
    class Point {
      x: number;
      constructor(x: number) {
        this.x = x;
      }
    }
    const encoder = new Encoder({ border });
    for (let i = 0; i < 100; i += 1) encoder.add(new Point(i), 'args');
    const packet = encoder.finish();
    assert.ok(packet.bytes.length < 3000, `${packet.bytes.length} bytes: the class went several times`);
    const points = decodeAll(carry(packet, kind), border) as Point[];
    assert.equal(new Set(points.map((point) => point.constructor)).size, 1);
    assert.deepEqual([points[0]?.x, points[99]?.x], [0, 99]);
  });

  test(`a message that cannot be read spoils the next of a ${kind} packet`, () => {
    class Grumpy {
      n = 1;
    }
    registerReducer(Grumpy, {
      reduce: () => ({ some: ['data', { shape: 1 }] }),
      rebuild: (): Grumpy => {
        throw new RangeError('not today');
      },
    });
    const encoder = new Encoder({ border });
    encoder.add({ a: 1 }, 'args');
    encoder.add({ grumpy: new Grumpy(), later: [{ shape: 2 }, () => 1] }, 'args');
    encoder.add([{ shape: 3 }], 'args');
    const decoder = new Decoder(carry(encoder.finish(), kind), border);
    assert.equal(decoder.count, 3);
    assert.deepEqual(decoder.next(), { a: 1 });
    assert.throws(() => decoder.next(), /not today/);
    assert.deepEqual(decoder.next(), [{ shape: 3 }]);
    assert.equal(decoder.done, true);
    assert.throws(() => decoder.next(), /there is no further message/);
  });

  test(`a getter that encodes something itself breaks the ${kind} packet it is read for`, () => {
    const there = decode(
      carry(
        encode(
          {
            get inner() {
              return decode(carry(encode({ a: [1, 2] }, { border }), kind), border);
            },
            after: 'x'.repeat(100),
          },
          { border },
        ),
        kind,
      ),
      border,
    );
    assert.deepEqual(there, { inner: { a: [1, 2] }, after: 'x'.repeat(100) });
  });

  test(`a packet to a ${kind} that is kept cannot be sent twice`, () => {
    const value = { bytes: new Uint8Array(200_000).fill(3) };
    const packet = encode(value, { border, keep: true });
    for (let i = 0; i < 2; i += 1) assert.deepEqual(decode(carry(packet, kind), border), value);
    const incoming = carry(packet, kind);
    const first = decode(incoming, border, { again: true }) as typeof value;
    first.bytes.fill(9);
    assert.deepEqual(decode(incoming, border, { again: true }), value);
  });

  test(`an inline ${kind} packet has something beside its bytes`, () => {
    const packet = encode(new Uint8Array(200_000), { border, inline: true });
    assert.deepEqual([packet.attachments, packet.transfer], [[], []]);
  });
}

test('a finished encoder goes on in the packet of another', () => {
  const border = { kind: 'process' } as const;
  const first = new Encoder({ border });
  first.add(1, 'args');
  first.finish();
  const second = new Encoder({ border });
  second.add(2, 'args');
  assert.throws(() => first.add(3, 'args'), /the packet is finished/);
  assert.throws(() => first.finish(), /the packet is finished/);
  assert.deepEqual(decodeAll(second.finish(), border), [2]);
});

test('two encoders at work at the same time write into one packet', () => {
  const border = { kind: 'process' } as const;
  const [first, second] = [new Encoder({ border }), new Encoder({ border })];
  for (const i of [1, 2, 3]) {
    first.add({ first: i }, 'args');
    second.add({ second: i }, 'args');
  }
  assert.deepEqual(decodeAll(first.finish(), border), [{ first: 1 }, { first: 2 }, { first: 3 }]);
  assert.deepEqual(decodeAll(second.finish(), border), [{ second: 1 }, { second: 2 }, { second: 3 }]);
});

test('the bytes of a packet may belong to other code, too', () => {
  const border = { kind: 'process' } as const;
  const packets = [1, 2, 3].map((n) => encode({ n, text: 'x'.repeat(n * 40_000) }, { border }));
  assert.equal(new Set(packets.map(({ bytes }) => bytes.buffer)).size, 3);
  for (const { bytes } of packets) assert.equal(bytes.byteOffset, 0);
  assert.deepEqual(
    packets.map((packet) => (decode(packet, border) as { n: number }).n),
    [1, 2, 3],
  );
});

test('a writer into shared memory, at an odd offset, writes other bytes', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1000), 3, 900);
  for (const memory of [shared, new Uint8Array(900), new Uint8Array(1)]) {
    const writer = new Writer(memory, growInHeap);
    writer.text('text');
    writer.text('é'.repeat(100));
    writer.text('€'.repeat(100));
    writer.doubles([1.5, -0]);
    writer.int32s([1, -1]);
    writer.raw(new Uint8Array([1, 2]));
    assert.equal(Buffer.from(writer.bytes.subarray(0, writer.position)).toString('latin1').length, 5 + 102 + 202 + 16 + 8 + 2);
  }
});
