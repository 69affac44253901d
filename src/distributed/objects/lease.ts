/**
 * A lease: something is held until its time is over, and its holder renews it at a third of that time.
 *
 *   taken ── renewed each third ──▶ … ──▶ given back
 *               │ the server says that another has it, or its time is over and no renewal was answered
 *               └──▶ lost: `signal` aborts
 *
 * Time is counted here from the moment at which the call was sent that was granted: so a lease is never longer here than at the server, and a process that
 * was stopped finds it lost as soon as it goes on.
 */

import { checkInteger } from '../../check.ts';
import { BackendLost, InvalidStateError, LeaseLost } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import { clearTimeout, monotonicNow, setTimeout } from '../../real-timers.ts';

const defaultLease = 10_000;
const shortestLease = 100;
const longestLease = 86_400_000;

export function readLease(lease: unknown = defaultLease): number {
  return checkInteger(lease, 'lease', shortestLease, longestLease);
}

/** Calls a function with a guard, and releases that. @throws what the function throws, else what the release throws */
export async function runHeld<G extends { release(): Promise<void> }, T>(guard: G, fn: (guard: G) => T | Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await fn(guard);
  } catch (error) {
    // The error of the function says more than that of a lease which was lost meanwhile.
    await guard.release().catch(() => undefined);
    throw error;
  }
  await guard.release();
  return value;
}

export class Lease {
  readonly #what: string;
  readonly #ms: number;
  readonly #renew: () => Promise<boolean>;
  readonly #controller = new AbortController();
  #until: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /**
   * @param what names it in errors
   * @param since when the call was sent that was granted, by `monotonicNow`
   * @param renew asks the server for another `ms`; false: the lease has ended
   */
  constructor(what: string, ms: number, since: number, renew: () => Promise<boolean>) {
    this.#what = what;
    this.#ms = ms;
    this.#until = since + ms;
    this.#renew = renew;
    withoutContext(() => this.#schedule());
  }

  /** Aborts, with a `LeaseLost`, when the lease is lost. */
  get signal(): AbortSignal {
    this.#look();
    return this.#controller.signal;
  }

  /** True when it was lost. */
  get isLost(): boolean {
    this.#look();
    return this.#controller.signal.aborted;
  }

  /** The error of what comes too late. */
  get error(): LeaseLost {
    return this.#controller.signal.reason as LeaseLost;
  }

  /** No further renewal: it is being given back. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Given back, or no longer of interest: nothing is renewed any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  lose(why: string): void {
    if (this.#isOver) return;
    this.end();
    this.#controller.abort(new LeaseLost(`the lease on ${this.#what} is lost: ${why}`));
  }

  #look(): void {
    if (!this.#isOver && monotonicNow() >= this.#until) this.lose(`it was not renewed within its ${this.#ms} ms`);
  }

  #schedule(): void {
    const due = Math.min(this.#ms / 3, this.#until - monotonicNow());
    this.#timer = setTimeout(
      () => {
        this.#look();
        if (this.#isOver) return;
        this.#schedule();
        this.#ask();
      },
      Math.max(due, 1),
    );
    // A lease keeps no process alive.
    this.#timer.unref();
  }

  #ask(): void {
    const since = monotonicNow();
    this.#renew().then(
      (isHeld) => {
        if (this.#isOver) return;
        if (!isHeld) this.lose('the server has given it to another, or has lost it');
        else this.#until = Math.max(this.#until, since + this.#ms);
      },
      (error: unknown) => {
        // The server may come back in time.
        if (error instanceof BackendLost) return;
        if (error instanceof InvalidStateError) this.lose('its handle was closed');
        else this.lose(`it could not be renewed: ${String(error)}`);
      },
    );
  }
}
