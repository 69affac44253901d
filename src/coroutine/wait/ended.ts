/** Waiting for the end of a greenlet: `get`, `join` and `kill` are this operation. */

import { TimeoutError } from '../../errors.ts';
import { Pending, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';

export class Ended<T> extends Pending<T> implements Watcher {
  readonly #activity: Activity;
  readonly #verb: 'get' | 'join' | 'kill';

  constructor(activity: Activity, verb: 'get' | 'join' | 'kill', options: number | WaitOptions | undefined) {
    super();
    this.#activity = activity;
    this.#verb = verb;
    activity.watch(this);
    this.limit(options);
  }

  get seesErrors(): boolean {
    return this.#verb === 'get';
  }

  describe(): string {
    return `the end of ${this.#activity.greenlet.name}`;
  }

  ended({ hasFailed, result }: Activity): void {
    if (this.#verb === 'join') this.settle(true as T);
    else if (this.#verb === 'kill') this.settle(undefined as T);
    else if (hasFailed) this.fail(result);
    else this.settle(result as T);
  }

  override expire(): void {
    this.#activity.unwatch(this);
    if (this.#verb === 'join') this.settle(false as T);
    else this.fail(new TimeoutError(`${this.#activity.greenlet.name} has not ended in the time that ${this.#verb}() was given`));
  }

  protected override abandon(): void {
    this.#activity.unwatch(this);
  }
}
