/** Several threads and processes use one heap at once, and some of them are killed at any moment. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { arrayMemory, markEnded, newArraySeed } from '#src/memory/heap/array-memory.js';
import { checkHeader, pageSize } from '#src/memory/heap/heap-header.js';
import { Heap } from '#src/memory/heap/heap.js';
import type { Memory } from '#src/memory/index.js';
import { createNativeMemory, nativeMemoryMissing } from '#src/memory/heap/native-memory.js';
import { checkHeap } from './check-heap.ts';
import { controlTag } from './hammer.ts';
import { agentOn } from './workload.ts';
import { closeEndGate, endGatesBelow } from '#src/undisturbed.js';

const file = fileURLToPath(new URL('hammer.js', import.meta.url));
const deaths = process.env['HEDDLE_LONG'] === undefined ? 12 : 200;
/** Between two deaths, all together. */
const roundsApart = 2000;

interface Hammer {
  kill(): Promise<void>;
  readonly ended: Promise<unknown>;
}

async function hammer(memory: Memory, start: readonly ((control: number) => Hammer)[]): Promise<void> {
  checkHeader(memory);
  const heap = new Heap(agentOn(memory));
  const control = heap.allocate(controlTag, 16);
  heap.collect();
  const before = checkHeap(memory).used;
  const word = (n: number): number => Atomics.load(control.words, control.at + n);
  const hammers = start.map((make) => make(control.ref));
  for (let i = 0; i < deaths; i += 1) {
    const from = word(3);
    while (((word(3) - from) | 0) < roundsApart) await setImmediate();
    const index = i % hammers.length;
    await hammers[index]!.kill();
    // A thread may be in the guard; under it the heap is right.
    heap.guarded(() => checkHeap(memory));
    hammers[index] = start[index]!(control.ref);
  }
  Atomics.store(control.words, control.at + 2, 1);
  await Promise.all(hammers.map(({ ended }) => ended));
  assert.equal(word(4), 0, 'a thread wrote into the block of another one');
  heap.collect();
  assert.equal(checkHeap(memory).used, before);
  assert.equal(heap.statistics().threads, 1);
}

function thread(memory: Memory, workerData: Record<string, unknown>): (control: number) => Hammer {
  return (control) => {
    const endGates = endGatesBelow();
    const worker = new Worker(file, { workerData: { ...workerData, control, endGates } });
    const { threadId } = worker;
    // A thread that is terminated while it loads its modules leaves their files open: that is Node's.
    const begun = once(worker, 'message');
    const ended = once(worker, 'exit').then(() => markEnded(memory, threadId));
    return {
      ended,
      kill: async () => {
        await begun;
        closeEndGate(endGates[0]);
        await worker.terminate();
        await ended;
      },
    };
  };
}

function child(descriptor: number): (control: number) => Hammer {
  return (control) => {
    const started: ChildProcess = spawn(process.execPath, [file, 'hammer', String(control)], {
      stdio: ['ignore', 'inherit', 'inherit', descriptor],
    });
    const ended = once(started, 'exit');
    return {
      ended,
      kill: async () => {
        started.kill('SIGKILL');
        await ended;
      },
    };
  };
}

test('threads and processes that are killed leave a right heap', { skip: nativeMemoryMissing() }, async () => {
  const { memory, descriptor, address } = createNativeMemory();
  const aThread = thread(memory, { descriptor, address });
  await hammer(memory, [aThread, child(descriptor), aThread, child(descriptor)]);
  memory.discard(0, pageSize);
  closeSync(descriptor);
});

test('without native calls, threads that are terminated leave a right heap', async () => {
  const seed = newArraySeed();
  const memory = arrayMemory(seed);
  const aThread = thread(memory, { seed });
  await hammer(memory, [aThread, aThread, aThread]);
});
