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
 *   free ──claim──▶ SETTING ──publish──▶ ASLEEP ──call──▶ CALLED ──────▶ free     `call` by somebody else, all others by its own thread
 *                                          ▲───again()──────┘
 *
 * Nobody is handed anything: who is called looks for himself. So a waiter that dies, also between its call and its look, takes nothing with it.
 */

import { add, compareExchange, load, store } from '#atomics';
import { me, theAgent } from './agent.ts';
import { type Block, blockAt, placeOf } from './block.ts';
import { layout } from './layout.ts';
import { allocateChained, chained, freeBlock } from './heap.ts';
import { isBlocked, isDead, ring } from './slots.ts';

const record = layout('Waitable', 'what any object begins with that can be waited for', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the next block with waiters'],
  waiting: ['bits', '1: somebody may be in line'],
  tickets: ['uint32', 'the next ticket'],
  own: ['bits', 'what is waited for', 12],
  waiters: ['bits', 'two waiters', 16],
});

const entry = layout('Waiter', 'a thread, or one of its async waits, in the line of one object', {
  slot: ['slot', 'who waits; 0: the entry is free'],
  state: ['bits', '0 free or not yet published, 1 asleep, 2 called, 3 not in line, but holding something'],
  ticket: ['int32', 'its place in line'],
  isAsync: ['bits', '1: its event loop is rung, 0: its thread sleeps at `state`'],
  since: ['ms', 'when it came'],
  value: ['int32', 'what the object wants to know of it'],
  more: ['int32', 'and more of that'],
  reserved: ['bits', 'nothing yet'],
});

/** Words of a record. */
export const waitableWords: number = record.size;
/** Of a record: 1 while somebody in line is to be called when there is something. */
export const waitingOffset: number = record.waiting;
/** Of a record: where the object's own words begin. */
export const ownOffset: number = record.own;

const CHAIN = record.chain;
const WAITING = record.waiting;
const TICKETS = record.tickets;
const SLOT = entry.slot;
const STATE = entry.state;
const TICKET = entry.ticket;
const IS_ASYNC = entry.isAsync;
const SINCE = entry.since;
const VALUE = entry.value;
const MORE = entry.more;

/** Its entry is being written, or was left. */
const SETTING = 0;
/** It sleeps until it is called. */
const ASLEEP = 1;
/** It was told to look; until it has, nobody tells it again. */
export const CALLED = 2;
/** It does not wait: it has so much (`value`) of what is waited for. */
const HOLDING = 3;

const inlineWaiters = 2;
/** A further block: its head is as long as an entry. */
const furtherWords = 128;
const furtherWaiters: number = furtherWords / entry.size - 1;

/** Entries that lie in a row. */
interface Row {
  readonly block: Block;
  readonly waiters: readonly Waiter[];
}

/** One entry, in the hands of who claimed it or looks at it. */
export class Waiter {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #place: number;
  /** Its number in the table. */
  readonly index: number;

  constructor(block: Block, offset: number, index: number) {
    this.index = index;
    this.#words = block.words;
    this.#at = block.at + offset;
    this.#place = placeOf(block, offset + STATE);
  }

  get slot(): number {
    return load(this.#words, this.#at + SLOT);
  }

  get state(): number {
    return load(this.#words, this.#at + STATE);
  }

  get isCalled(): boolean {
    return this.state === CALLED;
  }

  get isInLine(): boolean {
    const { state } = this;
    return state === ASLEEP || state === CALLED;
  }

  /** Whether it says what its thread has. */
  get isHolder(): boolean {
    return this.state === HOLDING;
  }

  get ticket(): number {
    return load(this.#words, this.#at + TICKET);
  }

  /** Where it is, for comparing. */
  get place(): number {
    return this.#place;
  }

  get value(): number {
    return load(this.#words, this.#at + VALUE);
  }

  set value(value: number) {
    store(this.#words, this.#at + VALUE, value);
  }

  get more(): number {
    return load(this.#words, this.#at + MORE);
  }

  set more(value: number) {
    store(this.#words, this.#at + MORE, value);
  }

  get isAsync(): boolean {
    return load(this.#words, this.#at + IS_ASYNC) === 1;
  }

  /** Milliseconds that it has waited. */
  age(now: number): number {
    return (now - load(this.#words, this.#at + SINCE)) | 0;
  }

  /** Claims it, if it is free. */
  claim(): boolean {
    return load(this.#words, this.#at + SLOT) === 0 && compareExchange(this.#words, this.#at + SLOT, 0, me) === 0;
  }

  /** Stands in line from now on. */
  publish(ticket: number, since: number, isAsync: boolean): void {
    store(this.#words, this.#at + TICKET, ticket);
    store(this.#words, this.#at + IS_ASYNC, isAsync ? 1 : 0);
    store(this.#words, this.#at + SINCE, since);
    // ORDER: last; who sees it asleep sees the rest.
    store(this.#words, this.#at + STATE, ASLEEP);
  }

  /** It is not in line: it says what its thread has. */
  publishHolding(): void {
    store(this.#words, this.#at + VALUE, 0);
    // ORDER: last; who sees it holding sees how much.
    store(this.#words, this.#at + STATE, HOLDING);
  }

  /** The same thread's next waiter takes its place. */
  renew(ticket: number, since: number): void {
    store(this.#words, this.#at + TICKET, ticket);
    store(this.#words, this.#at + SINCE, since);
  }

  /** It has looked, and sleeps again: whoever changes something from now on calls it. True if it had been called. */
  again(): boolean {
    return compareExchange(this.#words, this.#at + STATE, CALLED, ASLEEP) === CALLED;
  }

  /** Leaves the line unless it has been called. */
  withdraw(): boolean {
    return compareExchange(this.#words, this.#at + STATE, ASLEEP, SETTING) === ASLEEP;
  }

  /** Frees the entry. */
  free(): void {
    store(this.#words, this.#at + STATE, SETTING);
    // ORDER: last; who claims it finds it unpublished.
    store(this.#words, this.#at + SLOT, 0);
  }

  /** Takes the entry of a dead one. False if somebody else did. */
  takeFrom(dead: number): boolean {
    return compareExchange(this.#words, this.#at + SLOT, dead, me) === dead;
  }

  /** Tells it to look. False if it was told already, or has left. */
  call(): boolean {
    if (compareExchange(this.#words, this.#at + STATE, ASLEEP, CALLED) !== ASLEEP) return false;
    if (this.isAsync) this.#ring();
    else theAgent().memory.wake(this.#place, 1);
    return true;
  }

  #ring(): void {
    const { slot } = this;
    if (slot === me) theAgent().waits.kick();
    else ring(slot);
  }

  /** Blocks this thread until it is called, or `ms` are over, or a slice is. */
  sleep(ms: number): void {
    theAgent().memory.sleep(this.#place, ASLEEP, ms);
  }
}

function rowOf(block: Block, first: number, count: number, index: number): Row {
  return { block, waiters: Array.from({ length: count }, (_, n) => new Waiter(block, first + n * entry.size, index + n)) };
}

/** What becomes of the entries of those who have died. */
export interface Heirs {
  /** Hears of one who was in line, while its entry is ours. It has been called, or cannot be any more. */
  readonly ofWaiter?: (dead: Waiter) => void;
  /** Has to free the entry of one that holds something, when that has gone back. */
  readonly ofHolder?: (dead: Waiter, slot: number) => void;
}

export class WaitQueue {
  readonly #block: Block;
  readonly #rows: Row[];
  readonly #heirs: Heirs;

  constructor(block: Block, heirs: Heirs = {}) {
    this.#block = block;
    this.#rows = [rowOf(block, record.waiters, inlineWaiters, 0)];
    this.#heirs = heirs;
  }

  takeTicket(): number {
    return add(this.#block.words, this.#block.at + TICKETS, 1);
  }

  /** Stands in line. Look again at what is waited for before sleeping. */
  join(isAsync: boolean, value: number = 0, ticket: number = this.takeTicket(), since: number = theAgent().memory.now()): Waiter {
    const waiter = this.#claim();
    waiter.value = value;
    waiter.publish(ticket, since, isAsync);
    this.announce();
    return waiter;
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
    store(this.#block.words, this.#block.at + WAITING, 1);
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
    const ref = load(last.words, last.at + CHAIN);
    return ref === 0 ? undefined : this.#add(blockAt(theAgent().memory, ref));
  }

  #add(block: Block): Row {
    const row = rowOf(block, entry.size, furtherWaiters, inlineWaiters + (this.#rows.length - 1) * furtherWaiters);
    this.#rows.push(row);
    return row;
  }

  /** One more block, unless somebody else has made one. */
  #extend(): void {
    const last = this.#rows.at(-1)!.block;
    const block = allocateChained(furtherWords);
    if (compareExchange(last.words, last.at + CHAIN, 0, block.ref) === 0) chained(block);
    else freeBlock(block);
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
      store(this.#block.words, this.#block.at + WAITING, 0);
    }
    for (;;) {
      const first = this.first();
      if (first === undefined) return;
      if (isStrict) this.announce();
      if (first.state === CALLED) return;
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
    store(this.#block.words, this.#block.at + WAITING, 0);
    if (this.count() > 0) this.announce();
  }

  /** Takes the entries of those who have died out of the line. */
  reap(isThorough: boolean): void {
    for (const waiter of this.entries()) {
      const { slot } = waiter;
      if (slot === 0 || !isDead(slot, isThorough)) continue;
      if (waiter.state === HOLDING) this.#heirs.ofHolder?.(waiter, slot);
      else if (waiter.takeFrom(slot)) {
        // ORDER: out of line by a CAS: who calls it has done so before, or does not find it.
        waiter.withdraw();
        this.#heirs.ofWaiter?.(waiter);
        waiter.free();
      }
    }
  }
}
