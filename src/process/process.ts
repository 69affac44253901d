/**
 * `Process`: a function, or a subclass with its own `run()`, in a process of its own.
 *
 *    start()   this, target and args ── packet ──▶ message file ──▶ child: run()
 *    end       'exit' of the child, or a look at it by joinSync, isAlive and exitCode: whichever comes first is what all report
 *    error     what run() threw ◀── message file, read when the end is seen
 *
 * State is kept beside the object: an instance travels to its child with its own fields, and those are the user's alone.
 */

import { readSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import { checkOptions, expected } from '../check.ts';
import { TypeError } from '../refusals.ts';
import { realmId } from '../codec/index.ts';
import { InvalidStateError, ProcessError } from '../errors.ts';
import { handleDoor, heapForChild } from '../handles.ts';
import { readWaitOptions, type WaitOptions } from '../loop/index.ts';
import { closeMessageFile, type ExitStatus, lookAtChild, openMessageFile, sleepUntilChild } from '../platform/index.ts';
import * as timers from '../real-timers.ts';
import {
  checkMayHaveChildren,
  checkName,
  type Child,
  encodeRun,
  errorOf,
  keepAtHome,
  readRunOptions,
  rebuildError,
  releaseChild,
  startChild,
  untilEnded,
  whyStartIsRefused,
} from '../worker/ground.ts';
import { currentProcess, isDaemon, nextPath } from './identity.ts';
import { exitMarkOf, OUTCOME, type OutcomeHeader, readMessage, START, writeMessage } from './message.ts';

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

/** A child that was started. */
interface Running {
  readonly child: Child;
  readonly pid: number;
  readonly file: number;
  /** Which parcels are on their way to it. */
  readonly link: number;
  readonly waiters: Set<() => void>;
  sentinel: Promise<number> | undefined;
  /** Waits by `join`, which keep this program alive. */
  joins: number;
  /** Set when the child has been seen to end. */
  end: { exitCode: number; error: Error | null } | undefined;
  /** The last signal that was sent from here. */
  sent: NodeJS.Signals | undefined;
  /** The exit code of the end is a guess. */
  isGuessed: boolean;
}

interface State {
  name: string;
  daemon: boolean;
  readonly path: readonly number[];
  readonly target: ((...args: never[]) => unknown) | undefined;
  readonly args: readonly unknown[];
  readonly stdio: 'inherit' | 'pipe' | 'ignore';
  running: Running | undefined;
  isClosed: boolean;
  /** This object is the process that runs here. */
  isSelf: boolean;
}

const states = new WeakMap<object, State>();
/** Living processes that this thread has started. */
const living = new Set<Process<any>>();
const optionKeys = ['target', 'args', 'name', 'daemon', 'stdio'];
const stdioKinds = new Set(['inherit', 'pipe', 'ignore']);

function stateOf(process: object): State {
  const state = states.get(process);
  if (state === undefined) throw new InvalidStateError('this Process was not made by its constructor: a subclass must call super()');
  if (state.isClosed) throw new InvalidStateError('the Process is closed');
  return state;
}

function keep(process: object, state: State): void {
  states.set(process, state);
}

/** Makes a decoded instance the process that runs here. */
export function adopt(process: object, given: Pick<State, 'name' | 'daemon' | 'path' | 'target' | 'args'>): void {
  keep(process, { ...given, stdio: 'inherit', running: undefined, isClosed: false, isSelf: true });
}

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
      running: undefined,
      isClosed: false,
      isSelf: false,
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
    if (state.isSelf) throw new ProcessError(`${state.name} is this very process: only its creator starts it`);
    if (state.running !== undefined) throw new ProcessError(`${state.name} cannot be started twice`);
    checkMayHaveChildren();
    const why = whyStartIsRefused();
    if (why !== undefined) throw new ProcessError(`${state.name} ${why}`);
    const running = launch(this, state);
    state.running = running;
    living.add(this);
    const { process: child } = running.child;
    child.on('error', () => {});
    // What others wait for goes on after all children that ended at the same moment have been seen to end.
    child.on('exit', (code, signal) => {
      if (running.isGuessed) running.end!.exitCode = codeOf({ exitCode: code, signal });
      running.isGuessed = false;
      see(this, running, { exitCode: code, signal });
    });
    if (state.daemon) child.unref();
    return this;
  }

  /**
   * Waits for the end of the process. Resolves to `true` when it has ended, to `false` after `timeout` ms.
   *
   * @throws ProcessError if it was not started, or waits for itself
   */
  async join(timeout?: number | WaitOptions): Promise<boolean> {
    const running = joinable(this);
    const { timeout: ms, signal } = readWaitOptions(timeout);
    signal?.throwIfAborted();
    if (look(this, running) !== undefined) return true;
    if (ms === 0) return false;
    const { process: child } = running.child;
    child.ref();
    running.joins += 1;
    try {
      return await untilEnded(running.waiters, ms, signal);
    } finally {
      running.joins -= 1;
      if (running.end === undefined && running.joins === 0 && stateOf(this).daemon) child.unref();
    }
  }

  /**
   * As `join`, and blocks this thread. Output of the child in pipes (`stdio: 'pipe'`) is taken in meanwhile.
   *
   * @throws ProcessError as `join`; UnsupportedPlatformError where the system cannot tell
   */
  joinSync(timeout?: number | { readonly timeout?: number | undefined }): boolean {
    const running = joinable(this);
    const { timeout: ms } = readWaitOptions(timeout, ['timeout']);
    const until = performance.now() + ms;
    const pipes = pipesOf(running.child);
    for (;;) {
      const ended = look(this, running);
      for (const pipe of pipes) pipe.drain();
      if (ended !== undefined) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      const open = pipes.filter((pipe) => !pipe.hasEnded).map((pipe) => pipe.descriptor);
      sleepUntilChild(running.pid, left, open);
    }
  }

  /** True from `start()` until the process has ended. */
  isAlive(): boolean {
    const { running, isSelf } = stateOf(this);
    if (isSelf) return true;
    return running !== undefined && look(this, running) === undefined;
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
    if (state.running !== undefined || state.isSelf) throw new ProcessError(`daemon of ${state.name} cannot be set: it has been started`);
    state.daemon = daemon;
  }

  /** The system's number of the process; `null` before `start()`. */
  get pid(): number | null {
    const { running, isSelf } = stateOf(this);
    return isSelf ? process.pid : (running?.pid ?? null);
  }

  /** The same as `pid`. */
  get ident(): number | null {
    return this.pid;
  }

  /** `null` until the end. 0: `run()` returned; 1: an uncaught error; n: `process.exit(n)`; -N: killed by signal N. */
  get exitCode(): number | null {
    const { running } = stateOf(this);
    return running === undefined ? null : (look(this, running)?.exitCode ?? null);
  }

  /** What `run()` threw, rebuilt here; `null` while it runs, and where it threw nothing. */
  get error(): Error | null {
    const { running } = stateOf(this);
    return running === undefined ? null : (look(this, running)?.error ?? null);
  }

  /** Settles with the exit code. A daemon's keeps no program alive. @throws ProcessError before `start()` */
  get sentinel(): Promise<number> {
    const running = joinable(this);
    running.sentinel ??= new Promise((resolve) => {
      const settle = (): void => resolve(look(this, running)!.exitCode);
      if (look(this, running) === undefined) running.waiters.add(settle);
      else settle();
    });
    return running.sentinel;
  }

  /** With `stdio: 'pipe'` the way to the child's stdin, else `null`. */
  get stdin(): Writable | null {
    return stateOf(this).running?.child.process.stdin ?? null;
  }

  /** With `stdio: 'pipe'` what the child prints, else `null`. */
  get stdout(): Readable | null {
    return stateOf(this).running?.child.process.stdout ?? null;
  }

  /** With `stdio: 'pipe'` what the child prints on stderr, else `null`. */
  get stderr(): Readable | null {
    return stateOf(this).running?.child.process.stderr ?? null;
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

  /** Lets go of what the object holds; it cannot be used afterwards. Twice is no error. @throws InvalidStateError while the process runs */
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
    if (state.running !== undefined) await this.join();
    this.close();
  }

  /** The state as Python's `repr` shows it. */
  toString(): string {
    return describe(this);
  }
}

Object.defineProperty(Process.prototype, inspect.custom, { value: Process.prototype.toString });

keepAtHome(Process, (process) => states.get(process)?.name);

function describe(process: Process<any>): string {
  const state = states.get(process);
  const kind = process.constructor.name;
  if (state === undefined) return `<${kind}>`;
  if (state.isClosed) return `<${kind} name='${state.name}' closed>`;
  const { pid, exitCode } = process;
  const phase = pid === null ? 'initial' : exitCode === null ? 'started' : `stopped exitcode=${exitCode}`;
  return `<${kind} name='${state.name}'${pid === null ? '' : ` pid=${pid}`} ${phase}${state.daemon ? ' daemon' : ''}>`;
}

function launch(self: Process<any>, state: State): Running {
  const { target, args, path, name, daemon } = state;
  const apart = heapForChild() === undefined ? 'it shares no memory with this process' : undefined;
  const { packet, parcel, link } = encodeRun({ target, args, this: self }, { kind: 'process', apart });
  let file: number | undefined;
  try {
    file = openMessageFile();
    const { pid: parentPid, name: parentName } = currentProcess();
    const parent = { pid: parentPid, name: parentName };
    const header = { name, path, daemon, parent, realm: realmId, argv: process.argv.slice(1), modules: packet.modules, parcel };
    writeMessage(file, START, header, packet.bytes);
    const child = startChild({
      entry: 'process/child-main.js',
      args: [],
      stdio: state.stdio,
      link: 'without-lifeline',
      own: file,
      atExit: ({ process: one }) => void one.kill('SIGTERM'),
    });
    const { pid } = child.process;
    if (pid !== undefined)
      return {
        child,
        pid,
        file,
        link,
        waiters: new Set(),
        sentinel: undefined,
        joins: 0,
        end: undefined,
        sent: undefined,
        isGuessed: false,
      };
    // The reason is told by an event, and the system's limits are the usual one.
    child.process.on('error', () => {});
    releaseChild(child);
    throw new ProcessError(
      `${name} could not be started: the system gave no process (a limit of processes or open files, ulimit -u or -n?)`,
    );
  } catch (error) {
    handleDoor()?.dropParcels(link);
    if (file !== undefined) closeMessageFile(file);
    throw error;
  }
}

function joinable(process: Process<any>): Running {
  const { running, name, isSelf } = stateOf(process);
  if (isSelf) throw new ProcessError(`${name} cannot wait for itself`);
  if (running === undefined) throw new ProcessError(`${name} has not been started`);
  return running;
}

function send(process: Process<any>, signal: NodeJS.Signals): void {
  const { isSelf } = stateOf(process);
  if (isSelf) return void globalThis.process.kill(globalThis.process.pid, signal);
  const running = joinable(process);
  if (look(process, running) !== undefined) return;
  running.sent = signal;
  running.child.process.kill(signal);
}

/** How the child has ended, if it has: also where the event loop has not told yet. */
function look(process: Process<any>, running: Running): Running['end'] {
  if (running.end !== undefined) return running.end;
  const status = lookAtChild(running.pid);
  if (status === null) return undefined;
  if (status !== undefined) return see(process, running, status);
  // Collected, and its event is under way behind the one that is being told: only that knows the signal of an end by one, and may correct the guess.
  const exitCode = exitMarkOf(running.file) ?? null;
  const end = see(process, running, { exitCode, signal: exitCode === null ? (running.sent ?? 'SIGKILL') : null });
  running.isGuessed = exitCode === null;
  return end;
}

/** -N for signal N, which has a name or is a number. */
function codeOf({ exitCode, signal }: ExitStatus): number {
  return exitCode ?? -(constants.signals[signal as NodeJS.Signals] ?? Number(signal));
}

/** The end of the child is known from here on, to every question. */
function see(process: Process<any>, running: Running, status: ExitStatus): Running['end'] {
  if (running.end !== undefined) return running.end;
  const outcome = readMessage<OutcomeHeader>(running.file, OUTCOME);
  const end: NonNullable<Running['end']> = { exitCode: codeOf(status), error: outcome === undefined ? null : errorOf(outcome.header.text) };
  running.end = end;
  living.delete(process);
  closeMessageFile(running.file);
  releaseChild(running.child);
  handleDoor()?.dropParcels(running.link);
  const wake = (): void => void timers.setImmediate(() => running.waiters.forEach((ended) => ended()));
  if (outcome === undefined) wake();
  else rebuildError({ ...outcome.header, bytes: outcome.bytes, attachments: [] }, 'process', (error) => (end.error = error), wake);
  return end;
}

/** One of the child's outputs, read while the event loop stands still: what comes goes into the stream that the user reads. */
interface Pipe {
  readonly descriptor: number;
  hasEnded: boolean;
  drain(): void;
}

function pipesOf({ process: child }: Child): Pipe[] {
  return [child.stdout, child.stderr].flatMap((stream) => {
    const descriptor = (stream as { _handle?: { fd?: unknown } } | null)?._handle?.fd;
    return stream !== null && typeof descriptor === 'number' && descriptor >= 0 ? [pipeOf(stream, descriptor)] : [];
  });
}

function pipeOf(stream: Readable, descriptor: number): Pipe {
  const pipe: Pipe = {
    descriptor,
    hasEnded: false,
    drain() {
      while (!pipe.hasEnded) {
        const chunk = Buffer.allocUnsafe(64 * 1024);
        let count: number;
        try {
          count = readSync(descriptor, chunk, 0, chunk.length, null);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
          pipe.hasEnded = true;
          return;
        }
        // The event loop sees the end of the pipe by itself.
        if (count === 0) pipe.hasEnded = true;
        else stream.push(chunk.subarray(0, count));
      }
    },
  };
  return pipe;
}

/** The living processes that this thread has started, and not the workers of pools. Source: multiprocessing.active_children */
export function activeChildren(): Process<any>[] {
  return [...living].filter((process) => process.isAlive());
}
