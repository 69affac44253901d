/**
 * Rings the doorbell of any thread of any process of the tree, without its help: on Linux, a process can open the file behind another
 * process's descriptor through `/proc`. The descriptor may have been reused, even for a user's file; so only that very pipe is opened.
 *
 *   the pipe opens ─────────────────▶ a byte is written
 *   /proc refuses ── a socket ──────▶ connected to (`doorbell-socket.ts`)
 *                 └─ no socket ─────▶ false: its owner must hear of that otherwise
 *   the process has ended ──────────▶ nothing
 */

import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import type { DoorbellAddress } from './doorbell.ts';
import { ringDoorbellSocket } from './doorbell-socket.ts';
import { inodeOfPipe } from './pipe-stat.ts';
import { isProcessThere } from './processes.ts';

interface End {
  /** `refused`: `/proc` does not let this process open it. */
  readonly descriptor: number;
  /** True if it was rung since the last look. */
  isUsed: boolean;
}

/**
 * Write ends that this thread has opened, by process, descriptor and inode; the latest used stands last. They are closed when they have not
 * been used for some time, when the event loop has run dry, and by Node with the thread.
 */
const ends = new Map<string, End>();
const mostEnds = 64;
const refused = -1;
/** Milliseconds between two looks at which of them are still used. */
const lookEvery = 1000;
let looking: NodeJS.Timeout | undefined;

const one = new Uint8Array([1]);

/** Never blocks, and does nothing if the thread has ended. Returns false if the system refuses the ring, and the bell has no socket. */
export function ringDoorbell(pid: number, address: DoorbellAddress): boolean {
  if (address.descriptor === 0) return true;
  const key = `${pid}/${address.descriptor}/${address.inode}`;
  const end = ends.get(key) ?? openEnd(pid, address);
  if (end === undefined) return true;
  keep(key, end);
  if (end.descriptor !== refused) write(key, end);
  else if (address.socket === undefined) return false;
  else ringDoorbellSocket(address.socket);
  return true;
}

function write(key: string, end: End): void {
  try {
    writeSync(end.descriptor, one);
  } catch (error) {
    // A full pipe (EAGAIN) will be read. Any other error: there is no reader.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') forget(key, end);
  }
}

function openEnd(pid: number, { descriptor: number, inode }: DoorbellAddress): End | undefined {
  const path = `/proc/${pid}/fd/${number - 1}`;
  try {
    // Looked at before it is opened too: opening and closing a file is not without effect on all files (devices, locks of this process).
    if (inodeOfPipe(path) !== inode) return undefined;
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    if (inodeOfPipe(descriptor) === inode) return { descriptor, isUsed: true };
    closeSync(descriptor);
  } catch (error) {
    if (isRefusal(error as NodeJS.ErrnoException, pid)) return { descriptor: refused, isUsed: true };
    // Otherwise the process has ended, or closed it.
  }
  return undefined;
}

/** With `hidepid` a process that lives looks as if it were not there. */
function isRefusal({ code }: NodeJS.ErrnoException, pid: number): boolean {
  return code === 'EACCES' || code === 'EPERM' || (code === 'ENOENT' && !existsSync(`/proc/${pid}`) && isProcessThere(pid));
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
  if (descriptor !== refused) closeSync(descriptor);
}
