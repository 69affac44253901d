/**
 * A thread's doorbell: a pipe without a name, whose read end the thread's event loop watches. Any thread that knows process, descriptor and
 * inode can ring (`ring.ts`), without the owner's help. The write end belongs to this thread alone and closes with it. Where `/proc` denies
 * it to some process, threads have a socket besides (`doorbell-socket.ts`).
 */

import type { SocketConstructorOpts } from 'node:net';
import { net } from '../builtins.ts';
import type { SocketNumber } from './doorbell-socket.ts';
import { hold, openHeld, type Pipe } from './pipe.ts';
import { inodeOfPipe } from './pipe-stat.ts';

export interface DoorbellAddress {
  /** The descriptor of the write end in its process, + 1; 0: none. */
  readonly descriptor: number;
  readonly inode: number;
  /** The number in the name of its socket (`doorbell-socket.ts`), if it has one. */
  readonly socket?: SocketNumber | undefined;
}

export interface Doorbell {
  readonly address: DoorbellAddress;
  /** Makes the event loop wait for rings when nothing else is left; initially it does not. */
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
  // The types have `onread` for connections only. This option saves a stream and a buffer for each ring.
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
