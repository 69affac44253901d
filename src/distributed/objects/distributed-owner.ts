/** The owner of a lock, among the threads of all machines. */

import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import type { ThreadInfo } from '../../errors.ts';
import { threadName } from '../../handles.ts';

/** A thread of one of the machines. */
export interface DistributedOwner extends ThreadInfo {
  /** Name of its machine. */
  readonly host: string;
}

/** This thread, as text. */
export function describeThread(): string {
  const name = threadName() ?? (isMainThread ? 'MainProcess' : `Thread-${threadId}`);
  return JSON.stringify({ pid: process.pid, thread: threadId, name, host: hostname() } satisfies DistributedOwner);
}
