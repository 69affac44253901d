/** The word of a `Semaphore`: its count of permits, and the books of those that are held. */

import { compareExchange, load, store } from '#atomics';
import { expected } from '../../check.ts';
import { type Block, blockOf, type SharedObject, type Waiter } from '../../memory/index.ts';
import { Acquirable } from '../acquire/acquirable.ts';
import { HeldPermits } from './held-permits.ts';
import {
  type Change,
  changeCount,
  COUNT,
  FLAGS,
  freeIn,
  isOpen,
  MOST,
  mostPermits,
  RESERVED,
  takeFirst,
  takeLast,
  takeOpen,
} from './permit-count.ts';
import { RangeError } from '../../refusals.ts';

const FAIR = 1;

export interface PermitsStart {
  readonly value: number;
  /** The most permits that may be free. */
  readonly most: number;
  readonly isFair: boolean;
}

export class Permits extends Acquirable {
  readonly #held: HeldPermits;
  readonly #most: number;
  /**
   * The count as this thread last saw it: a guess. The CAS confirms it or returns the actual count; a load before the CAS would double the
   * cost.
   */
  #seen = 0;

  constructor(handle: SharedObject) {
    const block = blockOf(handle);
    super(handle, (load(block.words, block.at + FLAGS) & FAIR) !== 0);
    this.#most = load(block.words, block.at + MOST);
    this.#held = new HeldPermits(block, this.line, this.#most);
  }

  /** The first words of a new one. */
  static start({ words, at: begin }: Block, { value, most, isFair }: PermitsStart): void {
    store(words, begin + COUNT, value);
    store(words, begin + MOST, most);
    store(words, begin + FLAGS, isFair ? FAIR : 0);
  }

  /** How many are free. */
  get free(): number {
    return freeIn(load(this.words, this.at + COUNT));
  }

  isFree(): boolean {
    return this.free > 0;
  }

  /** How many are held, by all threads. */
  get held(): number {
    return this.#held.count();
  }

  takeFree(isHeld: boolean): boolean {
    if (this.isFair && this.mayWait) return false;
    if (isHeld) return this.#held.take(takeOpen);
    let count = this.#seen;
    if (!isOpen(count)) count = load(this.words, this.at + COUNT);
    while (isOpen(count)) {
      const found = compareExchange(this.words, this.at + COUNT, count, count - 1);
      if (found === count) {
        this.#seen = count - 1;
        return true;
      }
      count = found;
    }
    return false;
  }

  takeReserved(isHeld: boolean): boolean {
    const take = this.line.count() > 1 ? takeFirst : takeLast;
    return isHeld ? this.#held.take(take) : changeCount(this, take, 0);
  }

  takeFromDead(isHeld: boolean, isThorough: boolean): boolean {
    if (!this.#held.reap(isThorough, () => this.reserves)) return false;
    const isTaken = this.takeFree(isHeld);
    if (this.mayWait && this.isFree()) this.line.callFirst(this.isFair);
    return isTaken;
  }

  protected override inherit(dead: Waiter, slot: number): void {
    this.#held.inherit(dead, slot, this.reserves);
  }

  errorOfTaking(): undefined {
    return undefined;
  }

  /** Returns permits, or adds new ones. @throws RangeError if there would be too many */
  give(added: number): void {
    const reserved = this.reserves ? RESERVED : 0;
    let count = this.#seen;
    for (;;) {
      if (freeIn(count) + added > this.#most) {
        count = load(this.words, this.at + COUNT);
        if (freeIn(count) + added > this.#most) throw this.#tooMany(added);
      }
      const next = (count + added) | reserved;
      const found = compareExchange(this.words, this.at + COUNT, count, next);
      if (found === count) {
        this.#seen = next;
        break;
      }
      count = found;
    }
    // ORDER: returned, then looked for waiters; pairs with a waiter, which joins the line and then looks for a permit.
    if (this.mayWait) this.line.callFirst(this.isFair);
  }

  drop(isHeld: boolean): void {
    if (!isHeld) return this.give(1);
    const reserved = this.reserves ? RESERVED : 0;
    const giveOne: Change = (count) => (freeIn(count) < this.#most ? (count + 1) | reserved : undefined);
    const isGiven = this.#held.drop(giveOne);
    // ORDER: as in `give`.
    if (this.mayWait) this.line.callFirst(this.isFair);
    if (!isGiven) throw this.#tooMany(1);
  }

  #tooMany(n: number): RangeError {
    return new RangeError(expected('n', `at most the ${this.#most - this.free} permits that may still be given back`, n));
  }

  describe(): string {
    const { free } = this;
    if (this.#most < mostPermits) return `${this.title} with ${free} of ${this.#most} permits`;
    return `${this.title} with ${free} ${free === 1 ? 'permit' : 'permits'}`;
  }
}
