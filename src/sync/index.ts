/** Locks and the rest, the same between threads and between processes. */

export { Barrier, type BarrierOptions, type BarrierStatistics } from './barrier/barrier.ts';
export { BoundedSemaphore } from './semaphore/semaphore.ts';
export { Condition, type ConditionStatistics } from './condition/condition.ts';
export { Event, type EventStatistics } from './condition/event.ts';
export { Lock, ownedOf } from './lock/lock.ts';
export type { LockOptions, LockStatistics } from './lock/owned.ts';
export { isThoroughProbe, looksInSlice } from './acquire/death-watch.ts';
export { RLock } from './lock/rlock.ts';
export { RobustMutex } from './lock/robust-mutex.ts';
export { Semaphore, type SemaphoreOptions, type SemaphoreStatistics } from './semaphore/semaphore.ts';
