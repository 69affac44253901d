/**
 * The base of processes and threads of every kind: workers of pools, `Process` and `Thread`. A separate entry point, so that a child that
 * runs no tasks loads nothing of pools.
 */

/** One child process, and the children of this thread. */
export { type Child, type ChildOptions, checkMayHaveChildren, releaseChild, setAtExit, socketOf, startChild } from './host/child.ts';
/** Processes that are started before they are needed, and how children begin. */
export {
  expectStarts,
  type Preload,
  PRELOAD,
  type PreloadHeader,
  READY,
  type ReadyHeader,
  setPreload,
  type TakenBlank,
  takeBlank,
  WORKER,
  type WorkerHeader,
} from './host/blanks.ts';
export { adopt as adoptHandover, type Handover } from './start/surroundings.ts';
export { identity, type ProcessIdentity, setIdentity } from './start/process-identity.ts';
export { checkStartMethod, chooseMethod, chosenMethod, startMethod, type StartMethod, startMethods } from './start/start-method.ts';
/** One thread, and the threads of this program. */
export { type StartedThread, startNodeThread } from './start/thread-start.ts';
export { stand, type ThreadData } from './start/thread-ground.ts';
export { printAtOnce, printWhole } from './start/thread-output.ts';
export {
  hookIsSet,
  listedThreads,
  nativeIdOf,
  nextNumber,
  processNumbers,
  readNumber,
  rename,
  setNumber,
  tellNativeId,
  threadNumbers,
  unlist,
} from './start/thread-table.ts';
/** The restrictions of a child while it imports. */
export { watchImports, whyStartIsRefused } from './inside/nesting.ts';
/** The common part of `Process` and `Thread`. */
export {
  asError,
  checkName,
  encodeRun,
  errorOf,
  type ErrorText,
  inspected,
  keepAtHome,
  openRun,
  readRunOptions,
  refuseGenerator,
  rebuildError,
  sendWith,
  showToUser,
  textOf,
  untilEnded,
  untilSettled,
  writeAtOnce,
} from './start/runs.ts';
/** AbortSignals that a run holds. */
export { passAborts, takeAborts } from './start/run-signals.ts';
export { PipeLink } from './link/pipe-link.ts';
export { MessagePortLink } from './link/message-port-link.ts';
/** The beginning and the end of a child. */
export { joinLoaders, prepareForLoaders } from './start/loaders.ts';
export { exitInOrder } from './inside/exit.ts';
