/** Starts a pool's worker on a thread of this process. `thread-start.ts` starts the thread. */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
// Workers find the heap of their host, which must know of it.
import '../../memory/index.ts';
import type { WorkerEnd } from '../../errors.ts';
import { monotonicNow, setTimeout } from '../../real-timers.ts';
import type { SharedWords } from '../../undisturbed.ts';
import { AheadWords, wordsForThread } from './ahead.ts';
import { WordCount } from './begun-count.ts';
import { ringMemory } from '../link/frame-ring.ts';
import { MessagePortLink } from '../link/message-port-link.ts';
import { type RingEnd, RingLink } from '../link/ring-link.ts';
import type { RunningWorker, StartOptions } from './running-worker.ts';
import { startNodeThread } from '../start/thread-start.ts';

/** The start data of a pool's worker thread. */
export interface WorkerThreadData {
  readonly port: MessagePort;
  /** Further parts of its link, if that has rings. */
  readonly ring: Omit<RingEnd, 'port'> | undefined;
  /** Where it counts what it has begun. */
  readonly begun: Uint32Array;
  /** The state of tasks that are sent ahead. */
  readonly ahead: SharedWords;
}

/** How many threads of this one's pools have something to do. */
const busy: SharedWords = new Int32Array(new SharedArrayBuffer(4));
/** `HEDDLE_LINK=port` sends frames by message ports alone, without rings. */
const hasRings = process.env['HEDDLE_LINK'] !== 'port';

/** @throws what `new Worker` throws, for options that a thread cannot have */
export function startThread(options: StartOptions): RunningWorker {
  const { port1: hostPort, port2: workerPort } = new MessageChannel();
  const begun = new WordCount();
  const ring = hasRings ? { memory: ringMemory(), busy } : undefined;
  const ahead = wordsForThread();
  const { worker, threadId, terminate, isImporting } = startNodeThread({
    file: 'worker/thread-main.js',
    name: options.name,
    daemon: true,
    own: { port: workerPort, ring, begun: begun.word, ahead } satisfies WorkerThreadData,
    transferList: [workerPort],
    resourceLimits: options.resourceLimits,
    execArgv: options.execArgv,
    env: options.env,
  });
  worker.unref();
  let error: unknown;
  worker.on('error', (thrown) => (error = thrown));
  return {
    link: ring === undefined ? new MessagePortLink(hostPort) : new RingLink({ port: hostPort, ...ring }, options.isBusy),
    pid: process.pid,
    threadId,
    begun,
    ahead: new AheadWords({ words: ahead, at: 0 }),
    kill: () => endAfterImports(terminate, isImporting, monotonicNow() + patience),
    onGone: (callback: (end: WorkerEnd) => void) => {
      worker.on('exit', (exitCode) => callback({ kind: 'thread', pid: process.pid, threadId, exitCode, signal: null, error }));
    },
  };
}

/** The milliseconds that an ending thread may go on to import: the import may never end. */
const patience = 1000;
const lookEvery = 2;

function endAfterImports(terminate: () => Promise<number>, isImporting: () => boolean, until: number): void {
  if (!isImporting() || monotonicNow() > until) return void terminate();
  setTimeout(() => endAfterImports(terminate, isImporting, until), lookEvery);
}
