/**
 * The permits that go back if the holding thread dies.
 *
 * Permits taken by `hold` are counted and also recorded. Each holding thread has an entry in the table of waiters with its number of
 * permits (a holder, not in line). Count and entry are two words, and a thread may be killed between the two changes. Both are therefore
 * changed in a robust mutex, and a log tells a successor how far the dead one came:
 *
 *   LOG_VALUE = what the entry will say     LOG = which entry, and how FLIPS is     count changes and FLIPS is flipped, by one CAS
 *   the entry = LOG_VALUE                   LOG = 0
 *
 * A thread that finds `LOG` written by a dead one compares `FLIPS` with `LOG`. If they differ, the count has changed, and the entry gets
 * its value; otherwise nothing has happened. No other thread flips meanwhile. Threads that do not hold change the count as usual, and never
 * wait for a dead one.
 */

import { load, store } from '#atomics';
import { type Block, isDead, type Waiter, type WaitQueue } from '../../memory/index.ts';
import { type Change, changeCount, COUNT, FLIPS, freeIn, LOG, LOG_VALUE, MUTEX, RESERVED } from './permit-count.ts';
import { RobustMutex } from '../lock/robust-mutex.ts';

export class HeldPermits {
  readonly #block: Block;
  readonly #line: WaitQueue;
  readonly #most: number;
  readonly #mutex: RobustMutex;
  /** The entry with the permits of this thread; undefined while it holds none. */
  #mine: Waiter | undefined;

  /** @param most the most permits that may be free */
  constructor(block: Block, line: WaitQueue, most: number) {
    this.#block = block;
    this.#line = line;
    this.#most = most;
    this.#mutex = new RobustMutex(block, MUTEX, () => this.#repair());
  }

  #load(word: number): number {
    return load(this.#block.words, this.#block.at + word);
  }

  #store(word: number, value: number): void {
    store(this.#block.words, this.#block.at + word, value);
  }

  take(change: Change): boolean {
    // Not to wait for others in the mutex in vain.
    if (change(this.#load(COUNT)) === undefined) return false;
    const mine = (this.#mine ??= this.#line.joinAsHolder());
    const isTaken = this.#mutex.within(() => this.#changeBoth(change, mine, mine.value + 1));
    if (!isTaken) this.#freeMine(mine);
    return isTaken;
  }

  /** One goes back. False if as many are free as may be: then it is only struck off the books. */
  drop(change: Change): boolean {
    const mine = this.#mine!;
    const isGiven = this.#mutex.within(() => {
      const left = mine.value - 1;
      if (this.#changeBoth(change, mine, left)) return true;
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

  /** In the mutex. */
  #changeBoth(change: Change, holder: Waiter, value: number): boolean {
    this.#store(LOG_VALUE, value);
    // ORDER: after the value; pairs with `repair`, which looks at this first.
    this.#store(LOG, (holder.index + 1) * 2 + this.#flips);
    const isDone = changeCount(this.#block, change, FLIPS);
    if (isDone) holder.value = value;
    // ORDER: after the entry.
    this.#store(LOG, 0);
    return isDone;
  }

  get #flips(): number {
    return (this.#load(COUNT) & FLIPS) === 0 ? 0 : 1;
  }

  /** Finishes what a thread that died in the mutex had begun. */
  #repair(): void {
    const log = this.#load(LOG);
    if (log === 0) return;
    if (this.#flips !== (log & 1)) this.#line.entryAt((log >> 1) - 1).value = this.#load(LOG_VALUE);
    this.#store(LOG, 0);
  }

  /**
   * Returns the permits of a dead thread. The number of free permits never exceeds the limit: another thread may have released them
   * already.
   */
  inherit(dead: Waiter, slot: number, isReserved: boolean): void {
    this.#mutex.within(() => {
      if (dead.slot !== slot) return;
      const held = dead.value;
      if (held > 0) {
        const giveBack: Change = (count) => (isReserved ? count | RESERVED : count) + Math.min(held, this.#most - freeIn(count));
        this.#changeBoth(giveBack, dead, 0);
      }
      // A thread that dies from here on leaves an entry without permits.
      if (dead.takeFrom(slot)) dead.free();
    });
  }

  /** Returns the permits of dead holders. Returns true if there were any. */
  reap(isThorough: boolean, isReserved: () => boolean): boolean {
    let found = false;
    for (const entry of this.#line.entries()) {
      if (!entry.isHolder) continue;
      const { slot } = entry;
      if (slot === 0 || !isDead(slot, isThorough)) continue;
      this.inherit(entry, slot, isReserved());
      found = true;
    }
    return found;
  }

  /** How many are held, by all threads. */
  count(): number {
    let held = 0;
    for (const entry of this.#line.entries()) if (entry.isHolder) held += entry.value;
    return held;
  }
}
