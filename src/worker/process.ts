/**
 * Starts a worker as a child process. It has no IPC channel of Node's: descriptor 3 is our link and nothing else, so
 * `process.send` is free and a test runner's fork is never taken for a child of ours. Descriptors 4 and 5 are its
 * lifeline and its marks (`begun-mark.ts`), and 6 the shared heap, where the system has what they need.
 */

import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { childProcess } from '../builtins.ts';
import type { WorkerEnd } from '../errors.ts';
import { heapDescriptorForChild, theAgent } from '../memory/index.ts';
import { placeOf } from '../places.ts';
import { Lifeline } from '../platform/index.ts';
import { PipeCount, noCount } from './begun-count.ts';
import { inheritedExecArgv } from './exec-argv.ts';
import { PipeLink } from './pipe-link.ts';
import type { ResourceLimits, RunningWorker, StartOptions } from './running-worker.ts';

export function startProcess(options: StartOptions): RunningWorker {
  const lifeline = ifPossible(() => new Lifeline());
  const begun = ifPossible(() => new PipeCount());
  let child: ChildProcess;
  try {
    child = spawnWorker(options, lifeline, begun);
  } catch (error) {
    lifeline?.release();
    begun?.close();
    throw error;
  }
  child.unref();
  // Without descriptors Node makes none of them, and tells by an event.
  const socket = (child.stdio as readonly unknown[] | undefined)?.[3] as Socket | null | undefined;
  let onGone: ((end: WorkerEnd) => void) | undefined;
  let end: WorkerEnd | undefined;
  const gone = (exitCode: number | null, signal: string | null, error: unknown): void => {
    if (end !== undefined) return;
    children.delete(child);
    lifeline?.release();
    begun?.close();
    end = { kind: 'process', pid: child.pid ?? null, threadId: null, exitCode, signal, error };
    onGone?.(end);
  };
  child.on('error', (error) => {
    if (child.pid === undefined) gone(null, null, error);
  });
  child.on('exit', (code, signal) => gone(code, signal, undefined));
  if (child.pid !== undefined) watch(child, { isBusy: options.isBusy, lifeline });
  if (socket === null || socket === undefined)
    throw new Error('the system gave no socket for a worker process (a limit of open files, ulimit -n?)');
  socket.unref();
  return {
    link: new PipeLink(socket),
    pid: child.pid ?? null,
    threadId: null,
    begun: begun ?? noCount,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    onGone: (callback) => {
      onGone = callback;
      if (end !== undefined) callback(end);
    },
  };
}

/** Starts it and arms its lifeline, before it can get anything to do. */
function spawnWorker(options: StartOptions, lifeline: Lifeline | undefined, begun: PipeCount | undefined): ChildProcess {
  const execArgv = [...(options.execArgv ?? inheritedExecArgv(process.execArgv)), ...heapOptions(options.resourceLimits)];
  const heap = ifPossible(heapDescriptorForChild);
  // It is there: then the child can be told whose its messages are.
  if (heap !== undefined) ifPossible(theAgent);
  const given = [...(begun === undefined ? [] : ['marks']), ...(heap === undefined ? [] : ['heap'])];
  const child = childProcess().spawn(process.execPath, [...execArgv, fileURLToPath(placeOf('worker/process-main.js')), ...given], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', lifeline?.childEnd ?? 'ignore', begun?.childEnd ?? 'ignore', heap ?? 'ignore'],
    windowsHide: true,
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  begun?.started();
  const { pid } = child;
  if (pid !== undefined) ifPossible(() => lifeline?.arm(pid));
  return child;
}

/** What needs native calls, or descriptors that the system may refuse; a worker does its work without. */
function ifPossible<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function heapOptions(limits: ResourceLimits | undefined): string[] {
  const options: string[] = [];
  if (limits?.maxOldGenerationSizeMb !== undefined) options.push(`--max-old-space-size=${limits.maxOldGenerationSizeMb}`);
  // V8 counts three semi-spaces to the young generation.
  if (limits?.maxYoungGenerationSizeMb !== undefined)
    options.push(`--max-semi-space-size=${Math.max(1, Math.ceil(limits.maxYoungGenerationSizeMb / 3))}`);
  return options;
}

/**
 * Children that have not ended. When this program exits in good order, their links close and the idle ones end by
 * themselves, in good order too; the others are in the middle of a task, would go on without us, and are killed.
 * For every other end of this program there are the lifelines.
 */
const children = new Map<ChildProcess, Child>();
let isWatching = false;

/** What is done about a child at the exit. */
interface Child {
  readonly isBusy: () => boolean;
  readonly lifeline: Lifeline | undefined;
}

function watch(child: ChildProcess, state: Child): void {
  children.set(child, state);
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const [each, { isBusy, lifeline }] of children) {
      if (isBusy()) each.kill('SIGKILL');
      else ifPossible(() => lifeline?.disarm());
    }
  });
}
