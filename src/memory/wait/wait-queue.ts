/**
 * The waiters for one thing, in every thread and process: a table of entries, without a lock and without links.
 *
 *   word 0   1      2         3        4 … 15              16 … 23    24 … 31
 *   ┌─────┬───────┬─────────┬─────────┬───────────────────┬──────────┬──────────┐  CHAIN   ┌───────┬──────────┬── … ──┬───────────┐
 *   │ TAG │ CHAIN │ WAITING │ TICKETS │ what it waits for │ waiter 0 │ waiter 1 │ ───────▶ │ head  │ waiter 2 │       │ waiter 16 │ ─▶ …
 *   └─────┴───────┴─────────┴─────────┴───────────────────┴──────────┴──────────┘          └───────┴──────────┴── … ──┴───────────┘
 *
 * An entry belongs to the thread whose slot id is in it; the CAS that claims it writes that id. Every transition is thus one word. A thread
 * that is killed between two transitions leaves an entry that others recognise as a dead one's. No order needs to be maintained: the first
 * in line is the entry with the smallest ticket. (There are only as many entries as threads wait at a time. Looking at all of them costs
 * less than a list that survives the death of its writer.)
 *
 * A block can have several lines, each with its own WAITING, TICKETS and CHAIN (`LineWords`). A line can have its own block
 * (`owned-line.ts`).
 *
 * A call hands over nothing: the called waiter looks for itself. A waiter that dies, also between its call and its look, therefore takes
 * nothing with it.
 */

import { acquire, add, compareExchange, load, store } from '#atomics';
import { type AsyncWait, theAgent } from '../threads/agent.ts';
import { type Block, blockAt, placeOf } from '../heap/block.ts';
import { layout } from '../heap/layout.ts';
import { napLength } from './nap.ts';
import { adopt, allocateOwned, freeOwned } from '../objects/owned.ts';
import { isBlocked, isDead } from '../threads/slots.ts';
import { ASLEEP, HOLDING, Waiter, waiterWords } from './waiter.ts';
import { RangeError } from '../../refusals.ts';
import { blockHead } from '../heap/tag.ts';

const record = layout('Waitable', 'what any object begins with that can be waited for', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'the next block with waiters'],
  waiting: ['bits', '1: a waiter may be in line'],
  tickets: ['uint32', 'the next ticket'],
  own: ['bits', 'what is waited for', 12],
  waiters: ['bits', 'two waiters', 16],
});

/** Words of a record. */
export const waitableWords: number = record.size;
/** In a record: 1 while a waiter in line must be called when the object changes. */
export const waitingOffset: number = record.waiting;
/** Of a record: where the object's own words begin. */
export const ownOffset: number = record.own;

/**
 * Where the words of a line lie in its block. A block with several lines says so of each; the `chain` of all but one then lies among the `refs` of its
 * kind. Offsets in words.
 */
export interface LineWords {
  /** Names the next block with waiters. */
  readonly chain: number;
  /** As `waitingOffset`. */
  readonly waiting: number;
  readonly tickets: number;
  /** The first of the waiters that have room in the block itself. */
  readonly waiters: number;
  /** How many of those; with 0 the first that waits allocates. */
  readonly inline: number;
}

const waitable: LineWords = { ...record, inline: 2 };
/** A further block: its head is as long as an entry. */
const furtherWords = 128;
const furtherWaiters: number = furtherWords / waiterWords - 1;

/** Entries that lie in a row. */
interface Row {
  readonly block: Block;
  readonly waiters: readonly Waiter[];
}

function rowOf(block: Block, first: number, count: number, index: number): Row {
  return { block, waiters: Array.from({ length: count }, (_, n) => new Waiter(block, first + n * waiterWords, index + n)) };
}

/** The handlers for entries of dead threads. */
export interface Heirs {
  /**
   * Called for a dead waiter in line, while its entry is ours. It cannot be called any more; if it had been called, another one will be.
   */
  readonly ofWaiter?: (dead: Waiter) => void;
  /** Has to free the entry of one that holds something, when that has gone back. */
  readonly ofHolder?: (dead: Waiter, slot: number) => void;
}

export class WaitQueue {
  readonly #block: Block;
  readonly #rows: Row[];
  readonly #heirs: Heirs;
  readonly #line: LineWords;
  readonly #waiting: number;

  constructor(block: Block, heirs: Heirs = {}, line: LineWords = waitable) {
    this.#block = block;
    this.#rows = [rowOf(block, line.waiters, line.inline, 0)];
    this.#heirs = heirs;
    this.#line = line;
    this.#waiting = block.at + line.waiting;
  }

  /** True if a waiter may be in line that must be called when the object changes. */
  get mayWait(): boolean {
    return load(this.#block.words, this.#waiting) !== 0;
  }

  /** Blocks this thread for a moment. Nothing wakes it: it is not in line. */
  nap(): void {
    const { words, at } = this.#block;
    const tag = at + blockHead.tag;
    theAgent().memory.sleep(placeOf(this.#block, blockHead.tag), load(words, tag), napLength);
  }

  takeTicket(): number {
    return add(this.#block.words, this.#block.at + this.#line.tickets, 1);
  }

  /** Stands in line. Look again at what is waited for before sleeping. */
  join(isAsync: boolean, value: number = 0, ticket: number = this.takeTicket(), since: number = theAgent().memory.now()): Waiter {
    const waiter = this.#claim();
    waiter.publish(ticket, since, isAsync, value);
    this.announce();
    return waiter;
  }

  /**
   * As `join`, for a wait that does not block its thread, and is stepped from now on. Throws without memory in the heap, or without a
   * doorbell.
   */
  joinAsync(wait: AsyncWait, value: number = 0, ticket: number = this.takeTicket(), since: number = theAgent().memory.now()): Waiter {
    const { waits } = theAgent();
    waits.add(wait);
    try {
      return this.join(true, value, ticket, since);
    } catch (error) {
      waits.delete(wait);
      throw error;
    }
  }

  /** An entry that says what this thread has; nothing yet. */
  joinAsHolder(): Waiter {
    const waiter = this.#claim();
    waiter.publishHolding();
    return waiter;
  }

  /** Announces that a waiter in line must be called when the object changes. */
  announce(): void {
    // ORDER: after the entry is asleep, before its owner looks again; pairs with a writer, which changes the object and then looks at this
    // word.
    store(this.#block.words, this.#waiting, 1);
  }

  #claim(): Waiter {
    const free = this.#claimFree();
    if (free !== undefined) return free;
    this.reap(false);
    for (;;) {
      const waiter = this.#claimFree();
      if (waiter !== undefined) return waiter;
      this.#extend();
    }
  }

  #claimFree(): Waiter | undefined {
    for (let i = 0; i < this.#rows.length || this.#known() !== undefined; i += 1)
      for (const waiter of this.#rows[i]!.waiters) if (waiter.claim()) return waiter;
    return undefined;
  }

  /** The next block, if there is one. */
  #known(): Row | undefined {
    const last = this.#rows.at(-1)!.block;
    const ref = acquire(last.words, last.at + this.#chainOf(last));
    return ref === 0 ? undefined : this.#add(blockAt(theAgent().memory, ref));
  }

  #add(block: Block): Row {
    const row = rowOf(block, waiterWords, furtherWaiters, this.#line.inline + (this.#rows.length - 1) * furtherWaiters);
    this.#rows.push(row);
    return row;
  }

  /** Which word of a block with waiters names the next one. */
  #chainOf(block: Block): number {
    return block === this.#block ? this.#line.chain : blockHead.chain;
  }

  /** Adds a block, unless another thread has added one. */
  #extend(): void {
    const last = this.#rows.at(-1)!.block;
    const block = allocateOwned(furtherWords);
    if (compareExchange(last.words, last.at + this.#chainOf(last), 0, block.ref) === 0) adopt(block);
    else freeOwned(block);
  }

  /** Every entry that there is, free or not. */
  *entries(): IterableIterator<Waiter> {
    for (let i = 0; i < this.#rows.length || this.#known() !== undefined; i += 1) yield* this.#rows[i]!.waiters;
  }

  /** Returns the entry with a number that another thread has recorded. */
  entryAt(index: number): Waiter {
    for (const waiter of this.entries()) if (waiter.index === index) return waiter;
    throw new RangeError(`there is no waiter ${index}`);
  }

  /** How many are in line. */
  count(): number {
    let count = 0;
    for (const waiter of this.entries()) if (waiter.isInLine) count += 1;
    return count;
  }

  /** How many are in line and have not been called. */
  countAsleep(): number {
    let count = 0;
    for (const waiter of this.entries()) if (waiter.state === ASLEEP) count += 1;
    return count;
  }

  /** The first in line that can look: an event loop cannot while its thread is blocked. */
  first(): Waiter | undefined {
    let first: Waiter | undefined;
    let least = 0;
    for (let i = 0; i < this.#rows.length || this.#known() !== undefined; i += 1) {
      for (const waiter of this.#rows[i]!.waiters) {
        if (!waiter.isInLine) continue;
        const { ticket } = waiter;
        if (first !== undefined && ((ticket - least) | 0) >= 0) continue;
        if (waiter.isAsync && isBlocked(waiter.slot)) continue;
        first = waiter;
        least = ticket;
      }
    }
    return first;
  }

  /**
   * Calls the first in line, as the object has changed. While a called waiter has not looked, no other is called, and releasers need not
   * look. After its look it sleeps again, announces that, and looks once more; when it leaves, it calls the next.
   *
   * @param isStrict true: newcomers must see that there are waiters, even while one was called
   */
  callFirst(isStrict: boolean = false): void {
    if (!isStrict || this.first() === undefined) {
      // ORDER: before the line is looked at: a thread that joins later announces itself again.
      store(this.#block.words, this.#waiting, 0);
    }
    for (;;) {
      const first = this.first();
      if (first === undefined) return;
      if (isStrict) this.announce();
      if (first.isCalled) return;
      if (!first.call()) continue;
      // ORDER: the call, then the look at `blocked`; a blocking thread sets that first and then passes on its calls.
      if (!first.isAsync || !isBlocked(first.slot) || !first.again()) return;
      this.announce();
    }
  }

  /** Calls up to `count` sleeping waiters, in order of arrival. Returns how many. */
  callSome(count: number): number {
    for (let called = 0; called < count; ) {
      const first = this.#firstAsleep();
      if (first === undefined) return called;
      if (first.call()) called += 1;
    }
    return count;
  }

  /** Calls a waiter that can look now. Returns false if there is none. */
  callOther(): boolean {
    for (;;) {
      const first = this.#firstAsleep();
      if (first === undefined || (first.isAsync && isBlocked(first.slot))) return false;
      if (first.call()) return true;
    }
  }

  /** An event loop that cannot look, as its thread is blocked, comes after those that can. */
  #firstAsleep(): Waiter | undefined {
    let first: Waiter | undefined;
    let isLate = false;
    for (const waiter of this.entries()) {
      if (waiter.state !== ASLEEP) continue;
      const isBlockedOne = waiter.isAsync && isBlocked(waiter.slot);
      if (first !== undefined && (isBlockedOne === isLate ? ((waiter.ticket - first.ticket) | 0) >= 0 : isBlockedOne)) continue;
      first = waiter;
      isLate = isBlockedOne;
    }
    return first;
  }

  /** Calls all that sleep. Returns how many. */
  callAll(): number {
    let called = 0;
    for (const waiter of this.entries()) if (waiter.state === ASLEEP && waiter.call()) called += 1;
    return called;
  }

  /** No waiter was left to call. (If this were written before the calls, and the caller were killed, the rest would not be called.) */
  retract(): void {
    // ORDER: written, then looked again; pairs with a thread that joins and then announces.
    store(this.#block.words, this.#waiting, 0);
    if (this.count() > 0) this.announce();
  }

  /**
   * Leaves the line without having taken what is waited for: the wait was aborted, killed or timed out. A waiter that had been called lets the next
   * one be called; otherwise a wake-up would be lost.
   */
  passOn(waiter: Waiter): void {
    this.#passCall(waiter);
    waiter.free();
  }

  /** As `passOn`, before the entry is freed: a thread that dies between the two has called one too many, not one too few. */
  #passCall(waiter: Waiter): void {
    if (waiter.leave()) this.callSome(1);
  }

  /** Removes the entries of dead threads from the line. A call that one of them had not answered is passed on. */
  reap(isThorough: boolean): void {
    for (const waiter of this.entries()) {
      const { slot } = waiter;
      if (slot === 0 || !isDead(slot, isThorough)) continue;
      if (waiter.state === HOLDING) this.#heirs.ofHolder?.(waiter, slot);
      else if (waiter.takeFrom(slot)) {
        this.#passCall(waiter);
        this.#heirs.ofWaiter?.(waiter);
        waiter.free();
      }
    }
  }
}
