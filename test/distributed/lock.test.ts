/** DistributedLock between programs: leases, fencing tokens, order, and deaths. What all locks do is in conformance.test.ts. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BackendLost, DistributedLock, DistributedSemaphore, LeaseLost } from 'heddle/distributed';
import { InvalidStateError, OwnerDied, Pool } from 'heddle';
import { startPeer, until } from './peer.js';
import { freeName, noOwnServer as skip, startServer, type TestServer } from './server.js';

let server: TestServer;
before(async () => {
  if (skip === false) server = await startServer({ isOwn: true });
});
after(() => server?.[Symbol.asyncDispose]());

/** Of victims. */
const lease = 800;
const make = (name: string, own: object = {}): DistributedLock => new DistributedLock(name, { url: server.url, ...own });

test('a lock whose holder is killed goes to the next, which is told of the death, and its fencing token is larger', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  const theirs = await peer.make('DistributedLock', name, { url: server.url, lease });
  assert.equal(await theirs('acquire'), true);
  const fence = (await theirs('fence')) as number;
  await using lock = make(name);
  assert.equal((await lock.owner)?.pid, peer.pid);
  const waiting = lock.acquire();
  await until(async () => (await lock.statistics()).waiting === 1);
  await peer.kill();
  const died = await waiting.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(died instanceof OwnerDied);
  assert.equal(died.owner.pid, peer.pid);
  assert.ok(lock.fence! > fence);
  assert.equal(await lock.locked(), true);
  await lock.release();
  assert.equal(await lock.acquire(0), true);
});

test('with onOwnerDied ignore a dead holder is taken over from without a word', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await (await peer.make('DistributedLock', name, { url: server.url, lease }))('acquire');
  await peer.kill();
  await using lock = make(name, { onOwnerDied: 'ignore' });
  assert.equal(await lock.acquire(), true);
});

test('a holder that is stopped for longer than its lease finds it lost when it goes on', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  const theirs = await peer.make('DistributedLock', name, { url: server.url, lease });
  await theirs('acquire');
  const second = await peer.make('DistributedLock', `${name}-2`, { url: server.url, lease });
  const { kept } = (await second('hold')) as { kept: number };
  const guard = peer.on(kept);
  peer.signal('SIGSTOP');
  await using lock = make(name, { onOwnerDied: 'ignore' });
  await using another = make(`${name}-2`, { onOwnerDied: 'ignore' });
  assert.deepEqual(await Promise.all([lock.acquire(), another.acquire()]), [true, true]);
  peer.signal('SIGCONT');
  assert.deepEqual(await theirs('signal'), { aborted: true, reason: 'LeaseLost' });
  await assert.rejects(theirs('release'), { name: 'LeaseLost' });
  await assert.rejects(guard('release'), { name: 'LeaseLost' });
  // The lock of the new holder is untouched.
  assert.equal(await lock.locked(), true);
  await lock.release();
});

test('a lease is renewed for as long as its holder lives, and longer than the lease is', { skip }, async () => {
  await using lock = make(freeName(), { lease: 900 });
  await using other = make(lock.name);
  await lock.acquire();
  const { fence } = lock;
  assert.equal(await other.acquire(2000), false);
  assert.deepEqual([lock.fence, lock.signal.aborted, (await other.statistics()).fence], [fence, false, fence]);
  await lock.release();
});

test('a waiter that is killed is passed over, and all others have their turn in order', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using lock = make(name);
  await lock.acquire();
  const theirs = await peer.make('DistributedLock', name, { url: server.url, lease });
  void theirs('acquire');
  await until(async () => (await lock.statistics()).waiting === 1);
  const order: number[] = [];
  await using others = make(name);
  const all = [1, 2, 3].map((n) => others.run(() => void order.push(n)));
  await until(async () => (await lock.statistics()).waiting === 4);
  await peer.kill();
  await lock.release();
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3]);
});

test('fencing tokens grow, also when the server has lost all it knew', { skip }, async () => {
  await using lock = make(freeName());
  const fences: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    fences.push(await lock.run(({ fence }) => fence));
    await lock.destroy();
    fences.push(await lock.run(({ fence }) => fence));
  }
  assert.deepEqual(
    fences,
    fences.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(fences).size, fences.length);
  assert.ok(fences.every(Number.isSafeInteger));
});

test('a lock that was removed from the server is lost for its holder', { skip }, async () => {
  await using lock = make(freeName(), { lease: 100 });
  await lock.acquire();
  await lock.destroy();
  await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
  assert.ok(lock.signal.reason instanceof LeaseLost);
  await assert.rejects(lock.release(), LeaseLost);
  await assert.rejects(
    lock.run(async ({ signal }) => {
      await lock.destroy();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }),
    LeaseLost,
  );
});

test('release of a lock that this handle does not have is an InvalidStateError', { skip }, async () => {
  await using lock = make(freeName());
  await using other = make(lock.name);
  await lock.acquire();
  await assert.rejects(other.release(), InvalidStateError);
  await lock.release();
  await assert.rejects(lock.release(), InvalidStateError);
});

test('closing a handle ends its waits, gives back its lock, and refuses further calls', { skip }, async () => {
  const name = freeName();
  await using other = make(name);
  const lock = make(name);
  await lock.acquire();
  const waiting = assert.rejects(lock.acquire(), InvalidStateError);
  await until(async () => (await other.statistics()).waiting === 1);
  await lock.close();
  await waiting;
  assert.equal(await other.tryAcquire(), true);
  await assert.rejects(lock.acquire(), /is closed/);
  await lock.close();
});

test('waits that were aborted or timed out leave no place in the line', { skip }, async () => {
  await using lock = make(freeName());
  await using other = make(lock.name);
  await lock.acquire();
  const controller = new AbortController();
  const aborted = assert.rejects(other.acquire({ signal: controller.signal }), /enough/);
  await until(async () => (await lock.statistics()).waiting === 1);
  controller.abort(new Error('enough'));
  await aborted;
  assert.equal(await other.acquire(5), false);
  await until(async () => (await lock.statistics()).waiting === 0);
  await lock.release();
  assert.equal(await lock.locked(), false);
});

test('a lock and a semaphore are handles: tasks of a pool have the same', { skip }, async () => {
  const name = freeName();
  await using lock = make(name);
  await using semaphore = new DistributedSemaphore(name, 1, { url: server.url });
  await using pool = new Pool(1);
  await lock.acquire();
  const seen = await pool.apply(
    async (its: DistributedLock) => {
      await semaphore.acquire();
      const isFree = await its.tryAcquire();
      await its.close();
      await semaphore.close();
      return [isFree, its.name];
    },
    [lock],
  );
  assert.deepEqual(seen, [false, name]);
  assert.equal(await semaphore.getValue(), 0);
});

test('a permit that is held comes back when its holder is killed; one that was acquired does not', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  const theirs = await peer.make('DistributedSemaphore', name, 3, { url: server.url, lease });
  await theirs('hold');
  await theirs('acquire');
  await using semaphore = new DistributedSemaphore(name, 3, { url: server.url });
  await semaphore.acquire();
  assert.deepEqual(await semaphore.statistics(), { value: 0, held: 1, waiting: 0 });
  const waiting = semaphore.acquire();
  await peer.kill();
  assert.equal(await waiting, true);
  assert.deepEqual(await semaphore.statistics(), { value: 0, held: 0, waiting: 0 });
});

test('wrong names, options and servers are refused at the call', { skip }, async () => {
  const { url } = server;
  const refused: readonly [() => unknown, RegExp][] = [
    [() => new DistributedLock('', { url }), /expected name to be a text, got ''/],
    [() => new DistributedLock(7 as never, { url }), /expected name to be a text, got 7/],
    [() => new DistributedLock('x'.repeat(600), { url }), /at most 512 bytes, got 600/],
    [() => new DistributedLock('x', { url, lease: 3 }), /expected lease to be an integer from 100 to 86400000, got 3/],
    [() => new DistributedLock('x', { url, leese: 3 } as never), /unknown key 'leese' in options: known are url, prefix/],
    [() => new DistributedLock('x', { url, onOwnerDied: 'shout' as never }), /expected onOwnerDied to be 'throw' or 'ignore', got 'shout'/],
    [() => new DistributedLock('x', { url: 'nonsense' }), /expected url to be a URL such as redis:/],
    [() => new DistributedLock('x', { url: 'http://127.0.0.1' }), /expected url to begin with redis:\/\//],
    [
      () => new DistributedLock('x', { url: 'redis://:secret@example.com' }),
      /is not this machine, got redis:\/\/example.com:6379 without TLS/,
    ],
    [() => new DistributedLock('x', { url: 'rediss://example.com' }), /without a password: allowInsecure: true permits it/],
    [() => new DistributedLock('x', { url, prefix: 'a b' }), /expected prefix to be a text without braces and spaces/],
    [() => new DistributedLock('x', { url, tls: {} }), /expected url to begin with rediss/],
    [() => new DistributedSemaphore('x', -1, { url }), /expected value to be an integer >= 0, got -1/],
  ];
  for (const [call, message] of refused) assert.throws(call, message);
  await using fine = new DistributedLock('x', { url: 'redis://example.com', allowInsecure: true });
  await using lock = make(freeName());
  await assert.rejects(lock.acquire(-1), RangeError);
  await assert.rejects(lock.acquire({ timeuot: 1 } as never), /unknown key 'timeuot'/);
  await assert.rejects(lock.run(7 as never), TypeError);
  assert.equal(String(fine), "<DistributedLock 'x'>");
});

test('without a server a call is rejected when reconnectTimeout is over', { skip }, async () => {
  await using lock = new DistributedLock('x', { url: 'redis://127.0.0.1:1', reconnectTimeout: 50 });
  await assert.rejects(lock.acquire(), BackendLost);
  await assert.rejects(lock.acquire(1000), /redis:\/\/127.0.0.1:1 cannot be reached for 50 ms: connect ECONNREFUSED/);
});
