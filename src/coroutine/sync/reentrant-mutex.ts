/** A mutex that its holder may take again. */

import { InvalidStateError } from '../../errors.ts';
import { type ListNode, WaitList } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { Part } from '../task/part.ts';
import type { Claim } from './claim.ts';
import { holderOf, isWithin, nameOf } from './holder.ts';
import { Mutex } from './lock.ts';

/** Knows how many waiters each greenlet has. */
class WaitersByGreenlet extends WaitList<Claim> {
  readonly #counts = new Map<Activity, number>();

  override push(claim: Claim): void {
    super.push(claim);
    const owner = claim.by.innermost;
    this.#counts.set(owner, this.countOf(owner) + 1);
  }

  override unlink(node: ListNode): void {
    super.unlink(node);
    const owner = (node.listed as Claim).by.innermost;
    const count = this.countOf(owner);
    if (count === 1) this.#counts.delete(owner);
    else this.#counts.set(owner, count - 1);
  }

  countOf(owner: Activity): number {
    return this.#counts.get(owner) ?? 0;
  }
}

export class ReentrantMutex extends Mutex {
  override readonly keepsRunsApart: boolean = true;
  override readonly waiters: WaitersByGreenlet = new WaitersByGreenlet();
  /** How often it was taken and not given back. */
  depth = 0;

  take(by: Activity, depth: number = 1): boolean {
    if (this.owner === undefined) this.owner = holderOf(by);
    else if (!this.isHeldBy(by)) return false;
    this.depth += depth;
    return true;
  }

  drop(by: Activity): void {
    this.#check(by);
    this.depth -= 1;
    if (this.depth === 0) this.#pass();
  }

  dropAll(by: Activity): number {
    this.#check(by);
    const { depth } = this;
    this.depth = 0;
    this.#pass();
    return depth;
  }

  #check(by: Activity): void {
    if (this.isHeldBy(by)) return;
    throw new InvalidStateError(`release() by ${by.greenlet.name} of an ${this.describe()}`);
  }

  #pass(): void {
    const next = this.waiters.shift();
    this.owner = next && holderOf(next.by);
    if (next === undefined) return;
    this.depth = next.depth;
    next.granted();
    // Other code of its greenlet would have acquired it now without waiting: the async functions of a greenlet may need each other.
    if (this.waiters.countOf(next.by.innermost) > 0) this.#grantWithin(this.owner!);
  }

  #grantWithin(owner: Activity): void {
    for (const claim of this.waiters) {
      if (!isWithin(claim.by, owner)) continue;
      this.waiters.remove(claim);
      this.depth += claim.depth;
      claim.granted();
    }
  }

  isHeldBy(activity: Activity): boolean {
    this.#inherit();
    return this.owner !== undefined && isWithin(activity, this.owner);
  }

  /** Locks that the function of a `run` has taken besides and not released belong to its greenlet after its end. */
  #inherit(): void {
    while (this.owner instanceof Part && this.owner.isDead) this.owner = holderOf(this.owner.within);
  }

  describe(): string {
    if (this.owner === undefined) return 'RLock unlocked';
    return `RLock held by ${nameOf(this.owner)}${this.depth === 1 ? '' : `, ${this.depth} times`}`;
  }
}
