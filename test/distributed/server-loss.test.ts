/** The server goes away and comes back: what it had acknowledged is there, calls go on, and what cannot be known is rejected. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { AuthenticationError, BrokenBarrierError, UnsupportedPlatformError } from 'heddle';
import {
  BackendLost,
  DistributedBarrier,
  DistributedEvent,
  DistributedLock,
  DistributedMap,
  DistributedQueue,
  DistributedSemaphore,
} from 'heddle/distributed';
import { until } from './peer.js';
import { noOwnServer as skip, startServer } from './server.js';

test('a server that is killed and restarted with its log has all that it acknowledged, and calls made meanwhile go on', {
  skip,
}, async () => {
  await using server = await startServer({ appendOnly: true, isOwn: true, args: ['--appendfsync', 'always'] });
  const { url } = server;
  await using queue = new DistributedQueue<number>('queue', 0, { url });
  await using map = new DistributedMap<string, number>('map', { url });
  await using lock = new DistributedLock('lock', { url, lease: 60_000 });
  await using other = new DistributedLock('lock', { url });
  await using semaphore = new DistributedSemaphore('semaphore', 2, { url });
  await using event = new DistributedEvent('event', { url });
  await queue.putMany([1, 2, 3]);
  assert.equal(await queue.get(), 1);
  await map.set('a', 1);
  await lock.acquire();
  await semaphore.acquire();
  const waiting = [other.acquire(), semaphore.run(() => semaphore.acquire()), event.wait(), queue.join()];
  await until(async () => (await lock.statistics()).waiting === 1);
  await server.kill();
  const meanwhile = [queue.put(4), map.update('a', (n = 0) => n + 1), event.set()];
  await server.start();
  await Promise.all(meanwhile);
  assert.equal(await map.get('a'), 2);
  assert.equal(lock.signal.aborted, false);
  await lock.release();
  await semaphore.release();
  assert.deepEqual(await Promise.all(waiting.slice(0, 3)), [true, true, true]);
  await queue.taskDone();
  assert.deepEqual(await queue.getMany(3), [2, 3, 4]);
  for (let i = 0; i < 3; i += 1) await queue.taskDone();
  assert.equal(await waiting[3], true);
  assert.deepEqual((await queue.statistics()).puts, 4);
});

test('puts and updates that are on their way when the server is killed are done once', { skip }, async () => {
  await using server = await startServer({ appendOnly: true, isOwn: true, args: ['--appendfsync', 'always'] });
  const { url } = server;
  await using queue = new DistributedQueue<number>('queue', 0, { url });
  await using map = new DistributedMap<string, number>('map', { url });
  await using semaphore = new DistributedSemaphore('semaphore', 0, { url });
  await map.set('n', 0);
  const count = 300;
  for (let round = 0; round < 3; round += 1) {
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < count; i += 1) {
      calls.push(queue.put(round * count + i), semaphore.release());
      if (i % 10 === 0) {
        calls.push(map.update('n', (n = 0) => n + 1));
        await new Promise(setImmediate);
      }
      if (i === count / 2) await server.kill();
      if (i === count - 1) await server.start();
    }
    await Promise.all(calls);
  }
  assert.equal(await map.get('n'), (3 * count) / 10);
  assert.equal(await semaphore.getValue(), 3 * count);
  const seen: number[] = [];
  while (seen.length < 3 * count) seen.push(...(await queue.getMany(Infinity, 10_000)));
  assert.deepEqual(
    seen,
    Array.from({ length: 3 * count }, (_, i) => i),
  );
  assert.equal(await queue.qsize(), 0);
});

test('what a server without a log has forgotten is lost for its holders, and told so', { skip }, async () => {
  await using server = await startServer({ isOwn: true });
  const { url } = server;
  await using lock = new DistributedLock('lock', { url, lease: 1000 });
  await using barrier = new DistributedBarrier('barrier', 2, { url });
  await using queue = new DistributedQueue<number>('queue', 0, { url });
  await lock.acquire();
  await queue.put(1);
  await queue.get();
  const broken = assert.rejects(
    barrier.wait(),
    (error: Error) => error instanceof BrokenBarrierError && /is not known/.test(error.message),
  );
  await until(async () => (await barrier.nWaiting) === 1);
  const lost = once(lock.signal, 'abort');
  await server.kill();
  await server.start();
  await lost;
  await assert.rejects(lock.release(), { name: 'LeaseLost' });
  await broken;
  await assert.rejects(queue.taskDone(), { name: 'LeaseLost' });
  assert.equal(await queue.qsize(), 0);
});

test('a wait ends by its time-out and by its signal also while the server is away, and all end when it stays away', { skip }, async () => {
  await using server = await startServer({ isOwn: true });
  const options = { url: server.url, reconnectTimeout: 1500 };
  await using lock = new DistributedLock('lock', options);
  await using queue = new DistributedQueue<number>('queue', 1, options);
  await using event = new DistributedEvent('event', options);
  await queue.put(1);
  const endless = [event.wait(), queue.join(), queue.put(2), lock.run(() => event.wait())];
  await until(async () => (await queue.statistics()).waitingPutters === 1 && (await lock.locked()));
  await server.kill();
  const ends = Promise.allSettled([...endless, lock.release()]);
  assert.equal(await event.wait(20), false);
  await assert.rejects(event.wait({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  assert.equal(await queue.join(20), false);
  const reasons = (await ends).map((end) => (end.status === 'rejected' ? end.reason : end.value));
  assert.ok(
    reasons.every((reason) => reason instanceof BackendLost),
    String(reasons),
  );
});

/**
 * Passes bytes on between clients and the server, until it is cut: then nothing comes through, as on a network that is down, and no end is told. When it is
 * mended, new connections pass; those of before stay dumb.
 */
async function startProxy(port: number): Promise<{ port: number; cut(): void; mend(): void; close(): void }> {
  let isCut = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const back = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, back],
      [back, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      if (isCut) from.pause();
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as { port: number }).port,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend: () => void (isCut = false),
    close: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('a holder that is cut off from the server loses its lease by itself, and goes on when the way is open again', { skip }, async () => {
  await using server = await startServer({ isOwn: true });
  const proxy = await startProxy(server.port);
  {
    const cutOff = { url: `redis://127.0.0.1:${proxy.port}`, lease: 1000 };
    await using lock = new DistributedLock('lock', cutOff);
    await using queue = new DistributedQueue<string>('queue', 0, cutOff);
    await using theirs = new DistributedLock('lock', { url: server.url, onOwnerDied: 'ignore' });
    await using consumer = new DistributedQueue<string>('queue', 0, { url: server.url, lease: 1000 });
    await lock.acquire();
    await queue.put('before');
    assert.equal(await queue.get(), 'before');
    const waiting = queue.get();
    const lost = once(lock.signal, 'abort');
    proxy.cut();
    await Promise.all([lost, theirs.acquire()]);
    assert.equal(await consumer.get(), 'before');
    await consumer.taskDone();
    await consumer.put('after');
    proxy.mend();
    // A wait finds the silent connection dead, and makes another.
    assert.equal(await waiting, 'after');
    await assert.rejects(lock.release(), { name: 'LeaseLost' });
    assert.equal(await theirs.locked(), true);
  }
  proxy.close();
});

test('a server that may throw keys away, or asks for another password, is refused with the remedy', { skip }, async () => {
  await using evicting = await startServer({ isOwn: true, args: ['--maxmemory-policy', 'allkeys-lru'] });
  await using lock = new DistributedLock('lock', { url: evicting.url });
  await assert.rejects(lock.acquire(), (error: Error) => {
    assert.ok(error instanceof UnsupportedPlatformError);
    return /maxmemory-policy allkeys-lru: CONFIG SET maxmemory-policy noeviction/.test(error.message);
  });
});

test('user and password of the URL are used, and wrong ones are an AuthenticationError at once', { skip }, async () => {
  await using server = await startServer({ isOwn: true, args: ['--requirepass', 'secret'], auth: ':secret' });
  await using lock = new DistributedLock('lock', { url: server.url });
  assert.equal(await lock.tryAcquire(), true);
  for (const auth of ['', ':wrong@', 'somebody:secret@']) {
    await using other = new DistributedLock('lock', { url: `redis://${auth}127.0.0.1:${server.port}` });
    await assert.rejects(other.tryAcquire(), (error: Error) => {
      assert.ok(error instanceof AuthenticationError, String(error));
      return error.message.includes(`redis://127.0.0.1:${server.port} refuses`) && !error.message.includes('secret');
    });
  }
});

test('a user without permission, and a cluster, are refused at once', { skip }, async () => {
  await using server = await startServer({ isOwn: true, args: ['--user', 'weak', 'on', '>weakling', '~*', '&*', '+@all', '-info'] });
  await using lock = new DistributedLock('lock', { url: `redis://weak:weakling@127.0.0.1:${server.port}` });
  await assert.rejects(lock.tryAcquire(), /checks its server by INFO, which .* does not permit to this user: ACL SETUSER/);
  await using other = await startServer({ isOwn: true, args: ['--user', 'weak', 'on', '>weakling', '~*', '&*', '+@all', '-script'] });
  await using second = new DistributedLock('lock', { url: `redis://weak:weakling@127.0.0.1:${other.port}` });
  await assert.rejects(
    second.tryAcquire(),
    (error: Error) => error instanceof AuthenticationError && /does not permit its user/.test(error.message),
  );
  await using cluster = await startServer({ isOwn: true, args: ['--cluster-enabled', 'yes'] });
  await using third = new DistributedLock('lock', { url: cluster.url });
  await assert.rejects(third.tryAcquire(), /needs the URL of one server: .* is one of a cluster/);
});
