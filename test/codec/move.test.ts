/** Memory that changes owner, and memory that is shared. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, encode, Encoder, move } from '#src/codec/index.js';
import { carry, cross, kinds, refusal } from './cross.js';

const filled = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size).map((_, i) => i);

for (const kind of kinds) {
  for (const size of [16, 1_000_000]) {
    test(`moved memory of ${size} bytes stays with its sender, or arrives empty in a ${kind}`, () => {
      const bytes = filled(size);
      const there = cross({ bytes: move(bytes) }, kind);
      assert.equal(bytes.length, 0);
      assert.deepEqual(there.bytes.subarray(0, 16), filled(16));
      assert.equal(there.bytes.length, size);
    });

    test(`transfer of ${size} bytes is ignored on the way to a ${kind}`, () => {
      const bytes = filled(size);
      const there = cross({ part: bytes.subarray(4, 8), bytes }, kind, { transfer: [bytes.buffer] });
      assert.equal(bytes.length, 0);
      assert.deepEqual([...there.part], [4, 5, 6, 7]);
      assert.equal(there.part.buffer, there.bytes.buffer);
    });
  }

  test(`memory that is not moved leaves its sender for a ${kind}`, () => {
    const bytes = filled(1_000_000);
    const there = cross(bytes, kind);
    assert.equal(bytes.length, 1_000_000);
    bytes[0] = 99;
    assert.equal(there[0], 0);
  });

  test(`a change after encoding is seen in a ${kind}`, () => {
    const bytes = filled(1_000_000);
    const packet = encode(bytes, { border: { kind } });
    bytes.fill(7);
    assert.deepEqual((decode(carry(packet, kind), { kind }) as Uint8Array).subarray(0, 5), filled(5));
  });

  test(`buffers inside a moved value stay behind on the way to a ${kind}`, () => {
    const [a, b, c] = [filled(10), filled(100_000), new ArrayBuffer(8)];
    const there = cross(move({ list: [a], map: new Map([['b', { b }]]), set: new Set([c]) }), kind);
    assert.deepEqual([a.length, b.length, c.byteLength], [0, 0, 0]);
    assert.deepEqual([there.list[0]?.length, there.map.get('b')?.b.length, [...there.set][0]?.byteLength], [10, 100_000, 8]);
  });

  test(`a mark outlives its crossing to a ${kind}`, () => {
    const bytes = move(filled(10));
    const there = cross(bytes, kind);
    assert.equal(bytes.length, 0);
    cross(there, kind);
    assert.equal(there.length, 10);
  });

  test(`a moved Buffer takes Node's pool away to a ${kind}`, () => {
    const [pooled, neighbour] = [Buffer.from('pooled'), Buffer.from('neighbour')];
    assert.equal(cross(move(pooled), kind).toString(), 'pooled');
    assert.equal(pooled.toString(), 'pooled');
    assert.equal(neighbour.toString(), 'neighbour');
    const whole = Buffer.alloc(10, 1);
    assert.equal(cross(move(whole), kind).length, 10);
    assert.equal(whole.length, 0);
  });

  test(`memory that cannot be taken away is taken half on the way to a ${kind}`, () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new (options: object) => { buffer: ArrayBuffer } } };
    const wasm = new WebAssembly.Memory({ initial: 1 }).buffer;
    const bytes = filled(100_000);
    const send = (): unknown => cross([bytes, new Uint8Array(wasm)], kind, { transfer: [bytes.buffer, wasm] });
    if (Number(process.versions.node.split('.')[0]) >= 22) {
      assert.throws(send, /cannot be taken away/);
      assert.equal(bytes.length, 100_000);
    } else {
      // Node 20 copies such memory and says nothing.
      assert.equal((send() as Uint8Array[])[1]?.length, 65_536);
    }
    assert.equal(wasm.byteLength, 65_536);
  });

  test(`a moved buffer that is gone already crosses to a ${kind} as an empty one`, () => {
    const bytes = filled(10);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assert.match(refusal([bytes.buffer], kind), /^args\[0\]: a detached ArrayBuffer cannot cross/);
  });

  test(`one buffer is moved by two messages of a ${kind} packet`, () => {
    const encoder = new Encoder({ border: { kind } });
    const bytes = move(filled(100_000));
    encoder.add([bytes], 'args');
    assert.throws(() => encoder.add([bytes], 'args'), /args\[0\]: this ArrayBuffer is moved twice/);
    assert.equal(encoder.finish().bytes.length > 0, true);
    assert.equal(bytes.length, 0);
  });
}

test('nonsense is moved or transferred', () => {
  assert.throws(() => move(5 as never), /^TypeError: expected the value to move to be an object that holds buffers, got 5/);
  const border = { kind: 'thread' } as const;
  assert.throws(() => encode(1, { border, transfer: [5] }), /expected transfer to be an array of ArrayBuffers and MessagePorts, got 5/);
  const buffer = new ArrayBuffer(1);
  assert.throws(() => encode(buffer, { border, transfer: [buffer, buffer] }), /transfer holds the same buffer twice/);
  assert.equal(buffer.byteLength, 1);
});

test('threads do not share what can be shared', async () => {
  const memory = new Int32Array(new SharedArrayBuffer(8));
  const there = cross({ memory, again: memory.buffer, part: Buffer.from(memory.buffer, 4, 2) }, 'thread');
  there.memory[1] = 7;
  assert.equal(memory[1], 7);
  assert.equal(there.memory.buffer, there.again);
  assert.equal(there.part[0], 7);
  const { port1, port2 } = new MessageChannel();
  const moved = cross({ port: port1 }, 'thread').port;
  const came = new Promise((resolve) => port2.addEventListener('message', (event) => resolve((event as MessageEvent).data)));
  port2.start();
  moved.postMessage('through', []);
  assert.equal(await came, 'through');
  moved.close();
  port2.close();
});
