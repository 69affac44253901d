/**
 * An error on its way into an activity. The error is thrown at once if the activity waits. Another error may have come first, or an async
 * function may await a foreign promise. Then the error is thrown at the next wait. No error is lost, unless it is taken back.
 */

import type { Steppable } from '../../loop/index.ts';
import type { Activity } from './activity.ts';
import { GreenletExit } from './greenlet-exit.ts';

export class Interruption implements Steppable {
  readonly keepsPlace: boolean = true;
  readonly #activity: Activity;
  readonly error: unknown;
  readonly #isKill: boolean;
  #isOver = false;
  isThrown = false;

  constructor(activity: Activity, error: unknown, isKill: boolean) {
    this.#activity = activity;
    this.error = error;
    this.#isKill = isKill;
    this.step();
  }

  step(): void {
    if (this.#isOver) return;
    const activity = this.#activity;
    if (activity.isDead) this.#isOver = true;
    else if (this.#isKill ? activity.kill(this.error) : activity.interrupt(this.error)) {
      this.#isOver = true;
      this.isThrown = true;
    } else activity.defer(this);
  }

  get isPending(): boolean {
    return !this.#isOver && !this.#activity.isDead;
  }

  takeBack(): void {
    this.#isOver = true;
  }
}

/** An error to throw into an activity at its next step. */
export interface Thrown {
  readonly error: unknown;
  /** The strongest of several errors is thrown, and the first of equals: 2 for `GreenletExit`, 1 for a kill, 0 for a time-out and others. */
  readonly strength: number;
}

export function thrownBy(error: unknown, isKill: boolean): Thrown {
  return { error, strength: error instanceof GreenletExit ? 2 : isKill ? 1 : 0 };
}

/** Kills an activity, as `Greenlet.kill` does. An activity that runs right now gets the error at its next wait. */
export function cancel(activity: Activity, error: unknown): void {
  activity.isSeen = true;
  // oxlint-disable-next-line no-new -- it goes its way
  if (!activity.kill(error) && activity.isRunning) new Interruption(activity, error, true);
}
