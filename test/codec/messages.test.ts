/** One value as one message that any receiver can be given: what arrives, what is refused, and what is used again. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs';
import test from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { decodeMessage, move, modulesOf, prepare, registerReducer, takeEncoder, type MessageOptions } from '#src/codec/index.js';
import { SerializationError } from '#src/errors.js';
import { Counter } from './counter.js';
import { difference } from './same-graph.js';

/** The bytes of one message, in memory of their own. */
function bytesOf(value: unknown, options?: MessageOptions): Uint8Array {
  const encoder = takeEncoder();
  try {
    encoder.encode(value, options);
    return encoder.bytes.slice(encoder.start, encoder.end);
  } finally {
    encoder.release();
  }
}

function across<T>(value: T): T {
  const bytes = bytesOf(value);
  return decodeMessage(bytes, 0, bytes.length) as T;
}

function refusal(value: unknown, options?: MessageOptions): string {
  try {
    bytesOf(value, options);
  } catch (error) {
    assert.ok(error instanceof SerializationError);
    return error.message;
  }
  throw new Error('it was not refused');
}

test('several messages stand behind one another and have nothing in common', () => {
  const shared = { id: 1, name: 'a' };
  const encoder = takeEncoder();
  const places: [number, number][] = [];
  for (let i = 0; i < 100; i += 1) {
    encoder.encode([shared, shared, new Map([[i, shared]])]);
    places.push([encoder.start, encoder.end]);
  }
  const bytes = encoder.bytes.slice(0, encoder.end);
  encoder.release();
  assert.ok(places.every(([start], i) => start === (i === 0 ? 0 : places[i - 1]?.[1])));
  const values = places.map(([start, end]) => decodeMessage(bytes, start, end));
  values.forEach((value, i) => assert.equal(difference([shared, shared, new Map([[i, shared]])], value), undefined));
  assert.equal(new Set(values.map((value) => (value as unknown[])[0])).size, 100);
});

test('text of any length arrives whole, of one byte a character and of two', () => {
  const letters = Array.from({ length: 80 }, (_, i) => String.fromCharCode((i * 37) % 256)).join('');
  for (let length = 0; length <= letters.length; length += 1) {
    const one = letters.slice(0, length);
    const two = `${letters.slice(0, Math.max(0, length - 1))}\u{1F600}`;
    assert.deepEqual(across({ one, two, alone: [one] }), { one, two, alone: [one] });
    assert.equal(across(one), one);
  }
});

test('simple values of an object arrive whole wherever the memory of the encoder ends', () => {
  const object = {
    zero: 0,
    minus: -0,
    most: 2 ** 31 - 1,
    least: -(2 ** 31),
    more: 2 ** 31,
    half: 0.5,
    text: 'x'.repeat(40),
    yes: true,
    no: false,
  };
  const encoder = takeEncoder();
  const { bytes } = encoder;
  const places: [number, number][] = [];
  for (let filled = 0; encoder.bytes === bytes; filled += 1) {
    encoder.encode(filled % 2 === 0 ? object : { filled, text: 'y'.repeat(filled % 30) });
    places.push([encoder.start, encoder.end]);
  }
  for (const [i, [start, end]] of places.entries()) {
    const value = decodeMessage(encoder.bytes, start, end);
    assert.deepStrictEqual(value, i % 2 === 0 ? object : { filled: i, text: 'y'.repeat(i % 30) });
  }
  encoder.release();
});

test('a message that is refused leaves those before it', () => {
  const encoder = takeEncoder();
  encoder.encode({ id: 1 });
  const { end } = encoder;
  assert.throws(() => encoder.encode({ deep: [{ id: 2 }, new WeakMap()] }), /^SerializationError: item\.deep\[1\]: a WeakMap cannot cross/);
  encoder.encode({ id: 3 });
  assert.equal(encoder.start, end);
  const bytes = encoder.bytes.slice(0, encoder.end);
  assert.deepEqual([decodeMessage(bytes, 0, end), decodeMessage(bytes, end, encoder.end)], [{ id: 1 }, { id: 3 }]);
  encoder.release();
});

test('user code that runs while a message is written may write messages', () => {
  const inner: Uint8Array[] = [];
  const value = {
    first: 1,
    get nested(): string {
      inner.push(bytesOf({ inner: inner.length, list: [1, 2, 3] }));
      return 'read';
    },
    last: [{ id: 2 }],
  };
  assert.deepEqual(across(value), { first: 1, nested: 'read', last: [{ id: 2 }] });
  assert.deepEqual(
    inner.map((bytes) => decodeMessage(bytes, 0, bytes.length)),
    [{ inner: 0, list: [1, 2, 3] }],
  );
});

test('user code that runs while a message is read may read messages', async () => {
  const other = bytesOf(['another', { id: 1 }]);
  class Read {
    value: unknown;
  }
  // The class that arrives is a copy, and so is all that it captured.
  const results: unknown[] = ((globalThis as { results?: unknown[] }).results = []);
  registerReducer(Read, {
    reduce: () => 1,
    rebuild: () => {
      (globalThis as unknown as { results: unknown[] }).results.push(decodeMessage(other, 0, other.length));
      return new Read();
    },
  });
  const bytes = bytesOf([{ a: 1 }, new Read(), { a: 2 }]);
  await prepare({ modules: modulesOf(bytes, 0, bytes.length) });
  const arrived = decodeMessage(bytes, 0, bytes.length);
  assert.deepEqual(
    (arrived as unknown[]).filter((_, i) => i !== 1),
    [{ a: 1 }, { a: 2 }],
  );
  delete (globalThis as { results?: unknown[] }).results;
  assert.deepEqual(results, [['another', { id: 1 }]]);
});

test('nothing that arrives refers to the memory it was read from', () => {
  const large = new Float64Array(20_000).fill(1.5);
  const value = { small: new Uint8Array([1, 2, 3]), node: Buffer.from('abc'), large, part: Buffer.alloc(200_000, 7).subarray(1) };
  const bytes = bytesOf(value);
  const arrived = decodeMessage(bytes, 0, bytes.length) as typeof value;
  bytes.fill(0xff);
  assert.equal(difference(value, arrived), undefined);
  for (const view of Object.values(arrived)) assert.notEqual(view.buffer, bytes.buffer);
  assert.equal(arrived.node.buffer.byteLength, 3);
});

test('large buffers are shown by memory that the receiver is given', () => {
  const value = {
    text: 'x',
    large: new Float64Array(20_000).fill(1.5),
    part: Buffer.alloc(200_000, 7).subarray(3),
    raw: new ArrayBuffer(70_000),
  };
  const bytes = bytesOf(value);
  const shown: [number, number][] = [];
  const arrived = decodeMessage(bytes, 0, bytes.length, {
    viewOf: (start, length) => {
      shown.push([start, length]);
      return bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + start + length) as ArrayBuffer;
    },
  });
  assert.equal(difference(value, arrived), undefined);
  assert.deepEqual(
    shown.map(([start, length]) => [start % 16, length]),
    [
      [0, 160_000],
      [0, 199_997],
      [0, 70_000],
    ],
  );
});

test('a message that outgrows the memory goes to memory of the caller', () => {
  const given: Uint8Array[] = [];
  const encoder = takeEncoder();
  encoder.encode(
    { head: 'h', large: new Uint8Array(1 << 20).fill(5) },
    {
      grow: (old, used, size) => {
        const memory = new Uint8Array(new SharedArrayBuffer(size + 1024));
        memory.set(old.subarray(0, used));
        given.push(memory);
        return memory;
      },
    },
  );
  const { bytes, start, end } = encoder;
  encoder.release();
  assert.equal(given.length, 1);
  assert.equal(bytes, given[0]);
  assert.ok(bytes.length < (1 << 20) + 2000);
  const again = takeEncoder();
  again.encode('other');
  assert.notEqual(again.bytes, bytes);
  again.release();
  const arrived = decodeMessage(bytes, start, end) as { large: Uint8Array };
  assert.ok(arrived.large.length === 1 << 20 && arrived.large.every((byte) => byte === 5));
});

test('what only threads can share and signals are refused by their path', () => {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new (options: object) => object } };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const shared = 'share() and SharedArray give memory that processes see too; or hand over a copy of its bytes';
  const process = 'a receiver that may be a process';
  const signal = `an AbortSignal cannot cross to a receiver that is not known before: hand it over as an argument, or use an Event`;
  assert.equal(
    refusal([{ memory: new SharedArrayBuffer(8) }]),
    `item[0].memory: a SharedArrayBuffer cannot cross to ${process}: ${shared}`,
  );
  assert.equal(refusal(new Int32Array(new SharedArrayBuffer(8))), `item: a SharedArrayBuffer cannot cross to ${process}: ${shared}`);
  assert.equal(refusal({ memory }), `item.memory: a WebAssembly.Memory cannot cross to ${process}: ${shared}`);
  assert.equal(
    refusal({ port: port1 }, { root: 'items[3]' }),
    `items[3].port: a MessagePort cannot cross to ${process}: hand it over as an argument, to a Thread or to a ThreadPoolExecutor`,
  );
  assert.equal(refusal({ signal: new AbortController().signal }), `item.signal: ${signal}`);
  assert.equal(refusal([AbortSignal.abort()]), `item[0]: ${signal}`);
  assert.equal(refusal([[1].values()]), 'item[0]: an Array Iterator cannot cross: hand over its items as an array, [...it]');
});

test('moved buffers are taken from their owner only when the caller says so', () => {
  const [listed, marked] = [new Uint8Array([1, 2]), move(new Uint8Array(100_000).fill(9))];
  const encoder = takeEncoder();
  encoder.encode({ listed, marked }, { transfer: [listed.buffer] });
  assert.deepEqual([listed.length, marked.length], [2, 100_000]);
  const bytes = encoder.bytes.slice(encoder.start, encoder.end);
  encoder.takeMoved();
  encoder.release();
  assert.deepEqual([listed.length, marked.length], [0, 0]);
  const arrived = decodeMessage(bytes, 0, bytes.length) as { listed: Uint8Array; marked: Uint8Array };
  assert.deepEqual([...arrived.listed], [1, 2]);
  assert.ok(arrived.marked.length === 100_000 && arrived.marked.every((byte) => byte === 9));
});

test('an encoder that is released without it takes nothing', () => {
  const buffer = new ArrayBuffer(8);
  bytesOf({ buffer }, { transfer: [buffer] });
  const encoder = takeEncoder();
  encoder.encode(1);
  encoder.takeMoved();
  encoder.release();
  assert.equal(buffer.byteLength, 8);
});

test('a message says which modules must be loaded first', async () => {
  const bytes = bytesOf({ readFile });
  const modules = modulesOf(bytes, 0, bytes.length);
  assert.deepEqual(modules, ['node:fs']);
  await prepare({ modules });
  assert.deepEqual(decodeMessage(bytes, 0, bytes.length), { readFile });
  const plain = bytesOf({ id: 1 });
  assert.deepEqual(modulesOf(plain, 0, plain.length), []);
});

test('shared objects in a message are named to the caller, each once', () => {
  const counter = new Counter();
  const encoder = takeEncoder();
  encoder.encode({ a: counter, b: [counter] });
  const { handles } = encoder;
  assert.deepEqual(handles, [counter]);
  const bytes = encoder.bytes.slice(0, encoder.end);
  encoder.encode(1);
  assert.deepEqual(encoder.handles, []);
  encoder.release();
  const arrived = decodeMessage(bytes, 0, bytes.length, { handles }) as { a: Counter; b: Counter[] };
  assert.ok(arrived.a === counter && arrived.b[0] === counter);
  assert.throws(
    () => decodeMessage(bytes, 0, bytes.length, { lost: new Error('its heap is gone') }),
    /a shared object cannot be used here: its heap is gone/,
  );
});

test('what the memory of the caller throws is thrown as it is, and nothing has happened', () => {
  const full = new RangeError('the heap is full');
  const encoder = takeEncoder();
  encoder.encode('before');
  const { end } = encoder;
  const grow = (): never => {
    throw full;
  };
  assert.throws(
    () => encoder.encode({ a: [1], large: new Uint8Array(300_000) }, { grow }),
    (error) => error === full,
  );
  assert.throws(
    () => encoder.encode({ a: ['x'.repeat(300_000)] }, { grow }),
    (error) => error === full,
  );
  encoder.encode({ after: 'x'.repeat(300_000) });
  assert.equal(encoder.start, end);
  assert.deepEqual(decodeMessage(encoder.bytes, 0, end), 'before');
  assert.equal((decodeMessage(encoder.bytes, end, encoder.end) as { after: string }).after.length, 300_000);
  encoder.release();
});

test('memory that has grown is used again, but not the memory of a caller', () => {
  const encoder = takeEncoder();
  encoder.encode('x'.repeat(40_000));
  const grown = encoder.bytes;
  encoder.encode(new Uint8Array(200_000), {
    grow: (old, used, size) => {
      const memory = new Uint8Array(size);
      memory.set(old.subarray(0, used));
      return memory;
    },
  });
  const given = encoder.bytes;
  encoder.release();
  const again = takeEncoder();
  again.encode(1);
  assert.notEqual(again.bytes, given);
  again.release();
  const once = takeEncoder();
  once.encode('x'.repeat(40_000));
  const kept = once.bytes;
  once.release();
  const more = takeEncoder();
  more.encode(1);
  assert.equal(more.bytes, kept);
  more.release();
  assert.notEqual(grown, given);
});

test('functions in several messages that share a variable each have a copy of it', async () => {
  let count = 5;
  const raise = (): number => (count += 1);
  const lower = (): number => (count -= 1);
  const encoder = takeEncoder();
  const places: [number, number][] = [];
  for (let i = 0; i < 3; i += 1) {
    encoder.encode({ raise, lower });
    places.push([encoder.start, encoder.end]);
  }
  const bytes = encoder.bytes.slice(0, encoder.end);
  encoder.release();
  for (const [start, end] of places) {
    await prepare({ modules: modulesOf(bytes, start, end) });
    const arrived = decodeMessage(bytes, start, end) as { raise: () => number; lower: () => number };
    assert.deepEqual([arrived.raise(), arrived.raise(), arrived.lower()], [6, 7, 6]);
  }
  assert.equal(count, 5);
});

test('an encoder that is released twice is not given to two callers', () => {
  const encoder = takeEncoder();
  encoder.release();
  encoder.release();
  const taken = [takeEncoder(), takeEncoder()];
  assert.notEqual(taken[0], taken[1]);
  for (const one of taken) one.release();
});
