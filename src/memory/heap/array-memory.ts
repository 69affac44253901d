/**
 * The heap without native calls: one `SharedArrayBuffer` that grows, for the threads of one process. JavaScript does here what the system
 * does for the native heap, with one exception: no call tells whether a thread lives. The thread that sees the 'exit' of a Worker therefore
 * records it (`markEnded`), in the slots of the thread and of those that ended with it.
 *
 *    identity    pid, tid: Node's `threadId` + 1, processStart: the tid of the thread that started it (0: none), threadStart: 0,
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

/** Bytes of the longest buffer, if the process has that many addresses (`ulimit -v`); of the shortest one that is tried. */
const longest = 2 ** 30;
const shortest = 2 * segmentSize;
const most32 = 0x7fff_ffff;

/** The members of shared buffers in ES2024, which TypeScript's library for ES2023 lacks. */
type Growable = SharedArrayBuffer & { grow(bytes: number): void; readonly maxByteLength: number };
const GrowableBuffer = SharedArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Growable;
type WaitAsync = (words: Int32Array, index: number, expected: number) => { async: true; value: Promise<unknown> } | { async: false };

/** Memory for a new heap, of one segment. Each thread that shares it must receive it. @throws HeddleError */
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
 * Records the end of a Worker; called by the thread that sees its 'exit'. The threads that it had started have ended with it (Node waits
 * for them). Where the system knows which threads live, this does nothing.
 */
export function markEnded(memory: Memory, thread: number): void {
  if (memory.kind !== 'array') return;
  const words = memory.segment(0);
  const ended = new Set([thread + 1]);
  for (const tid of ended) {
    for (let slot = slotsBegin; slot < slotsBegin + slotCount * slotSize; slot += slotSize) {
      const its = load(words, slot + slotFields.tid);
      // ORDER: a thread that takes the slot at this moment has another tid (Node gives none twice), and ignores the mark.
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
    // A view with an explicit length is as fast as one on a buffer that does not grow. The constructor throws a RangeError beyond the end.
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
    // ORDER: before any wait looks; a later ring is heard again (pairs with the exchange in `ring` of slots.ts).
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
