/** Buffers over blocks: any length, for as long as anything refers to them, and not to be given away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { become, type Memory, theAgent } from '#src/memory/index.js';
import { arrayMemory, newArraySeed } from '#src/memory/heap/array-memory.js';
import { viewOfBlock } from '#src/memory/heap/block-view.js';
import { theHeap } from '#src/memory/heap/heap.js';
import type { ListedBlock } from '#src/memory/objects/owned.js';
import { checkHeader } from '#src/memory/heap/heap-header.js';
import { segmentSize } from '#src/memory/heap/memory.js';
import { createNativeMemory } from '#src/memory/heap/native-memory.js';
import { claimSlot } from '#src/memory/threads/slot-claim.js';
import { kinds, tagOf } from '#src/memory/heap/tag.js';
import { closeEnd } from '#src/platform/index.js';
import { encode } from '#src/codec/index.js';
import { move } from '#src/codec/objects/move.js';
import { nativeSkip } from '../grounds.ts';
import { cross, kinds as codecKinds } from '../../codec/cross.ts';
import { runGarbageCollection } from '../../python/garbage.ts';

/** Bytes of a block before those that are viewed. */
const HEAD = 64;

/** Acts as a thread of a heap of its own. */
async function on(memory: Memory, body: () => Promise<void> | void): Promise<void> {
  const before = theAgent();
  checkHeader(memory);
  const { id } = claimSlot(memory);
  become({ id, memory, waits: Object.assign(new Set<never>(), { kick: () => {} }) });
  try {
    await body();
  } finally {
    become(before);
  }
}

const memories: Record<string, (body: () => Promise<void> | void) => Promise<void>> = {
  array: (body) => on(arrayMemory(newArraySeed()), body),
  native: async (body) => {
    const { memory, descriptor } = createNativeMemory();
    await on(memory, body);
    closeEnd(descriptor);
  },
};

function held(bytes: number): ListedBlock {
  const heap = theHeap();
  const block: ListedBlock = heap.allocate(tagOf(kinds.owned), (HEAD + bytes) / 4);
  block.position = heap.listedAt;
  return block;
}

const used = (): number => theHeap().statistics().used;

for (const [name, within] of Object.entries(memories)) {
  const check = (what: string, body: () => Promise<void> | void): void => {
    test(`${name}: ${what}`, { skip: name === 'native' && nativeSkip, timeout: 60_000 }, () => within(body));
  };

  for (const bytes of [64, 40_000, segmentSize, 3 * segmentSize + 4096]) {
    check(`a view shows the ${bytes} bytes of its block`, () => {
      const block = held(bytes);
      const source = theHeap().memory.bytes(block.ref * 16 + HEAD, bytes);
      source[0] = 1;
      source[bytes - 1] = 2;
      const view = new Uint8Array(viewOfBlock(block, HEAD, bytes));
      assert.deepEqual([view.length, view[0], view[1], view[bytes - 1]], [bytes, 1, 0, 2]);
      assert.throws(() => viewOfBlock(block, HEAD, bytes), /is not held by this thread/);
    });
  }

  check('a block is freed when nothing refers to its buffer, and not before', async () => {
    let dropped = 0;
    const isDropped = (): boolean => dropped > 0;
    const before = used();
    const bytes = 2 * segmentSize;
    // A value that an async function has seen may stay in its registers: other functions make it, and look.
    const make = (): Uint8Array => new Uint8Array(viewOfBlock(held(bytes), HEAD, bytes, () => (dropped += 1))).subarray(100, 200);
    const parts: Uint8Array[] = [];
    (() => parts.push(make()))();
    const look = (): unknown[] => parts.map((part) => [(part[7]! += 1), part.buffer.byteLength]);
    if (name === 'native') {
      // Neither a subarray nor its buffer is let go too early.
      for (let i = 1; i < 6; i += 1) {
        await runGarbageCollection();
        assert.deepEqual(look(), [[i, bytes]]);
      }
      assert.equal(isDropped(), false);
      assert.ok(used() >= before + bytes);
    }
    parts.length = 0;
    while (!isDropped()) await runGarbageCollection();
    theHeap().collect();
    assert.equal(used(), before);
  });
}

test('native: a buffer refuses to be transferred, by whatever means, and names what to do instead', { skip: nativeSkip }, () =>
  memories['native']!(() => {
    const buffer = viewOfBlock(held(4096), HEAD, 4096);
    const view = new Uint8Array(buffer).fill(5);
    const { port1 } = new MessageChannel();
    for (const take of [() => structuredClone(buffer, { transfer: [buffer] }), () => port1.postMessage(buffer, [buffer])]) {
      try {
        take();
      } catch (error) {
        assert.equal((error as Error).name, 'DataCloneError');
      }
    }
    port1.close();
    const its = buffer as unknown as Record<string, (() => unknown) | undefined>;
    for (const method of ['transfer', 'transferToFixedLength'])
      if (method in ArrayBuffer.prototype) assert.throws(() => its[method]!(), /transfer a copy of it, slice\(\)/);
    for (const kind of codecKinds) {
      assert.throws(() => encode(move(view), { border: { kind } }), /value: the memory of this ArrayBuffer is shared .* slice\(\)/);
      // The mark was for that one crossing.
      encode(view, { border: { kind } });
    }
    assert.deepEqual([buffer.byteLength, view[4095]], [4096, 5]);
    assert.deepEqual(Reflect.ownKeys(buffer.slice()), []);
  }),
);

test('native: a view crosses as any buffer does: its bytes are copied', { skip: nativeSkip }, () =>
  memories['native']!(() => {
    const buffer = viewOfBlock(held(4096), HEAD, 4096);
    new Uint8Array(buffer).fill(3);
    for (const kind of codecKinds) {
      const value = { buffer, view: new Uint16Array(buffer, 2, 9) };
      const come = cross(value, kind);
      assert.deepEqual(come, value);
      assert.equal(come.view.buffer, come.buffer);
      new Uint8Array(come.buffer)[0] = 1;
      assert.deepEqual([new Uint8Array(buffer)[0], Reflect.ownKeys(come.buffer)], [3, []]);
    }
  }),
);
