/** The memory that threads and processes share: one heap for the whole tree, words to wait on, and records that survive any death. */

export { type Agent, type AsyncWait, type AsyncWaits, type Blocks, become, me, theAgent } from './threads/agent.ts';
export { endsSeen, findHolder, kindAt, type Resolve, stands, type Witness } from './threads/holders.ts';
export { keptDescriptors, ring } from './threads/bells.ts';
export { type Block, blockAt, placeOf } from './heap/block.ts';
export { giveArray, viewOfBlock } from './heap/block-view.ts';
export { allLayouts, type Field, type Layout, layout, type LayoutField, type WordType } from './heap/layout.ts';
export { isBlocked, isDead, slotCount, slotFields, slotOf, slotsBegin, threadOf } from './threads/slots.ts';
export { type AtomicName, replaceStepper, type Stepper } from './atomics-model.ts';
export { type Bell, type BellAddress, type Identity, longestSlice, type Memory, segmentSize } from './heap/memory.ts';
export { Look } from './wait/look.ts';
export { Nap } from './wait/nap.ts';
export { idle, pause } from '#atomics';
export { leastWords } from './heap/heap-header.ts';
export { heapDescriptorForChild, markEnded, seed } from './heap/attach.ts';
export {
  canTrack,
  claimEntry,
  clearEntry,
  type NameEntry,
  registry,
  releaseEntries,
  setWatcher,
  watcherPid,
  writeEntry,
} from './objects/name-registry.ts';
export { collect, heapStatistics } from './heap/heap.ts';
export { adopt, allocateFilled, allocateOwned, dropListed, freeOwned, type Links, relink } from './objects/owned.ts';
export {
  dropParcel,
  holdParcel,
  leaveParcel,
  makeParcel,
  openParcel,
  type ParcelOwner,
  peekParcel,
  unpack,
  type Unpacked,
} from './objects/parcel.ts';
export type { RefRange } from './heap/tag.ts';
export { keepRegistry } from './collect/garbage.ts';
export { atStep } from './heap/step.ts';
export type { HeapStatistics } from './heap/statistics.ts';
export {
  blockOf,
  defineKind,
  describe,
  isArriving,
  joinObject,
  letGo,
  type ObjectKind,
  refOf,
  SharedObject,
  stillThere,
  travelsToo,
} from './objects/shared-object.ts';
export { blockThread } from './wait/block-thread.ts';
export { Deadline } from './wait/deadline.ts';
export type { Waiter } from './wait/waiter.ts';
export { OwnedLine } from './wait/owned-line.ts';
export { type Heirs, type LineWords, ownOffset, waitableWords, waitingOffset, WaitQueue } from './wait/wait-queue.ts';
export { WordRow } from './objects/word-row.ts';
export { Word, type WaitResult, type WordStatistics } from './objects/word.ts';
import './objects/door.ts';
