/** `heddle/testing`: time that takes none, and coroutines whose turns a test decides. */

/** Time. */
export { VirtualClock, virtualClock, type VirtualClockOptions } from './run/virtual-clock.ts';

/** Turns: many orders, all of them, one again, or another tool's. */
export { explore, type Explored, type ExploreOptions } from './explore/explore.ts';
export { exploreAll, type ExploreAllOptions, type ExploredAll } from './explore/explore-all.ts';
export { replay } from './explore/replay.ts';
export { type Chooser, drive, type SchedulerLike } from './run/drive.ts';
export type { Operation, Wait } from '../loop/index.ts';
export type { ScheduleOptions } from './run/options.ts';
export type { RunTime, TestBody } from './run/run.ts';
export { HeddleError } from '../errors.ts';
export { DeadlockError, EndlessError, ScheduleError } from './run/failures.ts';
