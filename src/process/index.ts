/** The process layer: programs made of processes. */

/** A process of its own that runs a function. */
export {
  activeChildren,
  ForkServerProcess,
  Process,
  type ProcessOptions,
  SpawnProcess,
  startInBackground,
  ThreadProcess,
} from './process.ts';
/** The thread that carries a process of the `thread` context: it travels by this name. */
export { ProcessThread } from './thread-run.ts';
/** Which process this is, and what it came from. */
export { cpuCount, currentProcess, parentProcess, type ParentProcess, type ProcessInfo } from './identity.ts';
