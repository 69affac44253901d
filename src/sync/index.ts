/** Locks and the rest, the same between threads and between processes. */

export { Lock } from './lock.ts';
export type { LockOptions, LockStatistics } from './owned.ts';
