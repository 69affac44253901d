/** Ending a greenlet for the sake of others. */

import type { Activity } from '../activity.ts';
import { Interruption } from '../interruption.ts';

/** As `Greenlet.kill`; but one that runs right now is thrown out of its next wait instead of here. */
export function cancel(activity: Activity, error: unknown): void {
  activity.isSeen = true;
  // oxlint-disable-next-line no-new -- it goes its way
  if (!activity.kill(error) && activity.isRunning) new Interruption(activity, error, true);
}
