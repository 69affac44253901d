/**
 * Parcels: the handles of a message that is on its way. From the moment a message is sent until it is read, nobody else need hold them; how a
 * parcel lies in the heap is `parcel-record.ts`.
 *
 *    sender: makeParcel(handles) ─▶ a number, in the message ─▶ receiver: openParcel(number) ─▶ handles on the same objects
 *    host, when a link has ended: dropParcels(link)            what was still on its way there or back, nobody will open
 */

import { load, store } from '#atomics';
import { checkInteger } from '../check.ts';
import { HeddleError } from '../errors.ts';
import type { Route } from '../handles.ts';
import { blockAt } from './block.ts';
import { theHeap } from './heap.ts';
import { isOnItsWay, isParcel, ON_ITS_WAY, parcelFields, parcelsIn, refsIn } from './parcel-record.ts';
import { hasTravelled, knownHandle, makeHandle, refOf, type SharedObject } from './shared-object.ts';
import { segmentSize } from './memory.ts';
import { atStep } from './step.ts';
import { kinds, tagOf } from './tag.ts';

const { state: STATE, host: HOST, link: LINK, count: COUNT, size: REFS } = parcelFields;
/** It lies in one segment. */
const mostHandles = segmentSize / 8;

/** Packs the handles of a message that is about to leave. Returns the number that `openParcel` takes; send it along. */
export function makeParcel(objects: readonly SharedObject[], { host, link }: Route): number {
  checkInteger(objects.length, 'handles in one message', 1, mostHandles);
  const heap = theHeap();
  for (const object of objects) hasTravelled(heap, object);
  return heap.guarded(() => {
    const block = heap.prepare(tagOf(kinds.parcel), (REFS + objects.length) * 4, true);
    const { words, at } = block;
    store(words, at + STATE, ON_ITS_WAY);
    store(words, at + HOST, host);
    store(words, at + LINK, link);
    store(words, at + COUNT, objects.length);
    for (const [i, object] of objects.entries()) store(words, at + REFS + i, refOf(object));
    atStep?.('parcel.filled');
    heap.commit(block);
    return block.ref;
  });
}

/**
 * Takes the handles out of a message that has come, in the order in which they were packed. A thread has one handle on an object: had it one already,
 * that is it.
 *
 * @throws HeddleError if it was opened already, or dropped; or if a handle is of a kind that is not known here
 */
export function openParcel(parcel: number): SharedObject[] {
  const heap = theHeap();
  const known = new Map<number, SharedObject>();
  const come = new Map<number, number>();
  const refs = heap.guarded(() => {
    const block = blockAt(heap.memory, parcel >>> 0);
    if (!heap.isTaken(parcel) || !isParcel(block) || !isOnItsWay(block, () => true))
      throw new HeddleError('the handles in this message were taken out already, or the link that it came on had ended');
    const listed = refsIn(block).map((ref) => ref >>> 0);
    heap.makeRoom(listed.length);
    for (const ref of listed) {
      if (come.has(ref) || known.has(ref)) continue;
      const handle = knownHandle(heap, ref);
      if (handle === undefined) come.set(ref, heap.list(ref));
      else known.set(ref, handle);
    }
    atStep?.('parcel.adopted');
    heap.free(parcel);
    return listed;
  });
  makeAll(come, known);
  return refs.map((ref) => known.get(ref)!);
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
 * A link that this thread hosts has ended: nobody will open what is still on its way. What the thread at its other end held, if that has ended
 * with it, is let go as well. Returns how many parcels there were.
 */
export function dropParcels(link: number): number {
  const heap = theHeap();
  return heap.guarded(() => {
    heap.clearSlots(false);
    const isOurs = (host: number): boolean => host === heap.id || host === 0;
    const lost = [...parcelsIn(heap.memory, heap.pages, heap.slabs)].filter(
      ({ words, at }) => isOurs(load(words, at + HOST)) && load(words, at + LINK) === link,
    );
    for (const { ref } of lost) heap.free(ref);
    return lost.length;
  });
}
