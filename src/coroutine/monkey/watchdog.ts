/**
 * Samples where a greenlet is while it blocks the thread. Code of that thread cannot do so: another thread does.
 *
 *      this thread                                              the watchdog's
 *   beat, every quarter of the limit ──shared counter──▶  it stands still for longer than the limit
 *                                                            │ inspector: pause at the next statement
 *   takeSample(): whose step, which stack  ◀──called there──┘
 *   the step ends: it is told of, with its stack
 *   or it does not end                     ──────────────▶  says so on stderr
 *
 * A pause can only be had in JavaScript: native calls come to an end first; those that are patched are announced on the board. Only the main thread has an inspector that others may reach.
 */

import type { Worker } from 'node:worker_threads';
import { withoutContext } from '../../loop/index.ts';
import { placeOf } from '../../places.ts';
import { BEATS, IS_DEBUGGED, newBoard, useBoard, type WatchdogData, wordsOf } from './board.ts';
import { found, lost } from './calls.ts';
import { framesAbove } from './stack.ts';
import { LONG_STRETCH } from './tell.ts';
import { whoRuns } from './who.ts';

/** Where a greenlet was when it had lasted too long. */
interface Sample {
  readonly stack: string;
  readonly greenlet: string;
  readonly at: number;
}

/** The hook lies where every realm of the thread finds it, and the global object stays as it is. */
const HOOK = Symbol.for('heddle.monkey.sample');
const EXPRESSION = `globalThis.process.getBuiltinModule('node:inspector').Session[Symbol.for('heddle.monkey.sample')]?.()`;

const [SHORTEST, LONGEST] = [5, 1000];

let sample: Sample | undefined;
let stop: (() => void) | undefined;

/** The sample that was taken at `begin` or later. */
export function sampleSince(begin: number): Sample | undefined {
  return sample !== undefined && sample.at >= begin ? sample : undefined;
}

/** Called through the inspector, wherever the thread is. Returns the running greenlet, and the stack below. */
function takeSample(): string {
  const blocker = whoRuns();
  if (blocker === undefined) return '';
  const { stack: frames } = framesAbove(takeSample);
  const stack = frames === '' ? blocker.origin : frames;
  sample = { stack, greenlet: blocker.name, at: performance.now() };
  return `${blocker.name}\n${stack}`;
}

export function startWatchdog(limit: number): void {
  stopWatchdog();
  const { isMainThread, Worker } = process.getBuiltinModule('node:worker_threads');
  // A Node may be built without an inspector.
  const inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
  if (!isMainThread || inspector === undefined || limit === Infinity) return;
  const period = Math.min(Math.max(limit / 4, SHORTEST), LONGEST);
  const board = newBoard();
  const words = wordsOf(board);
  const lookForDebugger = (): number => Atomics.store(words, IS_DEBUGGED, inspector.url() === undefined ? 0 : 1);
  lookForDebugger();
  const worker = startThread(Worker, { board, period, limit, patience: Math.max(10 * limit, 1000), expression: EXPRESSION });
  if (worker === undefined) return;
  useBoard(board);
  const { Session } = inspector as { Session: { [HOOK]?: unknown } };
  Session[HOOK] = takeSample;
  let last = performance.now();
  let lostAtLast = lost;
  const beat = (): void => {
    Atomics.add(words, BEATS, 1);
    lookForDebugger();
    const now = performance.now();
    const late = now - last - period - (lost - lostAtLast);
    const seen = sampleSince(last);
    last = now;
    lostAtLast = lost;
    if (late > limit && seen !== undefined) found(LONG_STRETCH, late, seen.greenlet, seen.stack);
  };
  let timer: NodeJS.Timeout | undefined;
  // Not in the context of the greenlet that may have called us: a look at a thread that is idle would find that one.
  withoutContext(() => (timer = setInterval(beat, period).unref()));
  // The timer does not keep the program alive, which may end with a long stretch.
  process.on('beforeExit', beat);
  stop = () => {
    beat();
    clearInterval(timer);
    process.off('beforeExit', beat);
    useBoard(undefined);
    delete Session[HOOK];
    // Not terminate(): a thread that is ended while it loads its file leaves that open.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage('end');
  };
}

export function stopWatchdog(): void {
  const end = stop;
  stop = undefined;
  end?.();
  sample = undefined;
}

/** Where there can be none (Node's permissions), steps are measured all the same. */
function startThread(Thread: typeof Worker, workerData: WatchdogData): Worker | undefined {
  try {
    const entry = placeOf('coroutine/monkey/watchdog-thread.js');
    const worker = new Thread(entry, { workerData, execArgv: [], env: {}, name: 'heddle watchdog' });
    worker.unref();
    worker.on('error', stopWatchdog);
    return worker;
  } catch {
    return undefined;
  }
}
