/** `heddle/distributed`: locks, queues and maps of many machines, kept by a server of Redis or Valkey. */

/** Which server, for all of them. */
export type { BackendOptions } from './backend.ts';
export { type DistributedObject, rebuildHandle } from './distributed-object.ts';

/** Locks. */
export { DistributedLock, type DistributedLockOptions, type DistributedLockStatistics, type LockGuard } from './lock.ts';
export type { DistributedOwner } from './distributed-owner.ts';

/** Meeting and counting. */
export {
  DistributedSemaphore,
  type DistributedSemaphoreOptions,
  type DistributedSemaphoreStatistics,
  type PermitGuard,
} from './semaphore.ts';
export { DistributedEvent, type DistributedEventStatistics } from './event.ts';
export { DistributedBarrier, type DistributedBarrierOptions, type DistributedBarrierStatistics } from './barrier.ts';

/** Errors of their own. */
export { BackendLost, LeaseLost } from '../errors.ts';
