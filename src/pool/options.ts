/** The options of executors, and their checks. */

import { availableParallelism } from 'node:os';
import { checkFunction, checkInteger, checkOptions, checkTimeout, expected } from '../check.ts';
import type { AnyFunction } from '../codec/index.ts';
import { checkStartMethod, type ResourceLimits, type StartMethod } from '../worker/index.ts';
import { RangeError, TypeError } from '../refusals.ts';

/** Options of an executor. @typeParam A the parameters of the initializer */
export interface ExecutorOptions<A extends readonly unknown[] = any[]> {
  /** Workers at most; they start when there is work for them. An integer >= 1; default `os.availableParallelism()`. */
  readonly maxWorkers?: number | undefined;
  /** Workers that start at once and are kept though they have nothing to do. An integer from 0 to `maxWorkers`; default 0. */
  readonly minWorkers?: number | undefined;
  /** The milliseconds of idleness after which a worker is ended; `Infinity`: never. Default 10,000. */
  readonly idleTimeout?: number | undefined;
  /** Tasks that one worker runs at a time, which pays when they mostly wait. An integer >= 1; default 1. */
  readonly tasksPerWorker?: number | undefined;
  /** Tasks that may wait for a worker; at it `submit` rejects with `Full`, `map` waits. An integer >= 1; default no limit. */
  readonly queueLimit?: number | undefined;
  /** Runs once in every worker before its first task. A worker whose initializer fails counts as not started. */
  readonly initializer?: ((...args: [...A]) => unknown) | undefined;
  /** Arguments of the initializer; default none. */
  readonly initArgs?: readonly [...A] | undefined;
  /** The old name of `initArgs`. */
  readonly initargs?: readonly [...A] | undefined;
  /**
   * Tasks, or items of a map, that a worker runs before another takes its place. An integer >= 1; default no limit. A chunk is
   * not split for it.
   */
  readonly maxTasksPerChild?: number | undefined;
  /**
   * The bytes of memory at which a worker that has ended a task is replaced: the resident set of a process, the heap of a thread. An
   * integer >= 1; default no limit. The limit does not end a task; `resourceLimits` does.
   */
  readonly maxMemory?: number | undefined;
  /** The milliseconds from the abort or timeout of a task until its worker is ended; `Infinity`: never. Default 500. */
  readonly gracePeriod?: number | undefined;
  /** The old name of `gracePeriod`. */
  readonly graceful?: number | undefined;
  /**
   * Milliseconds a worker may take to start, its initializer included, and for what it imports and decodes for a task that has a `timeout`;
   * `Infinity`: indefinitely. Default 30,000.
   */
  readonly startTimeout?: number | undefined;
  /** Memory limits of each worker, in MiB; default Node's. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Node's own options for the workers; default those of this program. */
  readonly execArgv?: readonly string[] | undefined;
  /** Environment variables of the workers; default those of this program when the worker starts. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * How worker processes start: a context, or the name of its start method. `'forkserver'` takes warm processes where they are ready, `'thread'`
   * makes the workers threads. Default: the start method of the program (`setStartMethod`), which is `'spawn'`.
   */
  readonly context?: StartMethod | { getStartMethod(): StartMethod } | undefined;
  /** Name of the pool, in events and of its threads; default `ThreadPoolExecutor-1` and so on. */
  readonly name?: string | undefined;
}

/** Asks for the arguments of an initializer that has to have some. */
export type RequiredInitArgs<A extends readonly unknown[]> = [] extends A
  ? unknown
  : { readonly initArgs: readonly [...A] } | { readonly initargs: readonly [...A] };

/** Options of an executor's constructor: `initArgs` fit the `initializer`. */
export type ConstructorOptions<A extends readonly unknown[]> = ExecutorOptions<A> & RequiredInitArgs<A>;

export const executorKeys: readonly string[] = [
  'maxWorkers',
  'minWorkers',
  'idleTimeout',
  'tasksPerWorker',
  'queueLimit',
  'initializer',
  'initArgs',
  'initargs',
  'maxTasksPerChild',
  'maxMemory',
  'gracePeriod',
  'graceful',
  'startTimeout',
  'resourceLimits',
  'execArgv',
  'env',
  'context',
  'name',
];
const limitKeys = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];

export interface CheckedOptions {
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly idleTimeout: number;
  readonly tasksPerWorker: number;
  readonly queueLimit: number;
  readonly initializer: AnyFunction | undefined;
  readonly initArgs: readonly unknown[];
  readonly maxTasksPerChild: number;
  readonly maxMemory: number;
  readonly gracePeriod: number;
  readonly startTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly context: StartMethod | undefined;
  readonly name: string | undefined;
}

/** The options of a pool of workers. */
export interface WorkerPoolOptions extends CheckedOptions {
  /** True: blank processes become its workers, where they are ready. */
  readonly isWarm: boolean;
}

/** @throws TypeError or RangeError, naming what is wrong */
export function checkExecutorOptions(options: ExecutorOptions | undefined): CheckedOptions {
  checkOptions(options, 'options', executorKeys);
  const { initializer, resourceLimits, execArgv, env, context, name, ...numbers } = options ?? {};
  if (initializer !== undefined) checkFunction(initializer, 'initializer');
  const argsName = givenName(options, 'initArgs', 'initargs');
  const initArgs = options?.[argsName];
  if (initArgs !== undefined && !Array.isArray(initArgs)) throw new TypeError(expected(argsName, 'an array', initArgs));
  const graceName = givenName(options, 'gracePeriod', 'graceful');
  const gracePeriod = options?.[graceName];
  if (name !== undefined && typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((argument) => typeof argument === 'string')))
    throw new TypeError(expected('execArgv', 'an array of strings', execArgv));
  if (env !== undefined && (typeof env !== 'object' || env === null)) throw new TypeError(expected('env', 'an object', env));
  checkLimits(resourceLimits);
  const maxWorkers = numbers.maxWorkers === undefined ? availableParallelism() : checkInteger(numbers.maxWorkers, 'maxWorkers', 1);
  return {
    maxWorkers,
    minWorkers: numbers.minWorkers === undefined ? 0 : checkInteger(numbers.minWorkers, 'minWorkers', 0, maxWorkers),
    idleTimeout: numbers.idleTimeout === undefined ? 10_000 : checkTimeout(numbers.idleTimeout, 'idleTimeout'),
    tasksPerWorker: numbers.tasksPerWorker === undefined ? 1 : checkInteger(numbers.tasksPerWorker, 'tasksPerWorker', 1),
    queueLimit: checkCount(numbers.queueLimit, 'queueLimit'),
    initializer,
    initArgs: initArgs ?? [],
    maxTasksPerChild: checkCount(numbers.maxTasksPerChild, 'maxTasksPerChild'),
    maxMemory: checkCount(numbers.maxMemory, 'maxMemory'),
    gracePeriod: gracePeriod === undefined ? 500 : checkTimeout(gracePeriod, graceName),
    startTimeout: numbers.startTimeout === undefined ? 30_000 : checkTimeout(numbers.startTimeout, 'startTimeout'),
    resourceLimits,
    execArgv,
    env,
    context: methodOf(context),
    name,
  };
}

/** Classes of contexts, and their start methods. */
const boundMethods = new WeakMap<object, StartMethod>();

/** Has the workers of a class of pools start by one method, and those of its subclasses. */
export function bindMethod(Class: object, method: StartMethod): void {
  boundMethods.set(Class, method);
}

/** The context that a pool was given, or that its class is bound to. @throws TypeError if these are two */
export function contextOf(Class: object, given: ExecutorOptions['context'] | null): StartMethod | undefined {
  const chosen = methodOf(given);
  let bound: StartMethod | undefined;
  for (let each: object | null = Class; bound === undefined && each !== null; each = Object.getPrototypeOf(each) as object | null)
    bound = boundMethods.get(each);
  if (bound !== undefined && chosen !== undefined && chosen !== bound)
    throw new TypeError(expected('context', `'${bound}', as the class is that of this context`, given));
  return bound ?? chosen;
}

/** @throws TypeError if it is neither a context nor a start method */
function methodOf(context: ExecutorOptions['context'] | null): StartMethod | undefined {
  if (context === undefined) return undefined;
  const isContext = typeof context === 'object' && typeof context?.getStartMethod === 'function';
  if (!isContext && typeof context !== 'string')
    throw new TypeError(expected('context', `a context, 'spawn', 'forkserver' or 'thread'`, context));
  return checkStartMethod(isContext ? context.getStartMethod() : context);
}

/** The name by which an option that has an old one was given. @throws TypeError if it was given by both */
function givenName<N extends keyof ExecutorOptions, O extends keyof ExecutorOptions>(
  options: ExecutorOptions | undefined,
  name: N,
  old: O,
): N | O {
  if (options?.[old] === undefined) return name;
  if (options[name] !== undefined) throw new TypeError(`${old} is the old name of ${name}: expected one of them, got both`);
  return old;
}

/** An integer >= 1, or no limit. */
function checkCount(value: number | undefined, what: string): number {
  return value === undefined || value === Infinity ? Infinity : checkInteger(value, what, 1);
}

function checkLimits(limits: ResourceLimits | undefined): void {
  checkOptions(limits, 'resourceLimits', limitKeys);
  for (const [key, limit] of Object.entries(limits ?? {})) {
    if (limit === undefined) continue;
    if (typeof limit !== 'number') throw new TypeError(expected(`resourceLimits.${key}`, 'a number > 0', limit));
    if (!(limit > 0)) throw new RangeError(expected(`resourceLimits.${key}`, 'a number > 0', limit));
  }
}
