/**
 * The heap of a whole tree of processes: pages of a file without a name, mapped by each of them; futex to sleep; pipes as doorbells. The
 * platform folder has the Linux calls; this file combines them.
 */

import { exchange, load, store } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import {
  adoptSharedFile,
  closeEnd,
  createSharedFile,
  type DoorbellSocket,
  isThreadAlive,
  lengthen,
  lengthOf,
  mapSharedFile,
  mayBeRefused,
  openDoorbell,
  openDoorbellSocket,
  ownIdentity,
  punchHole,
  reservedBytes,
  ringDoorbell,
  sharedNow,
  sharingMissing,
  viewShared,
  waitAtWord,
  wakeAtWord,
} from '../../platform/index.ts';
import { setImmediate } from '../../real-timers.ts';
import { type Bell, type BellAddress, type Identity, longestSlice, type Memory, segmentSize } from './memory.ts';
import { RangeError } from '../../refusals.ts';

export interface NativeHeap {
  readonly memory: Memory;
  /** The file's descriptor in this process, for child processes. It stays open as long as the process lives. */
  readonly descriptor: number;
  /** Where it is mapped in this process, for its other threads. */
  readonly address: number;
}

/** Why there cannot be one; undefined if there can. */
export function nativeMemoryMissing(): string | undefined {
  return sharingMissing();
}

/** A new one, of one segment. @throws UnsupportedPlatformError */
export function createNativeMemory(): NativeHeap {
  const descriptor = createSharedFile();
  try {
    lengthen(descriptor, segmentSize);
    const made = attach(descriptor, mapSharedFile(descriptor));
    // Checks that the heap can be viewed.
    made.memory.segment(0);
    return made;
  } catch (error) {
    closeEnd(descriptor);
    throw error;
  }
}

/**
 * Joins a heap that another process or thread made.
 *
 * @param from `descriptor`: of its file, in this process; `address`: where another thread of this process has mapped it already
 * @throws UnsupportedPlatformError; HeddleError if the descriptor is something else
 */
export function joinNativeMemory(from: { readonly descriptor: number; readonly address?: number | undefined }): NativeHeap {
  const { descriptor, address } = from;
  if (address !== undefined) return attach(descriptor, address);
  adoptSharedFile(descriptor);
  return attach(descriptor, mapSharedFile(descriptor));
}

function attach(descriptor: number, address: number): NativeHeap {
  return { memory: new NativeMemory(descriptor, address), descriptor, address };
}

class NativeMemory implements Memory {
  readonly kind = 'native';
  readonly crossesProcesses = true;
  readonly #descriptor: number;
  readonly #address: number;
  readonly #segments: Int32Array[] = [];
  /** Of the file, at least. */
  #length = 0;

  constructor(descriptor: number, address: number) {
    this.#descriptor = descriptor;
    this.#address = address;
  }

  segment(number: number): Int32Array {
    return this.#segments[number] ?? this.#view(number);
  }

  #view(number: number): Int32Array {
    const length = lengthOf(this.#descriptor);
    // Touching it would end the process.
    if ((number + 1) * segmentSize > length) throw new RangeError(`segment ${number} of a heap of ${length / segmentSize}`);
    const words = new Int32Array(viewShared(this.#address + number * segmentSize, segmentSize));
    this.#segments[number] = words;
    return words;
  }

  bytes(place: number, length: number): Uint8Array {
    // A heap does not become shorter.
    if (place + length > this.#length) this.#length = lengthOf(this.#descriptor);
    const end = this.#length;
    // As in `#view`.
    if (place + length > end) throw new RangeError(`bytes up to ${place + length} of a heap of ${end}`);
    return new Uint8Array(viewShared(this.#address + place, length));
  }

  grow(bytes: number): void {
    if (bytes > reservedBytes) throw new HeddleError(`the shared heap cannot grow to ${bytes} bytes: at most ${reservedBytes}`);
    if (bytes > lengthOf(this.#descriptor)) lengthen(this.#descriptor, Math.ceil(bytes / segmentSize) * segmentSize);
  }

  discard(from: number, bytes: number): boolean {
    return punchHole(this.#descriptor, from, bytes);
  }

  sleep(place: number, expected: number, ms: number): void {
    if (ms > 0) waitAtWord(this.#address + place, expected, Math.min(ms, longestSlice));
  }

  wake(place: number, count: number): void {
    wakeAtWord(this.#address + place, count);
  }

  now(): number {
    return sharedNow();
  }

  identity(): Identity {
    return ownIdentity();
  }

  isAlive(who: Identity, isThorough: boolean): boolean {
    return isThreadAlive(who, isThorough);
  }

  openBell(place: number, onRing: () => void): Bell {
    const words = this.segment(Math.floor(place / segmentSize));
    const rung = (place % segmentSize) / 4;
    let isClosed = false;
    const heard = (): void => {
      if (isClosed) return;
      // ORDER: after the pipe was read, before any wait looks. A later ring writes into the pipe again, and is heard; a change before such
      // a ring is seen now (pairs with the exchange in `ring` of slots.ts).
      store(words, rung, 0);
      onRing();
    };
    let bell: Bell;
    withoutContext(() => {
      bell = openDoorbell(heard);
      // Another thread has set the word before the pipe existed, so that it could not write into it.
      if (exchange(words, rung, 0) !== 0) setImmediate(heard);
    });
    const { address, ref, unref, close } = bell!;
    let socket: DoorbellSocket | undefined;
    const openSocket = (publish: (number: ArrayLike<number>) => void): void => {
      withoutContext(() => {
        // Strangers can connect. The word says whether one of the heap's threads has rung.
        socket ??= openDoorbellSocket(() => {
          if (load(words, rung) !== 0) heard();
        });
        if (socket === undefined) return;
        publish(socket.number);
        // As above: that ring was refused.
        if (exchange(words, rung, 0) !== 0) setImmediate(heard);
      });
    };
    return {
      address,
      ref,
      unref,
      openSocket,
      close: () => {
        isClosed = true;
        close();
        socket?.close();
      },
    };
  }

  ring(who: Identity, bell: BellAddress): boolean {
    return ringDoorbell(who.pid, bell);
  }

  mayBeRefused(): boolean {
    return mayBeRefused(this.#descriptor);
  }
}
