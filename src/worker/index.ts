/** The worker layer: starts, watches and stops one worker, a thread or a process, and sends it tasks. */

/** One worker, from the host's side. */
export {
  WorkerHandle,
  type Call,
  type CallMeta,
  type ChunkCall,
  type ChunkReport,
  type Outcome,
  type WorkerEvents,
  type WorkerOptions,
} from './host/worker-handle.ts';
export type { CallerContext, Given } from './host/given-tasks.ts';
export type { ResourceLimits, WorkerKind } from './host/running-worker.ts';
/** Tasks that it works on and has ahead at a time, at most. */
export { mostTickets } from './host/ahead.ts';

/** How worker processes start. */
export { checkStartMethod, startMethod, type StartMethod } from './start/start-method.ts';
export { expectStarts } from './host/blanks.ts';

/** Which uses of a pool a worker refuses. */
export { isUnasked, whyPoolIsRefused } from './inside/nesting.ts';

/** The work of a worker's own pools. */
export { poolHasWork } from './inside/own-pools.ts';

/** The facts that a task knows of itself. */
export { currentTask, type CurrentTask, untimed } from './inside/current-task.ts';

/** Every kind of shared object, so that all layouts are there. */
export { loadKinds } from './link/parcels.ts';

/** Encodes how a task, or an item, ended; reads how items did. */
export { addOutcome, encodeOutcome, readOutcomes } from './link/message.ts';
