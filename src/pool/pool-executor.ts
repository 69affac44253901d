/**
 * A pool of workers of one kind: carries out what the scheduler decides. `ThreadPoolExecutor` and `ProcessPoolExecutor`
 * differ by the kind alone.
 *
 *   submit/map --job--> scheduler --dispatch--> WorkerHandle --outcome--> job settles its future or items
 */

import { type Border, type Capsule, type Packet, captureFunction, encode } from '../codec/index.ts';
import { checkBoolean, checkFunction, checkOptions } from '../check.ts';
import { BrokenProcessPool, BrokenThreadPool, Full, HeddleError, ShutDown, type WorkerEnd } from '../errors.ts';
import { publish } from '../events.ts';
import { type Outcome, WorkerHandle, type WorkerKind } from '../worker/index.ts';
import { captureSite } from './call-site.ts';
import { Executor, type Items, type ShutdownOptions } from './executor.ts';
import { type Future, futures } from './future.ts';
import { CallJob, type Job, summary } from './job.ts';
import { KeepAlive } from './keep-alive.ts';
import type { JobBoard } from './map-run.ts';
import { MapIterator, splitOptions, startMap } from './map.ts';
import { type CheckedOptions, type ExecutorOptions, type MapOptions, checkExecutorOptions, checkMapOptions } from './options.ts';
import { type Instruction, type SchedulerEvent, type SchedulerState, createState, hasRoom, step } from './scheduler.ts';

const maxFailedStarts = 3;
/** The id of the initializer's call; tasks count from 1. */
const initializerId = 0;
const poolCounts = { thread: 0, process: 0 };

interface PoolWorker {
  readonly handle: WorkerHandle;
  /** What it was given and has not ended. */
  readonly jobs: Set<Job>;
}

/** The inside of a pool, for other ways to run jobs on it. */
export let boardOf: (executor: PoolExecutor) => JobBoard;

export abstract class PoolExecutor extends Executor {
  readonly #kind: WorkerKind;
  readonly #options: CheckedOptions;
  readonly #name: string;
  readonly #state: SchedulerState;
  readonly #jobs: Map<number, Job> = new Map();
  readonly #workers: Map<number, PoolWorker> = new Map();
  readonly #keepAlive: KeepAlive = new KeepAlive();
  readonly #hungry: Set<() => void> = new Set();
  readonly #board: JobBoard;
  readonly #initializer: { readonly capsule: Capsule; readonly args: Packet } | undefined;
  #nextId = 1;
  #startError: unknown;
  readonly #finished: Deferred = deferred();

  protected constructor(kind: WorkerKind, options: ExecutorOptions | undefined) {
    super();
    this.#kind = kind;
    this.#options = checkExecutorOptions(options);
    this.#name = this.#options.name ?? `${kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor'}-${++poolCounts[kind]}`;
    this.#state = createState({ ...this.#options, maxFailedStarts });
    const border: Border = { kind };
    this.#board = {
      border,
      maxWorkers: this.#options.maxWorkers,
      nextId: () => this.#nextId++,
      // A map waits at the queueLimit: it has no more chunks in the queue than its buffer allows.
      submit: (job) => this.#submit(job, true),
      cancel: (job) => void this.#cancel(job.id),
      hasRoom: () => hasRoom(this.#state),
      onRoom: (callback) => void this.#hungry.add(callback),
    };
    const { initializer, initargs } = this.#options;
    if (initializer !== undefined) {
      this.#initializer = { capsule: captureFunction(initializer, border), args: encode([...initargs], { root: 'initargs', border }) };
    }
  }

  override submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    const id = this.#nextId++;
    const future = futures.create<Awaited<R>>(() => this.#cancel(id));
    try {
      checkFunction(fn, 'fn');
      if (this.#state.isShutDown) throw this.#refusal('shutDown');
      // The worker starts while we encode.
      if (hasRoom(this.#state)) this.#apply({ type: 'announce' });
      const { border } = this.#board;
      const capsule = captureFunction(fn, border);
      const packet = encode(args, { root: 'args', border });
      this.#submit(new CallJob(id, future as Future<unknown>, capsule, packet, captureSite(this.submit)), false);
    } catch (error) {
      futures.settle(future as Future<unknown>, false, error);
    }
    return future;
  }

  // The signatures of `Executor` again: an override that did not repeat them would hide them, and with them all inference.
  override map<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): AsyncIterableIterator<Awaited<R>>;
  override map<T1, T2, R>(fn: (a: T1, b: T2) => R, as: Items<T1>, bs: Items<T2>, options?: MapOptions): AsyncIterableIterator<Awaited<R>>;
  override map<T1, T2, T3, R>(
    fn: (a: T1, b: T2, c: T3) => R,
    as: Items<T1>,
    bs: Items<T2>,
    cs: Items<T3>,
    options?: MapOptions,
  ): AsyncIterableIterator<Awaited<R>>;
  override map<R>(fn: (...args: never[]) => R, ...rest: unknown[]): AsyncIterableIterator<Awaited<R>> {
    const site = captureSite(this.map);
    return new MapIterator<Awaited<R>>(() => {
      const { iterables, options } = splitOptions(rest);
      return startMap(this.#board, fn, iterables, checkMapOptions(options), { isUnordered: false, site });
    });
  }

  override shutdown(options?: ShutdownOptions): Promise<void> {
    try {
      checkOptions(options, 'options', ['wait', 'cancelFutures']);
      checkBoolean(options?.wait, 'wait');
      checkBoolean(options?.cancelFutures, 'cancelFutures');
    } catch (error) {
      return Promise.reject(error);
    }
    this.#apply({ type: 'shutdown', cancelFutures: options?.cancelFutures ?? false });
    return (options?.wait ?? true) ? this.#finished.promise : Promise.resolve();
  }

  #submit(job: Job, isBounded: boolean): void {
    job.since = performance.now();
    this.#jobs.set(job.id, job);
    this.#apply({ type: 'submit', task: job.id, isBounded });
  }

  /** Returns whether it was still waiting. */
  #cancel(id: number): boolean {
    const isWaiting = this.#jobs.has(id);
    this.#apply({ type: 'cancel', task: id });
    return isWaiting && !this.#jobs.has(id);
  }

  // ---- carrying out what the scheduler decides

  #apply(event: SchedulerEvent): void {
    for (const instruction of step(this.#state, event)) this.#carryOut(instruction);
    this.#keepAlive.set(this.#jobs.size > 0 || (this.#state.isShutDown && !this.#state.isFinished));
    if (this.#hungry.size === 0 || !hasRoom(this.#state)) return;
    const hungry = [...this.#hungry];
    this.#hungry.clear();
    for (const callback of hungry) callback();
  }

  #carryOut(instruction: Instruction): void {
    switch (instruction.type) {
      case 'dispatch':
        return this.#dispatch(instruction.task, instruction.worker);
      case 'start':
        return this.#startWorker(instruction.worker);
      case 'stop':
        return this.#workers.get(instruction.worker)?.handle.stop();
      case 'cancelled':
        return this.#take(instruction.task)?.cancelled();
      case 'refuse':
        return this.#take(instruction.task)?.dropped(this.#refusal(instruction.why));
      case 'fail':
        return this.#take(instruction.task)?.dropped(this.#refusal('broken'));
      case 'finished':
        this.#keepAlive.end();
        return this.#finished.resolve();
      case 'lose':
        // Its job knows and has settled what was lost.
        this.#jobs.delete(instruction.task);
        return;
      case 'requeue':
        return;
    }
  }

  #take(id: number): Job | undefined {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    return job;
  }

  #dispatch(task: number, workerId: number): void {
    const job = this.#jobs.get(task)!;
    const worker = this.#workers.get(workerId)!;
    const now = performance.now();
    publish('taskStarted', () => ({ pool: this.#name, id: job.id, name: job.name, queued: now - job.since }));
    job.since = now;
    worker.jobs.add(job);
    job.send(worker.handle);
  }

  #refusal(why: 'shutDown' | 'full' | 'broken'): HeddleError {
    if (why === 'shutDown') return new ShutDown(`${this.#name} is shut down: it takes no more tasks`);
    if (why === 'full') return new Full(`${this.#name} has ${this.#options.queueLimit} waiting tasks, its queueLimit`);
    const Broken = this.#kind === 'thread' ? BrokenThreadPool : BrokenProcessPool;
    return new Broken(`${this.#name} cannot start its workers: ${summary(this.#startError)}`, { cause: this.#startError });
  }

  // ---- workers

  #startWorker(id: number): void {
    const jobs = new Set<Job>();
    let startError: unknown;
    let handle: WorkerHandle;
    const started = (): void => this.#apply({ type: 'workerStarted', worker: id });
    try {
      handle = new WorkerHandle(
        this.#kind,
        { name: this.#name, resourceLimits: this.#options.resourceLimits },
        {
          ready: () => {
            if (this.#initializer === undefined) started();
            else handle.call(initializerId, this.#initializer.capsule, this.#initializer.args);
          },
          outcome: (task, outcome) => {
            if (task !== initializerId) return this.#settled(task, jobs, outcome);
            if (outcome.ok) return started();
            startError = outcome.value;
            handle.kill();
          },
          report: (task, report) => {
            const job = this.#jobs.get(task);
            if (job === undefined) return;
            if (job.reported(report)) this.#release(job, jobs, true);
            job.deliver(report);
          },
          ended: (end, begun) => this.#workerEnded(id, jobs, end, begun, startError),
        },
      );
      this.#workers.set(id, { handle, jobs });
    } catch (error) {
      const end: WorkerEnd = { kind: this.#kind, pid: null, threadId: null, exitCode: null, signal: null, error };
      process.nextTick(() => this.#workerEnded(id, jobs, end, undefined, error));
    }
  }

  #settled(task: number, jobs: Set<Job>, outcome: Outcome): void {
    const job = this.#jobs.get(task);
    if (job === undefined) return;
    // The worker gets its next task before anybody hears of this one.
    this.#release(job, jobs, outcome.ok);
    job.settled(outcome);
  }

  #release(job: Job, jobs: Set<Job>, ok: boolean): void {
    this.#jobs.delete(job.id);
    jobs.delete(job);
    publish('taskSettled', () => ({ pool: this.#name, id: job.id, name: job.name, ms: performance.now() - job.since, ok }));
    this.#apply({ type: 'taskSettled', task: job.id });
  }

  #workerEnded(id: number, jobs: Set<Job>, end: WorkerEnd, begun: ReadonlySet<number> | undefined, startError: unknown): void {
    const notBegun: number[] = [];
    const losses: (() => void)[] = [];
    for (const job of jobs) {
      const loss = job.workerLost(end, begun === undefined || begun.has(job.id));
      if (loss.remains) notBegun.push(job.id);
      losses.push(loss.settle);
    }
    if (this.#state.workers.get(id)?.state === 'starting') this.#startError = startError ?? end.error ?? startFailure(end);
    this.#workers.delete(id);
    this.#apply({ type: 'workerLost', worker: id, notBegun });
    for (const settle of losses) settle();
  }

  static {
    boardOf = (executor) => executor.#board;
  }
}

function startFailure(end: WorkerEnd): HeddleError {
  const how = end.signal === null ? `exited with code ${end.exitCode}` : `was killed by ${end.signal}`;
  return new HeddleError(`a worker ${end.kind} ${how} before it was ready`);
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
