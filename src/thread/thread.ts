/**
 * `Thread`: a function, or a subclass with its own `run()`, in a thread of its own.
 *
 *    start()    this, target and args ── workerData ──▶ thread: run()
 *    control    STATE  RUNNING ─▶ ENDED, set by the thread when it exits, or by terminate(); joinSync waits on it
 *    port       what run() threw, posted before the end, and read without an event loop
 *
 * State is kept beside the object, as in `process.ts`.
 */

import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { devNull } from 'node:os';
import { inspect } from 'node:util';
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads';
import { checkFunction, checkOptions, expected } from '../check.ts';
import { commonHere } from '../copies.ts';
import { RangeError, TypeError } from '../refusals.ts';
import { realmId, travelByName } from '../codec/index.ts';
import { HeddleError, InvalidStateError, ProcessError } from '../errors.ts';
import { handleDoor } from '../handles.ts';
import { readSyncTimeout, readWaitOptions, type SyncWaitOptions, type WaitOptions } from '../loop/index.ts';
import { giveReadiness } from '../readiness.ts';
import * as timers from '../real-timers.ts';
import type { SharedWords } from '../undisturbed.ts';
import {
  asError,
  checkName,
  encodeRun,
  errorOf,
  type ErrorText,
  hookIsSet,
  inspected,
  keepAtHome,
  MessagePortLink,
  nativeIdOf,
  nextNumber,
  passAborts,
  readRunOptions,
  rebuildError,
  rename,
  setNumber,
  type StartedThread,
  startNodeThread,
  threadNumbers,
  unlist,
  untilEnded,
  whyStartIsRefused,
} from '../worker/ground.ts';
import { addStarted, isDaemonThread, removeStarted, setOwn, type ThreadRecord } from './current.ts';

/** Options of {@link Thread}. */
export interface ThreadOptions<A extends unknown[]> {
  /** The function to run; default: none. A subclass may override `run()` instead. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** Arguments of `target`; default: none. */
  readonly args?: A | undefined;
  /** Default `Thread-1`, `Thread-2 (target)` …. */
  readonly name?: string | undefined;
  /** True: the program does not wait for the thread. Default: as in the thread that makes it. */
  readonly daemon?: boolean | undefined;
}

/** The start data of a thread, besides that of all threads. */
export interface ThreadMessage {
  readonly name: string;
  readonly daemon: boolean;
  readonly realm: string;
  readonly bytes: Uint8Array;
  readonly attachments: readonly unknown[];
  readonly modules: readonly string[];
  readonly parcel: number;
  readonly control: SharedWords;
  readonly port: MessagePort;
  /** Tells of aborts, where signals are in the packet. */
  readonly aborts: MessagePort | undefined;
}

/** The message of a thread whose function has failed. */
export interface ThreadOutcome {
  readonly bytes: Uint8Array;
  readonly attachments: readonly unknown[];
  readonly modules: readonly string[];
  readonly text: ErrorText;
}

/** Words of a thread's control: the exit code + 1 of a thread that has exited in good order; the number of the signal that it has sent to itself. */
export const STATE = 0;
const CANCELLED = 1;
export const EXIT_CODE = 2;
const SIGNAL = 3;
const controlWords = 4;
/** Values of STATE. */
const RUNNING = 0;
export const ENDED = 1;

/** Milliseconds of one blocking wait at most: the waiting thread can be ended in between. */
const sliceMs = 50;

interface Running {
  readonly started: StartedThread;
  /** Threads of the system that came with the start: this one, and maybe others that began at the same moment. */
  readonly begun: readonly string[];
  readonly control: SharedWords;
  readonly port: MessagePort;
  readonly link: number;
  /** Ends the watch of the signals that the thread was given. */
  readonly stopSignals: (() => void) | undefined;
  readonly waiters: Set<() => void>;
  joins: number;
  end: { error: Error | null } | undefined;
}

interface State {
  name: string;
  daemon: boolean;
  readonly target: ((...args: never[]) => unknown) | undefined;
  readonly args: readonly unknown[];
  running: Running | undefined;
  /** The control of the thread that runs here, where this object is that thread. */
  self: SharedWords | undefined;
  ident: number | null;
  nativeId: number | null;
  isCancelled: boolean;
}

const states = commonHere('thread.states', () => new WeakMap<object, State>());
const optionKeys = ['target', 'args', 'name', 'daemon'];

function stateOf(thread: object): State {
  const state = states.get(thread);
  if (state === undefined) throw new InvalidStateError('this Thread was not made by its constructor: a subclass must call super()');
  return state;
}

function keep(thread: object, state: State): void {
  states.set(thread, state);
}

/** Makes a decoded instance the thread that runs here. */
export function adopt(
  thread: Thread<any>,
  given: Pick<State, 'name' | 'daemon' | 'target' | 'args' | 'ident' | 'nativeId'>,
  control: SharedWords,
): void {
  keep(thread, { ...given, running: undefined, self: control, isCancelled: false });
  setOwn(thread);
}

/** A hook for what threads do not catch. */
export type ExceptHook = (failure: { readonly error: Error; readonly thread: Thread<any> }) => void;
let hook: ExceptHook | undefined;

/**
 * Sets what is called, in the thread that started it, with the error of a `Thread` whose `run()` failed; `null` for the default, which prints
 * the error on stderr. Source: threading.excepthook
 *
 * @throws TypeError if it is not a function
 */
export function setExceptHook(fn: ExceptHook | null): void {
  if (fn !== null) checkFunction(fn, 'the hook');
  hook = fn ?? undefined;
  setNumber(hookIsSet, fn === null ? 0 : 1);
}

/**
 * A thread of its own that runs a function, or the `run()` of a subclass. Source: threading.Thread
 *
 * Threads share no variables: a thread has a copy of the variables that its function uses. Locks, `Value`s and queues share state. The
 * thread ends when `run()` has ended and its event loop has nothing left to do.
 *
 * @example
 * ```ts
 * import { Thread } from 'heddle';
 *
 * const thread = new Thread({ target: (name: string) => console.log(`hello ${name}`), args: ['bob'] });
 * thread.start().joinSync(); // prints: hello bob
 * console.log(thread.isAlive()); // prints: false
 * ```
 */
export class Thread<A extends unknown[] = []> implements ThreadRecord {
  /**
   * @throws TypeError for an unknown option or one of the wrong kind
   */
  constructor(options: ThreadOptions<A> = {}) {
    checkOptions(options, 'the options of a Thread', optionKeys);
    const { target, args, name, daemon } = readRunOptions(options);
    keep(this, {
      name: name ?? defaultName(target),
      daemon: daemon ?? isDaemonThread(),
      target,
      args,
      running: undefined,
      self: undefined,
      ident: null,
      nativeId: null,
      isCancelled: false,
    });
  }

  /** Runs in the thread: by default `target(...args)`. To be overridden by subclasses; a promise is awaited. */
  run(): unknown {
    const { target, args } = stateOf(this);
    return target?.(...(args as never[]));
  }

  /**
   * Starts the thread. Everything that it needs has left this thread when `start()` returns.
   *
   * @throws ProcessError if it was started already, is this very thread, or no descriptor is left for it
   * @throws SerializationError if something that it needs cannot cross
   */
  start(): this {
    const state = stateOf(this);
    if (state.running !== undefined || state.self !== undefined) throw new ProcessError(`${state.name} cannot be started twice`);
    const why = whyStartIsRefused();
    if (why !== undefined) throw new ProcessError(`${state.name} ${why}`);
    const running = launch(this, state);
    state.running = running;
    state.ident = running.started.threadId + 1;
    addStarted(running.started.entry, this);
    const { worker } = running.started;
    // The thread has told of its errors by then.
    worker.on('error', (error) => void see(this, running, error, false));
    worker.on('exit', () => void see(this, running, undefined, false));
    if (state.daemon) worker.unref();
    return this;
  }

  /**
   * Waits for the end of the thread. Resolves to `true` when it has ended, to `false` after `timeout` ms.
   *
   * @throws ProcessError if it was not started, or waits for itself
   */
  async join(timeout?: number | WaitOptions): Promise<boolean> {
    const running = joinable(this);
    const { timeout: ms, signal } = readWaitOptions(timeout);
    signal?.throwIfAborted();
    if (look(this, running) !== undefined) return true;
    if (ms === 0) return false;
    const { worker } = running.started;
    worker.ref();
    running.joins += 1;
    try {
      return await untilEnded(running.waiters, ms, signal);
    } finally {
      running.joins -= 1;
      if (running.end === undefined && running.joins === 0 && stateOf(this).daemon) worker.unref();
    }
  }

  /** As `join`, and blocks this thread. @throws ProcessError as `join` */
  joinSync(timeout?: number | SyncWaitOptions): boolean {
    const running = joinable(this);
    const ms = readSyncTimeout(timeout, 'join()');
    const until = performance.now() + ms;
    while (look(this, running) === undefined) {
      const left = until - performance.now();
      if (left <= 0) return false;
      Atomics.wait(running.control, STATE, RUNNING, Math.min(left, sliceMs));
    }
    return true;
  }

  /** True from `start()` until the thread has ended. */
  isAlive(): boolean {
    const { running, self } = stateOf(this);
    if (self !== undefined) return true;
    return running !== undefined && look(this, running) === undefined;
  }

  /** A label without meaning. */
  get name(): string {
    return stateOf(this).name;
  }

  set name(name: string) {
    checkName(name);
    const state = stateOf(this);
    state.name = name;
    if (state.running !== undefined) rename(state.running.started.entry, name);
  }

  /** True: the program does not wait for the thread. Can be set until `start()`. Setting it later throws a `ProcessError`. */
  get daemon(): boolean {
    return stateOf(this).daemon;
  }

  set daemon(daemon: boolean) {
    const state = stateOf(this);
    if (typeof daemon !== 'boolean') throw new TypeError(expected('daemon', 'a boolean', daemon));
    if (state.running !== undefined || state.self !== undefined)
      throw new ProcessError(`daemon of ${state.name} cannot be set: it has been started`);
    state.daemon = daemon;
  }

  /** A number that no other living thread of this program has; `null` before `start()`. */
  get ident(): number | null {
    return stateOf(this).ident;
  }

  /** The system's number of the thread; `null` before it runs, and where the system does not tell. */
  get nativeId(): number | null {
    const state = stateOf(this);
    if (state.nativeId === null && state.running !== undefined) {
      const told = nativeIdOf(state.running.started.entry);
      if (told !== 0 && state.running.end === undefined) state.nativeId = told;
    }
    return state.nativeId;
  }

  /** The error of `run()`, rebuilt here; `null` while it runs, and after a normal end. */
  get error(): Error | null {
    const { running } = stateOf(this);
    return running === undefined ? null : (look(this, running)?.error ?? null);
  }

  /** Ends the thread in the middle of what it does. Resolves when it has ended. @throws ProcessError before `start()` */
  async terminate(): Promise<void> {
    const running = joinable(this);
    const gone = running.started.terminate();
    Atomics.store(running.control, STATE, ENDED);
    Atomics.notify(running.control, STATE);
    unlist(running.started.entry);
    await gone;
    see(this, running, undefined, false);
  }

  /** The state as Python's `repr` shows it. */
  toString(): string {
    const { name, daemon, running, self } = stateOf(this);
    const phase = self !== undefined ? 'started' : running === undefined ? 'initial' : this.isAlive() ? 'started' : 'stopped';
    return `<${this.constructor.name}(${name}, ${phase}${daemon ? ' daemon' : ''}${this.ident === null ? '' : ` ${this.ident}`})>`;
  }
}

Object.defineProperty(Thread.prototype, inspect.custom, { value: Thread.prototype.toString });

keepAtHome(Thread, (thread) => states.get(thread)?.name);

giveReadiness(Thread, (thread: Thread<any>) => ({
  isReady: () => look(thread, joinable(thread)) !== undefined,
  watch(ready) {
    const running = joinable(thread);
    const { worker } = running.started;
    const ended = (): void => {
      end();
      ready();
    };
    const end = (): void => {
      running.waiters.delete(ended);
      running.joins -= 1;
      if (running.end === undefined && running.joins === 0 && stateOf(thread).daemon) worker.unref();
    };
    worker.ref();
    running.joins += 1;
    running.waiters.add(ended);
    return end;
  },
}));

/**
 * A thread that calls a function once, after `interval` milliseconds, unless it is cancelled before. Source: threading.Timer
 *
 * @example
 * ```ts
 * import { Timer } from 'heddle';
 *
 * const timer = new Timer(10, () => console.log('time is up'));
 * timer.start();
 * await timer.join(); // prints: time is up
 * ```
 */
export class Timer<A extends unknown[] = []> extends Thread<A> {
  /** Milliseconds until the call. */
  readonly interval: number;

  /** @throws RangeError if the interval is not a number >= 0 */
  constructor(interval: number, fn: (...args: A) => unknown, args: A = [] as unknown[] as A) {
    if (typeof interval !== 'number' || !(interval >= 0)) throw new RangeError(expected('interval', 'a number >= 0', interval));
    checkFunction(fn, 'fn');
    super({ target: fn, args });
    this.interval = interval;
  }

  /** Waits for the interval, and then calls the function, unless it was cancelled. */
  override run(): unknown {
    const { self } = stateOf(this);
    if (self === undefined) throw new ProcessError('run() of a Timer runs in its own thread: use start()');
    const until = performance.now() + this.interval;
    for (;;) {
      if (Atomics.load(self, CANCELLED) === 1) return undefined;
      const left = until - performance.now();
      if (left <= 0) return super.run();
      Atomics.wait(self, CANCELLED, 0, Math.min(left, 2 ** 31));
    }
  }

  /** Stops the timer. Does nothing where the function has been called, or is being called. */
  cancel(): void {
    const state = stateOf(this);
    state.isCancelled = true;
    const control = state.running?.control ?? state.self;
    if (control === undefined) return;
    Atomics.store(control, CANCELLED, 1);
    Atomics.notify(control, CANCELLED);
  }
}

for (const Class of [Thread, Timer]) travelByName(Class, 'thread/index.js');

function defaultName(target: unknown): string {
  const name = `Thread-${nextNumber(threadNumbers)}`;
  const { name: of } = (target ?? {}) as { name?: unknown };
  return typeof of === 'string' && of !== '' && of !== 'target' ? `${name} (${of})` : name;
}

function joinable(thread: Thread<any>): Running {
  const { running, name, self } = stateOf(thread);
  if (self !== undefined) throw new ProcessError(`${name} cannot wait for itself`);
  if (running === undefined) throw new ProcessError(`${name} has not been started`);
  return running;
}

/** The inside of a started thread, for code that builds on it. */
export interface ThreadInside {
  /** Called when the end of the thread, and its error, are known. */
  readonly waiters: Set<() => void>;
  /** The exit code of a thread that has ended, -N for its own signal N; undefined for one that was terminated, or ran out of memory. */
  exitCode(): number | undefined;
  /** Decides whether the thread keeps this program alive. */
  keepAlive(does: boolean): void;
}

export function insideOf(thread: Thread<any>): ThreadInside {
  const { control, waiters, started } = joinable(thread);
  return {
    waiters,
    exitCode: () => {
      const signal = Atomics.load(control, SIGNAL);
      if (signal !== 0) return -signal;
      const code = Atomics.load(control, EXIT_CODE);
      return code === 0 ? undefined : code - 1;
    },
    keepAlive: (does) => (does ? started.worker.ref() : started.worker.unref()),
  };
}

/** Threads that have not begun: their event loops may have no descriptors yet. */
const beginning = new Set<StartedThread>();
/** Descriptors that Node takes for a thread until it runs: four for its event loop, and those of files that it loads. */
const descriptorsOfThread = 8;

/**
 * Tries whether the system has descriptors for one more thread. Node tells of a thread without an event loop by an event alone, which a blocked
 * caller of `joinSync` would wait for without end.
 *
 * @throws ProcessError if it has not
 */
function checkRoom(name: string): void {
  for (const started of beginning) if (nativeIdOf(started.entry) !== 0 || started.worker.threadId < 0) beginning.delete(started);
  const opened: number[] = [];
  try {
    for (let left = descriptorsOfThread * (beginning.size + 1); left > 0; left -= 1) opened.push(openSync(devNull, 'r'));
  } catch {
    throw new ProcessError(`${name} could not be started: its event loop needs more files than may be open (ulimit -n)`);
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

const exit = process.exit.bind(process);

/** Ends the thread that runs here as a signal ends a process. */
export function exitBySignal(thread: Thread<any>, signal: number): never {
  Atomics.store(stateOf(thread).self!, SIGNAL, signal);
  return exit();
}

function launch(self: Thread<any>, state: State): Running {
  const { target, args, name, daemon, isCancelled } = state;
  checkRoom(name);
  const { packet, parcel, link } = encodeRun({ target, args, this: self }, { kind: 'thread' });
  const control = new Int32Array(new SharedArrayBuffer(4 * controlWords));
  if (isCancelled) control[CANCELLED] = 1;
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const { bytes, attachments, modules, signals } = packet;
  const aborts = signals.length === 0 ? undefined : new MessageChannel();
  const message: ThreadMessage = {
    name,
    daemon,
    realm: realmId,
    bytes,
    attachments,
    modules,
    parcel,
    control,
    port: port2,
    aborts: aborts?.port2,
  };
  try {
    const before = systemThreads();
    const transferList: Transferable[] = [port2, ...(aborts === undefined ? [] : [aborts.port2]), ...packet.transfer];
    const started = startNodeThread({ file: 'thread/child-main.js', name, daemon, own: message, transferList });
    beginning.add(started);
    const begun = systemThreads().filter((id) => !before.includes(id));
    const stopSignals = aborts === undefined ? undefined : passAborts(signals, new MessagePortLink(aborts.port1), { kind: 'thread' });
    return { started, begun, control, port: port1, link, stopSignals, waiters: new Set(), joins: 0, end: undefined };
  } catch (error) {
    port1.close();
    aborts?.port1.close();
    handleDoor()?.dropParcels(link);
    throw error;
  }
}

/** How the thread has ended, if it has: also where the event loop has not told yet. */
function look(thread: Thread<any>, running: Running): Running['end'] {
  if (running.end !== undefined) return running.end;
  // ORDER: pairs with the thread's store when it exits; its outcome was posted before.
  if (Atomics.load(running.control, STATE) !== RUNNING) return see(thread, running, undefined, true);
  if (!isGone(running)) return undefined;
  // The thread may have ended in good order between the two looks. Node reports any other reason by an event, which a blocked loop does not
  // receive.
  const hasTold = Atomics.load(running.control, STATE) !== RUNNING;
  return see(thread, running, hasTold ? undefined : new HeddleError(`${thread.name} has ended without a word: ${whySilent}`), true);
}

const whySilent = 'it ran out of memory, or could not start, for want of descriptors or by a module that Node preloads';

/** The threads of this process, as the system numbers them; none where it does not tell. */
function systemThreads(): string[] {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return [];
  }
}

/** True for a thread that the system has no more, whatever it has told. */
function isGone({ started, begun }: Running): boolean {
  const nativeId = nativeIdOf(started.entry);
  const ids = nativeId === 0 ? begun : [nativeId];
  return ids.length > 0 && process.platform === 'linux' && ids.every((id) => !existsSync(`/proc/self/task/${id}`));
}

/** The end of the thread is known from here on, to every question. */
function see(thread: Thread<any>, running: Running, uncaught: unknown, isAsked: boolean): Running['end'] {
  if (running.end !== undefined) return running.end;
  const outcome = receiveMessageOnPort(running.port)?.message as ThreadOutcome | undefined;
  // An end without a word of the thread: it could not start, or ran out of memory.
  const fatal = uncaught === undefined ? null : asError(uncaught);
  const end: NonNullable<Running['end']> = { error: outcome === undefined ? fatal : errorOf(outcome.text) };
  running.end = end;
  // The program waits until Node has taken the thread down.
  running.started.worker.ref();
  running.port.close();
  running.stopSignals?.();
  removeStarted(running.started.entry);
  unlist(running.started.entry);
  handleDoor()?.dropParcels(running.link);
  const wake = (): void => {
    if (end.error !== null) tellHook(end.error, thread, outcome === undefined);
    timers.setImmediate(() => running.waiters.forEach((ended) => ended()));
  };
  if (outcome === undefined) wake();
  else rebuildError(outcome, 'thread', isAsked, (error) => (end.error = error), wake);
  return end;
}

/** @param isUntold true where the thread itself has not printed the error */
function tellHook(error: Error, thread: Thread<any>, isUntold: boolean): void {
  if (hook !== undefined) {
    try {
      hook({ error, thread });
    } catch (thrown) {
      process.emitWarning(`the except hook threw: ${inspected(thrown)}`, 'ExceptHookWarning');
    }
  } else if (isUntold) process.stderr.write(`Exception in thread ${thread.name}:\n${inspected(error)}\n`);
}
