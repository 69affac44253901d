/**
 * The threads of this program, in memory that all of them share, so that each can enumerate the others.
 *
 *    words 0 … 3    numbers of threads given │ numbers of processes given │ 1 while an except hook is set │ start method + 1, 0: none chosen
 *    words 4 and 5  entry + 1 of the thread that prints on stdout, and on stderr; 0: none
 *    entry          state │ Node's threadId │ the system's number │ 1: daemon │ bytes of the name │ name
 *
 * A thread that starts another takes an entry for it, and frees the entry when it has seen the end. Where the table is full a thread works all the
 * same, and is not listed.
 */

import { commonHere } from '../../copies.ts';
import type { SharedWords } from '../../undisturbed.ts';

const headWords = 6;
const entryWords = 32;
const capacity = 1024;
const nameBytes = 4 * (entryWords - 5);

const FREE = 0;
const TAKEN = 1;
const ALIVE = 2;
const ENDED = 3;

const STATE = 0;
const THREAD_ID = 1;
const NATIVE_ID = 2;
const DAEMON = 3;
const LENGTH = 4;
const NAME = 5;

/** Which number of the head: of the next thread, of the next process, whether an except hook is set, and the start method. */
export type TableNumber = 0 | 1 | 2 | 3;
export const threadNumbers: TableNumber = 0;
export const processNumbers: TableNumber = 1;
export const hookIsSet: TableNumber = 2;
export const startMethodNumber: TableNumber = 3;

/** The words by which threads print in turn (`thread-output.ts`), by descriptors. */
export const printing: Readonly<Record<1 | 2, number>> = { 1: 4, 2: 5 };

/** A living thread as the table lists it. */
export interface ListedThread {
  readonly entry: number;
  readonly name: string;
  readonly threadId: number;
  /** 0 as long as it is not known. */
  readonly nativeId: number;
  readonly daemon: boolean;
}

/** The same for all copies of heddle in a thread. */
const known = commonHere<{ table?: SharedWords }>('threads', () => ({}));

/** The table of this program; made when it is first asked for. */
export function threadTable(): SharedWords {
  known.table ??= new Int32Array(new SharedArrayBuffer(4 * (headWords + capacity * entryWords)));
  return known.table;
}

/** To be called first of all in a thread that was given the table of its program. */
export function joinThreadTable(table: SharedWords): void {
  known.table = table;
}

/** The next number of its kind in this program: 1, 2, … */
export function nextNumber(which: TableNumber): number {
  return Atomics.add(threadTable(), which, 1) + 1;
}

/** Sets a number of the head. */
export function setNumber(which: TableNumber, value: number): void {
  Atomics.store(threadTable(), which, value);
}

export function readNumber(which: TableNumber): number {
  return Atomics.load(threadTable(), which);
}

/** Lists a thread that is about to start; -1 where the table is full. */
export function enlist(name: string, daemon: boolean): number {
  const table = threadTable();
  for (let entry = 0; entry < capacity; entry += 1) {
    const at = headWords + entry * entryWords;
    if (Atomics.compareExchange(table, at + STATE, FREE, TAKEN) !== FREE) continue;
    Atomics.store(table, at + NATIVE_ID, 0);
    Atomics.store(table, at + DAEMON, daemon ? 1 : 0);
    writeName(table, at, name);
    return entry;
  }
  return -1;
}

/** The thread has started: it is listed from now on. */
export function listAs(entry: number, threadId: number): void {
  if (entry < 0) return;
  const at = headWords + entry * entryWords;
  Atomics.store(threadTable(), at + THREAD_ID, threadId);
  // ORDER: last; a reader that sees the state sees the rest.
  Atomics.compareExchange(threadTable(), at + STATE, TAKEN, ALIVE);
}

/** Called in the thread itself. */
export function tellNativeId(entry: number, nativeId: number): void {
  if (entry >= 0) Atomics.store(threadTable(), headWords + entry * entryWords + NATIVE_ID, nativeId);
}

export function nativeIdOf(entry: number): number {
  return entry < 0 ? 0 : Atomics.load(threadTable(), headWords + entry * entryWords + NATIVE_ID);
}

export function rename(entry: number, name: string): void {
  if (entry >= 0) writeName(threadTable(), headWords + entry * entryWords, name);
}

/** Called when the thread has ended, or is about to: it is listed no more. The entry stays taken. */
export function unlist(entry: number): void {
  if (entry >= 0) Atomics.store(threadTable(), headWords + entry * entryWords + STATE, ENDED);
}

/** Called when its starter has seen the end: another thread may have the entry. */
export function freeEntry(entry: number): void {
  if (entry < 0) return;
  // The thread may have been ended while it printed.
  for (const word of Object.values(printing))
    if (Atomics.compareExchange(threadTable(), word, entry + 1, 0) === entry + 1) Atomics.notify(threadTable(), word);
  Atomics.store(threadTable(), headWords + entry * entryWords + STATE, FREE);
}

/** True for a thread that is about to start, or lives, and was not ended. */
export function isListed(entry: number): boolean {
  const state = Atomics.load(threadTable(), headWords + entry * entryWords + STATE);
  return state === TAKEN || state === ALIVE;
}

export function listedThreads(): ListedThread[] {
  const table = threadTable();
  const found: ListedThread[] = [];
  for (let entry = 0; entry < capacity; entry += 1) {
    const at = headWords + entry * entryWords;
    if (Atomics.load(table, at + STATE) !== ALIVE) continue;
    const thread = {
      entry,
      name: readName(table, at),
      threadId: Atomics.load(table, at + THREAD_ID),
      nativeId: Atomics.load(table, at + NATIVE_ID),
      daemon: Atomics.load(table, at + DAEMON) === 1,
    };
    // The thread may have ended, and its entry be another's, while it was read.
    if (Atomics.load(table, at + STATE) === ALIVE) found.push(thread);
  }
  return found;
}

function writeName(table: SharedWords, at: number, name: string): void {
  const bytes = Buffer.from(name).subarray(0, nameBytes);
  new Uint8Array(table.buffer, 4 * (at + NAME), nameBytes).set(bytes);
  Atomics.store(table, at + LENGTH, bytes.length);
}

function readName(table: SharedWords, at: number): string {
  const length = Atomics.load(table, at + LENGTH);
  return Buffer.from(new Uint8Array(table.buffer, 4 * (at + NAME), length)).toString();
}
