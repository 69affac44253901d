/**
 * The state of a `Barrier` in the heap, and its parties, each with an entry in the table of waiters. Changes of more than one word are made
 * in a robust mutex. Parties do not wait for others to leave: each finds its result, and its rank, in its own entry.
 *
 *   an entry:     COMING ─▶ ARRIVED ─▶ CHOSEN ─▶ PASSED            the barrier:   FILLING ─▶ TRIPPING ─▶ RELEASING ─▶ FILLING
 *                              │  └───▶ TRIPS ────▲                                  │  ▲        │
 *                              └──────▶ BROKEN ◀── (also from CHOSEN, TRIPS)          ▼  └reset─ BROKEN ◀┘
 *
 *   the last of the parties comes ─▶ they are CHOSEN, one TRIPS and calls the action, outside of the mutex ─▶ RELEASING: all PASS
 *   a party gives up, or is found dead, before it passed ─▶ BROKEN, for all waiters
 *
 * A death in the mutex breaks the barrier: the dead thread was a party, or was breaking or resetting the barrier. In state `RELEASING` the
 * finder of the death goes on instead, as some parties have passed already.
 */

import { load, store } from '#atomics';
import { type AsyncWait, type Block, isBlocked, isDead, layout, ownOffset, theAgent, type Waiter, WaitQueue } from '../../memory/index.ts';
import type { WaitOptions } from '../../loop/index.ts';
import { RobustMutex } from '../lock/robust-mutex.ts';

const at = layout('Barrier', "a barrier's own words", {
  state: ['bits', '0 filling, 1 tripping, 2 releasing: parties are told that they pass, 3 broken'],
  parties: ['uint32', 'how many pass together'],
  hasAction: ['bits', '1: one of them calls a function first'],
  timeout: ['ms', 'of a wait without one of its own, + 1; 0: none'],
  mutex: ['slot', 'the slot that changes something; bit 31: another one sleeps until it has'],
});
const STATE = ownOffset + at.state;
const PARTIES = ownOffset + at.parties;
const HAS_ACTION = ownOffset + at.hasAction;
const TIMEOUT = ownOffset + at.timeout;
const MUTEX = ownOffset + at.mutex;

/** Of the barrier: parties come. */
const FILLING = 0;
/** All have come; one of them calls the action. A new party waits for the next round. */
const TRIPPING = 1;
/** The round is decided, and the parties that pass are being told. */
const RELEASING = 2;
/** No party passes until a reset. */
const BROKEN = 3;

/** Of an entry: it has not been counted yet. */
const COMING = 0;
/** The party waits. */
const ARRIVED = 1;
/** The party is among those that will pass. */
const CHOSEN = 2;
/** The party will pass, and must first call the action and then release the others. */
export const TRIPS = 3;
/** The party has passed; `more` is its rank. */
export const PASSED = 4;
/** The party has not passed, and will not. */
export const FAILED = 5;

const isUndecided = (status: number): boolean => status === ARRIVED || status === CHOSEN || status === TRIPS;

const longestTimeout = 0x7fff_fffe;

export interface BarrierStart {
  readonly parties: number;
  readonly hasAction: boolean;
  readonly timeout: number;
}

export class Parties {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #line: WaitQueue;
  readonly #mutex: RobustMutex;
  readonly parties: number;
  readonly hasAction: boolean;
  /** Infinity: none. */
  readonly timeout: number;

  constructor(block: Block) {
    this.#words = block.words;
    this.#at = block.at;
    this.#line = new WaitQueue(block, { ofWaiter: (dead) => this.#diedWaiting(dead) });
    this.#mutex = new RobustMutex(block, MUTEX, () => this.#repair());
    this.parties = load(this.#words, this.#at + PARTIES);
    this.hasAction = load(this.#words, this.#at + HAS_ACTION) === 1;
    const timeout = load(this.#words, this.#at + TIMEOUT);
    this.timeout = timeout === 0 ? Infinity : timeout - 1;
  }

  /** The first words of a new one. */
  static start({ words, at: begin }: Block, { parties, hasAction, timeout }: BarrierStart): void {
    store(words, begin + PARTIES, parties);
    store(words, begin + HAS_ACTION, hasAction ? 1 : 0);
    store(words, begin + TIMEOUT, timeout > longestTimeout ? 0 : Math.ceil(timeout) + 1);
  }

  /** How long a wait may take: what it was told, `Infinity` too, or else what the barrier was. */
  timeoutOf(options: number | WaitOptions | undefined): number {
    return (typeof options === 'object' ? options.timeout : options) ?? this.timeout;
  }

  get isBroken(): boolean {
    return this.#state === BROKEN;
  }

  get waiting(): number {
    let waiting = 0;
    for (const entry of this.#line.entries()) if (entry.isInLine && isUndecided(entry.value)) waiting += 1;
    return waiting;
  }

  get #state(): number {
    return load(this.#words, this.#at + STATE);
  }

  set #state(state: number) {
    store(this.#words, this.#at + STATE, state);
  }

  /**
   * Adds a party. Returns its entry, which will tell its result; undefined if the barrier is broken.
   *
   * @param wait of one that does not block its thread
   */
  arrive(wait?: AsyncWait): Waiter | undefined {
    const entry = wait === undefined ? this.#line.join(false, COMING) : this.#line.joinAsync(wait, COMING);
    const isIn = this.#mutex.within(() => {
      if (this.#state === BROKEN) return false;
      entry.value = ARRIVED;
      this.#tripIfFull(entry);
      return true;
    });
    if (isIn) return entry;
    entry.free();
    if (wait !== undefined) theAgent().waits.delete(wait);
    return undefined;
  }

  /** Called after the action: all parties pass, unless one has given up meanwhile. */
  release(tripping: Waiter): void {
    this.#mutex.within(() => {
      if (tripping.value === TRIPS) this.#release();
    });
  }

  /** Ends the wait of a party: if it has not passed, the barrier breaks. */
  giveUp(entry: Waiter): void {
    this.#mutex.within(() => {
      if (isUndecided(entry.value)) this.#break();
    });
  }

  abort(): void {
    this.#mutex.within(() => this.#break());
  }

  reset(): void {
    this.#mutex.within(() => {
      this.#break();
      this.#state = FILLING;
    });
  }

  /** Checks for parties that have died. */
  reap(isThorough: boolean): void {
    this.#line.reap(isThorough);
  }

  #diedWaiting(dead: Waiter): void {
    this.giveUp(dead);
    dead.value = FAILED;
  }

  // In the mutex.

  /** @param last the party that came last; it calls the action if it is to pass */
  #tripIfFull(last?: Waiter): void {
    if (this.#state !== FILLING) return;
    const arrived = [...this.#line.entries()].filter((entry) => entry.isInLine && entry.value === ARRIVED);
    if (arrived.length < this.parties) return;
    const chosen = arrived.toSorted((one, other) => (one.ticket - other.ticket) | 0).slice(0, this.parties);
    if (chosen.some(({ slot }) => isDead(slot, false))) return this.#break();
    for (const [rank, entry] of chosen.entries()) {
      entry.more = rank;
      entry.value = CHOSEN;
    }
    if (!this.hasAction) return this.#release();
    this.#state = TRIPPING;
    const tripping = last !== undefined && chosen.includes(last) ? last : (chosen.findLast(canLook) ?? chosen[0]!);
    tripping.value = TRIPS;
    if (tripping !== last) tripping.call();
  }

  #release(): void {
    this.#state = RELEASING;
    this.#tellChosen();
  }

  #tellChosen(): void {
    for (const entry of this.#line.entries()) {
      if (!entry.isInLine) continue;
      // ORDER: the result, then the call: a thread that dies in between has not called, and the one that repairs does.
      if (entry.value === CHOSEN || entry.value === TRIPS) entry.value = PASSED;
      if (entry.value === PASSED) entry.call();
    }
    this.#state = FILLING;
    // Others may have come meanwhile, enough for the next time.
    this.#tripIfFull();
  }

  #break(): void {
    this.#state = BROKEN;
    for (const entry of this.#line.entries()) {
      if (!entry.isInLine) continue;
      // ORDER: as above.
      if (isUndecided(entry.value)) entry.value = FAILED;
      if (entry.value === FAILED) entry.call();
    }
  }

  #repair(): void {
    if (this.#state === RELEASING) this.#tellChosen();
    else this.#break();
  }
}

/** An event loop cannot while its thread is blocked. */
function canLook(entry: Waiter): boolean {
  return !entry.isAsync || !isBlocked(entry.slot);
}
