/**
 * Starts one thread of Node, for pools and for `Thread` alike: which flags it inherits, how it finds the shared heap, how it is ended while it works in
 * native code, and its entry in the table of threads.
 */

import { threadId as ourThreadId, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';
import { handleDoor, heapSeed, markThreadEnded } from '../../handles.ts';
import { heldListsBelow } from '../../held-lists.ts';
import { placeOf } from '../../places.ts';
import { letGoOfHeld } from '../../platform/index.ts';
import { closeEndGate, type EndGate, endGatesBelow, isImporting } from '../../undisturbed.ts';
import { inheritedExecArgv } from './exec-argv.ts';
import { childListsBelow, collectChildrenOf } from './orphans.ts';
import type { ResourceLimits } from '../host/running-worker.ts';
import type { ThreadData, ThreadGround } from './thread-ground.ts';
import { identity } from './process-identity.ts';
import { enlist, freeEntry, listAs, threadTable } from './thread-table.ts';

export interface ThreadStart {
  /** The thread's first file, by its path below `src/` and with the ending `.js`. */
  readonly file: string;
  readonly name: string;
  readonly daemon: boolean;
  /** The data of its kind: the field `own` of its `workerData`. */
  readonly own: unknown;
  readonly transferList: readonly Transferable[];
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Node's options; by default those of this thread. */
  readonly execArgv?: readonly string[] | undefined;
  /** The whole environment; by default that of this thread. Variables with the value `undefined` are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface StartedThread {
  readonly worker: Worker;
  readonly threadId: number;
  /** The entry in the table of threads. */
  readonly entry: number;
  /** Ends it, mid-work. */
  terminate(): Promise<number>;
  /** True while it imports something, whose descriptors its end would leave open. */
  isImporting(): boolean;
}

/** @throws what `new Worker` throws, for options that a thread cannot have */
export function startNodeThread(options: ThreadStart): StartedThread {
  const endGates = endGatesBelow();
  const children = childListsBelow();
  const held = heldListsBelow();
  const entry = enlist(options.name, options.daemon);
  const ground: ThreadGround = { heap: heapSeed(ourThreadId), endGates, children, held, table: threadTable(), process: identity(), entry };
  const { file, name, own, transferList, resourceLimits, execArgv, env } = options;
  let worker: Worker;
  try {
    worker = newWorker(placeOf(file), {
      workerData: { ground, own } satisfies ThreadData<unknown>,
      transferList: transferList as WorkerOptions['transferList'] & object,
      name,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(env === undefined ? {} : { env: withoutUndefined(env) }),
    });
  } catch (error) {
    freeEntry(entry);
    throw error;
  }
  const { threadId } = worker;
  listAs(entry, threadId);
  watch(endGates[0]);
  worker.on('exit', () => {
    living.delete(endGates[0]);
    collectChildrenOf(children[0]);
    letGoOfHeld(held[0]);
    freeEntry(entry);
    if (handleDoor() !== undefined) markThreadEnded(threadId);
    else void import('../../memory/index.ts').then(() => markThreadEnded(threadId));
  });
  const terminate = (): Promise<number> => {
    closeEndGate(endGates[0]);
    return worker.terminate();
  };
  return { worker, threadId, entry, terminate, isImporting: () => isImporting(endGates[0]) };
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

function newWorker(file: URL, options: WorkerOptions): Worker {
  if (options.execArgv !== undefined || !process.execArgv.some((argument) => ofTheProgram.test(argument))) return new Worker(file, options);
  const execArgv = inheritedExecArgv(process.execArgv);
  try {
    return new Worker(file, { ...options, execArgv });
  } catch (error) {
    // The options of processes only; they hold in this process, and so in its threads. The message lists them.
    if (!(error as NodeJS.ErrnoException).code?.includes('INVALID_EXEC_ARGV')) throw error;
    const { message } = error as Error;
    return new Worker(file, { ...options, execArgv: execArgv.filter((argument) => !message.includes(argument)) });
  }
}
