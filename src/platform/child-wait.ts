/**
 * Waiting for a child process while the event loop stands still, in slices: a thread blocked in a native call cannot be ended.
 *
 *    the child's state   waitid(WNOWAIT), which leaves the child for libuv to collect; without native calls /proc/PID/stat
 *    sleeping            poll() on a pidfd and the child's output, so that the end and new output both end the slice;
 *                        without a pidfd (before Linux 5.3, or no native calls) naps
 */

import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { UnsupportedPlatformError } from '../errors.ts';
import { undisturbed } from '../undisturbed.ts';
import { native, whatIsMissing } from './native.ts';
import { type ExitStatus, exitStatusOf, waitNeeds } from './processes.ts';

/** Milliseconds of one native wait at most; a thread that ends another waits for the end of the slice. */
const sliceMs = 20;
/** Milliseconds between two looks where nothing can be slept on. */
const napMs = 2;

const pidfdOpen = 434;
const pollIn = 1;

const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * How a child ended, by any way this system has. The child stays uncollected.
 *
 * @returns null while it runs; undefined if libuv has collected it already
 * @throws UnsupportedPlatformError if the system cannot tell
 */
export function lookAtChild(pid: number): ExitStatus | null | undefined {
  return whatIsMissing(waitNeeds) === undefined ? exitStatusOf(pid) : statusInProc(pid);
}

/** Reads `/proc/PID/stat`: field 3 is the state, the last field the exit status as `waitpid` gives it. */
function statusInProc(pid: number): ExitStatus | null | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (process.platform !== 'linux')
      throw new UnsupportedPlatformError('a child cannot be waited for with a blocked event loop on this platform: use join()');
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .trimEnd()
    .split(' ');
  if (fields[0] !== 'Z' && fields[0] !== 'X') return null;
  const status = Number(fields.at(-1));
  const signal = status & 0x7f;
  if (signal === 0) return { exitCode: status >> 8, signal: null };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { exitCode: null, signal: name ?? String(signal) };
}

/**
 * Sleeps until a child ends, one of the descriptors can be read, or `ms` or a slice is over. The pidfd lives for one slice, in which this thread
 * is not ended: it would stay open.
 */
export function sleepUntilChild(pid: number, ms: number, descriptors: readonly number[]): void {
  const slice = Math.max(0, Math.min(ms, sliceMs));
  if (whatIsMissing(['poll', 'syscall', 'close']) !== undefined) return void Atomics.wait(nap, 0, 0, Math.min(slice, napMs));
  undisturbed(() => {
    const pidfd = native('syscall')(pidfdOpen, pid, 0, 0);
    const watched = pidfd < 0 ? descriptors : [pidfd, ...descriptors];
    const polled = new Int32Array(2 * watched.length);
    for (const [i, descriptor] of watched.entries()) polled.set([descriptor, pollIn], 2 * i);
    native('poll')(polled, watched.length, Math.ceil(pidfd < 0 ? Math.min(slice, napMs) : slice));
    if (pidfd >= 0) native('close')(pidfd);
  });
}
