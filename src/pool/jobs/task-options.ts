/** The options of single tasks and of maps, and their checks. */

import { types } from 'node:util';
import { checkBoolean, checkFunction, checkInteger, checkOptions, checkTimeout, expected } from '../../check.ts';
import type { Progress } from '../../progress/index.ts';
import type { Key } from '../scheduler/index.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** Milliseconds, or a function that gives them for the attempt that failed, counted from 1. */
export type Backoff = number | ((attempt: number) => number);

/** Options of a task, for `with()`. */
export interface TaskOptions {
  /** Aborts the task: it rejects at once with the signal's reason. A worker that runs it is told, and ended if it does not stop. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The milliseconds that its code may run; then it rejects with `TimeoutError`, and the rules of an abort apply. Heddle's work for it in
   * the worker, such as importing, decoding and encoding, does not count: that may take `startTimeout`. In a map: of each item. Default: no
   * limit.
   */
  readonly timeout?: number | undefined;
  /** Tasks of one key run one after another, in order, in the same worker as long as that lives. A string or number. */
  readonly key?: string | number | undefined;
  /** Further attempts after an error, a time-out or the loss of the worker; an abort is not tried again. An integer >= 0; default 0. */
  readonly retries?: number | undefined;
  /**
   * Narrows `retries`: whether a task that failed with this error is tried again. Called with what the task threw, `TimeoutError` or
   * `WorkerLost`. Default: every one is.
   */
  readonly retryOn?: ((error: unknown) => boolean) | undefined;
  /**
   * Milliseconds from the end of an attempt to the next, or a function that gives them for the attempt that failed, counted from 1.
   * The worker takes other tasks meanwhile. A number >= 0; default 0.
   */
  readonly backoff?: Backoff | undefined;
  /** Tasks that wait begin in the order of their priority, the highest first. A number; default 0. */
  readonly priority?: number | undefined;
  /**
   * True if it may run twice: it runs again, beside its `retries`, when a worker of another machine is lost. Workers of this machine report
   * the tasks that they had begun, and run nothing twice. Default false.
   */
  readonly idempotent?: boolean | undefined;
  /** Buffers among the arguments that are handed over instead of copied, as `move()` does. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
  /** Called with what the task tells by `currentTask().progress(done, total)`, in the caller. */
  readonly progress?: ((progress: TaskProgress) => void) | undefined;
}

/** How far a task says it is. */
export interface TaskProgress {
  /** The amount that is done. */
  readonly done: number;
  /** Null if it did not say. */
  readonly total: number | null;
}

/** Options of `map`. */
export interface MapOptions {
  /**
   * Items that travel together. An integer >= 1; default: chosen by measuring, so that a chunk takes about 10 ms. Of an async iterable fewer go
   * when a worker has nothing else to do. Within a chunk, results of what took less than a millisecond may come with the result that follows them.
   * Where the last items took less than 5 µs each, up to eight results come together.
   */
  readonly chunkSize?: number | undefined;
  /**
   * Items that `map` may have read and whose results were not taken from it yet. An integer >= 1; default
   * 4 × workers × tasksPerWorker × chunkSize. A synchronous iterable is read so far during the call of `map`.
   *
   * Items and results are bounded by bytes as well, whatever this is: a map that holds 16 MiB of them begins no item, except for a worker
   * that has nothing to do. Results that wait for the consumer stop the workers from 16 MiB on. Bigger ones pass one by one.
   */
  readonly bufferSize?: number | undefined;
  /** Aborts the whole map: it rejects with the signal's reason, the source is closed, and what runs is stopped as an aborted task is. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds the code of each item may run; then it fails with `TimeoutError`, also if it still ends
   * well before its worker would be ended for it (`gracePeriod`). Default: no limit.
   */
  readonly timeout?: number | undefined;
  /** Further attempts of each item after an error, a time-out or the loss of its worker. An integer >= 0; default 0. */
  readonly retries?: number | undefined;
  /** Narrows `retries`: whether an item that failed with this error is tried again. Default: every one is. */
  readonly retryOn?: ((error: unknown) => boolean) | undefined;
  /** Milliseconds from the end of an item's attempt to the next, or a function that gives them for the attempt that failed, from 1. Default 0. */
  readonly backoff?: Backoff | undefined;
  /**
   * Shows how far the map is, on standard error: a bar on a terminal; in a file or a pipe a line every 10 s, and one at the end. A string is
   * its label. The bar steps aside for what the program and its worker threads print. A function is called with the numbers instead, when they change, at most ten times a second
   * and at the end. Default: nothing.
   */
  readonly progress?: boolean | string | ((progress: Progress) => void) | undefined;
}

/** Checked, and with defaults. One record serves all tasks of a pool, or of a `with()`. */
export interface TaskSettings {
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly key: Key | undefined;
  readonly retries: number;
  readonly retryOn: ((error: unknown) => boolean) | undefined;
  readonly backoff: Backoff;
  readonly priority: number;
  readonly idempotent: boolean;
  readonly transfer: readonly ArrayBuffer[];
  readonly progress: ((progress: TaskProgress) => void) | undefined;
}

/** The same of a map. */
export interface MapSettings {
  readonly chunkSize: number | undefined;
  readonly bufferSize: number | undefined;
  readonly progress: MapOptions['progress'];
  /** Of each item; the signal is the whole map's. */
  readonly settings: TaskSettings;
}

export const defaultSettings: TaskSettings = {
  signal: undefined,
  timeout: Infinity,
  key: undefined,
  retries: 0,
  retryOn: undefined,
  backoff: 0,
  priority: 0,
  idempotent: false,
  transfer: [],
  progress: undefined,
};

export const taskKeys = [
  'signal',
  'timeout',
  'key',
  'retries',
  'retryOn',
  'backoff',
  'priority',
  'idempotent',
  'transfer',
  'progress',
] as const;
export const mapKeys: readonly string[] = ['chunkSize', 'bufferSize', 'signal', 'timeout', 'retries', 'retryOn', 'backoff', 'progress'];

/** @throws TypeError or RangeError, naming what is wrong */
export function checkTaskOptions(options: TaskOptions | undefined, base: TaskSettings = defaultSettings): TaskSettings {
  checkOptions(options, 'options', taskKeys);
  const { signal, timeout, key, retries, retryOn, backoff, priority, idempotent, transfer, progress } = options ?? {};
  if (signal !== undefined) checkSignal(signal);
  checkBoolean(idempotent, 'idempotent');
  if (key !== undefined && typeof key !== 'string' && typeof key !== 'number')
    throw new TypeError(expected('key', 'a string or a number', key));
  if (retryOn !== undefined) checkFunction(retryOn, 'retryOn');
  if (progress !== undefined) checkFunction(progress, 'progress');
  if (priority !== undefined && typeof priority !== 'number') throw new TypeError(expected('priority', 'a number', priority));
  if (Number.isNaN(priority)) throw new RangeError(expected('priority', 'a number', priority));
  if (transfer !== undefined) checkTransfer(transfer);
  return {
    signal: signal ?? base.signal,
    timeout: timeout === undefined ? base.timeout : checkTimeout(timeout),
    key: key ?? base.key,
    retries: retries === undefined ? base.retries : checkInteger(retries, 'retries', 0),
    retryOn: retryOn ?? base.retryOn,
    backoff: backoff === undefined ? base.backoff : checkBackoff(backoff),
    priority: priority ?? base.priority,
    idempotent: idempotent ?? base.idempotent,
    transfer: transfer ?? base.transfer,
    progress: progress ?? base.progress,
  };
}

function checkTransfer(list: unknown): void {
  if (!Array.isArray(list)) throw new TypeError(expected('transfer', 'an array of ArrayBuffers', list));
  for (const [i, each] of list.entries())
    if (!types.isArrayBuffer(each)) throw new TypeError(expected(`transfer[${i}]`, 'an ArrayBuffer', each));
}

/** True if a task with these settings may be told to stop. */
export function isAbortable({ signal, timeout }: TaskSettings): boolean {
  return signal !== undefined || timeout !== Infinity;
}

/** True if the time of such a task is measured. */
export function isTimed({ timeout }: TaskSettings): boolean {
  return timeout !== Infinity;
}

/** True if a task with these settings may call back. */
export function hasCallbacks({ retryOn, progress, backoff }: TaskSettings): boolean {
  return retryOn !== undefined || progress !== undefined || typeof backoff === 'function';
}

function checkBackoff(value: unknown): Backoff {
  return typeof value === 'function' ? (value as Backoff) : checkDelay(value, 'backoff', 'a number >= 0 or a function');
}

/** Milliseconds that end. @throws TypeError or RangeError */
export function checkDelay(value: unknown, what: string, rule: string = 'a number >= 0'): number {
  if (typeof value !== 'number') throw new TypeError(expected(what, rule, value));
  if (!(value >= 0 && value < Infinity)) throw new RangeError(expected(what, rule, value));
  return value;
}

/** By its shape: a signal may come from another realm. */
function checkSignal(value: unknown): void {
  const { aborted, addEventListener } = (typeof value === 'object' && value !== null ? value : {}) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw new TypeError(expected('signal', 'an AbortSignal', value));
}

/** @throws TypeError or RangeError, naming what is wrong */
export function checkMapOptions(options: MapOptions | undefined, base: TaskSettings): MapSettings {
  checkOptions(options, 'options', mapKeys);
  const { chunkSize, bufferSize, signal, timeout, retries, retryOn, backoff, progress } = options ?? {};
  if (chunkSize !== undefined) checkInteger(chunkSize, 'chunkSize', 1);
  if (bufferSize !== undefined) checkInteger(bufferSize, 'bufferSize', 1);
  if (progress !== undefined && !['boolean', 'string', 'function'].includes(typeof progress))
    throw new TypeError(expected('progress', 'a boolean, a string or a function', progress));
  return { chunkSize, bufferSize, progress, settings: checkTaskOptions({ signal, timeout, retries, retryOn, backoff }, base) };
}
