/** A clock that moves only when it is told to. */

import type { Clock } from '../../loop/index.ts';

export class ManualClock implements Clock {
  #time = 0;
  #fire: (() => void) | undefined;
  /** The time of the next alarm; `Infinity` while there is none. */
  alarm: number = Infinity;

  now(): number {
    return this.#time;
  }

  arm(time: number, fire: () => void): void {
    this.alarm = time;
    this.#fire = fire;
  }

  disarm(): void {
    this.alarm = Infinity;
    this.#fire = undefined;
  }

  /** Moves to a time, but not past the alarm, and fires what is due. */
  moveTo(time: number): void {
    this.#time = Math.max(this.#time, Math.min(time, this.alarm));
    if (this.#time < this.alarm) return;
    const fire = this.#fire!;
    this.disarm();
    fire();
  }
}
