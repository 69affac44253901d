/** Queues between threads and processes. */

export type { BlockOptions as QueueOptions, PutOptions, PutSyncOptions, SyncOptions } from './options.ts';
export { Queue, type QueueStatistics } from './queue.ts';
export { SimpleQueue, type SimpleQueueStatistics } from './simple-queue.ts';
export { Connection, type ConnectionStatistics, Pipe, type SendOptions } from './pipe/connection.ts';
export { waitReady } from './wait-ready.ts';
