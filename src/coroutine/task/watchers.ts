/** A watcher of the end of an activity. */

import type { Activity } from './activity.ts';

/** Is told when an activity has ended, in the moment that it does. */
export interface Watcher {
  ended(activity: Activity): void;
  /** True if the error reaches a reader this way: then it is not reported. */
  readonly seesErrors: boolean;
}

export function tellEnd(watchers: Few<Watcher>, activity: Activity): void {
  if (watchers instanceof Set) for (const watcher of watchers) watcher.ended(activity);
  else watchers?.ended(activity);
}

/** A set that mostly has no or one element. Such a set needs no separate object, as there may be a million of them. */

export type Few<T extends object> = undefined | T | Set<T>;

/** As `Set.add`; what comes back takes the place of what was. */
export function added<T extends object>(few: Few<T>, one: T): Few<T> {
  if (few === undefined) return one;
  return few instanceof Set ? few.add(one) : new Set([few, one]);
}

/** As `Set.delete`; what comes back takes the place of what was. */
export function removed<T extends object>(few: Few<T>, one: T): Few<T> {
  if (few instanceof Set) few.delete(one);
  return few === one ? undefined : few;
}

export function isIn<T extends object>(few: Few<T>, one: T): boolean {
  return few === one || (few instanceof Set && few.has(one));
}

export function listOf<T extends object>(few: Few<T>): T[] {
  if (few === undefined) return [];
  return few instanceof Set ? [...few] : [few];
}
