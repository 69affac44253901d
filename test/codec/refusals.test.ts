/** What cannot cross is refused with the path to it, and nothing has happened. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import { encode, move } from '#src/codec/index.js';
import { SerializationError } from '#src/errors.js';
import { kinds, refusal } from './cross.js';

class Wallet {
  #coins = 3;
  get coins(): number {
    return this.#coins;
  }
}

const cases: readonly (readonly [() => unknown, string])[] = [
  [() => [{ rows: [{}, {}, {}, { handle: new Socket() }] }], 'args[0].rows[3].handle: a Socket cannot cross'],
  [
    () => [
      new Map<unknown, unknown>([
        ['a', 1],
        ['key', Promise.resolve()],
      ]),
    ],
    'args[0].get("key"): a Promise cannot cross',
  ],
  [() => [new Map<unknown, unknown>([[{ k: new WeakMap() }, 1]])], 'args[0].keys()[0].k: a WeakMap cannot cross'],
  [() => [new Set<unknown>([1, 2, new WeakSet()])], 'args[0].values()[2]: a WeakSet cannot cross'],
  [() => [{ 'odd key': new WeakRef({}) }], 'args[0]["odd key"]: a WeakRef cannot cross'],
  [() => [{ [Symbol.for('s')]: new FinalizationRegistry(() => 0) }], 'args[0][Symbol(s)]: a FinalizationRegistry cannot cross'],
  [() => [new Proxy({}, {})], 'args[0]: a Proxy cannot cross'],
  [() => [Object.create(new Proxy({}, {}))], 'args[0].[[Prototype]]: a Proxy cannot cross'],
  [() => [(function* () {})()], 'args[0]: a Generator cannot cross'],
  [() => [(async function* () {})()], 'args[0]: an AsyncGenerator cannot cross'],
  [() => [[1].values()], 'args[0]: an Array Iterator cannot cross'],
  [() => [new Map().entries()], 'args[0]: a Map Iterator cannot cross'],
  [() => [Symbol('mine')], 'args[0]: Symbol(mine) cannot cross: only registered symbols can, Symbol.for(…)'],
  [() => [process.stdin], 'args[0]: a '],
  [() => [Readable.from([])], 'args[0]: a Readable cannot cross'],
  [() => [new EventTarget()], 'args[0]: an EventTarget cannot cross'],
  [() => [new AbortController()], 'args[0]: an AbortController cannot cross: its signal can'],
  [() => [new Blob([])], 'args[0]: a Blob cannot cross: its bytes can, await blob.arrayBuffer()'],
  [() => [new Response('')], 'args[0]: a Response cannot cross'],
  [() => [new ReadableStream()], 'args[0]: a ReadableStream cannot cross'],
  [() => [new Intl.NumberFormat()], 'args[0]: a NumberFormat cannot cross'],
  [() => [new Wallet()], 'args[0]: a Wallet cannot cross: its #coins cannot be seen from outside'],
  [() => [{ deep: [new (class Purse extends Wallet {})()] }], 'args[0].deep[0]: a Purse cannot cross: its #coins'],
  [() => [runInNewContext('new WeakMap()')], 'args[0]: a WeakMap cannot cross'],
  [
    () => [
      {
        get x() {
          throw new RangeError('boo');
        },
      },
    ],
    'args[0].x: reading it threw RangeError: boo',
  ],
];

for (const kind of kinds) {
  for (const [make, message] of cases) {
    test(`to a ${kind}: ${message}`, () => {
      const said = refusal(make(), kind);
      assert.ok(said.startsWith(message), said);
    });
  }

  test(`a handle of Node's that no module exports crosses to a ${kind}`, async () => {
    const handle = await open(new URL(import.meta.url));
    try {
      assert.match(refusal([handle], kind), /^args\[0\]: .*FileHandle cannot cross/);
    } finally {
      await handle.close();
    }
    const timer = setTimeout(() => 0, 0);
    clearTimeout(timer);
    assert.match(refusal([timer], kind), /^args\[0\]: .*Timeout cannot cross/);
  });

  test(`the error of a getter is not the cause of the refusal at a ${kind}`, () => {
    const error = new RangeError('boo');
    const value = {
      get x() {
        throw error;
      },
    };
    assert.throws(
      () => encode(value, { border: { kind } }),
      (thrown: unknown) => thrown instanceof SerializationError && thrown.cause === error,
    );
  });

  test(`a buffer is taken away though the ${kind} message was refused`, () => {
    const buffer = new ArrayBuffer(100_000);
    move(buffer);
    refusal([buffer, new WeakMap()], kind);
    assert.equal(buffer.byteLength, 100_000);
  });

  test(`an EventEmitter's own state does not reach a ${kind}`, () => {
    class Job extends EventEmitter {
      step = 1;
    }
    assert.doesNotThrow(() => encode(new Job(), { border: { kind } }));
  });

  test(`a path through 100,000 levels to a ${kind} cannot be told`, () => {
    let list: unknown = new WeakMap();
    for (let i = 0; i < 100_000; i += 1) list = { next: list };
    const said = refusal(list, kind);
    assert.match(said, /^args\.next\.next.* … .*\.next: a WeakMap cannot cross$/);
    assert.ok(said.length < 1000);
  });
}

test('what only threads can share crosses to a process, or is refused without a hint', () => {
  const { port1 } = new MessageChannel();
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new (options: object) => object } };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  for (const value of [new SharedArrayBuffer(8), new Int32Array(new SharedArrayBuffer(8)), port1, memory]) {
    assert.match(refusal([value], 'process'), /^args\[0\]: an? \S+ cannot cross to a process: share\(\) gives memory that can$/);
  }
  port1.close();
});
