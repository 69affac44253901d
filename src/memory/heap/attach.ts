/**
 * The attachment of a thread to the heap. All threads of a process get one buffer, the seed, from the thread that started them. They find
 * the heap by it, whichever of them is the first to need one. A process that has no use for a heap makes none, and makes no native call.
 *
 *    seed, words 0 … 3       state │ has address │ address, low │ address, high
 *
 *    state    0 no thread has needed a heap yet
 *             n the descriptor of its file, + 1: native; the address is where this process has mapped it, if it has
 *            -1 it is the seed itself, as native calls are missing; these words are the `seed` of its header
 *
 * Several threads that need it first at the same time all make one. The one whose CAS publishes its own wins, and the others discard
 * theirs.
 */

import { compareExchange, load, store } from '#atomics';
import { closeSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import { HeddleError, UnsupportedPlatformError } from '../../errors.ts';
import { giveUpSharing } from '../../platform/index.ts';
import type { Agent } from '../threads/agent.ts';
import { arrayMemory, markEnded as markEndedIn, newArraySeed } from './array-memory.ts';
import { LoopWaits } from '../wait/async-waits.ts';
import { checkRefusal } from '../threads/bells.ts';
import { Guard } from './guard.ts';
import { checkHeader } from './heap-header.ts';
import type { Memory } from './memory.ts';
import { createNativeMemory, joinNativeMemory, type NativeHeap, nativeMemoryMissing } from './native-memory.ts';
import { claimSlot, clearSlots, nameSlot } from '../threads/slot-claim.ts';

const STATE = 0;
const HAS_ADDRESS = 1;
const LOW = 2;
const HIGH = 3;
/** Of HAS_ADDRESS: the address is known. */
const KNOWN = 1;
/** Of HAS_ADDRESS: a thread writes the address. */
const WRITING = 2;
/** Of HAS_ADDRESS: the parent process gave the descriptor, and no thread of this one has mapped its file. */
const GIVEN = 3;
const isSeed = -1;

let ourSeed: SharedArrayBuffer | undefined;
/** Node's number of the thread that gave it to us. */
let starter: number | undefined;
let joined: { readonly memory: Memory; readonly id: number } | undefined;

/**
 * The buffer that a new thread must receive, for `joinBySeed`. Without native calls the buffer is the heap; otherwise it costs addresses
 * only.
 */
export function seed(): SharedArrayBuffer {
  ourSeed ??= newArraySeed();
  return ourSeed;
}

/**
 * This thread's heap is that of the thread that gave the seed. Before anything needs a heap.
 *
 * @param startedBy Node's `threadId` of that thread
 * @throws HeddleError if this thread has a heap of its own already
 */
export function joinBySeed(given: SharedArrayBuffer, startedBy: number): void {
  if (ourSeed === given) return;
  if (ourSeed !== undefined)
    throw new HeddleError('this thread has a shared heap already: it is given one before it makes shared objects or starts threads');
  ourSeed = given;
  starter = startedBy;
}

/** This process's heap is that of the process it was started by, inherited at a descriptor. Nothing is looked at before it is needed. @throws as joinBySeed */
export function joinByDescriptor(descriptor: number): void {
  const words = new Int32Array(seed(), 0, 4);
  if (load(words, STATE) === 0) compareExchange(words, HAS_ADDRESS, 0, GIVEN);
  // ORDER: last; a thread that sees the descriptor sees that it was given.
  if (joined !== undefined || compareExchange(words, STATE, 0, descriptor + 1) !== 0)
    throw new HeddleError('this process has a shared heap already: it is given one before it makes shared objects');
}

/**
 * Returns the descriptor of the heap, for a child process; the heap is made if there is none. Undefined if processes cannot share one here.
 */
export function heapDescriptorForChild(): number | undefined {
  const words = new Int32Array(seed(), 0, 4);
  if (load(words, STATE) === 0 && nativeMemoryMissing() === undefined) memoryOf(seed());
  const state = load(words, STATE);
  return state > 0 ? state - 1 : undefined;
}

function memoryOf(buffer: SharedArrayBuffer): Memory {
  const words = new Int32Array(buffer, 0, 4);
  // ORDER: pairs with the CAS of the thread that made it.
  const state = load(words, STATE);
  if (state > 0) return joinNative(words, state - 1);
  const made = state === 0 ? createIfPossible() : undefined;
  if (made !== undefined) {
    if (compareExchange(words, STATE, 0, made.descriptor + 1) === 0) return tellAddress(words, made);
    closeSync(made.descriptor);
    return memoryOf(buffer);
  }
  const before = compareExchange(words, STATE, 0, isSeed);
  return before > 0 ? joinNative(words, before - 1) : arrayMemory(buffer, starter);
}

/** A limit may have been reached since it was tried. */
function createIfPossible(): NativeHeap | undefined {
  if (nativeMemoryMissing() !== undefined) return undefined;
  try {
    return createNativeMemory();
  } catch (error) {
    giveUpSharing((error as Error).message);
    return undefined;
  }
}

function joinNative(words: Int32Array, descriptor: number): Memory {
  // ORDER: pairs with the last store in `tellAddress`.
  const has = load(words, HAS_ADDRESS);
  const missing = has === GIVEN ? nativeMemoryMissing() : undefined;
  if (missing !== undefined && isOurs(words, descriptor)) return arrayMemory(words.buffer as SharedArrayBuffer, starter);
  if (missing !== undefined)
    throw new UnsupportedPlatformError(`the shared heap of the process that started this one cannot be used: ${missing}`);
  if (has !== KNOWN) return tellAddress(words, joinNativeMemory({ descriptor }));
  const address = (load(words, LOW) >>> 0) + (load(words, HIGH) >>> 0) * 2 ** 32;
  return joinNativeMemory({ descriptor, address }).memory;
}

/** Without native calls what the parent process gave is of no use: the threads of this one have a heap of their own. */
function isOurs(words: Int32Array, descriptor: number): boolean {
  if (load(words, HAS_ADDRESS) !== GIVEN) return false;
  const before = compareExchange(words, STATE, descriptor + 1, isSeed);
  return before === descriptor + 1 || before === isSeed;
}

/** Publishes the address of the heap. A thread that finds no published address maps the file again; this costs address space only. */
function tellAddress(words: Int32Array, { memory, address }: NativeHeap): Memory {
  const before = load(words, HAS_ADDRESS);
  if ((before === 0 || before === GIVEN) && compareExchange(words, HAS_ADDRESS, before, WRITING) === before) {
    store(words, LOW, address | 0);
    store(words, HIGH, Math.floor(address / 2 ** 32));
    // ORDER: last; a thread that sees it sees the address.
    store(words, HAS_ADDRESS, KNOWN);
  }
  return memory;
}

/** Makes or joins the heap, and takes a slot. @throws UnsupportedPlatformError, HeddleError */
export function attachThread(): Agent {
  const memory = memoryOf(seed());
  checkHeader(memory);
  const { id, isCrowded } = claimSlot(memory);
  joined = { memory, id };
  nameSlot(memory, id, name);
  if (isCrowded) makeRoomForThreads(memory, id);
  checkRefusal(memory);
  return { id, memory, waits: new LoopWaits(memory, id) };
}

/** Each new thread makes space for the next ones. Only living threads can therefore be too many. */
function makeRoomForThreads(memory: Memory, id: number): void {
  const guard = new Guard(memory, id);
  guard.enter();
  try {
    clearSlots(memory, id, true, () => {});
  } finally {
    guard.leave();
  }
}

/** Workers are told theirs when they start. */
let name: string = isMainThread ? 'MainProcess' : `Thread-${threadId}`;

/** Sets the name of this thread for others (`lock.owner`). At most 48 bytes of UTF-8; the rest is cut off. */
export function setThreadName(to: string): void {
  name = to;
  if (joined !== undefined) nameSlot(joined.memory, joined.id, to);
}

/** The memory of this thread's heap; undefined if it has met none. */
export function ownMemory(): Memory | undefined {
  return joined?.memory;
}

/** True if any thread of this process has attached to a heap, or the process was given one. The question itself makes nothing. */
export function isThereHeap(): boolean {
  return ourSeed !== undefined && load(new Int32Array(ourSeed, 0, 4), STATE) !== 0;
}

/**
 * Records the end of a Worker that this thread started: what it held is released. Where the system knows which threads live, nothing needs
 * to be done.
 */
export function markEnded(thread: number): void {
  if (ourSeed === undefined || load(new Int32Array(ourSeed, 0, 4), STATE) !== isSeed) return;
  markEndedIn(joined?.memory ?? arrayMemory(ourSeed, starter), thread);
}
