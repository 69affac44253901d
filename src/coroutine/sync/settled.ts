/** The value of an `AsyncResult`, and its waiters. */

import { TimeoutError } from '../../errors.ts';
import { Pending, type WaitList, type WaitOptions } from '../../loop/index.ts';

/** A value or an error that was set. */
export class Settled<T> {
  readonly hasFailed: boolean;
  readonly result: unknown;

  constructor(hasFailed: boolean, result: unknown) {
    this.hasFailed = hasFailed;
    this.result = result;
  }

  tell(waiting: Pending<T>): void {
    if (this.hasFailed) waiting.fail(this.result);
    else waiting.settle(this.result as T);
  }
}

export abstract class Waiting<V> extends Pending<V> {
  constructor(waiters: WaitList<Waiting<any>>, options: number | WaitOptions | undefined) {
    super();
    waiters.push(this);
    this.limit(options);
  }

  abstract ended(outcome: Settled<any>): void;

  describe(): string {
    return 'AsyncResult.set()';
  }
}

export class Get<T> extends Waiting<T> {
  ended(outcome: Settled<T>): void {
    outcome.tell(this);
  }

  override expire(): void {
    this.reject(unset());
  }
}

export class Ready extends Waiting<boolean> {
  ended(): void {
    this.settle(true);
  }

  override expire(): void {
    this.settle(false);
  }
}

export const unset = (): TimeoutError => new TimeoutError('the AsyncResult was not set in the time that get() was given');
