/**
 * Shared memory with a name: a file in `/dev/shm`, which is memory. Python's `multiprocessing.shared_memory` and C's `shm_open` use the same files.
 *
 *    create    a file without a name (O_TMPFILE) ▶ all its memory (fallocate) ▶ mapped ▶ … ▶ the name (linkat)
 *    attach    open ▶ mapped
 *
 * The name comes last, so that a process which is killed on the way leaves nothing, and others never find half a block. All its memory is there when it has
 * a name: a page that the system cannot give when it is touched would end the process (SIGBUS).
 *
 * Descriptors are opened by native calls, so that they belong to the process: Node closes its own when the thread that opened them ends.
 */

import { constants as fileConstants, fstatSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { type FunctionName, lastError, native, viewOf, whatIsMissing } from '../native.ts';
import { folder } from './entry.ts';
import { systemError } from './system-error.ts';

const { EEXIST, EAGAIN, EINTR, EINVAL, EISDIR, EOPNOTSUPP, ENOENT, ENOSPC, ENODEV } = constants.errno;

const { O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK, O_NOFOLLOW, O_DIRECTORY } = fileConstants;
const oCloexec = 0o2000000;
const oTmpfile = 0o20000000 | O_DIRECTORY;
const atFdcwd = -100;
const atSymlinkFollow = 0x400;
const atEmptyPath = 0x1000;
const readAndWrite = 3;
const mapShared = 1;
const lockSh = 1;
const lockEx = 2;
const lockNb = 4;

/** For the owner only, as Python makes them. */
const mode = 0o600;
/** Bit of the mode that says that heddle unlinks the block behind its last user; the system gives it no meaning for files. */
const trackedMode = 0o1000;

const namedNeeds: readonly FunctionName[] = ['open', 'close', 'linkat', 'flock', 'ftruncate', 'fallocate', 'mmap', 'munmap'];

/** Why there cannot be memory with a name; undefined if there can. */
export function namedMemoryMissing(): string | undefined {
  return whatIsMissing(namedNeeds);
}

const cString = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);
const folderBytes = cString(folder);

/** An open descriptor of a block. */
export interface BlockFile {
  readonly descriptor: number;
  readonly size: number;
  readonly inode: number;
  /** True for a block that its creator has made a tracked one. */
  readonly isTracked: boolean;
}

/** A new file. @param hasName false: a name must be given to it by `nameFile` */
export interface NewFile extends BlockFile {
  readonly hasName: boolean;
}

/** Blocks below this size are tried at once; the system undoes a larger one that does not fit only after it has taken all that there was. */
const askFirst = 2 ** 20;

/**
 * A new file of `size` bytes, all of whose memory is there. It has no name, unless the system makes no files without one.
 *
 * @param bytes its path, for the second case
 * @throws system errors: ENOSPC; EEXIST in the second case
 */
export function createFile(name: string, bytes: Uint8Array, size: number, isTracked: boolean): NewFile {
  const open = native('open');
  if (size >= askFirst) checkRoom(name, size);
  const permissions = isTracked ? mode | trackedMode : mode;
  let descriptor = open(folderBytes, oTmpfile | O_RDWR | oCloexec, permissions);
  const hasName = descriptor < 0 && [EOPNOTSUPP, EISDIR, EINVAL, ENOENT].includes(lastError());
  if (hasName) descriptor = open(bytes, O_CREAT | O_EXCL | O_RDWR | oCloexec | O_NOFOLLOW, permissions);
  if (descriptor < 0) throw systemError(lastError(), 'open', hasName ? name : folder);
  try {
    makeLong(descriptor, size, name);
    return { descriptor, size, inode: fstatSync(descriptor).ino, isTracked, hasName };
  } catch (error) {
    native('close')(descriptor);
    if (hasName) unlinkSync(folder + name.replace(/^\/+/, ''));
    throw error;
  }
}

/** Gives a new file its size, and all its memory. */
function makeLong(descriptor: number, size: number, name: string): void {
  for (;;) {
    if (native('fallocate')(descriptor, 0, 0, size) === 0) return;
    const error = lastError();
    if (error === EOPNOTSUPP) break;
    if (error !== EINTR) throw noRoom(name, size, error);
  }
  // This file system gives pages when they are touched.
  if (native('ftruncate')(descriptor, size) !== 0) throw systemError(lastError(), 'ftruncate', name, `of ${size} bytes`);
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function checkRoom(name: string, size: number): void {
  if (size > freeBytes()) throw noRoom(name, size, ENOSPC);
}

function noRoom(name: string, size: number, errno: number): Error {
  const hint = errno === ENOSPC ? `${folder} has ${freeBytes()} bytes left` : undefined;
  return systemError(errno, 'fallocate', name, hint === undefined ? `of ${size} bytes` : `of ${size} bytes; ${hint}`);
}

/** True while the system has named files by their descriptors alone: since Linux 6.10, before that for root. */
let mayNameByDescriptor = true;
const noPath = cString('');

/** Gives a new file its name. False if another one has it. @throws system errors */
export function nameFile(descriptor: number, name: string, bytes: Uint8Array): boolean {
  const linkat = native('linkat');
  if (mayNameByDescriptor && linkat(descriptor, noPath, atFdcwd, bytes, atEmptyPath) === 0) return true;
  let error = lastError();
  if (!mayNameByDescriptor || error !== EEXIST) {
    mayNameByDescriptor = false;
    if (linkat(atFdcwd, cString(`/proc/self/fd/${descriptor}`), atFdcwd, bytes, atSymlinkFollow) === 0) return true;
    error = lastError();
  }
  if (error === EEXIST) return false;
  throw systemError(error, 'linkat', name);
}

/** The error of a name that another block has. */
export const taken = (name: string): Error => systemError(EEXIST, 'open', name);
/** The error of a name that no block has. */
export const notThere = (name: string): Error => systemError(ENOENT, 'open', name);

/** Opens the block that has a name. @throws system errors: ENOENT if there is none, EACCES */
export function openFile(name: string, bytes: Uint8Array): BlockFile {
  const descriptor = native('open')(bytes, O_RDWR | oCloexec | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) throw systemError(lastError(), 'open', name);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw systemError(ENODEV, 'open', name, 'it is no block of memory');
    return { descriptor, size: stat.size, inode: stat.ino, isTracked: (stat.mode & trackedMode) !== 0 };
  } catch (error) {
    native('close')(descriptor);
    throw error;
  }
}

/** Maps a whole file. Returns the address. @throws system errors */
export function mapFile(descriptor: number, size: number, name: string): number {
  const address = native('mmap')(0, size, readAndWrite, mapShared, descriptor, 0);
  if (address >= 0) return address;
  const hint = 'a limit of addresses (ulimit -v), or too many mappings (vm.max_map_count)?';
  throw systemError(lastError(), 'mmap', name, `of ${size} bytes; ${hint}`);
}

export function unmap(address: number, size: number): void {
  native('munmap')(address, size);
}

/** Memory that is mapped, as a buffer. It must stay mapped as long as the buffer lives. */
export function bufferOver(address: number, size: number): ArrayBuffer {
  return viewOf(address, size);
}

export function closeFile(descriptor: number): void {
  native('close')(descriptor);
}

/** Shares the lock of a file. False while another process has it alone. @throws system errors */
export function lockShared(descriptor: number, name: string): boolean {
  return lock(descriptor, lockSh, name);
}

/** Has the lock of a file alone, from now on. False while others share it; a lock that this descriptor shared is lost then. @throws system errors */
export function lockAlone(descriptor: number, name: string): boolean {
  return lock(descriptor, lockEx, name);
}

function lock(descriptor: number, kind: number, name: string): boolean {
  const flock = native('flock');
  for (;;) {
    if (flock(descriptor, kind | lockNb) === 0) return true;
    const error = lastError();
    if (error === EAGAIN) return false;
    if (error !== EINTR) throw systemError(error, 'flock', name);
  }
}

/** Looks whether a file has a name. */
export function isNamed(descriptor: number): boolean {
  return fstatSync(descriptor).nlink > 0;
}

/** The number of the file that has a path; undefined if none has. */
export function inodeAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Takes a name away from the file that has it, if that is this one. False if it is not. @throws system errors */
export function unlinkFile(path: string, inode: number): boolean {
  if (inodeAt(path) !== inode) return false;
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
