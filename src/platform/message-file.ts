/**
 * A file without a name that two processes read and write by descriptor: whatever is written has left at once, whatever its size, and can be
 * read while both event loops stand still. Memory (`memfd_create`), or without native calls a temporary file that is unlinked at once.
 *
 *    0    8 bytes for what a child marks, whatever it was told
 *    8    kind of the message, a 32-bit number
 *    12   length of the header, 4 bytes; length of the packet, 8 bytes
 *    24   header (JSON), packet
 *
 * A file holds one message at a time: each side writes over what it has read. Kind and lengths are written last: a process that is killed in the
 * middle has told nothing.
 */

import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crypto } from '../builtins.ts';
import { undisturbed } from '../undisturbed.ts';
import { native, whatIsMissing } from './native.ts';

const mfdCloexec = 1;
const name = new TextEncoder().encode('heddle-message\0');
/** Bytes of one read or write at most: Node takes 2 GiB. */
const pieceBytes = 2 ** 30;

/** Opens a file, which child processes inherit only where they are given it. @throws the system's error if there is no place for it */
export function openMessageFile(): number {
  const made = whatIsMissing(['memfd_create', 'close']) === undefined ? undisturbed(openInMemory) : undefined;
  if (made !== undefined) return made;
  const path = join(tmpdir(), `heddle-${process.pid}-${crypto().randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}

/** Node closes what was opened by `openSync` when its thread ends, whatever ends it; hence the file is opened once more. */
function openInMemory(): number | undefined {
  const first = native('memfd_create')(name, mfdCloexec);
  if (first < 0) return undefined;
  try {
    return openSync(`/proc/self/fd/${first}`, 'r+');
  } catch {
    return undefined;
  } finally {
    native('close')(first);
  }
}

/** Writes all of it at a position. */
export function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, Math.min(pieceBytes, bytes.length - done), position + done);
}

/** Reads `length` bytes from a position; fewer where the file ends before. */
export function readWhole(descriptor: number, length: number, position: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, bytes, done, Math.min(pieceBytes, length - done), position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

export function closeMessageFile(descriptor: number): void {
  closeSync(descriptor);
}

const headAt = 8;
const headBytes = 16;
const bodyAt = headAt + headBytes;

const nothing = new Uint8Array();

/** Writes a message over the one that the file holds. */
export function writeMessage(descriptor: number, kind: number, header: object, packet: Uint8Array = nothing): void {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(kind, 0);
  head.writeUInt32LE(json.length, 4);
  head.writeDoubleLE(packet.length, 8);
  writeWhole(descriptor, json, bodyAt);
  writeWhole(descriptor, packet, bodyAt + json.length);
  writeWhole(descriptor, head, headAt);
}

/** The kind of the message that the file holds; 0 for none. */
export function kindOfMessage(descriptor: number): number {
  const head = readWhole(descriptor, 4, headAt);
  return head.length < 4 ? 0 : head.readUInt32LE(0);
}

/** @returns undefined if the file holds no message of this kind */
export function readMessage<Header>(descriptor: number, kind: number): { header: Header; bytes: Uint8Array } | undefined {
  const head = readWhole(descriptor, headBytes, headAt);
  if (head.length < headBytes || head.readUInt32LE(0) !== kind) return undefined;
  const length = head.readUInt32LE(4);
  const header = JSON.parse(readWhole(descriptor, length, bodyAt).toString()) as Header;
  return { header, bytes: readWhole(descriptor, head.readDoubleLE(8), bodyAt + length) };
}
