/**
 * The assertions of CPython's _test_multiprocessing on connections over sockets, listeners and clients. Pipes: `shared-pipes`. Messages to
 * a listener without its key: `connection/attacks`.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import {
  BufferTooShort,
  Client,
  EOFError,
  InvalidStateError,
  Listener,
  Pipe,
  Process,
  Queue,
  SerializationError,
  type SocketConnection,
  TimeoutError,
  waitReady,
} from 'heddle';
import { pair } from '../connection/pair.js';

const authkey = Buffer.from('the key of both ends');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** For waits that end by something else. */
const long = { timeout: 60_000 };

const families = [
  ['Unix socket', undefined],
  ['TCP', { port: 0 }],
] as const;

/** Runs in a child: sends back what comes, until the end of file. */
async function echo(address: Listener['address'], key: Uint8Array): Promise<void> {
  const end = await Client<any>(address, { authkey: key });
  for await (const message of end) {
    if (message instanceof Uint8Array) await end.sendBytes(message);
    else await end.send(message);
    if (message === 'the end') break;
  }
  end.close();
}

for (const [name, address] of families) {
  test(`connection, ${name}: objects, bytes and large messages come back from a child; poll, recvBytesInto and the end of file`, async () => {
    await using listener = await Listener.listen<any>(address, { authkey });
    const child = new Process({ target: echo, args: [listener.address, authkey] }).start();
    using end = await listener.accept();
    const sequence = [1, 2.25, null];
    await end.send(sequence);
    assert.deepEqual(await end.recv(), sequence);
    const message = encode('hello world');
    await end.sendBytes(message);
    assert.deepEqual(await end.recvBytes(), message);
    const buffer = new Int32Array(10);
    await end.sendBytes(message.subarray(0, 8));
    assert.equal(await end.recvBytesInto(buffer), 8);
    await end.sendBytes(message);
    assert.equal(await end.recvBytesInto(buffer, 12), message.length);
    assert.deepEqual(new Uint8Array(buffer.buffer, 12, message.length), message);
    const spaces = encode(' '.repeat(100));
    await end.sendBytes(spaces);
    await assert.rejects(
      Promise.resolve(end.recvBytesInto(buffer)),
      (error) => error instanceof BufferTooShort && decode(error.bytes!) === decode(spaces),
    );
    for (const timeout of [undefined, 0, 1]) assert.equal(await end.poll(timeout), false);
    await end.send(null);
    assert.equal(await end.poll(long), true);
    assert.equal(await end.recv(), null);
    const really = new Uint8Array(16 * 2 ** 20).fill(88);
    const sending = end.sendBytes(really);
    assert.deepEqual(await end.recvBytes(), really);
    await sending;
    await end.send('the end');
    assert.equal(await end.recv(), 'the end');
    assert.equal(await end.poll(long), true);
    await assert.rejects(Promise.resolve(end.recv()), EOFError);
    assert.deepEqual([end.closed, end.readable, end.writable], [false, true, true]);
    end.close();
    assert.equal(end.closed, true);
    for (const call of [() => end.send(1), () => end.recv(), () => end.poll()]) assert.throws(call, InvalidStateError);
    await child.join();
  });

  test(`sendbytes, ${name}: offset, size, and all that lies outside`, async () => {
    const [a, b, close] = await pair(address);
    const message = encode('abcdefghijklmnopqrstuvwxyz');
    const sent = async (...args: [number?, number?]): Promise<string> => {
      await a.sendBytes(message, ...args);
      return decode(await b.recvBytes());
    };
    assert.deepEqual([await sent(), await sent(5), await sent(7, 8)], [decode(message), 'fghijklmnopqrstuvwxyz', 'hijklmno']);
    assert.deepEqual([await sent(26), await sent(26, 0)], ['', '']);
    for (const args of [[27], [22, 5], [26, 1], [-1], [4, -1]] as [number, number?][])
      assert.throws(() => a.sendBytes(message, ...args), RangeError);
    close();
  });

  test(`multiple_bind, ${name}: an address that is in use is refused, and the listener there goes on`, async () => {
    await using listener = await Listener.listen<number>(address, { authkey });
    await assert.rejects(Listener.listen(listener.address, { authkey }), { code: 'EADDRINUSE' });
    using client = await Client<number>(listener.address, { authkey });
    using server = await listener.accept();
    await client.send(1);
    assert.equal(await server.recv(), 1);
  });

  test(`context, ${name}: after its block a listener accepts nothing, and its address is free at once`, async () => {
    let left: Listener;
    let free: Listener['address'];
    {
      await using listener = await Listener.listen(address, { authkey });
      free = listener.address;
      left = listener;
      using client = await Client(free, { authkey });
      using server = await listener.accept();
      await client.send('hello');
      assert.equal(await server.recv(), 'hello');
    }
    assert.throws(() => left.accept(), InvalidStateError);
    await assert.rejects(Client(free, { authkey }), { code: typeof free === 'string' ? 'ENOENT' : 'ECONNREFUSED' });
    if (typeof free === 'string') return assert.ok(!existsSync(free));
    await using again = await Listener.listen(free, { authkey });
    assert.deepEqual(again.address, free);
  });

  test(`issue14725, ${name}: a client that has gone is accepted, with all that it had sent`, async () => {
    await using listener = await Listener.listen<string>(address, { authkey });
    const child = new Process({
      target: async (where, key) => {
        using end = await Client<string>(where, { authkey: key });
        await end.send('hello');
      },
      args: [listener.address, authkey] as const,
    }).start();
    await child.join();
    using end = await listener.accept();
    assert.equal(await end.recv(), 'hello');
    await assert.rejects(Promise.resolve(end.recv()), EOFError);
  });

  test(`issue16955, ${name}: poll sees what was sent as soon as the client had connected`, async () => {
    await using listener = await Listener.listen<string>(address, { authkey });
    const accepting = (async () => {
      const end = await listener.accept();
      await end.send('hello');
      end.close();
    })();
    using client = await Client<string>(listener.address, { authkey });
    await accepting;
    assert.equal(client.pollSync(long), true);
    assert.equal(await client.recv(), 'hello');
  });

  test(`empty_string, strings, boundaries, ${name}: an empty message is a message, and none are merged or split`, async () => {
    const [a, b, close] = await pair(address);
    assert.equal(await b.poll(), false);
    await a.sendBytes(new Uint8Array());
    assert.equal(await b.poll(long), true);
    assert.equal(b.pollSync(), true);
    assert.equal((await b.recvBytes()).length, 0);
    const strings = ['hello', '', 'a', 'b', '', 'bye', '', 'lop'];
    for (const text of strings) await a.sendBytes(encode(text));
    for (const text of strings) {
      assert.equal(await b.poll(long), true);
      assert.equal(decode(b.recvBytesSync()), text);
    }
    assert.equal(await b.poll(), false);
    close();
  });

  test(`wait_socket, ${name}: pipes, queues and connections in one list, each until its end of file`, async () => {
    const [a, b, close] = await pair<number>(address);
    const [reader, writer] = Pipe<number>(false);
    const queue = new Queue<number>();
    assert.deepEqual(await waitReady([a, reader, queue], 1), []);
    await writer.send(1);
    assert.deepEqual(await waitReady([a, reader, queue]), [reader]);
    b.sendSync(2);
    queue.putNowait(3);
    assert.deepEqual(await waitReady([a, reader, queue]), [a, reader, queue]);
    assert.deepEqual([await a.recv(), await reader.recv(), await queue.get()], [2, 1, 3]);
    const waiting = waitReady([a, reader]);
    b.close();
    assert.deepEqual(await waiting, [a]);
    await assert.rejects(Promise.resolve(a.recv()), EOFError);
    assert.throws(() => waitReady([a], -1), RangeError);
    close();
    for (const end of [reader, writer]) end.close();
  });
}

test('wait_socket_slow: slow writers are heard, and each until its end of file', async () => {
  await using listener = await Listener.listen<number>(undefined, { authkey });
  const writing = [0, 1, 2, 3].map(async (from) => {
    using end = await Client<number>(listener.address, { authkey });
    for (let i = 0; i < 10; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await end.send(from * 10 + i);
    }
  });
  const open = new Set<SocketConnection<number>>();
  while (open.size < 4) open.add(await listener.accept());
  const messages: number[] = [];
  while (open.size > 0) {
    for (const end of await waitReady(open)) {
      try {
        messages.push(await end.recv());
      } catch (error) {
        assert.ok(error instanceof EOFError);
        end.close();
        open.delete(end);
      }
    }
  }
  assert.deepEqual(
    messages.toSorted((one, other) => one - other),
    Array.from({ length: 40 }, (_, n) => n),
  );
  await Promise.all(writing);
});

test('empty_authkey, invalid_family: a key must be there, and an address must be one', async () => {
  for (const make of [Client, (where: never, options: never) => Listener.listen(where, options)] as ((
    ...args: any[]
  ) => Promise<unknown>)[]) {
    await assert.rejects(make({ port: 1 }, { authkey: new Uint8Array() }), RangeError);
    await assert.rejects(make({ port: 1 }, {}), TypeError);
    for (const wrong of [1, '', [], { port: '1' }, { path: '/x' }, '\0abstract']) await assert.rejects(make(wrong, { authkey }), TypeError);
    for (const port of [-1, 65_536, 1.5]) await assert.rejects(make({ port }, { authkey }), RangeError);
  }
});

test('pickling: a connection stays where it is, and is refused by its path', async () => {
  const [a, b, close] = await pair(undefined);
  const queue = new Queue();
  assert.throws(
    () => queue.putSync({ deep: [b] }),
    (error: Error) => error instanceof SerializationError && /deep\[0\]/.test(error.message),
  );
  await assert.rejects(Promise.resolve(a.send({ end: b })), SerializationError);
  close();
});

test('ignore: calls that block go on when a signal has come', async () => {
  await using listener = await Listener.listen<string>(undefined, { authkey });
  const child = new Process({
    target: async (where, key) => {
      process.on('SIGUSR2', () => {});
      using end = await Client<string>(where, { authkey: key });
      end.sendSync('ready');
      end.sendSync(`heard: ${end.recvSync()}`);
    },
    args: [listener.address, authkey] as const,
  }).start();
  using end = await listener.accept();
  assert.equal(await end.recv(), 'ready');
  for (let i = 0; i < 10; i += 1) process.kill(child.pid!, 'SIGUSR2');
  await end.send('still there');
  assert.equal(await end.recv(), 'heard: still there');
  await child.join();
});

test('ignore_listener: accept goes on when a signal has come', async () => {
  await using listener = await Listener.listen(undefined, { authkey });
  const heard = new Promise((resolve) => process.once('SIGUSR2', resolve));
  const accepting = listener.accept();
  process.kill(process.pid, 'SIGUSR2');
  await heard;
  using client = await Client(listener.address, { authkey });
  using server = await accepting;
  await server.send('hello');
  assert.equal(await client.recv(), 'hello');
  await assert.rejects(Promise.resolve(listener.accept(1)), TimeoutError);
});

test('closefd: a child holds no connection of its parent open', async () => {
  const [a, b, close] = await pair<string>(undefined);
  const [go, its] = Pipe<string>();
  const child = new Process({ target: (end) => void end.recvSync(), args: [its] }).start();
  its.close();
  await b.send('the last');
  b.close();
  assert.equal(await a.recv(), 'the last');
  await assert.rejects(Promise.resolve(a.recv()), EOFError);
  assert.ok(child.isAlive());
  await go.send('end');
  await child.join();
  go.close();
  close();
});
