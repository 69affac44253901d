/**
 * The memory that a watched thread and its watchdog share: a few words, and a text.
 *
 *   | beats | isDebugged | length | text: the greenlet, its blocking call, the stack … |
 */

/** The start data of the watchdog's thread. */
export interface WatchdogData {
  readonly board: SharedArrayBuffer;
  /** In milliseconds: between beats; of silence until it looks; of silence until it says so. */
  readonly period: number;
  readonly limit: number;
  readonly patience: number;
  /** The expression to evaluate in the paused thread. */
  readonly expression: string;
}

/** A count. */
export const BEATS = 0;
/** 1 while a debugger may be attached: then a pause belongs to the debugger. */
export const IS_DEBUGGED = 1;
/** Of the text, in bytes; 0 while no call is made. */
export const LENGTH = 2;

const WORDS = 3;
const TEXT = 4000;

export function newBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT + TEXT);
}

export function wordsOf(board: SharedArrayBuffer): Int32Array {
  return new Int32Array(board, 0, WORDS);
}

export function textOf(board: SharedArrayBuffer): Buffer {
  return Buffer.from(board, WORDS * Int32Array.BYTES_PER_ELEMENT);
}

let board: SharedArrayBuffer | undefined;

/** Where `announce` writes. */
export function useBoard(next: SharedArrayBuffer | undefined): void {
  board = next;
}

/** Says which call is being made, for the case that it never returns; '' when it has. */
export function announce(text: string): void {
  if (board === undefined) return;
  // ORDER: the length after the text. A text that changes while it is read is harmless: the thread is not stuck then.
  const length = textOf(board).write(text);
  Atomics.store(wordsOf(board), LENGTH, length);
}
