/**
 * The wait until no greenlet is left, which watches one after another. Greenlets that wait for the same are excluded: they would wait for
 * each other.
 */

import { living, Pending, type WaitOptions } from '../loop/index.ts';
import { Activity } from './activity.ts';
import type { Watcher } from './watcher.ts';
import { currentActivity } from './current.ts';

const waiting = new Set<NoneLeft>();

export class NoneLeft extends Pending<boolean> implements Watcher {
  readonly seesErrors: boolean = false;
  readonly #scope: Activity = currentActivity().scope;
  #watched: Activity | undefined;

  constructor(options: number | WaitOptions | undefined) {
    super();
    waiting.add(this);
    this.#watchNext();
    this.limit(options);
  }

  #watchNext(): void {
    const waiters = new Set([...waiting].map((one) => one.#scope));
    for (const one of living) {
      if (!(one instanceof Activity) || one.isDaemon || waiters.has(one.scope)) continue;
      this.#watched = one;
      one.watch(this);
      return;
    }
    waiting.delete(this);
    this.settle(true);
  }

  ended(): void {
    this.#watched = undefined;
    this.#watchNext();
  }

  describe(): string {
    return `wait(), for the end of ${this.#watched?.greenlet.name ?? 'all'} and all others`;
  }

  override expire(): void {
    this.#leave();
    this.settle(false);
  }

  protected override abandon(): void {
    this.#leave();
  }

  #leave(): void {
    waiting.delete(this);
    this.#watched?.unwatch(this);
  }
}
