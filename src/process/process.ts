/**
 * `Process`: a function, or a subclass with its own `run()`, in a process of its own (`child-run.ts`), or in a thread (`thread-run.ts`), as the
 * start method says.
 */

import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import { checkOptions, expected } from '../check.ts';
import { travelByName } from '../codec/index.ts';
import { giveReadiness } from '../readiness.ts';
import { TypeError } from '../refusals.ts';
import { InvalidStateError, ProcessError } from '../errors.ts';
import { readSyncTimeout, readWaitOptions, type SyncWaitOptions, type WaitOptions } from '../loop/index.ts';
import {
  checkMayHaveChildren,
  checkName,
  keepAtHome,
  readRunOptions,
  startMethod,
  type StartMethod,
  untilEnded,
  whyStartIsRefused,
} from '../worker/ground.ts';
import { startInChild } from './child-run.ts';
import { isDaemon, nextPath } from './identity.ts';
import type { StartedRun } from './run.ts';
import { keep, type State, stateOf, states } from './state.ts';
import { startInThread } from './thread-run.ts';

/** Options of {@link Process}. */
export interface ProcessOptions<A extends unknown[]> {
  /** The function to run; default: none. A subclass may override `run()` instead. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** Arguments of `target`; default: none. */
  readonly args?: A | undefined;
  /** Default `Process-1`, `Process-2` …; children of `Process-1` are `Process-1:1` …. */
  readonly name?: string | undefined;
  /** True: the process ends with its parent, which does not wait for it, and may have no children. Default: as in the process that makes it. */
  readonly daemon?: boolean | undefined;
  /** Standard streams of the child: those of this process, pipes to it, or none. Default `'inherit'`. */
  readonly stdio?: 'inherit' | 'pipe' | 'ignore' | undefined;
}

/** Living processes that this thread has started. */
const living = new Set<Process<any>>();
const optionKeys = ['target', 'args', 'name', 'daemon', 'stdio'];
const stdioKinds = new Set(['inherit', 'pipe', 'ignore']);

/**
 * A process of its own that runs a function, or the `run()` of a subclass. Source: multiprocessing.Process
 *
 * The function may be any that a pool takes: exported, local, a closure. Of a subclass travel its own fields and its methods; its
 * constructor does not run again in the child. The child ends when `run()` has ended and its event loop has nothing left to do.
 *
 * @example
 * ```ts
 * import { Process } from 'heddle';
 *
 * const greet = (name: string) => console.log(`hello ${name}`);
 * const child = new Process({ target: greet, args: ['bob'] });
 * child.start();
 * await child.join(); // prints: hello bob
 * console.log(child.exitCode); // prints: 0
 * ```
 */
export class Process<A extends unknown[] = []> implements AsyncDisposable {
  /**
   * @throws TypeError for an unknown option or one of the wrong kind
   */
  constructor(options: ProcessOptions<A> = {}) {
    checkOptions(options, 'the options of a Process', optionKeys);
    const { target, args, name, daemon } = readRunOptions(options);
    const { stdio = 'inherit' } = options;
    if (!stdioKinds.has(stdio)) throw new TypeError(expected('stdio', `'inherit', 'pipe' or 'ignore'`, stdio));
    const path = nextPath();
    keep(this, {
      name: name ?? `Process-${path.join(':')}`,
      daemon: daemon ?? isDaemon(),
      path,
      target,
      args,
      stdio,
      run: undefined,
      joins: 0,
      sentinel: undefined,
      isClosed: false,
      self: undefined,
      method: methodOf(new.target),
    });
  }

  /** Runs in the child: by default `target(...args)`. To be overridden by subclasses; a promise is awaited. */
  run(): unknown {
    const { target, args } = stateOf(this);
    return target?.(...(args as never[]));
  }

  /**
   * Starts the child. Everything that the child needs has left this process when `start()` returns; `pid` is known.
   *
   * @throws ProcessError if it was started already, in the child itself, or in a daemon
   * @throws SerializationError if something that the child needs cannot cross
   */
  start(): this {
    const state = stateOf(this);
    if (state.self !== undefined) throw new ProcessError(`${state.name} is this very process: only its creator starts it`);
    if (state.run !== undefined) throw new ProcessError(`${state.name} cannot be started twice`);
    checkMayHaveChildren();
    const why = whyStartIsRefused();
    if (why !== undefined) throw new ProcessError(`${state.name} ${why}`);
    const method = state.method ?? startMethod();
    const ended = (): void => void living.delete(this);
    state.run = method === 'thread' ? startInThread(this, state, ended) : startInChild(this, state, method === 'forkserver', ended);
    living.add(this);
    state.run.keepAlive(!state.daemon);
    return this;
  }

  /**
   * Waits for the end of the process. Resolves to `true` when it has ended, to `false` after `timeout` ms.
   *
   * @throws ProcessError if it was not started, or waits for itself
   */
  async join(timeout?: number | WaitOptions): Promise<boolean> {
    const { state, run } = joinable(this);
    const { timeout: ms, signal } = readWaitOptions(timeout);
    signal?.throwIfAborted();
    if (run.look() !== undefined) return true;
    if (ms === 0) return false;
    run.keepAlive(true);
    state.joins += 1;
    try {
      return await untilEnded(run.waiters, ms, signal);
    } finally {
      state.joins -= 1;
      if (state.joins === 0 && state.daemon && run.look() === undefined) run.keepAlive(false);
    }
  }

  /**
   * As `join`, and blocks this thread. Output of the child in pipes (`stdio: 'pipe'`) is taken in meanwhile.
   *
   * @throws ProcessError as `join`; UnsupportedPlatformError where the system cannot tell
   */
  joinSync(timeout?: number | SyncWaitOptions): boolean {
    const { run } = joinable(this);
    const ms = readSyncTimeout(timeout, 'join()');
    const until = performance.now() + ms;
    for (;;) {
      const end = run.look();
      run.drain();
      if (end !== undefined) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      run.rest(left);
    }
  }

  /** True from `start()` until the process has ended. */
  isAlive(): boolean {
    const { run, self } = stateOf(this);
    return self !== undefined || (run !== undefined && run.look() === undefined);
  }

  /** A label without meaning. */
  get name(): string {
    return stateOf(this).name;
  }

  set name(name: string) {
    checkName(name);
    stateOf(this).name = name;
  }

  /** True: the process ends with its parent. Can be set until `start()`. Setting it later throws a `ProcessError`. */
  get daemon(): boolean {
    return stateOf(this).daemon;
  }

  set daemon(daemon: boolean) {
    const state = stateOf(this);
    if (typeof daemon !== 'boolean') throw new TypeError(expected('daemon', 'a boolean', daemon));
    if (state.run !== undefined || state.self !== undefined)
      throw new ProcessError(`daemon of ${state.name} cannot be set: it has been started`);
    state.daemon = daemon;
  }

  /** The system's number of the process; `null` before `start()`. In the `thread` context that of this program. */
  get pid(): number | null {
    const { run, self } = stateOf(this);
    return self !== undefined ? process.pid : (run?.pid ?? null);
  }

  /** The same as `pid`; in the `thread` context the number of the thread. */
  get ident(): number | null {
    const { run, self } = stateOf(this);
    return self?.ident ?? run?.ident ?? null;
  }

  /** `null` until the end. 0: `run()` returned; 1: an uncaught error; n: `process.exit(n)`; -N: killed by signal N. */
  get exitCode(): number | null {
    return stateOf(this).run?.look()?.exitCode ?? null;
  }

  /** The error of `run()`, rebuilt here; `null` while it runs, and after a normal end. */
  get error(): Error | null {
    return stateOf(this).run?.look()?.error ?? null;
  }

  /** Settles with the exit code. A daemon's keeps no program alive. @throws ProcessError before `start()` */
  get sentinel(): Promise<number> {
    const { state, run } = joinable(this);
    state.sentinel ??= new Promise((resolve) => {
      const settle = (): void => resolve(run.look()!.exitCode);
      if (run.look() === undefined) run.waiters.add(settle);
      else settle();
    });
    return state.sentinel;
  }

  /** With `stdio: 'pipe'` the way to the child's stdin, else `null`. */
  get stdin(): Writable | null {
    return stateOf(this).run?.stdin ?? null;
  }

  /** With `stdio: 'pipe'` what the child prints, else `null`. */
  get stdout(): Readable | null {
    return stateOf(this).run?.stdout ?? null;
  }

  /** With `stdio: 'pipe'` what the child prints on stderr, else `null`. */
  get stderr(): Readable | null {
    return stateOf(this).run?.stderr ?? null;
  }

  /** Sends SIGINT. Does nothing where the process has ended. @throws ProcessError before `start()` */
  interrupt(): void {
    send(this, 'SIGINT');
  }

  /** Sends SIGTERM: no `finally` and no exit handlers run in the child, unless it listens. @throws ProcessError before `start()` */
  terminate(): void {
    send(this, 'SIGTERM');
  }

  /** Sends SIGKILL. @throws ProcessError before `start()` */
  kill(): void {
    send(this, 'SIGKILL');
  }

  /**
   * Releases what the object holds; it cannot be used afterwards. A second call has no effect. @throws InvalidStateError while the process
   * runs
   */
  close(): void {
    const state = states.get(this);
    if (state === undefined || state.isClosed) return;
    if (this.isAlive()) throw new InvalidStateError(`${state.name} cannot be closed while it runs: join or terminate it first`);
    state.isClosed = true;
  }

  /** Terminates the process if it runs, waits for its end, and closes the object. */
  async [Symbol.asyncDispose](): Promise<void> {
    const state = states.get(this);
    if (state === undefined || state.isClosed) return;
    if (this.isAlive()) this.terminate();
    if (state.run !== undefined) await this.join();
    this.close();
  }

  /** The state as Python's `repr` shows it. */
  toString(): string {
    return describe(this);
  }
}

Object.defineProperty(Process.prototype, inspect.custom, { value: Process.prototype.toString });

keepAtHome(Process, (process) => states.get(process)?.name);

giveReadiness(Process, (process: Process<any>) => ({
  isReady: () => joinable(process).run.look() !== undefined,
  watch(ready) {
    const { state, run } = joinable(process);
    const ended = (): void => {
      end();
      ready();
    };
    const end = (): void => {
      run.waiters.delete(ended);
      state.joins -= 1;
      if (state.joins === 0 && state.daemon && run.look() === undefined) run.keepAlive(false);
    };
    run.keepAlive(true);
    state.joins += 1;
    run.waiters.add(ended);
    return end;
  },
}));

function describe(process: Process<any>): string {
  const state = states.get(process);
  const kind = process.constructor.name;
  if (state === undefined) return `<${kind}>`;
  if (state.isClosed) return `<${kind} name='${state.name}' closed>`;
  const { pid, exitCode } = process;
  const phase = pid === null ? 'initial' : exitCode === null ? 'started' : `stopped exitcode=${exitCode}`;
  return `<${kind} name='${state.name}'${pid === null ? '' : ` pid=${pid}`} ${phase}${state.daemon ? ' daemon' : ''}>`;
}

function joinable(process: Process<any>): { readonly state: State; readonly run: StartedRun } {
  const state = stateOf(process);
  const { run, name, self } = state;
  if (self !== undefined) throw new ProcessError(`${name} cannot wait for itself`);
  if (run === undefined) throw new ProcessError(`${name} has not been started`);
  return { state, run };
}

function send(process: Process<any>, signal: NodeJS.Signals): void {
  const { self } = stateOf(process);
  if (self !== undefined) return self.send(signal);
  const { run } = joinable(process);
  if (run.look() === undefined) run.send(signal);
}

/** A `Process` that starts anew, whatever the start method of the program. Source: multiprocessing.context.SpawnProcess */
export class SpawnProcess<A extends unknown[] = []> extends Process<A> {}

/** A `Process` from the stock of warm processes, where one is ready. Source: multiprocessing.context.ForkServerProcess */
export class ForkServerProcess<A extends unknown[] = []> extends Process<A> {}

/** A `Process` in a thread of this program. Source: multiprocessing.dummy.DummyProcess */
export class ThreadProcess<A extends unknown[] = []> extends Process<A> {}

const methods = new Map<object, StartMethod>([
  [SpawnProcess, 'spawn'],
  [ForkServerProcess, 'forkserver'],
  [ThreadProcess, 'thread'],
]);

/** The start method of a class, or of the one that it extends; undefined: that of the program. */
function methodOf(Class: object | null): StartMethod | undefined {
  for (let each = Class; each !== null; each = Object.getPrototypeOf(each) as object | null)
    if (methods.has(each)) return methods.get(each);
  return undefined;
}

for (const Class of [Process, SpawnProcess, ForkServerProcess, ThreadProcess]) travelByName(Class, 'process/index.js');

/** Starts a process that may have children, and that keeps no program alive all the same: for managers. */
export function startInBackground(process: Process<any>): void {
  process.start();
  stateOf(process).run!.keepAlive(false);
}

/** The living processes that this thread has started, and not the workers of pools. Source: multiprocessing.active_children */
export function activeChildren(): Process<any>[] {
  return [...living].filter((process) => process.isAlive());
}
