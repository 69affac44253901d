/**
 * Who waits for one thing, in every thread and process: a table of entries, without a lock and without links.
 *
 *   word 0   1      2         3        4 … 15              16 … 23    24 … 31
 *   ┌─────┬───────┬─────────┬─────────┬───────────────────┬──────────┬──────────┐  CHAIN   ┌───────┬──────────┬── … ──┬───────────┐
 *   │ TAG │ CHAIN │ WAITING │ TICKETS │ what it waits for │ waiter 0 │ waiter 1 │ ───────▶ │ head  │ waiter 2 │       │ waiter 16 │ ─▶ …
 *   └─────┴───────┴─────────┴─────────┴───────────────────┴──────────┴──────────┘          └───────┴──────────┴── … ──┴───────────┘
 *
 * An entry belongs to whose slot id is in it; that is written by the CAS that claims it. So every transition is one word, and whoever is killed
 * between two of them leaves an entry that others recognise as a dead one's. There is no order to be kept right: the first in line is the one
 * with the smallest ticket. (As the entries are as many as threads wait at a time, to look at all of them costs less than a list that
 * survives the death of who changes it.)
 *
 * A block can have several lines, each with a WAITING, a TICKETS and a CHAIN of its own (`LineWords`); and a line can have a block of its own
 * (`owned-line.ts`).
 *
 * Nobody is handed anything: who is called looks for himself. So a waiter that dies, also between its call and its look, takes nothing with it.
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
  waiting: ['bits', '1: somebody may be in line'],
  tickets: ['uint32', 'the next ticket'],
  own: ['bits', 'what is waited for', 12],
  waiters: ['bits', 'two waiters', 16],
});

/** Words of a record. */
export const waitableWords: number = record.size;
/** Of a record: 1 while somebody in line is to be called when there is something. */
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

/** What becomes of the entries of those who have died. */
export interface Heirs {
  /** Hears of one who was in line, while its entry is ours. It cannot be called any more; if it had been, another one will be. */
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

  /** Whether a waiter may be in line that is called when there is something. */
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

  /** As `join`, for a wait that does not block its thread, and is stepped from now on. Without room in the heap, or a doorbell, neither happens. */
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

  /** Says that somebody in line is to be called when there is something. */
  announce(): void {
    // ORDER: after the entry is asleep, before its owner looks again; pairs with who changes what is waited for and then looks at this word.
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

  /** One more block, unless somebody else has made one. */
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

  /** The one with a number that somebody else has written down. */
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
   * Lets the first in line look, as there is something for it. While it was called and has not looked, nobody else is called, and nobody has to
   * ask: when it has looked, it says that it sleeps again, and looks once more; when it leaves, it sees to the next.
   *
   * @param isStrict whoever comes newly is to see that somebody waits, also then
   */
  callFirst(isStrict: boolean = false): void {
    if (!isStrict || this.first() === undefined) {
      // ORDER: before the line is looked at: whoever joins later says so again.
      store(this.#block.words, this.#waiting, 0);
    }
    for (;;) {
      const first = this.first();
      if (first === undefined) return;
      if (isStrict) this.announce();
      if (first.isCalled) return;
      if (!first.call()) continue;
      // ORDER: the call, then the look at `blocked`; who blocks says so first and then gives up its calls.
      if (!first.isAsync || !isBlocked(first.slot) || !first.again()) return;
      this.announce();
    }
  }

  /** Calls those that came first, so many of those that sleep. Returns how many. */
  callSome(count: number): number {
    for (let called = 0; called < count; ) {
      const first = this.#firstAsleep();
      if (first === undefined) return called;
      if (first.call()) called += 1;
    }
    return count;
  }

  /** Calls one that can look now. False if there is none. */
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

  /** Nobody was there to be called. (Had it been said before they were, and the caller been killed, nobody would call the rest.) */
  retract(): void {
    // ORDER: said, then looked again; pairs with who joins and then announces.
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

  /** Takes the entries of those who have died out of the line; a call that one of them had not answered is passed on. */
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
