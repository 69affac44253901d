/** What the scheduler knows. It is changed in place, because 100,000 waiting tasks cannot be copied at each step. */

import type { Key, SchedulerOptions, TaskId, WorkerId } from './events.ts';
import { type Queued, TaskQueue } from './task-queue.ts';

export interface TaskRecord extends Queued {
  readonly id: TaskId;
  readonly lane: Lane | undefined;
  readonly weight: number;
  /** For a task that is meant for one worker: all workers that got a task of the same broadcast. */
  readonly broadcast: Set<WorkerRecord> | undefined;
  retriesLeft: number;
  readonly holdsRetries: boolean;
  /** It waits for `resume`, and stands in no queue where it could be given to a worker. */
  isHeld: boolean;
  /** It may be sent ahead to a worker that is busy. */
  readonly goesAhead: boolean;
  /** The worker that has it; undefined while it waits at the host. */
  worker: WorkerRecord | undefined;
  /** Its worker has it, but works on others: it waits there, and can be recalled. */
  isAhead: boolean;
  /** The queue it waits in. */
  queue: TaskQueue<TaskRecord> | undefined;
  /** Its worker was told to stop it; then whether it is to be tried again. */
  interrupted: 'no' | 'forGood' | 'forRetry';
  /** It has had time to stop, and has not. */
  isStuck: boolean;
}

/**
 * The tasks of one key. Only the first of them, `head`, stands in a queue or runs; the others wait behind it.
 */
export interface Lane {
  readonly key: Key;
  head: TaskRecord | undefined;
  readonly behind: TaskQueue<TaskRecord>;
  /** The worker that has had its tasks so far. */
  worker: WorkerRecord | undefined;
}

export interface WorkerRecord {
  readonly id: WorkerId;
  /**
   * - `starting`: cannot take tasks yet
   * - `ready`: takes tasks
   * - `retiring`: ends the tasks it has, except stuck ones, and is told to end
   * - `stopping`: was told to end; does not count any more
   */
  state: 'starting' | 'ready' | 'retiring' | 'stopping';
  /** What it works on. */
  readonly tasks: Set<TaskRecord>;
  /** What it takes up next, in this order, without asking. Only a worker that is busy has any. */
  readonly ahead: Set<TaskRecord>;
  /** Tasks that only this worker may run. */
  readonly own: TaskQueue<TaskRecord>;
  readonly lanes: Set<Lane>;
  /** Sum of the weights of what it was given. */
  used: number;
  /** Tasks may be sent to it while it is busy. */
  takesAhead: boolean;
  /** It works on one task for long, and is sent nothing ahead. */
  isSilent: boolean;
  /** It retires because it was given `maxTasksPerChild`: it goes on when some of that is recalled. */
  isSpent: boolean;
  /** Its own pools have work: it is not told to end before they have done that. */
  isHost: boolean;
}

export interface SchedulerState {
  readonly options: SchedulerOptions;
  readonly tasks: Map<TaskId, TaskRecord>;
  /** Tasks that any worker may run. */
  readonly queue: TaskQueue<TaskRecord>;
  readonly lanes: Map<Key, Lane>;
  readonly workers: Map<WorkerId, WorkerRecord>;
  /** Ready workers that can take one more task. */
  readonly free: Set<WorkerRecord>;
  /** Workers that may have become able to run what waits for them alone. Empty between two steps. */
  readonly unfed: WorkerRecord[];
  /** Tasks that wait, wherever. */
  waiting: number;
  /** Of those, tasks that wait at a worker. */
  ahead: number;
  /** Tasks that a busy worker may have ahead. */
  depth: number;
  /** Workers that start, are ready or retire. */
  active: number;
  nextWorker: WorkerId;
  /** In a row. */
  failedStarts: number;
  isBroken: boolean;
  isShutDown: boolean;
  /** What fails now is not tried again. */
  isCancelled: boolean;
  isFinished: boolean;
}

export function createState(options: SchedulerOptions): SchedulerState {
  return {
    options,
    tasks: new Map(),
    queue: new TaskQueue(),
    lanes: new Map(),
    workers: new Map(),
    free: new Set(),
    unfed: [],
    waiting: 0,
    ahead: 0,
    depth: 0,
    active: 0,
    nextWorker: 1,
    failedStarts: 0,
    isBroken: false,
    isShutDown: false,
    isCancelled: false,
    isFinished: false,
  };
}

export function canStart(state: SchedulerState): boolean {
  return !state.isBroken && state.failedStarts < state.options.maxFailedStarts;
}

/** Whether further attempts are made: also after a shutdown that cancels nothing. */
export function takesRetries(state: SchedulerState): boolean {
  return !state.isCancelled && !state.isFinished && !state.isBroken;
}

/** Whether a worker is free for one more task, or one more may be started for it. */
export function hasRoom(state: SchedulerState): boolean {
  if (state.isShutDown || state.isBroken || state.queue.length > 0) return false;
  return state.free.size > 0 || (state.active < state.options.maxWorkers && canStart(state));
}
