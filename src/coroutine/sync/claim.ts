/**
 * The state of an object that is acquired in turn, a lock or the permits of a semaphore, and its waiters.
 *
 *   take() ── it is free ──▶ had        drop() ── with waiters ──▶ it is the first one's, which need not ask again
 *        ╲                                   ╲
 *         taken ──▶ a Claim in `waiters`      without ──▶ free
 *
 * Ownership is handed over, never offered: while there are waiters, the object is not free. A loop that releases it and acquires it again
 * cannot starve a waiter.
 */

import { type Listed, WaitList } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';

/** A waiter for the object. */
export interface Claim extends Listed {
  readonly by: Activity;
  /** How often it is taken at once: a condition takes a reentrant lock again as often as it had been taken. */
  readonly depth: number;
  /** Called when the waiter has it. */
  granted(): void;
}

export abstract class Source {
  /** True if the function of a `run` must be told apart from the rest of its greenlet. */
  readonly keepsRunsApart: boolean = false;
  readonly waiters: WaitList<Claim> = new WaitList<Claim>();

  abstract readonly isTaken: boolean;

  /** Acquires it for an activity, if that is possible at once. */
  abstract take(by: Activity, depth?: number): boolean;

  /** Releases it for an activity. */
  abstract drop(by: Activity): void;

  /** Describes the owner, for people: `Lock held by Greenlet-3`. */
  abstract describe(): string;

  claim(claim: Claim): void {
    if (this.take(claim.by, claim.depth)) claim.granted();
    else this.waiters.push(claim);
  }
}
