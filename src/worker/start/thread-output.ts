/**
 * The output of a `Thread`, which goes to the descriptors directly: through the main thread, as Node has it, it would wait for a blocked
 * loop.
 *
 *    threads take turns on each stream by a word of the thread table: the entry + 1 of the thread that writes, or 0
 *    a thread that was ended in its turn is no longer listed: the next one takes the turn over
 */

import { constants, fstatSync, openSync } from 'node:fs';
import { writeAtOnce } from './runs.ts';
import { isListed, printing, threadTable } from './thread-table.ts';

/** Milliseconds after which a thread that waits for its turn looks whether the writer lives. */
const sliceMs = 10;

/** Has what this thread prints written at once, in whole chunks. @param entry of this thread in the table; -1: none, and it takes no turns */
export function printAtOnce(entry: number): void {
  for (const [stream, descriptor] of [
    [process.stdout, 1],
    [process.stderr, 2],
  ] as const) {
    stream._write = (chunk: string | Uint8Array, _encoding, done) => {
      printWhole(descriptor, chunk, entry);
      done();
    };
    Object.defineProperty(stream, '_writev', { value: undefined });
  }
}

/** Writes without an event loop. No other thread writes in between. */
export function printWhole(descriptor: 1 | 2, chunk: string | Uint8Array, entry: number): void {
  const own = entry + 1;
  const word = printing[descriptor];
  if (own > 0) takeTurn(word, own);
  try {
    writeAtOnce(unblocked(descriptor), chunk);
  } finally {
    if (own > 0) {
      // The word has been taken over where this thread is about to be ended.
      Atomics.compareExchange(threadTable(), word, own, 0);
      Atomics.notify(threadTable(), word, 1);
    }
  }
}

function takeTurn(word: number, own: number): void {
  const table = threadTable();
  for (;;) {
    const writer = Atomics.compareExchange(table, word, 0, own);
    if (writer === 0) return;
    if (!isListed(writer - 1) && Atomics.compareExchange(table, word, writer, own) === writer) return;
    Atomics.wait(table, word, writer, sliceMs);
  }
}

const opened = new Map<number, number>();

/**
 * Opens a pipe anew: a write to it never blocks, which would keep this thread from being ended. All processes that have the inherited one
 * decide whether writes to that block.
 */
function unblocked(descriptor: number): number {
  const known = opened.get(descriptor);
  if (known !== undefined) return known;
  let own = descriptor;
  try {
    if (fstatSync(descriptor).isFIFO()) own = openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Closed, or without /proc: writes go to the inherited descriptor.
  }
  opened.set(descriptor, own);
  return own;
}
