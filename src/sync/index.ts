/** Locks and the rest, the same between threads and between processes. */

export { Barrier, type BarrierOptions, type BarrierStatistics } from './barrier.ts';
export { BoundedSemaphore } from './bounded-semaphore.ts';
export { Condition, type ConditionStatistics } from './condition.ts';
export { Event, type EventStatistics } from './event.ts';
export { Lock, ownedOf } from './lock.ts';
export type { LockOptions, LockStatistics } from './owned.ts';
export { isThoroughProbe, looksInSlice } from './death-watch.ts';
export { RLock } from './rlock.ts';
export { RobustMutex } from './robust-mutex.ts';
export { Semaphore, type SemaphoreOptions, type SemaphoreStatistics } from './semaphore.ts';
