/**
 * What the heap stands on: words that several threads see, and a way to sleep until one changes. One interface, a file for each strategy,
 * one suite of tests for all (`test/memory/heap/memory.test.ts`):
 *
 *   native-memory.ts   pages of a memfd, mapped by every process of the tree; futex; pipes as doorbells
 *   array-memory.ts    a SharedArrayBuffer that grows, for the threads of one process; Atomics.wait and waitAsync
 *   (tests)            plain memory and a scheduler that decides who goes on
 *
 * A place is a byte offset from the heap's start; it is the same for everybody, whatever address the heap has there.
 */

import { isMainThread } from 'node:worker_threads';
import { segmentBytes } from '../../platform/index.ts';

/** Who a thread is, for others who want to know whether it lives. */
export interface Identity {
  readonly pid: number;
  /** The system's number of the thread; without native calls Node's `threadId` + 1. */
  readonly tid: number;
  /** When the process and the thread started, in the system's clock ticks; 0 where that cannot be known. */
  readonly processStart: number;
  readonly threadStart: number;
}

/** What others need in order to wake a thread's event loop. All zero: it has no doorbell. */
export interface BellAddress {
  /** The descriptor of the write end in that process, + 1. */
  readonly descriptor: number;
  /** The inode of the pipe, so that nobody rings at a descriptor that has become something else. */
  readonly inode: number;
  /** The number in the name of its socket, for those whom /proc refuses the pipe; four words. */
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

  /** The words of one segment of the heap (`segmentSize` bytes). It must have been grown that far, here or elsewhere; the first is always there. The same array each time. */
  segment(number: number): Int32Array;
  /**
   * Bytes of the heap, through any number of segments, over a buffer that no other view has: its collection tells that all views on it are gone.
   * The buffer is an ArrayBuffer of just these bytes, or in an array memory a SharedArrayBuffer of the whole heap.
   */
  bytes(place: number, length: number): Uint8Array;
  /** Makes the heap at least so many bytes long. Under the heap's guard only. @throws HeddleError if there is no memory */
  grow(bytes: number): void;
  /** Gives whole pages of the system back; they read as zeros afterwards. False if the system does not take them: they are as they were. */
  discard(from: number, bytes: number): boolean;

  /**
   * Blocks this thread until somebody wakes it at that word, unless the word does not hold `expected`. It may come back early, and does after
   * `longestSlice` at the latest, so that the thread can be ended and its caller looks whether somebody has died: look again.
   *
   * @param ms what is left of the caller's own time-out; Infinity is none
   */
  sleep(place: number, expected: number, ms: number): void;
  /** Wakes at most so many of those who sleep at that word. */
  wake(place: number, count: number): void;

  /** Milliseconds of a clock that all who share the heap share, as an integer of 32 bits that goes round: only differences mean something. */
  now(): number;

  identity(): Identity;
  /** Whether that thread lives; with `pid` 0, whether any one of that number does. Asks the system: 0.5 µs; when `isThorough`, 50 µs, also whether the number has been given to another one or the process is a zombie. */
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
  /** Whether the system may refuse rings to this process, or from it, unless bells have sockets. Absent: it never does. */
  mayBeRefused?(): boolean;
}

/** Bytes of a segment: what the heap grows by, and what one view covers. */
export const segmentSize: number = segmentBytes;
/**
 * No native wait of this thread is longer, in milliseconds: a thread in it cannot be ended. The main thread of a process is ended by signals,
 * which do not ask; it only comes to look after the dead.
 */
export const longestSlice: number = isMainThread ? 200 : 50;
