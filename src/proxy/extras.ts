/**
 * Methods of remote locks and queues that run at the caller: their functions do, and what they hold is given back from there.
 *
 *   hold ── .hold ──▶ the manager keeps the guard, under a number ── dispose ──▶ .drop
 */

import { checkFunction } from '../check.ts';
import { ShutDown } from '../errors.ts';
import { readSyncTimeout, readWaitOptions, type WaitOptions } from '../loop/index.ts';
import { monotonicNow } from '../real-timers.ts';
import { atOnce } from '../thenable.ts';

/** Which of them a class has. */
export type Extras = 'acquirer' | 'condition' | 'queue';

/** Names of methods that a manager has for these. */
export const HOLD = '.hold';
export const DROP = '.drop';

type Timeout = number | WaitOptions;

interface Acquirer {
  readonly [HOLD]: (options?: Timeout) => Promise<number>;
  readonly [DROP]: (guard: number) => Promise<void>;
  readonly '.holdSync': (options?: Timeout) => number;
  readonly '.dropSync': (guard: number) => void;
}

interface Waiter {
  wait(options?: WaitOptions): Promise<boolean>;
  waitSync(timeout?: number): boolean;
}

interface Getter {
  get(): Promise<unknown>;
}

/** Gives back what a call of `hold` has taken. */
class RemoteGuard implements Disposable {
  #drop: (() => void) | undefined;

  constructor(drop: () => void) {
    this.#drop = drop;
  }

  [Symbol.dispose](): void {
    const drop = this.#drop;
    this.#drop = undefined;
    drop?.();
  }
}

/** The end of the connection gives back what was held over it. */
const quietly = (dropped: Promise<void>): void => void dropped.catch(() => {});

const acquirer = {
  async hold(this: Acquirer, options?: Timeout): Promise<Disposable> {
    const guard = await this[HOLD](options);
    return new RemoteGuard(() => quietly(this[DROP](guard)));
  },
  holdSync(this: Acquirer, options?: Timeout): Disposable {
    const guard = this['.holdSync'](options);
    return new RemoteGuard(() => this['.dropSync'](guard));
  },
  async run(this: Acquirer, fn: () => unknown, options?: Timeout): Promise<unknown> {
    checkFunction(fn, 'fn');
    const guard = await this[HOLD](options);
    let result: unknown;
    try {
      result = await fn();
    } catch (error) {
      // The call's own error takes precedence, also where the connection has ended meanwhile.
      await this[DROP](guard).catch(() => {});
      throw error;
    }
    await this[DROP](guard);
    return result;
  },
};

const condition = {
  ...acquirer,
  async waitFor(this: Waiter, predicate: () => unknown, options?: Timeout): Promise<unknown> {
    checkFunction(predicate, 'predicate');
    const { timeout, signal } = readWaitOptions(options);
    const end = monotonicNow() + timeout;
    for (;;) {
      signal?.throwIfAborted();
      const value = atOnce(predicate, 'predicate');
      const left = end - monotonicNow();
      if (value || left <= 0) return value;
      await this.wait({ timeout: left, signal });
    }
  },
  waitForSync(this: Waiter, predicate: () => unknown, options?: Timeout): unknown {
    checkFunction(predicate, 'predicate');
    const end = monotonicNow() + readSyncTimeout(options, 'waitFor()');
    for (;;) {
      const value = atOnce(predicate, 'predicate');
      const left = end - monotonicNow();
      if (value || left <= 0) return value;
      this.waitSync(left);
    }
  },
};

const queue = {
  async *[Symbol.asyncIterator](this: Getter): AsyncGenerator {
    for (;;) {
      let item: unknown;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof ShutDown) return;
        throw error;
      }
      yield item;
    }
  },
};

export const extrasOf: Readonly<Record<Extras, Record<PropertyKey, unknown>>> = { acquirer, condition, queue };
