/** A clock that stands still until somebody moves it. */

import type { Clock } from '../../loop/index.ts';

export class ManualClock implements Clock {
  #time = 0;
  #fire: (() => void) | undefined;
  /** When something is to happen; Infinity while nothing is. */
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

  /** To a time, but not past its alarm. What is due then happens. */
  moveTo(time: number): void {
    this.#time = Math.max(this.#time, Math.min(time, this.alarm));
    if (this.#time < this.alarm) return;
    const fire = this.#fire!;
    this.disarm();
    fire();
  }
}
