/**
 * Parcels: the handles of a message in flight. From the moment a message is sent until it is read, no thread needs to hold its objects.
 * `parcel-record.ts` has the layout in the heap.
 *
 *    sender: makeParcel(handles) ─▶ a number, in the message ─▶ receiver: openParcel(number) ─▶ handles on the same objects
 *    host, when a link has ended: dropParcels(link)            what was still in flight there or back, no thread will open
 *
 * An item of a queue is in a parcel that the queue owns, with the bytes that exceed its ring. Such a parcel lives as long as the queue.
 *
 *    putter: makeParcel(handles, { owner, bytes }) ─▶ a number, in the queue ─▶ getter: unpack(number), or dropParcel(number)
 *
 * A thread may record that a parcel is in its hands: `holdParcel` before the queue has it, or when it has left the queue; `leaveParcel`
 * before it goes in. If that thread dies, a sweep frees what it held.
 */

import { load, store } from '#atomics';
import { checkInteger } from '../../check.ts';
import { HeddleError } from '../../errors.ts';
import type { Route } from '../../handles.ts';
import { me } from '../threads/agent.ts';
import { type Block, blockAt } from '../heap/block.ts';
import { type Heap, theHeap } from '../heap/heap.ts';
import { dropListed, freeOwned, listedBlock, unlist } from './owned.ts';
import { isParcel, isSealed, ON_ITS_WAY, OWNED, ownerOf, parcelFields, parcelsIn, refsIn } from './parcel-record.ts';
import { describe, hasTravelled, isHeldHere, knownHandle, makeHandle, refOf, type SharedObject } from './shared-object.ts';
import { segmentSize } from '../heap/memory.ts';
import { atStep } from '../heap/step.ts';
import { kinds, tagOf } from '../heap/tag.ts';

const { chain: BYTES, state: STATE, host: HOST, link: LINK, count: COUNT, size: REFS } = parcelFields;
/** A parcel lies in one segment. */
const mostHandles = segmentSize / 8;

/** The owner of a parcel that is not in flight. It is opened by a thread that has a handle on the owner, or dropped with the owner. */
export interface ParcelOwner {
  /** The ref of the owner's block. This thread has a handle on that. */
  readonly owner: number;
  /** The bytes of the item, in a block that this thread has from `allocateOwned`: the parcel adopts it. */
  readonly bytes?: Block | undefined;
  /** The parcel is in the hands of this thread, as after `holdParcel`, from its first moment. */
  readonly isHeld?: boolean | undefined;
}

/** Packs the handles of a message that is about to leave, or of an item. Returns the number that `openParcel` takes; send it along. */
export function makeParcel(objects: readonly SharedObject[], holder: Route | ParcelOwner): number {
  const bytes = 'owner' in holder ? holder.bytes : undefined;
  checkInteger(objects.length, 'handles in one message', bytes === undefined ? 1 : 0, mostHandles);
  const heap = theHeap();
  for (const object of objects) {
    if (!isHeldHere(object)) throw new HeddleError(`${describe(object)} was closed before it could be sent`);
    hasTravelled(heap, object);
  }
  return heap.guarded(() => {
    const block = heap.prepare(tagOf(kinds.parcel), (REFS + objects.length) * 4, true);
    const { words, at } = block;
    if ('owner' in holder) {
      store(words, at + STATE, OWNED);
      store(words, at + HOST, holder.owner);
      store(words, at + LINK, holder.isHeld === true ? me : 0);
      store(words, at + BYTES, bytes?.ref ?? 0);
    } else {
      store(words, at + STATE, ON_ITS_WAY);
      store(words, at + HOST, holder.host);
      store(words, at + LINK, holder.link);
    }
    store(words, at + COUNT, objects.length);
    for (const [i, object] of objects.entries()) {
      store(words, at + REFS + i, refOf(object));
      heap.keep(refOf(object));
    }
    atStep?.('parcel.filled');
    if (bytes !== undefined) unlist(heap, bytes);
    heap.commit(block);
    return block.ref;
  });
}

/** The content of a parcel. */
export interface Unpacked {
  readonly objects: SharedObject[];
  /** The bytes of the item: this thread lists the block, and frees it with `freeOwned` or `dropListed`. */
  readonly bytes: Block | undefined;
}

/**
 * Takes the handles out of a message that has come, in the order in which they were packed. A thread has one handle on an object: had it one already,
 * that is it.
 *
 * @throws HeddleError if it was opened already, or dropped; or if a handle is of a kind that is not known here
 */
export function openParcel(parcel: number): SharedObject[] {
  const { objects, bytes } = unpack(parcel);
  if (bytes !== undefined) freeOwned(bytes);
  return objects;
}

/** As `openParcel`, with the bytes of the item. If a handle cannot be made, the bytes are dropped. */
export function unpack(parcel: number): Unpacked {
  const heap = theHeap();
  let bytes: Block | undefined;
  const objects = handlesIn(heap, parcel, (block) => {
    const bytesRef = load(block.words, block.at + BYTES) >>> 0;
    if (bytesRef !== 0) bytes = listedBlock(blockAt(heap.memory, bytesRef), heap.list(bytesRef));
    return () => heap.free(parcel);
  });
  try {
    return { objects: objects(), bytes };
  } catch (error) {
    if (bytes !== undefined) dropListed(bytes);
    throw error;
  }
}

/**
 * As `unpack`, of a parcel that stays: with further handles on its objects, and bytes that are still those of the parcel. The caller keeps other threads from opening
 * it meanwhile.
 */
export function peekParcel(parcel: number): Unpacked {
  const heap = theHeap();
  let bytesRef = 0;
  const objects = handlesIn(heap, parcel, (block) => {
    bytesRef = load(block.words, block.at + BYTES) >>> 0;
    return () => {};
  });
  return { objects: objects(), bytes: bytesRef === 0 ? undefined : blockAt(heap.memory, bytesRef) };
}

/**
 * Lists what is in a parcel for this thread. Returns a function that makes the handles.
 *
 * @param take looks at the parcel, with room for one more entry in the ledger; what it returns is called when all is listed
 */
function handlesIn(heap: Heap, parcel: number, take: (block: Block) => () => void): () => SharedObject[] {
  const known = new Map<number, SharedObject>();
  const come = new Map<number, number>();
  const refs = heap.guarded(() => {
    const block = blockAt(heap.memory, parcel >>> 0);
    if (!heap.isTaken(parcel) || !isParcel(block) || !isSealed(block) || heap.isDoomed(parcel))
      throw new HeddleError('the handles in this message were taken out already, or the link that it came on had ended');
    const listed = refsIn(block).map((ref) => ref >>> 0);
    heap.makeRoom(listed.length + 1);
    const end = take(block);
    for (const ref of listed) {
      if (come.has(ref) || known.has(ref)) continue;
      const handle = knownHandle(heap, ref);
      if (handle === undefined) come.set(ref, heap.list(ref));
      else known.set(ref, handle);
    }
    atStep?.('parcel.adopted');
    end();
    return listed;
  });
  return () => {
    makeAll(come, known);
    return refs.map((ref) => known.get(ref)!);
  };
}

/** Records that an owned parcel is in the hands of this thread: its owner does not name it, and it must be freed if the thread dies. */
export function holdParcel(parcel: number): void {
  const { words, at } = blockAt(theHeap().memory, parcel >>> 0);
  store(words, at + LINK, me);
}

/** Says that an owned parcel is about to be where its owner names it: it stays whatever becomes of this thread. */
export function leaveParcel(parcel: number): void {
  const { words, at } = blockAt(theHeap().memory, parcel >>> 0);
  // ORDER: before the owner names it; a sweep frees what the dead hold.
  store(words, at + LINK, 0);
}

/** Frees a parcel that a block owns, with the bytes of the item. A sweep frees what its handles held. False if it was opened or dropped already. */
export function dropParcel(parcel: number): boolean {
  const heap = theHeap();
  return heap.guarded(() => {
    const block = blockAt(heap.memory, parcel >>> 0);
    if (!heap.isTaken(parcel) || !isParcel(block) || ownerOf(block) === 0 || heap.isDoomed(parcel)) return false;
    const bytes = load(block.words, block.at + BYTES);
    heap.dropped(refsIn(block));
    heap.free(parcel);
    if (bytes !== 0) heap.free(bytes);
    return true;
  });
}

/** If one cannot be made, those that come after it are let go, too. */
function makeAll(come: Map<number, number>, known: Map<number, SharedObject>): void {
  const heap = theHeap();
  try {
    for (const [ref, position] of come) {
      come.delete(ref);
      // The handle before it may have made it: its lock, say.
      const already = knownHandle(heap, ref);
      if (already === undefined) known.set(ref, makeHandle(heap, ref, position));
      else {
        known.set(ref, already);
        heap.drop(position);
      }
    }
  } finally {
    for (const position of come.values()) heap.drop(position);
  }
}

/**
 * Drops the parcels of an ended link that this thread hosts: no thread will open them. The objects of the thread at its other end are
 * released as well, if it has ended. Returns the number of parcels.
 */
export function dropParcels(link: number): number {
  const heap = theHeap();
  return heap.guarded(() => {
    heap.clearSlots(false);
    const isOurs = (host: number): boolean => host === heap.id || host === 0;
    const lost = [...parcelsIn(heap.memory, heap.pages, heap.slabs)].filter(
      ({ words, at }) => load(words, at + STATE) === ON_ITS_WAY && isOurs(load(words, at + HOST)) && load(words, at + LINK) === link,
    );
    for (const { ref } of lost) heap.free(ref);
    return lost.length;
  });
}
