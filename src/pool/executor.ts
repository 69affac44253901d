/** The promises of every executor, whatever its workers are. */

import type { AsyncItemIterator } from '../iteration.ts';
import { markClass } from '../copies.ts';
import type { Future } from './futures/future.ts';
import type { PoolStatistics } from './workers/statistics.ts';
import type { MapOptions, TaskOptions } from './jobs/task-options.ts';
import { TypeError } from '../refusals.ts';

/** The source of items for `map`. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** The results of `map` of an executor, in the order of the items. An error, of an item or of the source, ends them. */
export interface MapResults<R> extends AsyncIterableIterator<R> {
  /**
   * Takes all results that were not taken yet.
   *
   * @returns a promise of them; it rejects with the first error, as the iteration does: results before that are lost
   *
   * @example
   * ```ts
   * import { ThreadPoolExecutor } from 'heddle';
   *
   * await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
   * console.log(await pool.map((n) => n * n, [1, 2, 3]).toArray()); // prints: [ 1, 4, 9 ]
   * ```
   */
  toArray(): Promise<R[]>;
}

/** The return types of a streamed function. */
export type Streamed<T> = Iterable<T> | AsyncIterable<T>;

/** Options of `shutdown`. */
export interface ShutdownOptions {
  /** True: the promise waits until all tasks and workers have ended. Default true. */
  readonly wait?: boolean | undefined;
  /** True: tasks that no worker has begun are cancelled instead of run. Default false. */
  readonly cancelFutures?: boolean | undefined;
}

/**
 * Runs functions elsewhere. This class cannot be constructed: use `ThreadPoolExecutor` or `ProcessPoolExecutor`, which give the same
 * results.
 */
export abstract class Executor implements AsyncDisposable {
  static {
    markClass(this, 'pool');
  }

  constructor() {
    if (new.target === Executor) throw new TypeError('Executor cannot be constructed: use ThreadPoolExecutor or ProcessPoolExecutor');
  }

  /** How many workers there are at most. Not changed by `with()`. */
  abstract get maxWorkers(): number;

  /**
   * Calls `fn(...args)` in a worker. The function may be any: local, a closure, a method. The function and its arguments are copied during
   * this call; later changes are not seen. A value that cannot cross rejects the future with `SerializationError`.
   *
   * @returns a future of what it returns, or what a promise it returns resolves to
   *
   * The future rejects with what the function throws, `WorkerLost` if its worker ended before it did, `ShutDown` after
   * `shutdown`, `Full` at the pool's `queueLimit`, `BrokenThreadPool` or `BrokenProcessPool` if no worker can be started.
   */
  abstract submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;

  /**
   * Calls `fn` with each item, in parallel, and returns the results in the order of the items. Work begins with this call. Items are taken
   * as there is space (`bufferSize`), so the source may be endless. A synchronous source is read that far during this call. If its items
   * take long to make, use an async one, or a small `bufferSize`. Small items travel in chunks. Items that were read before a `shutdown()`
   * are computed.
   *
   * Items in shared memory, those of a `SharedArray` or of a typed array made by `share`, are not copied: a worker reads each when its turn comes.
   *
   * An item that fails throws at its position and ends the iteration, as in Python; so does an error of the source.
   * Leaving the loop early closes the source and cancels what was not begun. If a worker is lost, the item that it ran fails
   * with `WorkerLost` (of tiny items about a millisecond's worth, if it was killed from outside); the others run elsewhere,
   * none of them twice.
   */
  abstract map<T, R>(fn: (item: T) => R, items: Items<T>, options?: MapOptions): MapResults<Awaited<R>>;
  /** The same with two sources: `fn` gets one item of each; the shorter source ends the map. */
  abstract map<T1, T2, R>(fn: (a: T1, b: T2) => R, as: Items<T1>, bs: Items<T2>, options?: MapOptions): MapResults<Awaited<R>>;
  /** The same with three sources. */
  abstract map<T1, T2, T3, R>(
    fn: (a: T1, b: T2, c: T3) => R,
    as: Items<T1>,
    bs: Items<T2>,
    cs: Items<T3>,
    options?: MapOptions,
  ): MapResults<Awaited<R>>;

  /**
   * Calls `fn(...args)`, a generator or whatever else returns an iterable, in a worker, and gives its values as they come. The
   * worker is up to 64 values or 1 MiB ahead of the consumer, buffers included; a bigger value is one ahead. An error stands behind the last
   * value before it.
   *
   * Leaving the loop early aborts the task: a generator gets to its `finally`. The `timeout` of `with()` is for the whole stream.
   * A stream is not tried again.
   *
   * @example
   * ```ts
   * import { ThreadPoolExecutor } from 'heddle';
   *
   * await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
   * function* powers(base: number) {
   *   for (let power = 1; ; power *= base) yield power;
   * }
   * for await (const power of pool.stream(powers, 10)) {
   *   console.log(power);
   *   if (power === 100) break;
   * }
   * // prints: 1
   * // prints: 10
   * // prints: 100
   * ```
   */
  abstract stream<A extends unknown[], T>(fn: (...args: A) => Streamed<T> | PromiseLike<Streamed<T>>, ...args: A): AsyncItemIterator<T>;

  /**
   * The same executor with other settings: what is submitted through it has these options, over those it has already.
   *
   * @example
   * ```ts
   * import { ThreadPoolExecutor } from 'heddle';
   *
   * await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
   * const forever = () => {
   *   for (;;);
   * };
   * await pool.with({ timeout: 100 }).submit(forever).catch((error) => console.log(error.message));
   * // prints: forever has not ended within 100 ms
   * console.log(await pool.submit(() => 'the pool goes on')); // prints: the pool goes on
   * ```
   *
   * @throws TypeError or RangeError naming an option that is unknown or wrong
   */
  abstract with(options: TaskOptions): this;

  /**
   * Calls `fn(...args)` once in each of `maxWorkers` workers, which start if they have not, and gives the results when all
   * have ended. A worker that starts later has not had it: what every worker needs belongs into `initializer`.
   *
   * Rejects with the first error, when all have ended, and as `submit` does.
   */
  abstract broadcast<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>[]>;

  /** Accepts no more tasks. Submitted tasks still run, unless `cancelFutures` is set; then the workers end. Further calls are allowed. */
  abstract shutdown(options?: ShutdownOptions): Promise<void>;

  /**
   * Shuts down at once: what waits is cancelled, and the workers are ended with what they run, which rejects with `WorkerLost`.
   * A process hears `SIGTERM` first, and `SIGKILL` if it has not ended `gracePeriod` milliseconds later.
   */
  abstract terminateWorkers(): Promise<void>;

  /** As `terminateWorkers`, but processes are sent `SIGKILL` at once. */
  abstract killWorkers(): Promise<void>;

  /** How many workers and tasks there are, and were. */
  abstract statistics(): PoolStatistics;

  /** `shutdown()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}
