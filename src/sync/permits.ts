/**
 * The word under `Semaphore`, and who has permits that go back should their thread die.
 *
 *   COUNT:   | RESERVED | FLIPS | permits that are free, 30 bits |
 *
 * Acquiring takes one off by a CAS, releasing adds some by a CAS; neither says who. What `hold` takes is also written down: each thread that
 * holds has an entry in the table of waiters that says how many (a holder, not in line). Count and entry are two words, and whoever changes
 * them may be killed between them. So that is done in a robust mutex, and so that one can see afterwards how far it came:
 *
 *   LOG_VALUE = what the entry will say     LOG = which entry, and how FLIPS is     count changes and FLIPS is flipped, by one CAS
 *   the entry = LOG_VALUE                   LOG = 0
 *
 * Who finds LOG written and its doer dead: if FLIPS is not as LOG says, the count has changed, and the entry gets its value; otherwise nothing
 * has happened. Nobody else flips meanwhile; those who do not hold change the count as ever, and never wait for a dead one.
 */

import { compareExchange, load, store } from '#atomics';
import { type Block, isDead, layout, ownOffset, type Waiter, type WaitQueue } from '../memory/index.ts';
import { RobustMutex } from './robust-mutex.ts';

const at = layout('Semaphore', "a semaphore's own words, also a BoundedSemaphore's", {
  count: ['bits', 'bits 0-29: how many permits are free; bit 30: flips with each change by a holder; bit 31: for the first in line only'],
  most: ['uint32', 'so many may be free, no more'],
  flags: ['bits', '1: strictly in order'],
  mutex: ['slot', 'who changes what is held; bit 31: somebody sleeps until it has'],
  log: ['bits', 'bit 0: how the flip was before the change; above: the number of its entry, + 1; 0: nothing is being changed'],
  logValue: ['uint32', 'what that entry says afterwards'],
});
const COUNT = ownOffset + at.count;
const MOST = ownOffset + at.most;
const FLAGS = ownOffset + at.flags;
const MUTEX = ownOffset + at.mutex;
const LOG = ownOffset + at.log;
const LOG_VALUE = ownOffset + at.logValue;

const RESERVED = 1 << 31;
const FLIPS = 1 << 30;
/** There are never more permits than this. */
export const mostPermits: number = FLIPS - 1;
const FAIR = 1;

const freeIn = (count: number): number => count & mostPermits;

/** What a change makes of the count; undefined: it cannot be. */
type Change = (count: number) => number | undefined;

const takeFree: Change = (count) => (count >= 0 && freeIn(count) > 0 ? count - 1 : undefined);
/** By the first in line, and others stand behind it. What is left stays reserved. */
const takeReserved: Change = (count) => {
  const free = freeIn(count);
  return free === 0 ? undefined : free === 1 ? (count - 1) & ~RESERVED : count - 1;
};
/** As that, and nobody stands behind it. */
const takeLast: Change = (count) => (freeIn(count) === 0 ? undefined : (count - 1) & ~RESERVED);

export class Permits {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #line: WaitQueue;
  readonly #mutex: RobustMutex;
  readonly most: number;
  readonly isFair: boolean;
  /** What this thread holds is in it; undefined: nothing. */
  #mine: Waiter | undefined;

  constructor(block: Block, line: WaitQueue) {
    this.#words = block.words;
    this.#at = block.at;
    this.#line = line;
    this.#mutex = new RobustMutex(block, MUTEX, () => this.#repair());
    this.most = load(this.#words, this.#at + MOST);
    this.isFair = (load(this.#words, this.#at + FLAGS) & FAIR) !== 0;
  }

  static init({ words, at: begin }: Block, value: number, most: number, isFair: boolean): void {
    store(words, begin + COUNT, value);
    store(words, begin + MOST, most);
    store(words, begin + FLAGS, isFair ? FAIR : 0);
  }

  /** How many are free. */
  get free(): number {
    return freeIn(load(this.#words, this.#at + COUNT));
  }

  takeFree(isHeld: boolean): boolean {
    return this.#take(takeFree, isHeld);
  }

  /** For the first in line, if there is one. */
  takeReserved(isHeld: boolean): boolean {
    return this.#take(this.#line.count() > 1 ? takeReserved : takeLast, isHeld);
  }

  #take(change: Change, isHeld: boolean): boolean {
    if (!isHeld) return this.#change(change, 0);
    // Not to wait for others in the mutex in vain.
    if (change(load(this.#words, this.#at + COUNT)) === undefined) return false;
    const mine = (this.#mine ??= this.#line.joinAsHolder());
    const isTaken = this.#mutex.within(() => this.#changeBoth(change, mine, mine.value + 1));
    if (!isTaken) this.#freeMine(mine);
    return isTaken;
  }

  /** One that was taken as held goes back. False if as many are free as may be: then it is only struck off the books. */
  dropHeld(isDue: boolean): boolean {
    const mine = this.#mine!;
    const isGiven = this.#mutex.within(() => {
      const left = mine.value - 1;
      if (this.#changeBoth(this.#giving(1, isDue), mine, left)) return true;
      mine.value = left;
      return false;
    });
    this.#freeMine(mine);
    return isGiven;
  }

  #freeMine(mine: Waiter): void {
    if (mine.value !== 0) return;
    this.#mine = undefined;
    mine.free();
  }

  /** Adds some. False if that were too many. */
  give(count: number, isDue: boolean): boolean {
    return this.#change(this.#giving(count, isDue), 0);
  }

  #giving(added: number, isDue: boolean): Change {
    return (count) => {
      if (freeIn(count) + added > this.most) return undefined;
      return isDue ? (count + added) | RESERVED : count + added;
    };
  }

  #change(change: Change, flip: number): boolean {
    for (;;) {
      const count = load(this.#words, this.#at + COUNT);
      const next = change(count);
      if (next === undefined) return false;
      if (compareExchange(this.#words, this.#at + COUNT, count, next ^ flip) === count) return true;
    }
  }

  /** In the mutex. */
  #changeBoth(change: Change, holder: Waiter, value: number): boolean {
    const flips = (load(this.#words, this.#at + COUNT) & FLIPS) === 0 ? 0 : 1;
    store(this.#words, this.#at + LOG_VALUE, value);
    // ORDER: after the value; pairs with `repair`, which looks at this first.
    store(this.#words, this.#at + LOG, (holder.index + 1) * 2 + flips);
    const isDone = this.#change(change, FLIPS);
    if (isDone) holder.value = value;
    // ORDER: after the entry.
    store(this.#words, this.#at + LOG, 0);
    return isDone;
  }

  /** Finishes what one who died in the mutex has begun. */
  #repair(): void {
    const log = load(this.#words, this.#at + LOG);
    if (log === 0) return;
    const flips = (load(this.#words, this.#at + COUNT) & FLIPS) === 0 ? 0 : 1;
    if (flips !== (log & 1)) this.#line.entryAt((log >> 1) - 1).value = load(this.#words, this.#at + LOG_VALUE);
    store(this.#words, this.#at + LOG, 0);
  }

  /** What a dead one held goes back. Never more than may be free: somebody else may have released them already. */
  inherit(dead: Waiter, slot: number, isDue: boolean): void {
    this.#mutex.within(() => {
      if (dead.slot !== slot) return;
      const held = dead.value;
      if (held > 0) {
        const giveBack: Change = (count) => {
          const free = freeIn(count);
          return (isDue ? count | RESERVED : count) + Math.min(held, this.most - free);
        };
        this.#changeBoth(giveBack, dead, 0);
      }
      // Whoever dies from here on leaves an entry that says nothing.
      if (dead.takeFrom(slot)) dead.free();
    });
  }

  /** Gives back what the dead hold. Whether anybody was dead. */
  reap(isThorough: boolean, isDue: () => boolean): boolean {
    let found = false;
    for (const entry of this.#line.entries()) {
      if (!entry.isHolder) continue;
      const { slot } = entry;
      if (slot === 0 || !isDead(slot, isThorough)) continue;
      this.inherit(entry, slot, isDue());
      found = true;
    }
    return found;
  }

  /** How many are held, by all threads. */
  held(): number {
    let held = 0;
    for (const entry of this.#line.entries()) if (entry.isHolder) held += entry.value;
    return held;
  }
}
