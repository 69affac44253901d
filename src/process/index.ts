/** Door of the process floor: programs made of processes. */

/** A process of its own that runs a function. */
export { activeChildren, Process, type ProcessOptions } from './process.ts';
/** Which process this is, and what it came from. */
export { cpuCount, currentProcess, parentProcess, type ParentProcess, type ProcessInfo } from './identity.ts';
