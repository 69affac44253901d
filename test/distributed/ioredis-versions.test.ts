/** The distributed objects with each version of ioredis that is supported. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DistributedLock } from '#src/distributed/objects/lock.js';
import { DistributedMap } from '#src/distributed/objects/map.js';
import { DistributedQueue } from '#src/distributed/queue/queue.js';
import { DistributedBarrier } from '#src/distributed/objects/barrier.js';
import { useRedis } from '#src/distributed/server/redis.js';
import { freeName, noOwnServer as skip, startServer, type TestServer } from './server.js';

let server: TestServer;
before(async () => {
  if (skip === false) server = await startServer({ isOwn: true, appendOnly: true });
});
after(() => server?.[Symbol.asyncDispose]());

const versions = { ioredis: () => import('ioredis'), ioredis6: () => import('ioredis6') };

for (const [name, load] of Object.entries(versions)) {
  test(`${name}: calls, waits, items and a server that is restarted`, { skip }, async () => {
    const { Redis } = await load();
    useRedis(Redis);
    const options = { url: server.url };
    await using lock = new DistributedLock(freeName(), options);
    await using other = new DistributedLock(lock.name, options);
    await using map = new DistributedMap<string>(freeName(), options);
    await using queue = new DistributedQueue<Uint8Array>(freeName(), 1, options);
    await using barrier = new DistributedBarrier(freeName(), 2, options);
    await lock.acquire();
    const waiting = other.acquire();
    await lock.release();
    assert.equal(await waiting, true);
    await map.set('a', { b: [1n] });
    assert.deepEqual(await map.get('a'), { b: [1n] });
    assert.equal(await map.size, 1);
    for await (const [key, value] of map) assert.deepEqual([key, value], ['a', { b: [1n] }]);
    assert.ok((await map.statistics()).bytes > 0);
    const getting = queue.get();
    await server.kill();
    const putting = queue.put(new Uint8Array([1, 255]));
    await server.start();
    await putting;
    assert.deepEqual(await getting, new Uint8Array([1, 255]));
    await queue.taskDone();
    assert.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).toSorted(), [0, 1]);
    await other.release();
  });
}
