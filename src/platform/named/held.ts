/**
 * Named memory of threads that end before their process. A thread that is terminated unmaps and closes nothing, and the memory would stay as
 * long as the process.
 *
 *    thread ── maps a block, or opens its lock ──▶ notes it in its own list and in those of the threads above it
 *    end of a thread ──▶ its starter unmaps and closes what is left in its list
 *
 *    list    kind, 4 words │ kind, 4 words …
 *
 * The lock of a block that the thread has created stays: its process uses the block until it ends. It is closed when the block was unlinked.
 */

import { type HeldList, heldLists, heldWords as size } from '../../held-lists.ts';
import { closeFile, isNamed, unmap } from './memory-file.ts';

/** Kinds. */
const FREE = 0;
const WRITING = 1;
/** Address in pages, in two words; bytes, in two words. */
const MAPPING = 2;
/** Of a block that the thread has attached to: a descriptor. */
const ATTACHED = 3;
/** Of a block that the thread has created. */
const CREATED = 4;
const pageBytes = 4096;

const low = (value: number): number => value | 0;
const high = (value: number): number => Math.floor(value / 2 ** 32);
const read = (list: HeldList, at: number): number => (Atomics.load(list, at) >>> 0) + (Atomics.load(list, at + 1) >>> 0) * 2 ** 32;

function note(kind: number, first: number, second: number): void {
  for (const list of heldLists())
    for (let at = 0; at < list.length; at += size) {
      if (Atomics.compareExchange(list, at, FREE, WRITING) !== FREE) continue;
      for (const [i, word] of [low(first), high(first), low(second), high(second)].entries()) Atomics.store(list, at + 1 + i, word);
      Atomics.store(list, at, kind);
      break;
    }
}

function forget(isKind: (kind: number) => boolean, first: number): void {
  for (const list of heldLists())
    for (let at = 0; at < list.length; at += size)
      if (isKind(Atomics.load(list, at)) && read(list, at + 1) === first) {
        Atomics.store(list, at, FREE);
        break;
      }
}

const isMapping = (kind: number): boolean => kind === MAPPING;
const isLock = (kind: number): boolean => kind === ATTACHED || kind === CREATED;

export function noteMapping(address: number, bytes: number): void {
  if (heldLists().length > 0) note(MAPPING, address / pageBytes, bytes);
}

/** The thread is about to unmap it. */
export function forgetMapping(address: number): void {
  if (heldLists().length > 0) forget(isMapping, address / pageBytes);
}

/** A descriptor that has the lock of a block. */
export function noteLock(descriptor: number, isCreators: boolean): void {
  if (heldLists().length > 0) note(isCreators ? CREATED : ATTACHED, descriptor, 0);
}

export function forgetLock(descriptor: number): void {
  if (heldLists().length > 0) forget(isLock, descriptor);
}

/** Locks of blocks that threads have created which have ended. */
const left: number[] = [];

/** The thread whose list it is has ended, and those below it have. */
export function letGoOfHeld(list: HeldList): void {
  for (let at = 0; at < list.length; at += size) {
    const kind = Atomics.load(list, at);
    const first = read(list, at + 1);
    if (isMapping(kind)) {
      forgetMapping(first * pageBytes);
      unmap(first * pageBytes, read(list, at + 3));
    } else if (kind === CREATED) left.push(first);
    else if (kind === ATTACHED) {
      forgetLock(first);
      closeFile(first);
    }
  }
  closeUnlinked(Infinity);
}

/** Closes locks, left behind by threads that this one has started, of blocks that were unlinked since. Looks at `most` of them, and at others the next time. */
export function closeUnlinked(most: number): void {
  for (let i = Math.min(most, left.length); i > 0; i -= 1) {
    const descriptor = left.shift()!;
    if (isNamed(descriptor)) left.push(descriptor);
    else {
      forgetLock(descriptor);
      closeFile(descriptor);
    }
  }
}
