/** A source that one has at a time, and that a condition can give up for a while. */

import type { Activity } from '../activity.ts';
import { Source } from './claim.ts';

export abstract class Mutex extends Source {
  owner: Activity | undefined = undefined;

  get isTaken(): boolean {
    return this.owner !== undefined;
  }

  /** True if this activity may release it. */
  abstract isHeldBy(activity: Activity): boolean;

  /** Gives it up altogether; returns how often it had been taken. */
  abstract dropAll(by: Activity): number;
}
