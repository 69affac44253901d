/** The fields that few activities need. They are stored apart, because there may be a million of the others. */

import { addTimer, removeTimer, type Timed } from '../../loop/index.ts';
import type { Activity } from './activity.ts';
import type { AsyncOwner } from './async-owner.ts';
import type { Context } from './context.ts';
import type { SpawnSite } from './spawn-site.ts';

export class Extras {
  /** Where it was spawned, as far as that was recorded. */
  site: SpawnSite | undefined = undefined;
  /** The program may end while this activity waits. */
  isDaemon = false;
  /** The controller of its signal, once the signal was asked for. */
  controller: AbortController | undefined = undefined;
  /** The owner of its waits, if it is an async function. */
  owner: AsyncOwner | undefined = undefined;
  /** The `AsyncLocalStorage` context it goes on in. */
  context: Context | undefined = undefined;
  /** The delay of an activity that starts later. */
  delay: Delay | undefined = undefined;
}

/** A start that is put off. */
export class Delay implements Timed {
  at = 0;
  place = -1;
  seq = 0;
  readonly #activity: Activity;

  constructor(activity: Activity, ms: number) {
    this.#activity = activity;
    addTimer(this, ms);
  }

  expire(): void {
    this.#activity.start();
  }

  stop(): void {
    removeTimer(this);
  }
}
