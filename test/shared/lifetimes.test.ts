/** Shared memory is there as long as anything refers to it, and is freed when nothing does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ProcessPoolExecutor, share, SharedArray, ThreadPoolExecutor, Value } from 'heddle';
import { collect, heapStatistics } from 'heddle/lowlevel';
import { runGarbageCollection } from '../python/garbage.js';
import { isNative } from '../sync/crew.js';
import { settle, untilFreed } from './freed.js';

const patient = { timeout: 60_000 };
const size = 12 * 2 ** 20;

const used = (): number => heapStatistics().used;
const count = (kind: string): number => heapStatistics().objects[kind] ?? 0;

/** In calls of their own, so that nothing here holds what they make. */
const makers: Record<string, () => ArrayBufferView | ArrayBufferLike> = {
  'a shared array': () => share(new Uint8Array(size).fill(3)),
  'a part of a shared array': () => share(new Uint8Array(size).fill(3)).subarray(5, 10),
  'the buffer of a shared array': () => share(new Uint8Array(size).fill(3)).buffer,
  'a DataView on the buffer of one': () => {
    const { buffer, byteOffset } = share(new Uint8Array(size).fill(3));
    return new DataView(buffer, byteOffset + 10, 5);
  },
  'the view of a SharedArray': () => new SharedArray('B', size).fill(3).view,
  'a part of the view of a SharedArray': () => new SharedArray('B', size).fill(3).view.subarray(1000),
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name} keeps the memory as long as it is there, and no longer`, patient, async () => {
    await settle();
    const before = used();
    const kept = [make()];
    const look = (): number | undefined => {
      const [it] = kept;
      if (it === undefined) return undefined;
      if (!ArrayBuffer.isView(it)) return isNative ? new Uint8Array(it)[0] : 3;
      return new Uint8Array(it.buffer, it.byteOffset, 1)[0];
    };
    for (let i = 0; i < 3; i += 1) {
      await runGarbageCollection();
      collect();
      assert.equal(look(), 3);
    }
    assert.ok(used() >= before + size);
    kept.length = 0;
    await untilFreed(() => used() < before + size);
  });
}

for (const Pool of isNative ? [ThreadPoolExecutor, ProcessPoolExecutor] : [ThreadPoolExecutor]) {
  test(`a shared array that a worker of a ${Pool.name} has is kept by it, and freed when it has let it go, too`, patient, async () => {
    // Objects of earlier tests are garbage: none of them keeps shared data.
    await untilFreed(() => count('SharedData') === 0);
    const pool = new Pool({ maxWorkers: 1 });
    const hold = async (): Promise<void> => {
      await pool.submit(
        (data: Uint8Array) => void Object.assign(globalThis, { held: data.subarray(7) }),
        share(new Uint8Array(size).fill(4)),
      );
    };
    await hold();
    const look = (): Promise<unknown> =>
      pool.submit(() => {
        const { held } = globalThis as unknown as { held: Uint8Array };
        return [held.length, held[0], held.at(-1)];
      });
    for (let i = 0; i < 3; i += 1) {
      await runGarbageCollection();
      collect();
      assert.deepEqual(await look(), [size - 7, 4, 4]);
    }
    assert.equal(count('SharedData'), 1);
    await pool.submit(() => void Object.assign(globalThis, { held: undefined }));
    await pool.shutdown();
    await untilFreed(() => count('SharedData') === 0);
  });
}

test('values, arrays and their locks are freed with their last handle', patient, async () => {
  const counts = (): number[] => ['Value', 'SharedArray', 'Lock'].map(count);
  await settle();
  const before = counts();
  const make = (): void => {
    for (let i = 0; i < 20; i += 1) {
      assert.equal(new Value('i', i).add(1), i + 1);
      new SharedArray('i', 3).set(0, i);
    }
  };
  make();
  await untilFreed(() => counts().every((each, i) => each <= before[i]!));
});

test('a value keeps the lock that it was given, and the lock not the value', patient, async () => {
  await settle();
  const before = count('Value');
  const value = new Value('i', 1);
  await runGarbageCollection();
  collect();
  assert.equal(
    value.updateSync((n) => n + 1),
    2,
  );
  const lockOnly = (): { toString(): string } => new Value('i').getLock();
  const lock = lockOnly();
  await untilFreed(() => count('Value') <= before + 1);
  assert.equal(String(lock), '<Lock unlocked>');
  assert.equal(value.value, 2);
});

test('a loop that shares and drops large arrays leaves the heap small, though nothing asks for garbage', patient, async () => {
  await settle();
  const before = heapStatistics().size;
  for (let i = 0; i < 60; i += 1) {
    share(new Uint8Array(size));
    await setImmediate();
  }
  assert.ok(heapStatistics().size - before <= 12 * size, `${heapStatistics().size} bytes`);
});
