/** Which thread this is, and which others the program has. */

import { readlinkSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import { expected } from '../check.ts';
import { commonHere } from '../copies.ts';
import { TypeError } from '../refusals.ts';
import { listedThreads } from '../worker/ground.ts';

/** A thread as others know it. */
export interface ThreadRecord {
  /** The name. */
  name: string;
  /** A number that no other living thread of this program has; never 0. */
  readonly ident: number | null;
  /** The system's number of the thread; `null` where it is not known. */
  readonly nativeId: number | null;
  /** True for a daemon, which does not keep the program alive. */
  readonly daemon: boolean;
  /** True from the start to the end. */
  isAlive(): boolean;
}

/** Node counts threads from 0. */
const identOf = (thread: number): number => thread + 1;

/** A number that no other living thread of this program has; never 0. Source: threading.get_ident */
export function getIdent(): number {
  return identOf(threadId);
}

/** The system's number of this thread; `null` outside Linux. Source: threading.get_native_id */
export function getNativeId(): number | null {
  try {
    return Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0] ?? Number.NaN);
  } catch {
    return isMainThread ? process.pid : null;
  }
}

let mainName = 'MainThread';

/** The first thread of a program has the number of its process. */
const main: ThreadRecord = {
  get name() {
    return mainName;
  },
  set name(name: string) {
    if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
    mainName = name;
  },
  ident: identOf(0),
  nativeId: process.platform === 'linux' ? process.pid : null,
  daemon: false,
  isAlive: () => true,
};

/** The `Thread` that runs here. */
const here = commonHere<{ own?: ThreadRecord }>('thread.identity', () => ({}));
/** Threads that this one has started, by their entries in the table. */
const started = new Map<number, ThreadRecord>();

export function setOwn(thread: ThreadRecord): void {
  here.own = thread;
}

export function addStarted(entry: number, thread: ThreadRecord): void {
  if (entry >= 0) started.set(entry, thread);
}

export function removeStarted(entry: number): void {
  started.delete(entry);
}

export const isDaemonThread = (): boolean => here.own?.daemon ?? false;

/** The main thread of this program. Source: threading.main_thread */
export function mainThread(): ThreadRecord {
  return main;
}

/**
 * The thread that runs this code: in a `Thread` that object itself, in a worker of a pool a record of it. Source: threading.current_thread
 *
 * @example
 * ```ts
 * import { currentThread } from 'heddle';
 *
 * console.log(currentThread().name); // prints: MainThread
 * ```
 */
export function currentThread(): ThreadRecord {
  if (here.own !== undefined) return here.own;
  return isMainThread ? main : (enumerateThreads().find((thread) => thread.ident === getIdent()) ?? foreign());
}

/** A thread that heddle did not start. Source: threading._DummyThread */
function foreign(): ThreadRecord {
  here.own = { name: `Dummy-${threadId}`, ident: getIdent(), nativeId: getNativeId(), daemon: true, isAlive: () => true };
  return here.own;
}

/** The living threads of this program: the main thread, `Thread`s, workers of thread pools. Source: threading.enumerate */
export function enumerateThreads(): ThreadRecord[] {
  const listed = listedThreads().map((thread): ThreadRecord => {
    const ident = identOf(thread.threadId);
    if (ident === here.own?.ident) return here.own;
    const isAlive = (): boolean => listedThreads().some((one) => one.entry === thread.entry && one.threadId === thread.threadId);
    const { name, daemon, nativeId } = thread;
    return started.get(thread.entry) ?? { name, ident, nativeId: nativeId === 0 ? null : nativeId, daemon, isAlive };
  });
  return [main, ...listed];
}

/** How many threads of this program live. Source: threading.active_count */
export function activeCount(): number {
  return enumerateThreads().length;
}
