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

/** Queues. */
export {
  type Delivery,
  type DistributedBlockOptions,
  DistributedQueue,
  type DistributedQueueOptions,
  type DistributedQueueStatistics,
} from './queue.ts';

/** State. */
export { DistributedMap, type DistributedMapStatistics } from './map.ts';
export type { DistributedMapKey, DistributedMapPrimitive } from './map-key.ts';

/** Errors of their own. */
export { BackendLost, LeaseLost } from '../errors.ts';

/** Tasks on many machines: the executor, and the worker that `heddle worker` runs. */
export { DistributedExecutor, type DistributedExecutorOptions, type DistributedStatistics } from './executor.ts';
export type { TaskBackendOptions } from './options.ts';
export type { DistributedStore } from './large.ts';
export { DistributedWorker, type DistributedWorkerOptions, type WorkerStatistics } from './worker.ts';
