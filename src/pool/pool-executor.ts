/**
 * The common part of the executors of threads and processes: the calls, with arguments checked and encoded, on the pool inside.
 *
 *   executor --with(options)--> view --with(more)--> view        all of them on one WorkerPool
 */

import type { AsyncItemIterator } from '../iteration.ts';
import { checkBoolean, checkFunction, checkOptions, expected } from '../check.ts';
import { captureFunction } from '../codec/host.ts';
import { type AnyFunction, type Capsule, type Packet, captureSite, encode } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import { whyNoWorkers } from '../places.ts';
import { expectStarts, startMethod, type StartMethod, type WorkerKind } from '../worker/index.ts';
import { Executor, type Items, type MapResults, type ShutdownOptions, type Streamed } from './executor.ts';
import { type Future, futures } from './futures/future.ts';
import { CallJob } from './jobs/call-job.ts';
import { MapIterator, splitOptions, startMap } from './map/map.ts';
import { showAsText } from '../repr.ts';
import { contextOf, type ExecutorOptions, checkExecutorOptions } from './options.ts';
import type { PoolStatistics } from './workers/statistics.ts';
import { StreamIterator, StreamJob, StreamSide } from './jobs/stream-job.ts';
import { type MapOptions, type TaskOptions, type TaskSettings, checkTaskOptions, defaultSettings } from './jobs/task-options.ts';
import { WorkerPool } from './workers/worker-pool.ts';
import { remotePoolFor } from './remote/backend.ts';
import type { TaskPool } from './task-pool.ts';
import { TypeError } from '../refusals.ts';

const poolCounts = { thread: 0, process: 0 };

interface Inside {
  readonly pool: TaskPool;
  readonly settings: TaskSettings;
}

/** No private fields: a view inherits from its executor, and has an inside of its own. */
const insides = new WeakMap<PoolExecutor, Inside>();

/** The inside of an executor, for other ways to run jobs on it. */
export function insideOf(executor: PoolExecutor): Inside {
  const inside = insides.get(executor);
  if (inside === undefined) throw new TypeError('a method of an executor was called on another object');
  return inside;
}

/** A pool without a reachable executor gets no more tasks; its workers need not wait for any. */
const dropped = new FinalizationRegistry<TaskPool>((pool) => void pool.shutdown(false));

/** An executor whose workers are its own: what `ThreadPoolExecutor` and `ProcessPoolExecutor` have in common. */
export abstract class PoolExecutor extends Executor {
  /**
   * @internal
   * @param kind what its workers are; or the pool, where that is made elsewhere
   */
  protected constructor(kind: WorkerKind | object, options?: ExecutorOptions) {
    super();
    const pool = typeof kind === 'string' ? makePool(kind, options, new.target) : (kind as TaskPool);
    insides.set(this, { pool, settings: defaultSettings });
    dropped.register(this, pool);
  }

  /** The most workers: see `Executor.maxWorkers`. */
  override get maxWorkers(): number {
    return insideOf(this).pool.options.maxWorkers;
  }

  /** A view of the pool with options for its tasks: see `Executor.with`. */
  override with(options: TaskOptions): this {
    const { pool, settings } = insideOf(this);
    const view = Object.create(this) as this;
    insides.set(view, { pool, settings: checkTaskOptions(options, settings) });
    return view;
  }

  /** Calls `fn(...args)` in a worker: see `Executor.submit`. */
  override submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    const { pool, settings } = insideOf(this);
    const id = pool.nextId();
    const future = futures.create<Awaited<R>>();
    try {
      const { capsule, packet } = encodeCall(pool, settings, fn, args);
      pool.submit(new CallJob(pool, id, future, capsule, packet, settings, captureSite(this.submit), true), false);
    } catch (error) {
      futures.settle(future, false, error);
    }
    return future;
  }

  // The signatures of `Executor` again: an override that did not repeat them would hide them, and with them all inference.
  /** Calls `fn` with each item, in parallel: see `Executor.map`. */
  override map<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): MapResults<Awaited<R>>;
  /** Calls `fn` with each item, in parallel: see `Executor.map`. */
  override map<T1, T2, R>(fn: (a: T1, b: T2) => R, as: Items<T1>, bs: Items<T2>, options?: MapOptions): MapResults<Awaited<R>>;
  /** Calls `fn` with each item, in parallel: see `Executor.map`. */
  override map<T1, T2, T3, R>(
    fn: (a: T1, b: T2, c: T3) => R,
    as: Items<T1>,
    bs: Items<T2>,
    cs: Items<T3>,
    options?: MapOptions,
  ): MapResults<Awaited<R>>;
  /** Calls `fn` with each item, in parallel: see `Executor.map`. */
  override map<R>(fn: (...args: never[]) => R, ...rest: unknown[]): MapResults<Awaited<R>> {
    const site = captureSite(this.map);
    return new MapIterator<Awaited<R>>(() =>
      startMap({ ...insideOf(this), fn, ...splitOptions(rest), isUnordered: false, site, owner: this }),
    );
  }

  /** Yields the values of a generator in a worker: see `Executor.stream`. */
  override stream<A extends unknown[], T>(fn: (...args: A) => Streamed<T> | PromiseLike<Streamed<T>>, ...args: A): AsyncItemIterator<T> {
    const { pool, settings } = insideOf(this);
    const side = new StreamSide(settings, captureSite(this.stream));
    return new StreamIterator<T>(this, side, () => {
      const { capsule, packet } = encodeCall(pool, { ...settings, retries: 0 }, fn, args);
      const job = new StreamJob(pool, pool.nextId(), capsule, packet, settings, side);
      pool.submit(job, false);
      return job;
    });
  }

  /** Calls `fn` once in each worker: see `Executor.broadcast`. */
  override async broadcast<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>[]> {
    const { pool, settings } = insideOf(this);
    const site = captureSite(this.broadcast);
    const { capsule, packet } = encodeCall(pool, settings, fn, args, true);
    const jobs = Array.from({ length: pool.options.maxWorkers }, () => {
      const id = pool.nextId();
      return new CallJob(pool, id, futures.create(), capsule, packet, settings, site, false);
    });
    pool.broadcast(jobs);
    const ends = await Promise.allSettled(jobs.map((job) => job.future));
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value as Awaited<R>;
    });
  }

  /** Ends the pool after its tasks: see `Executor.shutdown`. */
  override shutdown(options?: ShutdownOptions): Promise<void> {
    try {
      checkOptions(options, 'options', ['wait', 'cancelFutures']);
      checkBoolean(options?.wait, 'wait');
      checkBoolean(options?.cancelFutures, 'cancelFutures');
    } catch (error) {
      return Promise.reject(error);
    }
    const finished = insideOf(this).pool.shutdown(options?.cancelFutures ?? false);
    return (options?.wait ?? true) ? finished : Promise.resolve();
  }

  /** Ends the workers: see `Executor.terminateWorkers`. */
  override terminateWorkers(): Promise<void> {
    return insideOf(this).pool.terminate('SIGTERM', 'terminateWorkers');
  }

  /** Kills the workers: see `Executor.killWorkers`. */
  override killWorkers(): Promise<void> {
    return insideOf(this).pool.terminate('SIGKILL', 'killWorkers');
  }

  /** The present state in numbers: see `Executor.statistics`. */
  override statistics(): PoolStatistics {
    return insideOf(this).pool.statistics();
  }

  /** `<ThreadPoolExecutor state=RUN max_workers=4>`; the state is `RUN`, `SHUTDOWN` or `BROKEN`. */
  override toString(): string {
    const inside = insides.get(this);
    if (inside === undefined) return `<${this.constructor.name}>`;
    const { isShutDown, isClosed, options } = inside.pool;
    const state = isShutDown ? 'SHUTDOWN' : isClosed ? 'BROKEN' : 'RUN';
    return `<${this.constructor.name} state=${state} max_workers=${options.maxWorkers}>`;
  }

  static {
    showAsText(PoolExecutor);
  }
}

function makePool(kind: WorkerKind, options: ExecutorOptions | undefined, Class: object): TaskPool {
  const why = whyNoWorkers();
  if (why !== undefined) throw new HeddleError(why);
  const checked = checkExecutorOptions(options);
  const method = methodOf(kind, contextOf(Class, checked.context));
  const name = (): string => checked.name ?? `${kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor'}-${++poolCounts[kind]}`;
  const remote = remotePoolFor(name, checked);
  if (remote !== undefined) return remote;
  if (method === 'forkserver') expectStarts();
  return new WorkerPool(method === 'thread' ? 'thread' : 'process', name(), { ...checked, isWarm: method === 'forkserver' });
}

/** How the workers start. @throws TypeError for threads that have to be processes */
function methodOf(kind: WorkerKind, context: StartMethod | undefined): StartMethod {
  if (kind === 'process') return context ?? startMethod();
  if (context !== undefined && context !== 'thread')
    throw new TypeError(expected('context', `that of threads ('thread'), as the workers are threads`, context));
  return 'thread';
}

/** @throws what is wrong with the arguments, ShutDown, the signal's reason, or SerializationError for what cannot cross */
function encodeCall(
  pool: TaskPool,
  { signal, transfer, retries }: TaskSettings,
  fn: unknown,
  args: readonly unknown[],
  isForMany: boolean = false,
): { readonly capsule: Capsule; readonly packet: Packet } {
  checkFunction(fn, 'fn');
  // oxlint-disable-next-line typescript/only-throw-error -- the reason is the user's
  if (signal?.aborted === true) throw signal.reason;
  // The worker starts while we encode.
  pool.announce(fn);
  const { border } = pool;
  const capsule = captureFunction(fn as AnyFunction, border);
  // Memory that is sent several times must not move with the first.
  const packet = encode(args, { root: 'args', border, transfer, keep: isForMany || retries > 0, lends: true, isOwnList: true });
  return { capsule, packet };
}
