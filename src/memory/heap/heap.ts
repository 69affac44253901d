/**
 * The heap, as one thread uses it: takes blocks, lists what the thread holds, gives back.
 *
 *    allocate   guard ▶ room in the ledger ▶ a free block ▶ zeros, tag ▶ TAKEN (its bit, or its page's word) ▶ listed ▶ guard
 *                                                 │ none: a free page │ none: sweep, if it may help │ still none: the heap grows
 *
 * Every arrow may be the last one that its thread makes. Memory that is taken and not yet listed is found by the next sweep.
 */

import { add, exchange, load, store } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { type Agent, type AsyncWaits, setAttach, theAgent } from '../threads/agent.ts';
import { attachThread } from './attach.ts';
import { type Block, blockAt, refUnit } from './block.ts';
import { collectGarbage } from '../collect/garbage.ts';
import { Guard } from './guard.ts';
import { headerFields, pageSize } from './heap-header.ts';
import { Ledger, ledgerPageWords, readLedger } from '../collect/ledger.ts';
import { type Memory, segmentSize } from './memory.ts';
import { kindOf, lengthOf, Pages, RUN, SLAB } from './pages.ts';
import { clearSlots, deadSlots, slotIds } from '../threads/slot-claim.ts';
import { Slabs, clearBlock, fillWithZeros, groupFor, groupOf, largest, sizeIn } from './slabs.ts';
import { ringSlot } from '../threads/bells.ts';
import { Census, describeCensus, type HeapStatistics } from './statistics.ts';
import { atStep } from './step.ts';
import { isSweeping, Sweep } from '../collect/sweep.ts';
import { Marker } from '../collect/marker.ts';
import { isSlotDead } from '../threads/slots.ts';
import { withoutContext } from '../../loop/index.ts';
import { setTimeout } from '../../real-timers.ts';
import { coloured, kinds, type RefRange, tagOf } from './tag.ts';

setAttach(attachThread);

const { used: USED, dropped: DROPPED, mark: MARK, collect: COLLECT, isSweepDue: IS_SWEEP_DUE } = headerFields;

const mebi = 2 ** 20;
/** The least number of dropped bytes that justifies a sweep by itself. The other condition is half of what is in use. */
const worthSweeping = mebi;
/**
 * Pages up to which the heap grows without asking threads to collect garbage. V8 collects views of large items by itself at about as much:
 * a lower mark would double its collections.
 */
const lowestMark = (32 * mebi) / pageSize;
/** The least number of free pages that are kept for the next allocations. */
const keptPages = (4 * mebi) / pageSize;
/** And while sweep follows on sweep: all that views of large items may hold, and some. Memory that the system gives anew costs more than all else that is done with it. */
const mostKeptPages = (96 * mebi) / pageSize;
/** Milliseconds: nothing that goes on makes a pause as long. */
const quietAfter = 1000;
/** Of a block that its owner fills: what is filled with zeros all the same. */
const headBytes = 64;
/** Chosen so that a slice takes a millisecond, or a few on a slow machine. */
const unitsPerSlice = 10_000;

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
  /** True if work is due as soon as the guard is free: the rest of a sweep, and system calls. */
  #isWorkDue = false;
  /** True if all threads must be asked to collect garbage. */
  #isAskDue = false;
  /** A sweep of this thread that is not over. */
  #sweep: Sweep | undefined;
  /** Blocks that a slice of a sweep marks or frees, about. Tests make it less. */
  sliceUnits: number = unitsPerSlice;
  /** Milliseconds without a sweep after which fewer free pages are kept. Tests make it less. */
  quietAfter: number = quietAfter;
  readonly #marker: Marker;
  /** When the sweep is over, the heap may grow further before all are asked to collect garbage. */
  #isMarkDue = false;
  /** Free memory goes back to the system: at once, or when no sweep has been made for some time. */
  #isDiscardDue = false;
  #isQuietDue = false;
  #isWaitingForQuiet = false;
  /** True when this thread holds enough memory that others may ask it to collect garbage; below: true once they can ask. */
  #isListenDue = false;
  #isListening = false;
  readonly #waits: AsyncWaits;
  #collected: number;
  /** Bytes that sweeps of this thread have freed, since `collect` has begun. */
  #freed = 0;
  constructor({ memory, id, waits }: Agent) {
    this.#waits = waits;
    this.memory = memory;
    this.id = id;
    this.#header = memory.segment(0);
    this.pages = new Pages(memory);
    this.slabs = new Slabs(memory, this.pages);
    this.#marker = new Marker(memory, this.pages, this.slabs);
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
      if (this.#isWorkDue) this.#afterwards();
    }
  }

  /**
   * A block of zeros with that tag, listed at `listedAt`.
   *
   * @param isFilled the caller writes all of it: where that would be much, only its head is zeros
   * @throws HeddleError if the heap is full
   */
  allocate(tag: number, words: number, isFilled: boolean = false): Block {
    this.#guard.enter();
    try {
      if (this.#ledger.room === 0) this.makeRoom(1);
      const block = this.prepare(tag, words * 4, false, isFilled);
      this.commit(block);
      this.listedAt = this.#ledger.list(block.ref);
      return block;
    } finally {
      this.#guard.leave();
      if (this.#isWorkDue) this.#afterwards();
    }
  }

  /** Ensures that `entries` blocks can be listed. Under the guard, as all that follows up to `drop`. */
  makeRoom(entries: number): void {
    while (this.#ledger.room < entries) {
      const page = this.prepare(tagOf(kinds.ledger), ledgerPageWords * 4, false);
      this.commit(page);
      this.#ledger.addPage(page);
      this.#isListenDue = !this.#isListening && this.#ledger.pageCount > 1;
      if (this.#isListenDue) this.#isWorkDue = true;
    }
  }

  /** Lists a block that is held, or that is being born. There must be space. */
  list(ref: number): number {
    this.keep(ref);
    return this.#ledger.list(ref);
  }

  /**
   * Keeps a block, with all that belongs to it, when a word names it that a running sweep may have passed already. Under the guard, as the
   * word is written, or while this thread lists the block.
   */
  keep(ref: number): void {
    if (!isSweeping(this.#header)) return;
    this.#marker.mark(ref);
    atStep?.('heap.kept');
    this.#marker.follow(Infinity);
  }

  /** As `keep`, of all that an object names that has just been made. Without the guard. */
  keepRefs({ words, at }: Block, { first, count }: RefRange): void {
    // ORDER: after the words were written: a sweep that begins from here on reads them.
    if (!isSweeping(this.#header)) return;
    this.guarded(() => {
      for (let i = first; i < first + count; i += 1) if (load(words, at + i) !== 0) this.keep(load(words, at + i));
    });
  }

  /** True if a running sweep has found that no thread can reach a block. */
  isDoomed(ref: number): boolean {
    return isSweeping(this.#header) && load(this.#header, headerFields.isFreeing) !== 0 && !this.#marker.isBlack(ref);
  }

  /** Finds a free block and makes it ready: zeros, but for its tag. `commit` takes it. */
  prepare(tag: number, bytes: number, isParcel: boolean, isFilled: boolean = false): Block {
    if (this.#isSweepDue()) this.#beginSweep(false);
    this.#runLength = 0;
    const ref = bytes <= largest ? this.#findBlock(groupFor(bytes, isParcel)) : this.#findRun(Math.ceil(bytes / pageSize), isFilled);
    const block = blockAt(this.memory, ref);
    if (this.#runLength === 0) clearBlock(this.memory, block, bytes);
    store(block.words, block.at, coloured(tag, this.#marker.colour));
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

  #findRun(pages: number, isFilled: boolean): number {
    // A large block may be garbage soon. That memory is free now says nothing: it would be used up before V8 sees a reason to collect.
    if (this.#usedBytes() / pageSize + pages >= Math.max(lowestMark, load(this.#header, MARK))) this.#raiseMark();
    const page = this.#findPages(pages);
    const isZero = this.pages.reserve(page, pages);
    if (!isZero) fillWithZeros(this.memory, page * pageSize, isFilled ? headBytes : pages * pageSize);
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
      if (isHigh) this.#isMarkDue = true;
      // A sweep of more than a slice frees memory for later allocations.
      this.#beginSweep(false);
      const freed = this.#sweep === undefined ? pages.find(count) : 0;
      if (freed !== 0) return freed;
    }
    try {
      pages.grow(count);
    } catch (cause) {
      this.#sweepAtOnce();
      const freed = pages.find(count);
      if (freed !== 0) return freed;
      const census = new Census(this.memory, pages, this.slabs);
      census.slice(Infinity);
      const { used, counts } = census;
      const wanted = `${count * (pageSize / 1024)} KiB more`;
      throw new HeddleError(
        `the shared heap is full: it has ${pages.end * pageSize} bytes, of which ${used} are in use (${describeCensus(counts)}), and cannot have ${wanted}: ${(cause as Error).message}`,
        { cause },
      );
    }
    return pages.find(count);
  }

  /** Asks all threads to collect garbage, now and again when twice as much is in use as now. */
  #raiseMark(): void {
    const twice = Math.ceil((this.#usedBytes() * 2) / pageSize);
    store(this.#header, MARK, Math.max(twice, this.pages.end + segmentSize / pageSize));
    add(this.#header, COLLECT, 1);
    this.#isAskDue = true;
    this.#isWorkDue = true;
  }

  /** Does the work that takes longer or makes system calls, outside of the guard. */
  #afterwards(): void {
    this.#isWorkDue = false;
    if (this.#sweep !== undefined) this.#sweepOn();
    if (this.#isDiscardDue) this.#discard();
    if (this.#isQuietDue) this.#discardWhenQuiet();
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

  /**
   * Begins to free what no thread holds, and makes one slice of it. The rest follows when the guard is free. Under the guard. Not while
   * another living thread sweeps: that sweep frees much of the same.
   *
   * @param isForced begins another one then, too, and the other thread gives its own up
   * @param dead threads that have ended, as far as that is known
   */
  #beginSweep(isForced: boolean, dead?: ReadonlySet<number>): boolean {
    const sweeper = load(this.#header, headerFields.sweeper);
    if (!isForced && sweeper !== 0 && sweeper !== this.id && dead?.has(sweeper) !== true && !isSlotDead(this.memory, sweeper, true))
      return false;
    this.clearSlots(isForced, dead);
    // ORDER: before the ledgers are read: what is let go from now on counts for the next sweep.
    exchange(this.#header, DROPPED, 0);
    this.#sweep = new Sweep(this.memory, this.pages, this.slabs, this.id);
    this.#sweep.begin();
    this.#slice(this.sliceUnits);
    return true;
  }

  /** Goes on with the sweep of this thread, under the guard. True when it is over. */
  #slice(units: number): boolean {
    const sweep = this.#sweep!;
    if (!sweep.isOn) {
      // A thread has died under the guard, and the next one that allocates sweeps; or another one has begun.
      this.#sweep = undefined;
      return true;
    }
    if (!sweep.slice(units)) {
      this.#isWorkDue = true;
      return false;
    }
    this.#sweep = undefined;
    this.#freed += sweep.freed;
    this.#lowerMark();
    if (this.#isMarkDue) {
      this.#isMarkDue = false;
      this.#raiseMark();
    }
    const few = Math.max(keptPages, this.#usedBytes() / pageSize / 8);
    const { dirty } = this.pages;
    if (dirty > Math.max(few, mostKeptPages)) this.#isDiscardDue = true;
    else if (dirty > few) this.#isQuietDue = true;
    this.#isWorkDue ||= dirty > few;
    return true;
  }

  /** The rest of a sweep, slice after slice: in between others go first. */
  #sweepOn(): void {
    this.#guard.enter();
    try {
      while (!this.#slice(this.sliceUnits)) this.#guard.giveWay();
    } finally {
      this.#guard.leave();
    }
  }

  /** Sweeps completely under the guard: there is no memory left. */
  #sweepAtOnce(): void {
    this.#beginSweep(true);
    if (this.#sweep !== undefined) this.#slice(Infinity);
  }

  /** Gives free memory back to the system, without the guard in between. */
  #discard(): void {
    this.#isDiscardDue = false;
    this.#guard.enter();
    try {
      for (let page = 0; (page = this.pages.discardFrom(page)) < this.pages.end; ) this.#guard.giveWay();
    } finally {
      this.#guard.leave();
    }
  }

  /** As `#discard`, when no thread has swept for some time. A thread that blocks does not come to it: then the next that sweeps does. */
  #discardWhenQuiet(): void {
    this.#isQuietDue = false;
    if (this.#isWaitingForQuiet || this.memory.kind === 'model') return;
    this.#isWaitingForQuiet = true;
    const sweeps = load(this.#header, headerFields.sweeps);
    const look = (): void => {
      this.#isWaitingForQuiet = false;
      if (load(this.#header, headerFields.sweeps) === sweeps) this.#discard();
      else this.#discardWhenQuiet();
    };
    withoutContext(() => setTimeout(look, this.quietAfter).unref());
  }

  /** Part of what counted as used when the mark was raised was garbage that no finalizer had released. */
  #lowerMark(): void {
    const twice = Math.ceil((this.#usedBytes() * 2) / pageSize);
    if (load(this.#header, MARK) > twice) store(this.#header, MARK, twice);
  }

  /** Objects of ended threads have one holder less. */
  clearSlots(isThorough: boolean, dead?: ReadonlySet<number>): void {
    let units = 0;
    const count = (ref: number): void => void (units += unitsOf(this, ref));
    clearSlots(this.memory, this.id, isThorough, (ledger) => readLedger(this.memory, ledger, count, count), dead);
    if (units > 0) add(this.#header, DROPPED, units);
  }

  /** Frees a block at once. It must not be listed anywhere, and no thread may know it. */
  free(ref: number): void {
    const page = pageOf(ref);
    const units = unitsOf(this, ref);
    if (kindOf(this.pages.word(page)) === SLAB) this.slabs.free(ref);
    else if (kindOf(this.pages.word(page)) === RUN) this.pages.free(page);
    else throw new HeddleError(`block ${ref >>> 0} of the shared heap was freed twice`);
    store(this.#header, USED, (load(this.#header, USED) - units) | 0);
    atStep?.('heap.freed');
  }

  /** True if a ref names a block that was taken. */
  isTaken(ref: number): boolean {
    const page = pageOf(ref);
    if (page >= this.pages.end) return false;
    const word = this.pages.word(page);
    if (kindOf(word) === SLAB) return this.slabs.isTaken(ref);
    return kindOf(word) === RUN && (ref >>> 0) % (pageSize / refUnit) === 0;
  }

  /** Drops a listed block, without the guard. A sweep frees it, unless another thread holds it. Returns its ref. */
  drop(position: number): number {
    const ref = this.#ledger.drop(position);
    add(this.#header, DROPPED, unitsOf(this, ref));
    if (this.#isMuchDropped()) this.guarded(() => this.#isSweepDue() && this.#beginSweep(false));
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
    this.keep(this.#ledger.at(position));
    return this.#ledger.drop(position);
  }

  at(position: number): number {
    return this.#ledger.at(position);
  }

  /** Sweeps now, and gives free memory back. Returns how many bytes it freed. */
  collect(): number {
    const trimmed = this.#ledger.trim();
    if (trimmed.length > 0)
      this.guarded(() => {
        this.#ledger.cut();
        for (const { ref } of trimmed) this.free(ref);
      });
    this.#freed = 0;
    while (!this.#collectOnce()) this.#guard.pause();
    this.#discard();
    return this.#freed + trimmed.length * ledgerPageWords * 4;
  }

  /** False if another thread sweeps, or the sweep was given up because of a death: that sweep may miss blocks that were dropped before. */
  #collectOnce(): boolean {
    const dead = deadSlots(this.memory, this.id);
    const before = load(this.#header, headerFields.sweeps);
    if (!this.guarded(() => this.#beginSweep(false, dead))) return false;
    return load(this.#header, headerFields.sweeps) !== before;
  }

  statistics(): HeapStatistics {
    const census = new Census(this.memory, this.pages, this.slabs);
    this.#guard.enter();
    try {
      while (!census.slice(this.sliceUnits)) this.#guard.giveWay();
      return census.statistics();
    } finally {
      this.#guard.leave();
      if (this.#isWorkDue) this.#afterwards();
    }
  }
}

function pageOf(ref: number): number {
  return Math.floor((ref >>> 0) / (pageSize / refUnit));
}

/** The size of a taken block, in units of 16 bytes. */
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

/** Returns the state of the shared heap. */
export function heapStatistics(): HeapStatistics {
  return theHeap().statistics();
}
