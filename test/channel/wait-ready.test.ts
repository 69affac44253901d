/** Waiting for the first of many objects. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Connection,
  Event,
  Future,
  InvalidStateError,
  Pipe,
  Process,
  ProcessError,
  Queue,
  SimpleQueue,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
  waitReady,
} from 'heddle';
import { everywhere, isNative, until } from '../sync/crew.js';

test('those that are ready are given, in order, and nothing is taken', async () => {
  const [reader, writer] = Pipe<string>(false);
  const [idle] = Pipe();
  const queue = new Queue<number>();
  const simple = new SimpleQueue<number>();
  const closed = new Queue();
  closed.shutdown();
  await simple.put(1);
  await writer.send('x');
  assert.deepEqual(await waitReady([queue, idle, reader, simple, closed]), [reader, simple, closed]);
  assert.equal(await reader.recv(), 'x');
  writer.close();
  assert.deepEqual(await waitReady(new Set<object>([queue, reader])), [reader]);
  await queue.put(1);
  assert.deepEqual(await waitReady([queue, idle, queue], 0), [queue]);
  assert.equal(queue.qsize(), 1);
});

test('the wait ends with what becomes ready first', async () => {
  const [reader, writer] = Pipe<number>();
  const queue = new Queue<number>();
  const future = new Future<number>(() => {});
  for (const make of [() => void writer.send(1), () => void queue.put(1), () => writer.close()]) {
    const waiting = waitReady([future, queue, reader]);
    make();
    const [first] = await waiting;
    assert.ok(first === queue || first === reader);
    if (first === queue) assert.equal(await queue.get(), 1);
    else if (writer.closed) await assert.rejects(Promise.resolve(reader.recv()));
    else assert.equal(await reader.recv(), 1);
  }
});

test('a time-out gives an empty list, and so does an empty list with a timeout', async () => {
  const [reader] = Pipe();
  const queue = new Queue();
  for (const timeout of [0, 1]) {
    assert.deepEqual(await waitReady([reader, queue], timeout), []);
    assert.deepEqual(await waitReady([], { timeout }), []);
  }
  assert.equal(queue.statistics().waitingGetters, 0);
  assert.equal(reader.statistics().waitingReceivers, 0);
});

test('an aborted wait rejects with the reason, and stands in no line any more', async () => {
  const [reader] = Pipe();
  const queue = new Queue();
  const abort = new AbortController();
  const waiting = waitReady([reader, queue], { signal: abort.signal });
  await until(() => queue.statistics().waitingGetters === 1);
  abort.abort(new Error('enough'));
  await assert.rejects(Promise.resolve(waiting), /enough/);
  assert.equal(queue.statistics().waitingGetters, 0);
  await assert.rejects(Promise.resolve(waitReady([queue], { signal: abort.signal })), /enough/);
});

test('threads and futures are ready when they have ended', async () => {
  const go = new Event();
  const thread = new Thread({ target: () => go.waitSync(), daemon: true }).start();
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await using words = new ThreadPool(1);
  const failing = pool.submit(() => {
    throw new RangeError('seen by no other');
  });
  assert.deepEqual(await waitReady([thread, failing]), [failing]);
  const result = words.applyAsync(() => 1);
  assert.deepEqual(await waitReady([thread, result]), [result]);
  const waiting = waitReady([thread]);
  go.set();
  assert.deepEqual(await waiting, [thread]);
  assert.equal(thread.isAlive(), false);
  assert.deepEqual(await waitReady([thread, failing, result]), [thread, failing, result]);
});

test('processes are ready when they have ended, beside connections', { skip: isNative ? false : 'needs processes' }, async () => {
  const [here, there] = Pipe<number>();
  const child = new Process({ target: (end: Connection<number>) => end.sendSync(end.recvSync()), args: [there] }).start();
  there.close();
  const [never] = Pipe();
  assert.deepEqual(await waitReady([child, here, never], 0), []);
  await here.send(3);
  assert.deepEqual(await waitReady([child, here, never]), [here]);
  assert.equal(await here.recv(), 3);
  assert.deepEqual(await waitReady([child, never]), [child]);
  assert.equal(child.exitCode, 0);
  // The end of file of a child that has ended is there, too.
  assert.deepEqual(await waitReady([here, child]), [here, child]);
});

test('what cannot be waited for is refused', async () => {
  const [reader, writer] = Pipe(false);
  for (const objects of [[reader, {}], [null], ['text'], [Promise.resolve()]] as unknown[])
    assert.throws(
      () => waitReady(objects as object[]),
      /expected objects\[\d\] to be a connection, a queue, a process, a thread or a future/,
    );
  assert.throws(() => waitReady(7 as never), TypeError);
  assert.throws(() => waitReady([writer]), InvalidStateError);
  await assert.rejects(Promise.resolve(waitReady([new Thread({ target: () => {} })])), ProcessError);
  const waiting = waitReady([reader]);
  reader.close();
  await assert.rejects(Promise.resolve(waiting), InvalidStateError);
  assert.throws(() => waitReady([reader]), InvalidStateError);
});

everywhere('a wait passes the call on that it does not use', async (crew) => {
  const queue = new Queue<number>();
  const [reader, writer] = Pipe<number>(false);
  const waiting = waitReady([queue, reader]);
  await until(() => queue.statistics().waitingGetters === 1);
  const getting = crew.run(() => queue.getSync());
  const receiving = crew.run(() => reader.recvSync());
  await until(() => queue.statistics().waitingGetters === 2 && reader.statistics().waitingReceivers === 2);
  await queue.put(1);
  await writer.send(2);
  await waiting;
  assert.deepEqual(await Promise.all([getting, receiving]), [1, 2]);
});

everywhere('a wait whose item was taken by a faster thread waits on', async (crew) => {
  const queue = new Queue<number>();
  const taking = crew.bunch(2, () => queue.getSync());
  await until(() => queue.statistics().waitingGetters === 2);
  const waiting = Promise.resolve(waitReady([queue]));
  await until(() => queue.statistics().waitingGetters === 3);
  await queue.putMany([1, 2]);
  assert.deepEqual(
    (await Promise.all(taking)).toSorted((one, other) => one - other),
    [1, 2],
  );
  await queue.put(3);
  assert.deepEqual(await waiting, [queue]);
  assert.equal(await queue.get(), 3);
});

test('a thousand connections are waited for at once', async () => {
  const pipes = Array.from({ length: 1000 }, () => Pipe<number>());
  const readers = pipes.map(([reader]) => reader);
  for (const which of [999, 0, 512]) {
    const waiting = waitReady(readers);
    await pipes[which]![1].send(which);
    const ready = await waiting;
    assert.deepEqual(ready, [readers[which]]);
    assert.equal(await ready[0]!.recv(), which);
  }
  for (const ends of pipes) for (const end of ends) end.close();
});
