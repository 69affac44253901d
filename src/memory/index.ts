/** The memory that threads and processes share: one heap for the whole tree, words to wait on, and records that survive the death of anybody. */

export { type Agent, type AsyncWait, type AsyncWaits, type Blocks, become, me, theAgent } from './agent.ts';
export { endsSeen, findHolder, kindAt, type Resolve, stands, type Witness } from './holders.ts';
export { keptDescriptors, ring } from './bells.ts';
export { type Block, blockAt, placeOf } from './block.ts';
export { giveArray, viewOfBlock } from './block-view.ts';
export { allLayouts, type Field, type Layout, layout, type LayoutField, type WordType } from './layout.ts';
export { isBlocked, isDead, slotCount, slotFields, slotOf, slotsBegin, threadOf } from './slots.ts';
export { type AtomicName, replaceStepper, type Stepper } from './atomics-model.ts';
export { type Bell, type BellAddress, type Identity, longestSlice, type Memory, segmentSize } from './memory.ts';
export { Look } from './look.ts';
export { Nap } from './nap.ts';
export { idle, pause } from './pause.ts';
export { leastWords } from './heap-header.ts';
export { heapDescriptorForChild, markEnded, seed } from './attach.ts';
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
} from './name-registry.ts';
export { collect, heapStatistics } from './heap.ts';
export { adopt, allocateFilled, allocateOwned, dropListed, freeOwned, type Links, relink } from './owned.ts';
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
} from './parcel.ts';
export type { RefRange } from './tag.ts';
export { keepRegistry } from './kept-registries.ts';
export { atStep, listenToSteps } from './step.ts';
export type { HeapStatistics } from './statistics.ts';
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
} from './shared-object.ts';
export { blockThread } from './block-thread.ts';
export { Deadline } from './deadline.ts';
export type { Waiter } from './waiter.ts';
export { OwnedLine } from './owned-line.ts';
export { type Heirs, type LineWords, ownOffset, waitableWords, waitingOffset, WaitQueue } from './wait-queue.ts';
export { WordRow } from './word-row.ts';
export { Word, type WaitResult, type WordStatistics } from './word.ts';
import './door.ts';
