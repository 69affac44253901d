/**
 * Facts of processes and threads that Node does not offer: whether a thread lives, and how a child ended while the event loop stands still.
 */

import { constants } from 'node:os';
import { HeddleError } from '../errors.ts';
import { type FunctionName, lastError, native, whatIsMissing } from './native.ts';

const numbers = process.arch === 'arm64' ? { gettid: 178, kill: 129, tgkill: 131 } : { gettid: 186, kill: 62, tgkill: 234 };

export const tgkillNumber: number = numbers.tgkill;
export const threadNeeds: readonly FunctionName[] = ['syscall'];
export const waitNeeds: readonly FunctionName[] = ['waitid'];

/** The system's number of the thread that calls. @throws UnsupportedPlatformError */
export function gettid(): number {
  return native('syscall')(numbers.gettid, 0, 0, 0);
}

/**
 * Sends a signal to one thread; signal 0 only asks whether it lives. Returns false if the thread does not exist.
 *
 * @throws UnsupportedPlatformError, or HeddleError if this process may not
 */
export function tgkill(pid: number, tid: number, signal: number): boolean {
  if (native('syscall')(numbers.tgkill, pid, tid, signal) === 0) return true;
  const error = lastError();
  if (error === constants.errno.ESRCH) return false;
  throw new HeddleError(`signal ${signal} could not be sent to thread ${tid} of process ${pid}: error ${error}`);
}

/** True if a process has that number, also a zombie, or one that this process may not signal. */
export function isProcessThere(pid: number): boolean {
  return native('syscall')(numbers.kill, pid, 0, 0) === 0 || lastError() !== constants.errno.ESRCH;
}

export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

const pPid = 1;
const wNohang = 1;
const wExited = 4;
const wNowait = 0x0100_0000;
const childExited = 1;
/** Where `siginfo_t` has its fields, in words of 32 bits. */
const info = { words: 32, code: 2, pid: 4, status: 6 };

/**
 * How a child of this process ended; it stays to be collected, so that Node's 'exit' event follows as ever (`waitpid` would take it away).
 *
 * @returns null while it runs; undefined if it is not a child of this process, or Node has already collected it
 * @throws UnsupportedPlatformError
 */
export function exitStatusOf(pid: number): ExitStatus | null | undefined {
  const waitid = native('waitid');
  const found = new Int32Array(info.words);
  while (waitid(pPid, pid, found, wExited | wNowait | wNohang) !== 0) {
    const error = lastError();
    if (error === constants.errno.ECHILD) return undefined;
    if (error !== constants.errno.EINTR) throw new HeddleError(`process ${pid} cannot be waited for: error ${error}`);
  }
  if (found[info.pid] === 0) return null;
  const status = found[info.status]!;
  if (found[info.code] === childExited) return { exitCode: status, signal: null };
  const name = Object.entries(constants.signals).find(([, number]) => number === status)?.[0];
  return { exitCode: null, signal: name ?? String(status) };
}

/**
 * Collects a child that has ended, so that no zombie is left. Only for a child that no event loop collects.
 *
 * @returns false while it runs; true if it is collected, is not a child of this process, or the system cannot be asked
 */
export function collectChild(pid: number): boolean {
  if (whatIsMissing(waitNeeds) !== undefined) return true;
  const found = new Int32Array(info.words);
  if (native('waitid')(pPid, pid, found, wExited | wNohang) !== 0) return true;
  return found[info.pid] !== 0;
}
