/**
 * The inside of a pool: carries out what the scheduler decides. Executors are its outside; it does not know them, so that one
 * that is dropped can be noticed.
 *
 *   job --> scheduler --dispatch--> worker --outcome--> scheduler --> job settles its future or items
 *
 *   jobs.ts    those that have not ended: their signals and times       crew.ts   the workers
 *   scheduler/ which job goes to which worker, and what when one ends   job.ts    what an outcome means for those who wait
 */

import type { Border } from '../codec/index.ts';
import { BrokenProcessPool, BrokenThreadPool, Full, type HeddleError, InvalidStateError, ShutDown, type WorkerEnd } from '../errors.ts';
import { isObserved, publish } from '../events.ts';
import { monotonicNow, setImmediate } from '../real-timers.ts';
import { type ChunkReport, isUnasked, type Outcome, whyPoolIsRefused, type WorkerKind } from '../worker/index.ts';
import { outsideOfCalls } from './caller-context.ts';
import { Crew } from './crew.ts';
import { Deferred } from './deferred.ts';
import { type Job, summary } from './job.ts';
import { Jobs } from './jobs.ts';
import { KeepAlive } from './keep-alive.ts';
import type { WorkerPoolOptions } from './options.ts';
import { isSilent, Prefetch } from './prefetch.ts';
import type { PoolWorker, PoolWorkerEvents, StartFailure } from './pool-worker.ts';
import { type Instruction, type SchedulerEvent, type SchedulerState, createState, hasRoom, step, takesRetries } from './scheduler/index.ts';
import { Counts, type PoolStatistics } from './statistics.ts';

const maxFailedStarts = 3;

/** What has jobs that it does not submit yet. */
export interface Holder {
  submitAll(): void;
}

/** A `WeakRef`, which the library of ES2020 does not know. */
interface Weak<T> {
  deref(): T | undefined;
}

export class WorkerPool {
  readonly border: Border & { readonly kind: WorkerKind };
  readonly name: string;
  readonly options: WorkerPoolOptions;
  readonly #state: SchedulerState;
  readonly #jobs: Jobs;
  readonly #crew: Crew;
  readonly #keepAlive: KeepAlive = new KeepAlive();
  /** Who waits for room. */
  readonly #hungry: Set<() => void> = new Set();
  /** Maps that may hold back what they have read. */
  readonly #holders: Set<Weak<Holder>> = new Set();
  readonly #counts: Counts = new Counts();
  readonly #finished: Deferred = new Deferred();
  /** What is to be told to those who wait, when the pool has come to rest. */
  #settlements: (() => void)[] = [];
  readonly #prefetch: Prefetch;
  #isBalancing = false;
  /** Instructions that came while others were carried out. */
  readonly #later: (readonly Instruction[])[] = [];
  #isCarryingOut = false;
  /** Above 0 while those who wait are told what has ended: they may submit it again. */
  #tellings = 0;
  #nextId = 1;
  #startError: unknown;
  #killSignal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL';
  /** Its first use was by code that no task ran; undefined until then. */
  #isUnasked: boolean | undefined;

  constructor(kind: WorkerKind, name: string, options: WorkerPoolOptions) {
    this.name = name;
    this.options = options;
    this.border = { kind };
    this.#state = createState({ ...options, maxFailedStarts });
    this.#jobs = new Jobs(options, {
      aborted: (job, reason) => this.#aborted(job, reason),
      overdue: (job, notBegun) => this.#overdue(job, notBegun),
      graceOver: (job) => this.#graceOver(job),
    });
    this.#prefetch = new Prefetch(options.tasksPerWorker);
    this.#crew = new Crew(this.border, name, options, (worker) => this.#apply({ type: 'idleOver', worker }));
    // Where its use is refused, its workers start with the first use.
    if (options.minWorkers > 0 && whyPoolIsRefused() === undefined) this.#open();
  }

  /** Ids are used once. @param count of the ids from the one returned on */
  nextId(count: number = 1): number {
    const id = this.#nextId;
    this.#nextId += count;
    return id;
  }

  /** It takes no more jobs. */
  get isShutDown(): boolean {
    return this.#state.isShutDown;
  }

  /** Whether what has failed may be tried again: also after a shutdown that cancels nothing. */
  get takesRetries(): boolean {
    return takesRetries(this.#state);
  }

  /** Whether one more job would begin at once, or when a worker has started that starts for it. */
  get hasRoom(): boolean {
    return hasRoom(this.#state);
  }

  /** Whether one more job would be refused, and every one after it. */
  get isClosed(): boolean {
    return this.#state.isShutDown || this.#state.isBroken;
  }

  /** Calls back once, when there is room, or will never be. */
  onRoom(callback: () => void): void {
    this.#hungry.add(callback);
  }

  #open(): void {
    this.#isUnasked = isUnasked();
    this.#apply({ type: 'open' });
  }

  /**
   * A job is being made: a worker for it may start meanwhile.
   *
   * @param fn what the job will run
   * @throws ShutDown, or InvalidStateError where a worker may use no pool
   */
  announce(fn: unknown): void {
    if (this.#state.isShutDown) throw this.#refusal('shutDown');
    const why = whyPoolIsRefused();
    if (why !== undefined) throw new InvalidStateError(`${nameOf(fn)} cannot be given to ${this.name} ${why}`);
    this.#isUnasked ??= isUnasked();
    if (this.#state.free.size === 0 && this.hasRoom) this.#apply({ type: 'announce' });
  }

  /**
   * @param isBounded its maker limits by itself how many wait: it is not refused at the `queueLimit`
   * @param delay milliseconds that it waits first
   */
  submit(job: Job, isBounded: boolean, delay: number = 0): void {
    const { id: task, retries, weight, isTaken, holdsRetries } = job;
    const { priority, key } = job.settings;
    // Who observes the beginning of tasks hears of each when it begins.
    const goesAhead = job.goesAhead && !isObserved('taskStarted');
    this.#add(job);
    this.#apply({
      type: 'submit',
      task,
      isBounded,
      priority,
      key,
      retries,
      weight,
      isTaken,
      holdsRetries,
      startsHeld: delay > 0,
      goesAhead,
    });
    if (delay > 0 && this.#jobs.get(task) !== undefined) this.#hold(job, delay);
    if (job.settings.signal !== undefined) this.#lookAtSignal(job);
  }

  /** One job for each worker. */
  broadcast(jobs: readonly Job[]): void {
    for (const job of jobs) this.#add(job);
    this.#apply({ type: 'broadcast', tasks: jobs.map((job) => job.id) });
    for (const job of jobs) this.#lookAtSignal(job);
  }

  /** It may have been aborted while the arguments were read. */
  #lookAtSignal(job: Job): void {
    const { signal } = job.settings;
    if (signal?.aborted === true) this.abort(job, signal.reason);
  }

  #add(job: Job): void {
    this.#counts.submitted(job);
    this.#jobs.add(job);
  }

  /** Returns whether it was still waiting. */
  cancel(job: Job): boolean {
    const { tasks } = this.#state;
    const isThere = tasks.has(job.id);
    if (job.isAhead) this.#takeBack([job]);
    this.#apply({ type: 'cancel', task: job.id });
    return isThere && !tasks.has(job.id);
  }

  /** Nobody wants it any more. A worker that runs it is told, and ended if it does not stop. */
  abort(job: Job, reason: unknown): void {
    if (this.#jobs.get(job.id) !== undefined) this.#aborted(job, reason);
  }

  /** Takes it out if it waits; a chunk that runs begins no further item. */
  curtail(job: Job): void {
    if (this.#jobs.get(job.id) === undefined || this.cancel(job)) return;
    this.#crew.workerOf(job)?.handle.curtail(job.id);
  }

  /** It waits for its consumer, or goes on. */
  pause(job: Job, isPaused: boolean): void {
    this.#jobs.pause(job, isPaused);
    this.#refreshKeepAlive();
  }

  /**
   * Has a map submit what it holds back before the pool closes.
   *
   * @returns what ends that; it does not know the map
   */
  holdsBack(holder: Weak<Holder>): () => void {
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  #submitHeld(): void {
    for (const holder of this.#holders) holder.deref()?.submitAll();
  }

  shutdown(cancelFutures: boolean): Promise<void> {
    this.#submitHeld();
    if (cancelFutures) this.#takeAllBack();
    this.#apply({ type: 'shutdown', cancelFutures });
    if (cancelFutures) this.#crew.hurry();
    return this.#finished.promise;
  }

  /** Shuts down, cancels what waits, and ends the workers with what they run. */
  terminate(signal: 'SIGTERM' | 'SIGKILL', caller: string): Promise<void> {
    this.#killSignal = signal;
    this.#submitHeld();
    this.#takeAllBack();
    this.#crew.explainEnd(`by ${caller}()`);
    this.#apply({ type: 'terminate' });
    return this.#finished.promise;
  }

  statistics(): PoolStatistics {
    return this.#counts.statistics(this.#state);
  }

  // ---- carrying out what the scheduler decides

  #apply(event: SchedulerEvent): void {
    this.#perform(step(this.#state, event));
    if (this.#isCarryingOut) return;
    this.#refreshKeepAlive();
    if (this.#settlements.length > 0) this.#settle();
    if (this.#hungry.size > 0 && (this.hasRoom || this.isClosed)) this.#feed();
    if (this.#state.ahead > 0 && this.#state.free.size > 0) this.#balanceSoon();
    if (this.#state.isShutDown && event.type !== 'windDown') this.#windDown();
  }

  #feed(): void {
    const hungry = [...this.#hungry];
    this.#hungry.clear();
    for (const callback of hungry) callback();
  }

  /** After a shutdown: ends workers that have nothing to do, when all have heard of what they did. */
  #windDown(): void {
    if (this.#state.isShutDown && this.#tellings === 0 && !this.#isCarryingOut) this.#apply({ type: 'windDown' });
  }

  /** Those who wait have been told. */
  #told(): void {
    this.#tellings--;
    if (this.#state.isShutDown) this.#windDown();
  }

  /** An observer of our events may do anything while we carry out instructions. What follows from it comes after them. */
  #perform(instructions: readonly Instruction[]): void {
    if (instructions.length === 0) return;
    if (this.#isCarryingOut) this.#later.push(instructions);
    else this.#carryOutAll(instructions);
  }

  #carryOutAll(instructions: readonly Instruction[]): void {
    this.#isCarryingOut = true;
    try {
      for (const instruction of instructions) this.#carryOut(instruction);
      for (const more of this.#later) for (const instruction of more) this.#carryOut(instruction);
    } finally {
      this.#isCarryingOut = false;
      if (this.#later.length > 0) this.#later.length = 0;
    }
  }

  /** A program that waits for a task, or for the end of the pool, must not end. */
  #refreshKeepAlive(): void {
    this.#keepAlive.set(this.#jobs.areAwaited || this.#crew.doPoolsWork || (this.#state.isShutDown && !this.#state.isFinished));
  }

  /** What users do when they hear of it may come back here. */
  #settle(): void {
    const settlements = this.#settlements;
    this.#settlements = [];
    this.#tellings++;
    try {
      for (const settle of settlements) settle();
    } finally {
      this.#tellings--;
    }
  }

  #carryOut(instruction: Instruction): void {
    switch (instruction.type) {
      case 'dispatch':
        return this.#dispatch(instruction.task, instruction.worker, instruction.isAhead === true);
      case 'recall':
        return this.#recall(instruction.tasks);
      case 'start':
        return this.#crew.start(instruction.worker, this.#isUnasked === true, (worker) => this.#eventsOf(instruction.worker, worker));
      case 'stop':
        return this.#crew.stop(instruction.worker, this.#state.isCancelled);
      case 'kill':
        return this.#crew.kill(instruction.worker, this.#state.isShutDown ? this.#killSignal : 'SIGKILL');
      case 'interrupt':
        return this.#interrupt(instruction.task, instruction.worker, instruction.isFinal);
      case 'requeue': {
        const job = this.#jobs.get(instruction.task)!;
        this.#jobs.deadlines.stop(job);
        return job.returned('requeue');
      }
      case 'retry':
        return this.#retry(instruction.task, instruction.isLost === true);
      case 'release':
        return void this.#jobs.drop(instruction.task);
      case 'settle':
      case 'lose':
      case 'aborted': {
        const job = this.#jobs.drop(instruction.task);
        if (job === undefined) return;
        this.#counts.failed += job.left;
        return void this.#settlements.push(() => job.settle());
      }
      case 'cancelled': {
        const job = this.#jobs.drop(instruction.task);
        if (job === undefined) return;
        this.#counts.cancelled += job.left;
        return void this.#settlements.push(() => job.cancelled());
      }
      case 'refuse':
        return this.#dropWith(instruction.task, this.#refusal(instruction.why));
      case 'fail':
        return this.#dropWith(instruction.task, this.#refusal('broken'));
      case 'finished':
        this.#keepAlive.end();
        this.#crew.end();
        return this.#finished.resolve();
    }
  }

  /** The user's own functions say whether, and when. */
  #retry(id: number, isLost: boolean): void {
    const job = this.#jobs.get(id)!;
    this.#jobs.deadlines.stop(job);
    if (job.holdsRetries && isLost && !job.mayRetry(job.reason)) return this.#apply({ type: 'giveUp', task: id });
    const delay = job.holdsRetries ? job.backoff() : 0;
    this.#counts.retried++;
    job.returned('retry');
    if (job.holdsRetries) this.#hold(job, delay);
  }

  /** The attempt begins after so many milliseconds. */
  #hold(job: Job, delay: number): void {
    const resume = (): void => this.#apply({ type: 'resume', task: job.id });
    if (delay > 0) this.#jobs.hold(job, delay, resume);
    else resume();
  }

  #dropWith(id: number, error: unknown): void {
    const job = this.#jobs.drop(id);
    if (job === undefined) return;
    this.#counts.failed += job.left;
    job.aborted(error);
    this.#settlements.push(() => job.settle());
  }

  #dispatch(task: number, workerId: number, isAhead: boolean): void {
    const job = this.#jobs.get(task)!;
    const worker = this.#crew.get(workerId)!;
    if (isObserved('taskStarted') || isObserved('taskSettled')) this.#tellStart(job);
    if (worker.jobs.size === 0) {
      this.#crew.works(workerId);
      worker.silentSince = 0;
    }
    worker.jobs.add(job);
    this.#jobs.deadlines.start(job);
    job.send(worker.handle, isAhead);
    // No word was free for it: it begins at once.
    if (isAhead && !job.isAhead) this.#perform(step(this.#state, { type: 'recalled', tasks: [], begun: [task] }));
  }

  #tellStart(job: Job): void {
    const now = performance.now();
    // A job that was submitted before anybody observed has no time.
    const queued = job.since === 0 ? 0 : now - job.since;
    publish('taskStarted', () => ({ pool: this.name, id: job.id, name: job.name, queued }));
    job.since = now;
  }

  // ---- what was sent ahead

  /**
   * Takes back what has not begun: it waits here, in its order, until the next event gives it out anew. The last one goes first: a worker that takes up
   * some meanwhile begins none before one that goes back.
   *
   * @param jobs of one worker, in the order in which they were sent
   */
  #takeBack(jobs: readonly Job[]): void {
    const tasks: number[] = [];
    const begun: number[] = [];
    for (let i = jobs.length - 1; i >= 0; i--) {
      const job = jobs[i]!;
      if (!job.isAhead) continue;
      if (job.takeBack()) {
        this.#crew.giveUp(job);
        tasks.push(job.id);
      } else begun.push(job.id);
    }
    if (tasks.length + begun.length === 0) return;
    this.#perform(step(this.#state, { type: 'recalled', tasks: tasks.reverse(), begun: begun.reverse() }));
  }

  #takeAllBack(): void {
    if (this.#state.ahead > 0) for (const worker of this.#crew) this.#takeBack([...worker.jobs]);
  }

  #recall(tasks: readonly number[]): void {
    // An observer may have cancelled some.
    this.#takeBack(tasks.flatMap((id) => this.#jobs.get(id) ?? []));
    this.#apply({ type: 'balance', silent: [] });
  }

  /** A worker is free while others have tasks ahead. What is told in this turn may still bring it some. */
  #balanceSoon(): void {
    if (this.#isBalancing) return;
    this.#isBalancing = true;
    outsideOfCalls(() =>
      setImmediate(() => {
        this.#isBalancing = false;
        if (this.#state.free.size > 0) this.#apply({ type: 'balance', silent: [] });
      }),
    );
  }

  /** A task of the worker has ended: how many it has ahead from now on, and whether others work on theirs for so long that they get nothing more. */
  #measure(worker: PoolWorker, us: number): void {
    worker.silentSince = 0;
    const depth = this.#prefetch.ended(us, isObserved('taskStarted'));
    if (depth !== undefined) this.#apply({ type: 'depth', depth });
    if (this.#state.ahead === 0 || !this.#prefetch.isTime()) return;
    const now = monotonicNow();
    const silent = [...this.#crew.entries()].filter(([, each]) => isSilent(each, now)).map(([id]) => id);
    if (silent.length > 0) this.#apply({ type: 'balance', silent });
  }

  #refusal(why: 'shutDown' | 'full' | 'broken'): HeddleError {
    if (why === 'shutDown') return new ShutDown(`${this.name} is shut down: it takes no more tasks`);
    if (why === 'full') return new Full(`${this.name} has ${this.options.queueLimit} waiting tasks, its queueLimit`);
    const Broken = this.border.kind === 'thread' ? BrokenThreadPool : BrokenProcessPool;
    return new Broken(`${this.name} cannot start its workers: ${summary(this.#startError)}`, { cause: this.#startError });
  }

  // ---- not wanted any more, or too slow

  #aborted(job: Job, reason: unknown): void {
    job.aborted(reason);
    if (job.isAhead) this.#takeBack([job]);
    this.#apply({ type: 'abort', task: job.id });
  }

  #overdue(job: Job, notBegun: number | undefined): void {
    const { reason, item } = job.overdue(notBegun);
    if (item === undefined) return this.#apply({ type: 'abort', task: job.id, again: job.mayRetry(reason) });
    this.#crew.workerOf(job)?.handle.abort(job.id, reason, item);
    this.#jobs.deadlines.startGrace(job);
  }

  #interrupt(task: number, workerId: number, isFinal: boolean): void {
    const job = this.#jobs.get(task);
    const worker = this.#crew.get(workerId);
    if (job === undefined || worker === undefined) return;
    worker.handle.abort(task, job.reason);
    this.#jobs.deadlines.startGrace(job);
    if (!isFinal || job.isSettled) return;
    job.isSettled = true;
    this.#counts.failed += job.left;
    this.#settlements.push(() => job.settle());
  }

  #graceOver(job: Job): void {
    const worker = this.#crew.workerOf(job);
    if (worker === undefined || !job.isStuck()) return;
    this.#jobs.late(job);
    worker.why ??= `because ${job.name} did not stop within ${this.options.gracePeriod} ms after its abort or time-out`;
    this.#apply({ type: 'graceOver', task: job.id, isResponsive: worker.handle.hasAnswered(job.id) });
  }

  // ---- workers

  #eventsOf(id: number, worker: () => PoolWorker): PoolWorkerEvents {
    return {
      started: () => {
        this.#counts.workersStarted++;
        this.#crew.rests(id);
        this.#apply({ type: 'workerStarted', worker: id });
      },
      takesAhead: () => this.#apply({ type: 'takesAhead', worker: id }),
      outcome: (task, outcome) => this.#ended(task, id, worker(), outcome),
      report: (task, report) => this.#reported(task, id, worker().jobs, report),
      progress: (task, done, total) => this.#jobs.get(task)?.progressed({ done, total }),
      preparing: (task, isPreparing) => {
        const job = this.#jobs.get(task);
        if (job !== undefined) this.#jobs.deadlines.prepare(job, isPreparing);
      },
      heavy: () => {
        this.#takeBack([...worker().jobs]);
        this.#apply({ type: 'retire', worker: id });
      },
      poolsWork: (doWork) => {
        this.#crew.poolsWork(id, doWork);
        this.#apply({ type: 'poolsWork', worker: id, doWork });
      },
      ended: (end, begun, failure) => this.#workerEnded(id, worker(), end, begun, failure),
    };
  }

  #reported(task: number, worker: number, jobs: Set<Job>, told: ChunkReport): void {
    const job = this.#jobs.get(task);
    if (job === undefined) return;
    const report = job.judged(told);
    if (job.isChunk && !job.isSettled) this.#counts.ended(report.values.length, report.failed.length);
    this.#tellings++;
    try {
      if (job.reported(report)) {
        if (job.left > 0 && !job.isSettled) this.#counts.returned(job);
        this.#release(job, worker, jobs, true, false);
      } else if (job.isChunk) {
        this.#jobs.deadlines.restart(job);
        if (this.#jobs.hasMovedOn(job)) this.#apply({ type: 'movedOn', task });
      }
      job.deliver(report);
    } finally {
      this.#told();
    }
  }

  #ended(task: number, id: number, worker: PoolWorker, outcome: Outcome): void {
    const job = this.#jobs.get(task);
    if (job === undefined) return;
    if (outcome.us !== undefined) this.#measure(worker, outcome.us);
    job.keep(outcome);
    const again = !outcome.ok && job.mayRetry(outcome.value);
    this.#tellings++;
    try {
      this.#release(job, id, worker.jobs, outcome.ok, again);
      if (again || job.isSettled) return;
      // A chunk ends as a whole only if the rest of it was not wanted.
      if (job.isChunk) this.#counts.cancelled += job.left;
      else this.#counts.ended(1, outcome.ok ? 0 : 1);
      job.settle();
    } finally {
      this.#told();
    }
  }

  /** Its attempt has ended. The worker gets its next task before anybody hears of it. */
  #release(job: Job, worker: number, jobs: Set<Job>, ok: boolean, again: boolean): void {
    jobs.delete(job);
    if (!again) this.#jobs.drop(job.id);
    if (isObserved('taskSettled')) this.#tellEnd(job, ok);
    this.#apply({ type: 'taskEnded', task: job.id, again });
    if (jobs.size === 0) this.#crew.rests(worker);
  }

  #tellEnd(job: Job, ok: boolean): void {
    const ms = job.since === 0 ? 0 : performance.now() - job.since;
    publish('taskSettled', () => ({ pool: this.name, id: job.id, name: job.name, ms, ok }));
  }

  #workerEnded(
    id: number,
    worker: PoolWorker,
    end: WorkerEnd,
    begun: ReadonlySet<number> | undefined,
    failure: StartFailure | undefined,
  ): void {
    const notBegun: number[] = [];
    for (const job of worker.jobs) {
      const { left } = job;
      const hasBegun = job.isAhead ? job.hasBegunAhead() : begun === undefined || begun.has(job.id);
      if (job.workerLost(end, hasBegun, worker.why)) notBegun.push(job.id);
      if (!job.isSettled) this.#counts.failed += left - job.left;
      this.#settlements.push(() => job.settleLost());
    }
    if (failure === undefined) this.#counts.workersEnded++;
    else this.#startError = failure.error;
    this.#crew.delete(id);
    // A map hears of what it has lost in the course of this, and may try it again.
    this.#apply({ type: 'workerLost', worker: id, notBegun, ...(failure === undefined ? {} : { start: failure.kind }) });
  }
}

function nameOf(fn: unknown): string {
  const { name } = fn as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}
