/** A channel: nothing is ever in between. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Empty, Full, ShutDown } from 'heddle';
import { Channel, joinAll, sleep, spawn } from 'heddle/coroutine';

test('a put is over when its item was seen', async () => {
  const channel = new Channel<string>();
  const said: string[] = [];
  const getter = spawn(function* () {
    said.push(yield* channel.get());
    said.push(yield* channel.get());
  });
  const putter = spawn(function* () {
    said.push('putting');
    yield* channel.put('one');
    said.push('put one');
    yield* channel.put('two');
    said.push('put two');
  });
  await joinAll([getter, putter], { raiseError: true });
  assert.deepEqual(said, ['putting', 'one', 'put one', 'two', 'put two']);
});

test('waiters are served in order of arrival, and counted', async () => {
  const channel = new Channel<number>();
  const puts = [1, 2, 3].map((item) => spawn(() => channel.put(item)));
  await sleep(0);
  assert.deepEqual([channel.balance, channel.qsize(), channel.empty(), channel.full()], [3, 0, true, true]);
  assert.deepEqual(channel.statistics(), { waitingGetters: 0, waitingPutters: 3, puts: 3 });
  assert.equal(String(channel), '<Channel: balance 3>');
  assert.deepEqual([channel.getNowait(), await channel.get(), await channel.get()], [1, 2, 3]);
  await joinAll(puts, { raiseError: true });
  const gets = [1, 2, 3].map(() => spawn(() => channel.get()));
  await sleep(0);
  assert.equal(channel.balance, -3);
  channel.putNowait(4);
  void channel.put(5);
  channel.putNowait(6);
  assert.throws(() => channel.putNowait(7), Full);
  assert.deepEqual(await Promise.all(gets), [4, 5, 6]);
});

test('nowait takes part only where a waiter is', async () => {
  const channel = new Channel<number>();
  assert.throws(() => channel.getNowait(), Empty);
  assert.throws(() => channel.putNowait(1), Full);
  await assert.rejects(async () => channel.get({ block: false }), Empty);
  await assert.rejects(async () => channel.put(1, { block: false }), Full);
  await assert.rejects(async () => channel.get(1), Empty);
  await assert.rejects(async () => channel.put(1, 1), Full);
  await assert.rejects(async () => channel.put(1, { signal: AbortSignal.abort(new Error('mine')) }), /mine/);
  await assert.rejects(async () => channel.get({ signal: AbortSignal.abort(new Error('mine')) }), /mine/);
  for (const call of [() => channel.get(-1), () => channel.put(1, -1)]) assert.throws(call, RangeError);
  assert.throws(() => channel.put(1, { blocks: true } as any), TypeError);
  assert.equal(channel.balance, 0);
  const getter = spawn(() => channel.get());
  await sleep(0);
  await channel.put(2, 0);
  assert.equal(await getter, 2);
});

test('an item that was handed to a killed getter goes back, and its put goes on waiting', async () => {
  const channel = new Channel<number>();
  const said: string[] = [];
  const getters = [1, 2].map(() =>
    spawn(function* () {
      yield* channel.get();
    }),
  );
  await sleep(0);
  const puts = [1, 2, 3].map((item) =>
    spawn(function* () {
      yield* channel.put(item);
      said.push(`put ${item}`);
    }),
  );
  spawn(() => {
    // The getters have their items, but have not gone on with them.
    for (const getter of getters) void getter.kill();
    assert.equal(channel.balance, 3);
  });
  await sleep(0);
  assert.deepEqual(said, []);
  assert.deepEqual([await channel.get(), await channel.get(), await channel.get()], [1, 2, 3]);
  await joinAll(puts, { raiseError: true });
  assert.deepEqual(said, ['put 1', 'put 2', 'put 3']);
});

test('an item that comes back goes to the next waiter, once', async () => {
  const channel = new Channel<number>();
  const [killed, next] = [1, 2].map(() =>
    spawn(function* () {
      return yield* channel.get();
    }),
  );
  await sleep(0);
  const putter = spawn(() => channel.put(1));
  spawn(() => killed!.kill());
  assert.equal(await next, 1);
  await putter;
  assert.equal(channel.balance, 0);
});

test('a putter whose time is over while its item is with another ends rightly', async () => {
  const channel = new Channel<number>();
  const mine = new AbortController();
  const getters = [1, 2].map(() =>
    spawn(function* () {
      return yield* channel.get();
    }),
  );
  await sleep(0);
  const seen = channel.put(1, { signal: mine.signal });
  const back = channel.put(2, { signal: mine.signal });
  mine.abort(new Error('too late'));
  void getters[1]!.kill();
  await assert.rejects(async () => back, /too late/);
  await seen;
  assert.equal(await getters[0], 1);
  assert.equal(channel.balance, 0);
});

test('a killed putter puts nothing', async () => {
  const channel = new Channel<number>();
  const putter = spawn(function* () {
    yield* channel.put(1);
  });
  await sleep(0);
  await putter.kill();
  assert.throws(() => channel.getNowait(), Empty);
});

test('its end is reported, and ends iterations', async () => {
  const channel = new Channel<number>();
  const got: number[] = [];
  const reader = spawn(function* () {
    for (let n = yield* channel.next(); !n.done; n = yield* channel.next()) got.push(n.value);
  });
  for (const item of [1, 2, 3]) await channel.put(item);
  const other = (async () => {
    for await (const item of channel) got.push(item);
  })();
  channel.close();
  await joinAll([reader], { raiseError: true });
  await other;
  assert.deepEqual(got, [1, 2, 3]);
  const late = new Channel<number>();
  const waiting = [spawn(() => late.put(1)), spawn(() => late.put(2, 1000))];
  await sleep(0);
  late.shutdown();
  for (const greenlet of waiting) await assert.rejects(async () => greenlet, ShutDown);
  await assert.rejects(async () => late.get(), ShutDown);
  await assert.rejects(async () => late.put(1), ShutDown);
  for (const call of [() => late.getNowait(), () => late.putNowait(1)]) assert.throws(call, ShutDown);
  assert.deepEqual(await late.next(), { done: true, value: undefined });
  const getter = spawn(() => new Channel().get());
  await sleep(0);
  await getter.kill();
});

test('an item that comes back to a channel after its end is refused', async () => {
  const channel = new Channel<number>();
  const getter = spawn(function* () {
    yield* channel.get();
  });
  await sleep(0);
  const put = channel.put(1);
  channel.shutdown();
  void getter.kill();
  await assert.rejects(async () => put, ShutDown);
});
