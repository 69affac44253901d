/**
 * The identity of a thread, by which others can check whether it lives: its numbers, and its start time, because the system reuses numbers.
 * (The way of D. J. Bernstein's and systemd's "pid and start time".)
 */

import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { lastError, native } from './native.ts';
import { gettid, isProcessThere, tgkillNumber } from './processes.ts';

export interface ThreadIdentity {
  readonly pid: number;
  readonly tid: number;
  /** In clock ticks of the system; 0 where /proc does not tell. */
  readonly processStart: number;
  readonly threadStart: number;
}

let own: ThreadIdentity | undefined;

/** Of the thread that calls. @throws UnsupportedPlatformError */
export function ownIdentity(): ThreadIdentity {
  if (own === undefined) {
    const { pid } = process;
    const tid = gettid();
    const start = (thread: number): number => {
      const look = lookAt(pid, thread);
      return typeof look === 'object' ? look.start : 0;
    };
    own = { pid, tid, processStart: start(pid), threadStart: start(tid) };
  }
  return own;
}

/**
 * True if a thread lives. With `pid` 0: true if any thread has that number.
 *
 * @param isThorough also tells another thread that got its number from it, and a process that has ended but was not collected by its parent:
 *   to such a one signals can still be sent
 * @throws UnsupportedPlatformError
 */
export function isThreadAlive({ pid, tid, threadStart }: ThreadIdentity, isThorough: boolean): boolean {
  if (tid <= 0) return false;
  // The process is not known: checks the number of the thread alone. (The kernel's kill finds a process by any of its threads.)
  if (pid <= 0) return isProcessThere(tid);
  if (!isThere(pid, tid)) return false;
  if (!isThorough) return true;
  const look = lookAt(pid, tid);
  if (look === 'unknown') return true;
  // With `hidepid`, or without `/proc`, a living one is not shown.
  if (look === 'gone') return isThere(pid, tid);
  const hasEnded = look.state === 'Z' || look.state === 'X';
  return !hasEnded && (threadStart === 0 || look.start === threadStart);
}

/** One that this process may not send signals to (EPERM) lives. */
function isThere(pid: number, tid: number): boolean {
  return native('syscall')(tgkillNumber, pid, tid, 0) === 0 || lastError() !== constants.errno.ESRCH;
}

interface Look {
  /** A letter: R runs, S sleeps, Z has ended and was not collected, X has ended. */
  readonly state: string;
  readonly start: number;
}

/** Of the fields that follow the name. */
const field = { state: 0, start: 19 };

function lookAt(pid: number, tid: number): Look | 'gone' | 'unknown' {
  try {
    const text = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1');
    // number (name) state …; a name may hold blanks and brackets
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[field.state]!, start: Number(fields[field.start]) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH' ? 'gone' : 'unknown';
  }
}
