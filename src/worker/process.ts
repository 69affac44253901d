/**
 * Starts a pool's worker as a child process: descriptor 3 is its link, 5 its marks (`begun-mark.ts`). `child.ts` starts it.
 */

import type { Socket } from 'node:net';
import type { WorkerEnd } from '../errors.ts';
// Workers inherit the heap of their host, which must know of it.
import '../memory/index.ts';
import { PipeCount, noCount } from './begun-count.ts';
import { ifPossible, releaseChild, startChild } from './child.ts';
import { PipeLink } from './pipe-link.ts';
import type { ResourceLimits, RunningWorker, StartOptions } from './running-worker.ts';

export function startProcess(options: StartOptions): RunningWorker {
  const begun = ifPossible(() => new PipeCount());
  let child: ReturnType<typeof startChild>;
  try {
    child = startChild({
      entry: 'worker/process-main.js',
      args: begun === undefined ? [] : ['marks'],
      execArgv: options.execArgv,
      nodeOptions: heapOptions(options.resourceLimits),
      env: options.env,
      stdio: 'inherit',
      link: 'pipe',
      own: begun?.childEnd ?? 'ignore',
      // When this program exits in good order, links close and idle workers end by themselves, in good order too. A worker in the middle of a
      // task would go on without this program, and is killed.
      atExit: ({ process, lifeline }) => {
        if (options.isBusy()) process.kill('SIGKILL');
        else ifPossible(() => lifeline?.disarm());
      },
    });
  } catch (error) {
    begun?.close();
    throw error;
  }
  begun?.started();
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
  const socket = (started.stdio as readonly unknown[] | undefined)?.[3] as Socket | null | undefined;
  if (socket === null || socket === undefined)
    throw new Error('the system gave no socket for a worker process (a limit of open files, ulimit -n?)');
  socket.unref();
  return {
    link: new PipeLink(socket),
    pid: started.pid ?? null,
    threadId: null,
    begun: begun ?? noCount,
    kill: (signal = 'SIGKILL') => void started.kill(signal),
    onGone: (callback) => {
      onGone = callback;
      if (end !== undefined) callback(end);
    },
  };
}

function heapOptions(limits: ResourceLimits | undefined): string[] {
  const options: string[] = [];
  if (limits?.maxOldGenerationSizeMb !== undefined) options.push(`--max-old-space-size=${limits.maxOldGenerationSizeMb}`);
  // V8 counts three semi-spaces to the young generation.
  if (limits?.maxYoungGenerationSizeMb !== undefined)
    options.push(`--max-semi-space-size=${Math.max(1, Math.ceil(limits.maxYoungGenerationSizeMb / 3))}`);
  return options;
}
