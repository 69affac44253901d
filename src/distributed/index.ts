/** `heddle/distributed`: locks, queues and maps of many machines, kept by a server of Redis or Valkey. */

/** Which server, for all of them. */
export type { BackendOptions } from './server/backend.ts';
export { type DistributedObject, rebuildHandle, type SentHandle, type Variety } from './objects/distributed-object.ts';
export type { WaitOptions } from '../loop/index.ts';
export type { AsyncItemIterator } from '../iteration.ts';

/** Locks. */
export { DistributedLock, type DistributedLockOptions, type DistributedLockStatistics, type LockGuard } from './objects/lock.ts';
export type { DistributedOwner } from './objects/distributed-owner.ts';

/** Meeting and counting. */
export {
  DistributedSemaphore,
  type DistributedSemaphoreOptions,
  type DistributedSemaphoreStatistics,
  type PermitGuard,
} from './objects/semaphore.ts';
export { DistributedEvent, type DistributedEventStatistics } from './objects/event.ts';
export { DistributedBarrier, type DistributedBarrierOptions, type DistributedBarrierStatistics } from './objects/barrier.ts';

/** Queues. */
export {
  type Delivery,
  type DistributedBlockOptions,
  DistributedQueue,
  type DistributedQueueOptions,
  type DistributedQueueStatistics,
} from './queue/queue.ts';

/** State. */
export { DistributedMap, type DistributedMapOptions, type DistributedMapStatistics } from './objects/map.ts';
export type { DistributedValueOptions } from './objects/values.ts';
export type { SharedMapKey as DistributedMapKey, SharedMapPrimitive as DistributedMapPrimitive } from '../shared-map/index.ts';

/** Errors of their own. */
export { BackendLost, HeddleError, InvalidStateError, LeaseLost, type ThreadInfo } from '../errors.ts';

/** Tasks on many machines: the executor, and the worker that `heddle worker` runs. */
export { DistributedExecutor, type DistributedExecutorOptions, type DistributedStatistics } from './executor.ts';
export type { TaskBackendOptions } from './options.ts';
export type { DistributedStore } from './server/large.ts';
export type { PoolStatistics } from '../pool/index.ts';
export { DistributedWorker, type DistributedWorkerOptions, type WorkerStatistics } from './tasks/worker.ts';
