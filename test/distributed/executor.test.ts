import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lock, Queue, type SerializationError, SharedArray, share, wait, WorkerLost } from 'heddle';
import { DistributedExecutor, DistributedWorker } from 'heddle/distributed';
import { until } from '../pool/collect.ts';
import { freeName, noServer, startServer, type TestServer } from './server.ts';
import * as tasks from './tasks.ts';

/** One server, one worker and one executor for tests that end none of them. */
describe('an executor of other machines', { skip: noServer }, () => {
  let server: TestServer;
  let worker: DistributedWorker;
  let executor: DistributedExecutor;
  const queue = freeName();
  const release = 'test';

  before(async () => {
    server = await startServer();
    worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 2 });
    await worker.start();
    executor = new DistributedExecutor({ url: server.url, queue, release });
    await executor.ready();
  });

  after(async () => {
    await executor.shutdown();
    await worker.close();
    await server[Symbol.asyncDispose]();
  });

  test('gives what a function returns, or throws, as if it had been called here', async () => {
    assert.equal(executor.maxWorkers, 2);
    assert.equal(await executor.submit(tasks.add, 1, 2), 3);
    assert.notEqual(await executor.submit(tasks.pid), process.pid);
    const value = {
      map: new Map([['a', [1n, -0]]]),
      date: new Date(0),
      bytes: Buffer.from('abc'),
      gone: undefined,
      error: new tasks.Refused(3),
    };
    assert.deepEqual(await executor.submit(tasks.echo, value), value);
    await assert.rejects(executor.submit(tasks.refuse, 5), (error: unknown) => error instanceof tasks.Refused && error.limit === 5);
    await assert.rejects(executor.submit(tasks.refuse, 5), (error: Error) =>
      /at refuse .*[^]*submitted from:\n.*executor\.test/.test(error.stack!),
    );
    assert.deepEqual(
      await Promise.all(Array.from({ length: 100 }, (_, i) => executor.submit(tasks.double, i))),
      Array.from({ length: 100 }, (_, i) => i * 2),
    );
  });

  test('refuses at the call what does not cross, by its path, and says what to use', async () => {
    const refusal = (of: Promise<unknown>): Promise<string> =>
      of.then(
        () => 'none',
        (error: SerializationError) => error.message,
      );
    const lock = new Lock();
    const waiting = new Queue<number>();
    const numbers = new SharedArray('int32', 4);
    assert.match(
      await refusal(executor.submit((n: number) => n, 1)),
      /export it from a module that both machines have, or set allowFunctions: true and an authkey/,
    );
    assert.match(
      await refusal(executor.submit(tasks.echo, { a: [lock] })),
      /args\[0\]\.a\[0\]: a Lock cannot cross to another machine: use a DistributedLock/,
    );
    assert.match(await refusal(executor.submit(tasks.echo, waiting)), /args\[0\]: a Queue .* use a DistributedQueue/);
    assert.match(await refusal(executor.submit(tasks.echo, numbers)), /args\[0\]: a SharedArray .* use a DistributedMap/);
    assert.match(
      await refusal(executor.submit(tasks.echo, new AbortController().signal)),
      /args\[0\]: an AbortSignal cannot cross to another machine: .*with\({ signal }\)/,
    );
    assert.match(
      await refusal(executor.submit(tasks.echo, new SharedArrayBuffer(8))),
      /args\[0\]: a SharedArrayBuffer cannot cross to another machine/,
    );
    const shared = share(new Int32Array([1, 2, 3]));
    assert.deepEqual([...(await executor.submit(tasks.echo, shared))], [1, 2, 3]);
    for (const each of [lock, waiting, numbers]) (each as Partial<Disposable>)[Symbol.dispose]?.();
  });

  test('maps in the order of the items, and ends with the error of an item', async () => {
    const items = Array.from({ length: 5000 }, (_, i) => i);
    assert.deepEqual(await executor.map(tasks.double, items).toArray(), items.map(tasks.double));
    assert.deepEqual(await executor.map(tasks.add, [1, 2, 3], [10, 20]).toArray(), [11, 22]);
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const n of executor.map(tasks.refuseOdd, [0, 2, 4, 5, 6])) seen.push(n);
    }, tasks.Refused);
    assert.deepEqual(seen, [0, 2, 4]);
  });

  test('gives the values of a stream as they come, and its error behind them', async () => {
    const values: number[] = [];
    for await (const n of executor.stream(tasks.count, 500)) values.push(n);
    assert.deepEqual(values, [...tasks.count(500)]);
    values.length = 0;
    await assert.rejects(async () => {
      for await (const n of executor.stream(tasks.countAndFail, 3)) values.push(n);
    }, tasks.Refused);
    assert.deepEqual(values, [0, 1, 2]);
    for await (const n of executor.stream(tasks.count, 2 ** 40)) if (n === 200) break;
    await until(() => worker.statistics().running === 0);
  });

  test('tells a task its number and its attempt, and its caller the progress', async () => {
    const { attempt } = await executor.submit(tasks.self);
    assert.equal(attempt, 1);
    assert.equal(await executor.with({ retries: 5 }).submit(tasks.atThird), 3);
    await assert.rejects(executor.with({ retries: 1 }).submit(tasks.atThird), tasks.Refused);
    const asked: unknown[] = [];
    await assert.rejects(
      executor.with({ retries: 5, retryOn: (error) => asked.push(error) < 2, backoff: (n) => n }).submit(tasks.refuse, 1),
      tasks.Refused,
    );
    assert.equal(asked.length, 2);
    const told: unknown[] = [];
    await executor.with({ progress: (now) => told.push(now) }).submit(tasks.tellProgress);
    assert.deepEqual(told[0], { done: 1, total: 3 });
  });

  test('aborts what runs, by its reason, and cancels what waits', async () => {
    const controller = new AbortController();
    const running = [1, 2].map(() => executor.with({ signal: controller.signal }).submit(tasks.untilAborted));
    await until(() => running.every((future) => future.running()));
    assert.equal(running[0]!.cancel(), false);
    const waiting = executor.submit(tasks.double, 1);
    assert.equal(waiting.cancel('not needed'), true);
    await assert.rejects(waiting, { name: 'CancelledError', cause: 'not needed' });
    controller.abort(new tasks.Refused(9));
    for (const future of running) await assert.rejects(future, tasks.Refused);
    await until(() => worker.statistics().running === 0);
    await assert.rejects(executor.with({ signal: AbortSignal.abort('before') }).submit(tasks.double, 1), (reason) => reason === 'before');
  });

  test('ends a task that takes longer than its timeout, and tries it again if it may', async () => {
    await assert.rejects(executor.with({ timeout: 50 }).submit(tasks.spin, 60_000), {
      name: 'TimeoutError',
      message: 'spin has not ended within 50 ms',
    });
    await assert.rejects(executor.map(tasks.spin, [60_000], { timeout: 50 }).toArray(), { name: 'TimeoutError' });
    assert.equal(await executor.submit(tasks.double, 4), 8);
  });

  test('runs tasks of one key one after another, in order', async () => {
    const order: number[] = [];
    const keyed = executor.with({ key: 'a' });
    const futures = Array.from({ length: 10 }, (_, i) => keyed.submit(tasks.echo, i).then((n) => order.push(n)));
    await Promise.all(futures);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('rejects a task whose process is killed, and no other', async () => {
    const good = executor.submit(tasks.double, 1);
    const error = await executor.submit(tasks.die).then(
      () => assert.fail(),
      (thrown: unknown) => thrown as WorkerLost,
    );
    assert.ok(error instanceof WorkerLost);
    assert.equal(error.signal, 'SIGKILL');
    assert.match(error.message, /that ran die was killed by SIGKILL/);
    assert.equal(await good, 2);
  });

  test('gives up a task that has ended three workers by itself, however often it may be tried', async () => {
    await assert.rejects(executor.with({ retries: 10 }).submit(tasks.die), /die has ended 3 workers by itself and is not tried again/);
    await assert.rejects(executor.with({ idempotent: true }).submit(tasks.die), /die has ended 3 workers by itself/);
    await assert.rejects(executor.map(tasks.dieAt5, [5], { retries: 10 }).toArray(), /has ended 3 workers by itself/);
  });

  test('a map loses the items that may have run in a process that is killed, and runs the others elsewhere', async () => {
    const items = Array.from({ length: 20 }, (_, i) => i);
    const results = executor.map(tasks.dieAt5, items, { chunkSize: 10 });
    await assert.rejects(results.toArray(), WorkerLost);
    assert.deepEqual(await executor.map(tasks.dieAt5, items.slice(6), { chunkSize: 5 }).toArray(), items.slice(6));
  });

  test('carries large values both ways, and leaves none of them', async () => {
    const size = 3 * 1024 * 1024;
    assert.equal(await executor.submit(tasks.lengthOf, new Uint8Array(size)), size);
    const bytes = await executor.submit(tasks.bytesOf, size);
    assert.ok(bytes.length === size && bytes.every((byte) => byte === 7));
  });

  test('keeps large values in the store that it is given', async () => {
    const kept = new Map<string, Uint8Array>();
    const store = {
      put: async (key: string, value: Uint8Array): Promise<void> => void kept.set(key, value),
      get: (key: string): Uint8Array | undefined => kept.get(key),
      delete: (key: string): unknown => kept.delete(key),
    };
    const other = freeName();
    await using own = new DistributedWorker({ url: server.url, queue: other, release, maxWorkers: 1, store });
    await own.start();
    await using stored = new DistributedExecutor({ url: server.url, queue: other, release, store });
    const largest: number[] = [];
    const size = 2 * 1024 * 1024;
    const future = stored.submit(tasks.echo, new Uint8Array(size));
    await until(() => kept.size > 0);
    largest.push(kept.size);
    assert.equal((await future).length, size);
    await until(() => kept.size === 0);
    assert.ok(largest[0]! > 0);
  });

  test('is told apart by wait, broadcast and statistics like other executors', async () => {
    const futures = [1, 2, 3].map((n) => executor.submit(tasks.double, n));
    const { done, notDone } = await wait(futures);
    assert.deepEqual([done.size, notDone.size], [3, 0]);
    const pids = await executor.broadcast(tasks.pid);
    assert.equal(new Set(pids).size, 2);
    const { workers, queued, running, refused } = executor.statistics();
    assert.deepEqual({ workers, queued, running, refused }, { workers: 1, queued: 0, running: 0, refused: 0 });
  });

  test('leaves nothing at the server when it is shut down, and takes no more', async () => {
    const other = new DistributedExecutor({ url: server.url, queue, release });
    const futures = [1, 2, 3].map((n) => other.submit(tasks.double, n));
    const down = other.shutdown();
    await assert.rejects(other.submit(tasks.double, 1), { name: 'ShutDown' });
    await down;
    assert.deepEqual(await Promise.all(futures), [2, 4, 6]);
    await other.shutdown();
  });
});

test('wrong options are refused, and so is a server on another machine without TLS and password', () => {
  const open = (options: object) => () => new DistributedExecutor(options);
  assert.throws(open({ url: 'redis://127.0.0.1', quue: 'a' }), /unknown key 'quue' in options: known are url, /);
  assert.throws(open({ url: 'redis://127.0.0.1', queue: 'a b' }), RangeError);
  assert.throws(open({ url: 'redis://127.0.0.1', queueLimit: 0 }), RangeError);
  assert.throws(open({ url: 'redis://127.0.0.1', release: 'r', allowFunctions: true }), /expected authkey to be the secret/);
  assert.throws(open({ url: 'redis://127.0.0.1', release: 'r', authkey: 'short' }), /at least 16 bytes, got 5/);
  assert.throws(open({ url: 'redis://127.0.0.1', release: 'r', store: {} }), /put, get and delete/);
  assert.throws(open({ url: 'redis://db.example:6379', release: 'r' }), /TLS .* and a password/);
});
