/**
 * How a thread gets its slot, and how the slots of dead ones become free.
 *
 *             CAS tid                 store id                 it has died                          store tid
 *    free ──────────────▶ being taken ──────────▶ in use ─────────────────▶ being cleared ───────────────────▶ free
 *    tid 0                tid, id 0                tid, id                   id 0 as soon as it holds nothing
 *
 * Taking a slot needs no guard (the guard is held in a slot's name); clearing one does. A thread that is killed on the way in leaves its
 * number without an id. The check for life uses the number alone, and the slot is cleared like any other.
 */

import { compareExchange, load, store } from '#atomics';
import { isMainThread, threadId } from 'node:worker_threads';
import { HeddleError } from '../../errors.ts';
import { headerFields } from '../heap/heap-header.ts';
import type { Memory } from '../heap/memory.ts';
import { identityOf, nameWords, slotCount, slotFields, slotOf, slotsBegin, slotSize } from './slots.ts';
import { atStep } from '../heap/step.ts';

const { id: ID, state: STATE, tid: TID, pid: PID, generation: GENERATION, ledger: LEDGER } = slotFields;

const free = 0;
const beingTaken = 1;
const inUse = 2;
const beingCleared = 3;

const generations = 2 ** 19 - 1;

/** Takes a slot for this thread. Returns its id. @throws HeddleError if there is none */
export function claimSlot(memory: Memory): { id: number; isCrowded: boolean } {
  const words = memory.segment(0);
  const identity = memory.identity();
  const from = load(words, headerFields.nextSlot);
  for (let tries = 0; tries < slotCount; tries += 1) {
    const index = (from + tries) % slotCount;
    const slot = slotsBegin + index * slotSize;
    // ORDER: pairs with the store of 0 in `clear`, before which all that the last one had is gone.
    if (load(words, slot + TID) !== 0 || compareExchange(words, slot + TID, 0, identity.tid) !== 0) continue;
    atStep?.('slot.taken');
    store(words, slot + STATE, beingTaken);
    // Before the rest: what is left of the last one there must not be read as its.
    const generation = (load(words, slot + GENERATION) % generations) + 1;
    store(words, slot + GENERATION, generation);
    atStep?.('slot.generation');
    store(words, slot + PID, identity.pid);
    storeHalves(words, slot + slotFields.processStart, identity.processStart);
    storeHalves(words, slot + slotFields.threadStart, identity.threadStart);
    store(words, slot + slotFields.threadId, threadId);
    storeName(words, slot, isMainThread ? 'MainThread' : `Thread-${threadId}`);
    // The next one begins behind it: so it takes long until an id comes again.
    store(words, headerFields.nextSlot, (index + 1) % slotCount);
    store(words, slot + STATE, inUse);
    atStep?.('slot.filled');
    const id = (generation << 12) | index;
    // ORDER: last; a thread that sees the id sees the identity.
    store(words, slot + ID, id);
    atStep?.('slot.claimed');
    return { id, isCrowded: tries > slotCount / 4 };
  }
  throw new HeddleError(`the shared heap has room for ${slotCount} threads at a time, and all of it is taken`);
}

function storeHalves(words: Int32Array, index: number, value: number): void {
  store(words, index, value | 0);
  store(words, index + 1, Math.floor(value / 2 ** 32));
}

function storeName(words: Int32Array, slot: number, name: string): void {
  const bytes = new Uint8Array(nameWords * 4);
  new TextEncoder().encodeInto(name, bytes);
  const row = new Int32Array(bytes.buffer);
  for (let i = 0; i < nameWords; i += 1) store(words, slot + slotFields.name + i, row[i]!);
}

/** Sets the name of a thread for others: at most 48 bytes of UTF-8, the rest is cut off. */
export function nameSlot(memory: Memory, id: number, name: string): void {
  storeName(memory.segment(0), slotOf(id), name);
}

/** The model looks at each slot in a step of its own; so it has fewer. */
const modelSlots = 64;

function slotsOf(memory: Memory): number {
  return memory.kind === 'model' ? modelSlots : slotCount;
}

/** The ids of all slots that are in use. */
export function* slotIds(memory: Memory): IterableIterator<number> {
  const words = memory.segment(0);
  for (let slot = slotsBegin; slot < slotsBegin + slotsOf(memory) * slotSize; slot += slotSize) {
    const id = load(words, slot + ID);
    if (id !== 0) yield id;
  }
}

const nobody: ReadonlySet<number> = new Set();

/** The ids of threads that have ended, thoroughly looked up. That takes long for many threads, and needs no guard: an id that is dead stays dead. */
export function deadSlots(memory: Memory, mine: number): Set<number> {
  const dead = new Set<number>();
  for (const id of slotIds(memory)) if (id !== mine && !memory.isAlive(identityOf(memory, id), true)) dead.add(id);
  return dead;
}

/**
 * Clears the slots of ended threads: their objects have one holder less, and the next sweep frees those without any. Under the heap's
 * guard.
 *
 * @param mine the id of the calling thread
 * @param found hears of each that held something: the ref of its ledger
 * @param known ids of threads that have ended; what `deadSlots` has found
 */
export function clearSlots(
  memory: Memory,
  mine: number,
  isThorough: boolean,
  found: (ledger: number) => void,
  known: ReadonlySet<number> = nobody,
): void {
  const words = memory.segment(0);
  const { tid: myTid } = memory.identity();
  const count = slotsOf(memory);
  for (let index = 0; index < count; index += 1) {
    const slot = slotsBegin + index * slotSize;
    const tid = load(words, slot + TID);
    if (tid === 0) continue;
    const id = load(words, slot + ID);
    if (id === mine) continue;
    const identity = identityOf(memory, index);
    if (id === 0) {
      // One that has my number has ended: I have a slot.
      if (tid !== myTid && memory.isAlive({ ...identity, pid: 0 }, false)) continue;
    } else {
      if (!known.has(id) && memory.isAlive(identity, isThorough)) continue;
      const ledger = load(words, slot + LEDGER);
      if (ledger !== 0) found(ledger);
    }
    clear(words, slot);
  }
}

function clear(words: Int32Array, slot: number): void {
  store(words, slot + STATE, beingCleared);
  atStep?.('slot.clearing');
  store(words, slot + LEDGER, 0);
  atStep?.('slot.cleared');
  store(words, slot + slotFields.bellDescriptor, 0);
  store(words, slot + slotFields.bellSocket, 0);
  store(words, slot + slotFields.rung, 0);
  store(words, slot + slotFields.blocked, 0);
  store(words, slot + ID, 0);
  atStep?.('slot.nameless');
  store(words, slot + STATE, free);
  // ORDER: last; from here on another thread may take it.
  store(words, slot + TID, 0);
  atStep?.('slot.free');
}
