/** The error to throw into an activity at its next step, and the choice among several that come before it. */

import { GreenletExit } from './greenlet-exit.ts';

export interface Thrown {
  readonly error: unknown;
  /** Of errors that come before one is thrown the strongest counts, and of equals the first: a kill before a time-out, an exit before all. */
  readonly strength: number;
}

export function thrownBy(error: unknown, isKill: boolean): Thrown {
  return { error, strength: error instanceof GreenletExit ? 2 : isKill ? 1 : 0 };
}
