/** Keeps the program running while a pool has work, and only then. (Workers and their links never do.) */

import { clearInterval, setInterval } from '../real-timers.ts';
import { maxDelay } from './timers.ts';

export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    if (!isOn) this.#timer?.unref();
    else if (this.#timer === undefined) this.#timer = setInterval(() => {}, maxDelay);
    else this.#timer.ref();
  }

  /** Leaves nothing behind. */
  end(): void {
    this.#isOn = false;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
