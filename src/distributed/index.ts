/** `heddle/distributed`: locks, queues and maps of many machines, kept by a server of Redis or Valkey. */

/** Which server, for all of them. */
export type { BackendOptions } from './backend.ts';

/** Errors of their own. */
export { BackendLost, LeaseLost } from '../errors.ts';

/** Tasks on many machines: the executor, and the worker that `heddle worker` runs. */
export { DistributedExecutor, type DistributedExecutorOptions, type DistributedStatistics } from './executor.ts';
export type { TaskBackendOptions } from './options.ts';
export type { DistributedStore } from './large.ts';
export { DistributedWorker, type DistributedWorkerOptions, type WorkerStatistics } from './worker.ts';
