/** The state of the scheduler, changed in place, because 100,000 waiting tasks cannot be copied at each step. */

import type { Key, SchedulerOptions, WorkerId } from './events.ts';
import { TaskQueue } from './task-queue.ts';
import { type Task, TaskList, type TaskRow } from './task.ts';

/**
 * The tasks of one key. Only the first of them, `head`, stands in a queue or runs; the others wait behind it.
 */
export interface Lane {
  readonly key: Key;
  head: Task | undefined;
  readonly behind: TaskQueue<Task>;
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
  /** The tasks that it works on. */
  readonly tasks: TaskRow;
  /** The tasks that it begins next, in this order, without asking. Only a busy worker has any. */
  readonly ahead: TaskRow;
  /** Tasks that only this worker may run. */
  readonly own: TaskQueue<Task>;
  readonly lanes: Set<Lane>;
  /** Sum of the weights of what it was given. */
  used: number;
  /** Tasks may be sent to it while it is busy. */
  takesAhead: boolean;
  /** True if it works on one task for long, and is sent nothing ahead. */
  isSilent: boolean;
  /** True if it retires because it was given `maxTasksPerChild`: it goes on when some of that is recalled. */
  isSpent: boolean;
  /** True if its own pools have work: it is not told to end before they have done that. */
  isHost: boolean;
}

export interface SchedulerState {
  readonly options: SchedulerOptions;
  readonly tasks: TaskList;
  /** Tasks that any worker may run. */
  readonly queue: TaskQueue<Task>;
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
  /** True if later failures are not tried again. */
  isCancelled: boolean;
  isFinished: boolean;
}

export function createState(options: SchedulerOptions): SchedulerState {
  return {
    options,
    tasks: new TaskList(),
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

/** True if further attempts are made: also after a shutdown that cancels nothing. */
export function takesRetries(state: SchedulerState): boolean {
  return !state.isCancelled && !state.isFinished && !state.isBroken;
}

/** True if a worker is free for one more task, or one more may be started for it. */
export function hasRoom(state: SchedulerState): boolean {
  if (state.isShutDown || state.isBroken || state.queue.length > 0) return false;
  return state.free.size > 0 || (state.active < state.options.maxWorkers && canStart(state));
}
