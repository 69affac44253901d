/**
 * The assertions of CPython's _test_multiprocessing on connections, pipes and `connection.wait`: between threads, between processes, and
 * between both.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferTooShort, type Connection, EOFError, InvalidStateError, Pipe, Process, SerializationError, Thread, waitReady } from 'heddle';
import { everywhere, isNative, until } from '../sync/crew.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

everywhere(
  'connection: objects, bytes and large messages come back; poll, recvBytesInto and the end of file are as they should be',
  async (crew) => {
    const [conn, child] = Pipe<any>();
    const sentinel = 'the end';
    const echo = crew.run(
      async (end: Connection<any>, last: string) => {
        for await (const message of end) {
          if (message instanceof Uint8Array) await end.sendBytes(message);
          else await end.send(message);
          if (message === last) break;
        }
        end.close();
      },
      child,
      sentinel,
    );
    child.close();
    const sequence = [1, 2.25, null];
    await conn.send(sequence);
    assert.deepEqual(await conn.recv(), sequence);
    const message = encode('hello world');
    await conn.sendBytes(message);
    assert.deepEqual(await conn.recvBytes(), message);

    const buffer = new Int32Array(10);
    await conn.sendBytes(message.subarray(0, 8));
    assert.equal(await conn.recvBytesInto(buffer), 8);
    assert.deepEqual(new Uint8Array(buffer.buffer, 0, 8), message.subarray(0, 8));
    await conn.sendBytes(message);
    assert.equal(await conn.recvBytesInto(buffer, 12), message.length);
    assert.deepEqual(new Uint8Array(buffer.buffer, 12, message.length), message);
    const long = encode(' '.repeat(100));
    await conn.sendBytes(long);
    await assert.rejects(
      Promise.resolve(conn.recvBytesInto(buffer)),
      (error) => error instanceof BufferTooShort && decode(error.bytes!) === decode(long),
    );

    assert.equal(await conn.poll(), false);
    assert.equal(await conn.poll(0), false);
    assert.equal(await conn.poll(1), false);
    await conn.send(null);
    assert.equal(await conn.poll({ timeout: 60_000 }), true);
    assert.equal(await conn.recv(), null);

    const really = new Uint8Array(16 * 2 ** 20).fill(88);
    await conn.sendBytes(really);
    assert.deepEqual(await conn.recvBytes(), really);

    await conn.send(sentinel);
    assert.equal(await conn.recv(), sentinel);
    await echo;
    assert.equal(await conn.poll({ timeout: 60_000 }), true);
    await assert.rejects(Promise.resolve(conn.recv()), EOFError);
    assert.deepEqual([conn.closed, conn.readable, conn.writable], [false, true, true]);
    conn.close();
    assert.equal(conn.closed, true);
  },
);

test('duplex false: each end has one direction', async () => {
  const [reader, writer] = Pipe<number>(false);
  await writer.send(1);
  assert.equal(await reader.recv(), 1);
  assert.deepEqual([reader.readable, reader.writable, writer.readable, writer.writable], [true, false, false, true]);
  assert.throws(() => reader.send(2), InvalidStateError);
  assert.throws(() => writer.recv(), InvalidStateError);
  assert.throws(() => writer.poll(), InvalidStateError);
});

test('sendBytes: offset, size, and all that lies outside', async () => {
  const [a, b] = Pipe();
  const message = encode('abcdefghijklmnopqrstuvwxyz');
  const sent = async (...args: [number?, number?]): Promise<string> => {
    await a.sendBytes(message, ...args);
    return decode(await b.recvBytes());
  };
  assert.equal(await sent(), 'abcdefghijklmnopqrstuvwxyz');
  assert.equal(await sent(5), 'fghijklmnopqrstuvwxyz');
  assert.equal(await sent(7, 8), 'hijklmno');
  assert.equal(await sent(26), '');
  assert.equal(await sent(26, 0), '');
  for (const args of [[27], [22, 5], [26, 1], [-1], [4, -1]] as [number, number?][])
    assert.throws(() => a.sendBytes(message, ...args), RangeError);
});

test('poll: an empty message is a message, and messages are neither merged nor split', async () => {
  const [reader, writer] = Pipe(false);
  assert.equal(await reader.poll(), false);
  await writer.sendBytes(new Uint8Array());
  assert.equal(await reader.poll(), true);
  assert.equal(await reader.poll(), true);
  assert.equal((await reader.recvBytes()).length, 0);
  const strings = ['hello', '', 'a', 'b', '', 'bye', '', 'lop'];
  for (const text of strings) await writer.sendBytes(encode(text));
  for (const text of strings) {
    assert.equal(await reader.poll(), true);
    assert.equal(decode(await reader.recvBytes()), text);
  }
  assert.equal(await reader.poll(), false);
});

everywhere('pickling: ends go through ends, and keep their direction', async (crew) => {
  const [connection, server] = Pipe<any>();
  const [reader, writer] = Pipe<string>(false);
  const answering = crew.run(async (end: Connection<any>) => {
    const [r, w] = (await end.recv()) as [Connection<string>, Connection<string>];
    const ways = [r.readable, r.writable, w.readable, w.writable];
    await w.send('through the pipe');
    const [inner, outer] = Pipe<string>(false);
    await outer.send('made over there');
    await end.send({ ways, inner });
    for (const one of [r, w, inner, outer, end]) one.close();
  }, server);
  server.close();
  await connection.send([reader, writer]);
  writer.close();
  const { ways, inner } = (await connection.recv()) as { ways: boolean[]; inner: Connection<string> };
  assert.deepEqual(ways, [true, false, false, true]);
  assert.equal(await reader.recv(), 'through the pipe');
  assert.equal(await inner.recv(), 'made over there');
  await answering;
  await assert.rejects(Promise.resolve(inner.recv()), EOFError);
  await assert.rejects(Promise.resolve(reader.recv()), EOFError);
  await assert.rejects(
    Promise.resolve(connection.send(new SharedArrayBuffer(1))),
    (error) => error instanceof SerializationError || error instanceof EOFError,
  );
});

for (const Class of isNative ? [Process, Thread] : [Thread]) {
  test(`${Class.name}: recursion: children start children, and results come over one pipe`, async () => {
    const [reader, writer] = Pipe<number[]>(false);
    const descend = async (
      end: Connection<number[]>,
      path: number[],
      depth: number,
      Kind: typeof Process | typeof Thread,
    ): Promise<void> => {
      await end.send(path);
      if (path.length === depth) return;
      for (let n = 0; n < 2; n += 1) {
        const child = new Kind({ target: descend, args: [end, [...path, n], depth, Kind] });
        child.start();
        await child.join();
      }
    };
    await descend(writer, [], 1, Class);
    writer.close();
    const results: number[][] = [];
    for await (const path of reader) results.push(path);
    assert.deepEqual(results, [[], [0], [1]]);
  });
}

everywhere('wait: slow writers are heard, and each connection until its end of file', async (crew) => {
  const readers: Connection<number>[] = [];
  const writing: PromiseLike<unknown>[] = [];
  for (let n = 0; n < 4; n += 1) {
    const [reader, writer] = Pipe<number>(false);
    readers.push(reader);
    writing.push(
      crew.run(
        async (end: Connection<number>, from: number) => {
          for (let i = 0; i < 10; i += 1) {
            await new Promise((resolve) => setImmediate(resolve));
            await end.send(from * 10 + i);
          }
          end.close();
        },
        writer,
        n,
      ),
    );
    writer.close();
  }
  const messages: number[] = [];
  const open = new Set(readers);
  while (open.size > 0) {
    for (const reader of await waitReady(open)) {
      try {
        messages.push(await reader.recv());
      } catch (error) {
        assert.ok(error instanceof EOFError);
        open.delete(reader);
      }
    }
  }
  assert.deepEqual(
    messages.toSorted((one, other) => one - other),
    Array.from({ length: 40 }, (_, n) => n),
  );
  await Promise.all(writing);
});

test('wait: an empty list after the timeout, and what is ready at once', async () => {
  const [a, b] = Pipe<number>();
  assert.deepEqual(await waitReady([a, b], 1), []);
  await b.send(1);
  assert.deepEqual(await waitReady([a, b], { timeout: 60_000 }), [a]);
  await a.send(2);
  assert.deepEqual(await waitReady([a, b]), [a, b]);
  assert.throws(() => waitReady([a], -1), RangeError);
});

test('wait: connections and processes in one list, in its order', { skip: isNative ? false : 'needs processes' }, async () => {
  const [a, b] = Pipe<string>();
  const [go, its] = Pipe<string>();
  const child = new Process({ target: (end: Connection<string>) => void end.recvSync(), args: [its] }).start();
  its.close();
  assert.deepEqual(await waitReady([a, child, b], 0), []);
  await go.send('end');
  assert.deepEqual(await waitReady([a, child, b]), [child]);
  await b.send('x');
  assert.deepEqual(await waitReady([a, child, b]), [a, child]);
  await a.send('y');
  await until(() => child.exitCode === 0);
  assert.deepEqual(await waitReady([a, child, b]), [a, child, b]);
});
