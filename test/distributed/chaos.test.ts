/**
 * Tasks while workers are killed, stopped and cut off, the server is killed and restarted, and the caller is busy: each has its result, once.
 * The long form (HEDDLE_LONG=1) has 20,000 tasks.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DistributedExecutor } from 'heddle/distributed';
import { startWorker, type WorkerProcess } from './processes.ts';
import { freeName, noOwnServer, startServer } from './server.ts';
import { double } from './tasks.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;
const count = isLong ? 20_000 : 600;
const accidents = isLong ? 10 : 2;

test('each task has its result, once, whatever dies meanwhile', { skip: noOwnServer, timeout: 600_000 }, async () => {
  await using server = await startServer({ appendOnly: true });
  const queue = freeName();
  const args = ['-j', '2', '--lock', '3000'];
  const workers: WorkerProcess[] = [await startWorker(server.url, queue, args), await startWorker(server.url, queue, args)];
  const executor = new DistributedExecutor({ url: server.url, queue, release: 'test' });
  await executor.ready(2);
  const results = new Map<number, number>();
  let settled = 0;
  const tried = executor.with({ retries: 10 });
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i++)
    all.push(
      tried.submit(double, i).then((value) => {
        settled++;
        results.set(i, value);
      }),
    );
  const done = Promise.all(all);
  const state = { isOver: false };
  const over = done.finally(() => {
    state.isOver = true;
  });
  over.catch(() => {});
  for (let i = 0; i < accidents && !state.isOver; i++) {
    const victim = i % workers.length;
    if (i % 3 === 2) {
      // Stopped for longer than its lock lasts: what it had is told by others.
      workers[victim]!.child.kill('SIGSTOP');
      await Promise.race([over, sleep(4000)]);
      workers[victim]!.child.kill('SIGCONT');
    } else {
      await workers[victim]!.end('SIGKILL');
      workers[victim] = await startWorker(server.url, queue, args);
    }
    if (i === 1) {
      await server.kill();
      await server.start();
    }
    if (i === 0) {
      // The caller is busy: what comes meanwhile waits for it.
      const end = Date.now() + (isLong ? 3000 : 300);
      while (Date.now() < end);
    }
    await Promise.race([over, sleep(isLong ? 1000 : 100)]);
  }
  await done;
  assert.equal(settled, count);
  for (let i = 0; i < count; i++) assert.equal(results.get(i), i * 2);
  assert.equal(await server.command('ZCARD', `heddle:jobs:{${queue}}:test:prioritized`), ':0');
  await executor.shutdown();
  for (const worker of workers) await worker.end('SIGTERM');
});
