/** A clock and one alarm: the system's clock, or one that a test moves by hand (`heddle/testing`). */

import { clearTimeout, monotonicNow, setTimeout } from '../real-timers.ts';

export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  now(): number;
  /** Calls `fire` once at `time`, or later. An earlier order is forgotten. */
  arm(time: number, fire: () => void): void;
  /** Turns the alarm off. */
  disarm(): void;
}

/** Node's timers accept at most a signed 32-bit number of milliseconds. A timer that fires too early is armed again. */
const LONGEST = 0x7fff_ffff;

class SystemClock implements Clock {
  #timer: NodeJS.Timeout | undefined;

  now(): number {
    return monotonicNow();
  }

  arm(time: number, fire: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(fire, Math.min(Math.max(Math.ceil(time - monotonicNow()), 1), LONGEST));
  }

  /** Turns the alarm off. */
  disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

export const systemClock: Clock = new SystemClock();
