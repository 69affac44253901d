/**
 * Contexts: the API of processes and pools, bound to one start method.
 *
 *    spawn        each process starts anew
 *    forkserver   warm processes wait for what they will run (`worker/host/blanks.ts`)
 *    thread       processes and the workers of pools are threads of this program
 *
 * A context holds nothing but the name of its method, so that it crosses like any other value.
 */

import { pathToFileURL } from 'node:url';
import { checkBoolean, checkOptions, expected } from '../check.ts';
import { importLeadsToMain, travelByName } from '../codec/index.ts';
import { ProcessError } from '../errors.ts';
import { bindMethod, Pool, ProcessPoolExecutor, ThreadPool, ThreadPoolExecutor } from '../pool/index.ts';
import { Deque, LifoQueue, Pipe, PriorityQueue, Queue, SimpleQueue } from '../channel/index.ts';
import {
  activeChildren,
  cpuCount,
  currentProcess,
  ForkServerProcess,
  parentProcess,
  type Process,
  SpawnProcess,
  ThreadProcess,
} from '../process/index.ts';
import { TypeError } from '../refusals.ts';
import { RawArray, RawValue, SharedArray, Value } from '../shared/index.ts';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from '../sync/index.ts';
import {
  checkStartMethod,
  chooseMethod,
  chosenMethod,
  expectStarts,
  setPreload,
  startMethod,
  type StartMethod,
  startMethods,
} from '../worker/ground.ts';

/** Options of {@link getContext}. */
export interface ContextOptions {
  /** Modules that the warm processes of `forkserver` load ahead, as {@link setForkserverPreload} takes them. Default: as they are. */
  readonly preload?: readonly (string | URL)[] | undefined;
}

/** Options of {@link setStartMethod}. */
export interface StartMethodOptions extends ContextOptions {
  /** True: also where the program has chosen or used a method before. Default false. */
  readonly force?: boolean | undefined;
}

/** A `Pool` whose workers start anew. */
export class SpawnPool<Init extends readonly unknown[] = any[]> extends Pool<Init> {}
/** A `Pool` whose workers come from the stock of warm processes, where one is ready. */
export class ForkServerPool<Init extends readonly unknown[] = any[]> extends Pool<Init> {}
/** A `ProcessPoolExecutor` whose workers start anew. */
export class SpawnExecutor<Init extends readonly unknown[] = any[]> extends ProcessPoolExecutor<Init> {}
/** A `ProcessPoolExecutor` whose workers come from the stock of warm processes, where one is ready. */
export class ForkServerExecutor<Init extends readonly unknown[] = any[]> extends ProcessPoolExecutor<Init> {}
/** A `ProcessPoolExecutor` whose workers are threads. */
export class ThreadExecutor<Init extends readonly unknown[] = any[]> extends ProcessPoolExecutor<Init> {}

interface Bound {
  readonly Process: typeof Process;
  readonly Pool: typeof Pool;
  readonly ProcessPoolExecutor: typeof ProcessPoolExecutor;
}

const bound: Readonly<Record<StartMethod, Bound>> = {
  spawn: { Process: SpawnProcess, Pool: SpawnPool, ProcessPoolExecutor: SpawnExecutor },
  forkserver: { Process: ForkServerProcess, Pool: ForkServerPool, ProcessPoolExecutor: ForkServerExecutor },
  thread: { Process: ThreadProcess, Pool: ThreadPool, ProcessPoolExecutor: ThreadExecutor },
};

const pools = [
  ['spawn', SpawnPool, 'Pool'],
  ['forkserver', ForkServerPool, 'Pool'],
  ['spawn', SpawnExecutor, 'ProcessPoolExecutor'],
  ['forkserver', ForkServerExecutor, 'ProcessPoolExecutor'],
  ['thread', ThreadExecutor, 'ProcessPoolExecutor'],
] as const;

for (const [method, Class, name] of pools) {
  bindMethod(Class, method);
  travelByName(Class, 'context/index.js');
  // As text they are what they were asked for.
  Object.defineProperty(Class, 'name', { value: name });
}

/**
 * The API of processes and pools, bound to one start method; made by {@link getContext}. Shared objects are the same in all contexts.
 * Source: multiprocessing.context.BaseContext
 */
export class Context {
  /** The start method of the context. */
  readonly method: StartMethod;

  /** @throws TypeError for an unknown method */
  constructor(method: StartMethod) {
    this.method = checkStartMethod(method);
    if (method === 'forkserver') expectStarts();
  }

  /** `Process` by this method. */
  get Process(): typeof Process {
    return bound[this.method].Process;
  }

  /** `Pool` by this method: a `ThreadPool` in the `thread` context. */
  get Pool(): typeof Pool {
    return bound[this.method].Pool;
  }

  /** `ProcessPoolExecutor` by this method. In the `thread` context its workers are threads. */
  get ProcessPoolExecutor(): typeof ProcessPoolExecutor {
    return bound[this.method].ProcessPoolExecutor;
  }

  /** The same as `Lock` of the package. */
  get Lock(): typeof Lock {
    return Lock;
  }

  /** The same as `RLock` of the package. */
  get RLock(): typeof RLock {
    return RLock;
  }

  /** The same as `Semaphore` of the package. */
  get Semaphore(): typeof Semaphore {
    return Semaphore;
  }

  /** The same as `BoundedSemaphore` of the package. */
  get BoundedSemaphore(): typeof BoundedSemaphore {
    return BoundedSemaphore;
  }

  /** The same as `Condition` of the package. */
  get Condition(): typeof Condition {
    return Condition;
  }

  /** The same as `Event` of the package. */
  get Event(): typeof Event {
    return Event;
  }

  /** The same as `Barrier` of the package. */
  get Barrier(): typeof Barrier {
    return Barrier;
  }

  /** The same as `Queue` of the package. */
  get Queue(): typeof Queue {
    return Queue;
  }

  /** The same as `JoinableQueue` of the package. */
  get JoinableQueue(): typeof Queue {
    return Queue;
  }

  /** The same as `SimpleQueue` of the package. */
  get SimpleQueue(): typeof SimpleQueue {
    return SimpleQueue;
  }

  /** The same as `Pipe` of the package. */
  get Pipe(): typeof Pipe {
    return Pipe;
  }

  /** The same as `LifoQueue` of the package. */
  get LifoQueue(): typeof LifoQueue {
    return LifoQueue;
  }

  /** The same as `PriorityQueue` of the package. */
  get PriorityQueue(): typeof PriorityQueue {
    return PriorityQueue;
  }

  /** The same as `Deque` of the package. */
  get Deque(): typeof Deque {
    return Deque;
  }

  /** The same as `Value` of the package. */
  get Value(): typeof Value {
    return Value;
  }

  /** The same as `RawValue` of the package. */
  get RawValue(): typeof RawValue {
    return RawValue;
  }

  /** The same as `SharedArray` of the package. */
  get SharedArray(): typeof SharedArray {
    return SharedArray;
  }

  /** The same as `RawArray` of the package. */
  get RawArray(): typeof RawArray {
    return RawArray;
  }

  /** The same as `ThreadPool` of the package. */
  get ThreadPool(): typeof ThreadPool {
    return ThreadPool;
  }

  /** The same as `ThreadPoolExecutor` of the package. */
  get ThreadPoolExecutor(): typeof ThreadPoolExecutor {
    return ThreadPoolExecutor;
  }

  /** The same as `activeChildren` of the package. */
  get activeChildren(): typeof activeChildren {
    return activeChildren;
  }

  /** The same as `currentProcess` of the package. */
  get currentProcess(): typeof currentProcess {
    return currentProcess;
  }

  /** The same as `parentProcess` of the package. */
  get parentProcess(): typeof parentProcess {
    return parentProcess;
  }

  /** The same as `cpuCount` of the package. */
  get cpuCount(): typeof cpuCount {
    return cpuCount;
  }

  /** The same as `setForkserverPreload` of the package. */
  get setForkserverPreload(): typeof setForkserverPreload {
    return setForkserverPreload;
  }

  /** The same as `getAllStartMethods` of the package. */
  get getAllStartMethods(): typeof getAllStartMethods {
    return getAllStartMethods;
  }

  /** This context, or that of another method. @throws TypeError as the function */
  getContext(method?: StartMethod, options?: ContextOptions): Context {
    return getContext(method ?? this.method, options);
  }

  /** The start method of this context. */
  getStartMethod(): StartMethod {
    return this.method;
  }

  /**
   * Always refused: the method of a context is fixed.
   *
   * @throws ProcessError always: a context has one method. The function of the same name sets that of the program.
   */
  setStartMethod(): never {
    throw new ProcessError(`the start method of a context cannot be set: this one is ${this.method}`);
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    return `<Context ${this.method}>`;
  }
}

travelByName(Context, 'index.js');

const contexts: Partial<Record<StartMethod, Context>> = {};

/**
 * The context of a start method: an object with the API of processes and pools, bound to it. The same object for the same method.
 * Source: multiprocessing.get_context
 *
 * @param method default: the start method of the program, which is fixed by this use
 * @throws TypeError for an unknown method; for `'fork'` with the reason why V8 cannot be forked
 *
 * @example
 * ```ts
 * import { getContext } from 'heddle';
 *
 * const context = getContext('thread');
 * const child = new context.Process({ target: (name: string) => console.log(`hello ${name}`), args: ['bob'] });
 * await child.start().join(); // prints: hello bob
 * console.log(child.pid === process.pid); // prints: true
 * ```
 */
export function getContext(method?: StartMethod, options?: ContextOptions): Context {
  checkOptions(options, 'the options of a context', ['preload']);
  const known = method === undefined ? startMethod() : checkStartMethod(method);
  if (options?.preload !== undefined) setForkserverPreload(options.preload);
  return (contexts[known] ??= new Context(known));
}

/**
 * The start method of this program. The first use of processes or pools fixes it, and so does this. Source: multiprocessing.get_start_method
 *
 * @param options `allowNone: true` gives `null` instead of fixing it
 * @throws TypeError for an unknown option
 */
export function getStartMethod(options?: { readonly allowNone?: false | undefined }): StartMethod;
/** The same, or `null` with `allowNone` while no method is fixed. */
export function getStartMethod(options: { readonly allowNone?: boolean | undefined }): StartMethod | null;
/** As above, with options. */
export function getStartMethod(options?: { readonly allowNone?: boolean | undefined }): StartMethod | null {
  checkOptions(options, 'options', ['allowNone']);
  checkBoolean(options?.allowNone, 'allowNone');
  return options?.allowNone === true ? (chosenMethod() ?? null) : startMethod();
}

/**
 * Sets how `Process`, `Pool` and `ProcessPoolExecutor` start their children where no context says otherwise: once, before their first use.
 * Children inherit it. Source: multiprocessing.set_start_method
 *
 * @param method `null` with `force`: none is chosen any more
 * @throws ProcessError if one was chosen or used before, unless `force`; TypeError for an unknown method or option
 */
export function setStartMethod(method: StartMethod | null, options?: StartMethodOptions): void {
  checkOptions(options, 'options', ['force', 'preload']);
  checkBoolean(options?.force, 'force');
  const isForced = options?.force === true;
  chooseMethod(method === null && isForced ? undefined : checkStartMethod(method), isForced);
  if (options?.preload !== undefined) setForkserverPreload(options.preload);
  if (method === 'forkserver') expectStarts();
}

/** All start methods, the default first. Source: multiprocessing.get_all_start_methods */
export function getAllStartMethods(): StartMethod[] {
  return [...startMethods];
}

/**
 * Has the warm processes of `forkserver` load modules ahead, so that a process that needs them starts sooner. A module that fails to load is
 * reported once by a warning. Source: multiprocessing.set_forkserver_preload
 *
 * @param modules URLs, paths or specifiers, resolved from the main module; these modules replace those of an earlier call
 * @throws TypeError if it is not an array of strings and URLs, or one of them is or imports the main module, which runs only once
 */
export function setForkserverPreload(modules: readonly (string | URL)[]): void {
  const isList = Array.isArray(modules) && modules.every((module) => typeof module === 'string' || module instanceof URL);
  if (!isList) throw new TypeError(expected('modules', 'an array of specifiers and URLs', modules));
  const from = pathToFileURL(process.argv[1] ?? `${process.cwd()}/`).href;
  const specifiers = modules.map(String);
  const main = specifiers.find((specifier) => importLeadsToMain(specifier, from));
  if (main !== undefined) throw new TypeError(`${main} cannot be preloaded: it is the main module, or imports it, and that runs only once`);
  setPreload({ modules: specifiers, from });
}
