/** The pool layer: futures, and executors whose workers are threads or processes. */

/** The result of a task. */
export { Future } from './futures/future.ts';

/** Executors: what they promise, and the two kinds. */
export { Executor, type Items, type MapResults, type ShutdownOptions, type Streamed } from './executor.ts';
export { PoolExecutor } from './pool-executor.ts';
export { ThreadPoolExecutor } from './thread-pool-executor.ts';
export { ProcessPoolExecutor } from './process-pool-executor.ts';
export { bindMethod, type ConstructorOptions, type ExecutorOptions, type RequiredInitArgs } from './options.ts';
export type { Backoff, MapOptions, TaskOptions, TaskProgress } from './jobs/task-options.ts';
export type { PoolStatistics } from './workers/statistics.ts';

/** Waiting for many futures at once. */
export { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, wait, type DoneAndNotDone, type WaitForOptions } from './futures/wait.ts';
export { asCompleted, type AsCompletedOptions, type CompletedFutures } from './futures/as-completed.ts';
export type { Waitable } from './futures/waitable.ts';

/** Python's `Pool`, for processes and for threads. */
export { Pool, type ApplyOptions, type MapAsyncOptions, type PoolOptions } from './multiprocessing/pool.ts';
export { ThreadPool } from './multiprocessing/thread-pool.ts';
export { AsyncResult, type Callbacks } from './multiprocessing/async-result.ts';
export type { ImapIterator } from './multiprocessing/imap.ts';

/** Every outcome of a map, errors included: for the command line and for `imap`. */
export { mapOutcomes, type MapOutcome, type MapOutcomesOptions } from './map/map-outcomes.ts';

/** Pools whose workers are on other machines: the jobs of this program, and what they ask of the link to the workers. */
export { RemotePool, type RemotePoolOptions } from './remote/remote-pool.ts';
export { locally } from './remote/backend.ts';
export type { Arrived, OpenLink, RemoteEvents, RemoteLink, RemoteTask, RemoteWorker } from './remote/link.ts';
