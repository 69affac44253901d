/** Creates blocks of named memory, and attaches to them: the file, its mapping, and the use of a tracked one. */

import { constants } from 'node:buffer';
import { constants as osConstants } from 'node:os';
import { crypto } from '../../builtins.ts';
import { atStep } from '../../memory/index.ts';
import {
  type BlockFile,
  closeFile,
  createFile,
  forgetMapping,
  inodeAt,
  mapFile,
  nameFile,
  type NewFile,
  noteMapping,
  notThere,
  openFile,
  pathOfName,
  systemError,
  taken,
  unlinkFile,
  unmap,
} from '../../platform/index.ts';
import { RangeError } from '../../refusals.ts';
import { undisturbed } from '../../undisturbed.ts';
import { checkCanTrack, dropUse, joinUse, type Use, useAttached, useNew } from './use.ts';

const { EBUSY, EEXIST, EINVAL } = osConstants.errno;

/** A block that this thread has mapped. */
export interface Opened {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly inode: number;
  readonly address: number;
  /** Undefined: it is not tracked here. */
  readonly use: Use | undefined;
}

/** Milliseconds that a program has between the creation of a block and its size, and that a block is locked by a process that unlinks it. */
const patience = 200;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** As Python makes them: 14 characters with the slash. */
const newName = (): string => `psm_${crypto().randomUUID().slice(0, 8)}`;

/** @throws system errors, as those of `SharedMemory` */
export function createBlock(given: string | undefined, size: number, track: boolean): Opened {
  if (track) checkCanTrack();
  if (given !== undefined && inodeAt(pathOfName(given).path) !== undefined) throw taken(given);
  for (;;) {
    const opened = undisturbed(() => tryCreate(given ?? newName(), size, track));
    if (opened !== undefined) return opened;
    if (given !== undefined) throw taken(given);
  }
}

/** Undefined if the name is taken. */
function tryCreate(name: string, size: number, track: boolean): Opened | undefined {
  const { path, bytes } = pathOfName(name);
  let file: NewFile;
  try {
    file = createFile(name, bytes, size, track);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno === -EEXIST) return undefined;
    throw error;
  }
  atStep?.('block.made');
  const { descriptor, inode, hasName } = file;
  let address: number | undefined;
  let use: Use | undefined;
  let isDone = false;
  try {
    address = mapFile(descriptor, size, name);
    noteMapping(address, size);
    if (track) use = useNew(file, name, path);
    if (!hasName && !nameFile(descriptor, name, bytes)) return undefined;
    atStep?.('block.named');
    isDone = true;
    return { name, path, size, inode, address, use };
  } finally {
    if (!isDone) {
      if (use !== undefined) dropUse(use);
      if (address !== undefined) unmapBlock(address, size);
      if (hasName) unlinkFile(path, inode);
    }
    if (!isDone || use === undefined) closeFile(descriptor);
  }
}

/**
 * @param track undefined: as its creator has chosen
 * @param inode of the block that is meant; undefined: whichever has the name
 * @throws system errors, as those of `SharedMemory`
 */
export function attachBlock(name: string, track: boolean | undefined, inode: number | undefined): Opened {
  const { path, bytes } = pathOfName(name);
  for (let left = patience; ; left -= 1) {
    const opened = undisturbed(() => tryAttach(openFile(name, bytes), name, path, track, inode));
    if (typeof opened === 'object') return opened;
    if (left === 0)
      throw opened === 'empty'
        ? systemError(EINVAL, 'mmap', name, 'its creator has given it no size')
        : systemError(EBUSY, 'flock', name, 'another program has locked it for itself alone');
    Atomics.wait(sleeper, 0, 0, 1);
  }
}

function tryAttach(
  file: BlockFile,
  name: string,
  path: string,
  track: boolean | undefined,
  meant: number | undefined,
): Opened | 'empty' | 'leaving' {
  const { descriptor, size, inode } = file;
  let address: number | undefined;
  let use: Use | undefined;
  let isDone = false;
  try {
    if (meant !== undefined && inode !== meant) throw notThere(name);
    if (size === 0) return 'empty';
    if (size > constants.MAX_LENGTH)
      throw new RangeError(`${name} has ${size} bytes: an array of this Node shows ${constants.MAX_LENGTH} at most`);
    address = mapFile(descriptor, size, name);
    noteMapping(address, size);
    if (track ?? file.isTracked) {
      checkCanTrack();
      use = joinUse(file) ?? useAttached(file, name, path);
      if (use === undefined) return 'leaving';
    }
    isDone = true;
    return { name, path, size, inode, address, use };
  } finally {
    if (!isDone && address !== undefined) unmapBlock(address, size);
    if (use?.descriptor !== descriptor) closeFile(descriptor);
  }
}

export function unmapBlock(address: number, size: number): void {
  undisturbed(() => {
    forgetMapping(address);
    unmap(address, size);
  });
}
