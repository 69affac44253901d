/**
 * The messages between a `Process` and its child through the message file (`platform/message-file.ts`), which needs no event loop on either
 * side.
 */

import { readWhole, writeWhole } from '../platform/index.ts';
import type { ErrorText, Handover, StartMethod } from '../worker/ground.ts';

/** Kinds of messages: START by the parent, OUTCOME by a child when what it ran has failed. */
export const START = 0x68_64_6c_31;
export const OUTCOME = 0x68_64_6c_32;

/** The data that a child needs before it can read its packet. */
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
  /** The shared objects of the packet, in flight; 0 without any. */
  readonly parcel: number;
  /** True: signals in the packet may abort, which descriptor 3 will tell. */
  readonly hasSignals: boolean;
  /** The start method that the program has chosen. */
  readonly method: StartMethod | undefined;
  /** The changes since a blank process was started. */
  readonly handover?: Handover | undefined;
}

/** How what a child ran has failed. */
export interface OutcomeHeader {
  readonly modules: readonly string[];
  /** The error as text, for a parent that cannot rebuild it at once. */
  readonly text: ErrorText;
}

/** Called by the parent before it sends SIGINT, which a warm process ignores until it has read its order. */
export function markInterrupt(descriptor: number): void {
  writeWhole(descriptor, Uint8Array.of(1), 4);
}

/** True if the parent has sent SIGINT. */
export function isInterrupted(descriptor: number): boolean {
  return readWhole(descriptor, 1, 4)[0] === 1;
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
