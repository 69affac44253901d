/**
 * Finds whether any thread holds an object, or will get it: the question behind "the other end is closed". There is no counter. The ledgers
 * and the parcels have the answer, and a thread that asks remembers one witness.
 *
 *    object ◀── the ledger of a thread that lives, and has not said that it ends
 *           ◀── a parcel on its way, whose host lives
 *           ◀── a parcel that a block owns ◀── that block, or what stands for it (`Resolve`) ◀── … the same again
 *
 *    asked again:  the words of the witness are as they were, and its thread lives? ─▶ held      else: all ledgers and parcels, under the guard
 *
 * A thread lists the content of a parcel before the parcel goes, under the guard, and a parcel is filled from its thread's list. Under the
 * guard no object is therefore between the two, and an object without a holder never gets one again.
 */

import { load } from '#atomics';
import { me, theAgent } from './agent.ts';
import { type Block, blockAt } from '../heap/block.ts';
import { type Heap, theHeap } from '../heap/heap.ts';
import type { Memory } from '../heap/memory.ts';
import { ledgerPages, ledgerPageWords } from '../collect/ledger.ts';
import { holderOf, isParcel, ON_ITS_WAY, ownerOf, parcelFields, parcelsIn, refsIn } from '../objects/parcel-record.ts';
import { slotIds } from './slot-claim.ts';
import { isEnding, isSlotDead, slotFields, slotOf } from './slots.ts';
import { blockHead, kindOfTag } from '../heap/tag.ts';

/**
 * Returns the ref whose holders can open a parcel: its owner, or another object; 0 if it will not be opened.
 *
 * @param isLoose true if no living thread has claimed the parcel: it lies in the owner, or was lost with a thread that died
 */
export type Resolve = (owner: Block, parcel: number, isLoose: boolean) => number;

/** A thread that holds an object, or the parcels by which it will come to one. */
export interface Witness {
  /** The slot id of the thread that holds it, or hosts the parcel; 0: not known. */
  readonly slot: number;
  /** The entry in the ledger; undefined: a parcel on its way holds it. */
  readonly entry: Place | undefined;
  /** Parcels that lie between, each with the word that names what is in it. */
  readonly parcels: readonly Packed[];
}

interface Place {
  readonly words: Int32Array;
  readonly index: number;
  readonly ref: number;
}

interface Packed extends Place {
  readonly parcel: number;
}

let ends = 0;

/**
 * Records that this thread has seen a thread or process end. The system may still show it for a while, so that checks of witnesses must be
 * thorough.
 */
export function noteEnd(): void {
  ends += 1;
}

/** Ends that this thread has seen. */
export function endsSeen(): number {
  return ends;
}

/** The kind of the block that a ref names; 0: none was taken there. */
export function kindAt(ref: number): number {
  const { blocks, memory } = theAgent();
  if (blocks === undefined && !theHeap().isTaken(ref)) return 0;
  const { words, at } = blockAt(memory, ref);
  return kindOfTag(load(words, at + blockHead.tag));
}

/** True if the words of a witness are unchanged. Whether its thread lives is checked separately. */
export function stands({ slot, entry, parcels }: Witness): boolean {
  const heap = theHeap();
  const slots = heap.memory.segment(0);
  if (entry !== undefined) {
    if (load(slots, slotOf(slot) + slotFields.id) !== slot || isEnding(slot)) return false;
    if (load(entry.words, entry.index) >>> 0 !== entry.ref) return false;
  }
  for (const { parcel, words, index, ref } of parcels)
    if (!heap.isTaken(parcel) || !isParcel(blockAt(heap.memory, parcel)) || load(words, index) >>> 0 !== ref) return false;
  return true;
}

/**
 * Looks for a witness; undefined: no thread holds the object, and none ever will.
 *
 * @param isIt says under the guard whether the ref still names that object: nothing that the caller holds need keep it
 */
export function findHolder(ref: number, isIt: () => boolean, resolve: Resolve): Witness | undefined {
  const heap = theHeap();
  return heap.guarded(() => (isIt() ? search(heap, ref >>> 0, resolve) : undefined));
}

function search(heap: Heap, ref: number, resolve: Resolve): Witness | undefined {
  const { memory } = heap;
  const lives = (slot: number): boolean => slot === me || !isSlotDead(memory, slot, true);
  /** The refs that lead to the object, each with the parcels in between. */
  const wanted = new Map<number, readonly Packed[]>([[ref, []]]);
  for (;;) {
    const found = inLedgers(heap, wanted, lives);
    if (found !== undefined) return found;
    const { size } = wanted;
    for (const parcel of parcelsIn(memory, heap.pages, heap.slabs)) {
      // No thread will open it: its owner is garbage, and the memory of that may be another's by now.
      if (heap.isDoomed(parcel.ref)) continue;
      for (const [i, listed] of refsIn(parcel).entries()) {
        const behind = wanted.get(listed >>> 0);
        if (behind === undefined) continue;
        const place = { parcel: parcel.ref, words: parcel.words, index: parcel.at + parcelFields.size + i, ref: listed >>> 0 };
        const parcels = [place, ...behind];
        const host = load(parcel.words, parcel.at + parcelFields.host);
        if (load(parcel.words, parcel.at + parcelFields.state) === ON_ITS_WAY) {
          if (host === 0 || lives(host)) return { slot: host, entry: undefined, parcels };
          continue;
        }
        const further = furtherOf(parcel, resolve, lives, memory);
        if (further !== 0 && !wanted.has(further)) wanted.set(further, parcels);
      }
    }
    if (wanted.size === size) return undefined;
  }
}

function furtherOf(parcel: Block, resolve: Resolve, lives: (slot: number) => boolean, memory: Memory): number {
  const owner = ownerOf(parcel) >>> 0;
  if (owner === 0) return 0;
  const block = blockAt(memory, owner);
  const hand = holderOf(parcel);
  const isLoose = hand === 0 || !lives(hand);
  const further = resolve(block, parcel.ref, isLoose) >>> 0;
  // ORDER: read again after it was not found: a thread that has taken the item meanwhile has said so before it left the consumers' mutex.
  return further === 0 && isLoose && holderOf(parcel) !== hand ? resolve(block, parcel.ref, false) >>> 0 : further;
}

function inLedgers(heap: Heap, wanted: ReadonlyMap<number, readonly Packed[]>, lives: (slot: number) => boolean): Witness | undefined {
  const { memory, id } = heap;
  const own = inLedger(heap, id, wanted);
  if (own !== undefined) return own;
  for (const slot of slotIds(memory)) {
    const found = slot === id ? undefined : inLedger(heap, slot, wanted);
    if (found !== undefined && !isEnding(slot) && lives(slot)) return found;
  }
  return undefined;
}

function inLedger({ memory }: Heap, slot: number, wanted: ReadonlyMap<number, readonly Packed[]>): Witness | undefined {
  for (const page of ledgerPages(memory, load(memory.segment(0), slotOf(slot) + slotFields.ledger))) {
    const { words, at } = blockAt(memory, page);
    for (let index = at + blockHead.size; index < at + ledgerPageWords; index += 1) {
      const ref = load(words, index) >>> 0;
      const parcels = ref === 0 ? undefined : wanted.get(ref);
      if (parcels !== undefined) return { slot, entry: { words, index, ref }, parcels };
    }
  }
  return undefined;
}
