/**
 * The heap, as one thread uses it: takes blocks, lists what the thread holds, gives back.
 *
 *    allocate   guard ▶ room in the ledger ▶ a free block ▶ zeros, tag ▶ TAKEN (its bit, or its page's word) ▶ listed ▶ guard
 *                                                 │ none: a free page │ none: sweep, if it may help │ still none: the heap grows
 *
 * Every arrow may be the last one that its thread makes. What is taken and not yet listed is found by the next sweep.
 */

import { add, exchange, load, store } from '#atomics';
import { HeddleError } from '../errors.ts';
import { type Agent, type AsyncWaits, setAttach, theAgent } from './agent.ts';
import { attachThread } from './attach.ts';
import { type Block, blockAt, refUnit } from './block.ts';
import { collectGarbage } from './garbage.ts';
import { Guard } from './guard.ts';
import { headerFields, pageSize } from './heap-header.ts';
import { Ledger, ledgerPageWords, readLedger } from './ledger.ts';
import { type Memory, segmentSize } from './memory.ts';
import { kindOf, lengthOf, Pages, RUN, SLAB } from './pages.ts';
import { clearSlots, slotIds } from './slot-claim.ts';
import { groupFor, groupOf, largest, sizeIn, Slabs } from './slabs.ts';
import { ringSlot } from './bells.ts';
import { describeCensus, type HeapStatistics, statisticsOf } from './statistics.ts';
import { atStep } from './step.ts';
import { census, sweep } from './sweep.ts';
import { kinds, tagOf } from './tag.ts';
import { clearBlock, fillWithZeros } from './zeros.ts';

setAttach(attachThread);

const { used: USED, dropped: DROPPED, mark: MARK, collect: COLLECT, isSweepDue: IS_SWEEP_DUE } = headerFields;

const mebi = 2 ** 20;
/** So much must have been let go, and as much as half of what is in use, before that alone is a reason for a sweep; in bytes. */
const worthSweeping = mebi;
/** Up to here the heap grows without asking anybody to collect garbage; in pages. */
const lowestMark = (16 * mebi) / pageSize;
/** Free pages that are kept for the next who need some, at least. */
const keptPages = (4 * mebi) / pageSize;

export class Heap {
  readonly memory: Memory;
  readonly id: number;
  readonly pages: Pages;
  readonly slabs: Slabs;
  readonly #guard: Guard;
  readonly #header: Int32Array;
  readonly #ledger: Ledger;
  /** Where the last block was listed. */
  listedAt = 0;
  /** The pages of the run that is about to be taken; 0: it is a block of a page. */
  #runLength = 0;
  #runPage = 0;
  /** All are to be asked to collect garbage, as soon as the guard is free. */
  #isAskDue = false;
  /** It holds so much that others may want it to collect garbage; and whether they can ask. */
  #isListenDue = false;
  #isListening = false;
  readonly #waits: AsyncWaits;
  #collected: number;

  constructor({ memory, id, waits }: Agent) {
    this.#waits = waits;
    this.memory = memory;
    this.id = id;
    this.#header = memory.segment(0);
    this.pages = new Pages(memory);
    this.slabs = new Slabs(memory, this.pages);
    this.#guard = new Guard(memory, id);
    this.#ledger = new Ledger(memory, id);
    this.#collected = load(this.#header, COLLECT);
  }

  /** Runs something under the guard. */
  guarded<T>(body: () => T): T {
    this.#guard.enter();
    try {
      return body();
    } finally {
      this.#guard.leave();
      if (this.#isAskDue || this.#isListenDue) this.#afterwards();
    }
  }

  /** A block of zeros with that tag, listed at `listedAt`. @throws HeddleError if the heap is full */
  allocate(tag: number, words: number): Block {
    this.#guard.enter();
    try {
      if (this.#ledger.room === 0) this.makeRoom(1);
      const block = this.prepare(tag, words * 4, false);
      this.commit(block);
      this.listedAt = this.#ledger.list(block.ref);
      return block;
    } finally {
      this.#guard.leave();
      if (this.#isAskDue || this.#isListenDue) this.#afterwards();
    }
  }

  /** Sees to it that so many blocks can be listed. Under the guard, as all that follows up to `drop`. */
  makeRoom(entries: number): void {
    while (this.#ledger.room < entries) {
      const page = this.prepare(tagOf(kinds.ledger), ledgerPageWords * 4, false);
      this.commit(page);
      this.#ledger.addPage(page);
      this.#isListenDue = !this.#isListening && this.#ledger.pageCount > 1;
    }
  }

  /** Lists a block that somebody holds, or that is being born. There must be room. */
  list(ref: number): number {
    return this.#ledger.list(ref);
  }

  /** Finds a free block and makes it ready: zeros, but for its tag. `commit` takes it. */
  prepare(tag: number, bytes: number, isParcel: boolean): Block {
    if (this.#isSweepDue()) this.sweep(false);
    this.#runLength = 0;
    const ref = bytes <= largest ? this.#findBlock(groupFor(bytes, isParcel)) : this.#findRun(Math.ceil(bytes / pageSize));
    const block = blockAt(this.memory, ref);
    if (this.#runLength === 0) clearBlock(this.memory, block, bytes);
    store(block.words, block.at, tag);
    return block;
  }

  /** Takes the block that was made ready. */
  commit(block: Block): void {
    if (this.#runLength === 0) {
      this.slabs.take();
    } else {
      atStep?.('heap.run');
      this.pages.set(this.#runPage, RUN | this.#runLength);
    }
    store(this.#header, USED, (load(this.#header, USED) + unitsOf(this, block.ref)) | 0);
    atStep?.('heap.taken');
  }

  #findBlock(group: number): number {
    const found = this.slabs.find(group);
    if (found !== 0) return found;
    const page = this.#findPages(1);
    this.pages.reserve(page, 1);
    this.slabs.addPage(page, group);
    return this.slabs.find(group);
  }

  #findRun(pages: number): number {
    // A large block may be garbage soon. That memory is free now says nothing: it would be used up before V8 sees a reason to collect.
    if (this.#usedBytes() / pageSize + pages >= Math.max(lowestMark, load(this.#header, MARK))) this.#raiseMark();
    const page = this.#findPages(pages);
    const isZero = this.pages.reserve(page, pages);
    if (!isZero) fillWithZeros(this.memory, page * pageSize, pages * pageSize);
    this.#runPage = page;
    this.#runLength = pages;
    return page * (pageSize / refUnit);
  }

  #findPages(count: number): number {
    const { pages } = this;
    const found = pages.find(count);
    if (found !== 0) return found;
    const isHigh = pages.end >= Math.max(lowestMark, load(this.#header, MARK));
    if (isHigh || this.#droppedBytes() * 8 > this.#usedBytes()) {
      this.sweep(false);
      if (isHigh) this.#raiseMark();
      const freed = pages.find(count);
      if (freed !== 0) return freed;
    }
    try {
      pages.grow(count);
    } catch (cause) {
      this.sweep(true);
      const freed = pages.find(count);
      if (freed !== 0) return freed;
      const { used, counts } = census(this.memory, pages, this.slabs);
      const wanted = `${count * (pageSize / 1024)} KiB more`;
      throw new HeddleError(
        `the shared heap is full: it has ${pages.end * pageSize} bytes, of which ${used} are in use (${describeCensus(counts)}), and cannot have ${wanted}: ${(cause as Error).message}`,
        { cause },
      );
    }
    return pages.find(count);
  }

  /** Everybody is to collect garbage now, and again when twice as much is in use as is now. */
  #raiseMark(): void {
    const twice = Math.ceil((this.#usedBytes() * 2) / pageSize);
    store(this.#header, MARK, Math.max(twice, this.pages.end + segmentSize / pageSize));
    add(this.#header, COLLECT, 1);
    this.#isAskDue = true;
  }

  /** What makes system calls is not done under the guard. */
  #afterwards(): void {
    if (this.#isListenDue) {
      this.#isListenDue = false;
      this.#isListening = true;
      this.#waits.listen?.(() => this.answerCollect());
    }
    if (!this.#isAskDue) return;
    this.#isAskDue = false;
    for (const id of slotIds(this.memory)) if (id !== this.id) ringSlot(this.memory, id);
    this.answerCollect();
  }

  /** Collects garbage if that was asked for since the last time. To be called on each ring of the bell. */
  answerCollect(): void {
    const asked = load(this.#header, COLLECT);
    if (asked === this.#collected) return;
    this.#collected = asked;
    collectGarbage();
  }

  #usedBytes(): number {
    return (load(this.#header, USED) >>> 0) * refUnit;
  }

  #droppedBytes(): number {
    return (load(this.#header, DROPPED) >>> 0) * refUnit;
  }

  #isSweepDue(): boolean {
    return load(this.#header, IS_SWEEP_DUE) !== 0 || this.#isMuchDropped();
  }

  #isMuchDropped(): boolean {
    const dropped = this.#droppedBytes();
    return dropped >= worthSweeping && dropped * 2 >= this.#usedBytes();
  }

  /** Frees what nobody holds. Returns how many bytes. */
  sweep(isThorough: boolean): number {
    this.clearSlots(isThorough);
    // ORDER: before the ledgers are read: what is let go from now on counts for the next sweep.
    exchange(this.#header, DROPPED, 0);
    const freed = sweep(this.memory, this.pages, this.slabs, this.id);
    this.#lowerMark();
    if (this.pages.dirty > Math.max(keptPages, this.#usedBytes() / pageSize / 8)) this.pages.discard();
    return freed;
  }

  /** What counted as used when the mark was raised was garbage, in part, that no finalizer had let go. */
  #lowerMark(): void {
    const twice = Math.ceil((this.#usedBytes() * 2) / pageSize);
    if (load(this.#header, MARK) > twice) store(this.#header, MARK, twice);
  }

  /** What threads held that have ended is held by nobody. */
  clearSlots(isThorough: boolean): void {
    clearSlots(this.memory, this.id, isThorough, (ledger) => {
      let units = 0;
      const count = (ref: number): void => void (units += unitsOf(this, ref));
      readLedger(this.memory, ledger, count, count);
      add(this.#header, DROPPED, units);
    });
  }

  /** Frees a block at once. It must be listed nowhere, and nobody may know it. */
  free(ref: number): void {
    const page = pageOf(ref);
    const units = unitsOf(this, ref);
    if (kindOf(this.pages.word(page)) === SLAB) this.slabs.free(ref);
    else if (kindOf(this.pages.word(page)) === RUN) this.pages.free(page);
    else throw new HeddleError(`block ${ref >>> 0} of the shared heap was freed twice`);
    store(this.#header, USED, (load(this.#header, USED) - units) | 0);
    atStep?.('heap.freed');
  }

  /** Whether a ref names a block that was taken. */
  isTaken(ref: number): boolean {
    const page = pageOf(ref);
    if (page >= this.pages.end) return false;
    const word = this.pages.word(page);
    if (kindOf(word) === SLAB) return this.slabs.isTaken(ref);
    return kindOf(word) === RUN && (ref >>> 0) % (pageSize / refUnit) === 0;
  }

  /** Lets a block go that was listed, without the guard. A sweep frees it, unless somebody else holds it. Returns its ref. */
  drop(position: number): number {
    const ref = this.#ledger.drop(position);
    add(this.#header, DROPPED, unitsOf(this, ref));
    if (this.#isMuchDropped()) this.guarded(() => this.#isSweepDue() && this.sweep(false));
    return ref;
  }

  /** Counts blocks that something else than a ledger held and holds no more. */
  dropped(refs: readonly number[]): void {
    let units = 0;
    for (const ref of refs) units += unitsOf(this, ref);
    add(this.#header, DROPPED, units);
  }

  /** Takes a block out of the ledger under the guard: it is known otherwise from now on. */
  unlist(position: number): number {
    return this.#ledger.drop(position);
  }

  at(position: number): number {
    return this.#ledger.at(position);
  }

  /** Sweeps now, and gives free memory back. Returns how many bytes it freed. */
  collect(): number {
    return this.guarded(() => {
      const trimmed = this.#ledger.trim();
      for (const { ref } of trimmed) this.free(ref);
      const freed = this.sweep(true);
      this.pages.discard();
      return freed + trimmed.length * ledgerPageWords * 4;
    });
  }

  statistics(): HeapStatistics {
    return this.guarded(() => statisticsOf(this.memory, this.pages, this.slabs));
  }
}

function pageOf(ref: number): number {
  return Math.floor((ref >>> 0) / (pageSize / refUnit));
}

/** What a taken block takes, in units of 16 bytes. */
function unitsOf({ pages }: Heap, ref: number): number {
  const word = pages.word(pageOf(ref));
  return kindOf(word) === SLAB ? sizeIn(groupOf(word)) / refUnit : lengthOf(word) * (pageSize / refUnit);
}

const heaps = new WeakMap<Agent, Heap>();
let current: Heap | undefined;
let currentAgent: Agent | undefined;

/** The heap of this thread's agent. @throws UnsupportedPlatformError */
export function theHeap(): Heap {
  const agent = theAgent();
  if (agent !== currentAgent) {
    current = heaps.get(agent);
    if (current === undefined) heaps.set(agent, (current = new Heap(agent)));
    currentAgent = agent;
  }
  return current!;
}

/** Frees now what no thread holds any more, and gives free memory back to the system. Returns how many bytes it freed. */
export function collect(): number {
  return theHeap().collect();
}

export function heapStatistics(): HeapStatistics {
  return theHeap().statistics();
}
