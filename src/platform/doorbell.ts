/**
 * A thread's doorbell: a pipe without a name, whose read end the thread's event loop watches. Whoever knows process, descriptor and inode can
 * ring (`ring.ts`), and needs nothing from us for it. The write end is ours alone and closes with the thread. Where `/proc` refuses it to
 * somebody, threads have a socket besides (`doorbell-socket.ts`).
 */

import type { SocketConstructorOpts } from 'node:net';
import { net } from '../builtins.ts';
import type { SocketNumber } from './doorbell-socket.ts';
import { hold, openHeld, type Pipe } from './pipe.ts';
import { inodeOfPipe } from './pipe-stat.ts';

export interface DoorbellAddress {
  /** The descriptor of the write end in its process, + 1; 0 is none. */
  readonly descriptor: number;
  readonly inode: number;
  /** The number in the name of its socket (`doorbell-socket.ts`), if it has one. */
  readonly socket?: SocketNumber | undefined;
}

export interface Doorbell {
  readonly address: DoorbellAddress;
  /** Whether the event loop waits for rings when nothing else is left; at first it does not. */
  ref(): void;
  unref(): void;
  close(): void;
}

/** Rings that are read at once. More make one more call. */
const atOnce = 512;

/**
 * @param onRing is called from the event loop, once for all rings up to now
 * @throws UnsupportedPlatformError without native calls; HeddleError if the system gives no descriptors
 */
export function openDoorbell(onRing: () => void): Doorbell {
  return openHeld((pipe) => watch(pipe, onRing));
}

function watch({ readEnd, writeEnd }: Pipe, onRing: () => void): Doorbell {
  const inode = inodeOfPipe(writeEnd)!;
  let isClosed = false;
  const onread = {
    buffer: new Uint8Array(atOnce),
    callback: () => {
      if (!isClosed) onRing();
      return true;
    },
  };
  // The types know `onread` for connections only. It spares a stream and a buffer for each ring.
  const watcher = new (net().Socket)({ fd: readEnd, readable: true, writable: false, onread } as SocketConstructorOpts);
  watcher.on('error', () => {});
  watcher.unref();
  const holder = hold(writeEnd);
  return {
    address: { descriptor: writeEnd + 1, inode },
    ref: () => void watcher.ref(),
    unref: () => void watcher.unref(),
    close: () => {
      isClosed = true;
      watcher.destroy();
      holder.destroy();
    },
  };
}
