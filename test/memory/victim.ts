/** A process or a thread that does the workload up to one of its steps, and there is killed. */

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { arrayMemory } from '#src/memory/heap/array-memory.js';
import type { Memory } from '#src/memory/index.js';
import { joinNativeMemory } from '#src/memory/heap/native-memory.js';
import { listenToSteps } from '#src/memory/heap/step.js';
import { workload } from './workload.ts';

interface Orders {
  readonly name: string;
  readonly time: number;
  /** Set when the step has come. */
  readonly stopped: Int32Array;
  readonly seed?: SharedArrayBuffer;
  readonly descriptor: number;
  readonly address: number;
}

const orders = workerData as Orders | null;
const [name, time] = orders === null ? [process.argv[2], Number(process.argv[3])] : [orders.name, orders.time];

function memoryOf(): Memory {
  if (orders === null) return joinNativeMemory({ descriptor: 3 }).memory;
  return orders.seed === undefined ? joinNativeMemory(orders).memory : arrayMemory(orders.seed, 0);
}

const memory = memoryOf();
let left = time;
listenToSteps((step) => {
  if (step !== name || (left -= 1) !== 0) return;
  if (isMainThread) process.kill(process.pid, 'SIGKILL');
  Atomics.store(orders!.stopped, 0, 1);
  parentPort!.postMessage('stopped', []);
  // To be ended here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
workload(memory);
