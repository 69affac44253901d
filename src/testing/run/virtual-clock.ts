/** A clock that takes no time: `heddle/coroutine` waits by it while it is there. */

import { checkBoolean, checkOptions, checkTimeout } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { type Clock, type Operation, Pending, replaceClock } from '../../loop/index.ts';
import { AllWait } from './all-wait.ts';
import { ManualClock } from './manual-clock.ts';
import { claim } from './one-at-a-time.ts';

/** For `virtualClock()`. */
export interface VirtualClockOptions {
  /** True to jump to the next timeout when all wait; false to move by `advance()` only. Default true. */
  readonly autoJump?: boolean | undefined;
  /**
   * Real milliseconds of silence before all count as waiting, while a socket, a worker, a real timer or a promise of `until()` may still
   * report something. Without any of these, no real time passes. Default 10, at most `Infinity`.
   */
  readonly quiet?: number | undefined;
}

/** Reports when it is armed: then a waiter needs it to move. */
class WatchedClock extends ManualClock {
  readonly #onArm: () => void;

  constructor(onArm: () => void) {
    super();
    this.#onArm = onArm;
  }

  override arm(time: number, fire: () => void): void {
    super.arm(time, fire);
    this.#onArm();
  }
}

class Advance extends Pending<void> {
  readonly until: number;
  readonly #list: Advance[];

  constructor(until: number, list: Advance[]) {
    super();
    this.until = until;
    this.#list = list;
    list.push(this);
    list.sort((a, b) => a.until - b.until);
  }

  describe(): string {
    return `the virtual clock at ${this.until}`;
  }

  protected override abandon(): void {
    this.#list.splice(this.#list.indexOf(this), 1);
  }
}

/** The clock that `virtualClock()` puts in place. */
export class VirtualClock implements Disposable {
  readonly #clock: WatchedClock;
  readonly #autoJump: boolean;
  readonly #allWait: AllWait;
  readonly #advances: Advance[] = [];
  readonly #endClaim: () => void;
  readonly #before: Clock;
  #isThere = true;
  #isWatching = false;

  constructor(options: VirtualClockOptions = {}) {
    checkOptions(options, 'options', ['autoJump', 'quiet']);
    const { autoJump, quiet = 10 } = options;
    checkBoolean(autoJump, 'autoJump');
    checkTimeout(quiet, 'quiet');
    this.#endClaim = claim('a virtual clock');
    this.#autoJump = autoJump ?? true;
    this.#allWait = new AllWait(quiet);
    this.#clock = new WatchedClock(() => this.#watch());
    this.#before = replaceClock(this.#clock);
  }

  /** Milliseconds since it was made. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * Moves the clock by `ms` milliseconds, from one timeout to the next, each time as soon as all wait. Resolves when all wait again;
   * `advance(0)` thus waits until all wait.
   *
   * @throws RangeError if `ms` is not a number >= 0
   * @throws InvalidStateError if the clock was restored
   */
  advance(ms: number): Operation<void> {
    checkTimeout(ms, 'ms');
    if (!this.#isThere) throw new InvalidStateError('the clock was restored: it does not move any more');
    const advance = new Advance(this.now() + ms, this.#advances);
    this.#watch();
    return advance;
  }

  /** Puts the system's clock back; what still waits goes on waiting by that, for as long as it still had to. Twice does no harm. */
  restore(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    replaceClock(this.#before);
    this.#endClaim();
    while (this.#advances.length > 0) this.#advances[0]!.reject(new InvalidStateError('the clock was restored while it was to advance'));
  }

  /** `restore()`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.restore();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (this.#isNeeded()) if (await this.#allWait.reached(() => !this.#isNeeded())) this.#move();
    this.#isWatching = false;
  }

  #isNeeded(): boolean {
    return this.#isThere && (this.#advances.length > 0 || (this.#autoJump && this.#clock.alarm < Infinity));
  }

  #move(): void {
    const [advance] = this.#advances;
    const target = advance?.until ?? Infinity;
    if (target < this.#clock.alarm) {
      this.#clock.moveTo(target);
      this.#advances.shift();
      advance!.settle();
    } else this.#clock.moveTo(this.#clock.alarm);
  }
}

/**
 * Puts a clock in place that takes no time, until it is restored: `sleep`, `spawnLater`, `Timeout` and every `timeout` of
 * `heddle/coroutine` go by it. As soon as all wait it jumps to the next of them.
 *
 * All wait when no greenlet is ready, the event loop has turned twice without making one ready, and no file is being read or name looked
 * up. While a socket, a worker or a promise of `until()` may still report something, `quiet` real milliseconds must also pass. An `await`
 * of anything else, such as a compression, is not seen, and on Node 26 neither are files: wait for them by `until()`.
 *
 * `Date`, `setTimeout` and `AbortSignal.timeout` stay the system's; `mock.timers` of `node:test` is for those.
 *
 * @throws InvalidStateError if there is one already, or `explore()` runs
 *
 * Source: trio.testing.MockClock with autojump_threshold=0; tokio::time::pause
 *
 * @example
 * ```ts
 * import { sleep, spawn } from 'heddle/coroutine';
 * import { virtualClock } from 'heddle/testing';
 *
 * using clock = virtualClock();
 * spawn(function* () {
 *   yield* sleep(60_000);
 *   console.log('a minute, at', clock.now());
 * });
 * await sleep(3_600_000);
 * console.log('an hour, at', clock.now());
 * // prints: a minute, at 60000
 * // prints: an hour, at 3600000
 * ```
 *
 * @example
 * ```ts
 * import { sleep, spawn } from 'heddle/coroutine';
 * import { virtualClock } from 'heddle/testing';
 *
 * using clock = virtualClock({ autoJump: false });
 * const g = spawn(() => sleep(100));
 * await clock.advance(99);
 * console.log(g.dead); // prints: false
 * await clock.advance(1);
 * console.log(g.dead); // prints: true
 * ```
 */
export function virtualClock(options?: VirtualClockOptions): VirtualClock {
  return new VirtualClock(options);
}
