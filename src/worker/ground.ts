/**
 * What processes and threads of every kind stand on: workers of pools, `Process` and `Thread`. An entry of its own, so that a child that runs no
 * tasks loads nothing of pools.
 */

/** One child process, and the children of this thread. */
export { type Child, checkMayHaveChildren, refuseChildren, releaseChild, startChild } from './child.ts';
/** One thread, and the threads of this program. */
export { type StartedThread, startNodeThread } from './thread-start.ts';
export { stand, type ThreadData } from './thread-ground.ts';
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
} from './thread-table.ts';
/** What a child must not do while it imports. */
export { watchImports, whyStartIsRefused } from './nesting.ts';
/** What `Process` and `Thread` have in common. */
export {
  asError,
  checkName,
  encodeRun,
  errorOf,
  type ErrorText,
  keepAtHome,
  openRun,
  readRunOptions,
  rebuildError,
  showToUser,
  textOf,
  untilEnded,
  untilSettled,
  writeAtOnce,
} from './runs.ts';
/** The beginning and the end of a child. */
export { joinLoaders, prepareForLoaders } from './loaders.ts';
export { exitInOrder } from './exit.ts';
