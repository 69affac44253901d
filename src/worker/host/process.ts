/**
 * Starts a pool's worker as a child process: descriptor 3 is its link, 5 its marks (`begun-mark.ts`). `child.ts` starts it, or it
 * was a blank process (`blanks.ts`).
 */

import type { WorkerEnd } from '../../errors.ts';
// Workers inherit the heap of their host, which must know of it.
import '../../memory/index.ts';
import { closeMessageFile, writeMessage } from '../../platform/index.ts';
import { PipeCount, noCount } from './begun-count.ts';
import { takeBlank, WORKER, type WorkerHeader } from './blanks.ts';
import { type Child, ifPossible, releaseChild, setAtExit, socketOf, startChild } from './child.ts';
import { PipeLink } from '../link/pipe-link.ts';
import type { ResourceLimits, RunningWorker, StartOptions } from './running-worker.ts';

export function startProcess(options: StartOptions): RunningWorker {
  const { child, begun } = (options.isWarm === true && startWarm(options)) || startAnew(options);
  const started = child.process;
  started.unref();
  let onGone: ((end: WorkerEnd) => void) | undefined;
  let end: WorkerEnd | undefined;
  const gone = (exitCode: number | null, signal: string | null, error: unknown): void => {
    if (end !== undefined) return;
    releaseChild(child);
    begun?.close();
    end = { kind: 'process', pid: started.pid ?? null, threadId: null, exitCode, signal, error };
    onGone?.(end);
  };
  started.on('error', (error) => {
    if (started.pid === undefined) gone(null, null, error);
  });
  started.on('exit', (code, signal) => gone(code, signal, undefined));
  // Without descriptors Node makes none of them, and tells by an event.
  const socket = socketOf(started);
  if (socket === undefined) throw new Error('the system gave no socket for a worker process (a limit of open files, ulimit -n?)');
  socket.unref();
  return {
    link: new PipeLink(socket),
    pid: started.pid ?? null,
    threadId: null,
    begun: begun ?? noCount,
    ahead: undefined,
    kill: (signal = 'SIGKILL') => void started.kill(signal),
    onGone: (callback) => {
      onGone = callback;
      if (end !== undefined) callback(end);
    },
  };
}

interface StartedWorker {
  readonly child: Child;
  readonly begun: PipeCount | undefined;
}

/**
 * The effect of this program's regular end on the worker. Links close, and idle workers end by themselves, in good order too. A worker in
 * the middle of a task would go on without this program, and is killed.
 */
function atExitOf({ isBusy }: StartOptions): (child: Child) => void {
  return ({ process, lifeline }) => {
    if (isBusy()) process.kill('SIGKILL');
    else ifPossible(() => lifeline?.disarm());
  };
}

function startAnew(options: StartOptions): StartedWorker {
  const begun = ifPossible(() => new PipeCount());
  try {
    const child = startChild({
      entry: 'worker/process-main.js',
      args: begun === undefined ? [] : ['marks'],
      execArgv: options.execArgv,
      nodeOptions: heapOptions(options.resourceLimits),
      env: options.env,
      stdio: 'inherit',
      link: 'pipe',
      own: begun?.childEnd ?? 'ignore',
      atExit: atExitOf(options),
    });
    begun?.started();
    return { child, begun };
  } catch (error) {
    begun?.close();
    throw error;
  }
}

/** A blank process that has become the worker; undefined where none is ready, or it cannot have these options. */
function startWarm(options: StartOptions): StartedWorker | undefined {
  if (options.execArgv !== undefined || heapOptions(options.resourceLimits).length > 0) return undefined;
  const blank = takeBlank(options.env);
  if (blank === undefined) return undefined;
  try {
    writeMessage(blank.file, WORKER, { handover: blank.handover } satisfies WorkerHeader);
  } catch {
    // No memory is left for it.
    blank.giveUp();
    return undefined;
  }
  setAtExit(blank.child, atExitOf(options));
  blank.go();
  closeMessageFile(blank.file);
  return blank;
}

function heapOptions(limits: ResourceLimits | undefined): string[] {
  const options: string[] = [];
  if (limits?.maxOldGenerationSizeMb !== undefined) options.push(`--max-old-space-size=${limits.maxOldGenerationSizeMb}`);
  // V8 counts three semi-spaces to the young generation.
  if (limits?.maxYoungGenerationSizeMb !== undefined)
    options.push(`--max-semi-space-size=${Math.max(1, Math.ceil(limits.maxYoungGenerationSizeMb / 3))}`);
  return options;
}
