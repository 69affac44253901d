/**
 * To whom reentrant locks belong: to a greenlet, of which the main program is one (those of `greenlet()` count), or to the function of an `RLock.run`, which is kept
 * apart from whatever else its greenlet does at the same time.
 */

import type { Activity } from '../task/activity.ts';
import type { Greenlet } from '../task/greenlet.ts';
import { Part } from '../task/part.ts';
import type { RawGreenlet } from '../switching/raw-greenlet.ts';

export function holderOf(activity: Activity): Activity {
  let at = activity;
  while (at instanceof Part && !at.isHolder) at = at.within;
  return at;
}

/** Whether it is the holder, or goes on inside of it. */
export function isWithin(activity: Activity, holder: Activity): boolean {
  let at = activity;
  for (; at !== holder; at = at.within) if (!(at instanceof Part)) return false;
  return true;
}

/** `Greenlet-3`, and if that has ended without giving back what it has, that too. */
export function nameOf(activity: Activity): string {
  return `${activity.greenlet.name}${activity.innermost.isDead ? ', which has ended' : ''}`;
}

export function greenletOf(activity: Activity | undefined): Greenlet<any> | RawGreenlet | null {
  if (activity === undefined) return null;
  const { innermost } = activity;
  return innermost.switched ?? (innermost.greenlet as Greenlet<any>);
}
