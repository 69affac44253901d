/** The choice of the next action: asked at every step of a run. */

import type { ModelThread } from '../run/thread.ts';

/** A thread goes on, or an event occurs: a sleeper's timeout, a sleeper's slice, time before a look at the clock, a death. */
export type ActionKind = 'go' | 'timeout' | 'slice' | 'delay' | 'kill';

/** The possible actions. First the threads that can go on, the one that made the last step before the others; then the events. */
export interface Moment {
  readonly count: number;
  /** How many of them are threads that go on. */
  readonly goCount: number;
  /** True if the first is the thread that made the last step: each other one is a pre-emption. */
  readonly canStay: boolean;
  kind(action: number): ActionKind;
  who(action: number): ModelThread;
  /** A number for the whole state that decides the possible continuations; includes the thread of the last step, if that counts. */
  state(lastCounts: boolean): number;
}

export interface Strategy {
  /** True if it must know each thread's next operation. */
  readonly looksAhead?: boolean | undefined;
  /** One of them; -1 to give up the run. */
  pick(moment: Moment): number;
}

/** By a list, whose numbers go round; moments in which only one thing can happen are not in it. After its end always the first. */
export function byList(picks: readonly number[]): Strategy {
  let at = 0;
  return { pick: ({ count }) => (count === 1 ? 0 : (picks[at++] ?? 0) % count) };
}
