/**
 * The header of a heap. Unused memory is a heap without pages. Nothing must be prepared, so it does not matter which thread comes first.
 *
 *    words of segment 0
 *    ┌────────┬──────────────┬────────────┬───────┬───────┬─ …
 *    │ header │ slots        │ page table │ pages
 *    └────────┴──────────────┴────────────┴───────┴───────┴─ …
 *    0        1024           132096       1180672
 */

import { compareExchange } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { layout } from './layout.ts';
import type { Memory } from './memory.ts';
import { slotCount, slotsBegin, slotSize } from '../threads/slots.ts';

/** Kinds of pages with equal blocks (`slabs.ts`); space for more. */
const openCount = 64;

type HeaderField =
  | 'seed'
  | 'magic'
  | 'version'
  | 'pages'
  | 'nextSlot'
  | 'socketBells'
  | 'names'
  | 'watcher'
  | 'reserved'
  | 'guard'
  | 'reservedToo'
  | 'isSweepDue'
  | 'used'
  | 'mark'
  | 'dirty'
  | 'lowestFree'
  | 'sweeps'
  | 'dropped'
  | 'collect'
  | 'sweeper'
  | 'colour'
  | 'unfinished'
  | 'isFreeing'
  | 'open';

export const headerFields: Readonly<Record<HeaderField | 'size', number>> = layout('Heap', 'the head of the heap', {
  seed: ['bits', 'how the threads of a process find the heap, where it lies in their seed', 4],
  magic: ['bits', '"hedl"'],
  version: ['uint32', 'of all layouts'],
  pages: ['uint32', 'how many pages of 64 KiB it has'],
  nextSlot: ['uint32', 'where the search for a free slot begins'],
  socketBells: ['bits', '1: threads have sockets besides their doorbells, as /proc denies the pipes to some process'],
  names: ['ref', 'the first block of names of tracked memory; 0: none'],
  watcher: ['uint32', 'the process that unlinks tracked memory behind its last user; 0: none'],
  reserved: ['bits', 'nothing yet', 5],
  guard: ['slot', 'the slot that allocates or frees now; bit 31: another one waits for that'],
  reservedToo: ['bits', 'nothing: the guard has a line of the cache for itself', 15],
  isSweepDue: ['bits', '1: a thread died under the guard'],
  used: ['uint32', 'taken blocks, in units of 16 bytes; an estimate until the next sweep'],
  mark: ['uint32', 'pages that it grows to before all are asked to collect garbage'],
  dirty: ['uint32', 'free pages that the system has not got back; an estimate'],
  lowestFree: ['uint32', 'no page below it is free; 0: not known'],
  sweeps: ['uint32', 'how many there were'],
  dropped: ['uint32', 'what was let go since the last sweep, in units of 16 bytes'],
  collect: ['uint32', 'how often all were asked to collect garbage'],
  sweeper: ['slot', 'which thread sweeps, in steps; 0: none does'],
  colour: ['uint32', 'the marks of the present sweep, or of the last one; blocks are born with it'],
  unfinished: ['uint32', 'sweeps since the last one that reached its end'],
  isFreeing: ['bits', '1: the present sweep has marked all that is reached, and frees the rest'],
  open: ['uint32', 'of each kind of pages with equal blocks: none below this page has a free one; 0: not known', openCount],
});

const magic = 0x6c646568;
const version = 3;

/** In words of the first segment: a word for each page. */
export const tableBegin: number = slotsBegin + slotCount * slotSize;
export const pageSize: number = 64 * 2 ** 10;
/** 64 GiB. */
export const mostPages: number = 2 ** 20;
export const firstPage: number = Math.ceil(((tableBegin + mostPages) * 4) / pageSize);

/** The least number of words in the first segment of a heap. */
export const leastWords: number = ((firstPage + 1) * pageSize) / 4;

/** Makes unused memory a heap. @throws HeddleError if it is the heap of another version of heddle */
export function checkHeader(memory: Memory): void {
  const words = memory.segment(0);
  // Zeros are a heap without pages, whichever thread writes the version first.
  const itsVersion = compareExchange(words, headerFields.version, 0, version) || version;
  const itsMagic = compareExchange(words, headerFields.magic, 0, magic) || magic;
  if (itsMagic !== magic) throw new HeddleError('the memory that was handed over is not a heap of heddle');
  if (itsVersion !== version)
    throw new HeddleError(
      `the shared heap has layout ${itsVersion}, and this copy of heddle knows layout ${version}: use one version everywhere`,
    );
}
