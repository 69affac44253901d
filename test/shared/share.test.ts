/** share(): what it takes and gives, that the array is never copied on its way, and that it cannot be given away. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import { move, ProcessPoolExecutor, share, SharedArray, ThreadPoolExecutor } from 'heddle';
import { isNative } from '../sync/crew.js';

const patient = { timeout: 60_000 };

const classes = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

test('share gives a copy of the same class, and what is shared already as it is', () => {
  for (const Class of classes) {
    const data = new Class(Class.name.startsWith('Big') ? ([1n, 2n, 3n] as never) : ([1, 2, 3] as never));
    const shared = share(data as Uint8Array);
    assert.notEqual(shared, data);
    assert.deepEqual(shared, data);
    assert.equal(shared.constructor, Class);
    data.fill((Class.name.startsWith('Big') ? 9n : 9) as never);
    assert.equal(Number(shared[0]), 1);
    assert.equal(share(shared), shared);
    const part = shared.subarray(1);
    assert.equal(share(part), part);
    assert.equal(shared.slice().buffer === shared.buffer, false);
  }
  const { Float16Array } = globalThis as unknown as { Float16Array?: new (of: number[]) => Uint16Array };
  if (Float16Array !== undefined) assert.deepEqual(share(new Float16Array([0.5])), new Float16Array([0.5]));
});

test('share copies the part that an array shows, also of a pooled Buffer, and empty ones', () => {
  const buffer = Buffer.from('hello');
  const shared = share(buffer.subarray(1, 4));
  assert.ok(Buffer.isBuffer(shared));
  assert.equal(shared.toString(), 'ell');
  if (isNative) assert.equal(shared.buffer.byteLength, 3);
  assert.equal(share(new Float64Array(0)).length, 0);
  assert.equal(share(new Float64Array([1, 2, 3]).subarray(1)).length, 2);
  assert.deepEqual([...share(new Uint8Array(new SharedArrayBuffer(2)))], [0, 0]);
});

test('share refuses what is no array of numbers', () => {
  for (const bad of [undefined, null, [1], 'x', new ArrayBuffer(4), new DataView(new ArrayBuffer(4)), { length: 1 }])
    assert.throws(() => share(bad as never), { name: 'TypeError', message: /expected data to be a typed array or a Buffer, got / });
});

test('the view of a SharedArray is shared already', () => {
  const { view } = new SharedArray('i', 3);
  assert.equal(share(view), view);
});

test('a shared array prints as the array that it is', () => {
  assert.equal(inspect(share(new Uint8Array([1, 2]))), 'Uint8Array(2) [ 1, 2 ]');
});

if (isNative) {
  test('the memory of a shared array cannot be transferred: the error names slice()', () => {
    const data = share(new Uint8Array([1, 2, 3]));
    const { buffer } = data as { buffer: ArrayBuffer & { transfer?(): unknown; transferToFixedLength?(): unknown } };
    for (const method of ['transfer', 'transferToFixedLength'] as const)
      if (method in ArrayBuffer.prototype)
        assert.throws(() => buffer[method]!(), { name: 'TypeError', message: /transfer a copy of it, slice\(\)/ });
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch (error) {
      assert.equal((error as Error).name, 'DataCloneError');
    }
    assert.deepEqual([...data], [1, 2, 3]);
  });
}

test('move() leaves a shared array where all see it', patient, async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const data = share(new Uint8Array([1, 2, 3]));
  await pool.submit((given: Uint8Array) => void (given[0] = 9), move(data));
  assert.deepEqual([...data], [9, 2, 3]);
  await pool.shutdown();
});

/** Bytes that this process has written to others and to files. */
const written = (): number => Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))![1]);

/** Bytes of buffers that this thread has posted to others. */
function countPosts(): { readonly bytes: number; end(): void } {
  const counter = { bytes: 0, end: () => void (MessagePort.prototype.postMessage = before) };
  // eslint-disable-next-line typescript/unbound-method -- it is called with its port
  const before = MessagePort.prototype.postMessage;
  const bytesOf = (value: unknown): number => {
    if (ArrayBuffer.isView(value)) return value.byteLength;
    if (value instanceof ArrayBuffer) return value.byteLength;
    return typeof value === 'object' && value !== null ? Object.values(value).reduce((sum: number, each) => sum + bytesOf(each), 0) : 8;
  };
  MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: []): void {
    counter.bytes += bytesOf(message);
    before.call(this, message, ...rest);
  };
  return counter;
}

const size = 16 * 2 ** 20;
const tasks = 1000;
const perTask = 2000;

/** Hands the array over in each way, a thousand times. */
async function handOver(pool: ThreadPoolExecutor | ProcessPoolExecutor, data: Uint8Array): Promise<number[]> {
  const field = { data };
  const numbers = Array.from({ length: tasks / 4 }, (_, n) => n);
  const captured = numbers.map((n) => pool.submit((at: number) => data[at]!, n));
  const given = numbers.map((n) => pool.submit((array: Uint8Array, at: number) => array[at]!, data, n));
  const inField = numbers.map((n) => pool.submit((box: typeof field, at: number) => box.data.subarray(at)[0]!, field, n));
  const inCapture = numbers.map((n) => pool.submit((at: number) => field.data[at]!, n));
  return Promise.all([...captured, ...given, ...inField, ...inCapture]);
}

for (const Pool of isNative ? [ThreadPoolExecutor, ProcessPoolExecutor] : [ThreadPoolExecutor]) {
  test(`${Pool.name}: an array that is handed to a thousand tasks is never copied, and comes back as itself`, patient, async () => {
    const data = share(new Uint8Array(size).fill(5));
    const pool = new Pool({ maxWorkers: 1 });
    const posts = countPosts();
    try {
      await pool.submit(() => 0);
      const before = isNative ? written() : 0;
      const seen = await handOver(pool, data);
      assert.ok(seen.length === tasks && seen.every((each) => each === 5));
      const back = await Promise.all(
        Array.from({ length: 10 }, () => pool.submit((array: Uint8Array) => [array, array.subarray(1, 3)] as const, data)),
      );
      for (const [same, part] of back) {
        assert.equal(same, data);
        assert.deepEqual([part.buffer === data.buffer, part.byteOffset - data.byteOffset, part.length], [true, 1, 2]);
      }
      const sent = posts.bytes + (isNative ? written() - before : 0);
      // Once the array itself would be 16 MiB.
      assert.ok(sent < tasks * perTask, `${sent} bytes`);
    } finally {
      posts.end();
      await pool.shutdown();
    }
  });
}

test('a function that captured a shared array is sent once, and opened once, whatever is in the array', patient, async () => {
  const data = share(new Int32Array(4));
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  let calls = 0;
  const count = (): number => {
    data[0]! += 1;
    return data[0]!;
  };
  for (; calls < 5; calls += 1) assert.equal(await pool.submit(count), calls + 1);
  assert.equal(data[0], 5);
  await pool.shutdown();
});
