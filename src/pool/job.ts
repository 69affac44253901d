/**
 * Jobs, which a pool runs: single calls, streams, and chunks of maps. The pool moves jobs about; only the job knows the meaning of its end.
 *
 *   scheduler: where it waits and who has it   (Task)
 *   pool:      whether it is open, and who was sent it
 *   handle:    its ticket, and when it begins  (Given)
 *   the job:   what was heard of its attempt
 *
 *   send ──▶ report … ──▶ end ──▶ settle        each answers what follows for the pool; the caller hears of it
 *     `───────────────▶ lose ──▶ its `tell`     when the worker has its next task
 */

import type { Capsule } from '../codec/index.ts';
import type { WorkerEnd } from '../errors.ts';
import type { CallerContext, ChunkReport, Given, WorkerHandle } from '../worker/index.ts';
import type { PoolWorker } from './pool-worker.ts';
import { Task, type Wishes } from './scheduler/index.ts';
import type { TaskProgress, TaskSettings } from './task-options.ts';

/** The answer to a report of some items. */
export interface Reported {
  /** Items that ended with it, and how many of them failed. */
  readonly ended: number;
  readonly failed: number;
  /** The worker has nothing more of the job. */
  readonly isDone: boolean;
  /** Tells the caller of these items. */
  tell(): void;
}

/** The loss of a job's worker. */
export interface Loss {
  readonly end: WorkerEnd;
  /** Whether the job had begun, or may have. */
  readonly isBegun: boolean;
  /** The reason for which this program ended the worker, if it did. */
  readonly why: string | undefined;
}

/** The answer to that loss. */
export interface Lost {
  /** Whether items are left that no worker has begun, and that may run elsewhere. */
  readonly isLeft: boolean;
  /** Tells the caller of items that are lost. */
  tell?(): void;
}

export interface Overdue {
  readonly reason: unknown;
  /** The item that takes too long; for a single call it is the whole attempt. */
  readonly item: number | undefined;
}

const nothingLeft: Lost = { isLeft: false };
const allLeft: Lost = { isLeft: true };

/** Makes the answer of a job with one item. @param isLeft whether the item may run elsewhere */
export function lostOf(isLeft: boolean): Lost {
  return isLeft ? allLeft : nothingLeft;
}

export abstract class Job extends Task implements Given {
  declare readonly settings: TaskSettings;
  declare readonly capsule: Capsule;
  /** The caller's context, if code of the caller may have to run there. */
  declare readonly context: CallerContext | undefined;
  /** Whether items are reported, counted and timed one by one. */
  declare readonly isChunk: boolean;
  /** Whether an attempt of another job came before. */
  declare readonly isRetry: boolean;
  /** The time (`performance.now()`) of the submission, then that of the dispatch. */
  declare since: number;
  /** Whether the pool has the job: it has neither ended nor been given up. */
  declare isOpen: boolean;
  /** Whether the caller knows the outcome, though the job may still run. */
  declare isSettled: boolean;
  /** The worker that was sent the job, and has neither ended it nor given it back. */
  declare at: PoolWorker | undefined;
  /** Whether the worker was busy when the job was sent. */
  declare wasSentAhead: boolean;
  declare ticket: number;
  declare nth: number;
  declare unanswered: number;

  constructor(
    id: number,
    capsule: Capsule,
    settings: TaskSettings,
    context: CallerContext | undefined,
    wishes: Wishes,
    isChunk: boolean,
    isRetry: boolean,
  ) {
    super(id, wishes);
    this.settings = settings;
    this.capsule = capsule;
    this.context = context;
    this.isChunk = isChunk;
    this.isRetry = isRetry;
    this.since = 0;
    this.isOpen = this.isSettled = this.wasSentAhead = false;
    this.at = undefined;
    this.ticket = this.nth = this.unanswered = 0;
  }

  get name(): string {
    return this.capsule.name;
  }

  /** The number of items without an outcome. */
  get left(): number {
    return 1;
  }

  /** The reason of the abort or time-out. */
  abstract get reason(): unknown;

  /** Hands the job to a worker. @param isAhead whether the worker is busy, and begins the job when there is room; unless no ticket is left */
  abstract send(worker: WorkerHandle, isAhead: boolean): void;
  /** Hears that some items ended, or that values of a stream came. */
  abstract report(report: ChunkReport): Reported;
  /** Hears that the attempt, or the rest of it, ended. @returns whether the job may be tried again; if not, `settle` follows */
  abstract end(ok: boolean, value: unknown): boolean;
  /** Hears that the worker was lost. */
  abstract lose(loss: Loss): Lost;
  /** Tells the caller what was heard last: the job has ended. */
  abstract settle(): void;
  abstract cancelled(): void;
  /** Hears that the job is not wanted any more. */
  abstract aborted(reason: unknown): void;
  /**
   * Hears that the attempt, or the running item, has taken too long. Returns what the worker must be told.
   *
   * @param notBegun milliseconds in which its code has not begun; undefined: its code took too long
   */
  abstract overdue(notBegun: number | undefined): Overdue;
  /** Hears that the job waits again: the worker was lost before it began the job, or another attempt follows. */
  abstract returned(why: 'requeue' | 'retry'): void;
  /** Lets go of handles that did not reach a worker. */
  abstract release(): void;

  /** Decides whether the job may be tried again after this error. */
  mayRetry(_error: unknown): boolean {
    return false;
  }

  /** Gives the milliseconds between the attempt that failed and the next. */
  backoff(): number {
    return 0;
  }

  /** Tells whether what `overdue` spoke of still runs. */
  isLate(): boolean {
    return true;
  }

  progressed(_progress: TaskProgress): void {}
}
