/**
 * Who has something and who waits for it, as others can see it in the heap: what a report of deadlocks is made of. It is read word by word while the
 * others go on, so it is a picture of a moment only where nothing moves, as in a deadlock.
 */

import type { ThreadInfo } from '../../errors.ts';
import { blockOf, describe, type SharedObject, theAgent, threadOf, WaitQueue } from '../../memory/index.ts';

export interface WhoWaits {
  /** `Lock held by MainProcess (pid 4711, thread 0)`. */
  readonly what: string;
  /** Who has it, where one has; `null` if nobody has, or nobody can. */
  readonly owner: ThreadInfo | null;
  /** Who has permits that go back with his end. */
  readonly holders: readonly { readonly thread: ThreadInfo; readonly permits: number }[];
  /** In order of arrival. */
  readonly waiters: readonly WhoWaitsOne[];
}

interface WhoWaitsOne {
  readonly thread: ThreadInfo;
  /** Without blocking its thread. All async waits of one thread for a lock, a semaphore or an event are one here. */
  readonly isAsync: boolean;
  /** Milliseconds that it has waited. */
  readonly ms: number;
  /** It was told to look, and has not gone on yet. */
  readonly isCalled: boolean;
}

export function whoWaits(object: SharedObject & { readonly owner?: ThreadInfo | null }): WhoWaits {
  const { memory } = theAgent();
  const now = memory.now();
  const entries = [...new WaitQueue(blockOf(object)).entries()];
  const inLine = entries.filter((entry) => entry.isInLine).toSorted((one, other) => (one.ticket - other.ticket) | 0);
  return {
    what: describe(object),
    owner: object.owner ?? null,
    holders: entries.filter((entry) => entry.isHolder).map((entry) => ({ thread: threadOf(entry.slot), permits: entry.value })),
    waiters: inLine.map((entry) => ({
      thread: threadOf(entry.slot),
      isAsync: entry.isAsync,
      ms: Math.max(0, entry.age(now)),
      isCalled: entry.isCalled,
    })),
  };
}
