/**
 * Typed arrays in shared memory, for data that many tasks read.
 *
 *    share(data) ──copies once──▶ a record, and the same kind of array over it
 *                                    │ argument, capture, field, item, result: the record's name, no bytes
 *                                    ▼
 *                                 there: one array over the same memory; subarrays with their offset and length
 *
 * The array's buffer is what holds the record: when no array of this thread refers to it any more, this thread lets the record go.
 */

import { load, store } from '#atomics';
import { types } from 'node:util';
import { expected } from '../check.ts';
import { ownerOfBuffer } from '../handles.ts';
import { blockOf, defineKind, giveArray, layout, type ObjectKind, SharedObject } from '../memory/index.ts';
import { TypeError } from '../refusals.ts';

const fields = layout('SharedData', 'an array that share() has made; its bytes follow', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  class: ['uint32', 'the number of its class'],
  bytes: ['half', 'how many bytes', 2],
  reserved: ['bits', 'nothing: the bytes begin where a line of the cache does', 11],
});
const { class: CLASS, bytes: BYTES } = fields;

/** Classes by their numbers in the record. Only add at the end; Node 20 and 22 lack the last. */
const classes = [
  'Buffer',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];

const kind: ObjectKind = defineKind({
  number: 30,
  name: 'SharedData',
  words: fields.size,
  create: () => new SharedData(),
  describe: (data: SharedData) => `shared ${data.array.constructor.name}`,
});

/** The record behind an array. Programs see the array only. */
class SharedData extends SharedObject {
  readonly array: ArrayBufferView;

  /** @param source undefined where the record comes from another thread */
  constructor(source?: ArrayBufferView) {
    const length = source?.byteLength ?? 0;
    super(
      kind,
      ({ words, at }) => {
        store(words, at + CLASS, classes.indexOf(classNameOf(source!)));
        store(words, at + BYTES, length | 0);
        store(words, at + BYTES + 1, Math.floor(length / 2 ** 32));
      },
      fields.size + Math.ceil(length / 4),
    );
    const { words, at } = blockOf(this);
    const size = (load(words, at + BYTES) >>> 0) + load(words, at + BYTES + 1) * 2 ** 32;
    this.array = giveArray(this, fields.size * 4, size, (bytes) => {
      if (source !== undefined) bytes.set(new Uint8Array(source.buffer, source.byteOffset, size));
      return arrayOver(bytes, classes[load(words, at + CLASS)]!);
    });
  }
}

type ArrayClass = { new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView; readonly BYTES_PER_ELEMENT: number };

function arrayOver({ buffer, byteOffset, byteLength }: Uint8Array, name: string): ArrayBufferView {
  if (name === 'Buffer') return Buffer.from(buffer, byteOffset, byteLength);
  const Class = (globalThis as unknown as Record<string, ArrayClass | undefined>)[name];
  if (Class === undefined) throw new TypeError(`this Node has no ${name}`);
  return new Class(buffer, byteOffset, byteLength / Class.BYTES_PER_ELEMENT);
}

const nameOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get as () => string;

function classNameOf(array: ArrayBufferView): string {
  return Buffer.isBuffer(array) ? 'Buffer' : nameOf.call(array);
}

/** The arrays that `share` takes. */
export type SharableArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * Copies a typed array or Buffer into shared memory, once. The returned array, and each `subarray` of it, crosses to threads and processes
 * without a copy: as an argument, a captured variable, a field, an item or a result. All see the same memory, and may write to it. The
 * memory is valid as long as anything refers to the array or to its buffer, and is freed when no thread does.
 *
 * The memory cannot be transferred away; `slice()` makes an ordinary copy. Without native calls the array's buffer is a SharedArrayBuffer that
 * shows more than the array's bytes, and the array cannot cross to processes.
 *
 * @returns a new array of the same class; `data` itself if its memory is shared already
 * @throws TypeError if `data` is neither a typed array nor a Buffer
 *
 * @example
 * ```ts
 * import { Pool, share } from 'heddle';
 *
 * const table = share(new Float64Array(1_000_000).fill(0.5));
 * const pool = new Pool(2);
 * const sums = await pool.map((from: number) => table.subarray(from, from + 500_000).reduce((a, b) => a + b), [0, 500_000]);
 * console.log(sums); // prints: [ 250000, 250000 ]
 * await pool.terminate();
 * ```
 */
export function share<T extends SharableArray>(data: T): T {
  if (!types.isTypedArray(data)) throw new TypeError(expected('data', 'a typed array or a Buffer', data));
  if (ownerOfBuffer(data.buffer) !== undefined) return data;
  return new SharedData(data).array as T;
}
