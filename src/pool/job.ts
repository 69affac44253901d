/** What a pool runs: a single call, or a chunk of a map. The pool moves jobs about; only the job knows what its end means. */

import { types } from 'node:util';
import { expected, quote } from '../check.ts';
import { type CallSite, type Capsule, giveBack, type Packet, joinStacks } from '../codec/index.ts';
import { TimeoutError, WorkerLost, type WorkerEnd } from '../errors.ts';
import { type ChunkReport, type Outcome, type WorkerHandle } from '../worker/index.ts';
import type { AsyncResource } from './caller-context.ts';
import { type Future, type FutureTask, futures } from './future.ts';
import { SingleJob, contextFor } from './single-job.ts';
import { type Backoff, type TaskProgress, type TaskSettings, checkDelay, isAbortable, isTimed } from './task-options.ts';
import { ignoreRejection, isThenable } from '../thenable.ts';
import { TypeError } from '../refusals.ts';

export interface Job {
  readonly id: number;
  /** Name of its function. */
  readonly name: string;
  readonly settings: TaskSettings;
  /** Further attempts that the scheduler may give it. */
  readonly retries: number;
  /** Its further attempts wait for what `retryOn` and `backoff` say. */
  readonly holdsRetries: boolean;
  /** Its items are reported, counted and timed one by one. */
  readonly isChunk: boolean;
  /** It is an attempt that follows another job's. */
  readonly isRetry: boolean;
  /** The pool had what it does before it was shut down, and does not refuse it. */
  readonly isTaken: boolean;
  /** How many items it has. */
  readonly weight: number;
  /** How many of them have no outcome. */
  readonly left: number;
  /** When it was submitted (`performance.now()`), then when it was handed to a worker. */
  since: number;
  /** Those who wait for it know its outcome, though it may still run. */
  isSettled: boolean;
  /** Why it is not wanted any more, or takes too long. */
  readonly reason: unknown;
  /** It may be sent ahead to a worker that is busy: nothing is lost when it is taken back. */
  readonly goesAhead: boolean;
  /** It was sent with a ticket, by which it can be taken back until its worker begins it, and was not taken back. */
  readonly isAhead: boolean;
  /** Hands it to a worker. @param isAhead the worker is busy, and begins it when it has room; unless `isAhead` is false afterwards */
  send(worker: WorkerHandle, isAhead: boolean): void;
  /** Of one that has a ticket: takes it back. @returns false when its worker has begun it */
  takeBack(): boolean;
  /** Of one that has a ticket: whether its worker has begun it. */
  hasBegunAhead(): boolean;
  /** It has ended: handles that it was to bring to a worker, and did not, are held for it no longer. */
  release(): void;
  /** It was handed back: its worker was lost before it began, or it is to be tried again. */
  returned(why: 'requeue' | 'retry'): void;
  /** Whether it may be tried again after this error. */
  mayRetry(error: unknown): boolean;
  /** Milliseconds between the attempt that failed and the next. */
  backoff(): number;
  /**
   * Its attempt, or its running item, has taken too long. Returns what the worker is to be told.
   *
   * @param notBegun milliseconds in which its code has not begun; undefined: its code took too long
   */
  overdue(notBegun: number | undefined): Overdue;
  /** Whether what `overdue` spoke of still runs. */
  isStuck(): boolean;
  /** The outcome, if there is no further attempt. */
  keep(outcome: Outcome): void;
  /** The outcome, for good: it is not wanted any more. */
  aborted(reason: unknown): void;
  /** It ended as a whole, as `keep` was told. */
  settle(): void;
  /** The report with what counts: an item that took too long has failed, however it ended. `reported` follows. */
  judged(report: ChunkReport): ChunkReport;
  /** Some items of it ended: notes how far it is, and returns whether that was all. `deliver` follows. */
  reported(report: ChunkReport): boolean;
  deliver(report: ChunkReport): void;
  /** Its worker ended. Returns whether something is left that no worker has begun. `settleLost` follows. */
  workerLost(end: WorkerEnd, isBegun: boolean, why: string | undefined): boolean;
  /** Tells those who wait for items that are lost. */
  settleLost(): void;
  progressed(progress: TaskProgress): void;
  cancelled(): void;
}

export interface Overdue {
  readonly reason: unknown;
  /** The item that takes too long; for a single call it is the whole attempt. */
  readonly item: number | undefined;
}

/** The pool of a job. */
interface Canceller {
  cancel(job: Job): boolean;
}

/** Bytes of arguments that are sent ahead, and perhaps sent once more. */
const maxAhead = 16 * 1024;

/** True for arguments that can be sent to one worker, and then to another. */
function isPlain({ bytes, attachments, signals, handles }: Packet): boolean {
  return attachments.every(types.isSharedArrayBuffer) && signals.length === 0 && handles.length === 0 && bytes.byteLength <= maxAhead;
}

/** One call, whose future waits. */
export class CallJob extends SingleJob implements Job, FutureTask {
  readonly future: Future<unknown>;
  readonly #pool: Canceller;
  readonly #site: CallSite;
  /** The caller's, if there is code of its to run in it. */
  readonly #context: AsyncResource | undefined;
  #attempt = 1;
  /** True once the only worker has told the outcome, and so has read the arguments. */
  #hasTold = false;
  #isOverdue = false;
  /** Whether the attempt that took too long is followed by another. */
  #isAgain: boolean | undefined;
  /** What its future will be settled with. */
  #outcome: Outcome | undefined;
  /** The error is the caller's own. */
  #isAborted = false;

  /** The worker that has it, and its ticket there: until the worker begins it, it can be taken back. */
  #aheadAt: WorkerHandle | undefined;
  #ticket = 0;
  /** Its worker was free when it was sent. */
  #isDirect = false;

  constructor(
    pool: Canceller,
    id: number,
    future: Future<unknown>,
    capsule: Capsule,
    args: Packet,
    settings: TaskSettings,
    site: CallSite,
    mayGoAhead: boolean,
  ) {
    super(id, capsule, args, settings);
    this.#pool = pool;
    this.future = future;
    this.goesAhead = mayGoAhead && settings.timeout === Infinity && isPlain(args);
    futures.assign(future, this);
    this.#site = site;
    this.#context = contextFor(settings);
  }

  get retries(): number {
    return this.settings.retries;
  }

  get holdsRetries(): boolean {
    const { retries, retryOn, backoff } = this.settings;
    return retries > 0 && (retryOn !== undefined || backoff !== 0);
  }

  get reason(): unknown {
    return this.#outcome?.value;
  }

  backoff(): number {
    return backoffAfter(this.settings.backoff, this.#attempt, this.#context);
  }

  cancel(): boolean {
    return this.#pool.cancel(this);
  }

  override get isAhead(): boolean {
    return this.#ticket !== 0;
  }

  override takeBack(): boolean {
    const isBack = this.#aheadAt!.takeBack(this.id, this.#ticket);
    if (isBack) this.#ticket = 0;
    return isBack;
  }

  override hasBegunAhead(): boolean {
    return this.#ticket !== 0 && this.#aheadAt!.hasBegun(this.#ticket);
  }

  send(worker: WorkerHandle, isAhead: boolean): void {
    this.#aheadAt = worker;
    this.#isDirect = !isAhead;
    const { id, capsule, args } = this;
    const call = {
      id,
      capsule,
      args,
      attempt: this.#attempt,
      isAbortable: isAbortable(this.settings),
      isTimed: isTimed(this.settings),
      isStream: false,
      context: this.#context,
    };
    // An abort of what its worker has not begun is to keep it from ever beginning.
    const isRevocable = isAhead || (this.goesAhead && this.settings.signal !== undefined);
    this.#ticket = worker.call(call, isRevocable, isAhead);
    if (this.#ticket === 0) futures.begin(this.future);
  }

  returned(why: 'requeue' | 'retry'): void {
    this.#isOverdue = false;
    this.#isAgain = undefined;
    this.#ticket = 0;
    if (why === 'retry') this.#attempt++;
    futures.unbegin(this.future);
  }

  mayRetry(error: unknown): boolean {
    if (this.#attempt > this.settings.retries) return false;
    // Of an attempt that took too long it is asked once, when its time is over, whatever it says afterwards.
    if (!this.#isOverdue) return !this.#isAborted && accepts(this.settings.retryOn, error, this.#context);
    return (this.#isAgain ??= accepts(this.settings.retryOn, error, this.#context));
  }

  overdue(notBegun: number | undefined): Overdue {
    const reason = overdueError(this.name, this.settings.timeout, notBegun);
    this.#isOverdue = true;
    this.keep({ ok: false, value: reason });
    return { reason, item: undefined };
  }

  keep(outcome: Outcome): void {
    this.#hasTold = outcome.us !== undefined && this.#attempt === 1;
    // An attempt that took too long failed for that reason, whatever it says afterwards; unless it came to a good end.
    if (this.#isAborted || (this.#isOverdue && !outcome.ok && this.#outcome !== undefined)) return;
    this.#outcome = outcome;
  }

  aborted(reason: unknown): void {
    this.#isAborted = true;
    this.#outcome = { ok: false, value: reason };
  }

  settle(): void {
    const { ok, value } = this.#outcome!;
    if (!ok && !this.#isAborted) joinStacks(value, this.#site);
    futures.settle(this.future, ok, value);
  }

  reported(): boolean {
    return true;
  }

  deliver(): void {}

  workerLost(end: WorkerEnd, isBegun: boolean, why: string | undefined): boolean {
    // Ahead it waited for another task, with which the worker was lost: that was none of its own doing.
    if (!isBegun && ((this.isAhead && !this.#isDirect) || this.mayGoElsewhere())) return true;
    this.keep({ ok: false, value: lostError(end, this.name, why) });
    return false;
  }

  progressed(progress: TaskProgress): void {
    if (!this.isSettled) tellProgress(this.settings, progress, this.#context);
  }

  override release(): void {
    super.release();
    if (this.#hasTold && this.args.attachments.length > 0) giveBack(this.args.attachments);
  }

  cancelled(): void {
    futures.cancel(this.future);
  }
}

/** Calls the user's `progress`, in its caller's context. What it throws must not reach the link that brought the news. */
export function tellProgress({ progress }: Pick<TaskSettings, 'progress'>, now: TaskProgress, context: AsyncResource | undefined): void {
  try {
    if (progress !== undefined) context!.runInAsyncScope(progress, undefined, now);
  } catch (error) {
    process.emitWarning(`a progress function threw: ${summary(error)}`, 'ProgressWarning');
  }
}

/**
 * Asks the user's `retryOn`, in its caller's context. If it throws, that is no yes; nor is a promise, which an async function would say
 * with every error.
 */
export function accepts(retryOn: ((error: unknown) => boolean) | undefined, error: unknown, context: AsyncResource | undefined): boolean {
  if (retryOn === undefined) return true;
  try {
    const answer: unknown = context!.runInAsyncScope(retryOn, undefined, error);
    if (!isThenable(answer)) return Boolean(answer);
    ignoreRejection(answer);
    throw new TypeError(expected('what it returns', 'a boolean', answer));
  } catch (thrown) {
    process.emitWarning(`retryOn threw: ${summary(thrown)}`, 'RetryWarning');
    return false;
  }
}

/**
 * Milliseconds until the next attempt. What the user's function says is no time, or throws, becomes a warning: the next attempt does not wait.
 *
 * @param attempt the one that failed, from 1
 */
export function backoffAfter(backoff: Backoff, attempt: number, context: AsyncResource | undefined): number {
  if (typeof backoff === 'number') return backoff;
  try {
    return checkDelay(context!.runInAsyncScope(backoff, undefined, attempt), 'what it returns');
  } catch (thrown) {
    process.emitWarning(`backoff threw: ${summary(thrown)}`, 'RetryWarning');
    return 0;
  }
}

export function overdueError(task: string, timeout: number, notBegun: number | undefined): TimeoutError {
  if (notBegun === undefined) return new TimeoutError(`${task} has not ended within ${timeout} ms`);
  return new TimeoutError(`${task} has not begun within ${notBegun} ms: its worker is stuck, or still imports or decodes what it needs`);
}

/** @param why if this program ended it, for what reason */
export function lostError(end: WorkerEnd, task: string, why?: string): WorkerLost {
  const who = end.kind === 'thread' ? `thread ${end.threadId}` : `process ${end.pid}`;
  if (why !== undefined) return new WorkerLost(`the worker (${who}) that ran ${task} was ended ${why}`, end, task);
  let how = end.signal === null ? `exited with code ${end.exitCode}` : `was killed by ${end.signal}`;
  if (end.error !== undefined && end.error !== null) how += ` after an uncaught error: ${summary(end.error)}`;
  return new WorkerLost(`the worker (${who}) that ran ${task} ${how}`, end, task);
}

/** An error in one line, whatever was thrown. */
export function summary(error: unknown): string {
  try {
    const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
    if (typeof message === 'string') return typeof name === 'string' ? `${name}: ${message}` : message;
    return quote(error);
  } catch {
    return 'a value that cannot be shown';
  }
}
