/**
 * A pool whose workers are elsewhere: the jobs of this program, each until its outcome is known. Which worker has which task is the server's affair;
 * whether a task is tried again is decided here, where its caller's `retryOn` and `backoff` are.
 *
 *   held ──room: its key, its backoff──▶ waiting ──a worker began it──▶ begun ──outcome──▶ settled
 *                     ^                                                  │
 *                     └────────── tried again, with another number ──────┘
 *
 * Until the link is open all is held. A job is known to the link by a number, a new one for each attempt: what comes for another number comes twice, or
 * too late, and is dropped.
 */

import { arriving, type Border, type Capsule, decode, encode, type Packet, prepare } from '../../codec/index.ts';
import { BrokenExecutor, CancelledError, Full, type HeddleError, ShutDown, WorkerLost } from '../../errors.ts';
import { nextTick } from '../../real-timers.ts';
import { type ChunkReport, readOutcomes } from '../../worker/index.ts';
import { AbortWatch } from '../jobs/abort-watch.ts';
import { Deferred } from '../futures/deferred.ts';
import type { ChunkJob } from '../jobs/chunk-job.ts';
import type { Job } from '../jobs/job.ts';
import { lostError, summary } from '../jobs/job-errors.ts';
import { KeepAlive } from '../workers/keep-alive.ts';
import { StreamJob } from '../jobs/stream-job.ts';
import { Counts, type PoolStatistics } from '../workers/statistics.ts';
import type { TaskPool, TaskWorker } from '../task-pool.ts';
import { later } from '../jobs/timers.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { Callbacks, type Holder, Holders, type Weak } from '../workers/waiters.ts';
import type { Arrived, Loss, OpenLink, RemoteEvents, RemoteInitializer, RemoteLink, RemoteTask } from './link.ts';

/** Workers that a task may end by itself before it is not tried again. */
const maxKills = 3;
/** Tasks that a pool whose workers are not known is thought to run at a time. */
const slotsUnknown = 4;

/** Stands for the worker of a job that one elsewhere has begun. */
const elsewhere: PoolWorker = Object.freeze({}) as PoolWorker;

interface Entry {
  readonly job: Job;
  number: number;
  state: 'held' | 'waiting' | 'begun';
  /** Workers that it has ended by itself. */
  kills: number;
  timer: NodeJS.Timeout | undefined;
  /** Resolves when received messages are decoded: modules are imported. */
  reading: Promise<void> | undefined;
  /** For this worker alone. */
  worker: string | undefined;
  /** Of a stream: values that its consumer has taken. */
  taken: number;
  /** Of a chunk: its items, and the one after the last that was sent. */
  packet: Packet | undefined;
  to: number;
}

export interface RemotePoolOptions {
  readonly border: Border;
  /** Tasks that may wait; `Infinity`: no limit. */
  readonly queueLimit: number;
  /** Tasks of this pool that are at the server at a time. */
  readonly maxWorkers: number;
  readonly initializer: RemoteInitializer | undefined;
}

/** A time that ends. */
class Deadline {
  isOver = false;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, over: () => void) {
    if (ms === Infinity) return;
    this.#timer = later(ms, () => {
      this.isOver = true;
      over();
    });
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

export class RemotePool implements TaskPool, RemoteEvents {
  readonly name: string;
  readonly border: Border;
  readonly timesJobs: boolean = true;
  readonly options: TaskPool['options'];
  readonly #options: RemotePoolOptions;
  readonly #open: OpenLink;
  #opening: Promise<void> | undefined;
  #link: RemoteLink | undefined;
  readonly #entries: Map<number, Entry> = new Map();
  readonly #byJob: Map<Job, Entry> = new Map();
  readonly #paused: Set<Job> = new Set();
  /** Tasks of one key, in order: the first alone is not held. */
  readonly #keys: Map<string | number, Entry[]> = new Map();
  readonly #aborts: AbortWatch<Job> = new AbortWatch((job, reason) => this.abort(job, reason));
  readonly #roomWaiters = new Callbacks();
  readonly #joining = new Callbacks();
  readonly #holders = new Holders();
  readonly #counts: Counts = new Counts();
  readonly #keepAlive: KeepAlive = new KeepAlive();
  readonly #finished: Deferred = new Deferred();
  /** How many workers items of maps have ended by themselves, by their packets. */
  readonly #itemKills: WeakMap<Packet, Map<number, number>> = new WeakMap();
  #outbox: RemoteTask[] = [];
  #nextId = 1;
  #nextNumber = 1;
  #waiting = 0;
  #isShutDown = false;
  #isCancelled = false;
  #isEnding = false;
  #isFinished = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(name: string, options: RemotePoolOptions, open: OpenLink) {
    this.name = name;
    this.#options = options;
    this.border = options.border;
    this.#open = open;
    const slots = (): number => this.slots;
    this.options = {
      get maxWorkers() {
        return Math.max(1, slots());
      },
      tasksPerWorker: 1,
      maxTasksPerChild: Infinity,
    };
  }

  /** Tasks that the workers run at a time, as far as is known. */
  get slots(): number {
    const slots = this.#link === undefined ? slotsUnknown : this.#link.workers.reduce((sum, worker) => sum + worker.slots, 0);
    return Math.min(this.#options.maxWorkers, slots);
  }

  /** The same; 0 before the first look at the server. */
  get knownSlots(): number {
    return this.#link === undefined ? 0 : this.slots;
  }

  /** Waits until `workers` workers have joined. @throws the reason that keeps the pool from its workers */
  async untilJoined(workers: number, timeout: number): Promise<boolean> {
    this.#keepAlive.set(true);
    await this.#start();
    this.#refreshKeepAlive();
    if (this.isClosed) throw this.#refusal();
    const isOver = (): boolean => this.isClosed || this.#link!.workers.length >= workers;
    const until = new Deadline(timeout, () => this.workersChanged());
    this.#keepAlive.set(true);
    try {
      while (!isOver() && !until.isOver) await new Promise<void>((resolve) => this.#joining.add(resolve));
    } finally {
      until.end();
      this.#refreshKeepAlive();
    }
    if (this.isClosed) throw this.#refusal();
    return isOver();
  }

  nextId(count: number = 1): number {
    const id = this.#nextId;
    this.#nextId += count;
    return id;
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  get isClosed(): boolean {
    return this.#isShutDown || this.#failure !== undefined;
  }

  get takesRetries(): boolean {
    return this.#failure === undefined && !this.#isCancelled;
  }

  get hasRoom(): boolean {
    return !this.isClosed && this.#entries.size < this.options.maxWorkers;
  }

  onRoom(callback: () => void): void {
    this.#roomWaiters.add(callback);
  }

  announce(): void {
    if (this.#isShutDown) throw this.#refusal();
    void this.#start();
  }

  #start(): Promise<void> {
    this.#opening ??= this.#open(this).then(
      (link) => {
        this.#link = link;
        link.keepAlive(this.#isAwaited);
        this.#send();
        this.#endIfDone();
      },
      (error: unknown) => this.broken(error),
    );
    return this.#opening;
  }

  // ---- what is asked for

  submit(job: Job, isBounded: boolean, delay: number = 0): void {
    this.#counts.submitted(job);
    const refusal = this.#whyRefused(job, isBounded);
    if (refusal !== undefined) {
      this.#counts.failed += job.left;
      job.aborted(refusal);
      return job.settle();
    }
    const entry = this.#add(job, undefined);
    if (delay > 0) this.#hold(entry, delay);
    else this.#line(entry);
    void this.#start();
    this.#lookAtSignal(job);
  }

  broadcast(jobs: readonly Job[]): void {
    const workers = this.#link?.workers.flatMap(({ id, slots }) => Array.from({ length: slots }, () => id)) ?? [];
    for (const [i, job] of jobs.entries()) {
      this.#counts.submitted(job);
      this.#dispatch(this.#add(job, workers[i]));
      this.#lookAtSignal(job);
    }
  }

  #add(job: Job, worker: string | undefined): Entry {
    const entry: Entry = {
      job,
      number: 0,
      state: 'held',
      kills: 0,
      timer: undefined,
      reading: undefined,
      worker,
      taken: 0,
      packet: undefined,
      to: 0,
    };
    this.#byJob.set(job, entry);
    job.isOpen = true;
    this.#waiting++;
    if (job.settings.signal !== undefined) this.#aborts.watch(job.settings.signal, job);
    this.#refreshKeepAlive();
    return entry;
  }

  #whyRefused(job: Job, isBounded: boolean): HeddleError | undefined {
    if (this.#failure !== undefined || (this.#isShutDown && !(job.isTaken && !this.#isCancelled))) return this.#refusal();
    if (isBounded || this.#waiting < this.#options.queueLimit) return undefined;
    return new Full(`${this.name} has ${this.#options.queueLimit} waiting tasks, its queueLimit`);
  }

  #refusal(): HeddleError {
    if (this.#failure === undefined) return new ShutDown(`${this.name} is shut down: it takes no more tasks`);
    const { error } = this.#failure;
    return new BrokenExecutor(`${this.name} cannot reach its workers: ${summary(error)}`, { cause: error });
  }

  #lookAtSignal(job: Job): void {
    const { signal } = job.settings;
    if (signal?.aborted === true) this.abort(job, signal.reason);
  }

  #hold(entry: Entry, delay: number): void {
    entry.timer = later(delay, () => {
      entry.timer = undefined;
      this.#line(entry);
    }).unref();
  }

  /** Sends it, unless another of its key comes before it. */
  #line(entry: Entry): void {
    const { key } = entry.job.settings;
    if (key === undefined) return this.#dispatch(entry);
    const line = this.#keys.get(key);
    if (line === undefined) this.#keys.set(key, [entry]);
    else if (!line.includes(entry)) line.push(entry);
    if (line === undefined || line[0] === entry) this.#dispatch(entry);
  }

  #dispatch(entry: Entry): void {
    entry.number = this.#nextNumber++;
    entry.state = 'waiting';
    this.#entries.set(entry.number, entry);
    entry.job.send(this.#workerFor(entry), true);
  }

  /** Takes what a job sends, and makes a task of it. */
  #workerFor(entry: Entry): TaskWorker {
    const { number, worker } = entry;
    return {
      call: (call) => {
        const { id, capsule, args, attempt, how } = call;
        const kind = how?.isStream === true ? 'stream' : 'call';
        this.#post({ number, kind, id, attempt, worker, ...this.#parts(entry, capsule, args) });
      },
      callEach: ({ id, capsule }, { packet, attempt, isSpread, from, to: end }) => {
        // Items that are tried again go one by one: one that ends its worker does so alone.
        const to = attempt > 1 ? from + 1 : end;
        entry.to = to;
        entry.packet = packet;
        this.#post({ number, kind: 'chunk', id, attempt, worker, ...this.#parts(entry, capsule, packet), items: { from, to, isSpread } });
      },
      taken: (_, count) => {
        entry.taken += count;
        this.#link?.taken(number, entry.taken);
      },
      chunkDone: () => {},
    };
  }

  #parts({ job }: Entry, { name, packet: fn }: Capsule, args: Packet): Omit<RemoteTask, 'number' | 'kind' | 'id' | 'attempt' | 'worker'> {
    const { timeout, priority, progress } = job.settings;
    const tellsProgress = progress !== undefined || job instanceof StreamJob;
    return { name, fn, args, timeout, priority, tellsProgress, items: undefined, initializer: this.#options.initializer };
  }

  /** Tasks of one turn go together. */
  #post(task: RemoteTask): void {
    if (this.#outbox.push(task) === 1) nextTick(() => this.#send());
  }

  #send(): void {
    const tasks = this.#outbox;
    if (this.#link === undefined || tasks.length === 0) return;
    this.#outbox = [];
    this.#link.send(tasks.filter(({ number }) => this.#entries.has(number)));
  }

  cancel(job: Job): boolean {
    const entry = this.#byJob.get(job);
    if (entry === undefined || entry.state === 'begun') return false;
    this.#link?.cancel(entry.number, undefined);
    this.#drop(entry);
    this.#counts.cancelled += job.left;
    job.cancelled();
    return true;
  }

  abort(job: Job, reason: unknown): void {
    const entry = this.#byJob.get(job);
    if (entry === undefined) return;
    job.aborted(reason);
    this.#link?.cancel(entry.number, encodeReason(reason, this.border));
    this.#drop(entry);
    this.#counts.failed += job.left;
    job.isSettled = true;
    job.settle();
  }

  curtail(job: Job): void {
    if (this.cancel(job)) return;
    const entry = this.#byJob.get(job);
    if (entry === undefined) return;
    this.#link?.cancel(entry.number, encodeReason(new CancelledError('the map was closed by its consumer'), this.border));
    this.#counts.cancelled += job.left;
    this.#drop(entry);
    job.isSettled = true;
  }

  pause(job: Job, isPaused: boolean): void {
    if (isPaused && this.#byJob.has(job)) this.#paused.add(job);
    else this.#paused.delete(job);
    this.#refreshKeepAlive();
  }

  holdsBack(holder: Weak<Holder>): () => void {
    return this.#holders.add(holder);
  }

  shutdown(cancelFutures: boolean): Promise<void> {
    this.#holders.submitAll();
    this.#isShutDown = true;
    if (cancelFutures) {
      this.#isCancelled = true;
      for (const job of this.#byJob.keys()) this.cancel(job);
    }
    this.workersChanged();
    this.#endIfDone();
    this.#refreshKeepAlive();
    return this.#finished.promise;
  }

  terminate(_signal: 'SIGTERM' | 'SIGKILL', caller: string): Promise<void> {
    void this.shutdown(true);
    for (const job of this.#byJob.keys()) this.abort(job, new WorkerLost(`${job.name} was ended by ${caller}()`));
    return this.#finished.promise;
  }

  statistics(): PoolStatistics {
    const workers = this.#link?.workers.length ?? 0;
    const running = [...this.#byJob.values()].filter(({ state }) => state === 'begun').length;
    return {
      ...this.#counts.statistics({ workers: new Map(), waiting: this.#byJob.size - running, tasks: this.#byJob }),
      workers,
    };
  }

  /** Messages that were refused, and those that came twice. */
  get linkCounts(): { readonly refused: number; readonly duplicates: number } {
    return this.#link?.counts ?? { refused: 0, duplicates: 0 };
  }

  get #isAwaited(): boolean {
    return this.#byJob.size > this.#paused.size || (this.#isShutDown && !this.#isFinished);
  }

  #refreshKeepAlive(): void {
    this.#keepAlive.set(this.#isAwaited);
    this.#link?.keepAlive(this.#isAwaited);
  }

  /** Called when its attempt has ended, or it is not wanted any more. */
  #leave(entry: Entry): void {
    if (this.#entries.delete(entry.number)) this.#link?.settled(entry.number);
    clearTimeout(entry.timer);
    if (entry.state !== 'begun') this.#waiting--;
  }

  /** Removes it; the next of its key may go. */
  #drop(entry: Entry): void {
    this.#leave(entry);
    const { job } = entry;
    const { signal, key } = job.settings;
    if (!this.#byJob.delete(job)) return;
    job.isOpen = false;
    job.at = undefined;
    this.#paused.delete(job);
    if (signal !== undefined) this.#aborts.forget(signal, job);
    job.release();
    if (key !== undefined) this.#nextOf(key, entry);
    this.#feed();
    this.#refreshKeepAlive();
    this.#endIfDone();
  }

  #nextOf(key: string | number, entry: Entry): void {
    const line = this.#keys.get(key);
    if (line === undefined) return;
    const wasFirst = line[0] === entry;
    const at = line.indexOf(entry);
    if (at >= 0) line.splice(at, 1);
    if (line.length === 0) this.#keys.delete(key);
    else if (wasFirst) this.#dispatch(line[0]!);
  }

  #feed(): void {
    if (this.#roomWaiters.size > 0 && (this.hasRoom || this.isClosed)) this.#roomWaiters.call();
  }

  #endIfDone(): void {
    if (!this.#isShutDown || this.#byJob.size > 0 || this.#isEnding) return;
    this.#isEnding = true;
    const closed = this.#opening === undefined ? Promise.resolve() : this.#opening.then(() => this.#link?.close());
    const end = (): void => {
      this.#isFinished = true;
      this.#keepAlive.end();
      this.#finished.resolve();
    };
    closed.then(end, end);
  }

  // ---- what comes from the workers

  /** The job that a number stands for; what comes for another comes twice or too late. */
  #entryOf(number: number): Entry | undefined {
    const entry = this.#entries.get(number);
    if (entry === undefined && this.#link !== undefined) this.#link.counts.duplicates++;
    return entry;
  }

  begun(number: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    this.#begin(entry);
  }

  #begin(entry: Entry): void {
    if (entry.state !== 'waiting') return;
    entry.state = 'begun';
    entry.job.at = elsewhere;
    this.#waiting--;
  }

  ended(number: number, isOk: boolean, value: Arrived): void {
    this.#read(number, value, (entry) => {
      let outcome: { ok: boolean; value: unknown };
      try {
        outcome = {
          ok: isOk,
          value: inContext(entry, () => arriving(value.from, () => decode({ ...value, attachments: [] }, this.border))),
        };
      } catch (error) {
        outcome = { ok: false, value: error };
      }
      this.#over(entry, outcome.ok, entry.job.end(outcome.ok, outcome.value));
    });
  }

  /** An attempt has its end, which the job has heard. */
  #over(entry: Entry, isOk: boolean, mayRetry: boolean): void {
    const { job } = entry;
    if (mayRetry && this.takesRetries) {
      const delay = job.backoff();
      this.#counts.retried++;
      return this.#again(entry, 'retry', delay);
    }
    this.#counts.ended(1, isOk ? 0 : 1);
    this.#drop(entry);
    job.settle();
  }

  #again(entry: Entry, why: 'retry' | 'requeue', delay: number): void {
    this.#leave(entry);
    entry.state = 'held';
    this.#waiting++;
    entry.job.at = undefined;
    entry.job.returned(why);
    if (delay > 0) this.#hold(entry, delay);
    else this.#dispatch(entry);
  }

  chunkEnded(number: number, values: Arrived, ms: number, failed: readonly number[]): void {
    this.#read(number, values, (entry) => {
      const ends = inContext(entry, () => arriving(values.from, () => readValues(values, this.border, failed)));
      this.#report(entry, { ...ends, ms, bytes: values.bytes.byteLength });
    });
  }

  /** The next items of a chunk have ended. The pool goes on before the map hears of it. */
  #report(entry: Entry, ends: Pick<ChunkReport, 'values' | 'failed' | 'ms' | 'bytes'> & { readonly isFinal?: true }): void {
    const job = entry.job as ChunkJob;
    const first = job.firstLeft;
    const report = { first, ...ends, allowed: first + ends.values.length, isCut: false };
    const { ended, failed, isDone, tell } = job.report(report);
    this.#counts.ended(ended, failed);
    if (isDone) this.#drop(entry);
    else this.#again(entry, 'requeue', 0);
    tell();
  }

  values(number: number, values: Arrived): void {
    this.#read(number, values, (entry) => {
      this.#begin(entry);
      const ends = inContext(entry, () => arriving(values.from, () => readValues(values, this.border, [])));
      entry.job.report({ first: 0, ...ends, allowed: 0, ms: 0, bytes: values.bytes.byteLength, isCut: false }).tell();
    });
  }

  progress(number: number, done: number, total: number | null): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    this.#begin(entry);
    entry.job.progressed({ done, total });
  }

  overdue(number: number, notBegun: number | undefined): void {
    const entry = this.#entryOf(number);
    if (entry === undefined) return;
    const { reason } = entry.job.overdue(notBegun);
    // A chunk of one item: its time was measured.
    if (entry.job.isChunk) return this.#report(entry, { values: [reason], failed: [0], ms: 0, bytes: 0 });
    this.#over(entry, false, entry.job.mayRetry(reason));
  }

  lost(number: number, loss: Loss): void {
    const entry = this.#entryOf(number);
    if (entry === undefined) return;
    if (entry.job.isChunk) return this.#chunkLost(entry, entry.job as ChunkJob, loss);
    const { job } = entry;
    if (loss.isAlone) entry.kills++;
    const { end, why, message } = loss;
    job.lose({ end, isBegun: true, why });
    if (entry.kills >= maxKills) {
      job.aborted(poison(job.name, entry.kills, job.reason, loss));
      this.#counts.ended(1, 1);
      this.#drop(entry);
      return job.settle();
    }
    const { idempotent, retries } = job.settings;
    if (idempotent && retries === 0 && this.takesRetries && !(job instanceof StreamJob)) return this.#again(entry, 'requeue', 0);
    const mayRetry =
      message === undefined ? job.mayRetry(job.reason) : job.end(false, new WorkerLost(`${job.name}: ${message}`, end, job.name));
    this.#over(entry, false, mayRetry);
  }

  /** Items that may have begun are lost, or run again if they may; the others run elsewhere. */
  #chunkLost(entry: Entry, job: ChunkJob, { end, why, isAlone, allowed = entry.to }: Loss): void {
    const first = job.firstLeft;
    const inDoubt = Math.max(1, Math.min(allowed, entry.to) - first);
    if (isAlone && inDoubt === 1) {
      const kills = this.#killOf(entry.packet!, first);
      if (kills >= maxKills) {
        const error = poison(job.name, kills, lostError(end, job.name, why), { end });
        return this.#report(entry, { values: [error], failed: [0], ms: 0, bytes: 0, isFinal: true });
      }
    }
    if (job.settings.idempotent && this.takesRetries) return this.#again(entry, 'requeue', 0);
    job.report({ first, values: [], failed: [], allowed: first + inDoubt, ms: 0, bytes: 0, isCut: false });
    const left = job.left;
    const { isLeft, tell } = job.lose({ end, isBegun: true, why });
    this.#counts.failed += left - job.left;
    if (isLeft) this.#again(entry, 'requeue', 0);
    else this.#drop(entry);
    tell?.();
  }

  /** An item has ended a worker, and nothing else ran there: how many it has ended so. */
  #killOf(packet: Packet, item: number): number {
    let items = this.#itemKills.get(packet);
    if (items === undefined) this.#itemKills.set(packet, (items = new Map()));
    const kills = (items.get(item) ?? 0) + 1;
    items.set(item, kills);
    return kills;
  }

  refused(number: number, error: unknown): void {
    const entry = this.#entryOf(number);
    if (entry === undefined) return;
    const { job } = entry;
    this.#counts.failed += job.left;
    job.aborted(error);
    this.#drop(entry);
    job.settle();
  }

  workersChanged(): void {
    this.#joining.call();
    this.#feed();
  }

  broken(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.workersChanged();
    for (const [job, entry] of this.#byJob) {
      const isUnknown = entry.state !== 'held' && this.#link !== undefined;
      const doubt = isUnknown ? `: whether ${job.name} has run cannot be known` : '';
      const refusal = new BrokenExecutor(`${this.name} cannot reach its workers: ${summary(error)}${doubt}`, { cause: error });
      this.#counts.failed += job.left;
      job.aborted(refusal);
      this.#drop(entry);
      job.settle();
    }
    this.#feed();
  }

  /** Hands over what came when its modules are here, in the order in which it came. */
  #read(number: number, { modules, from }: Arrived, use: (entry: Entry) => void): void {
    const entry = this.#entryOf(number);
    if (entry === undefined) return;
    let loading: Promise<void> | undefined;
    try {
      loading = arriving(from, () => prepare({ modules }));
    } catch (error) {
      loading = Promise.reject(error);
    }
    if (loading === undefined && entry.reading === undefined) return use(entry);
    const before = entry.reading ?? Promise.resolve();
    const reading = before
      .then(() => loading)
      .then(
        () => {
          if (entry.reading === reading) entry.reading = undefined;
          if (this.#entries.get(number) === entry) use(entry);
        },
        (error: unknown) => {
          if (this.#entries.get(number) === entry) this.refused(number, error);
        },
      );
    entry.reading = reading;
  }
}

function poison(name: string, kills: number, error: unknown, { end }: Pick<Loss, 'end'>): WorkerLost {
  return new WorkerLost(`${name} has ended ${kills} workers by itself and is not tried again: ${summary(error)}`, end, name);
}

function inContext<R>({ job: { context } }: Entry, work: () => R): R {
  return context === undefined ? work() : context.runInAsyncScope(work);
}

/** Values of one packet. One that cannot be decoded has failed. */
function readValues({ bytes, modules }: Arrived, border: Border, failed: readonly number[]): ReturnType<typeof readOutcomes> {
  return readOutcomes({ bytes, modules, attachments: [] }, border, failed);
}

/** The reason of an abort, as far as it can cross. */
function encodeReason(reason: unknown, border: Border): Packet {
  try {
    return encode(reason, { root: 'reason', border, isThrown: true });
  } catch {
    return encode(new CancelledError('the task is not wanted any more'), { root: 'reason', border, isThrown: true });
  }
}
