/**
 * What lies in the heap of a `Barrier`: how it is, and its parties, each with an entry in the table of waiters. All that changes more than one word
 * is done in a robust mutex. Nobody waits for anybody to leave: who is to pass is told so in his own entry, with his rank.
 *
 *   an entry:     COMING ─▶ ARRIVED ─▶ CHOSEN ─▶ PASSED            the barrier:   FILLING ─▶ TRIPPING ─▶ RELEASING ─▶ FILLING
 *                              │  └───▶ TRIPS ────▲                                  │  ▲        │
 *                              └──────▶ BROKEN ◀── (also from CHOSEN, TRIPS)          ▼  └reset─ BROKEN ◀┘
 *
 *   the last of the parties comes ─▶ they are CHOSEN, one TRIPS and calls the action, outside of the mutex ─▶ RELEASING: all PASS
 *   who gives up, or is found dead, before he passed ─▶ BROKEN, with all who wait
 *
 * Who dies in the mutex breaks the barrier, as he was a party or was to break or reset it; but when it was RELEASING, whoever finds out
 * goes on with that: some have passed already.
 */

import { load, store } from '#atomics';
import { type AsyncWait, type Block, isBlocked, isDead, layout, ownOffset, theAgent, type Waiter, WaitQueue } from '../../memory/index.ts';
import type { WaitOptions } from '../../loop/index.ts';
import { RobustMutex } from '../lock/robust-mutex.ts';

const at = layout('Barrier', "a barrier's own words", {
  state: ['bits', '0 filling, 1 tripping, 2 those who pass are being told, 3 broken'],
  parties: ['uint32', 'how many pass together'],
  hasAction: ['bits', '1: one of them calls a function first'],
  timeout: ['ms', 'of a wait without one of its own, + 1; 0: none'],
  mutex: ['slot', 'who changes something; bit 31: somebody sleeps until it has'],
});
const STATE = ownOffset + at.state;
const PARTIES = ownOffset + at.parties;
const HAS_ACTION = ownOffset + at.hasAction;
const TIMEOUT = ownOffset + at.timeout;
const MUTEX = ownOffset + at.mutex;

/** Of the barrier: parties come. */
const FILLING = 0;
/** All have come; one of them calls the action. Who comes now waits for the next time. */
const TRIPPING = 1;
/** It is decided, and those who pass are being told. */
const RELEASING = 2;
/** Nobody passes until it is reset. */
const BROKEN = 3;

/** Of an entry: it has not been counted yet. */
const COMING = 0;
/** It waits. */
const ARRIVED = 1;
/** It is among those who are to pass. */
const CHOSEN = 2;
/** So it is, and has to call the action and then let all pass. */
export const TRIPS = 3;
/** It has passed; `more` is its rank. */
export const PASSED = 4;
/** It has not, and will not. */
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
   * One more party. Its entry says what comes of it; undefined: the barrier is broken.
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

  /** The action has been called: all pass, unless somebody has given up meanwhile. */
  release(tripping: Waiter): void {
    this.#mutex.within(() => {
      if (tripping.value === TRIPS) this.#release();
    });
  }

  /** It waits no more: if it has not passed, nobody does. */
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

  /** Has somebody died? */
  reap(isThorough: boolean): void {
    this.#line.reap(isThorough);
  }

  #diedWaiting(dead: Waiter): void {
    this.giveUp(dead);
    dead.value = FAILED;
  }

  // In the mutex.

  /** @param last who has just come; the action is his to call if he is to pass */
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
      // ORDER: what it is told, then the call; who dies in between has not called it, and whoever repairs does.
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
