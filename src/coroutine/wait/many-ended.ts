/** Waiting for the ends of many greenlets: one watcher, shared by all of them. */

import { expected } from '../../check.ts';
import { Pending } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import type { Watcher } from '../task/watchers.ts';
import { activityOf, Greenlet } from '../task/greenlet.ts';
import { TypeError } from '../../refusals.ts';

/** The most greenlets that a description names. */
const NAMED = 3;

export abstract class ManyEnded<T> extends Pending<T> implements Watcher {
  readonly seesErrors: boolean = false;
  #activities: readonly Activity[] = [];

  /** One that has ended is told at once; one that comes twice is told once. */
  protected watchAll(activities: readonly Activity[]): void {
    this.#activities = activities;
    const dead = new Set<Activity>();
    for (const activity of activities) {
      if (!this.isPending) return;
      if (activity.isDead) {
        if (dead.has(activity)) this.knewAlready();
        else this.ended(activity);
        dead.add(activity);
      } else if (activity.isWatchedBy(this)) this.knewAlready();
      else activity.watch(this);
    }
  }

  abstract ended(activity: Activity): void;

  /** One was given twice. */
  protected abstract knewAlready(): void;

  describe(): string {
    const names = this.#activities.filter((one) => !one.isDead).map((one) => one.greenlet.name);
    if (names.length <= NAMED) return `the end of ${names.join(', ')}`;
    return `the end of ${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
  }

  protected unwatchAll(): void {
    for (const activity of this.#activities) activity.unwatch(this);
  }

  protected override abandon(): void {
    this.unwatchAll();
  }
}

/** @throws TypeError if something else is among them, or they are not iterable */
export function activitiesOf(greenlets: Iterable<Greenlet<any>>): Activity[] {
  checkIterable(greenlets);
  const activities: Activity[] = [];
  for (const greenlet of greenlets) {
    if (!(greenlet instanceof Greenlet)) throw new TypeError(expected(`greenlets[${activities.length}]`, 'a Greenlet', greenlet));
    activities.push(activityOf(greenlet));
  }
  return activities;
}

export function checkIterable(greenlets: unknown): void {
  if (typeof (greenlets as Iterable<unknown> | undefined | null)?.[Symbol.iterator] !== 'function' || greenlets instanceof Greenlet)
    throw new TypeError(expected('greenlets', 'an iterable of greenlets', greenlets));
}
