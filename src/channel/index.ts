/** Queues between threads and processes. */

export type { BlockOptions as QueueOptions, PutOptions, PutSyncOptions, SyncOptions } from './options.ts';
export { type AppendOptions, Deque, type DequeStatistics } from './ordered/deque.ts';
export { LifoQueue } from './ordered/lifo-queue.ts';
export { type PriorityItem, PriorityQueue } from './ordered/priority-queue.ts';
export { Queue, type QueueStatistics } from './queue.ts';
export { SimpleQueue, type SimpleQueueStatistics } from './simple-queue.ts';
export { Connection, type ConnectionStatistics, Pipe, type SendOptions } from './pipe/connection.ts';
export { waitReady } from './wait-ready.ts';

// For others that keep values as a queue keeps its items.
export { Items, type Packed, type Peeked } from './items.ts';
export { PARCEL } from './ring.ts';
export type { Message, Outgoing } from './store.ts';
export { Turns } from './turns.ts';
