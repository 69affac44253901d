/**
 * The base of the heap: words that several threads see, and a way to sleep until one changes. One interface, a file for each strategy,
 * one suite of tests for all (`test/memory/heap/memory.test.ts`):
 *
 *   native-memory.ts   pages of a memfd, mapped by every process of the tree; futex; pipes as doorbells
 *   array-memory.ts    a SharedArrayBuffer that grows, for the threads of one process; Atomics.wait and waitAsync
 *   (tests)            plain memory and a scheduler that chooses the next thread
 *
 * A place is a byte offset from the heap's start. All threads use the same places, whatever address the heap has in their process.
 */

import { isMainThread } from 'node:worker_threads';
import { segmentBytes } from '../../platform/index.ts';

/** The identity of a thread, for the question whether it lives. */
export interface Identity {
  readonly pid: number;
  /** The system's number of the thread; without native calls Node's `threadId` + 1. */
  readonly tid: number;
  /** When the process and the thread started, in the system's clock ticks; 0 where that cannot be known. */
  readonly processStart: number;
  readonly threadStart: number;
}

/** The address by which others wake a thread's event loop. All zero: the thread has no doorbell. */
export interface BellAddress {
  /** The descriptor of the write end in that process, + 1. */
  readonly descriptor: number;
  /** The inode of the pipe, so that a ring never goes to a descriptor that was reused. */
  readonly inode: number;
  /** The number in the name of its socket, for processes that `/proc` denies the pipe; four words. */
  readonly socket?: ArrayLike<number> | undefined;
}

/** A thread's own doorbell. */
export interface Bell {
  readonly address: BellAddress;
  /** While it is held, the event loop goes on waiting for it: the program stays alive. */
  ref(): void;
  unref(): void;
  /**
   * Opens a socket besides the pipe, if the system gives one. `publish` hears of the number in its name: four words, of which the first is not 0.
   * Absent: the system refuses no ring.
   */
  openSocket?(publish: (number: ArrayLike<number>) => void): void;
  close(): void;
}

export interface Memory {
  readonly kind: 'native' | 'array' | 'model';
  /** How many processes see it: without native calls only the threads of this one. */
  readonly crossesProcesses: boolean;

  /**
   * Returns the words of one segment of the heap (`segmentSize` bytes), always the same array. The heap must have been grown that far, here
   * or elsewhere; the first segment always exists.
   */
  segment(number: number): Int32Array;
  /**
   * Returns bytes of the heap, through any number of segments, over a buffer that no other view has. The collection of the buffer shows
   * that all views on it are gone. The buffer is an ArrayBuffer of exactly these bytes, or in an array memory a SharedArrayBuffer of the
   * whole heap.
   */
  bytes(place: number, length: number): Uint8Array;
  /** Makes the heap at least `bytes` bytes long. Under the heap's guard only. @throws HeddleError if there is no memory */
  grow(bytes: number): void;
  /** Gives whole pages of the system back; they read as zeros afterwards. False if the system does not take them: they are as they were. */
  discard(from: number, bytes: number): boolean;

  /**
   * Blocks this thread until another one wakes it at that word, unless the word does not hold `expected`. The call may return early, and
   * does after `longestSlice` at the latest, so that the thread can be terminated and its caller can check for dead owners. Re-check after
   * it.
   *
   * @param ms the rest of the caller's own timeout; `Infinity` without one
   */
  sleep(place: number, expected: number, ms: number): void;
  /** Wakes at most `count` of the threads that sleep at that word. */
  wake(place: number, count: number): void;

  /** Milliseconds of a clock that all threads of the heap share, as a 32-bit integer that wraps around: only differences have a meaning. */
  now(): number;

  identity(): Identity;
  /**
   * True if that thread lives; with `pid` 0, if any thread with that number does. Asks the system: 0.5 µs. If `isThorough`, 50 µs: detects
   * a reused number, or a zombie process, too.
   */
  isAlive(who: Identity, isThorough: boolean): boolean;

  /**
   * Opens this thread's doorbell. `onRing` is called from the event loop, once for any number of rings.
   *
   * @param place a word of this thread's slot: 1 means that the bell was rung and not yet heard. The bell sets it to 0 before it calls
   */
  openBell(place: number, onRing: () => void): Bell;
  /**
   * Rings; never blocks. Nothing happens if the thread has ended. The word at `place` has just been set from 0 to 1 by the caller. False if the system
   * refuses it, and the bell has no socket.
   */
  ring(who: Identity, bell: BellAddress, place: number): boolean;
  /** True if the system may refuse rings to this process, or from it, unless bells have sockets. Absent: never. */
  mayBeRefused?(): boolean;
}

/** Bytes of a segment: what the heap grows by, and what one view covers. */
export const segmentSize: number = segmentBytes;
/**
 * No native wait of this thread is longer, in milliseconds: a thread in it cannot be ended. The main thread of a process is ended by signals,
 * which do not ask; it only comes to look after the dead.
 */
export const longestSlice: number = isMainThread ? 200 : 50;
