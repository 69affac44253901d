/** The events of the scheduler, and its instructions. */

import type { Task } from './task.ts';

export type WorkerId = number;
export type Key = string | number;

export interface SchedulerOptions {
  readonly maxWorkers: number;
  /** Workers that are kept although they have nothing to do. */
  readonly minWorkers: number;
  /** Tasks a worker may have at once. */
  readonly tasksPerWorker: number;
  /** Tasks that may wait; one more is refused. */
  readonly queueLimit: number;
  /** The work of a worker before it is replaced, in units of `weight`. */
  readonly maxTasksPerChild: number;
  /** After this many failed starts in a row no more are tried; without a running worker the pool is broken. */
  readonly maxFailedStarts: number;
}

export type FailedStart = 'byChance' | 'failed' | 'hopeless';

export type SchedulerEvent =
  /** The pool is made: `minWorkers` start. */
  | { readonly type: 'open' }
  /** A task is being made: a worker for it may start meanwhile. */
  | { readonly type: 'announce' }
  /**
   * `isBounded`: its maker limits by itself how many it has waiting, and is not refused at the `queueLimit`. `startsHeld`: its first attempt waits
   * for `resume`, or `giveUp`, too.
   */
  | { readonly type: 'submit'; readonly task: Task; readonly isBounded: boolean; readonly startsHeld: boolean }
  /** One task for each of `maxWorkers` workers, which start if they have not. */
  | { readonly type: 'broadcast'; readonly tasks: readonly Task[] }
  | { readonly type: 'workerStarted'; readonly worker: WorkerId }
  /**
   * A worker ended, for whatever reason. `notBegun`: tasks that it had been given and that may run elsewhere as if it had never had them.
   * `start`, if it did not start: the verdict on the next start. `byChance`: a kill, which counts little; `hopeless`: another try makes no
   * sense.
   */
  | { readonly type: 'workerLost'; readonly worker: WorkerId; readonly notBegun: readonly Task[]; readonly start?: FailedStart }
  /** An attempt ended. `again`: it failed in a way for which the task may be tried again. */
  | { readonly type: 'taskEnded'; readonly task: Task; readonly again?: boolean }
  /** A held task may have its attempt. */
  | { readonly type: 'resume'; readonly task: Task }
  /** A held task is not tried again. */
  | { readonly type: 'giveUp'; readonly task: Task }
  /** Only a task that waits can be cancelled. */
  | { readonly type: 'cancel'; readonly task: Task }
  /** A task is not wanted any more, or (`again`) this attempt of it took too long. */
  | { readonly type: 'abort'; readonly task: Task; readonly again?: boolean }
  /** The interrupted task has not stopped. `isResponsive`: other tasks of its worker may be able to go on. */
  | { readonly type: 'graceOver'; readonly task: Task; readonly isResponsive: boolean }
  /** The task was late, but goes on: one item of a chunk did not stop. */
  | { readonly type: 'movedOn'; readonly task: Task }
  /** Tasks that had been sent ahead, in that order: they wait at the host again. `begun`: those that their worker had begun. */
  | { readonly type: 'recalled'; readonly tasks: readonly Task[]; readonly begun: readonly Task[] }
  /** Tasks may be sent to this worker while it is busy. */
  | { readonly type: 'takesAhead'; readonly worker: WorkerId }
  /** Tasks that each busy worker may have ahead, from now on. */
  | { readonly type: 'depth'; readonly depth: number }
  /** Time to look whether a worker is free while others have tasks ahead. `silent`: those that work on one task for long. */
  | { readonly type: 'balance'; readonly silent: readonly WorkerId[] }
  /** A worker has had nothing to do for long. */
  | { readonly type: 'idleOver'; readonly worker: WorkerId }
  /** Own pools of a worker have work, or none any more. */
  | { readonly type: 'poolsWork'; readonly worker: WorkerId; readonly doWork: boolean }
  /** A worker should be replaced when it has done what it has. */
  | { readonly type: 'retire'; readonly worker: WorkerId }
  | { readonly type: 'shutdown'; readonly cancelFutures: boolean }
  /** Shut down, and end what runs. */
  | { readonly type: 'terminate' }
  /** After a shutdown: the waiters know what has ended, and have submitted again what they want to. */
  | { readonly type: 'windDown' };

export type Instruction =
  | { readonly type: 'start'; readonly worker: WorkerId }
  /** `isAhead`: the worker is busy, and takes it up when it has room. */
  | { readonly type: 'dispatch'; readonly task: Task; readonly worker: WorkerId; readonly isAhead?: true }
  /** Ask a worker for what it has ahead: `recalled` follows. */
  | { readonly type: 'recall'; readonly worker: WorkerId; readonly tasks: readonly Task[] }
  /** The task was not taken. */
  | { readonly type: 'refuse'; readonly task: Task; readonly why: 'shutDown' | 'full' | 'broken' }
  /** Tell the worker to stop it. `isFinal`: there will be no further attempt, whatever it says; its outcome is known now. */
  | { readonly type: 'interrupt'; readonly task: Task; readonly worker: WorkerId; readonly isFinal: boolean }
  /** The task waits again, for its next attempt. `isLost`: it is held because its worker was lost. */
  | { readonly type: 'retry'; readonly task: Task; readonly isLost?: true }
  /** The task waits again: its worker was lost before it began. */
  | { readonly type: 'requeue'; readonly task: Task }
  /** The task might have been tried again, but has no attempts left, or was given up: the last outcome is final. */
  | { readonly type: 'settle'; readonly task: Task }
  /** The worker was lost while the task may have been running. */
  | { readonly type: 'lose'; readonly task: Task }
  /** A task that was interrupted for good has ended. */
  | { readonly type: 'release'; readonly task: Task }
  | { readonly type: 'cancelled'; readonly task: Task }
  /** The task waited when it was aborted. */
  | { readonly type: 'aborted'; readonly task: Task }
  /** No worker can be started. */
  | { readonly type: 'fail'; readonly task: Task }
  /** Let it end in good order. */
  | { readonly type: 'stop'; readonly worker: WorkerId }
  /** End it at once. */
  | { readonly type: 'kill'; readonly worker: WorkerId }
  /** Shut down, and the last worker has ended. */
  | { readonly type: 'finished' };
