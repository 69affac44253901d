/** Taking it: with a yes or no, or with a guard that gives it back. */

import { TimeoutError } from '../../errors.ts';
import { Done, isAborted, type Operation, Pending, readWaitOptions, type WaitOptions, yes } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { currentOwner } from '../task/current.ts';
import type { Claim, Source } from './claim.ts';

abstract class Waiting<T> extends Pending<T> implements Claim {
  readonly by: Activity;
  readonly depth: number = 1;
  protected readonly source: Source;

  constructor(source: Source, by: Activity, options: number | WaitOptions | undefined) {
    super();
    this.source = source;
    this.by = by;
    source.waiters.push(this);
    this.limit(options);
  }

  abstract granted(): void;

  describe(): string {
    return this.source.describe();
  }
}

class Acquire extends Waiting<boolean> {
  granted(): void {
    this.settle(true);
  }

  override expire(): void {
    this.settle(false);
  }

  protected override giveBack(isTaken: boolean): void {
    if (isTaken) this.source.drop(this.by);
  }
}

class Hold extends Waiting<Disposable> {
  granted(): void {
    this.settle(new Guard(this.source, this.by));
  }

  override expire(): void {
    this.reject(new TimeoutError(`hold() was given less time than it took: ${this.describe()}`));
  }

  protected override giveBack(guard: Disposable): void {
    guard[Symbol.dispose]();
  }
}

/** Gives it back, once. */
class Guard implements Disposable {
  #source: Source | undefined;
  readonly #by: Activity;

  constructor(source: Source, by: Activity) {
    this.#source = source;
    this.#by = by;
  }

  [Symbol.dispose](): void {
    const source = this.#source;
    this.#source = undefined;
    source?.drop(this.#by);
  }
}

export function acquire(source: Source, options: number | WaitOptions | undefined): Operation<boolean> {
  if (options !== undefined) readWaitOptions(options);
  const by = currentOwner();
  return !isAborted(options) && source.take(by) ? yes : new Acquire(source, by, options);
}

export function hold(source: Source, options: number | WaitOptions | undefined): Operation<Disposable> {
  if (options !== undefined) readWaitOptions(options);
  const by = currentOwner();
  return !isAborted(options) && source.take(by) ? new Done(new Guard(source, by)) : new Hold(source, by, options);
}
