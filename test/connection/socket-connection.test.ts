/** Connections over sockets: messages, their order, waits, ends. */

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  BufferTooShort,
  Client,
  EOFError,
  InvalidStateError,
  Listener,
  Lock,
  Process,
  SerializationError,
  SocketConnection,
  Thread,
  TimeoutError,
  waitReady,
} from 'heddle';
import { pair } from './pair.js';

const authkey = Buffer.from('the key of both ends');

for (const [name, address] of [
  ['Unix socket', undefined],
  ['TCP', { port: 0 }],
] as const) {
  test(`${name}: values arrive whole and in order, both ways at once`, async () => {
    const [a, b, close] = await pair(address);
    const values = [
      1,
      'two',
      { three: [3n, new Date(3)] },
      new Map([[1, new Set([2])]]),
      new Uint8Array(300_000).fill(7),
      undefined,
      new RangeError('x'),
    ];
    const sends = [a, b].flatMap((end) => values.map((value) => end.send(value)));
    for (const end of [a, b]) for (const value of values) assert.deepEqual(await end.recv(), value);
    await Promise.all(sends);
    const square = (x: number) => x * x;
    await a.send(square);
    assert.equal(((await b.recv()) as typeof square)(7), 49);
    close();
  });

  test(`${name}: ten thousand messages of all sizes arrive in order at a slow reader`, async () => {
    const [a, b, close] = await pair<{ i: number; text: string }>(address);
    const count = 10_000;
    const sending = (async () => {
      for (let i = 0; i < count; i += 1) await a.send({ i, text: 'x'.repeat((i * 37) % 5000) });
      a.close();
    })();
    let i = 0;
    for await (const message of b) {
      assert.deepEqual(message, { i, text: 'x'.repeat((i * 37) % 5000) });
      i += 1;
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(i, count);
    await sending;
    close();
  });

  test(`${name}: Sync forms of both ends meet, with messages larger than any buffer`, async () => {
    const listener = await Listener.listen<Uint8Array | string>(address, { authkey });
    const child = new Process({
      target: async (where, key) => {
        const { Client: connect } = await import('heddle');
        const end = await connect<Uint8Array | string>(where, { authkey: key });
        for (let message = end.recvSync(); message !== 'end'; message = end.recvSync()) end.sendSync(message);
        end.close();
      },
      args: [listener.address, authkey] as const,
    }).start();
    const end = await listener.accept();
    for (const size of [0, 1, 4096, 4097, 70_000, 3_000_000]) {
      const bytes = new Uint8Array(size).fill(size & 0xff);
      end.sendSync(bytes);
      assert.deepEqual(end.recvSync(), bytes);
    }
    end.sendSync('end');
    assert.throws(() => end.recvSync(), EOFError);
    assert.equal(await child.join(), true);
    end.close();
    listener.close();
  });

  test(`${name}: bytes are a message of their own, and what does not fit stays or is told`, async () => {
    const [a, b, close] = await pair(address);
    await a.sendBytes(Buffer.from('hello world'), 6);
    await a.sendBytes(new Float64Array([1.5]));
    await a.send('a value');
    await assert.rejects(b.recvBytes(3), (error: Error) => error instanceof BufferTooShort && error.bytes === undefined);
    assert.equal(Buffer.from(await b.recvBytes(5)).toString(), 'world');
    const room = new Uint8Array(10);
    assert.equal(b.recvBytesIntoSync(room, 2), 8);
    assert.equal(new Float64Array(room.slice(2).buffer)[0], 1.5);
    await assert.rejects(b.recvBytes(), InvalidStateError);
    assert.equal(await b.recv(), 'a value');
    a.sendBytesSync(Buffer.from('too long'));
    await assert.rejects(b.recvBytesInto(new Uint8Array(3)), (error: Error) => {
      assert.ok(error instanceof BufferTooShort);
      assert.equal(Buffer.from(error.bytes!).toString(), 'too long');
      return true;
    });
    await a.sendBytes(Buffer.from('raw'));
    assert.deepEqual(await b.recv(), new Uint8Array(Buffer.from('raw')));
    close();
  });

  test(`${name}: a wait ends with its time or its signal, and takes nothing`, async () => {
    const [a, b, close] = await pair<string>(address);
    await assert.rejects(b.recv(0), TimeoutError);
    await assert.rejects(b.recv(5), TimeoutError);
    assert.throws(() => b.recvSync(5), TimeoutError);
    assert.equal(await b.poll(), false);
    assert.equal(b.pollSync(5), false);
    const controller = new AbortController();
    const aborted = b.recv({ signal: controller.signal });
    controller.abort(new Error('not wanted'));
    await assert.rejects(aborted, /not wanted/);
    await assert.rejects(b.recv({ signal: AbortSignal.abort(new Error('before')) }), /before/);
    a.sendSync('one');
    assert.equal(await b.poll(1000), true);
    assert.equal(b.pollSync(), true);
    assert.equal(await b.recv(), 'one');
    close();
  });

  test(`${name}: a send that finds no room waits for it, or gives up before its first byte has left`, async () => {
    const [a, b, close] = await pair<Uint8Array | string>(address);
    // More than the system keeps of a TCP connection: 36 MiB where a receiver may have 32.
    const big = new Uint8Array(64 << 20).fill(1);
    const first = a.send(big);
    await assert.rejects(a.send('gives up', 5), TimeoutError);
    assert.throws(() => a.sendSync('gives up, too', 5), TimeoutError);
    const last = a.send('the last');
    assert.deepEqual(await b.recv(), big);
    assert.equal(await b.recv(), 'the last');
    await Promise.all([first, last]);
    close();
  });

  test(`${name}: close() sends what waits, and the other end reads all before its end of file`, async () => {
    const [a, b, close] = await pair<Uint8Array | string>(address);
    const big = new Uint8Array(4 << 20).fill(2);
    const sends = [a.send(big), a.send('last')];
    a.close();
    assert.equal(a.closed, true);
    assert.throws(() => a.send('x'), InvalidStateError);
    assert.throws(() => a.recvSync(), InvalidStateError);
    assert.deepEqual(await b.recv(), big);
    assert.equal(await b.recv(), 'last');
    await Promise.all(sends);
    assert.equal(await b.poll(Infinity), true);
    await assert.rejects(b.recv(), EOFError);
    assert.throws(() => b.recvSync(), EOFError);
    await assert.rejects(Promise.resolve(b.send('x')), EOFError);
    for await (const message of b) assert.fail(String(message));
    close();
  });

  test(`${name}: what a killed process had sent is read before the end of file`, async () => {
    const listener = await Listener.listen<number>(address, { authkey });
    const child = new Process({
      target: async (where, key) => {
        const { Client: connect } = await import('heddle');
        const end = await connect<number>(where, { authkey: key });
        for (let i = 0; i < 1000; i += 1) end.sendSync(i);
        process.kill(process.pid, 'SIGKILL');
      },
      args: [listener.address, authkey] as const,
    }).start();
    const end = await listener.accept();
    const received: number[] = [];
    for await (const message of end) received.push(message);
    assert.deepEqual(received, [...Array(1000).keys()]);
    await child.join();
    assert.equal(child.exitCode, -9);
    end.close();
    listener.close();
  });
}

test('calls that wait to receive are served in order, async before a Sync one that came later', async () => {
  const [a, b, close] = await pair<number>(undefined);
  const waits = [b.recv(), b.recv()];
  for (const n of [1, 2, 3]) a.sendSync(n);
  assert.equal(b.recvSync(), 3);
  assert.deepEqual(await Promise.all(waits), [1, 2]);
  close();
});

test('waitReady takes connections over sockets, and takes nothing from them', async () => {
  const [a, b, close] = await pair<number>(undefined);
  const [c, d, closeOther] = await pair<number>(undefined);
  assert.deepEqual(await waitReady([b, d], 0), []);
  const waiting = waitReady([b, d]);
  c.sendSync(1);
  assert.deepEqual(await waiting, [d]);
  a.sendSync(2);
  assert.deepEqual(await waitReady([b, d], 0), [b, d]);
  assert.deepEqual([await b.recv(), await d.recv()], [2, 1]);
  close();
  await assert.rejects(Promise.resolve(waitReady([b, d])), InvalidStateError);
  closeOther();
});

test('close() ends the calls that wait here', async () => {
  const [a, , close] = await pair<number>(undefined);
  const waits = [a.recv(), a.poll(Infinity), a.recvBytes()];
  a.close();
  for (const wait of waits) await assert.rejects(Promise.resolve(wait), InvalidStateError);
  close();
});

test('leaving a loop withdraws the pending receive, and closes nothing', async () => {
  const [a, b, close] = await pair<number>(undefined);
  const iterator = b[Symbol.asyncIterator]();
  const pending = iterator.next();
  await iterator.return!();
  assert.deepEqual(await pending, { done: true, value: undefined });
  a.sendSync(1);
  assert.equal(await b.recv(), 1);
  close();
});

test('a shared object is refused by its path, as is what cannot cross', async () => {
  const [a, b, close] = await pair(undefined);
  await assert.rejects(Promise.resolve(a.send({ deep: [new Lock()] })), (error: Error) => {
    assert.ok(error instanceof SerializationError);
    assert.match(error.message, /message\.deep\[0\].*Lock cannot cross to another program/s);
    return true;
  });
  assert.throws(() => a.sendSync({ signal: AbortSignal.timeout(1000) }), /message\.signal/);
  await a.send('still whole');
  assert.equal(await b.recv(), 'still whole');
  close();
});

test('a file of a Unix socket can be opened by its owner alone, and goes with the listener', async () => {
  const listener = await Listener.listen(undefined, { authkey });
  const path = listener.address as string;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  listener.close();
  assert.equal(existsSync(dirname(path)), false);
  listener.close();
  assert.throws(() => listener.accept(), InvalidStateError);
});

test('the file of a listener that was not closed goes with its program', async () => {
  const child = new Process({
    target: async () => {
      const { Listener: Listening } = await import('heddle');
      const listener = await Listening.listen(undefined, { authkey: Buffer.from('x') });
      process.stdout.write(listener.address as string);
    },
    stdio: 'pipe',
  }).start();
  let path = '';
  for await (const chunk of child.stdout!) path += String(chunk);
  await child.join();
  assert.match(path, /heddle-/);
  assert.equal(existsSync(dirname(path)), false);
});

test('close() of a listener ends what waits for a client, and keeps what was accepted', async () => {
  const [a, b, close] = await pair<number>(undefined);
  const listener = await Listener.listen(undefined, { authkey });
  const accepting = listener.accept();
  await assert.rejects(listener.accept(1), TimeoutError);
  listener.close();
  await assert.rejects(accepting, InvalidStateError);
  for await (const connection of listener) assert.fail(`${connection.closed}`);
  await a.send(1);
  assert.equal(await b.recv(), 1);
  close();
});

test('a connection works in a thread, with the Sync forms of both', async () => {
  const listener = await Listener.listen<number>(undefined, { authkey });
  const thread = new Thread({
    target: async (where, key) => {
      const { Client: connect } = await import('heddle');
      using end = await connect<number>(where, { authkey: key });
      for (let n = 0; n < 100; n += 1) end.sendSync(end.recvSync() + 1);
    },
    args: [listener.address, authkey] as const,
  }).start();
  const end = await listener.accept();
  for (let n = 0; n < 100; n += 1) {
    end.sendSync(n);
    assert.equal(end.recvSync(), n + 1);
  }
  await thread.join();
  end.close();
  listener.close();
});

test('bad arguments are refused at the call, naming what came', async () => {
  const options = { authkey };
  await assert.rejects(Listener.listen(7 as never, options), /expected address to be a path, or \{ host, port \}, got 7/);
  await assert.rejects(Listener.listen({ port: 70_000 }, options), RangeError);
  await assert.rejects(Listener.listen(`/tmp/${'x'.repeat(200)}`, options), /at most 107 bytes, .* got 205/);
  await assert.rejects(Listener.listen(undefined, { authkey: 'text' as never }), /expected authkey to be a Uint8Array .* got 'text'/);
  await assert.rejects(Listener.listen(undefined, { authkey: new Uint8Array(0) }), RangeError);
  await assert.rejects(Listener.listen(undefined, { authkey, onrefused: () => {} } as never), /unknown key 'onrefused'/);
  await assert.rejects(Client({ port: 0 }, options), RangeError);
  await assert.rejects(Client('/nowhere/at/all', options), { code: 'ENOENT' });
  assert.throws(() => new (Listener as unknown as new () => Listener)(), /Listener\.listen\(\)/);
  assert.throws(() => new (SocketConnection as unknown as new () => SocketConnection)(), /Client\(\)/);
  const [a, , close] = await pair(undefined);
  assert.throws(() => a.recv(-1), RangeError);
  assert.throws(() => a.recvSync({ signal: AbortSignal.timeout(1) } as never), /use recv\(\)/);
  assert.throws(() => a.sendBytes('text' as never), TypeError);
  assert.throws(() => a.sendBytes(new Uint8Array(3), 4), RangeError);
  close();
});

test('many listeners watch for the end of their program together', async () => {
  const before = process.listenerCount('exit');
  const listeners = await Promise.all(Array.from({ length: 12 }, () => Listener.listen(undefined, { authkey })));
  assert.equal(process.listenerCount('exit'), before + 1);
  for (const listener of listeners) listener.close();
  assert.equal(process.listenerCount('exit'), before);
});
