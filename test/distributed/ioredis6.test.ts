import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DistributedExecutor, DistributedLock, DistributedWorker } from '#src/distributed/index.js';
import { type RedisClass, useRedis } from '#src/distributed/server/redis.js';
import { double } from './plain-tasks.ts';
import { freeName, noServer, startServer } from './server.ts';

test('ioredis 6 serves as ioredis 5 does, which the other tests have', { skip: noServer }, async () => {
  const { Redis } = (await import('ioredis6')) as unknown as { Redis: RedisClass };
  useRedis(Redis);
  await using server = await startServer();
  const { url } = server;
  const queue = freeName();
  await using worker = new DistributedWorker({ url, queue, release: 'test', maxWorkers: 1 });
  await worker.start();
  await using executor = new DistributedExecutor({ url, queue, release: 'test' });
  assert.equal(await executor.submit(double, 21), 42);
  assert.deepEqual(await executor.map(double, [1, 2, 3]).toArray(), [2, 4, 6]);
  const lock = new DistributedLock(freeName(), { url });
  assert.equal(await lock.acquire(), true);
  await lock.release();
  await lock.close();
});
