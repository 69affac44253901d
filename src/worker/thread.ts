/** Starts a worker on a thread of this process. */

import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { WorkerEnd } from '../errors.ts';
import { inheritedExecArgv } from './exec-argv.ts';
import { MessagePortLink } from './message-port-link.ts';
import type { RunningWorker, StartOptions } from './running-worker.ts';

const entry = fileURLToPath(new URL('./thread-main.js', import.meta.url));

/** @throws what `new Worker` throws, for options that a thread cannot have */
export function startThread(options: StartOptions): RunningWorker {
  const { port1: hostPort, port2: workerPort } = new MessageChannel();
  const execArgv = inheritedExecArgv(process.execArgv);
  const worker = new Worker(entry, {
    workerData: { port: workerPort },
    transferList: [workerPort],
    name: options.name,
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    // Left away, the thread inherits them without a check; given, Node refuses those that only a process can have.
    ...(execArgv.length === process.execArgv.length ? {} : { execArgv }),
  });
  worker.unref();
  const threadId = worker.threadId;
  let error: unknown;
  worker.on('error', (thrown) => (error = thrown));
  return {
    link: new MessagePortLink(hostPort),
    pid: process.pid,
    threadId,
    kill: () => void worker.terminate(),
    onGone: (callback: (end: WorkerEnd) => void) => {
      worker.on('exit', (exitCode) => callback({ kind: 'thread', pid: process.pid, threadId, exitCode, signal: null, error }));
    },
  };
}
