/** DistributedQueue between programs: nothing is lost when consumers and producers die. What all queues do is in conformance.test.ts. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { InvalidStateError, share, SharedArray, Lock, SerializationError } from 'heddle';
import { DistributedLock, DistributedQueue, LeaseLost } from 'heddle/distributed';
import { startPeer, until } from './peer.js';
import { freeName, noOwnServer as skip, startServer, type TestServer } from './server.js';

let server: TestServer;
before(async () => {
  if (skip === false) server = await startServer({ isOwn: true });
});
after(() => server?.[Symbol.asyncDispose]());

/** Of victims. */
const lease = 800;
const make = <T>(name: string, own: object = {}, maxSize = 0): DistributedQueue<T> =>
  new DistributedQueue<T>(name, maxSize, { url: server.url, lease, ...own });

test('the items of a consumer that is killed go to another, in their order and before later ones', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using queue = make<number>(name);
  const theirs = await peer.make('DistributedQueue', name, 0, { url: server.url, lease });
  await queue.putMany([1, 2, 3, 4]);
  assert.deepEqual(await theirs('getMany', 3), [1, 2, 3]);
  await theirs('taskDone');
  assert.deepEqual([await queue.qsize(), (await queue.statistics()).inHand], [1, 2]);
  await peer.kill();
  const seen: number[][] = [];
  // The fourth is there at once; those of the dead consumer when its lease has ended.
  for (let i = 0; i < 3; i += 1) {
    const { value, deliveries, done } = await queue.receive();
    seen.push([value, deliveries]);
    await done();
  }
  assert.deepEqual(
    seen.toSorted((a, b) => a[0]! - b[0]!),
    [
      [2, 2],
      [3, 2],
      [4, 1],
    ],
  );
  assert.equal(await queue.join(), true);
  assert.deepEqual((await queue.statistics()).inHand, 0);
});

test('an item that a live consumer takes long for stays with it', { skip }, async () => {
  const name = freeName();
  await using queue = make<string>(name, { lease: 900 });
  await using other = make<string>(name, { lease: 900 });
  await queue.put('slow');
  assert.equal(await queue.get(), 'slow');
  await assert.rejects(other.get(2200), { name: 'Empty' });
  await queue.taskDone();
  assert.equal(await other.join(0), true);
});

test('a consumer that is stopped for longer than its lease is told that its item is lost', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using queue = make<string>(name);
  const theirs = await peer.make('DistributedQueue', name, 0, { url: server.url, lease });
  await queue.put('contested');
  assert.equal(await theirs('get'), 'contested');
  peer.signal('SIGSTOP');
  assert.equal(await queue.get(), 'contested');
  peer.signal('SIGCONT');
  await assert.rejects(theirs('taskDone'), { name: 'LeaseLost' });
  await queue.taskDone();
  assert.equal(await queue.join(), true);
});

test('the puts of a producer that is killed while it waits for room are no more, and the room is for others', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using queue = make<string>(name, {}, 1);
  const theirs = await peer.make('DistributedQueue', name, 1, { url: server.url });
  await queue.put('first');
  void theirs('put', 'never');
  await until(async () => (await queue.statistics()).waitingPutters === 1);
  await peer.kill();
  const putting = queue.put('second');
  assert.equal(await queue.get(), 'first');
  await putting;
  assert.equal(await queue.get(), 'second');
  assert.equal(await queue.qsize(), 0);
});

test('a getter that is killed while it waits is passed over', { skip }, async () => {
  const name = freeName();
  await using peer = await startPeer();
  await using queue = make<string>(name);
  const theirs = await peer.make('DistributedQueue', name, 0, { url: server.url });
  void theirs('get');
  await until(async () => (await queue.statistics()).waitingGetters === 1);
  const mine = queue.get();
  await until(async () => (await queue.statistics()).waitingGetters === 2);
  await peer.kill();
  await queue.put('for the living');
  assert.equal(await mine, 'for the living');
});

test('two programs that produce and consume hand on each item once, in the order of its producer', { skip }, async () => {
  const name = freeName();
  const count = 400;
  await using peer = await startPeer();
  await using queue = make<[string, number]>(name, { lease: 10_000 }, 16);
  const theirs = await peer.make('DistributedQueue', name, 16, { url: server.url });
  const items = (from: string): [string, number][] => Array.from({ length: count }, (_, i) => [from, i]);
  const putting = Promise.all([theirs('putMany', items('peer')), queue.putMany(items('here'))]);
  const seen: [string, number][] = [];
  while (seen.length < 2 * count) {
    const [a, b] = await Promise.all([
      queue.getMany(5),
      theirs('getMany', 5, { block: false }).catch(() => []) as Promise<[string, number][]>,
    ]);
    seen.push(...a, ...b);
    for (const _ of a) await queue.taskDone();
    for (const _ of b) await theirs('taskDone');
    if (seen.length + 5 > 2 * count) break;
  }
  while (seen.length < 2 * count) seen.push(await queue.get());
  await putting;
  for (const from of ['peer', 'here']) {
    const numbers = seen.filter((item) => item[0] === from).map((item) => item[1]);
    assert.deepEqual(
      numbers.toSorted((x, y) => x - y),
      items(from).map((item) => item[1]),
    );
  }
});

test('closing a handle gives back what is in its hands, in order', { skip }, async () => {
  const name = freeName();
  await using queue = make<number>(name);
  const other = make<number>(name);
  await queue.putMany([1, 2, 3]);
  assert.deepEqual(await other.getMany(2), [1, 2]);
  const waiting = other.getMany(5);
  assert.deepEqual(await waiting, [3]);
  await other.close();
  assert.equal(await queue.qsize(), 3);
  assert.deepEqual(await queue.getMany(3), [1, 2, 3]);
  await assert.rejects(other.get(), InvalidStateError);
});

test('a delivery that is put back is the next one, and tells how often it was delivered', { skip }, async () => {
  await using queue = make<string>(freeName());
  await queue.putMany(['a', 'b']);
  const first = await queue.receive();
  assert.deepEqual([first.value, first.deliveries], ['a', 1]);
  first.putBack();
  const again = await queue.receive();
  assert.deepEqual([again.value, again.deliveries], ['a', 2]);
  await again.done();
  assert.throws(() => again.putBack(), InvalidStateError);
  assert.equal((await queue.statistics()).unfinishedTasks, 1);
});

test('with acknowledge get an item has left the server when it is taken', { skip }, async () => {
  const name = freeName();
  await using queue = make<number>(name, { acknowledge: 'get' });
  await queue.putMany([1, 2]);
  assert.deepEqual(await queue.getMany(2), [1, 2]);
  assert.deepEqual(await queue.statistics(), {
    size: 0,
    maxSize: 0,
    puts: 2,
    gets: 2,
    unfinishedTasks: 2,
    inHand: 0,
    waitingGetters: 0,
    waitingPutters: 0,
  });
  await queue.taskDone();
  await queue.taskDone();
  await assert.rejects(queue.taskDone(), RangeError);
  assert.equal(await queue.join(), true);
});

test('an item that was taken away from its consumer is a LeaseLost for it, once', { skip }, async () => {
  await using queue = make<number>(freeName());
  await queue.put(1);
  await queue.get();
  await queue.destroy();
  await queue.put(2);
  await assert.rejects(queue.taskDone(), LeaseLost);
  await assert.rejects(queue.taskDone(), RangeError);
  assert.equal(await queue.get(), 2);
});

test('shared objects are refused by a path that names the class to use; share()d arrays are copied', { skip }, async () => {
  await using queue = make<unknown>(freeName());
  await assert.rejects(queue.put({ guard: [new Lock()] }), (error: Error) => {
    assert.ok(error instanceof SerializationError);
    return /item\.guard\[0\]: a Lock cannot cross to another machine: use a DistributedLock/.test(error.message);
  });
  await assert.rejects(
    queue.put([new SharedArray('float64', 2)]),
    /item\[0\]: a SharedArray cannot cross to another machine: use a DistributedMap/,
  );
  await assert.rejects(
    queue.put([new AbortController().signal]),
    /item\[0\]: an AbortSignal cannot cross to another machine: .*DistributedEvent/,
  );
  const data = share(new Float64Array([1, 2, 3]));
  await queue.put({ data, part: data.subarray(1) });
  const { data: copy, part } = (await queue.get()) as { data: Float64Array; part: Float64Array };
  assert.deepEqual(
    [[...copy], [...part]],
    [
      [1, 2, 3],
      [2, 3],
    ],
  );
  copy[0] = 9;
  assert.equal(data[0], 1);
});

test('distributed objects may be items', { skip }, async () => {
  await using queue = make<DistributedLock>(freeName());
  await using lock = new DistributedLock(freeName(), { url: server.url });
  await lock.acquire();
  await queue.put(lock);
  await using its = await queue.get();
  assert.equal(its.name, lock.name);
  assert.equal(await its.tryAcquire(), false);
});

test('all handles must have the same maxSize', { skip }, async () => {
  const name = freeName();
  await using queue = make<number>(name, {}, 3);
  await queue.put(1);
  await using other = make<number>(name, {}, 4);
  await assert.rejects(other.get(), /has maxSize 3 at the server, and this handle has 4/);
  await assert.rejects(other.put(1), InvalidStateError);
});

test('items of several MiB, and more of them than one request takes, arrive whole', { skip }, async () => {
  await using queue = make<Uint8Array | number>(freeName());
  const large = new Uint8Array(3 << 20).fill(7);
  await queue.putMany([large, large]);
  await queue.putMany(Array.from({ length: 1500 }, (_, i) => i));
  assert.deepEqual(await queue.getMany(2), [large, large]);
  const seen: unknown[] = [];
  while (seen.length < 1500) seen.push(...(await queue.getMany(Infinity)));
  assert.deepEqual(
    seen,
    Array.from({ length: 1500 }, (_, i) => i),
  );
});

test('the longest lease of all handles tells when a consumer is dead', { skip }, async () => {
  const name = freeName();
  await using queue = make<string>(name, { lease: 100 });
  await using patient = make<string>(name, { lease: 60_000 });
  await queue.put('mine');
  assert.equal(await patient.get(), 'mine');
  await assert.rejects(queue.get(600), { name: 'Empty' });
  await patient.taskDone();
  assert.equal(await queue.join(), true);
});
