/** Waiting for a time. */

import { checkTimeout } from '../../check.ts';
import { type Operation, Pending, ready, type Steppable } from '../../loop/index.ts';

class Sleep extends Pending<void> implements Steppable {
  readonly #ms: number;

  constructor(ms: number) {
    super();
    this.#ms = ms;
    if (ms === 0) ready(this);
    else this.expireAfter(ms);
  }

  describe(): string {
    return `sleep(${this.#ms})`;
  }

  override expire(): void {
    this.settle();
  }

  override settle(): void {
    super.settle(undefined);
  }

  step(): void {
    this.settleNow();
  }
}

/**
 * Waits `ms` milliseconds; 0 lets all other ready greenlets go first. Never resumes too early.
 *
 * @throws RangeError if `ms` is not a number >= 0
 *
 * Source: gevent.sleep
 *
 * @example
 * ```ts
 * import { joinAll, sleep, spawn } from 'heddle/coroutine';
 *
 * const late = spawn(function* () {
 *   yield* sleep(100);
 *   console.log('late');
 * });
 * const early = spawn(async () => {
 *   await sleep(1);
 *   console.log('early');
 * });
 * await joinAll([late, early]);
 * // prints: early
 * // prints: late
 * ```
 */
export function sleep(ms: number = 0): Operation<void> {
  checkTimeout(ms, 'ms');
  return new Sleep(ms);
}
