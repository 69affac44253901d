/**
 * An error on its way into an activity. It is thrown at once where the activity waits; where that cannot be, because another error came
 * first or an async function awaits a promise that is not ours, at its next wait. So none is lost, unless it is taken back.
 */

import type { Steppable } from '../loop/index.ts';
import type { Activity } from './activity.ts';

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
