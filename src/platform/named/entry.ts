/**
 * How the heap lists names of tracked memory: for the heap's own code, and for the watcher, which reads them from the heap's file.
 *
 *    block    head, 8 words │ entry │ entry │ …          the CHAIN of a block names the next one
 *    entry    owner, process start (2), ready, inode (2), 2 unused │ name, 255 bytes of UTF-8 at most, then 0
 *
 * An entry belongs to the process whose number is its owner; 0: to none. It counts when it is ready.
 */

/** Where blocks with a name lie. */
export const folder = '/dev/shm/';
/** Offsets in an entry, in words of 32 bits. */
export const entryWords = { owner: 0, start: 1, ready: 3, inode: 4, name: 8, size: 72 } as const;
/** Words of a block before its first entry. */
export const entriesBegin = 8;
/** A block fills a page of the heap with them. */
export const entriesInBlock = 227;
/** Words of the longest name, with the 0 behind it. */
export const nameWords: number = entryWords.size - entryWords.name;

/** Argument of the watcher. */
export interface Registry {
  /** Where in the heap's file the ref of the first block, and the number of the watcher's process, are; in bytes. */
  readonly names: number;
  readonly watcher: number;
  readonly entriesBegin: number;
  readonly entriesInBlock: number;
  readonly entryWords: typeof entryWords;
}
