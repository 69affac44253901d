/**
 * Ringing the doorbell of any thread of any process of ours, without its help: Linux lets us open what is behind a descriptor of another process
 * through /proc. The descriptor may be something else by now, even somebody's file; so nothing is opened that is not that very pipe.
 */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { DoorbellAddress } from './doorbell.ts';
import { inodeOfPipe } from './pipe-stat.ts';

interface End {
  readonly descriptor: number;
  /** Whether it was rung since the last look. */
  isUsed: boolean;
}

/**
 * Ends that this thread has opened, by process, descriptor and inode; the one used last stands last. They are closed when they have not been
 * used for some time, when the event loop has run dry, and by Node with the thread.
 */
const ends = new Map<string, End>();
const mostEnds = 64;
/** Milliseconds between two looks at which of them are still used. */
const lookEvery = 1000;
let looking: NodeJS.Timeout | undefined;

const one = new Uint8Array([1]);

/** Never blocks, and does nothing if the thread has ended. */
export function ringDoorbell(pid: number, address: DoorbellAddress): void {
  if (address.descriptor === 0) return;
  const key = `${pid}/${address.descriptor}/${address.inode}`;
  const end = ends.get(key) ?? openEnd(`/proc/${pid}/fd/${address.descriptor - 1}`, address.inode);
  if (end === undefined) return;
  keep(key, end);
  try {
    writeSync(end.descriptor, one);
  } catch (error) {
    // A full pipe (EAGAIN) will be read. Any other error: nobody is there to read it.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') forget(key, end);
  }
}

function openEnd(path: string, inode: number): End | undefined {
  try {
    // Looked at before it is opened too: opening and closing a file is not without effect on all files (devices, locks of this process).
    if (inodeOfPipe(path) !== inode) return undefined;
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    if (inodeOfPipe(descriptor) === inode) return { descriptor, isUsed: true };
    closeSync(descriptor);
  } catch {
    // The process has ended, or closed it.
  }
  return undefined;
}

function keep(key: string, end: End): void {
  end.isUsed = true;
  if (!ends.delete(key) && ends.size >= mostEnds) {
    const [oldest] = ends;
    forget(...oldest!);
  }
  ends.set(key, end);
  if (looking !== undefined) return;
  looking = setInterval(closeUnused, lookEvery).unref();
  process.once('beforeExit', closeAll);
}

function closeUnused(): void {
  for (const [key, end] of ends) {
    if (!end.isUsed) forget(key, end);
    end.isUsed = false;
  }
  if (ends.size === 0) closeAll();
}

function closeAll(): void {
  for (const [key, end] of ends) forget(key, end);
  clearInterval(looking);
  looking = undefined;
  process.off('beforeExit', closeAll);
}

function forget(key: string, { descriptor }: End): void {
  ends.delete(key);
  closeSync(descriptor);
}
