/**
 * Blank processes, for the start method `forkserver`: children that have loaded heddle and the modules of `setForkserverPreload`, and wait for
 * what they will run. Up to `stockSize` are kept, by each thread that uses them, until the event loop has nothing left to do.
 *
 *    started ── READY in its message file ──▶ ready ── order in its message file, a byte on its socket ──▶ a Process, or a worker of a pool
 *       │                                       │
 *       └────────── killed, or stale ───────────┴──▶ replaced, when the event loop is idle; not where three end by themselves
 *
 * A blank process ends with its parent, and when the parent's end of its socket closes. The process ignores SIGINT, which a terminal sends
 * to all.
 */

import type { Socket } from 'node:net';
import { encode } from '../../codec/index.ts';
import { placeOf } from '../../places.ts';
import { closeMessageFile, kindOfMessage, lookAtChild, openMessageFile, readMessage, writeMessage } from '../../platform/index.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import { heapForChild } from '../../handles.ts';
import { PipeCount } from './begun-count.ts';
import { isStartedByHeddle } from '../inside/nesting.ts';
import { type Child, ifPossible, releaseChild, socketOf, startChild } from './child.ts';
import { changes, type Env, type Handover, type Surroundings, surroundings } from '../start/surroundings.ts';

/** Kinds of messages: what a blank process must preload; what it has preloaded; that it must become a worker. */
export const PRELOAD = 0x68_64_62_31;
export const READY = 0x68_64_62_32;
export const WORKER = 0x68_64_62_33;

/** Modules to load in blank processes. */
export interface Preload {
  readonly modules: readonly string[];
  /** Where the specifiers of the modules are resolved from. */
  readonly from: string;
}

export interface PreloadHeader extends Preload {
  /** `process.argv` without the executable. */
  readonly argv: readonly string[];
}

export interface ReadyHeader {
  /** The failures of the modules, in words. */
  readonly failures: readonly string[];
}

export interface WorkerHeader {
  readonly handover: Handover;
}

/**
 * A blank process that was taken from the stock. Its taker owns all of it, and sets by `setAtExit` the effect of this program's end on it.
 */
export interface TakenBlank {
  readonly child: Child;
  readonly socket: Socket;
  /** The message file, into which the order is written before `go()`. */
  readonly file: number;
  /** Where it marks the tasks it begins, if it becomes a worker. */
  readonly begun: PipeCount | undefined;
  readonly handover: Handover;
  /** Tells it that its order is there. */
  go(): void;
  /** Ends it: it gets no order. */
  giveUp(): void;
}

interface Blank extends Omit<TakenBlank, 'handover' | 'go' | 'giveUp'> {
  readonly surroundings: Surroundings;
  isReady: boolean;
  /** Called when its end has been seen. */
  readonly ended: (exitCode: number | null) => void;
  /** Closes what this side has of it. */
  readonly release: () => void;
}

/** Blank processes that are kept. */
const stockSize = 2;
/** Milliseconds between two looks at one that starts, and before one is started. */
const lookEvery = 5;
/** The part of its time that the event loop may work while a blank process is started. */
const maxUtilization = 0.8;
/** Milliseconds between two looks at most, for one whose modules take long. */
const lookAtLeastEvery = 200;
/** Blank processes that end unused in a row, after which no more are started. */
const maxFailures = 3;

const stock = new Set<Blank>();
let preload: Preload = { modules: [], from: '' };
let timer: NodeJS.Timeout | undefined;
let lastStart = 0;
let since: ReturnType<typeof performance.eventLoopUtilization>;
/** Ends in a row of blank processes that were starting, and of ready ones that nothing has killed since one was used. */
let failures = 0;
let exits = 0;
let hasRehearsed = false;
let isWatching = false;
const told = new Set<string>();

/** Has blank processes load modules from now on. Existing ones are replaced. */
export function setPreload(modules: Preload): void {
  preload = modules;
  failures = 0;
  exits = 0;
  for (const blank of stock) discard(blank);
}

/**
 * Starts blank processes before the first use of them: in a program, not in what heddle has started. A module that asks for them where it is loaded
 * would have each child start some, which load that module.
 */
export function expectStarts(): void {
  if (!isStartedByHeddle()) fillStock();
}

/** Sees to it that there are blank processes soon. */
function fillStock(delay: number = lookEvery): void {
  if (timer !== undefined || failures >= maxFailures || exits >= maxFailures) return;
  since = performance.eventLoopUtilization();
  timer = setTimeout(tend, delay).unref();
}

/**
 * Takes a blank process from the stock; undefined where none is ready, or where what the child must inherit cannot be sent to it.
 *
 * @param env the whole environment of the child; default: that of this thread
 */
export function takeBlank(env?: Env): TakenBlank | undefined {
  fillStock();
  const wanted = ifPossible(() => surroundings(env));
  if (wanted === undefined) return undefined;
  for (const blank of stock) {
    if (!isReady(blank)) continue;
    const isStale = blank.surroundings.fixed !== wanted.fixed || blank.child.hasHeap !== (heapForChild() !== undefined);
    const handover = isStale ? undefined : changes(blank.surroundings, wanted);
    if (handover !== undefined) return take(blank, handover);
    // The environment of one pool alone says nothing about what comes next.
    if (isStale || env === undefined) discard(blank);
  }
  return undefined;
}

function take(blank: Blank, handover: Handover): TakenBlank {
  stock.delete(blank);
  exits = 0;
  const { child, socket, file, begun } = blank;
  child.process.off('exit', blank.ended);
  const giveUp = (): void => {
    child.process.on('exit', blank.ended);
    child.process.kill('SIGKILL');
  };
  return { child, socket, file, begun, handover, go: () => void socket.write(Uint8Array.of(1)), giveUp };
}

function discard(blank: Blank): void {
  stock.delete(blank);
  blank.child.process.kill('SIGKILL');
  fillStock();
}

/** True for one that waits for its order, and lives. */
function isReady(blank: Blank): boolean {
  if (!blank.isReady && kindOfMessage(blank.file) === READY) {
    blank.isReady = true;
    failures = 0;
    for (const failure of readMessage<ReadyHeader>(blank.file, READY)?.header.failures ?? []) warn(failure);
  }
  return blank.isReady && isAlive(blank);
}

function isAlive({ child }: Blank): boolean {
  const { pid, exitCode, signalCode } = child.process;
  if (pid === undefined || exitCode !== null || signalCode !== null) return false;
  // Where the system cannot tell, an event will.
  return ifPossible(() => lookAtChild(pid) === null) ?? true;
}

/** True if a blank process has ended by itself so often that no more are started. One that is killed when it is ready is replaced. */
function isLast(blank: Blank, exitCode: number | null): boolean {
  isReady(blank);
  if (!blank.isReady) return ++failures === maxFailures;
  return exitCode !== null && ++exits === maxFailures;
}

/** Warns once of a module that cannot be preloaded. Its import in the child fails with the same error, where it is needed. */
function warn(failure: string): void {
  if (told.has(failure)) return;
  told.add(failure);
  process.emitWarning(failure, 'ForkserverPreloadWarning');
}

/** Starts one blank process after the other, while the event loop has nothing better to do. */
function tend(): void {
  timer = undefined;
  const isIdle = performance.eventLoopUtilization(since).utilization < maxUtilization;
  const isStarting = [...stock].some((blank) => !isReady(blank) && !blank.isReady);
  if (isStarting) return fillStock(Math.min(lookAtLeastEvery, Math.max(lookEvery, (performance.now() - lastStart) / 10)));
  if (stock.size === stockSize) {
    if (isIdle && !hasRehearsed) void rehearse();
    return;
  }
  // A failed start is tried again at the next use.
  if (!isIdle || start()) fillStock();
}

async function rehearse(): Promise<void> {
  hasRehearsed = true;
  try {
    const { sample, Sample } = (await import(placeOf('worker/sample.js').href)) as typeof import('../sample.ts');
    encode({ target: sample, args: [1, 'text', [true]], this: new Sample() }, { root: 'sample', border: { kind: 'process' } });
  } catch {
    // The first start pays for what it needs, or says what is wrong.
  }
}

/** False where the system gives no process. */
function start(): boolean {
  lastStart = performance.now();
  const now = ifPossible(() => surroundings(undefined));
  const file = now === undefined ? undefined : ifPossible(openMessageFile);
  if (now === undefined || file === undefined) return false;
  const begun = ifPossible(() => new PipeCount());
  let child: Child;
  try {
    writeMessage(file, PRELOAD, { ...preload, argv: process.argv.slice(1) } satisfies PreloadHeader);
    child = startChild({
      entry: 'process/child-main.js',
      args: ['blank', ...(begun === undefined ? [] : ['marks'])],
      stdio: 'inherit',
      link: 'pipe',
      own: file,
      marks: begun?.childEnd,
      atExit: (one) => void one.process.kill('SIGKILL'),
    });
  } catch {
    begun?.close();
    closeMessageFile(file);
    return false;
  }
  begun?.started();
  const { process: started } = child;
  started.unref();
  const socket = socketOf(started);
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    socket?.destroy();
    child.lifeline?.release();
    begun?.close();
    closeMessageFile(file);
  };
  if (started.pid === undefined || socket === undefined) {
    // The reason is told by an event. One without a socket ends as its lifeline is released.
    started.on('error', () => {});
    started.kill('SIGKILL');
    releaseChild(child);
    release();
    return false;
  }
  socket.unref();
  socket.on('error', () => {});
  if (!isWatching) process.on('beforeExit', endStock);
  isWatching = true;
  const blank: Blank = {
    child,
    socket,
    file,
    begun,
    surroundings: now,
    isReady: false,
    ended: (exitCode) => {
      if (stock.has(blank) && isLast(blank, exitCode))
        warn('the blank processes of forkserver end before they are used: processes start without them');
      stock.delete(blank);
      releaseChild(child);
      release();
      fillStock();
    },
    release,
  };
  started.on('exit', blank.ended);
  stock.add(blank);
  return true;
}

/** Ends the stock: the program has nothing left to do. Where it goes on, the next start fills the stock again. */
function endStock(): void {
  if (timer !== undefined) clearTimeout(timer);
  timer = undefined;
  for (const blank of stock) {
    stock.delete(blank);
    blank.child.process.kill('SIGKILL');
    blank.release();
  }
}
