/** A watcher of the end of an activity. */

import type { Activity } from './activity.ts';
import type { Few } from './few.ts';

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
