/** What few activities have: apart from them, because there may be a million of the others. */

import { addTimer, removeTimer, type Timed } from '../../loop/index.ts';
import type { Activity } from './activity.ts';
import type { AsyncOwner } from './async-owner.ts';
import type { Context } from './context.ts';
import type { SpawnSite } from './spawn-site.ts';

export class Extras {
  /** Where it was spawned, as far as that was recorded. */
  site: SpawnSite | undefined = undefined;
  /** The program may wait for ever without it. */
  isDaemon = false;
  /** Of its signal, once somebody has asked for that. */
  controller: AbortController | undefined = undefined;
  /** Who ends what it awaits, if it is an async function. */
  owner: AsyncOwner | undefined = undefined;
  /** The `AsyncLocalStorage` context it goes on in. */
  context: Context | undefined = undefined;
  /** Of one that is to start later. */
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
