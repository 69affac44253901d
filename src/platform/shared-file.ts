/**
 * Memory that processes share and that has no name: a file that lives in memory only (`memfd_create`), inherited by its descriptor. The system
 * frees it when the last process that has it ends, whatever ended that.
 *
 *      file     [ segment | segment |                        may become longer, never shorter (it is sealed)
 *      mapping  [ 64 GiB of addresses, reserved once         memory is used only where something was written
 *      views    [ buffer  | buffer  |                        one for each segment that is used
 *
 * A mapping covers later growth of the file: no process must be told. An access behind the file's end kills the process (SIGBUS). The seal
 * prevents that, and views cover existing bytes only.
 */

import { fstatSync, readlinkSync, readSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { HeddleError, UnsupportedPlatformError } from '../errors.ts';
import { futexNeeds, wakeAtWord } from './futex.ts';
import { type FunctionName, lastError, lastErrorText, native, viewOf, whatIsMissing } from './native.ts';
import { closeEnd, control } from './pipe.ts';

/** The growth of the file, and the length of one view, in bytes. */
export const segmentBytes: number = 8 * 2 ** 20;
/** Bytes of addresses that a mapping takes. */
export const reservedBytes: number = 64 * 2 ** 30;

const mfdCloexec = 1;
const mfdAllowSealing = 2;
const mfdNoexecSeal = 8;
const fSetfd = 2;
const fdCloexec = 1;
const fAddSeals = 1033;
const fGetSeals = 1034;
const sealShrink = 2;
const readAndWrite = 3;
const mapShared = 1;
const mapNoreserve = 0x4000;
const punchHoleAndKeepSize = 3;

const needs: readonly FunctionName[] = ['memfd_create', 'fcntl', 'ftruncate', 'fallocate', 'mmap', 'munmap', 'close', 'syscall', 'pipe2'];
const name = new TextEncoder().encode('heddle\0');

/** A new file of no length. @throws UnsupportedPlatformError */
export function createSharedFile(): number {
  const create = native('memfd_create');
  let descriptor = create(name, mfdCloexec | mfdAllowSealing | mfdNoexecSeal);
  // Systems before 6.3 do not know the last flag; some later ones insist on it.
  if (descriptor < 0 && lastError() === constants.errno.EINVAL) descriptor = create(name, mfdCloexec | mfdAllowSealing);
  if (descriptor < 0)
    throw new UnsupportedPlatformError(`the system makes no memory to share: memfd_create failed with ${lastErrorText()}`);
  control(descriptor, fAddSeals, sealShrink);
  return descriptor;
}

/** Takes over an inherited descriptor: later programs get it only when they are given it. @throws HeddleError if it is not such a file */
export function adoptSharedFile(descriptor: number): void {
  const seals = native('fcntl')(descriptor, fGetSeals, 0);
  if (seals < 0 || (seals & sealShrink) === 0) throw new HeddleError(`descriptor ${descriptor} is not memory that heddle shares`);
  control(descriptor, fSetfd, fdCloexec);
}

/** Where this process has the file from now on; once for all its threads. @throws UnsupportedPlatformError */
export function mapSharedFile(descriptor: number): number {
  const address = native('mmap')(0, reservedBytes, readAndWrite, mapShared | mapNoreserve, descriptor, 0);
  if (address >= 0) return address;
  throw new UnsupportedPlatformError(`the system does not map ${reservedBytes / 2 ** 30} GiB of addresses: ${lastErrorText()}`);
}

export function lengthOf(descriptor: number): number {
  return fstatSync(descriptor).size;
}

/** Makes the file longer. @throws HeddleError */
export function lengthen(descriptor: number, bytes: number): void {
  if (native('ftruncate')(descriptor, bytes) !== 0)
    throw new HeddleError(`the memory that is shared cannot grow to ${bytes} bytes: ${lastErrorText()}`);
}

/** Gives the pages of a part back to the system; they read as zeros. False if the system does not take them. */
export function punchHole(descriptor: number, from: number, bytes: number): boolean {
  return native('fallocate')(descriptor, punchHoleAndKeepSize, from, bytes) === 0;
}

/**
 * A part of the mapping as a buffer. No message can take it away: Node does not transfer buffers whose memory is not its own. (To mark it with
 * `markAsUntransferable` besides makes Node 24 and 26 abort at the end of the thread: they cannot detach it then, and insist on it.)
 */
export function viewShared(address: number, bytes: number): ArrayBuffer {
  return viewOf(address, bytes);
}

let missing: { readonly what: string | undefined } | undefined;

/**
 * The reason why processes cannot share memory here, or cannot wake one another; undefined if they can. Tried once, with a whole segment
 * and a view of it.
 */
export function sharingMissing(): string | undefined {
  missing ??= { what: whatIsMissing([...needs, ...futexNeeds]) ?? tryIt() };
  return missing.what;
}

/** Records a later failure: sharing is missing from now on, although the first try succeeded. */
export function giveUpSharing(why: string): void {
  missing = { what: why };
}

/** Some systems give no buffer on memory that is not their own (Electron, Node with compressed pointers), or a copy. */
function tryView(descriptor: number, address: number): void {
  let words: Int32Array;
  try {
    words = new Int32Array(viewShared(address, segmentBytes));
  } catch (cause) {
    throw new UnsupportedPlatformError(`this Node makes no buffer on memory that is shared: ${(cause as Error).message}`, { cause });
  }
  const seen = new Int32Array(1);
  words[0] = 1;
  readSync(descriptor, seen, 0, 4, 0);
  if (seen[0] !== 1) throw new UnsupportedPlatformError('a buffer of this Node on memory that is shared is a copy of it');
}

function tryIt(): string | undefined {
  let descriptor = -1;
  try {
    descriptor = createSharedFile();
    lengthen(descriptor, segmentBytes);
    const address = mapSharedFile(descriptor);
    try {
      wakeAtWord(address, 1);
      tryView(descriptor, address);
    } finally {
      native('munmap')(address, reservedBytes);
    }
    // Doorbells are found by it.
    if (readlinkSync('/proc/self') !== String(process.pid)) return '/proc shows the processes of another name space';
    statSync(`/proc/${process.pid}/fd/${descriptor}`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (descriptor >= 0) closeEnd(descriptor);
  }
}
