/**
 * Turns of the event loop. A loop of calls that never wait goes on in microtasks, and would keep timers and sockets waiting. So after some milliseconds a
 * call does what it does at once, and is over when the event loop has had its turn.
 */

import { setImmediate } from '../real-timers.ts';

/** The number of calls after which the clock is looked at. */
const callsPerLook = 64;
/** Milliseconds that a loop may keep the event loop. */
const longest = 10;

export class Turns {
  /** Calls that did not wait since the event loop had its turn. */
  #calls = 0;
  #since = 0;
  #next: Promise<void> | undefined;

  /** Counts a call that does not wait. Returns the promise that it must wait for all the same; undefined without one. */
  due(): Promise<void> | undefined {
    this.#calls += 1;
    if (this.#calls % callsPerLook !== 0) return undefined;
    const now = performance.now();
    if (this.#next === undefined) {
      this.#since = now;
      this.#next = new Promise((resolve) => {
        setImmediate(() => {
          this.#next = undefined;
          this.#calls = 0;
          resolve();
        });
      });
      return undefined;
    }
    return now - this.#since > longest ? this.#next : undefined;
  }
}
