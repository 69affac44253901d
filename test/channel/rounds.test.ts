/** Making queues, sending them, dropping them and killing whatever has them leaves the heap as it was: 10,000 rounds under `HEDDLE_LONG=1`, else some hundred. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deque, LifoQueue, Lock, PriorityQueue, Process, Queue, SimpleQueue, Thread } from 'heddle';
import { collect, heapStatistics } from 'heddle/lowlevel';
import { runGarbageCollection } from '../python/garbage.js';
import { isNative } from '../sync/crew.js';

const rounds = process.env['HEDDLE_LONG'] === '1' ? 10_000 : 400;
/** Rounds after which the worker is killed, wherever it is. */
const life = 100;
const patience = 40;

type AnyQueue = Queue<any> | SimpleQueue<any> | Deque<any>;

/** The bytes in use, when nothing more comes back. */
async function usedBytes(enough: number): Promise<number> {
  let least = Infinity;
  for (let tries = 0; tries < patience && least > enough; tries += 1) {
    await runGarbageCollection();
    collect();
    least = Math.min(least, heapStatistics().used);
  }
  return least;
}

function fill(round: number): AnyQueue {
  const items = [
    [round, 'text'.repeat(round % 50)],
    [round % 7, new Lock()],
    [-round, new Uint8Array((round % 5) * 5000)],
  ];
  if (round % 5 < 2) {
    const made = round % 5 === 0 ? new Deque(2) : new SimpleQueue();
    for (const item of items) {
      if (made instanceof Deque) made.appendSync(item);
      else made.putSync(item);
    }
    return made;
  }
  const queue: Queue<any> = round % 5 === 2 ? new LifoQueue<any>() : round % 5 === 3 ? new PriorityQueue<any>() : new Queue<any>();
  queue.putManySync(items);
  // One of those that hold themselves.
  if (round % 3 === 0) queue.putSync([0, queue]);
  return queue;
}

/** Takes some items of each queue that comes, and puts others. */
function work(orders: Queue<AnyQueue>): void {
  for (;;) {
    const queue = orders.getSync();
    if (queue instanceof Deque) {
      queue.rotate(1);
      queue.popLeftSync();
      queue.extendLeftSync([1, new Lock(), queue]);
    } else {
      queue.getSync();
      queue.putSync([2, new Uint8Array(20_000)]);
      queue.getSync();
    }
  }
}

async function lifeOf(first: number, count: number): Promise<void> {
  const orders = new Queue<AnyQueue>();
  const worker = isNative ? new Process({ target: work, args: [orders] }) : new Thread({ target: work, args: [orders] });
  worker.start();
  for (let round = first; round < first + count; round += 1) orders.putSync(fill(round));
  // Most of the time it is in the middle.
  while (orders.qsize() > (first % 3) * 10) await new Promise((resolve) => setImmediate(resolve));
  if (worker instanceof Process) worker.kill();
  else await worker.terminate();
  await worker.join();
}

test('rounds of making, sending, dropping and killing leave the bytes of the heap where they were', { timeout: 600_000 }, async () => {
  await lifeOf(0, life);
  const before = await usedBytes(0);
  for (let first = 0; first < rounds; first += life) await lifeOf(first, life);
  const after = await usedBytes(before);
  assert.ok(after <= before, `${before} bytes before, ${after} after: ${JSON.stringify(heapStatistics().objects)}`);
});
