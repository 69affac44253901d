/**
 * Tracked memory, as one thread uses it. A block is unlinked when no process uses it any more.
 *
 *    create   no name yet ▶ share the lock ▶ entry ▶ a watcher runs ▶ the name
 *    attach   entry ▶ share the lock ▶ has the block its name still?
 *    leave    have the lock alone? then unlink ▶ no entry
 *
 *    a process that has created a block uses it until it ends, or the block is unlinked
 *    a process that has attached to one uses it until its handles are closed, or it ends
 *
 * After each step the process may be killed: what it leaves is an entry, and no name; or an entry, and its lock is free. The watcher finds both.
 */

import { atStep, canTrack, claimEntry, clearEntry, type NameEntry, releaseEntries, writeEntry } from '../../memory/index.ts';
import { UnsupportedPlatformError } from '../../errors.ts';
import {
  type BlockFile,
  closeFile,
  closeUnlinked,
  forgetLock,
  inodeAt,
  isNamed,
  lockAlone,
  lockShared,
  namedMemoryFolder,
  noteLock,
  unlinkFile,
} from '../../platform/index.ts';
import { isMainThread } from 'node:worker_threads';
import { ensureWatcher } from './watcher.ts';

/** The use of one block by this thread's handles on it. */
export interface Use {
  readonly name: string;
  readonly path: string;
  readonly inode: number;
  readonly descriptor: number;
  readonly entry: NameEntry;
  readonly isCreators: boolean;
  /** How many. */
  handles: number;
}

/** Uses that are looked at with each new one. */
const few = 2;
/** Uses of this thread, by inode. */
const uses = new Map<number, Use>();
let isListening = false;
/** Where the search for blocks goes on that others have unlinked. */
let looked: IterableIterator<Use> | undefined;

const encoder = new TextEncoder();

/** @throws UnsupportedPlatformError */
export function checkCanTrack(): void {
  if (!canTrack())
    throw new UnsupportedPlatformError(
      'memory cannot be tracked, as the processes of this program share no memory (heddle doctor says why): use track: false',
    );
}

/** This process uses a block that it has made, and which has no name yet. @throws UnsupportedPlatformError, HeddleError */
export function useNew(file: BlockFile, name: string, path: string): Use {
  // Before: the new one has no name yet.
  letGoOfUnlinked();
  lockShared(file.descriptor, name);
  atStep?.('use.locked');
  return enter(file, name, path, true);
}

function enter({ descriptor, inode }: BlockFile, name: string, path: string, isCreators: boolean): Use {
  const entry = claimEntry();
  writeEntry(entry, inode, encoder.encode(path.slice(namedMemoryFolder.length)));
  const use = { name, path, inode, descriptor, entry, isCreators, handles: 1 };
  try {
    ensureWatcher();
  } catch (error) {
    clearEntry(entry);
    throw error;
  }
  atStep?.('use.watched');
  uses.set(inode, use);
  noteLock(descriptor, isCreators);
  if (!isListening) {
    isListening = true;
    process.on('exit', leaveAll);
  }
  return use;
}

/** The use of a block that this thread uses already: one handle more. */
export function joinUse(file: BlockFile): Use | undefined {
  const use = uses.get(file.inode);
  if (use === undefined) return undefined;
  use.handles += 1;
  return use;
}

/**
 * This process uses a block that it has attached to.
 *
 * @returns undefined if the block has lost its name meanwhile, or is about to: the name is to be looked up again
 */
export function useAttached(file: BlockFile, name: string, path: string): Use | undefined {
  const use = enter(file, name, path, false);
  try {
    if (lockShared(file.descriptor, name) && inodeAt(path) === file.inode) return use;
  } catch (error) {
    dropUse(use);
    throw error;
  }
  dropUse(use);
  return undefined;
}

/** One handle less. */
export function release(use: Use): void {
  use.handles -= 1;
  if (use.handles > 0 || uses.get(use.inode) !== use) return;
  if (!use.isCreators) leave(use);
  else if (!isNamed(use.descriptor)) endUse(use);
}

/** The block has lost its name: nothing is left to be unlinked. */
function endUse(use: Use): void {
  if (uses.get(use.inode) !== use) return;
  dropUse(use);
  closeFile(use.descriptor);
}

/** The same for a use that never began; its descriptor stays open. */
export function dropUse(use: Use): void {
  uses.delete(use.inode);
  forgetLock(use.descriptor);
  clearEntry(use.entry);
}

/** This thread has unlinked a block. */
export function unlinked(inode: number): void {
  const use = uses.get(inode);
  if (use !== undefined) endUse(use);
  closeUnlinked(few);
}

/** Unlinks the block if no other process uses it. */
function leave(use: Use): void {
  if (lockAlone(use.descriptor, use.name)) unlinkFile(use.path, use.inode);
  atStep?.('use.left');
  endUse(use);
}

/** This thread ends. What it has created the process uses on, if this is not its end. */
function leaveAll(): void {
  for (const use of uses.values()) {
    if (isMainThread || !use.isCreators) leave(use);
    else if (!isNamed(use.descriptor)) endUse(use);
  }
  releaseEntries();
}

/** Looks at some uses for each new one, whether others have unlinked the block: its descriptor and entry are no longer needed. */
function letGoOfUnlinked(): void {
  closeUnlinked(few);
  for (let i = 0; i < few; i += 1) {
    looked ??= uses.values();
    const { done, value: use } = looked.next();
    if (done === true) {
      looked = undefined;
      return;
    }
    if (!isNamed(use.descriptor)) endUse(use);
  }
}
