/** A message, or a connection, that was taken for a call which did not see it is there for the next call. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Client, Listener, Process, type SocketConnection } from 'heddle';
import { spawn, Timeout } from 'heddle/coroutine';
import { pair } from './pair.js';

const authkey = Buffer.from('the key of both ends');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type End = SocketConnection;

const room = new Uint8Array(8);
const bytes = new Uint8Array([1, 2, 3]);

/** Each call that takes a message, what is sent to it, and how it is received then. */
const calls: readonly (readonly [
  name: string,
  call: (end: End) => any,
  send: (end: End) => void,
  again: (end: End) => unknown,
  seen: unknown,
])[] = [
  ['recv', (end) => end.recv(), (end) => end.sendSync({ n: 1 }), (end) => end.recvSync(0), { n: 1 }],
  ['recv of bytes', (end) => end.recv(), (end) => end.sendBytesSync(bytes), (end) => end.recvBytesSync(3, 0), bytes],
  ['recvBytes', (end) => end.recvBytes(), (end) => end.sendBytesSync(bytes), (end) => end.recvSync(0), bytes],
  ['recvBytesInto', (end) => end.recvBytesInto(room), (end) => end.sendBytesSync(bytes), (end) => end.recvBytesIntoSync(room, 0, 0), 3],
  ['next', (end) => end[Symbol.asyncIterator]().next(), (end) => end.sendSync([1]), (end) => end.recvSync(0), [1]],
];

for (const [name, call, send, again, seen] of calls) {
  test(`${name}: a greenlet that is killed when its message came, and has not seen it, loses nothing`, async () => {
    const [a, b, close] = await pair(undefined);
    const greenlet = spawn(function* () {
      yield* call(a);
      assert.fail('it went on');
    });
    await turn();
    send(b);
    b.sendSync('behind it');
    // Reads what is there while the event loop stands still, and so the greenlet.
    assert.equal(a.pollSync(0), true);
    const killed = greenlet.kill();
    assert.deepEqual(again(a), seen);
    assert.equal(a.recvSync(0), 'behind it');
    await killed;
    close();
  });

  test(`${name}: one that waits behind it gets the message`, async () => {
    const [a, b, close] = await pair(undefined);
    const first = spawn(function* () {
      yield* call(a);
    });
    const second = spawn(function* () {
      return yield* a.recv();
    });
    await turn();
    send(b);
    assert.equal(a.pollSync(0), false);
    await first.kill();
    assert.ok((await second.get()) !== undefined);
    close();
  });
}

test('messages of several greenlets that are killed go back in the order in which they came, whichever is killed first', async () => {
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
  ]) {
    const [a, b, close] = await pair(undefined);
    const greenlets = order.map(() =>
      spawn(function* () {
        yield* a.recv();
      }),
    );
    await turn();
    for (const n of [1, 2, 3, 4]) b.sendSync(n);
    assert.equal(a.pollSync(0), true);
    const killed = order.map((i) => greenlets[i]!.kill());
    assert.deepEqual(
      Array.from({ length: 4 }, () => a.recvSync(0)),
      [1, 2, 3, 4],
    );
    for (const one of killed) await one;
    close();
  }
});

test('a time-out of a greenlet that comes when its message came loses nothing', async () => {
  const [a, b, close] = await pair(undefined);
  const late = new Timeout(1000);
  const greenlet = spawn(function* () {
    try {
      return yield* a.recv();
    } catch (error) {
      return error;
    }
  });
  await turn();
  b.sendSync('kept');
  assert.equal(a.pollSync(0), false);
  await greenlet.kill(late);
  assert.equal(a.recvSync(0), 'kept');
  close();
});

test('a signal that is aborted when the message came, and a time that is over then, come too late', async () => {
  const [a, b, close] = await pair(undefined);
  const controller = new AbortController();
  const receiving = a.recv({ signal: controller.signal });
  b.sendSync('in time');
  assert.equal(a.pollSync(0), false);
  controller.abort(new Error('late'));
  assert.equal(await receiving, 'in time');
  const aborted = a.recv({ signal: controller.signal });
  b.sendSync('for the next');
  await assert.rejects(Promise.resolve(aborted), /late/);
  assert.equal(await a.recv(), 'for the next');
  close();
});

test('a message whose call is given up while its modules are loaded goes back to the front', async () => {
  await using listener = await Listener.listen<() => string>(undefined, { authkey });
  const child = new Process({
    target: async (where, key, module) => {
      const { Client: connect } = await import('heddle');
      const { slow } = (await import(module)) as { slow: () => string };
      using end = await connect<() => string>(where, { authkey: key });
      await end.send(slow);
      await end.send(() => 'second');
      await end.recv();
    },
    args: [listener.address, authkey, new URL('../channel/slow-module.js', import.meta.url).href] as const,
  }).start();
  using end = await listener.accept();
  const controller = new AbortController();
  const receiving = end.recv({ signal: controller.signal });
  // The message is taken as soon as it is read: now its modules are being loaded.
  assert.equal(end.pollSync(Infinity), true);
  controller.abort(new Error('enough'));
  await assert.rejects(Promise.resolve(receiving), /enough/);
  const greenlet = spawn(function* () {
    yield* end.recv();
  });
  await greenlet.kill();
  assert.deepEqual([(await end.recv())(), (await end.recv())()], ['slow', 'second']);
  await end.send(() => 'done');
  await child.join();
});

test('a connection that was accepted for a greenlet that is killed is there for the next call', async () => {
  await using listener = await Listener.listen(undefined, { authkey });
  const greenlet = spawn(function* () {
    yield* listener.accept();
    assert.fail('it went on');
  });
  let killed: PromiseLike<unknown> | undefined;
  // Behind the listener's own, so that the proof has been accepted.
  const kill = (): void => {
    if (listener.statistics().accepted === 1) killed ??= greenlet.kill();
  };
  const connected = (message: unknown): void => void setImmediate(() => (message as { socket: Socket }).socket.on('data', kill));
  subscribe('net.server.socket', connected);
  using client = await Client(listener.address, { authkey });
  unsubscribe('net.server.socket', connected);
  assert.ok(killed !== undefined);
  await killed;
  assert.equal(listener.statistics().waiting, 1);
  using server = await listener.accept(0);
  await server.send('still there');
  assert.equal(await client.recv(), 'still there');
});
