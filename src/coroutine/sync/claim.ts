/**
 * What there is to be had in turn, a lock or the permits of a semaphore, and those who wait for it.
 *
 *   take() ── it is free ──▶ had        drop() ── somebody waits ──▶ it is the first one's, who need not ask again
 *        ╲                                   ╲
 *         taken ──▶ a Claim in `waiters`      nobody ──▶ free
 *
 * It is handed over, never offered: while somebody waits, it is not free. So a loop that gives it back and takes it again cannot
 * starve anybody.
 */

import { type Listed, WaitList } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';

/** Somebody who waits for it. */
export interface Claim extends Listed {
  readonly by: Activity;
  /** How often it is taken at once: a condition takes a reentrant lock again as often as it had been taken. */
  readonly depth: number;
  /** It is yours. */
  granted(): void;
}

export abstract class Source {
  /** Whether the function of a `run` must be told apart from the rest of its greenlet. */
  readonly keepsRunsApart: boolean = false;
  readonly waiters: WaitList<Claim> = new WaitList<Claim>();

  abstract readonly isTaken: boolean;

  /** Takes it for somebody, if that can be at once. */
  abstract take(by: Activity, depth?: number): boolean;

  /** Somebody needs it no more. */
  abstract drop(by: Activity): void;

  /** Who has it, for people: `Lock held by Greenlet-3`. */
  abstract describe(): string;

  claim(claim: Claim): void {
    if (this.take(claim.by, claim.depth)) claim.granted();
    else this.waiters.push(claim);
  }
}
