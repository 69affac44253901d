/**
 * Names of tracked memory, in the heap of the tree: which process uses which block under which name. A process that is killed cannot unlink what it used; its
 * entries are still here, and the watcher (`platform/named/watcher-main.ts`) reads them from the heap's file.
 *
 *    header ─ names ─▶ block of entries ─ CHAIN ─▶ block of entries …       a sweep keeps them; they are never freed
 *
 *    claim     OWNER: 0 ─CAS─▶ this process        from then on the entry is this process's
 *    write     name, inode, then READY = 1
 *    clear     READY = 0                           the thread uses the entry again for its next block
 *    release   OWNER = 0
 *
 * An entry is read when its process has died, so that it does not change meanwhile.
 */

import { compareExchange, load, store } from '#atomics';
import { entriesBegin, entriesInBlock, entryWords, nameWords, type Registry } from '../../platform/index.ts';
import { theAgent } from '../threads/agent.ts';
import { type Block, blockAt } from '../heap/block.ts';
import { theHeap } from '../heap/heap.ts';
import { headerFields } from '../heap/heap-header.ts';
import { layout } from '../heap/layout.ts';
import { allocateOwned, unlist } from './owned.ts';
import { identityOf } from '../threads/slots.ts';
import { atStep } from '../heap/step.ts';
import { blockHead } from '../heap/tag.ts';

layout('Name', 'a block of tracked memory that a process uses', {
  owner: ['uint32', 'the process; 0: the entry is free'],
  start: ['half', 'when the process started, in clock ticks; 0: not known', 2],
  ready: ['bits', '1: the rest is there'],
  inode: ['half', 'of the file', 2],
  reserved: ['bits', 'nothing', 2],
  name: ['bits', 'UTF-8, then zeros', nameWords],
});

const { owner: OWNER, start: START, ready: READY, inode: INODE, name: NAME, size } = entryWords;
const { names: NAMES, watcher: WATCHER } = headerFields;

/** An entry of this process. */
export interface NameEntry {
  readonly words: Int32Array;
  readonly at: number;
}

/** How the watcher finds the names in the heap's file. */
export const registry: Registry = { names: NAMES * 4, watcher: WATCHER * 4, entriesBegin, entriesInBlock, entryWords };

/** Entries of this thread that wait for their next name. */
const own: NameEntry[] = [];
/** Where the search goes on: the block, and the number of the entry in it. */
let searched: { block: Block; entry: number } | undefined;

/** An entry that belongs to this process from now on. @throws HeddleError if the heap is full */
export function claimEntry(): NameEntry {
  const known = own.pop();
  if (known !== undefined) return known;
  const { memory, id } = theAgent();
  const { pid, processStart } = identityOf(memory, id);
  for (;;) {
    const found = findFree(pid);
    if (found !== undefined) {
      writeHalves(found.words, found.at + START, processStart);
      atStep?.('name.claimed');
      return found;
    }
    addBlock();
  }
}

/** From the last place on; then in older blocks. */
function findFree(pid: number): NameEntry | undefined {
  const { memory } = theAgent();
  const first = load(memory.segment(0), NAMES);
  if (first === 0) return undefined;
  searched ??= { block: blockAt(memory, first), entry: 0 };
  for (;;) {
    const { words, at } = searched.block;
    for (; searched.entry < entriesInBlock; searched.entry += 1) {
      const entry = at + entriesBegin + searched.entry * size;
      if (load(words, entry + OWNER) === 0 && compareExchange(words, entry + OWNER, 0, pid) === 0) return { words, at: entry };
    }
    const next = load(words, at + blockHead.chain);
    if (next === 0) return undefined;
    searched = { block: blockAt(memory, next), entry: 0 };
  }
}

/** Puts a new block before the others. */
function addBlock(): void {
  const heap = theHeap();
  const block = allocateOwned(entriesBegin + entriesInBlock * size);
  const header = heap.memory.segment(0);
  heap.guarded(() => {
    store(block.words, block.at + blockHead.chain, load(header, NAMES));
    heap.keep(block.ref);
    atStep?.('name.block');
    store(header, NAMES, block.ref);
    unlist(heap, block);
  });
  searched = { block, entry: 0 };
}

function writeHalves(words: Int32Array, at: number, value: number): void {
  store(words, at, value | 0);
  store(words, at + 1, Math.floor(value / 2 ** 32));
}

/** Says which block this process uses, under which name. @param bytes of the name, without the 0 */
export function writeEntry({ words, at }: NameEntry, inode: number, bytes: Uint8Array): void {
  writeHalves(words, at + INODE, inode);
  const name = new Uint8Array(words.buffer, words.byteOffset + (at + NAME) * 4, nameWords * 4);
  name.set(bytes);
  name.fill(0, bytes.length);
  // ORDER: last; with it the entry counts.
  store(words, at + READY, 1);
  atStep?.('name.ready');
}

/** The process does not use the block of an entry any more, or it has no name any more. */
export function clearEntry(entry: NameEntry): void {
  store(entry.words, entry.at + READY, 0);
  own.push(entry);
}

/** Gives the entries back that this thread does not use. */
export function releaseEntries(): void {
  for (const { words, at } of own.splice(0)) store(words, at + OWNER, 0);
}

/** The process that watches over the names; 0: none. */
export function watcherPid(): number {
  return load(theAgent().memory.segment(0), WATCHER);
}

/** Says which process watches. False if another thread has said so before. */
export function setWatcher(from: number, to: number): boolean {
  return compareExchange(theAgent().memory.segment(0), WATCHER, from, to) === from;
}

/** True if processes of this tree share a heap, so that a watcher can read it. @throws UnsupportedPlatformError */
export function canTrack(): boolean {
  return theAgent().memory.crossesProcesses;
}
