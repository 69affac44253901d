/**
 * The doorbell for threads that cannot open the pipe: an abstract Unix socket, whose name is a random number of 128 bits. `/proc` refuses the
 * descriptors of a process that is not dumpable (after `setuid`), of another user, or behind `hidepid`.
 *
 *   owner:   listens at the name                       ringer:   connects, and closes
 *
 * The connection itself is the ring: nothing is sent. Any user of the machine can connect, so a connection proves nothing. The owner checks
 * the word of shared memory for the ring, and only threads of the heap can write that.
 */

import { fstatSync, readFileSync } from 'node:fs';
import { crypto, net } from '../builtins.ts';
import { undisturbed } from '../undisturbed.ts';
import { type FunctionName, native, whatIsMissing } from './native.ts';
import { closeEnd } from './pipe.ts';

/** Four words of 32 bits; the first is never 0. */
export type SocketNumber = ArrayLike<number>;

export interface DoorbellSocket {
  readonly number: SocketNumber;
  close(): void;
}

const needs: readonly FunctionName[] = ['socket', 'connect', 'close'];

const afUnix = 1;
const sockStream = 1;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;
const prGetDumpable = 3;

/** Bytes of a path in a socket's address. */
const pathBytes = 108;
/** Node 20 fills a shorter name up with zeros, which count; so the name has all the bytes that there are. */
const nameLength = pathBytes - 1;

const nameOf = (number: SocketNumber): string =>
  `heddle-${Array.from({ length: 4 }, (_, i) => (number[i]! >>> 0).toString(16).padStart(8, '0')).join('')}`.padEnd(nameLength, '.');

/** Of this thread. */
let opened: SocketNumber | undefined;

/**
 * @param onRing called from the event loop, also for foreign connections; it does not keep the program alive
 * @returns undefined if the system gives no such socket
 */
export function openDoorbellSocket(onRing: () => void): DoorbellSocket | undefined {
  const number = crypto().randomFillSync(new Int32Array(4));
  number[0] ||= 1;
  const server = net().createServer({ pauseOnConnect: true }, (connection) => {
    connection.destroy();
    onRing();
  });
  server.on('error', () => {});
  try {
    server.listen({ path: `\0${nameOf(number)}`, exclusive: true });
  } catch {
    // Node itself refuses it (--permission).
    return undefined;
  }
  // The server listens at once, or not at all; only the event comes later.
  if (!server.listening) return undefined;
  server.unref();
  opened = number;
  return {
    number,
    close: () => {
      opened = undefined;
      server.close();
    },
  };
}

/** The name of this thread's socket in `/proc/self/fd`; undefined without a socket. */
export function ownDoorbellSocket(): string | undefined {
  if (opened === undefined) return undefined;
  const name = `@${nameOf(opened)}`;
  const line = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .find((text) => text.endsWith(name));
  return line === undefined ? undefined : `socket:[${line.split(/\s+/)[6]}]`;
}

/** Never blocks. Nothing happens if its owner has ended. */
export function ringDoorbellSocket(number: SocketNumber): void {
  if (whatIsMissing(needs) !== undefined) return;
  undisturbed(() => {
    const descriptor = native('socket')(afUnix, sockStream | sockNonblock | sockCloexec, 0);
    if (descriptor < 0) return;
    // Errors need no answer: others have rung and were not heard yet (EAGAIN), or its owner has ended (ECONNREFUSED).
    native('connect')(descriptor, addressOf(number), 2 + pathBytes);
    closeEnd(descriptor);
  });
}

/** A `sockaddr_un`. A path that begins with a zero is abstract. */
function addressOf(number: SocketNumber): Uint8Array {
  const address = new Uint8Array(2 + pathBytes);
  new Uint16Array(address.buffer, 0, 1)[0] = afUnix;
  new TextEncoder().encodeInto(nameOf(number), address.subarray(3));
  return address;
}

/**
 * True if `/proc` may deny this process's descriptors to others of its tree, or theirs to it: it is not dumpable, or runs as another user
 * than the process that made the file of the heap.
 */
export function mayBeRefused(heapFile: number): boolean {
  if (whatIsMissing(['prctl']) !== undefined) return false;
  return native('prctl')(prGetDumpable, 0, 0, 0, 0) !== 1 || fstatSync(heapFile).uid !== process.geteuid!();
}
