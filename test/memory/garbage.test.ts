/** Handles that nobody uses are found when the heap grows: V8 sees no reason by itself. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { collect, heapStatistics, seed } from '#dist/memory/index.js';
import { Thing } from './workload.ts';

const mebi = 2 ** 20;

async function makeThings(rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i += 1) {
    for (let j = 0; j < 1000; j += 1) assert.ok(new Thing());
    await setImmediate();
  }
}

test('a loop that makes objects and drops them fills the heap', async () => {
  // 192 bytes each.
  await makeThings(600);
  assert.ok(heapStatistics().size <= 64 * mebi, `${heapStatistics().size} bytes for 115 MB of garbage`);
});

test('a thread that idles is not asked to collect its garbage', async () => {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { joinBySeed } = await import(workerData.memory);
    joinBySeed(workerData.seed, 0);
    const { Thing } = await import(workerData.workload);
    let things = Array.from({ length: 20_000 }, () => new Thing());
    parentPort.on('message', () => {
      things = undefined;
      parentPort.postMessage('dropped');
    });
    parentPort.postMessage('made');
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: {
      seed: seed(),
      memory: import.meta.resolve('#dist/memory/index.js'),
      workload: new URL('workload.js', import.meta.url).href,
    },
  });
  try {
    await once(worker, 'message');
    worker.postMessage('drop', []);
    await once(worker, 'message');
    // Nobody looks after it but who needs more and more.
    for (let i = 0; heapStatistics().objects['Thing']! >= 20_000; i += 1) {
      assert.ok(i < 200, 'it still holds them all');
      await makeThings(50);
      collect();
    }
  } finally {
    await worker.terminate();
  }
});
