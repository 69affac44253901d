/** What every thread is given by its starter, whatever its kind. */

import { commonHere } from '../../copies.ts';
import { type HeapPlace, tellHeapPlace } from '../../handles.ts';
import { type HeldList, setHeldLists } from '../../held-lists.ts';
import { type EndGate, setEndGates, type SharedWords } from '../../undisturbed.ts';
import { type ProcessIdentity, setIdentity } from './process-identity.ts';
import { joinThreadTable } from './thread-table.ts';

/** What every thread is given, besides what its kind needs. */
export interface ThreadGround {
  /** Where it finds the shared heap, when it meets a shared object. */
  readonly heap: HeapPlace | undefined;
  /** By which those who end it, or a thread above it, wait until they may. */
  readonly endGates: readonly EndGate[];
  /** Where it notes the processes that it starts. */
  readonly children: readonly ChildList[];
  /** Where it notes what it holds of named memory. */
  readonly held: readonly HeldList[];
  readonly table: SharedWords;
  readonly process: ProcessIdentity | undefined;
  /** Its entry there. */
  readonly entry: number;
}

/** The `workerData` of a thread. */
export interface ThreadData<Own> {
  readonly ground: ThreadGround;
  readonly own: Own;
}

/** The child processes of a thread, by their numbers; 0 where there is none (`orphans.ts`). */
export type ChildList = SharedWords;

/** The same for all copies of heddle in a thread. */
const known = commonHere<{ lists: readonly ChildList[] }>('thread.children', () => ({ lists: [] }));

/** That of this thread, and those of the threads above it. The main thread has none: it outlives its threads. */
export function childLists(): readonly ChildList[] {
  return known.lists;
}

/** To be called first of all in a thread. */
export function stand({ heap, endGates, children, held, table, process }: ThreadGround): void {
  setIdentity(process);
  setEndGates(endGates);
  known.lists = children;
  setHeldLists(held);
  joinThreadTable(table);
  if (heap !== undefined) tellHeapPlace(heap);
}
