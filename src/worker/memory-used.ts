/** How much memory a worker has, as `maxMemory` counts it. */

import { v8 } from '../builtins.ts';
import type { WorkerKind } from './running-worker.ts';

/** Bytes: the resident set of a process; of a thread, which shares that with others, its own heap. */
export function memoryUsed(kind: WorkerKind): number {
  return kind === 'process' ? process.memoryUsage.rss() : v8().getHeapStatistics().used_heap_size;
}
