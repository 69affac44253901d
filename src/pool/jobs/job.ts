/**
 * A job of a pool: a single call, a stream, or a chunk of a map. The pool moves jobs about; only the job knows the meaning of its end.
 *
 *   scheduler: its queue and its worker        (Task)
 *   pool:      whether it is open, and the worker that was sent it
 *   handle:    its ticket, and when it begins  (Given)
 *   the job:   the outcome of its attempt
 *
 *   send ──▶ report … ──▶ end ──▶ settle        each returns its consequences for the pool; waiters are told
 *     `───────────────▶ lose ──▶ its `tell`     when the worker has its next task
 */

import type { Capsule } from '../../codec/index.ts';
import type { WorkerEnd } from '../../errors.ts';
import type { CallerContext, ChunkReport, Given } from '../../worker/index.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { Task, type Wishes } from '../scheduler/index.ts';
import type { TaskProgress, TaskSettings } from './task-options.ts';
import type { TaskWorker } from '../task-pool.ts';

/** The consequences of a report of some items. */
export interface Reported {
  /** Items that ended with it, and how many of them failed. */
  readonly ended: number;
  readonly failed: number;
  /** True if its worker has nothing more of it. */
  readonly isDone: boolean;
  /** Tells the waiters of these items. */
  tell(): void;
}

/** How its worker was lost. */
export interface Loss {
  readonly end: WorkerEnd;
  /** True if it had begun, or may have. */
  readonly isBegun: boolean;
  /** Why this program ended the worker, if it did. */
  readonly why: string | undefined;
}

/** The consequences of the loss of its worker. */
export interface Lost {
  /** Something is left that no worker has begun, and may run elsewhere. */
  readonly isLeft: boolean;
  /** Settles the waiters for lost items. */
  tell?(): void;
}

export interface Overdue {
  readonly reason: unknown;
  /** The item that takes too long; for a single call it is the whole attempt. */
  readonly item: number | undefined;
}

const nothingLeft: Lost = { isLeft: false };
const allLeft: Lost = { isLeft: true };

/** Of a job with one item. @param isLeft it may run elsewhere */
export function lostOf(isLeft: boolean): Lost {
  return isLeft ? allLeft : nothingLeft;
}

export abstract class Job extends Task implements Given {
  declare readonly settings: TaskSettings;
  declare readonly capsule: Capsule;
  /** The caller's, if there is code of its to run in it. */
  declare readonly context: CallerContext | undefined;
  /** True if its items are reported, counted and timed one by one. */
  declare readonly isChunk: boolean;
  /** True if it is an attempt that follows another job's. */
  declare readonly isRetry: boolean;
  /** When it was submitted (`performance.now()`), then when it was handed to a worker. */
  declare since: number;
  /** The pool has it: it has neither ended nor been given up. */
  declare isOpen: boolean;
  /** True if its waiters know the outcome, though it may still run. */
  declare isSettled: boolean;
  /** The worker that was sent it, and has neither ended it nor given it back. */
  declare at: PoolWorker | undefined;
  /** True if its worker was busy when it was sent. */
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

  /** How many of its items have no outcome. */
  get left(): number {
    return 1;
  }

  /** Why it is not wanted any more, or takes too long. */
  abstract get reason(): unknown;

  /** Hands it to a worker. @param isAhead the worker is busy, and begins it when it has room; unless it gives it no ticket */
  abstract send(worker: TaskWorker, isAhead: boolean): void;
  /** Some items of it ended, or values of a stream came. */
  abstract report(report: ChunkReport): Reported;
  /** Called when its attempt, or the rest of it, has ended. @returns true if it may be tried again; if not, `settle` follows */
  abstract end(ok: boolean, value: unknown): boolean;
  abstract lose(loss: Loss): Lost;
  /** Called when it ended as a whole, with the last outcome. */
  abstract settle(): void;
  abstract cancelled(): void;
  /** Called when it is not wanted any more, for good. */
  abstract aborted(reason: unknown): void;
  /**
   * Called when its attempt, or its running item, has taken too long. Returns the order for the worker.
   *
   * @param notBegun milliseconds in which its code has not begun; undefined: its code took too long
   */
  abstract overdue(notBegun: number | undefined): Overdue;
  /** Called when it was handed back: its worker was lost before it began, or it will be tried again. */
  abstract returned(why: 'requeue' | 'retry'): void;
  /** Called at its end: releases handles that it was to bring to a worker, and did not. */
  abstract release(): void;

  /** True if it may be tried again after this error. */
  mayRetry(_error: unknown): boolean {
    return false;
  }

  /** Milliseconds between the attempt that failed and the next. */
  backoff(): number {
    return 0;
  }

  /** True if the task or item of `overdue` still runs. */
  isLate(): boolean {
    return true;
  }

  progressed(_progress: TaskProgress): void {}
}
