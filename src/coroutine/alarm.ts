/** The timer of a `Timeout`: throws its error into the greenlet that set it, and ends with that greenlet. */

import { addTimer, removeTimer, type Timed } from '../loop/index.ts';
import type { Activity } from './activity.ts';
import type { Watcher } from './watcher.ts';
import { Interruption } from './interruption.ts';

export class Alarm implements Timed, Watcher {
  readonly seesErrors: boolean = false;
  readonly #activity: Activity;
  readonly #makeError: () => unknown;
  #interruption: Interruption | undefined;
  at = 0;
  place = -1;
  seq = 0;

  constructor(activity: Activity, ms: number, makeError: () => unknown) {
    this.#activity = activity;
    this.#makeError = makeError;
    activity.watch(this);
    addTimer(this, ms);
  }

  /** True while the alarm runs, or its error has not been thrown yet. */
  get isPending(): boolean {
    return this.place !== -1 || this.#interruption?.isPending === true;
  }

  expire(): void {
    this.#activity.unwatch(this);
    this.#interruption = new Interruption(this.#activity, this.#makeError(), false);
  }

  ended(): void {
    removeTimer(this);
  }

  cancel(): void {
    this.#activity.unwatch(this);
    removeTimer(this);
    this.#interruption?.takeBack();
  }
}
