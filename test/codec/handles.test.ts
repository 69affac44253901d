/** Shared objects travel: what the bytes say of them, and what the packet holds. (That they arrive elsewhere: test/worker/handles.) */

import assert from 'node:assert/strict';
import test from 'node:test';
import { captureFunction } from '#src/codec/host.js';
import { type Border, decode, Decoder, encode, Encoder, move, openCapsule, registerReducer } from '#src/codec/index.js';
import { refOf, theAgent } from '#src/memory/index.js';
import { SerializationError } from '#src/errors.js';
import { openSharedArrays } from '#src/handles.js';
import { carry, cross, type Kind, refusal } from './cross.js';
import { Counter } from './counter.js';

const kinds: Kind[] = theAgent().memory.crossesProcesses ? ['thread', 'process'] : ['thread'];

class Account {
  readonly counter: Counter;
  readonly name: string;

  constructor(counter: Counter, name: string) {
    this.counter = counter;
    this.name = name;
  }

  next(): number {
    return this.counter.raise();
  }
}

for (const kind of kinds) {
  const border: Border = { kind };

  test(`${kind}: a handle is copied, or loses its place in what holds it`, () => {
    const counter = new Counter();
    const ring: unknown[] = [counter];
    ring.push(ring);
    const values = [
      counter,
      [counter, counter],
      { deep: { deeper: [[{ counter }]] } },
      new Map<unknown, unknown>([
        [counter, 'key'],
        ['value', counter],
      ]),
      new Set([counter]),
      new Account(counter, 'mine'),
      Object.assign(Object.create(null), { counter }),
      ring,
    ];
    for (const value of values) assert.deepEqual(cross(value, kind), value);
    const [one, other] = cross([counter, { counter }] as const, kind);
    assert.equal(one, counter);
    assert.equal(other.counter, counter);
    const account = cross(new Account(counter, 'mine'), kind);
    assert.equal(account.next(), 0);
    assert.equal(counter.count, 1);
  });

  test(`${kind}: an error loses the handles in its own properties, or its causes do`, () => {
    const counter = new Counter();
    const error = Object.assign(new RangeError('full', { cause: { counter } }), { counter });
    const there = cross(error, kind);
    assert.equal(there.counter, counter);
    assert.equal((there.cause as { counter: unknown }).counter, counter);
  });

  test(`${kind}: a packet names an object twice, or forgets one`, () => {
    const [a, b] = [new Counter(), new Counter()];
    const packet = encode([a, b, a, { a }], { border });
    assert.deepEqual([...packet.handles], [a, b]);
    assert.deepEqual(encode([1, {}], { border }).handles, []);
  });

  test(`${kind}: very many objects in one packet, and each twice, do not keep their places`, () => {
    const many = Array.from({ length: 20_000 }, () => new Counter());
    const packet = encode([many, many.toReversed()], { border });
    assert.deepEqual(packet.handles.length, many.length);
    const [there, back] = decode(carry(packet, kind), border) as [Counter[], Counter[]];
    assert.ok(many.every((counter, i) => there[i] === counter && back[many.length - 1 - i] === counter));
  });

  test(`${kind}: a message that cannot cross leaves its handles in the packet`, () => {
    const [a, b] = [new Counter(), new Counter()];
    const encoder = new Encoder({ border });
    encoder.add([a]);
    assert.throws(() => encoder.add([b, new WeakMap()], 'args'), /^SerializationError: args\[1\]/);
    encoder.add('last');
    const packet = encoder.finish();
    assert.deepEqual([...packet.handles], [a]);
    const decoder = new Decoder(carry(packet, kind), border);
    assert.deepEqual([decoder.next(), decoder.next()], [[a], 'last']);
    const again = new Encoder({ border });
    assert.throws(() => again.add([b, new WeakMap()]), SerializationError);
    again.add([b]);
    assert.deepEqual(again.finish().handles, [b], 'it counts as written although that failed');
    const discarded = new Encoder({ border });
    discarded.add(b);
    discarded.discard();
    assert.deepEqual(encode(1, { border }).handles, []);
  });

  test(`${kind}: a handle that could not be taken over damages the messages beside it`, () => {
    const counter = new Counter();
    const encoder = new Encoder({ border });
    encoder.add([counter, 'lost']);
    encoder.add('next');
    const packet = { ...carry(encoder.finish(), kind), handles: [], lost: new Error('the heap is full') };
    const decoder = new Decoder(packet, border);
    assert.throws(
      () => decoder.next(),
      (error) => {
        assert.ok(error instanceof SerializationError);
        assert.match(error.message, /a shared object cannot be used here: the heap is full/);
        assert.equal(error.cause, packet.lost);
        return true;
      },
    );
    assert.equal(decoder.next(), 'next');
    assert.throws(() => decode({ ...packet, lost: undefined }, border), /a shared object is missing/);
  });

  test(`${kind}: damaged bytes reach an object that did not come with them`, () => {
    const [mine, other] = [new Counter(), new Counter()];
    const packet = carry(encode(mine, { border }), kind);
    assert.throws(() => decode({ ...packet, handles: [other] }, border), /a shared object is missing/);
  });

  test(`${kind}: a captured handle is copied, sent again for nothing, or forgotten by its capsule`, () => {
    const counter = new Counter();
    const raise = () => counter.raise();
    const capsule = captureFunction(raise, border);
    assert.deepEqual([...capsule.packet.handles], [counter]);
    assert.equal(captureFunction(raise, border), capsule, 'the same function was captured again');
    const make = (captured: Counter) => () => captured.raise();
    assert.equal(captureFunction(make(counter), border).id, captureFunction(make(counter), border).id);
    assert.notEqual(captureFunction(make(counter), border).id, captureFunction(make(new Counter()), border).id);
    const open = openCapsule(carry(capsule.packet, kind), border);
    assert.equal(open(), open(), 'it is made anew for each call');
    (open() as () => number)();
    assert.equal(counter.count, 1);
  });

  test(`${kind}: an assigned variable goes on holding the handle that it had`, () => {
    let present = new Counter();
    const raise = () => present.raise();
    const [first] = captureFunction(raise, border).packet.handles;
    assert.equal(first, present);
    present = new Counter();
    const [second] = captureFunction(raise, border).packet.handles;
    assert.equal(second, present);
    assert.notEqual(second, first);
  });

  test(`${kind}: this of a method, a class's static value or a reducer's data loses its handle`, () => {
    const counter = new Counter();
    const account = new Account(counter, 'bound');
    const next = cross(account.next.bind(account), kind);
    assert.equal(next(), 0);
    class Shared {
      static readonly counter: Counter = counter;
    }
    assert.equal(cross({ Shared }, kind).Shared.counter, counter);
    class Hidden {
      readonly #counter: Counter;
      constructor(hidden: Counter) {
        this.#counter = hidden;
      }
      get counter(): Counter {
        return this.#counter;
      }
    }
    registerReducer(Hidden, { reduce: (hidden) => hidden.counter, rebuild: (hidden) => new Hidden(hidden) });
    assert.equal(cross(new Hidden(counter), kind).counter, counter);
  });

  test(`${kind}: move() takes the memory of a shared object away`, () => {
    const counter = new Counter();
    const bytes = new Uint8Array([1, 2, 3]);
    const there = cross(move({ counter, bytes }), kind);
    assert.equal(bytes.length, 0);
    assert.deepEqual([...there.bytes], [1, 2, 3]);
    assert.equal(there.counter.raise(), 0);
    assert.equal(counter.count, 1);
  });
}

test('an instance of a subclass does not arrive as what it extends', () => {
  class Named extends Counter {
    readonly name: string = 'mine';
  }
  const packet = encode(new Named(), { border: { kind: 'thread' } });
  const joined = new Counter();
  // As a thread sees it that has only the object.
  const bytes = Buffer.from(encode(joined, { border: { kind: 'thread' } }).bytes);
  assert.notDeepEqual(bytes, Buffer.from(packet.bytes));
  const there = decode({ bytes, attachments: [], modules: [], handles: [joined] }, { kind: 'thread' });
  assert.equal(Object.getPrototypeOf(there), Counter.prototype);
  assert.notEqual(refOf(joined), 0);
});

test('what only has the prototype of a shared object is taken for one, or a Proxy is', () => {
  assert.match(refusal([Object.create(Counter.prototype)], 'thread'), /^args\[0\]: a Counter cannot cross/);
  assert.match(refusal([new Proxy(new Counter(), {})], 'thread'), /^args\[0\]: a Proxy cannot cross/);
});

test('a host that shares no memory with its child is given a handle', () => {
  const counter = new Counter();
  const apart: Border = { kind: 'process', apart: 'its host could not share memory' };
  const message = (() => {
    try {
      encode({ list: [counter] }, { border: apart, root: 'result' });
      return '';
    } catch (error) {
      assert.ok(error instanceof SerializationError);
      assert.equal((error.cause as { code?: string }).code, 'ERR_HEDDLE_UNSUPPORTED_PLATFORM');
      return error.message;
    }
  })();
  assert.match(message, /^result\.list\[0\]: a Counter cannot cross to /);
});

test('a buffer that shows the memory of a shared object is named, not copied, alone and under views', () => {
  const counter = new Counter();
  const memory = new ArrayBuffer(100_000);
  const all = new Uint8Array(memory);
  openSharedArrays({
    ownerOf: (buffer) => (buffer === memory ? counter : undefined),
    arrayOf: (owner) => (owner === counter ? all : undefined),
  });
  try {
    const value = { all, memory, numbers: new Float64Array(memory, 8, 3), bytes: Buffer.from(memory, 1, 5) };
    for (const kind of kinds) {
      const packet = encode(move(value), { border: { kind } });
      assert.deepEqual([packet.handles, packet.attachments], [[counter], []]);
      assert.ok(packet.bytes.length < 200);
      const arrived = decode({ ...packet, handles: [counter] }, { kind }) as typeof value;
      assert.equal(arrived.all, all);
      assert.ok([arrived.memory, arrived.numbers.buffer, arrived.bytes.buffer].every((buffer) => buffer === memory));
      assert.deepEqual([arrived.numbers.byteOffset, arrived.numbers.length, arrived.bytes.byteOffset, arrived.bytes.length], [8, 3, 1, 5]);
      assert.equal(memory.byteLength, 100_000);
      const lost = new Error('its heap is gone');
      assert.throws(() => decode({ ...packet, handles: [], lost }, { kind }), /a shared object cannot be used here: its heap is gone/);
    }
  } finally {
    openSharedArrays({ ownerOf: () => undefined, arrayOf: () => undefined });
  }
});

test('a function that captured such a buffer is sent once and made once', () => {
  const counter = new Counter();
  const memory = new Int32Array(4);
  openSharedArrays({
    ownerOf: (buffer) => (buffer === memory.buffer ? counter : undefined),
    arrayOf: (owner) => (owner === counter ? memory : undefined),
  });
  try {
    const fn = (): number => (memory[0] = (memory[0] as number) + 1);
    const [first, second] = [captureFunction(fn, { kind: 'thread' }), captureFunction(fn, { kind: 'thread' })];
    assert.equal(first.id, second.id);
    const next = openCapsule({ ...first.packet, handles: [counter] }, { kind: 'thread' });
    assert.equal(next(), next());
    assert.deepEqual([(next() as () => number)(), (next() as () => number)(), memory[0]], [1, 2, 2]);
  } finally {
    openSharedArrays({ ownerOf: () => undefined, arrayOf: () => undefined });
  }
});
