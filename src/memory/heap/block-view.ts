/**
 * Buffers over a block of the heap: its bytes are read and written where they lie, however many segments they cover.
 *
 *    viewOfBlock(block)  ──▶ an ArrayBuffer of its own; the block's entry in the ledger goes over to it
 *                                 │ subarrays, `.buffer` and DataViews keep it alive
 *                                 ▼ garbage collection takes the ArrayBuffer ──▶ the entry is dropped
 *
 * The ArrayBuffer is registered for collection, because views on it outlive every other reference to the block.
 *
 *    giveArray(object) ──▶ an array over the memory of a shared object; its buffer keeps the object alive, so that it is enough to hold a view
 */

import { HeddleError } from '../../errors.ts';
import { keepRegistry } from '../collect/garbage.ts';
import { refuseTransfer } from '../../untransferable.ts';
import { theAgent } from '../threads/agent.ts';
import { placeOf } from './block.ts';
import { type Heap, theHeap } from './heap.ts';
import { freeOwned, type ListedBlock } from '../objects/owned.ts';
import { blockOf, type SharedObject } from '../objects/shared-object.ts';

interface Viewed {
  /** Of the block's entry in the ledger. */
  readonly position: number;
  readonly whenDropped: (() => void) | undefined;
}

const registries = new WeakMap<Heap, FinalizationRegistry<Viewed>>();

function registryOf(heap: Heap): FinalizationRegistry<Viewed> {
  let registry = registries.get(heap);
  if (registry === undefined) {
    const weak = new WeakRef(heap);
    registry = new FinalizationRegistry(({ position, whenDropped }) => {
      weak.deref()?.drop(position);
      whenDropped?.();
    });
    registries.set(heap, registry);
    keepRegistry(registry);
  }
  return registry;
}

/**
 * The bytes of a block that this thread holds, as an ArrayBuffer that refuses to be transferred. The block is the ArrayBuffer's from now on: let
 * nothing else refer to it. Where memory is a SharedArrayBuffer, the ArrayBuffer is a copy, and the block is freed at once.
 *
 * @param block a block that `allocate` or an owner's word gave to this thread
 * @param from where the bytes begin in it, in bytes
 * @param whenDropped called once, when the memory of the block is let go
 * @throws HeddleError if this thread does not hold the block
 */
export function viewOfBlock(block: ListedBlock, from: number, length: number, whenDropped?: () => void): ArrayBuffer {
  const heap = theHeap();
  const { position } = block;
  if (position === undefined) throw new HeddleError('the block is not held by this thread, or belongs to an ArrayBuffer already');
  const view = heap.memory.bytes(placeOf(block, 0) + from, length);
  if (heap.memory.kind === 'array') {
    const copy = view.slice().buffer;
    freeOwned(block);
    whenDropped?.();
    return copy;
  }
  const buffer = view.buffer as ArrayBuffer;
  refuseTransfer(buffer);
  block.position = undefined;
  registryOf(heap).register(buffer, { position, whenDropped });
  return buffer;
}

/** Which object the memory of a buffer is. */
const owners = new WeakMap<object, SharedObject>();
/** Of objects that have an array over their memory. */
const arrays = new WeakMap<object, ArrayBufferView>();

/**
 * Gives a shared object the typed array over its memory. The array, and all other views on its buffer, keep the object alive, and travel as it does.
 *
 * @param from where the array's bytes begin in the object's record
 * @param make puts the array over them. Where memory is a SharedArrayBuffer, so is their buffer, and it shows the whole heap: offsets in it are
 * the same in every thread
 */
export function giveArray<A extends ArrayBufferView>(
  object: SharedObject,
  from: number,
  length: number,
  make: (bytes: Uint8Array) => A,
): A {
  const { memory } = theAgent();
  const bytes = memory.bytes(placeOf(blockOf(object), 0) + from, length);
  if (memory.kind === 'native') refuseTransfer(bytes.buffer as ArrayBuffer);
  const array = make(bytes);
  owners.set(bytes.buffer, object);
  arrays.set(object, array);
  return array;
}

/** The shared object whose memory a buffer is; undefined for all other buffers. */
export function ownerOf(buffer: object): SharedObject | undefined {
  return owners.get(buffer);
}

/** The array that an object was given. */
export function arrayOf(object: object): ArrayBufferView | undefined {
  return arrays.get(object);
}
