/** Registers the services by which the codec and the worker reach shared objects (`src/handles.ts`). */

import { openHandleDoor } from '../../handles.ts';
import { sharingMissing } from '../../platform/index.ts';
import { me, theAgent } from '../threads/agent.ts';
import {
  heapDescriptorForChild,
  isThereHeap,
  joinByDescriptor,
  joinBySeed,
  markEnded,
  seed as ownSeed,
  setThreadName,
} from '../heap/attach.ts';
import { setEnding } from '../threads/slots.ts';
import { arrayOf, ownerOf } from '../heap/block-view.ts';
import { noteEnd } from '../threads/holders.ts';
import { dropParcels, makeParcel, openParcel } from './parcel.ts';
import { isShared, methodOf, pin, refIfAny, type SharedObject, unpin } from './shared-object.ts';

openHandleDoor({
  isShared,
  refOf: (object) => refIfAny(object as SharedObject),
  ownerOf,
  arrayOf,
  methodOf: (object, method) => methodOf(object as SharedObject, method),
  whyApart: () => (theAgent().memory.crossesProcesses ? undefined : (sharingMissing() ?? 'this process has a shared heap of its own')),
  makeParcel: (objects, route) => makeParcel(objects as SharedObject[], route),
  openParcel,
  pin,
  unpin,
  dropParcels: (link) => {
    noteEnd();
    if (!isThereHeap()) return;
    dropParcels(link);
    // Objects that were in flight, or held at the other end of the link, may have no holder now.
    theAgent().waits.kick();
  },
  slot: () => me,
  seed: ownSeed,
  markEnded,
  heapForChild: () => {
    try {
      const descriptor = heapDescriptorForChild();
      // With a slot of this thread in the heap, a child can be told whose its messages are.
      if (descriptor !== undefined) theAgent();
      return descriptor;
    } catch {
      // A child does its work without shared objects, too.
      return undefined;
    }
  },
  join: ({ seed, descriptor }) => {
    if (seed !== undefined) joinBySeed(seed.buffer, seed.startedBy);
    if (descriptor !== undefined) joinByDescriptor(descriptor);
  },
  ends: () => {
    if (me !== 0) setEnding();
  },
  rename: setThreadName,
});
