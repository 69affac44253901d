/** One call, whose future waits. */

import { type CallSite, type Capsule, giveBack, joinStacks, type Packet } from '../../codec/index.ts';
import { accepts, backoffAfter, tellProgress } from './caller-code.ts';
import { type Future, type FutureTask, futures } from '../futures/future.ts';
import { type Loss, type Lost, lostOf, type Overdue, type Reported } from './job.ts';
import { lostError, overdueError } from './job-errors.ts';
import type { Wishes } from '../scheduler/index.ts';
import { SingleJob, contextFor } from './single-job.ts';
import { type TaskProgress, type TaskSettings, defaultSettings } from './task-options.ts';
import type { TaskWorker } from '../task-pool.ts';

/** The pool of a job. */
interface Canceller {
  cancel(job: CallJob): boolean;
}

/** Bytes of arguments that are sent ahead, and perhaps sent once more. */
const maxAhead = 16 * 1024;

/** True for arguments that can be sent to one worker, and then to another. */
function isPlain({ bytes, attachments, signals, handles }: Packet): boolean {
  return attachments.length === 0 && signals.length === 0 && handles.length === 0 && bytes.byteLength <= maxAhead;
}

const plainWishes: Wishes = { goesAhead: true };
const heavyWishes: Wishes = {};

function wishesOf(settings: TaskSettings, goesAhead: boolean): Wishes {
  if (settings === defaultSettings) return goesAhead ? plainWishes : heavyWishes;
  const { priority, key, retries, retryOn, backoff, timeout } = settings;
  return {
    priority,
    key,
    retries,
    holdsRetries: retries > 0 && (retryOn !== undefined || backoff !== 0),
    goesAhead: goesAhead && timeout === Infinity,
  };
}

const nothing: Reported = { ended: 0, failed: 0, isDone: false, tell: () => {} };

export class CallJob extends SingleJob implements FutureTask {
  readonly future: Future<unknown>;
  readonly #pool: Canceller;
  readonly #site: CallSite;
  /**
   * - `open`: what is heard of the attempt counts
   * - `overdue`: it took too long, and failed for that reason whatever it says afterwards, unless it comes to a good end
   * - `again`, `last`: so, and `retryOn` has said whether it is followed by another
   * - `aborted`: it is not wanted any more
   */
  #attemptIs: 'open' | 'overdue' | 'again' | 'last' | 'aborted' = 'open';
  /** The outcome for its future. */
  #ok = false;
  #value: unknown;
  /** True once the only worker has told the outcome, and so has read the arguments. */
  #hasTold = false;

  /** @param mayGoAhead it may be sent to a busy worker, and to another after that */
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
    super(id, capsule, args, settings, contextFor(settings), wishesOf(settings, mayGoAhead && isPlain(args)));
    this.#pool = pool;
    this.future = future;
    this.#site = site;
    futures.assign(future, this);
  }

  get reason(): unknown {
    return this.#value;
  }

  // ---- for its future

  cancel(): boolean {
    return this.#pool.cancel(this);
  }

  isRunning(): boolean {
    return this.at !== undefined && (this.ticket === 0 || this.at.handle.hasBegun(this.ticket));
  }

  // ---- for the pool

  send(worker: TaskWorker, isAhead: boolean): void {
    // An abort must keep a task that its worker has not begun from ever beginning.
    const isRevocable = isAhead || (this.goesAhead && this.settings.signal !== undefined);
    worker.call(this, isRevocable, isAhead);
  }

  returned(why: 'requeue' | 'retry'): void {
    this.#attemptIs = 'open';
    this.#hasTold = false;
    if (why === 'retry') this.attempt++;
  }

  report(): Reported {
    return nothing;
  }

  end(ok: boolean, value: unknown): boolean {
    this.#hasTold = this.attempt === 1;
    if (ok ? this.#attemptIs !== 'aborted' : this.#attemptIs === 'open') {
      this.#ok = ok;
      this.#value = value;
    }
    return !ok && this.mayRetry(value);
  }

  lose({ end, isBegun, why }: Loss): Lost {
    // A task ahead waited for another one, with which the worker was lost: it did not cause the loss.
    if (!isBegun && ((this.ticket !== 0 && this.wasSentAhead) || this.mayGoElsewhere())) return lostOf(true);
    if (this.#attemptIs === 'open') this.#hear(false, lostError(end, this.name, why));
    return lostOf(false);
  }

  override mayRetry(error: unknown): boolean {
    if (this.attempt > this.settings.retries) return false;
    const { retryOn } = this.settings;
    // Of an attempt that took too long it is asked once, when its time is over, whatever it says afterwards.
    if (this.#attemptIs === 'overdue') this.#attemptIs = accepts(retryOn, error, this.context) ? 'again' : 'last';
    return this.#attemptIs === 'open' ? accepts(retryOn, error, this.context) : this.#attemptIs === 'again';
  }

  override backoff(): number {
    return backoffAfter(this.settings.backoff, this.attempt, this.context);
  }

  overdue(notBegun: number | undefined): Overdue {
    const reason = overdueError(this.name, this.settings.timeout, notBegun);
    if (this.#attemptIs === 'open') {
      this.#attemptIs = 'overdue';
      this.#hear(false, reason);
    }
    return { reason, item: undefined };
  }

  aborted(reason: unknown): void {
    this.#attemptIs = 'aborted';
    this.#hear(false, reason);
  }

  #hear(ok: boolean, value: unknown): void {
    this.#ok = ok;
    this.#value = value;
  }

  settle(): void {
    const value = this.#value;
    if (!this.#ok && this.#attemptIs !== 'aborted') joinStacks(value, this.#site);
    futures.settle(this.future, this.#ok, value);
  }

  override release(): void {
    super.release();
    if (this.#hasTold && this.args.attachments.length > 0) giveBack(this.args.attachments);
  }

  cancelled(): void {
    futures.cancel(this.future);
  }

  override progressed(progress: TaskProgress): void {
    if (!this.isSettled) tellProgress(this.settings, progress, this.context);
  }
}
