/**
 * The wait for a call that was made for the waiter: if the waiter is thrown out, the call is killed. `apply` and `map` are this operation.
 */

import { Pending, Shielded, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { type Body, type Greenlet, activityOf, spawnFrom, toError } from '../task/greenlet.ts';
import { Interruption, cancel } from '../task/interruption.ts';
import { Part } from '../task/part.ts';
import { recordSite } from '../task/spawn-site.ts';
import type { Watcher } from '../task/watchers.ts';
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

/**
 * A call by a member of the group that must run it. The call runs as a part of the member, in the member's place: in a full pool it would
 * otherwise wait for itself. An error thrown into the member is thrown into the call, as if the member had called the function itself.
 */
export class InlineCall<T> extends Shielded<T> implements Watcher {
  readonly seesErrors: boolean = true;
  readonly #part: Part;
  readonly #callback: ((result: T) => unknown) | undefined;

  /** @param above the function whose caller makes the call */
  constructor(
    above: Body,
    fn: Body,
    args: readonly unknown[],
    callback: ((result: T) => unknown) | undefined,
    options: number | WaitOptions | undefined,
  ) {
    super();
    this.#callback = callback;
    this.#part = new Part(fn, args);
    this.#part.site = recordSite(above);
    this.#part.watch(this);
    this.#part.enter();
    this.limit(options);
  }

  describe(): string {
    return this.#part.describeWait();
  }

  ended({ hasFailed, hasExited, result }: Activity): void {
    if (hasFailed || hasExited) this.fail(result);
    else {
      if (this.#callback !== undefined) spawnFrom(this.ended, this.#callback, [result]);
      this.settle(result as T);
    }
  }

  protected interrupted(error: unknown): void {
    // oxlint-disable-next-line no-new -- it goes its way
    if (!this.#part.isRunning) new Interruption(this.#part, error, true);
  }
}
