import { checkInteger, checkTimeout, expected } from '../check.ts';
import { TypeError } from '../refusals.ts';
import { PoolExecutor, type PoolStatistics, RemotePool } from '../pool/index.ts';
import { checkBackendOptions } from './server/backend.ts';
import { openLink } from './tasks/caller.ts';
import { readTaskBackend, type TaskBackendOptions, taskBackendKeys } from './options.ts';

/** Options of a `DistributedExecutor`. */
export interface DistributedExecutorOptions extends TaskBackendOptions {
  /** Tasks that may wait for a worker; at it `submit` rejects with `Full`, `map` waits. An integer >= 1; default no limit. */
  readonly queueLimit?: number | undefined;
  /** Tasks of a map that are under way at a time, at most. An integer >= 1; default: as many as all workers run at a time. */
  readonly maxWorkers?: number | undefined;
  /**
   * Milliseconds that this program may be silent, as when it is busy or cut off, until its waiting tasks are removed. An integer >= 5000; default 15,000.
   */
  readonly callerTimeout?: number | undefined;
  /** Name of the executor, in errors; default `DistributedExecutor-1` and so on. */
  readonly name?: string | undefined;
}

/** Plain numbers, as they are at the moment: those of a pool, and of the messages of workers. */
export interface DistributedStatistics extends PoolStatistics {
  /** Messages that were refused: not signed, altered, or not for this caller. */
  readonly refused: number;
  /** Messages for tasks that had ended already. */
  readonly duplicates: number;
}

const keys = [...taskBackendKeys, 'queueLimit', 'maxWorkers', 'callerTimeout', 'name'] as const;
const shortestTimeout = 5000;
let count = 0;

const pools = new WeakMap<object, RemotePool>();

/**
 * Runs functions in workers of other machines, which join by `heddle worker`. An `Executor` as those of one machine are.
 *
 * A function must be an export of a module that both sides have, unless `allowFunctions` is set.
 *
 * @example
 * ```ts no-run: needs a server
 * import { basename } from 'node:path';
 * import { DistributedExecutor } from 'heddle/distributed';
 *
 * const { HEDDLE_AUTHKEY: authkey } = process.env;
 * await using executor = new DistributedExecutor({ url: 'redis://127.0.0.1:6379', authkey });
 * const names = await executor.with({ retries: 2 }).map(basename, ['/a/b.png', '/c.png']).toArray();
 * ```
 */
export class DistributedExecutor extends PoolExecutor {
  /** @throws TypeError or RangeError naming an option that is unknown or wrong, also for a server on another machine without TLS and a password */
  constructor(options: DistributedExecutorOptions = {}) {
    checkBackendOptions(options, keys);
    const { queueLimit = Infinity, maxWorkers = Infinity, callerTimeout = 15_000, name } = options;
    if (queueLimit !== Infinity) checkInteger(queueLimit, 'queueLimit', 1);
    if (maxWorkers !== Infinity) checkInteger(maxWorkers, 'maxWorkers', 1);
    checkInteger(callerTimeout, 'callerTimeout', shortestTimeout);
    if (name !== undefined && typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
    const tasks = readTaskBackend(options);
    const pool = new RemotePool(
      name ?? `DistributedExecutor-${++count}`,
      { border: { kind: 'network', code: tasks.allowFunctions }, queueLimit, maxWorkers, initializer: undefined },
      (events) => openLink({ ...tasks, callerTimeout }, events),
    );
    super(pool);
    pools.set(this, pool);
  }

  /** How many tasks the workers that have joined run at a time; 0 before the first look at the server. */
  override get maxWorkers(): number {
    return poolOf(this).knownSlots;
  }

  /**
   * Connects to the server, and waits for workers.
   *
   * @param workers how many must have joined; default 1
   * @param timeout milliseconds, 0 or more; default: indefinitely
   * @returns true if `workers` workers have joined by then
   */
  async ready(workers: number = 1, timeout?: number): Promise<boolean> {
    checkInteger(workers, 'workers', 0);
    return poolOf(this).untilJoined(workers, checkTimeout(timeout));
  }

  /** Calls `fn(...args)` once in each of the slots of the workers that have joined. Waits for the first of them. */
  override async broadcast<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>[]> {
    await poolOf(this).untilJoined(1, Infinity);
    return super.broadcast(fn, ...args);
  }

  /** The number of workers, tasks and refused messages. */
  override statistics(): DistributedStatistics {
    return { ...super.statistics(), ...poolOf(this).linkCounts };
  }
}

/** A view made by `with()` inherits from its executor. */
function poolOf(executor: object): RemotePool {
  for (let at: object | null = executor; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const pool = pools.get(at);
    if (pool !== undefined) return pool;
  }
  throw new TypeError('a method of a DistributedExecutor was called on another object');
}
