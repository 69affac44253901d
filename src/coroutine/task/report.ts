/** The report of unhandled errors. */

import { inspect } from 'node:util';
import { tell } from '../../loop/index.ts';
import { setImmediate } from '../../real-timers.ts';
import type { Activity } from './activity.ts';
import { describeSite } from './spawn-site.ts';

/** Reports an error once, unless it is looked at in this turn of the event loop. */
export function reportFailure(activity: Activity, error: unknown, what: string): void {
  setImmediate(() => {
    if (what === 'failed' && activity.isSeen) return;
    activity.isSeen = true;
    tell(`heddle: ${activity.greenlet.name} ${what}: ${inspect(error)}\n    ${describeSite(activity.site)}\n`, error);
  });
}
