/**
 * Python's `Pool`: an executor with other names. It takes the results of executors and adds the names. Scheduling and deaths of workers are
 * the executor's part.
 *
 *   open --close()--> closed --terminate()--> terminated
 *     `------------terminate()-----------------^
 *
 * A closed pool goes on with what it was given. The executor is shut down only when the last map has taken its last item,
 * because a map takes its items bit by bit.
 */

import { markClass } from '../../copies.ts';
import { checkFunction, checkInteger, checkOptions, expected } from '../../check.ts';
import { CancelledError, InvalidStateError, ShutDown } from '../../errors.ts';
import { type AsyncResult, type Callbacks, asyncResults } from './async-result.ts';
import { captureSite } from '../../codec/index.ts';
import { collect } from '../futures/collect.ts';
import type { Items } from '../executor.ts';
import { type ImapIterator, ImapResults } from './imap.ts';
import { startOutcomes } from '../map/map-outcomes.ts';
import { contextOf, type ExecutorOptions, type RequiredInitArgs, executorKeys } from '../options.ts';
import type { PoolExecutor } from '../pool-executor.ts';
import { ProcessPoolExecutor } from '../process-pool-executor.ts';
import { showAsText } from '../../repr.ts';
import type { PoolStatistics } from '../workers/statistics.ts';
import { Stoppable } from '../futures/stoppable.ts';
import { type MapOptions, type TaskOptions, mapKeys, taskKeys } from '../jobs/task-options.ts';
import { ThreadPoolExecutor } from '../thread-pool-executor.ts';
import { TypeError } from '../../refusals.ts';

/** Options of a `Pool`: those of an executor, with Python's word for the number of workers. */
export interface PoolOptions<A extends readonly unknown[] = any[]> extends Omit<ExecutorOptions<A>, 'maxWorkers'> {
  /** Workers at most; they start when there is work for them. An integer >= 1; default `os.availableParallelism()`. */
  readonly processes?: number | undefined;
}

/** Options of `applyAsync`: a task's, and callbacks. */
export interface ApplyOptions<R> extends TaskOptions, Callbacks<R> {}

/** Options of `mapAsync` and `starmapAsync`; the callback gets the whole array. */
export interface MapAsyncOptions<R> extends MapOptions, Callbacks<R[]> {}

const poolKeys = ['processes', ...executorKeys.filter((key) => key !== 'maxWorkers')];
const callbackKeys = ['callback', 'errorCallback'];
const applyKeys = [...taskKeys, ...callbackKeys];
const mapAsyncKeys = [...mapKeys, ...callbackKeys];
const poolCounts = { process: 0, thread: 0 };

/** A map whose source is not at its end. */
interface OpenMap {
  readonly source: Stoppable<unknown>;
  /** Resolves when it has come to its end; slow consumers of the results do not delay it. */
  drain(): Promise<void>;
}

/**
 * Runs functions in worker processes, with the interface of Python's `multiprocessing.Pool`. `ThreadPool` is the same with
 * threads.
 *
 * Any function can be handed over: a closure, a method, a lambda. A worker that dies rejects the task that it ran with
 * `WorkerLost` and is replaced. A pool that has nothing to do does not keep the program running.
 *
 * `heddle/coroutine` also has a `Pool`: a group that limits how many greenlets of one thread run at once. This one runs functions in worker
 * processes, on several cores.
 *
 * @example
 * ```ts
 * import { Pool } from 'heddle';
 *
 * await using pool = new Pool(2); // terminated where the block ends
 * console.log(await pool.map((x) => x * x, [1, 2, 3])); // prints: [ 1, 4, 9 ]
 * console.log(await pool.apply(Math.max, [3, 7, 5])); // prints: 7
 * ```
 *
 * @typeParam Init the parameters of its initializer, which `initArgs` must fit
 */
export class Pool<Init extends readonly unknown[] = any[]> implements AsyncDisposable {
  static {
    markClass(this, 'pool');
  }

  /** The kind of its workers. */
  protected static readonly kind: 'process' | 'thread' = 'process';
  readonly #executor: PoolExecutor;
  readonly #name: string;
  readonly #maps: Set<OpenMap> = new Set();
  #state: 'open' | 'closed' | 'terminated' = 'open';
  #terminated: Promise<void> | undefined;

  /**
   * @param processes the number of workers, or options
   * @param more options, where the first is a number
   * @throws TypeError or RangeError naming what is unknown or wrong
   */
  constructor(processes?: number | (PoolOptions<Init> & RequiredInitArgs<Init>), more?: PoolOptions<Init> & RequiredInitArgs<Init>) {
    const { processes: count, ...rest } = readOptions(processes, more);
    if (count !== undefined) checkInteger(count, 'processes', 1);
    const { kind } = new.target;
    this.#name = rest.name ?? `${kind === 'thread' ? 'ThreadPool' : 'Pool'}-${poolCounts[kind] + 1}`;
    const checked = { ...rest, context: contextOf(new.target, rest.context), name: this.#name, maxWorkers: count };
    this.#executor = kind === 'thread' ? new ThreadPoolExecutor(checked) : new ProcessPoolExecutor(checked);
    if (rest.name === undefined) poolCounts[kind]++;
  }

  /** How many workers there are at most. */
  get maxWorkers(): number {
    return this.#executor.maxWorkers;
  }

  /**
   * Calls `fn(...args)` in a worker, and waits for the result.
   *
   * @throws what the function throws, `WorkerLost` if its worker ended before it did, `ShutDown` after `close()`
   */
  apply<R>(fn: () => R): Promise<Awaited<R>>;
  /** The same with arguments. */
  apply<A extends unknown[], R>(fn: (...args: A) => R, args: readonly [...A], options?: TaskOptions): Promise<Awaited<R>>;
  /** As above, with options for the task. */
  apply(fn: (...args: unknown[]) => unknown, args: readonly unknown[] = [], options?: TaskOptions): Promise<unknown> {
    return this.#applied(fn, args, options, taskKeys).get();
  }

  /**
   * Calls `fn(...args)` in a worker, and returns at once. The callbacks run here, in the order in which the calls end, before any `await`
   * of the result resumes.
   */
  applyAsync<R>(fn: () => R): AsyncResult<Awaited<R>>;
  /** The same with arguments. */
  applyAsync<A extends unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: ApplyOptions<Awaited<R>>,
  ): AsyncResult<Awaited<R>>;
  /** As above, with options for the task. */
  applyAsync(fn: (...args: unknown[]) => unknown, args: readonly unknown[] = [], options?: ApplyOptions<unknown>): AsyncResult<unknown> {
    return this.#applied(fn, args, options, applyKeys);
  }

  /**
   * Calls `fn` with each item, and gives the results in the order of the items. All items are run, also after one has failed;
   * then it rejects with the error of the first, in the order of the items, that failed. An error of `items` stands
   * where its next item would have been.
   */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): Promise<Awaited<R>[]> {
    return this.#collected(fn, items, options, mapKeys, false).get() as Promise<Awaited<R>[]>;
  }

  /** `map`, without waiting. */
  mapAsync<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapAsyncOptions<Awaited<R>>): AsyncResult<Awaited<R>[]> {
    return this.#collected(fn, items, options, mapAsyncKeys, false) as AsyncResult<Awaited<R>[]>;
  }

  /** `map` for a function of several parameters: each item is the list of its arguments. */
  starmap<A extends readonly unknown[] | [], R>(fn: (...args: [...A]) => R, tuples: Items<A>, options?: MapOptions): Promise<Awaited<R>[]> {
    return this.#collected(fn, tuples, options, mapKeys, true).get() as Promise<Awaited<R>[]>;
  }

  /** `starmap`, without waiting. */
  starmapAsync<A extends readonly unknown[] | [], R>(
    fn: (...args: [...A]) => R,
    tuples: Items<A>,
    options?: MapAsyncOptions<Awaited<R>>,
  ): AsyncResult<Awaited<R>[]> {
    return this.#collected(fn, tuples, options, mapAsyncKeys, true) as AsyncResult<Awaited<R>[]>;
  }

  /**
   * Calls `fn` with each item, and gives an iterator over the results, in the order of the items. Work begins at once; items
   * are taken as there is room (`bufferSize`), so the source may be endless. An item that failed rejects at its place, and
   * `next()` can be called again for the rest.
   */
  imap<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): ImapIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, false) as ImapIterator<Awaited<R>>;
  }

  /** `imap`, with the results as they come. */
  imapUnordered<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): ImapIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, true) as ImapIterator<Awaited<R>>;
  }

  /** Accepts no more work. Submitted work is still done, also the rest of its maps; then the workers end. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#endIfDone();
  }

  /**
   * Ends the workers now. Tasks that wait reject with `CancelledError`, those that run with `WorkerLost`; sources of maps are
   * closed. These errors count as seen. May be called again, and in every state.
   *
   * @returns a promise for the end of the last worker
   */
  terminate(): Promise<void> {
    this.#state = 'terminated';
    if (this.#terminated === undefined) {
      for (const { source } of this.#maps) source.stop(new CancelledError(`${this.#name} was terminated`));
      this.#terminated = this.#executor.terminateWorkers();
    }
    return this.#terminated;
  }

  /**
   * Waits until everything is done and the workers have ended. The iterators of `imap` are read to their ends, and keep their results for
   * later calls.
   *
   * @throws InvalidStateError if it is neither closed nor terminated
   */
  async join(): Promise<void> {
    if (this.#state === 'open') throw new InvalidStateError(`${this.#name} is open: close() or terminate() it before join()`);
    while (this.#maps.size > 0) await Promise.all([...this.#maps].map((map) => map.drain()));
    await (this.#terminated ?? this.#executor.shutdown());
  }

  /** How many workers and tasks there are, and were. */
  statistics(): PoolStatistics {
    return this.#executor.statistics();
  }

  /** `terminate()`, at the end of an `await using` block: Python's rule for `with Pool()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate();
  }

  /** Starts a call; whatever is wrong with it is what its result rejects with. */
  #result<T>(options: Callbacks<T> | undefined, keys: readonly string[], start: () => PromiseLike<T>): AsyncResult<T> {
    const callbacks: { callback?: Callbacks<T>['callback']; errorCallback?: Callbacks<T>['errorCallback'] } = {};
    // The caller of `terminate` knows of the end: its errors must not end the program as unhandled ones.
    const isExpected = (): boolean => this.#state === 'terminated';
    try {
      checkOptions(options, 'options', keys);
      const { callback, errorCallback } = options ?? {};
      if (errorCallback !== undefined) checkFunction(errorCallback, 'errorCallback');
      callbacks.errorCallback = errorCallback;
      if (callback !== undefined) checkFunction(callback, 'callback');
      callbacks.callback = callback;
      this.#checkOpen();
      return asyncResults.follow(start(), callbacks, isExpected);
    } catch (error) {
      return asyncResults.follow(Promise.reject(error), callbacks, () => false);
    }
  }

  #applied(
    fn: (...args: unknown[]) => unknown,
    args: readonly unknown[],
    options: ApplyOptions<any> | undefined,
    keys: readonly string[],
  ): AsyncResult<unknown> {
    return this.#result(options, keys, () => {
      if (!Array.isArray(args)) throw new TypeError(expected('args', 'an array', args));
      const { callback: _, errorCallback: __, ...task } = options ?? {};
      const executor = options === undefined ? this.#executor : this.#executor.with(task);
      return executor.submit(fn, ...(args as unknown[]));
    });
  }

  #collected(
    fn: unknown,
    items: Items<unknown>,
    options: MapAsyncOptions<any> | undefined,
    keys: readonly string[],
    isSpread: boolean,
  ): AsyncResult<unknown[]> {
    const site = captureSite(this.#collected);
    return this.#result(options, keys, () => {
      const { callback: _, errorCallback: __, ...rest } = options ?? {};
      const source = new Stoppable(items);
      const results = collect(startOutcomes(this.#executor, fn, source.items, rest, { isUnordered: true, isSpread, site }));
      const map: OpenMap = { source, drain: () => ended };
      const end = (): void => this.#mapEnded(map);
      const ended = results.then(end, end);
      this.#maps.add(map);
      return results;
    });
  }

  #iterate(fn: unknown, items: Items<unknown>, options: MapOptions | undefined, isUnordered: boolean): ImapResults {
    const site = captureSite(this.#iterate);
    try {
      checkOptions(options, 'options', mapKeys);
      this.#checkOpen();
      const source = new Stoppable(items);
      const run = startOutcomes(this.#executor, fn, source.items, options, { isUnordered, isSpread: false, site });
      const results = new ImapResults(run, () => this.#mapEnded(map));
      const map: OpenMap = { source, drain: () => results.drain() };
      this.#maps.add(map);
      return results;
    } catch (error) {
      return new ImapResults({ error }, () => {});
    }
  }

  /** `<Pool state=RUN pool_size=4>`; the state is `RUN`, `CLOSE` or `TERMINATE`, as in Python. */
  toString(): string {
    const state = { open: 'RUN', closed: 'CLOSE', terminated: 'TERMINATE' }[this.#state];
    return `<${this.constructor.name} state=${state} pool_size=${this.maxWorkers}>`;
  }

  static {
    showAsText(Pool);
  }

  #checkOpen(): void {
    if (this.#state !== 'open') throw new ShutDown(`${this.#name} is ${this.#state}: it takes no more work`);
  }

  #mapEnded(map: OpenMap): void {
    this.#maps.delete(map);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#state === 'closed' && this.#maps.size === 0) void this.#executor.shutdown({ wait: false });
  }
}

/** `(4)`, `({ processes: 4, … })` or `(4, { … })`. */
function readOptions(first: number | PoolOptions | undefined, more: PoolOptions | undefined): PoolOptions {
  if (typeof first === 'object' && first !== null) {
    checkOptions(first, 'options', poolKeys);
    if (more !== undefined) throw new TypeError(expected('processes', 'a number, as options follow', first));
    return first;
  }
  checkOptions(more, 'options', poolKeys);
  if (first !== undefined && more?.processes !== undefined)
    throw new TypeError(expected('processes', 'given once', `${first}, and ${more.processes} in options`));
  return first === undefined ? (more ?? {}) : { ...more, processes: first };
}
