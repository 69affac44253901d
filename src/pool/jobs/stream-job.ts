/**
 * A task whose values are handed out as they come.
 *
 *   worker --values--> buffer --next()--> consumer
 *     `------- taken <----------------------'        the worker goes on when there is room
 *
 * The pool knows the job, and the job does not know its iterator: one that is dropped can be noticed.
 *
 *   pool --> job --WeakRef--> caller's side <-- iterator <-- consumer
 */

import type { AsyncItemIterator } from '../../iteration.ts';
import { type CallSite, type Capsule, type Packet, joinStacks } from '../../codec/index.ts';
import { CancelledError } from '../../errors.ts';
import { nextTick } from '../../real-timers.ts';
import type { CallMeta, ChunkReport, Outcome } from '../../worker/index.ts';
import { tellProgress } from './caller-code.ts';
import type { AsyncResource, CallerContext } from './caller-context.ts';
import { Fifo } from '../../fifo.ts';
import { type Loss, type Lost, lostOf, type Overdue, type Reported } from './job.ts';
import { lostError, overdueError } from './job-errors.ts';
import { SingleJob, contextFor, howOf } from './single-job.ts';
import { hasCallbacks, type TaskProgress, type TaskSettings } from './task-options.ts';
import type { TaskPool, TaskWorker } from '../task-pool.ts';

type Result = IteratorResult<unknown, undefined>;

interface Waiter {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * The caller's objects of a stream. Each may lead to the stream's own iterator, which therefore keeps them alive: a function may know the
 * iterator, an `AsyncLocalStorage` store too, and the frames of the call.
 */
export class StreamSide {
  readonly site: CallSite;
  readonly progress: TaskSettings['progress'];
  /** If there is code of the caller's to run in it. */
  readonly context: AsyncResource | undefined;

  constructor(settings: TaskSettings, site: CallSite) {
    this.site = site;
    this.progress = settings.progress;
    this.context = contextFor(settings);
  }
}

/** A stream is not tried again: its values may have been used. */
export class StreamJob extends SingleJob {
  readonly #pool: TaskPool;
  readonly #side: WeakRef<StreamSide>;
  readonly #values: Fifo<unknown> = new Fifo();
  readonly #waiters: Fifo<Waiter> = new Fifo();
  #worker: TaskWorker | undefined;
  /** Values that were taken and of which the worker has not heard. */
  #untold = 0;
  #outcome: Outcome | undefined;
  #isAborted = false;

  constructor(pool: TaskPool, id: number, capsule: Capsule, args: Packet, settings: TaskSettings, side: StreamSide) {
    const own = hasCallbacks(settings) ? { ...settings, progress: undefined, retryOn: undefined, backoff: 0 } : settings;
    const weak = new WeakRef(side);
    super(id, capsule, args, own, side.context === undefined ? undefined : contextOf(weak), { priority: own.priority, key: own.key });
    this.#pool = pool;
    this.#side = weak;
  }

  // ---- for its consumer

  nextValue(): Promise<Result> {
    if (this.#values.length > 0) {
      const value = this.#values.shift();
      this.#taken();
      return Promise.resolve({ done: false, value });
    }
    if (this.isSettled) return this.#last();
    this.#pool.pause(this, false);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** No more values are wanted. */
  close(): void {
    this.#values.clear();
    while (this.#waiters.length > 0) this.#waiters.shift()!.resolve({ done: true, value: undefined });
    if (!this.isSettled) this.#pool.abort(this, new CancelledError('the stream was closed by its consumer'));
    this.#outcome = { ok: true, value: undefined };
  }

  /** The error stands behind the last value, once. */
  #last(): Promise<Result> {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    if (outcome?.ok === false) return Promise.reject(outcome.value);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The worker hears of what is taken in one go. */
  #taken(): void {
    if (this.#untold++ === 0) nextTick(() => this.#tell());
  }

  #tell(): void {
    const count = this.#untold;
    this.#untold = 0;
    if (this.isSettled) return;
    this.#worker?.taken(this, count);
    this.#pool.pause(this, this.#values.length > 0);
  }

  // ---- for the pool

  get reason(): unknown {
    return this.#outcome?.value;
  }

  send(worker: TaskWorker): void {
    this.#worker = worker;
    worker.call(this);
  }

  /** At least its consumer may abort it. */
  override get how(): CallMeta {
    return { ...howOf(this.settings), isStream: true, isAbortable: true };
  }

  returned(): void {
    this.#worker = undefined;
  }

  overdue(notBegun: number | undefined): Overdue {
    const reason = overdueError(this.name, this.settings.timeout, notBegun);
    this.#hear(false, reason);
    return { reason, item: undefined };
  }

  end(ok: boolean, value: unknown): boolean {
    this.#hear(ok, value);
    return false;
  }

  #hear(ok: boolean, value: unknown): void {
    if (!this.isSettled) this.#outcome = { ok, value };
  }

  aborted(reason: unknown): void {
    this.#isAborted = true;
    this.#hear(false, reason);
  }

  settle(): void {
    this.isSettled = true;
    const outcome = this.#outcome;
    const site = this.#side.deref()?.site;
    if (site !== undefined && outcome !== undefined && !outcome.ok && !this.#isAborted) joinStacks(outcome.value, site);
    // The values of an aborted stream are not wanted either.
    if (this.#isAborted) this.#values.clear();
    const first = this.#waiters.shift();
    if (first === undefined) return;
    this.#last().then(first.resolve, first.reject);
    while (this.#waiters.length > 0) this.#waiters.shift()!.resolve({ done: true, value: undefined });
  }

  report(report: ChunkReport): Reported {
    return { ended: 0, failed: 0, isDone: false, tell: () => this.#deliver(report) };
  }

  #deliver({ values, failed: [failed] }: ChunkReport): void {
    if (this.isSettled) return;
    for (let i = 0; i < values.length; i++) {
      const value: unknown = values[i];
      if (i === failed) return this.#undecodable(value);
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#values.push(value);
      else {
        waiter.resolve({ done: false, value });
        this.#taken();
      }
    }
    if (this.#values.length > 0) this.#pool.pause(this, true);
  }

  /** A value could not be decoded here. */
  #undecodable(error: unknown): void {
    this.#pool.abort(this, error);
  }

  lose({ end, isBegun, why }: Loss): Lost {
    if (!isBegun && this.mayGoElsewhere()) return lostOf(true);
    this.#hear(false, lostError(end, this.name, why));
    return lostOf(false);
  }

  override progressed(progress: TaskProgress): void {
    const side = this.#side.deref();
    if (side !== undefined) tellProgress(side, progress, side.context);
  }

  cancelled(): void {
    this.aborted(new CancelledError('the stream was cancelled before it began'));
    this.settle();
  }
}

/** The context of a side that may be gone: then its iterator is gone as well, and it does not matter where its code runs. */
function contextOf(side: WeakRef<StreamSide>): CallerContext {
  return {
    runInAsyncScope: (work, self, ...args) => {
      const context = side.deref()?.context;
      return context === undefined ? Reflect.apply(work, self, args) : context.runInAsyncScope(work, self, ...args);
    },
  };
}

/** Streams whose iterator was collected are not wanted any more. */
const abandoned = new FinalizationRegistry<StreamJob>((job) => job.close());

/** The consumer's handle of a stream. */
export class StreamIterator<T> implements AsyncItemIterator<T> {
  readonly #job: StreamJob | undefined;
  /** The executor, which must not be thought dropped while its stream goes on. */
  readonly #owner: unknown;
  /** Lives as long as this iterator. */
  readonly #side: StreamSide;
  #refusal: { readonly error: unknown } | undefined;

  /** Work begins here; what `start` throws is what the first `next()` rejects with. */
  constructor(owner: unknown, side: StreamSide, start: () => StreamJob) {
    this.#owner = owner;
    this.#side = side;
    try {
      this.#job = start();
      abandoned.register(this, this.#job);
    } catch (error) {
      this.#refusal = { error };
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) return Promise.reject(refusal.error);
    if (this.#job === undefined || this.#owner === undefined || this.#side === undefined)
      return Promise.resolve({ done: true, value: undefined });
    return this.#job.nextValue() as Promise<IteratorResult<T, undefined>>;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#refusal = undefined;
    this.#job?.close();
    return Promise.resolve({ done: true, value: undefined });
  }
}
