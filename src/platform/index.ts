/** The platform layer: native calls. Nothing is loaded before the first call. Without native calls, each function reports what is missing. */

/** The time for all processes. */
export { sharedNow } from './clock.ts';
/** Waking an event loop from anywhere. */
export { type Doorbell, openDoorbell } from './doorbell.ts';
export { type DoorbellSocket, mayBeRefused, openDoorbellSocket, ownDoorbellSocket, type SocketNumber } from './doorbell-socket.ts';
/** Features of the system. */
export { features, type Features } from './features.ts';
/** A child, while the event loop stands still. */
export { lookAtChild, sleepUntilChild } from './child-wait.ts';
/** Sleeping at a word of shared memory. */
export { waitAtWord, wakeAtWord } from './futex.ts';
/** A child that ends with its parent. */
export { Lifeline } from './lifeline.ts';
/** Files and pipes that two processes read and write without an event loop. */
export { closeMessageFile, kindOfMessage, openMessageFile, readMessage, readWhole, writeMessage, writeWhole } from './message-file.ts';
/** Pipes whose ends pass to a child by number. */
export { type Pipe, capacityOf, closeEnd, dontBlock, hold, openHeld, openPipe } from './pipe.ts';
export { inodeOfPipe } from './pipe-stat.ts';
/** Threads and children, asked without an event loop. */
export { collectChild, type ExitStatus, exitStatusOf, gettid, tgkill } from './processes.ts';
export { ringDoorbell } from './ring.ts';
/** A socket, while the event loop stands still. */
export { isReadable, sleepUntilReady } from './socket-wait.ts';
/** Memory without a name that processes share. */
export {
  adoptSharedFile,
  createSharedFile,
  giveUpSharing,
  lengthen,
  lengthOf,
  mapSharedFile,
  punchHole,
  reservedBytes,
  segmentBytes,
  sharingMissing,
  viewShared,
} from './shared-file.ts';
/** Memory with a name that programs share, Python's among them. */
export { entriesBegin, entriesInBlock, entryWords, folder as namedMemoryFolder, nameWords, type Registry } from './named/entry.ts';
export {
  type BlockFile,
  bufferOver,
  closeFile,
  createFile,
  inodeAt,
  isNamed,
  lockAlone,
  lockShared,
  mapFile,
  nameFile,
  namedMemoryMissing,
  type NewFile,
  notThere,
  openFile,
  taken,
  unlinkFile,
  unmap,
} from './named/memory-file.ts';
export {
  closeUnlinked,
  forgetLock,
  forgetMapping,
  letGoOfHeld,
  noteLock,
  noteMapping,
} from './named/held.ts';
export { pathOfName } from './named/name.ts';
export { systemError } from './named/system-error.ts';
export { terminalModes } from './terminal.ts';
/** The identity of a thread, and whether it lives. */
export { isThreadAlive, ownIdentity, type ThreadIdentity } from './thread-identity.ts';
