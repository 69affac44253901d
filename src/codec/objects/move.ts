/** Memory that changes owner instead of being copied. */

import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';
import { expected } from '../../check.ts';
import { common } from '../../copies.ts';
import { isShared, ownerOfBuffer } from '../../handles.ts';
import type { Encoding } from '../packet/encoding.ts';
import { TypeError } from '../../refusals.ts';

/** Marks of all copies of heddle in this thread: whichever sends a buffer, it is moved. */
const marks = common('moved', () => ({ buffers: new WeakSet<object>(), areThereAny: false }));

/**
 * Marks every buffer inside `value` to be transferred, not copied, the next time it crosses, as an argument or as a result. These are
 * ArrayBuffers, those under typed arrays and Buffers, in arrays, plain objects, Maps and Sets at any depth. After that the sender's buffer
 * is detached: it has length 0. A thread gets the memory itself, a process a copy. A Buffer in Node's shared pool is copied, as its
 * neighbours stay.
 *
 * @returns `value` itself
 * @throws TypeError if `value` is not an object
 *
 * @example
 * ```ts
 * import { move, ThreadPoolExecutor } from 'heddle';
 *
 * await using pool = new ThreadPoolExecutor();
 * const pixels = new Uint8Array(1_000_000);
 * const inverted = await pool.submit((bytes: Uint8Array) => move(bytes.map((byte) => 255 - byte)), move(pixels));
 * console.log(pixels.length, inverted.length); // 0 1000000
 * ```
 */
export function move<T extends object>(value: T): T {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(expected('the value to move', 'an object that holds buffers', value));
  marks.areThereAny = true;
  const seen = new Set<object>([value]);
  // A set that grows while it is walked: no stack, no value twice.
  for (const object of seen) {
    for (const inner of insideOf(object)) if (typeof inner === 'object' && inner !== null) seen.add(inner);
  }
  return value;
}

function insideOf(object: object): Iterable<unknown> {
  if (types.isProxy(object) || isShared(object)) return [];
  if (Array.isArray(object)) return object as unknown[];
  if (types.isArrayBuffer(object)) mark(object);
  else if (ArrayBuffer.isView(object)) markView(object);
  else if (types.isMap(object)) return [...Map.prototype.keys.call(object), ...Map.prototype.values.call(object)];
  else if (types.isSet(object)) return Set.prototype.values.call(object);
  else return Object.values(Object.getOwnPropertyDescriptors(object)).map((property: PropertyDescriptor) => property.value as unknown);
  return [];
}

function markView(view: ArrayBufferView): void {
  const isPooled = Buffer.isBuffer(view) && view.byteLength !== view.buffer.byteLength;
  if (!isPooled && types.isArrayBuffer(view.buffer)) mark(view.buffer);
}

/** Memory of a shared object stays where all see it. */
function mark(buffer: object): void {
  if (ownerOfBuffer(buffer) !== undefined) return;
  marks.buffers.add(buffer);
}

/** The marks hold for one crossing. */
export function unmark(buffer: object): void {
  marks.buffers.delete(buffer);
}

export function isMoved(encoding: Encoding, buffer: object): boolean {
  return (marks.areThereAny && marks.buffers.has(buffer)) || (encoding.transfer.size > 0 && encoding.transfer.has(buffer));
}

const nothing: ReadonlySet<unknown> = new Set();

/** The buffers of a `transfer` option. */
export function checkTransfer(list: readonly unknown[] | undefined): ReadonlySet<unknown> {
  if (list === undefined || list.length === 0) return nothing;
  const set = new Set<unknown>();
  for (const item of list) {
    if (!types.isArrayBuffer(item) && !(item instanceof MessagePort)) {
      throw new TypeError(expected('transfer', 'an array of ArrayBuffers and MessagePorts', item));
    }
    if (set.has(item)) throw new TypeError('transfer holds the same buffer twice');
    set.add(item);
  }
  return set;
}

/**
 * Takes the buffers from the sender, all or none.
 *
 * @returns the same memory in buffers of the packet's own
 */
export function detach(buffers: readonly ArrayBuffer[]): ArrayBuffer[] {
  if (buffers.length === 0) return [];
  return structuredClone([...buffers], { transfer: [...buffers] });
}
