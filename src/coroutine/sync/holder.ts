/**
 * The holder of a reentrant lock. The holder is a greenlet, also the main program and those of `greenlet()`, or the function of an
 * `RLock.run`, which is told apart from the rest of its greenlet.
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

/** True if the activity is the holder, or runs inside of it. */
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
