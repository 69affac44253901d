/**
 * What a `Process` and its child tell each other through the message file, which needs no event loop on either side:
 *
 *    0    kind, as one 32-bit number: START by the parent, OUTCOME by the child when what it ran has failed
 *    4    length of the header, 4 bytes; length of the packet, 8 bytes
 *    16   header (JSON), packet
 *
 * The child writes its outcome over the start message, which it has read. The first 16 bytes are written last: a child that is killed in the
 * middle has told nothing.
 */

import { readWhole, writeWhole } from '../platform/index.ts';

export const START = 0x68_64_6c_31;
export const OUTCOME = 0x68_64_6c_32;

const headBytes = 16;

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

/** How what a child ran has failed. */
export interface OutcomeHeader {
  readonly modules: readonly string[];
  /** The error as text, for a parent that cannot rebuild it at once. */
  readonly text: { readonly name: string; readonly message: string; readonly stack: string };
}

export function writeMessage(descriptor: number, kind: number, header: StartHeader | OutcomeHeader, packet: Uint8Array): void {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(kind, 0);
  head.writeUInt32LE(json.length, 4);
  head.writeDoubleLE(packet.length, 8);
  writeWhole(descriptor, json, headBytes);
  writeWhole(descriptor, packet, headBytes + json.length);
  writeWhole(descriptor, head, 0);
}

/** @returns undefined if the file holds no message of this kind */
export function readMessage<Header>(descriptor: number, kind: number): { header: Header; bytes: Uint8Array } | undefined {
  const head = readWhole(descriptor, headBytes, 0);
  if (head.length < headBytes || head.readUInt32LE(0) !== kind) return undefined;
  const length = head.readUInt32LE(4);
  const header = JSON.parse(readWhole(descriptor, length, headBytes).toString()) as Header;
  return { header, bytes: readWhole(descriptor, head.readDoubleLE(8), headBytes + length) };
}
