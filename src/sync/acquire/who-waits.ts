/**
 * The owners and waiters of shared objects, as other threads see them in the heap: the input of deadlock reports. They are read word by
 * word while other threads run. The picture is consistent only where nothing moves, as in a deadlock.
 */

import type { ThreadInfo } from '../../errors.ts';
import { blockOf, describe, type SharedObject, theAgent, threadOf, WaitQueue } from '../../memory/index.ts';

export interface WhoWaits {
  /** `Lock held by MainProcess (pid 4711, thread 0)`. */
  readonly what: string;
  /** The owner; `null` while there is none, and for kinds without owners. */
  readonly owner: ThreadInfo | null;
  /** The threads with permits that go back at their death. */
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
  /** True if the waiter was told to look, and has not resumed yet. */
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
