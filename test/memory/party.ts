/**
 * The peer that shares a memory in these tests: a thread or a process that plays one role. The two communicate by words of the first
 * segment.
 */

import { readlinkSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { arrayMemory } from '#src/memory/heap/array-memory.js';
import { type Bell, type BellAddress, type Identity, longestSlice, type Memory } from '#src/memory/heap/memory.js';
import { joinNativeMemory } from '#src/memory/heap/native-memory.js';
import { type EndGate, setEndGates } from '#src/undisturbed.js';
import { identityOf, slotCount, slotFields, slotOf, slotsBegin, slotSize } from '#src/memory/threads/slots.js';

export type Join = { readonly seed: SharedArrayBuffer } | { readonly descriptor: number; readonly address?: number };

/** Numbers of words, behind the slots. */
const first = slotsBegin + slotCount * slotSize;
export const at = {
  /** The word at which a party sleeps; written by the test. */
  go: first,
  /** How far a party is; told by the party. */
  state: first + 16,
  /** Rings heard, or sleeps that have ended. */
  count: first + 32,
  /** Sleeps that ended before their slice was over. */
  early: first + 33,
  /** The system's number of the party's thread, and of its process. */
  thread: first + 34,
  process: first + 35,
  rung: first + 48,
  /** A word without a waker. */
  nothing: first + 64,
};

export const place = (word: number): number => word * 4;

/** The value in `go` that ends a party. */
export const end = 99;

/** The slot id that a party uses. */
const id = 5;

export function bellOf(memory: Memory): BellAddress {
  const words = memory.segment(0);
  const slot = slotOf(id);
  const [low, high] = words.subarray(slot + slotFields.bellInode);
  return { descriptor: words[slot + slotFields.bellDescriptor]!, inode: (low! >>> 0) + (high! >>> 0) * 2 ** 32 };
}

export function whoIs(memory: Memory): Identity {
  return identityOf(memory, id);
}

function introduce(memory: Memory, bell?: BellAddress): void {
  const words = memory.segment(0);
  const half = (field: number, value: number): void => words.set([value | 0, Math.floor(value / 2 ** 32)], slotOf(id) + field);
  const { pid, tid, processStart, threadStart } = memory.identity();
  words[slotOf(id) + slotFields.pid] = pid;
  words[slotOf(id) + slotFields.tid] = tid;
  half(slotFields.processStart, processStart);
  half(slotFields.threadStart, threadStart);
  words[slotOf(id) + slotFields.bellDescriptor] = bell?.descriptor ?? 0;
  half(slotFields.bellInode, bell?.inode ?? 0);
  const [, processNumber, , thread] = /(\d+)(\/task\/)(\d+)/.exec(readlinkSync('/proc/thread-self'))!;
  words[at.process] = Number(processNumber);
  words[at.thread] = Number(thread);
}

function hear(memory: Memory): Bell {
  const words = memory.segment(0);
  const bell = memory.openBell(place(at.rung), () => {
    Atomics.add(words, at.count, 1);
    if (Atomics.load(words, at.go) === end) bell.close();
  });
  introduce(memory, bell.address);
  return bell;
}

const roles = {
  /** Sleeps `times` times at a word that differs from the expected value. */
  stale(memory: Memory, times: number): void {
    const words = memory.segment(0);
    for (let i = 0; i < times; i++) {
      memory.sleep(place(at.go), Atomics.load(words, at.go) + 1, Infinity);
      Atomics.add(words, at.count, 1);
    }
  },

  /** Adds 1 to each odd number that it finds, and counts the sleeps that were of no use. */
  answer(memory: Memory, rounds: number): void {
    const words = memory.segment(0);
    for (let round = 0; round < rounds; round++) {
      const seen = round * 2;
      while (Atomics.load(words, at.go) === seen) {
        memory.sleep(place(at.go), seen, Infinity);
        if (Atomics.load(words, at.go) === seen) Atomics.add(words, at.count, 1);
      }
      Atomics.store(words, at.go, seen + 2);
      memory.wake(place(at.go), 1);
    }
  },

  /** Sleeps without an end. */
  sleeper(memory: Memory): void {
    const words = memory.segment(0);
    introduce(memory);
    Atomics.add(words, at.state, 1);
    for (;;) {
      const before = performance.now();
      memory.sleep(place(at.go), 0, Infinity);
      if (performance.now() - before < longestSlice - 2) Atomics.add(words, at.early, 1);
      Atomics.add(words, at.count, 1);
    }
  },

  /** Writes into each segment that the heap is said to have. */
  segments(memory: Memory, count: number): void {
    const words = memory.segment(0);
    Atomics.store(words, at.state, 1);
    for (let number = 1; number <= count; number++) {
      while (Atomics.load(words, at.go) < number) memory.sleep(place(at.go), number - 1, Infinity);
      memory.segment(number)[number] = number;
      Atomics.store(words, at.state, number + 1);
    }
  },

  /** Waits for rings, and for nothing else. */
  bell(memory: Memory): void {
    hear(memory).ref();
    Atomics.store(memory.segment(0), at.state, 1);
  },

  /** Has a bell and does not hold it. */
  unheld(memory: Memory): void {
    const bell = hear(memory);
    bell.ref();
    bell.unref();
    memory.openBell(place(at.nothing), () => {});
  },

  /** Has a bell and does not come to hear it. */
  busyBell(memory: Memory): void {
    const words = memory.segment(0);
    hear(memory).ref();
    Atomics.store(words, at.state, 1);
    while (Atomics.load(words, at.go) === 0);
  },

  /** Has a bell and rings it. */
  ringsItself(memory: Memory): void {
    const bell = memory.openBell(place(at.rung), () => {
      Atomics.store(memory.segment(0), at.state, 1);
    });
    bell.ref();
    memory.ring(memory.identity(), bell.address, place(at.rung));
  },

  /** Says what time it is. */
  clock(memory: Memory): void {
    const words = memory.segment(0);
    Atomics.store(words, at.state, 1);
    while (Atomics.load(words, at.go) === 0) memory.sleep(place(at.go), 0, Infinity);
    Atomics.store(words, at.count, memory.now());
    Atomics.store(words, at.state, 2);
  },

  /** A process whose name looks like more of its state. */
  oddName(memory: Memory): void {
    process.title = 'a) Z 1 (b';
    introduce(memory);
    Atomics.store(memory.segment(0), at.state, 1);
    for (;;) memory.sleep(place(at.go), 0, Infinity);
  },
};

export type Role = keyof typeof roles;

interface Given {
  readonly join: Join;
  readonly role: Role;
  readonly argument: number;
  /** Of a thread. */
  readonly endGates?: readonly EndGate[];
}

const given: unknown = isMainThread ? process.argv[2] : workerData;

// The test imports the words from here, and plays no role.
if (given !== undefined) {
  const { join, role, argument, endGates } = (typeof given === 'string' ? JSON.parse(given) : given) as Given;
  setEndGates(endGates ?? []);
  roles[role]('seed' in join ? arrayMemory(join.seed) : joinNativeMemory(join).memory, argument);
}
