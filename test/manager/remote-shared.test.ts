/** Locks, queues and numbers of a manager over connections: each connection has them as a thread of its own, and gives up what it held when it ends. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type AcquirerProxy,
  BrokenBarrierError,
  callback,
  Empty,
  EOFError,
  Full,
  InvalidStateError,
  Lock,
  Manager,
  OwnerDied,
  Queue,
  type QueueProxy,
  type RemoteManager,
  ShutDown,
  TimeoutError,
} from 'heddle';

const authkey = Buffer.from('the key of both programs');
const lockOfAll = new Lock();
const jobs = new Queue<number>();
Manager.register('lockOfAll', () => lockOfAll);
Manager.register('jobs', () => jobs);
const values = new Map<string, unknown>();
Manager.register('board', () => ({
  set: (key: string, value: unknown) => void values.set(key, value),
  get: (key: string) => values.get(key),
}));

let manager: Manager;
let one: RemoteManager;
let other: RemoteManager;

const connect = (): Promise<RemoteManager> => Manager.connect({ address: manager.address!, authkey });

before(async () => {
  manager = await Manager.start({ authkey });
  [one, other] = await Promise.all([connect(), connect()]);
});

after(async () => {
  one.close();
  other.close();
  await manager.shutdown();
});

/** The same object, as another connection has it. */
async function sharedWith<T>(object: T): Promise<T> {
  const dict = await one.create<{ set(key: string, value: unknown): void }>('board');
  await dict.set('it', object);
  return (await (await other.create<{ get(key: string): unknown }>('board')).get('it')) as T;
}

test('a lock is held by one connection at a time, and its waits have a time', async () => {
  const lock = await one.Lock();
  const there = await sharedWith(lock);
  assert.equal(await lock.acquire(), true);
  assert.deepEqual(
    [await there.locked(), there.tryAcquireSync(), there.acquireSync(1), await there.acquire({ timeout: 1 })],
    [true, false, false, false],
  );
  const waiting = there.acquire();
  await lock.release();
  assert.equal(await waiting, true);
  assert.match((await lock.owner)!.name, /^connection \d+ of a manager/);
  there.releaseSync();
  await assert.rejects(lock.release(), InvalidStateError);
  await assert.rejects(lock.hold(-1), RangeError);
});

test('hold and run release what they took, and run calls its function here', async () => {
  const lock = one.LockSync();
  const there = await sharedWith(lock);
  {
    using guard = await lock.hold();
    assert.equal(await there.locked(), true);
    await assert.rejects(there.hold(1), TimeoutError);
    assert.throws(() => there.holdSync(1), TimeoutError);
    void guard;
  }
  const where = await there.run(() => process.pid);
  assert.equal(where, process.pid);
  await assert.rejects(
    there.run(() => Promise.reject(new RangeError('inside'))),
    /inside/,
  );
  assert.equal(await lock.locked(), false);
  const third = await connect();
  const theirs = await third.Lock();
  const closes = (): never => {
    third.close();
    throw new RangeError('inside');
  };
  await assert.rejects(theirs.run(closes), /^RangeError: inside/);
  const fourth = await connect();
  const last = await fourth.Lock();
  await assert.rejects(
    last.run(() => fourth.close()),
    /^EOFError: Lock\.release\(\): /,
  );
  assert.throws(() => last.releaseSync(), /^EOFError: Lock\.releaseSync\(\): the connection to .* was closed here/);
});

test('the next owner of a lock is told that the connection which held it has ended, on either side', async () => {
  const third = await connect();
  const theirs = await third.create<Lock>('lockOfAll');
  await theirs.acquire();
  const waiting = lockOfAll.acquire();
  third.close();
  await assert.rejects(waiting, (error: Error) => error instanceof OwnerDied && /^connection \d+ of a manager/.test(error.message));
  lockOfAll.release();
  const fourth = await connect();
  const lock = await fourth.Lock();
  const mine = await sharedThrough(fourth, lock);
  await lock.acquire();
  const next = mine.acquire();
  fourth.close();
  await assert.rejects(next, OwnerDied);
  await mine.release();
});

/** The same lock, as `one` has it. */
async function sharedThrough(from: RemoteManager, lock: AcquirerProxy): Promise<AcquirerProxy> {
  await (await from.create<{ set(key: string, value: unknown): void }>('board')).set('lock', lock);
  return (await (await one.create<{ get(key: string): unknown }>('board')).get('lock')) as AcquirerProxy;
}

test('an RLock is entered again by its connection, and by no other', async () => {
  const lock = await one.RLock();
  const there = await sharedWith(lock);
  await lock.acquire();
  lock.acquireSync();
  assert.equal(there.tryAcquireSync(), false);
  await assert.rejects(there.release(), InvalidStateError);
  await lock.release();
  await lock.release();
  assert.equal(there.tryAcquireSync(), true);
  await there.release();
});

test('permits that a connection held go back with it', async () => {
  const third = await connect();
  const semaphore = await third.BoundedSemaphore(2);
  await (await third.create<{ set(key: string, value: unknown): void }>('board')).set('it', semaphore);
  const mine = (await (await one.create<{ get(key: string): unknown }>('board')).get('it')) as typeof semaphore;
  await semaphore.hold();
  await semaphore.hold();
  assert.equal(await mine.getValue(), 0);
  const waiting = mine.acquire();
  third.close();
  assert.equal(await waiting, true);
  await mine.release();
  assert.equal(await mine.getValue(), 2);
  await assert.rejects(mine.release(), RangeError);
});

test('an event, a condition and a barrier between two connections', async () => {
  const event = await one.Event();
  const eventThere = await sharedWith(event);
  const set = eventThere.wait();
  assert.equal(await event.wait(1), false);
  await event.set();
  assert.deepEqual([await set, eventThere.isSetSync()], [true, true]);

  const condition = await one.Condition(await one.RLock());
  const conditionThere = await sharedWith(condition);
  let isReady = false;
  const waited = conditionThere.run(() => conditionThere.waitFor(() => isReady));
  while ((await condition.statistics()).unnotified === 0);
  await condition.run(async () => {
    isReady = true;
    await condition.notifyAll();
  });
  assert.equal(await waited, true);
  await assert.rejects(condition.notify(), InvalidStateError);
  using held = condition.holdSync();
  assert.equal(
    condition.waitForSync(() => false, 1),
    false,
  );
  void held;

  const barrier = await one.Barrier(2);
  const barrierThere = await sharedWith(barrier);
  const ranks = await Promise.all([barrier.wait(), barrierThere.wait()]);
  assert.deepEqual(ranks.toSorted(), [0, 1]);
  const broken = barrierThere.wait();
  while ((await barrier.nWaiting) === 0);
  barrier.abortSync();
  await assert.rejects(broken, BrokenBarrierError);
});

test('a queue passes values in order, has its times and ends, and its consumers are known', async () => {
  const queue: QueueProxy = await one.Queue(2);
  const there = await sharedWith(queue);
  const dict = await one.dict();
  await queue.put({ n: 1 });
  queue.putSync(dict);
  await assert.rejects(queue.put(3, 0), Full);
  assert.throws(() => queue.putNowaitSync(3), Full);
  assert.deepEqual(await there.get(), { n: 1 });
  await ((await there.get()) as typeof dict).set('x', 1);
  assert.equal(dict.getSync('x'), 1);
  await assert.rejects(there.get(1), Empty);
  const late = there.get();
  await queue.put('late');
  assert.equal(await late, 'late');
  for (let i = 0; i < 3; i += 1) await there.taskDone();
  assert.equal(await queue.join(), true);
  await queue.putMany([1, 2]);
  await queue.shutdown();
  const items: unknown[] = [];
  for await (const item of there) items.push(item);
  assert.deepEqual(items, [1, 2]);
  await assert.rejects(queue.put(1), ShutDown);
  const ordered = await one.PriorityQueue<number>();
  await ordered.putMany([3, 1, 2]);
  assert.deepEqual(await ordered.getMany(3), [1, 2, 3]);
});

test('a queue of the own program of the manager serves connections; join is told of a consumer that ended before taskDone', async () => {
  jobs.putSync(7);
  const third = await connect();
  const theirs = await third.create<Queue<number>>('jobs');
  assert.equal(await theirs.get(), 7);
  const joined = jobs.join();
  third.close();
  await assert.rejects(joined, OwnerDied);
});

test('numbers: functions of update run at the manager, in one step', async () => {
  const value = await one.Value('int32', 5);
  const there = await sharedWith(value);
  await Promise.all([value, there].map((its) => its.update((n) => n + 1)));
  assert.equal(await there.value, 7);
  there.valueSync = 9;
  assert.deepEqual([value.valueSync, await value.add(1)], [9, 10]);
  await assert.rejects(value.update(callback((n: number) => n)), /takes no function of callback\(\): its functions run at the manager/);
  const array = await one.Array('float64', [1, 2, 3]);
  await array.set(0, 1.5);
  assert.deepEqual([await array.length, await array.slice(0, 2)], [3, [1.5, 2]]);
  await assert.rejects(array.get(9), RangeError);
  const results = await array.pipeline((calls) => {
    calls.set(1, 7);
    calls.get(1);
  });
  assert.deepEqual(results, [undefined, 7]);
});

test('a call that waits at a lock fails when its own connection is closed', async () => {
  const third = await connect();
  const lock = await third.Lock();
  await lock.acquire();
  const failed = assert.rejects(
    lock.acquire(),
    (error: Error) => error instanceof EOFError && error.message.startsWith('Lock.acquire(): '),
  );
  third.close();
  await failed;
});

test('an aborted wait rejects with the reason of its signal, and leaves nothing behind', async () => {
  const lock = await one.Lock();
  const queue = await one.Queue<number>();
  await lock.acquire();
  const mine = new Error('no more');
  const abort = new AbortController();
  const waits = [
    lock.acquire({ signal: abort.signal }),
    lock.hold({ timeout: 1e6, signal: abort.signal }),
    queue.get({ signal: abort.signal }),
    lock.run(() => 'never', { signal: abort.signal }),
  ];
  const failed = Promise.all(waits.map((wait) => assert.rejects(wait, (error) => error === mine)));
  assert.equal((await lock.statistics()).waiting, 1);
  abort.abort(mine);
  await failed;
  await assert.rejects(lock.acquire({ signal: abort.signal }), (error) => error === mine);
  await lock.release();
  assert.equal(await lock.tryAcquire(), true);
  await queue.put(1);
  assert.equal(await queue.get({ signal: new AbortController().signal }), 1);
  assert.throws(() => lock.acquireSync({ signal: abort.signal }), /^TypeError: expected Lock\.acquireSync\(\) to be given no signal/);
  await lock.release();
});
