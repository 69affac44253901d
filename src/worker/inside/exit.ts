/** How a worker ends when its host wants it to: what it printed leaves first, `exit` listeners run. */

import { v8 } from '../../builtins.ts';
import type { WorkerKind } from '../host/running-worker.ts';
import { isPrinting, whenPrinted } from './output.ts';

// User code may replace process.exit; ending on order must not depend on it.
const exit = process.exit.bind(process);
let isExiting = false;

export function exitInOrder(): void {
  if (isExiting) return;
  isExiting = true;
  if (isPrinting()) whenPrinted(exit);
  else exit();
}

// ---- the memory of a worker, as `maxMemory` counts it

/** Bytes: the resident set of a process; of a thread, which shares that with others, its own heap. */
export function memoryUsed(kind: WorkerKind): number {
  return kind === 'process' ? process.memoryUsage.rss() : v8().getHeapStatistics().used_heap_size;
}
