/**
 * Ringing the doorbell of any thread of any process of ours, without its help: Linux lets us open what is behind a descriptor of another process
 * through /proc. The descriptor may be something else by now, even somebody's file; so nothing is opened that is not that very pipe.
 */

import { closeSync, constants, fstatSync, openSync, type Stats, statSync, writeSync } from 'node:fs';
import type { DoorbellAddress } from './doorbell.ts';

/**
 * Ends that this thread has opened, by process, descriptor and inode; the one used last stands last. They are closed when its event loop has
 * run dry, and by Node with the thread.
 */
const ends = new Map<string, number>();
const mostEnds = 64;

const one = new Uint8Array([1]);

/** Never blocks, and does nothing if the thread has ended. */
export function ringDoorbell(pid: number, address: DoorbellAddress): void {
  if (address.descriptor === 0) return;
  const key = `${pid}/${address.descriptor}/${address.inode}`;
  let end = ends.get(key);
  if (end === undefined) {
    end = openEnd(`/proc/${pid}/fd/${address.descriptor - 1}`, address.inode);
    if (end === undefined) return;
    if (ends.size === 0) process.once('beforeExit', forgetAll);
    if (ends.size >= mostEnds) forget(ends.keys().next().value!);
  } else ends.delete(key);
  ends.set(key, end);
  try {
    writeSync(end, one);
  } catch (error) {
    // A full pipe (EAGAIN) will be read. Any other error: nobody is there to read it.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') forget(key);
  }
}

function openEnd(path: string, inode: number): number | undefined {
  const isIt = (found: Stats): boolean => found.isFIFO() && found.ino === inode;
  try {
    // Looked at before it is opened too: opening and closing a file is not without effect on all files (devices, locks of this process).
    if (!isIt(statSync(path))) return undefined;
    const end = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    if (isIt(fstatSync(end))) return end;
    closeSync(end);
  } catch {
    // The process has ended, or closed it.
  }
  return undefined;
}

function forgetAll(): void {
  for (const key of ends.keys()) forget(key);
}

function forget(key: string): void {
  closeSync(ends.get(key)!);
  ends.delete(key);
}
