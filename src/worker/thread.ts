/** Starts a worker on a thread of this process. */

import { MessageChannel, type MessagePort, threadId as ourThreadId, Worker, type WorkerOptions } from 'node:worker_threads';
import type { WorkerEnd } from '../errors.ts';
import { markEnded, seed } from '../memory/index.ts';
import { placeOf } from '../places.ts';
import { closeEndGate, type EndGate, endGatesBelow } from '../undisturbed.ts';
import { WordCount } from './begun-count.ts';
import { inheritedExecArgv } from './exec-argv.ts';
import { MessagePortLink } from './message-port-link.ts';
import type { RunningWorker, StartOptions } from './running-worker.ts';

/** What a worker thread is given. */
export interface ThreadData {
  readonly port: MessagePort;
  /** Where it counts what it has begun. */
  readonly begun: Uint32Array;
  /** By which it finds the shared heap, when it meets a shared object. */
  readonly seed: SharedArrayBuffer;
  /** Node's number of the thread that starts it. */
  readonly startedBy: number;
  /** By which those who end it, or a thread above it, wait until they may. */
  readonly endGates: readonly EndGate[];
}

const entry = placeOf('worker/thread-main.js');

/** @throws what `new Worker` throws, for options that a thread cannot have */
export function startThread(options: StartOptions): RunningWorker {
  const { port1: hostPort, port2: workerPort } = new MessageChannel();
  const begun = new WordCount();
  const endGates = endGatesBelow();
  const worker = newWorker({
    workerData: { port: workerPort, begun: begun.word, seed: seed(), startedBy: ourThreadId, endGates } satisfies ThreadData,
    transferList: [workerPort],
    name: options.name,
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
    ...(options.env === undefined ? {} : { env: withoutUndefined(options.env) }),
  });
  worker.unref();
  watch(endGates[0]);
  const threadId = worker.threadId;
  let error: unknown;
  worker.on('error', (thrown) => (error = thrown));
  return {
    link: new MessagePortLink(hostPort),
    pid: process.pid,
    threadId,
    begun,
    kill: () => {
      closeEndGate(endGates[0]);
      void worker.terminate();
    },
    onGone: (callback: (end: WorkerEnd) => void) => {
      worker.on('exit', (exitCode) => {
        living.delete(endGates[0]);
        markEnded(threadId);
        callback({ kind: 'thread', pid: process.pid, threadId, exitCode, signal: null, error });
      });
    },
  };
}

/** With this program Node ends its threads. */
const living = new Set<EndGate>();
let isWatching = false;

function watch(gate: EndGate): void {
  living.add(gate);
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const each of living) closeEndGate(each);
  });
}

/** A worker of Node's would see the text `undefined`. */
function withoutUndefined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((each): each is [string, string] => each[1] !== undefined));
}

/** These stop a thread from starting its file; all others it inherits from Node itself, unless we name any. */
const ofTheProgram = /^(?:-e|--eval|-p|--print|-pe|--input-type)(?:$|=)/;

function newWorker(options: WorkerOptions): Worker {
  if (options.execArgv !== undefined || !process.execArgv.some((argument) => ofTheProgram.test(argument)))
    return new Worker(entry, options);
  const execArgv = inheritedExecArgv(process.execArgv);
  try {
    return new Worker(entry, { ...options, execArgv });
  } catch (error) {
    // What only a process can have; it holds in this one, and so in its threads. The message lists it.
    if (!(error as NodeJS.ErrnoException).code?.includes('INVALID_EXEC_ARGV')) throw error;
    const { message } = error as Error;
    return new Worker(entry, { ...options, execArgv: execArgv.filter((argument) => !message.includes(argument)) });
  }
}
