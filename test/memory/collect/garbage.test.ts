/** Unused handles are found when the heap grows: V8 sees no reason by itself. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { heapStatistics, seed } from '#src/memory/index.js';
import { defineKind, type ObjectKind, SharedObject } from '#src/memory/objects/shared-object.js';

const mebi = 2 ** 20;

const kind: ObjectKind = defineKind({ number: 234, name: 'Large', words: 8000, create: () => new Large() });

/** Much in the heap, and little for V8, which sees no reason to collect garbage. */
class Large extends SharedObject {
  constructor() {
    super(kind);
  }
}

async function makeLarge(megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes; i += 1) {
    for (let j = 0; j < 32; j += 1) assert.ok(new Large());
    await setImmediate();
  }
}

test('a loop that makes objects and drops them does not fill the heap', async () => {
  await makeLarge(200);
  assert.ok(heapStatistics().size <= 80 * mebi, `${heapStatistics().size} bytes for 200 MB of garbage`);
});

test('an idle thread is asked to collect its garbage', async () => {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { joinBySeed } = await import(workerData.attach);
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
      attach: import.meta.resolve('#src/memory/heap/attach.js'),
      workload: new URL('../workload.js', import.meta.url).href,
    },
  });
  try {
    await once(worker, 'message');
    worker.postMessage('drop', []);
    await once(worker, 'message');
    assert.equal(heapStatistics().objects['kind 230'], 20_000);
    // Only the growing demand for memory triggers it.
    for (let i = 0; heapStatistics().objects['kind 230']! >= 20_000; i += 1) {
      assert.ok(i < 20, 'it still holds them all');
      await makeLarge(32);
    }
  } finally {
    await worker.terminate();
  }
});
