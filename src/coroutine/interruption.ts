/**
 * An error on its way into an activity. The error is thrown at once if the activity waits. Another error may have come first, or an async
 * function may await a foreign promise. Then the error is thrown at the next wait. No error is lost, unless it is taken back.
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
