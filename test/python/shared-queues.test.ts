/**
 * The assertions of CPython's _test_multiprocessing and test_queue on queues: between threads, between processes, and between both, in both
 * forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Empty, Full, InvalidStateError, registerReducer, SerializationError, ShutDown, SimpleQueue } from 'heddle';
import { everywhere, inBothForms, until } from '../sync/crew.js';
import type { Form } from '../sync/forms.js';
import { JoinableQueue, Queue } from '../sync/made.js';

type Options = number | { timeout?: number; block?: boolean };
const put = <T>(form: Form, queue: Queue<T>, item: T, options?: Options): Promise<void> | void =>
  form === 'sync' ? queue.putSync(item, options) : Promise.resolve(queue.put(item, options));
const get = <T>(form: Form, queue: Queue<T>, options?: Options): Promise<T> | T =>
  form === 'sync' ? queue.getSync(options) : Promise.resolve(queue.get(options));

async function nameOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
}

let takeFrom: Queue | undefined;

/** The decoded value is the item that its rebuilding takes. */
class Taking {}
registerReducer(Taking, { reduce: () => 0, rebuild: () => ({ took: takeFrom!.getSync() }) });

inBothForms('put: a full queue refuses at once and after a time-out, and is full until it was emptied', async (crew, form) => {
  const queue = new Queue<number>(6);
  assert.ok(queue.empty() && !queue.full());
  await put(form, queue, 1);
  await put(form, queue, 2, { block: true });
  await put(form, queue, 3, { timeout: 10_000 });
  await put(form, queue, 4, { block: false });
  queue.putNowait(5);
  await put(form, queue, 6, 0);
  assert.ok(!queue.empty() && queue.full());
  for (const options of [{ block: false }, { block: false, timeout: 10 }, { timeout: 5 }, 5, 0])
    assert.equal(await nameOf(() => put(form, queue, 7, options)), 'Full');
  assert.equal(await nameOf(() => queue.putNowait(7)), 'Full');
  assert.deepEqual(await crew.run(() => queue.getManySync(6)), [1, 2, 3, 4, 5, 6]);
  assert.ok(queue.empty() && !queue.full());
});

inBothForms('get: items come in order, and an empty queue refuses at once and after a time-out', async (crew, form) => {
  const queue = new Queue<number>();
  await crew.run(async () => {
    await queue.putMany([1, 2, 3, 4]);
  });
  assert.deepEqual(
    [await get(form, queue, { timeout: 10_000 }), await get(form, queue), await get(form, queue, { block: false }), queue.getNowait()],
    [1, 2, 3, 4],
  );
  assert.ok(queue.empty());
  for (const options of [{ block: false }, { timeout: 5 }, 0]) assert.equal(await nameOf(() => get(form, queue, options)), 'Empty');
  assert.equal(await nameOf(() => queue.getNowait()), 'Empty');
});

test('qsize: 0, 1, 2, 1, 0 as items pass', () => {
  const queue = new Queue<number>();
  const sizes = [queue.qsize()];
  for (const step of [() => queue.putSync(1), () => queue.putSync(2), () => queue.getSync(), () => queue.getSync()]) {
    step();
    sizes.push(queue.qsize());
  }
  assert.deepEqual(sizes, [0, 1, 2, 1, 0]);
});

test('queue_feeder_donot_stop_onexc: what cannot cross takes no room, and the next put arrives', async () => {
  const queue = new Queue(1);
  await assert.rejects(Promise.resolve(queue.put(new WeakMap())), SerializationError);
  assert.equal(await nameOf(() => queue.putSync(true, { timeout: 1000 })), 'done');
  assert.equal(queue.getSync(), true);
});

test('closed_queue_put_get_exceptions: put and get on a closed queue say that it is closed', () => {
  const queue = new Queue<number>();
  queue.close();
  assert.throws(() => queue.putSync(1), /is closed/);
  assert.throws(() => queue.getSync(), InvalidStateError);
});

test('negative_timeout_raises_exception: a negative time-out is refused', () => {
  const queue = new Queue<number>(1);
  for (const call of [() => queue.putSync(1, -1), () => queue.getSync({ timeout: -1 }), () => queue.put(1, -1), () => queue.get(-1)])
    assert.throws(call, RangeError);
});

everywhere('queue_join: join returns when the workers have done all, twice', async (crew) => {
  const queue = new JoinableQueue<number>();
  const workers = crew.bunch(2, async () => {
    let sum = 0;
    for await (const item of queue) {
      sum += item;
      queue.taskDone();
    }
    return sum;
  });
  for (let round = 0; round < 2; round += 1) {
    await queue.putMany(Array.from({ length: 100 }, (_, n) => n));
    assert.equal(await queue.join(), true);
  }
  queue.shutdown();
  const sums = await Promise.all(workers);
  assert.equal(sums[0]! + sums[1]!, 9900);
  assert.throws(() => queue.taskDone(), RangeError);
});

inBothForms('shutdown_get, shutdown_pending_get: getters that wait end with ShutDown', async (crew, form) => {
  const queue = new Queue<number>();
  const waiting = crew.bunch(3, async () => {
    try {
      return await get(form, queue);
    } catch (error) {
      return (error as Error).name;
    }
  });
  await until(() => queue.statistics().waitingGetters === 3);
  queue.shutdown();
  assert.deepEqual(await Promise.all(waiting), ['ShutDown', 'ShutDown', 'ShutDown']);
});

inBothForms('shutdown_put_join: putters that wait end with ShutDown, and joiners when all is done', async (crew, form) => {
  const queue = new Queue<number>(1);
  await queue.put(1);
  const putting = crew.bunch(2, async (n) => {
    try {
      await put(form, queue, n);
      return 'done';
    } catch (error) {
      return (error as Error).name;
    }
  });
  const joining = crew.run(() => queue.joinSync());
  await until(() => queue.statistics().waitingPutters === 2 && queue.statistics().waitingJoiners === 1);
  queue.shutdown();
  assert.deepEqual(await Promise.all(putting), ['ShutDown', 'ShutDown']);
  assert.equal(queue.getSync(), 1);
  queue.taskDone();
  assert.equal(await joining, true);
});

everywhere('shutdown_immediate_join: joiners go on when the queue is emptied', async (crew) => {
  const queue = new Queue<number>();
  await queue.putMany([1, 2, 3]);
  const joining = crew.run(() => queue.joinSync());
  await until(() => queue.statistics().waitingJoiners === 1);
  queue.shutdown({ immediate: true });
  assert.equal(await joining, true);
  assert.throws(() => queue.getSync(), ShutDown);
});

test('shutdown_nonempty, shutdown_all_methods_in_one_thread: what is there can be taken, then each call says that it is over', async () => {
  const queue = new Queue<string>();
  await queue.putMany(['L', 'Y']);
  queue.shutdown();
  for (const call of [() => queue.put('E'), () => queue.putSync('W'), () => queue.putNowait('E')])
    assert.equal(await nameOf(call), 'ShutDown');
  assert.deepEqual([await queue.get(), queue.getNowait()], ['L', 'Y']);
  for (const call of [() => queue.get(), () => queue.getSync(10), () => queue.getNowait()]) assert.equal(await nameOf(call), 'ShutDown');
  for (let i = 0; i < 2; i += 1) queue.taskDone();
  assert.equal(await queue.join(), true);
});

inBothForms('many_threads, many_threads_timeout: nothing is lost or doubled between many that give up in time', async (crew, form) => {
  const queue = new Queue<number>(4);
  const putting = crew.bunch(3, async (n) => {
    for (let i = 0; i < 100; ) {
      try {
        await put(form, queue, n * 100 + i, 1);
        i += 1;
      } catch (error) {
        if (!(error instanceof Full)) throw error;
      }
    }
  });
  const getting = crew.bunch(3, async () => {
    const got: number[] = [];
    for (;;) {
      try {
        got.push(await get(form, queue, 1));
      } catch (error) {
        if (error instanceof ShutDown) return got;
        if (!(error instanceof Empty)) throw error;
      }
    }
  });
  await Promise.all(putting);
  queue.shutdown();
  const all = (await Promise.all(getting)).flat();
  assert.deepEqual(
    all.toSorted((one, other) => one - other),
    Array.from({ length: 300 }, (_, n) => n),
  );
});

test('no_import_lock_contention: a queue can be used while a module is being loaded', async () => {
  const queue = new Queue<string>();
  Object.assign(globalThis, { [Symbol.for('heddle.test.queue')]: queue });
  await queue.put('foo');
  const { took } = await import('./takes-item.js');
  assert.equal(took, 'foo');
});

test('reentrancy: code of an item that puts and takes while it is encoded or decoded neither waits nor mixes items', async () => {
  const queue = new Queue();
  await queue.put({
    get inner() {
      queue.putSync('from inside');
      return queue.qsize();
    },
    text: 'x'.repeat(100),
  });
  assert.deepEqual(queue.getManySync(9), ['from inside', { inner: 1, text: 'x'.repeat(100) }]);
  await queue.putMany([new Taking(), 'second', 'third']);
  takeFrom = queue;
  assert.deepEqual([queue.getSync(), await queue.get()], [{ took: 'second' }, 'third']);
  await queue.putMany([new Taking(), 'fifth', 'sixth']);
  assert.deepEqual([await queue.get(), queue.getSync()], [{ took: 'fifth' }, 'sixth']);
});

everywhere('SimpleQueue: empty, close, close again, and its order', async (crew) => {
  const queue = new SimpleQueue<number>();
  assert.ok(queue.empty());
  const seen = await crew.run(() => {
    queue.putSync(1);
    queue.putSync(2);
    const wasEmpty = queue.empty();
    return [wasEmpty, queue.getSync(), queue.getSync(), queue.empty()];
  });
  assert.deepEqual(seen, [false, 1, 2, true]);
  queue.close();
  queue.close();
  assert.throws(() => queue.empty(), InvalidStateError);
});
