/** Copies of large buffers that are lent to threads: memory that is used again, and never while it is read. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, encode, giveBack } from '#src/codec/index.js';
import { carry } from './cross.js';

const SIZE = 100_000;
const border = { kind: 'thread' } as const;
const filled = (byte: number): Uint8Array => new Uint8Array(SIZE).fill(byte);

test('a large buffer that is lent arrives as a buffer of the receiver alone, however often it is sent', () => {
  const bytes = filled(1);
  const packet = encode([bytes, bytes.subarray(5, 9), { again: bytes }], { border, lends: true });
  bytes.fill(2);
  assert.deepEqual(packet.transfer, [], 'nothing changes owner');
  for (let i = 0; i < 2; i += 1) {
    const [whole, part, { again }] = decode(carry(packet, 'thread'), border) as [Uint8Array, Uint8Array, { again: Uint8Array }];
    assert.ok(whole.buffer instanceof ArrayBuffer);
    assert.deepEqual([whole.byteLength, whole.buffer.byteLength, part.byteOffset, part.length], [SIZE, SIZE, 5, 4]);
    assert.ok(again === whole && part.buffer === whole.buffer);
    assert.ok(whole.every((byte) => byte === 1));
    whole.fill(3);
  }
  giveBack(packet.attachments);
});

test('memory that was given back serves the next copy, once, and not what was received from it', () => {
  const first = encode(filled(1), { border, lends: true });
  giveBack(first.attachments);
  giveBack(first.attachments);
  const received = decode(carry(encode(filled(2), { border, lends: true }), 'thread'), border) as Uint8Array;
  const [third, fourth] = [encode(filled(3), { border, lends: true }), encode(filled(4), { border, lends: true })];
  assert.notEqual(third.attachments[0], fourth.attachments[0]);
  assert.ok(received.every((byte) => byte === 2));
  assert.ok((decode(third, border) as Uint8Array).every((byte) => byte === 3));
  assert.ok((decode(fourth, border) as Uint8Array).every((byte) => byte === 4));
});

test('shared memory of the sender is no loan: it stays shared after a packet was given back', () => {
  const mine = new Uint8Array(new SharedArrayBuffer(SIZE));
  const packet = encode(mine, { border, lends: true });
  const there = decode(carry(packet, 'thread'), border) as Uint8Array;
  giveBack(packet.attachments);
  const next = encode(filled(9), { border, lends: true });
  assert.notEqual(next.attachments[0], mine.buffer);
  mine[0] = 5;
  assert.equal(there[0], 5);
});
