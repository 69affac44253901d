/**
 * Where threads note what they hold of named memory, so that their starters let go of it when they have ended (`platform/named/held.ts`). A file of its own: each thread
 * is given its lists, and few need more.
 */

import { commonHere } from './copies.ts';
import type { SharedWords } from './undisturbed.ts';

export type HeldList = SharedWords;

/** The most entries of one thread and those below it at a time; more are not noted. */
const capacity = 1024;
/** Words of an entry: its kind, and four more. */
export const heldWords = 5;

/** The same for all copies of heddle in a thread. The main thread has none. */
const known = commonHere<{ lists: readonly HeldList[] }>('thread.named', () => ({ lists: [] }));

/** That of this thread, and those of the threads above it. */
export function heldLists(): readonly HeldList[] {
  return known.lists;
}

/** For a thread that this one starts. */
export function heldListsBelow(): readonly [HeldList, ...HeldList[]] {
  return [new Int32Array(new SharedArrayBuffer(4 * heldWords * capacity)), ...known.lists];
}

/** To be told first of all in a thread. */
export function setHeldLists(lists: readonly HeldList[]): void {
  known.lists = lists;
}
