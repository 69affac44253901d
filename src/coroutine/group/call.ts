/**
 * The wait for a call that was made for the waiter: if the waiter is thrown out, the call is killed. `apply` and `map` are this operation.
 */

import { Pending, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../activity.ts';
import type { Watcher } from '../watcher.ts';
import { activityOf, type Greenlet, spawnFrom, toError } from '../greenlet.ts';
import { cancel } from './cancel.ts';
import { cancelled } from './map-run.ts';
import type { Callbacks } from './options.ts';

export class Call<T> extends Pending<T> implements Watcher {
  readonly #activity: Activity;
  readonly #callback: ((result: T) => unknown) | undefined;

  constructor(activity: Activity, callback: ((result: T) => unknown) | undefined, options: number | WaitOptions | undefined) {
    super();
    this.#activity = activity;
    this.#callback = callback;
    activity.watch(this);
    this.limit(options);
  }

  get seesErrors(): boolean {
    return true;
  }

  describe(): string {
    return `the end of ${this.#activity.greenlet.name}`;
  }

  ended({ hasFailed, hasExited, result }: Activity): void {
    if (hasFailed) this.fail(result);
    else if (hasExited) this.fail(cancelled(result));
    else {
      if (this.#callback !== undefined) spawnFrom(this.ended, this.#callback, [result]);
      this.settle(result as T);
    }
  }

  protected override abandon(): void {
    this.#activity.unwatch(this);
    cancel(this.#activity, toError(undefined));
  }
}

export function linkCallbacks<T>(greenlet: Greenlet<T>, { callback, errorCallback }: Callbacks<T>): Greenlet<T> {
  if (callback !== undefined) greenlet.linkValue((one) => (activityOf(one).hasExited ? undefined : callback(one.value as T)));
  if (errorCallback !== undefined) greenlet.linkException(({ exception }) => errorCallback(exception));
  return greenlet;
}
