/**
 * The interface of a call, a stream or a map to the pool that runs it, and to the worker that it is sent to: those of this machine, or
 * those behind a server.
 */

import type { Border } from '../codec/index.ts';
import type { WorkerHandle } from '../worker/index.ts';
import type { WorkerPool } from './workers/worker-pool.ts';
import type { WorkerPoolOptions } from './options.ts';

/** Where jobs are submitted. */
export interface TaskPool
  extends Pick<
    WorkerPool,
    | 'name'
    | 'nextId'
    | 'isShutDown'
    | 'takesRetries'
    | 'hasRoom'
    | 'isClosed'
    | 'onRoom'
    | 'announce'
    | 'submit'
    | 'broadcast'
    | 'cancel'
    | 'abort'
    | 'curtail'
    | 'pause'
    | 'holdsBack'
    | 'shutdown'
    | 'terminate'
    | 'statistics'
  > {
  readonly border: Border;
  readonly options: Pick<WorkerPoolOptions, 'maxWorkers' | 'tasksPerWorker' | 'maxTasksPerChild'>;
  /** Items of a map that has a `timeout` travel one by one: only then their time can be measured. */
  readonly timesJobs?: boolean;
}

/** The receiver of a job. */
export type TaskWorker = Pick<WorkerHandle, 'call' | 'callEach' | 'taken' | 'chunkDone'>;
