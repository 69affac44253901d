/**
 * Sleeping until a word of shared memory changes, and waking the sleepers: Linux's futex, without the flag for "this process alone".
 * Processes thus meet wherever each has mapped the page. (Ulrich Drepper, "Futexes Are Tricky".)
 */

import { constants } from 'node:os';
import { HeddleError } from '../errors.ts';
import { type FunctionName, lastError, type NativeFunction, native } from './native.ts';

const number = process.arch === 'arm64' ? 98 : 202;
const futexWait = 0;
const futexWake = 1;
const mostWoken = 0x7fff_ffff;

export const futexNeeds: readonly FunctionName[] = ['futex'];

let futex: NativeFunction | undefined;

/** A `timespec` of two 64-bit numbers: seconds, nanoseconds. The system has read it before the thread sleeps. */
const limit = new Uint32Array(4);
const LIMIT = { seconds: 0, nanoseconds: 2 };

/** The errors that end a sleep besides a wake: the word differed, the time is over, a signal came. */
const ordinary: ReadonlySet<number> = new Set([constants.errno.EAGAIN, constants.errno.ETIMEDOUT, constants.errno.EINTR]);

/**
 * Blocks this thread until another one wakes it at that word, unless the word does not hold `expected`; or until `ms` are over, or a signal
 * came. The thread cannot be terminated meanwhile.
 *
 * @throws UnsupportedPlatformError
 */
export function waitAtWord(address: number, expected: number, ms: number): void {
  futex ??= native('futex');
  const seconds = Math.floor(ms / 1000);
  limit[LIMIT.seconds] = seconds;
  limit[LIMIT.nanoseconds] = (ms - seconds * 1000) * 1e6;
  if (futex(number, address, futexWait, expected, limit) === 0) return;
  const error = lastError();
  if (!ordinary.has(error)) throw new HeddleError(`the system does not let a thread wait at a word of shared memory: error ${error}`);
}

/** Wakes at most `count` threads that wait at that word. @throws UnsupportedPlatformError */
export function wakeAtWord(address: number, count: number): void {
  futex ??= native('futex');
  futex(number, address, futexWake, Math.min(count, mostWoken), null);
}
