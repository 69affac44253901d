/** Keeps the program running while a pool has work, and only then. (Workers and their links never do.) In a worker its end waits for that, too. */

import { clearInterval, setInterval } from '../../real-timers.ts';
import { poolHasWork } from '../../worker/index.ts';
import { outsideOfCalls } from '../jobs/caller-context.ts';
import { maxDelay } from '../jobs/timers.ts';

export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;
  /** Not to be written. */
  isOn = false;

  /** Changes the state. */
  set(isOn: boolean): void {
    this.isOn = isOn;
    poolHasWork(isOn);
    if (!isOn) this.#timer?.unref();
    else if (this.#timer === undefined) this.#timer = outsideOfCalls(() => setInterval(() => {}, maxDelay));
    else this.#timer.ref();
  }

  /** Leaves nothing behind. */
  end(): void {
    if (this.isOn) poolHasWork(false);
    this.isOn = false;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
