/** The options of executors and of `map`, and their checks. */

import { availableParallelism } from 'node:os';
import { checkFunction, checkInteger, checkOptions, expected } from '../check.ts';
import type { AnyFunction } from '../codec/index.ts';
import type { ResourceLimits } from '../worker/index.ts';

export interface ExecutorOptions {
  /** Workers at most; they start when there is work for them. An integer >= 1; default `os.availableParallelism()`. */
  readonly maxWorkers?: number | undefined;
  /** Tasks that one worker runs at a time, which pays when they mostly wait. An integer >= 1; default 1. */
  readonly tasksPerWorker?: number | undefined;
  /** Tasks that may wait for a worker; at it `submit` rejects with `Full`, `map` waits. An integer >= 1; default no limit. */
  readonly queueLimit?: number | undefined;
  /** Runs once in every worker before its first task. A worker whose initializer fails counts as not started. */
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  /** Arguments of the initializer; default none. */
  readonly initargs?: readonly unknown[] | undefined;
  /** Memory limits of each worker, in MiB; default Node's. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Name of the pool, in events and of its threads; default `ThreadPoolExecutor-1` and so on. */
  readonly name?: string | undefined;
}

export interface MapOptions {
  /** Items that travel together. An integer >= 1; default: chosen by measuring, so that a chunk takes about 10 ms. */
  readonly chunkSize?: number | undefined;
  /** Items taken from the iterables whose results were not taken from `map` yet, at most. An integer >= 1; default 4 × workers × chunkSize. */
  readonly bufferSize?: number | undefined;
}

const executorKeys = ['maxWorkers', 'tasksPerWorker', 'queueLimit', 'initializer', 'initargs', 'resourceLimits', 'name'];
const limitKeys = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
const mapKeys = ['chunkSize', 'bufferSize'];

export interface CheckedOptions {
  readonly maxWorkers: number;
  readonly tasksPerWorker: number;
  readonly queueLimit: number;
  readonly initializer: AnyFunction | undefined;
  readonly initargs: readonly unknown[];
  readonly resourceLimits: ResourceLimits | undefined;
  readonly name: string | undefined;
}

export function checkExecutorOptions(options: ExecutorOptions | undefined): CheckedOptions {
  checkOptions(options, 'options', executorKeys);
  const { maxWorkers, tasksPerWorker, queueLimit, initializer, initargs, resourceLimits, name } = options ?? {};
  if (initializer !== undefined) checkFunction(initializer, 'initializer');
  if (initargs !== undefined && !Array.isArray(initargs)) throw new TypeError(expected('initargs', 'an array', initargs));
  if (name !== undefined && typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
  checkOptions(resourceLimits, 'resourceLimits', limitKeys);
  for (const [key, limit] of Object.entries(resourceLimits ?? {})) {
    if (limit === undefined) continue;
    if (typeof limit !== 'number') throw new TypeError(expected(`resourceLimits.${key}`, 'a number > 0', limit));
    if (!(limit > 0)) throw new RangeError(expected(`resourceLimits.${key}`, 'a number > 0', limit));
  }
  return {
    maxWorkers: maxWorkers === undefined ? availableParallelism() : checkInteger(maxWorkers, 'maxWorkers', 1),
    tasksPerWorker: tasksPerWorker === undefined ? 1 : checkInteger(tasksPerWorker, 'tasksPerWorker', 1),
    queueLimit: queueLimit === undefined || queueLimit === Infinity ? Infinity : checkInteger(queueLimit, 'queueLimit', 1),
    initializer,
    initargs: initargs ?? [],
    resourceLimits,
    name,
  };
}

/** @throws TypeError or RangeError, naming what is wrong */
export function checkMapOptions(options: MapOptions | undefined): MapOptions {
  checkOptions(options, 'options', mapKeys);
  const { chunkSize, bufferSize } = options ?? {};
  if (chunkSize !== undefined) checkInteger(chunkSize, 'chunkSize', 1);
  if (bufferSize !== undefined) checkInteger(bufferSize, 'bufferSize', 1);
  return { chunkSize, bufferSize };
}
