/** The data that every thread receives from its starter, whatever its kind. */

import { commonHere } from '../../copies.ts';
import { type HeapPlace, tellHeapPlace } from '../../handles.ts';
import { type HeldList, setHeldLists } from '../../held-lists.ts';
import { type EndGate, setEndGates, type SharedWords } from '../../undisturbed.ts';
import { type ProcessIdentity, setIdentity } from './process-identity.ts';
import { joinThreadTable } from './thread-table.ts';

/** The data of every thread, besides that of its kind. */
export interface ThreadGround {
  /** Where it finds the shared heap, when it meets a shared object. */
  readonly heap: HeapPlace | undefined;
  /** The gates at which a thread that ends this one, or a thread above it, waits for permission. */
  readonly endGates: readonly EndGate[];
  /** Where it notes the processes that it starts. */
  readonly children: readonly ChildList[];
  /** Where it notes what it holds of named memory. */
  readonly held: readonly HeldList[];
  readonly table: SharedWords;
  readonly process: ProcessIdentity | undefined;
  /** The index of its entry there. */
  readonly entry: number;
}

/** The `workerData` of a thread. */
export interface ThreadData<Own> {
  readonly ground: ThreadGround;
  readonly own: Own;
}

/** The child processes of a thread, by their numbers; 0: none (`orphans.ts`). */
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
