/**
 * What a `Process` and its child tell each other through the message file, which needs no event loop on either side:
 *
 *    0    exit code + 1, written by a child that ends in good order; 0 before
 *    8    kind, as one 32-bit number: START by the parent, OUTCOME by the child when what it ran has failed
 *    12   length of the header, 4 bytes; length of the packet, 8 bytes
 *    24   header (JSON), packet
 *
 * The child writes its outcome over the start message, which it has read. Kind and lengths are written last: a child that is killed in the
 * middle has told nothing.
 */

import { readWhole, writeWhole } from '../platform/index.ts';
import type { ErrorText } from '../worker/ground.ts';

export const START = 0x68_64_6c_31;
export const OUTCOME = 0x68_64_6c_32;

const headAt = 8;
const headBytes = 16;
const bodyAt = headAt + headBytes;

/** What a child must know before it can read its packet. */
export interface StartHeader {
  readonly name: string;
  /** Numbers of the process and of the processes above it: `[2, 1]` is called `Process-2:1` by default. */
  readonly path: readonly number[];
  readonly daemon: boolean;
  readonly parent: { readonly pid: number; readonly name: string };
  readonly realm: string;
  /** `process.argv` without the executable. */
  readonly argv: readonly string[];
  /** Keys of the modules that the packet needs. */
  readonly modules: readonly string[];
  /** The shared objects of the packet, on their way; 0: there are none. */
  readonly parcel: number;
}

/** Called by a child that exits. */
export function markExit(descriptor: number, code: number): void {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE((code & 0xff) + 1, 0);
  writeWhole(descriptor, mark, 0);
}

/** The exit code of a child that has exited in good order; undefined for one that a signal has ended. */
export function exitMarkOf(descriptor: number): number | undefined {
  const mark = readWhole(descriptor, 4, 0);
  const value = mark.length < 4 ? 0 : mark.readUInt32LE(0);
  return value === 0 ? undefined : value - 1;
}

/** How what a child ran has failed. */
export interface OutcomeHeader {
  readonly modules: readonly string[];
  /** The error as text, for a parent that cannot rebuild it at once. */
  readonly text: ErrorText;
}

export function writeMessage(descriptor: number, kind: number, header: StartHeader | OutcomeHeader, packet: Uint8Array): void {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(kind, 0);
  head.writeUInt32LE(json.length, 4);
  head.writeDoubleLE(packet.length, 8);
  writeWhole(descriptor, json, bodyAt);
  writeWhole(descriptor, packet, bodyAt + json.length);
  writeWhole(descriptor, head, headAt);
}

/** @returns undefined if the file holds no message of this kind */
export function readMessage<Header>(descriptor: number, kind: number): { header: Header; bytes: Uint8Array } | undefined {
  const head = readWhole(descriptor, headBytes, headAt);
  if (head.length < headBytes || head.readUInt32LE(0) !== kind) return undefined;
  const length = head.readUInt32LE(4);
  const header = JSON.parse(readWhole(descriptor, length, bodyAt).toString()) as Header;
  return { header, bytes: readWhole(descriptor, head.readDoubleLE(8), bodyAt + length) };
}
