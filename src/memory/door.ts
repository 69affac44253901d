/** Opens the door by which the codec and the worker reach shared objects (`src/handles.ts`). */

import { openHandleDoor } from '../handles.ts';
import { sharingMissing } from '../platform/index.ts';
import { me, theAgent } from './agent.ts';
import { isThereHeap, joinByDescriptor, joinBySeed, setThreadName } from './attach.ts';
import { dropParcels, makeParcel, openParcel } from './parcel.ts';
import { isShared, methodOf, refIfAny, type SharedObject } from './shared-object.ts';

openHandleDoor({
  isShared,
  refOf: (object) => refIfAny(object as SharedObject),
  methodOf: (object, method) => methodOf(object as SharedObject, method),
  whyApart: () => (theAgent().memory.crossesProcesses ? undefined : (sharingMissing() ?? 'this process has a shared heap of its own')),
  makeParcel: (objects, route) => makeParcel(objects as SharedObject[], route),
  openParcel,
  dropParcels: (link) => {
    if (isThereHeap()) dropParcels(link);
  },
  slot: () => me,
  join: ({ seed, descriptor }) => {
    if (seed !== undefined) joinBySeed(seed.buffer, seed.startedBy);
    if (descriptor !== undefined) joinByDescriptor(descriptor);
  },
  rename: setThreadName,
});
