/**
 * A pipe without a name. Programs that are started do not inherit its ends (O_CLOEXEC), unless an end is given to
 * them by its number. An end that stays here is held by a handle of this thread's event loop, so that the end of the thread closes it,
 * whatever ends it.
 */

import { net } from '../builtins.ts';
import { HeddleError } from '../errors.ts';
import { undisturbed } from '../undisturbed.ts';
import { lastErrorText, native } from './native.ts';

const oCloexec = 0o2000000;
const oNonblock = 0o4000;
const fGetfl = 3;
const fSetfl = 4;
const fGetPipeSize = 1032;

export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** @throws UnsupportedPlatformError without native calls; HeddleError if the system gives no descriptors */
export function openPipe(): Pipe {
  const pipe2 = native('pipe2');
  native('fcntl');
  native('close');
  const ends = new Int32Array(2);
  if (pipe2(ends, oCloexec) !== 0) throw new HeddleError(`the system opened no pipe: ${lastErrorText()}`);
  return { readEnd: ends[0]!, writeEnd: ends[1]! };
}

/**
 * Opens one whose ends are held at once: the thread is not ended in between, which would leave them open.
 *
 * @throws as `openPipe`
 */
export function openHeld<R>(holding: (pipe: Pipe) => R): R {
  return undisturbed(() => holding(openPipe()));
}

export function closeEnd(descriptor: number): void {
  native('close')(descriptor);
}

/** Reading or writing this end returns at once, in every process that has it. */
export function dontBlock(descriptor: number): void {
  const flags = control(descriptor, fGetfl, 0);
  control(descriptor, fSetfl, flags | oNonblock);
}

/** Bytes that fit. */
export function capacityOf(descriptor: number): number {
  return control(descriptor, fGetPipeSize, 0);
}

export function control(descriptor: number, command: number, argument: number): number {
  const result = native('fcntl')(descriptor, command, argument);
  if (result < 0) throw new HeddleError(`fcntl(${descriptor}, ${command}) failed: ${lastErrorText()}`);
  return result;
}

/** Keeps an end open until `destroy()` or the end of this thread. Holding neither reads nor keeps the loop alive. */
export function hold(descriptor: number): { destroy(): void } {
  const holder = new (net().Socket)({ fd: descriptor, readable: false, writable: true });
  holder.on('error', () => {});
  return holder.unref();
}
