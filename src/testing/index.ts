/** `heddle/testing`: time that takes none, and coroutines whose turns a test decides. */

/** Time. */
export { VirtualClock, virtualClock, type VirtualClockOptions } from './virtual-clock.ts';

/** Turns: many orders, all of them, one again, or somebody else's. */
export { explore, type Explored, type ExploreOptions } from './explore.ts';
export { exploreAll, type ExploreAllOptions, type ExploredAll } from './explore-all.ts';
export { replay } from './replay.ts';
export { type Chooser, drive, type SchedulerLike } from './drive.ts';
export type { Operation, Wait } from '../loop/index.ts';
export type { ScheduleOptions } from './options.ts';
export type { RunTime, TestBody } from './run.ts';
export { HeddleError } from '../errors.ts';
export { DeadlockError, EndlessError, ScheduleError } from './failures.ts';
