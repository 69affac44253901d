/** The greenlet that blocks the thread. */

import { runningActivity } from '../task/current.ts';
import { getcurrent } from '../switching/raw-greenlet.ts';
import { describeSite, type SpawnSite } from '../task/spawn-site.ts';

export interface Blocker {
  readonly name: string;
  /** Where it was spawned, as a frame of a stack. */
  readonly origin: string;
}

/** Returns the greenlet that runs; undefined outside of all greenlets. Greenlets that are switched by hand have no names. */
export function whoRuns(): Blocker | undefined {
  const activity = runningActivity();
  if (activity !== undefined) return { name: activity.greenlet.name, origin: originOf(activity.site) };
  return getcurrent().parent === null ? undefined : { name: 'greenlet()', origin: '' };
}

export function originOf(site: SpawnSite | undefined): string {
  return `    ${describeSite(site)}`;
}
