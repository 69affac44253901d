/** What happens next: asked at every step of a run. */

import type { ModelThread } from '../run/thread.ts';

/** A thread goes on; or an event: the time of one that sleeps is over, its slice is, time passes before one looks at the clock, one dies. */
export type ActionKind = 'go' | 'timeout' | 'slice' | 'delay' | 'kill';

/** What can happen now. First the threads that can go on, the one that made the last step before the others; then the events. */
export interface Moment {
  readonly count: number;
  /** How many of them are threads that go on. */
  readonly goCount: number;
  /** Whether the first is the thread that made the last step: each other one is a pre-emption. */
  readonly canStay: boolean;
  kind(action: number): ActionKind;
  who(action: number): ModelThread;
  /** A number for all that decides what can happen from now on; also for who made the last step, if that counts. */
  state(lastCounts: boolean): number;
}

export interface Strategy {
  /** Whether it has to know before which operation each thread stands. */
  readonly looksAhead?: boolean | undefined;
  /** One of them; -1 to give up the run. */
  pick(moment: Moment): number;
}

/** By a list, whose numbers go round; moments in which only one thing can happen are not in it. After its end always the first. */
export function byList(picks: readonly number[]): Strategy {
  let at = 0;
  return { pick: ({ count }) => (count === 1 ? 0 : (picks[at++] ?? 0) % count) };
}
