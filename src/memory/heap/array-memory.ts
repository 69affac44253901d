/**
 * The heap where native calls are missing: one SharedArrayBuffer that grows, for the threads of one process. What the system does for the native
 * one, JavaScript does here, but for one thing: nobody can be asked whether a thread lives. So whoever sees the 'exit' of a Worker says it
 * (`markEnded`), in the slots of the thread and of those that ended with it.
 *
 *    identity    pid, tid: Node's `threadId` + 1, processStart: the tid of the thread that started it (0: nobody), threadStart: 0,
 *                and the tid once its end was seen
 */

import { load, store } from '#atomics';
import { threadId } from 'node:worker_threads';
import { HeddleError } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import { sharedNow } from '../../platform/index.ts';
import { clearInterval, setImmediate, setInterval } from '../../real-timers.ts';
import { type Bell, type BellAddress, type Identity, longestSlice, type Memory, segmentSize } from './memory.ts';
import { slotCount, slotFields, slotsBegin, slotSize } from '../threads/slots.ts';

/** Bytes of the longest, if the process may have so many addresses (`ulimit -v`); of the shortest that is tried. */
const longest = 2 ** 30;
const shortest = 2 * segmentSize;
const most32 = 0x7fff_ffff;

/** What ES2024 says of shared buffers, and TypeScript's library for ES2023 does not. */
type Growable = SharedArrayBuffer & { grow(bytes: number): void; readonly maxByteLength: number };
const GrowableBuffer = SharedArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Growable;
type WaitAsync = (words: Int32Array, index: number, expected: number) => { async: true; value: Promise<unknown> } | { async: false };

/** Memory for a new heap, of one segment; each thread that is to share it must be given it. @throws HeddleError */
export function newArraySeed(): SharedArrayBuffer {
  for (let maxByteLength = longest; ; maxByteLength /= 4) {
    try {
      return new GrowableBuffer(segmentSize, { maxByteLength });
    } catch (cause) {
      if (maxByteLength / 4 >= shortest) continue;
      throw new HeddleError(
        `no memory for threads to share: not even ${maxByteLength / 2 ** 20} MiB of addresses (ulimit -v?): ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

/**
 * The memory that a seed is.
 *
 * @param startedBy Node's number of the thread that started this one: ended with it, this one ends too
 */
export function arrayMemory(seed: SharedArrayBuffer, startedBy?: number): Memory {
  return new ArrayMemory(seed as Growable, startedBy);
}

/**
 * Says that a Worker has ended: to be called by whoever sees its 'exit'. The threads that it had started have ended with it (Node waits for
 * them). Where the system knows who lives, it does nothing.
 */
export function markEnded(memory: Memory, thread: number): void {
  if (memory.kind !== 'array') return;
  const words = memory.segment(0);
  const ended = new Set([thread + 1]);
  for (const tid of ended) {
    for (let slot = slotsBegin; slot < slotsBegin + slotCount * slotSize; slot += slotSize) {
      const its = load(words, slot + slotFields.tid);
      // ORDER: whoever takes the slot at this moment has another tid (Node gives none twice), and the mark means nothing for that.
      if (its === tid) store(words, slot + slotFields.threadStart, tid);
      else if (its !== 0 && load(words, slot + slotFields.processStart) === tid) ended.add(its);
    }
  }
}

class ArrayMemory implements Memory {
  readonly kind = 'array';
  readonly crossesProcesses = false;
  readonly #seed: Growable;
  readonly #segments: Int32Array[] = [];
  readonly #identity: Identity;

  constructor(seed: Growable, startedBy: number | undefined) {
    this.#seed = seed;
    this.#identity = { pid: process.pid, tid: threadId + 1, processStart: startedBy === undefined ? 0 : startedBy + 1, threadStart: 0 };
  }

  segment(number: number): Int32Array {
    return this.#segments[number] ?? this.#view(number);
  }

  #view(number: number): Int32Array {
    // With a length of its own it is as fast as on a buffer that does not grow. It throws a RangeError where there is nothing.
    const words = new Int32Array(this.#seed, number * segmentSize, segmentSize / 4);
    this.#segments[number] = words;
    return words;
  }

  bytes(place: number, length: number): Uint8Array {
    // Another object on the same memory.
    return new Uint8Array(structuredClone(this.#seed), place, length);
  }

  grow(bytes: number): void {
    const wanted = Math.ceil(bytes / segmentSize) * segmentSize;
    if (wanted <= this.#seed.byteLength) return;
    try {
      this.#seed.grow(wanted);
    } catch (cause) {
      throw new HeddleError(
        `the shared heap cannot grow to ${bytes} bytes: at most ${this.#seed.maxByteLength} where processes cannot share memory`,
        { cause },
      );
    }
  }

  discard(from: number, bytes: number): boolean {
    new Uint8Array(this.#seed, from, bytes).fill(0);
    return true;
  }

  sleep(place: number, expected: number, ms: number): void {
    if (ms > 0) Atomics.wait(this.#words(place), indexOf(place), expected, Math.min(ms, longestSlice));
  }

  wake(place: number, count: number): void {
    Atomics.notify(this.#words(place), indexOf(place), count);
  }

  now(): number {
    return sharedNow();
  }

  identity(): Identity {
    return this.#identity;
  }

  isAlive(who: Identity): boolean {
    return who.threadStart !== who.tid;
  }

  openBell(place: number, onRing: () => void): Bell {
    return new ArrayBell(this.#words(place), indexOf(place), onRing);
  }

  ring(_who: Identity, _bell: BellAddress, place: number): boolean {
    Atomics.notify(this.#words(place), indexOf(place));
    return true;
  }

  #words(place: number): Int32Array {
    return this.segment(Math.floor(place / segmentSize));
  }
}

function indexOf(place: number): number {
  return (place % segmentSize) / 4;
}

/** Waits at the rung word itself for as long as it is open. */
class ArrayBell implements Bell {
  /** The place of the word is all that ringers need. */
  readonly address: BellAddress = { descriptor: 0, inode: 0 };
  readonly #words: Int32Array;
  readonly #rung: number;
  readonly #onRing: () => void;
  #isClosed = false;
  #alive: NodeJS.Timeout | undefined;

  constructor(words: Int32Array, rung: number, onRing: () => void) {
    this.#words = words;
    this.#rung = rung;
    this.#onRing = onRing;
    withoutContext(() => this.#listen());
  }

  #listen(): void {
    const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };
    const wait = waitAsync(this.#words, this.#rung, 0);
    if (wait.async) void wait.value.then(this.#heard);
    else setImmediate(this.#heard);
  }

  readonly #heard = (): void => {
    if (this.#isClosed) return;
    // ORDER: before anybody looks; who rings from now on is heard again (pairs with the exchange in `ring` of slots.ts).
    store(this.#words, this.#rung, 0);
    this.#listen();
    this.#onRing();
  };

  /** A pending `waitAsync` does not keep the loop alive; a timer does. */
  ref(): void {
    this.#alive ??= setInterval(() => {}, most32);
  }

  unref(): void {
    clearInterval(this.#alive);
    this.#alive = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.unref();
    // The wait cannot be taken back: let it end, so that it takes no ring of the next bell here.
    Atomics.notify(this.#words, this.#rung);
  }
}
