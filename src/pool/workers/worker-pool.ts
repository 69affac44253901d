/**
 * The inside of a pool: carries out what the scheduler decides. Executors are its outside; it does not know them, so that one
 * that is dropped can be noticed.
 *
 *   job --> scheduler --dispatch--> worker --outcome--> scheduler --> job settles its future or items
 *
 *   jobs.ts    jobs that have not ended: their signals and times        crew.ts         the workers
 *   scheduler/ the worker of each job, and the handling of its end      sent-ahead.ts   the tasks ahead of busy workers
 *   job.ts     the meaning of an outcome for its waiters
 */

import type { Border } from '../../codec/index.ts';
import { BrokenProcessPool, BrokenThreadPool, Full, type HeddleError, InvalidStateError, ShutDown, type WorkerEnd } from '../../errors.ts';
import { areTasksObserved, isObserved, publish } from '../../events.ts';
import { type ChunkReport, isUnasked, whyPoolIsRefused, type WorkerKind } from '../../worker/index.ts';
import { Crew } from './crew.ts';
import { Deferred } from '../futures/deferred.ts';
import type { Job } from '../jobs/job.ts';
import { summary } from '../jobs/job-errors.ts';
import { Jobs } from '../jobs/jobs.ts';
import { KeepAlive } from './keep-alive.ts';
import type { WorkerPoolOptions } from '../options.ts';
import type { PoolWorker, PoolWorkerEvents, StartFailure } from './pool-worker.ts';
import {
  type Instruction,
  type SchedulerEvent,
  type SchedulerState,
  createState,
  hasRoom,
  step,
  takesRetries,
} from '../scheduler/index.ts';
import { jobsOf, SentAhead } from './sent-ahead.ts';
import { Counts, type PoolStatistics } from './statistics.ts';
import { Callbacks, type Holder, Holders, type Weak } from './waiters.ts';

const maxFailedStarts = 3;

export class WorkerPool {
  readonly border: Border & { readonly kind: WorkerKind };
  readonly name: string;
  readonly options: WorkerPoolOptions;
  readonly #state: SchedulerState;
  readonly #jobs: Jobs;
  readonly #crew: Crew;
  readonly #keepAlive: KeepAlive = new KeepAlive();
  /** The callbacks of waiters for space. */
  readonly #roomWaiters = new Callbacks();
  readonly #holders = new Holders();
  readonly #counts: Counts = new Counts();
  readonly #finished: Deferred = new Deferred();
  /** The settlements to report, when the pool has come to rest. */
  #settlements: (() => void)[] = [];
  readonly #sentAhead: SentAhead;
  /** Instructions that came while others were carried out. */
  readonly #later: (readonly Instruction[])[] = [];
  #isCarryingOut = false;
  /** Above 0 while waiters are told what has ended: they may submit it again. */
  #tellings = 0;
  #nextId = 1;
  #startError: unknown;
  #killSignal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL';
  /** True if its first use was by code that no task ran; undefined until then. */
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
    this.#crew = new Crew(this.border, name, options, (worker) => this.#apply({ type: 'idleOver', worker }));
    this.#sentAhead = new SentAhead(this.#state, this.#crew, {
      apply: (event) => this.#apply(event),
      perform: (event) => this.#perform(step(this.#state, event)),
    });
    // Where its use is refused, its workers start with the first use.
    if (options.minWorkers > 0 && whyPoolIsRefused() === undefined) this.#open();
  }

  /** Ids are used once. @param count of the ids from the one returned on */
  nextId(count: number = 1): number {
    const id = this.#nextId;
    this.#nextId += count;
    return id;
  }

  /** True if it accepts no more jobs. */
  get isShutDown(): boolean {
    return this.#state.isShutDown;
  }

  /** True if failed jobs may be tried again: also after a shutdown that cancels nothing. */
  get takesRetries(): boolean {
    return takesRetries(this.#state);
  }

  /** True if one more job would begin at once, or when a worker has started that starts for it. */
  get hasRoom(): boolean {
    return hasRoom(this.#state);
  }

  /** True if one more job would be refused, and every one after it. */
  get isClosed(): boolean {
    return this.#state.isShutDown || this.#state.isBroken;
  }

  /** Calls back once, when there is room, or will never be. */
  onRoom(callback: () => void): void {
    this.#roomWaiters.add(callback);
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
    const { signal } = job.settings;
    this.#add(job);
    this.#apply({ type: 'submit', task: job, isBounded, startsHeld: delay > 0 });
    if (delay > 0 && job.isOpen) this.#hold(job, delay);
    if (signal !== undefined) this.#lookAtSignal(job);
  }

  /** One job for each worker. */
  broadcast(jobs: readonly Job[]): void {
    for (const job of jobs) this.#add(job);
    this.#apply({ type: 'broadcast', tasks: jobs });
    for (const job of jobs) this.#lookAtSignal(job);
  }

  /** The signal may have been aborted while the arguments were read. */
  #lookAtSignal(job: Job): void {
    const { signal } = job.settings;
    if (signal?.aborted === true) this.abort(job, signal.reason);
  }

  #add(job: Job): void {
    this.#counts.submitted(job);
    this.#jobs.add(job);
    if (!areTasksObserved()) return;
    job.since = performance.now();
    // An observer of the beginning of tasks is told of each when it begins.
    if (isObserved('taskStarted')) job.goesAhead = false;
  }

  /** Returns whether it was still waiting. */
  cancel(job: Job): boolean {
    const isThere = job.isListed;
    if (job.ticket !== 0) this.#sentAhead.takeBack([job]);
    this.#apply({ type: 'cancel', task: job });
    return isThere && !job.isListed;
  }

  /** Aborts a job that is not wanted. A worker that runs it is told, and ended if the job does not stop. */
  abort(job: Job, reason: unknown): void {
    if (job.isOpen) this.#aborted(job, reason);
  }

  /** Takes it out if it waits; a chunk that runs begins no further item. */
  curtail(job: Job): void {
    if (!job.isOpen || this.cancel(job)) return;
    job.at?.handle.curtail(job);
  }

  /** Records that the job waits for its consumer, or goes on. */
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
    return this.#holders.add(holder);
  }

  shutdown(cancelFutures: boolean): Promise<void> {
    this.#holders.submitAll();
    if (cancelFutures) this.#sentAhead.takeAllBack();
    this.#apply({ type: 'shutdown', cancelFutures });
    if (cancelFutures) this.#crew.hurry();
    return this.#finished.promise;
  }

  /** Shuts down, cancels what waits, and ends the workers with what they run. */
  terminate(signal: 'SIGTERM' | 'SIGKILL', caller: string): Promise<void> {
    this.#killSignal = signal;
    this.#holders.submitAll();
    this.#sentAhead.takeAllBack();
    this.#crew.explainEnd(`by ${caller}()`);
    this.#apply({ type: 'terminate' });
    return this.#finished.promise;
  }

  statistics(): PoolStatistics {
    return this.#counts.statistics(this.#state);
  }

  // ---- carrying out what the scheduler decides

  #apply(event: SchedulerEvent): void {
    const instructions = step(this.#state, event);
    if (instructions.length > 0) this.#perform(instructions);
    if (this.#isCarryingOut) return;
    this.#refreshKeepAlive();
    if (this.#settlements.length > 0) this.#settle();
    if (this.#roomWaiters.size > 0 && (this.hasRoom || this.isClosed)) this.#roomWaiters.call();
    if (this.#state.ahead > 0 && this.#state.free.size > 0) this.#sentAhead.balanceSoon();
    if (this.#state.isShutDown && event.type !== 'windDown') this.#windDown();
  }

  /** After a shutdown: ends workers that have nothing to do, when all have heard of what they did. */
  #windDown(): void {
    if (this.#state.isShutDown && this.#tellings === 0 && !this.#isCarryingOut) this.#apply({ type: 'windDown' });
  }

  /** Called after the waiters were told. */
  #told(): void {
    this.#tellings--;
    if (this.#state.isShutDown) this.#windDown();
  }

  /** Performs instructions. An observer of events may do anything meanwhile; its consequences come after them. */
  #perform(instructions: readonly Instruction[]): void {
    if (this.#isCarryingOut) return void this.#later.push(instructions);
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
    const isOn = this.#jobs.awaited > 0 || this.#crew.hosts > 0 || (this.#state.isShutDown && !this.#state.isFinished);
    if (isOn !== this.#keepAlive.isOn) this.#keepAlive.set(isOn);
  }

  /** Handlers of users may call back into the pool here. */
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

  /** The scheduler's tasks are the jobs that it was given. */
  #carryOut(instruction: Instruction): void {
    switch (instruction.type) {
      case 'dispatch':
        return this.#dispatch(instruction.task as Job, instruction.worker, instruction.isAhead === true);
      case 'recall':
        return this.#sentAhead.recall(instruction.tasks as readonly Job[]);
      case 'start':
        return this.#crew.start(instruction.worker, this.#isUnasked === true, (worker) => this.#eventsOf(worker));
      case 'stop':
        return this.#crew.stop(instruction.worker, this.#state.isCancelled);
      case 'kill':
        return this.#crew.kill(instruction.worker, this.#state.isShutDown ? this.#killSignal : 'SIGKILL');
      case 'interrupt':
        return this.#interrupt(instruction.task as Job, instruction.isFinal);
      case 'requeue':
        return this.#return(instruction.task as Job, 'requeue');
      case 'retry':
        return this.#retry(instruction.task as Job, instruction.isLost === true);
      case 'release':
        return this.#jobs.drop(instruction.task as Job);
      case 'settle':
      case 'lose':
      case 'aborted':
        return this.#fail(instruction.task as Job);
      case 'cancelled': {
        const job = instruction.task as Job;
        if (!job.isOpen) return;
        this.#jobs.drop(job);
        this.#counts.cancelled += job.left;
        return void this.#settlements.push(() => job.cancelled());
      }
      case 'refuse':
        return this.#fail(instruction.task as Job, this.#refusal(instruction.why));
      case 'fail':
        return this.#fail(instruction.task as Job, this.#refusal('broken'));
      case 'finished':
        this.#keepAlive.end();
        this.#crew.end();
        return this.#finished.resolve();
    }
  }

  /** Called when it waits again. */
  #return(job: Job, why: 'requeue' | 'retry'): void {
    this.#jobs.deadlines.stop(job);
    job.ticket = 0;
    job.returned(why);
  }

  /** The user's own functions say whether, and when. */
  #retry(job: Job, isLost: boolean): void {
    this.#jobs.deadlines.stop(job);
    if (job.holdsRetries && isLost && !job.mayRetry(job.reason)) return this.#apply({ type: 'giveUp', task: job });
    const delay = job.holdsRetries ? job.backoff() : 0;
    this.#counts.retried++;
    this.#return(job, 'retry');
    if (job.holdsRetries) this.#hold(job, delay);
  }

  /** Begins the attempt after `delay` milliseconds. */
  #hold(job: Job, delay: number): void {
    const resume = (): void => this.#apply({ type: 'resume', task: job });
    if (delay > 0) this.#jobs.hold(job, delay, resume);
    else resume();
  }

  /** @param error what it fails with; default: what was heard last */
  #fail(job: Job, error?: HeddleError): void {
    if (!job.isOpen) return;
    this.#jobs.drop(job);
    this.#counts.failed += job.left;
    if (error !== undefined) job.aborted(error);
    this.#settlements.push(() => job.settle());
  }

  #dispatch(job: Job, workerId: number, isAhead: boolean): void {
    const worker = this.#crew.get(workerId)!;
    if (areTasksObserved()) this.#tellStart(job);
    this.#crew.gets(worker, job);
    if (job.settings.timeout !== Infinity) this.#jobs.deadlines.start(job);
    job.wasSentAhead = isAhead;
    job.send(worker.handle, isAhead);
    // No word was free for it: it begins at once.
    if (isAhead && job.ticket === 0) this.#perform(step(this.#state, { type: 'recalled', tasks: [], begun: [job] }));
  }

  #tellStart(job: Job): void {
    const now = performance.now();
    // A job that was submitted before the first observer came has no time.
    const queued = job.since === 0 ? 0 : now - job.since;
    publish('taskStarted', () => ({ pool: this.name, id: job.id, name: job.name, queued }));
    job.since = now;
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
    if (job.ticket !== 0) this.#sentAhead.takeBack([job]);
    this.#apply({ type: 'abort', task: job, again: false });
  }

  #overdue(job: Job, notBegun: number | undefined): void {
    const { reason, item } = job.overdue(notBegun);
    if (item === undefined) return this.#apply({ type: 'abort', task: job, again: job.mayRetry(reason) });
    job.at?.handle.abort(job, reason, item);
    this.#jobs.deadlines.startGrace(job);
  }

  #interrupt(job: Job, isFinal: boolean): void {
    if (!job.isOpen || job.at === undefined) return;
    job.at.handle.abort(job, job.reason);
    this.#jobs.deadlines.startGrace(job);
    if (!isFinal || job.isSettled) return;
    job.isSettled = true;
    this.#counts.failed += job.left;
    this.#settlements.push(() => job.settle());
  }

  #graceOver(job: Job): void {
    const worker = job.at;
    if (worker === undefined || !job.isLate()) return;
    this.#jobs.late(job);
    worker.why ??= `because ${job.name} did not stop within ${this.options.gracePeriod} ms after its abort or time-out`;
    this.#apply({ type: 'graceOver', task: job, isResponsive: job.unanswered === 0 });
  }

  // ---- workers

  /** The tasks of the worker's events are the jobs that it was sent. */
  #eventsOf(its: () => PoolWorker): PoolWorkerEvents {
    return {
      started: () => {
        const worker = its();
        this.#counts.workersStarted++;
        this.#crew.mayRest(worker);
        this.#apply({ type: 'workerStarted', worker: worker.id });
      },
      takesAhead: () => this.#apply({ type: 'takesAhead', worker: its().id }),
      outcome: (task, ok, value, us) => this.#ended(task as Job, ok, value, us),
      report: (task, report) => this.#reported(task as Job, report),
      progress: (task, done, total) => {
        if ((task as Job).isOpen) (task as Job).progressed({ done, total });
      },
      preparing: (task, isPreparing) => {
        if ((task as Job).isOpen) this.#jobs.deadlines.prepare(task as Job, isPreparing);
      },
      heavy: () => {
        this.#sentAhead.takeBackFrom(its());
        this.#apply({ type: 'retire', worker: its().id });
      },
      poolsWork: (doWork) => {
        const worker = its().id;
        this.#crew.poolsWork(worker, doWork);
        this.#apply({ type: 'poolsWork', worker, doWork });
      },
      ended: (end, begun, failure) => this.#workerEnded(its(), end, begun, failure),
    };
  }

  #reported(job: Job, report: ChunkReport): void {
    if (!job.isOpen) return;
    const { isSettled, isChunk } = job;
    const { ended, failed, isDone, tell } = job.report(report);
    if (isChunk && !isSettled) this.#counts.ended(ended, failed);
    this.#tellings++;
    try {
      if (isDone) {
        if (job.left > 0 && !isSettled) this.#counts.returned(job);
        this.#release(job, true, false, areTasksObserved());
      } else if (isChunk) {
        this.#jobs.deadlines.restart(job);
        if (this.#jobs.hasMovedOn(job)) this.#apply({ type: 'movedOn', task: job });
      }
      tell();
    } finally {
      this.#told();
    }
  }

  /** @param us microseconds that it took; -1: no worker ran it */
  #ended(job: Job, ok: boolean, value: unknown, us: number): void {
    if (!job.isOpen) return;
    const isWatched = areTasksObserved();
    if (us >= 0 && job.at !== undefined) this.#sentAhead.measured(job.at, us, isWatched);
    const again = job.end(ok, value);
    this.#tellings++;
    try {
      this.#release(job, ok, again, isWatched);
      if (again || job.isSettled) return;
      // A chunk ends as a whole only if the rest of it was not wanted.
      if (job.isChunk) this.#counts.cancelled += job.left;
      else this.#counts.ended(1, ok ? 0 : 1);
      job.settle();
    } finally {
      this.#told();
    }
  }

  /** Called when its attempt has ended. The worker gets its next task before the outcome is reported. */
  #release(job: Job, ok: boolean, again: boolean, isWatched: boolean): void {
    const worker = job.at;
    if (!again) this.#jobs.drop(job);
    if (isWatched) this.#tellEnd(job, ok);
    if (worker !== undefined) this.#crew.loses(worker, job);
    this.#apply({ type: 'taskEnded', task: job, again });
    if (worker !== undefined) this.#crew.mayRest(worker);
  }

  #tellEnd(job: Job, ok: boolean): void {
    const ms = job.since === 0 ? 0 : performance.now() - job.since;
    publish('taskSettled', () => ({ pool: this.name, id: job.id, name: job.name, ms, ok }));
  }

  #workerEnded(worker: PoolWorker, end: WorkerEnd, begun: ReadonlySet<number> | undefined, failure: StartFailure | undefined): void {
    const { id, why } = worker;
    const notBegun: Job[] = [];
    for (const job of jobsOf(this.#state, worker)) {
      const { left, ticket } = job;
      const isBegun = ticket === 0 ? begun === undefined || begun.has(job.id) : worker.handle.hasBegun(ticket);
      const { isLeft, tell } = job.lose({ end, isBegun, why });
      job.at = undefined;
      if (isLeft) notBegun.push(job);
      if (!job.isSettled) this.#counts.failed += left - job.left;
      if (tell !== undefined) this.#settlements.push(tell);
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
