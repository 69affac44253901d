/**
 * The layout of a pipe in the heap: two ends, and a buffer for each direction. An end keeps the buffers alive, but not the other end: an
 * end thus has no owner as soon as no thread has a handle on it and none is in flight.
 *
 *    ┌───────┐ ─ OUTGOING ─▶ ┌────────┐ ◀─ INCOMING ─ ┌───────┐
 *    │ end A │               │ buffer │ ── READER ··▶ │ end B │       ··▶ a ref that keeps nothing
 *    │       │ ─ INCOMING ─▶ ├────────┤ ◀─ OUTGOING ─ │       │
 *    └───────┘ ◀·· READER ── │ buffer │               └───────┘
 *        └ · · · · · · · · · PEER · · · · · · · · · · ─▶ ┘
 *
 * A message belongs to its buffer, and is under way as long as the end has an owner that reads it. So an end that was sent through its own pipe keeps
 * nothing open.
 */

import { load, store } from '#atomics';
import {
  adopt,
  allocateOwned,
  type Block,
  blockAt,
  endsSeen,
  findHolder,
  isDead,
  kindAt,
  layout,
  me,
  type RefRange,
  stands,
  theAgent,
  type Witness,
} from '../../memory/index.ts';
import { HEAD_MUTEX, OPEN, queueRefs, queueWords, READER, ringKinds, TAIL_MUTEX } from '../record.ts';
import { RingStore } from '../ring-store.ts';
import { SharedBuffer } from '../shared-buffer.ts';

const end = layout('PipeEnd', 'one end of a pipe', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'nothing'],
  peer: ['bits', 'the ref of the other end, which is not kept by it'],
  incoming: ['ref', 'the buffer that it reads; 0: it only sends'],
  outgoing: ['ref', 'the buffer that it writes; 0: it only receives'],
  reserved: ['bits', 'nothing yet', 3],
});

/** Words of an end. */
export const endWords: number = end.size;
export const endRefs: RefRange = { first: end.incoming, count: 2 };
/** The kind of an end. */
export const endKind = 26;
const bufferKind = ringKinds.pipe;
const inRings: ReadonlySet<number> = new Set(Object.values(ringKinds));

/** The amount at which messages wait for space: 4 MiB, in units of 16 bytes. A message of any length is accepted where there is less. */
const mostUnits = (4 * 2 ** 20) / 16;

/** The two ways of a pipe, in the hands of this thread until `joinEnds`. @throws HeddleError if the heap is full */
export function newBuffer(): Block {
  const block = allocateOwned(queueWords, queueRefs, bufferKind);
  SharedBuffer.start(block, mostUnits, false);
  RingStore.start(block);
  return block;
}

/** The words of a new end. */
export function startEnd({ words, at }: Block, incoming: Block | undefined, outgoing: Block | undefined): void {
  store(words, at + end.incoming, incoming?.ref ?? 0);
  store(words, at + end.outgoing, outgoing?.ref ?? 0);
}

/** Tells two new ends of each other. */
export function joinEnds(one: Block, other: Block, buffers: readonly Block[]): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    store(from.words, from.at + end.peer, to.ref);
    const incoming = load(from.words, from.at + end.incoming);
    if (incoming === 0) continue;
    const buffer = blockAt(theAgent().memory, incoming >>> 0);
    store(buffer.words, buffer.at + READER, from.ref);
  }
  for (const buffer of buffers) adopt(buffer);
}

function bufferAt({ words, at }: Block, field: number): Block | undefined {
  const ref = load(words, at + field);
  return ref === 0 ? undefined : blockAt(theAgent().memory, ref >>> 0);
}

export function incomingOf(block: Block): Block | undefined {
  return bufferAt(block, end.incoming);
}

export function outgoingOf(block: Block): Block | undefined {
  return bufferAt(block, end.outgoing);
}

/**
 * True if a parcel lies in a ring, or is on its way in or out: in a mutex a thread has it in its hands without recording so.
 *
 * ORDER: mutexes first, for what goes in or comes back; then the ring; and the consumers' mutex once more, for what goes out meanwhile.
 */
function isIn(owner: Block, parcel: number): boolean {
  return isBusy(owner, TAIL_MUTEX) || isBusy(owner, HEAD_MUTEX) || new RingStore(owner).names(parcel) || isBusy(owner, HEAD_MUTEX);
}

/** True if a living thread is in a mutex. */
function isBusy({ words, at }: Block, mutex: number): boolean {
  const slot = load(words, at + mutex) & 0x7fff_ffff;
  return slot !== 0 && (slot === me || !isDead(slot, true));
}

/** Returns the ref whose holders can open a parcel of this owner; see `Resolve`. */
function readerOf(owner: Block, parcel: number, isLoose: boolean): number {
  const { words, at, ref } = owner;
  const kind = kindAt(ref);
  if (isLoose && inRings.has(kind) && !isIn(owner, parcel)) return 0;
  if (kind !== bufferKind) return ref;
  const reader = load(words, at + READER) >>> 0;
  if (kindAt(reader) !== endKind) return 0;
  const { words: its, at: place } = blockAt(theAgent().memory, reader);
  return load(its, place + end.incoming) >>> 0 === ref ? reader : 0;
}

/** Milliseconds between two questions to the system whether the owner of the other end lives. */
const askEvery = 0.02;
/** The same, thoroughly: whether it is a zombie. */
const askThoroughlyEvery = 2;
/** Between two searches for all owners. */
const searchEvery = 1000;

/**
 * The other end, as this one knows it. Once the other end has no owner, its messages so far are the last, and messages to it have no
 * reader.
 */
export class OtherEnd {
  readonly #own: Block;
  readonly #isModel: boolean;
  readonly #peer: Block;
  readonly #incoming: number;
  readonly #outgoing: number;
  #buffers: readonly { readonly buffer: SharedBuffer; readonly isRead: boolean }[] = [];
  #witness: Witness | undefined;
  #askedAt = -Infinity;
  #askedThoroughlyAt = -Infinity;
  #searchedAt = -Infinity;
  /** Ends of threads and processes that this thread had seen when it asked last. */
  #ends = 0;

  constructor(own: Block) {
    const { memory } = theAgent();
    this.#own = own;
    this.#isModel = memory.kind === 'model';
    this.#peer = blockAt(memory, load(own.words, own.at + end.peer) >>> 0);
    this.#incoming = load(own.words, own.at + end.incoming);
    this.#outgoing = load(own.words, own.at + end.outgoing);
  }

  /** The buffers of this end. */
  set buffers(buffers: readonly { readonly buffer: SharedBuffer; readonly isRead: boolean }[]) {
    this.#buffers = buffers;
  }

  /** Sees whether the other end has an owner. If not, both buffers are shut down: the one that is read when it is empty, the other one at once. */
  look(): void {
    let isKnown = true;
    for (const { buffer } of this.#buffers) isKnown &&= buffer.state !== OPEN;
    // Of a model without a heap, all live.
    if (isKnown || theAgent().blocks !== undefined || this.#isHeld()) return;
    this.#witness = findHolder(this.#peer.ref, () => kindAt(this.#peer.ref) === endKind && this.#isPeer(), readerOf);
    this.#searchedAt = this.#now();
    if (this.#witness !== undefined) return;
    for (const { buffer, isRead } of this.#buffers) buffer.shutdown(!isRead);
  }

  #now(): number {
    return this.#isModel ? 0 : performance.now();
  }

  /** True if the block is still that of the other end: it may have been freed and reused. */
  #isPeer(): boolean {
    const { words, at } = this.#peer;
    return (
      load(words, at + end.peer) >>> 0 === this.#own.ref >>> 0 &&
      load(words, at + end.incoming) === this.#outgoing &&
      load(words, at + end.outgoing) === this.#incoming
    );
  }

  /** True if the witness of the last search is still valid. */
  #isHeld(): boolean {
    const witness = this.#witness;
    if (witness === undefined || !this.#isPeer() || !stands(witness)) return false;
    const { slot, entry, parcels } = witness;
    const isUnderWay = entry === undefined || parcels.length > 0;
    if (slot === me && !isUnderWay) return true;
    if (this.#isModel) return !isUnderWay && !isDead(slot, false);
    const now = performance.now();
    const ends = endsSeen();
    const isNews = ends !== this.#ends;
    if (!isNews && now - this.#askedAt < askEvery) return true;
    this.#ends = ends;
    this.#askedAt = now;
    if (now - this.#searchedAt > searchEvery) return false;
    const isThorough = isNews || now - this.#askedThoroughlyAt >= askThoroughlyEvery;
    if (isThorough) {
      this.#askedThoroughlyAt = now;
      if (isUnderWay) return false;
    }
    return slot === 0 || !isDead(slot, isThorough);
  }
}
