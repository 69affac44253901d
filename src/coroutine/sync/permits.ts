/** The permits of a semaphore, and its waiters: for a permit, or for the news that there is one. */

import { Pending, WaitList, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { Source } from './claim.ts';
import { nameOf } from './holder.ts';
import { RangeError } from '../../refusals.ts';

export class Permits extends Source {
  free: number;
  /** There may not be more than this. */
  most: number = Infinity;
  /** Is told when some are free. */
  onFree: () => void = () => {};
  readonly #name: string;
  readonly #lookers = new WaitList<Look>();
  /** The activity that took the last permit, as a hint for people. */
  #last: Activity | undefined = undefined;

  constructor(name: string, free: number) {
    super();
    this.#name = name;
    this.free = free;
  }

  get isTaken(): boolean {
    return this.free === 0;
  }

  take(by: Activity): boolean {
    if (this.free === 0) return false;
    this.free -= 1;
    this.#last = by;
    return true;
  }

  drop(_by: Activity, count: number = 1): void {
    const taken = this.most - this.free;
    if (count > taken) throw new RangeError(`expected release() of at most the ${taken} permits that are taken, got ${count}`);
    let left = count;
    for (let next = this.waiters.shift(); next !== undefined; next = left > 0 ? this.waiters.shift() : undefined) {
      left -= 1;
      this.#last = next.by;
      next.granted();
    }
    if (left === 0) return;
    this.free += left;
    this.#last = undefined;
    for (let look = this.#lookers.shift(); look !== undefined; look = this.#lookers.shift()) look.settle(this.free);
    this.onFree();
  }

  look(options: number | WaitOptions | undefined): Pending<number> {
    return new Look(this, this.#lookers, options);
  }

  describe(): string {
    const bound = this.most === Infinity ? '' : ` of ${this.most}`;
    if (this.free > 0) return `${this.#name} with ${this.free}${bound} free`;
    return `${this.#name} with none${bound} free${this.#last === undefined ? '' : `, the last taken by ${nameOf(this.#last)}`}`;
  }
}

/** Waits until one is free, and takes none. */
class Look extends Pending<number> {
  readonly #permits: Permits;

  constructor(permits: Permits, lookers: WaitList<Look>, options: number | WaitOptions | undefined) {
    super();
    this.#permits = permits;
    lookers.push(this);
    this.limit(options);
  }

  describe(): string {
    return this.#permits.describe();
  }

  override expire(): void {
    this.settle(0);
  }
}
