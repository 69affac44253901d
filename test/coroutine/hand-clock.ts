/** A clock that the test moves by hand; and waiting until nothing is ready. */

import { type Clock, readyCount, replaceClock } from 'heddle/lowlevel';
import { type Operation, until } from 'heddle/coroutine';

export class HandClock implements Clock, Disposable {
  #time = 0;
  #alarm: { time: number; fire: () => void } | undefined;
  readonly #before: Clock = replaceClock(this);

  now(): number {
    return this.#time;
  }

  arm(time: number, fire: () => void): void {
    this.#alarm = { time, fire };
  }

  disarm(): void {
    this.#alarm = undefined;
  }

  advance(ms: number): void {
    const end = this.#time + ms;
    while (this.#alarm !== undefined && this.#alarm.time <= end) {
      const { time, fire } = this.#alarm;
      this.#alarm = undefined;
      this.#time = Math.max(time, this.#time);
      fire();
    }
    this.#time = end;
  }

  [Symbol.dispose](): void {
    replaceClock(this.#before);
  }
}

/** Until all that could go on has gone on. */
export function idle(): Operation<void> {
  return until(untilIdle());
}

async function untilIdle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (readyCount() > 0);
}
