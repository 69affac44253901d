/** The behaviour of a pipe, between threads, between processes, and between both. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  BufferTooShort,
  Connection,
  Event,
  EOFError,
  InvalidStateError,
  Lock,
  Pipe,
  Queue,
  SerializationError,
  TimeoutError,
} from 'heddle';
import { everywhere, inBothForms, isNative, until } from '../sync/crew.js';
import type { Form } from '../sync/forms.js';

const send = <T>(form: Form, end: Connection<T>, message: T, timeout?: number): Promise<void> | void =>
  form === 'sync' ? end.sendSync(message, timeout) : Promise.resolve(end.send(message, timeout));
const recv = <T>(form: Form, end: Connection<T>, timeout?: number): Promise<T> | T =>
  form === 'sync' ? end.recvSync(timeout) : Promise.resolve(end.recv(timeout));
const isEof = (error: unknown): boolean => error instanceof EOFError;

inBothForms('a duplex pipe carries messages both ways, in order', async (crew, form) => {
  const [here, there] = Pipe<number>();
  const doubling = crew.run(async () => {
    for (let n = 0; n < 300; n += 1) await send(form, there, 2 * (await recv(form, there)));
  });
  for (let n = 0; n < 300; n += 1) {
    await here.send(n);
    assert.equal(await here.recv(), 2 * n);
  }
  await doubling;
  here.close();
  there.close();
});

inBothForms('several threads that send from one end are kept apart, and each is in order', async (crew, form) => {
  const [reader, writer] = Pipe<[from: number, n: number]>(false);
  const sending = crew.bunch(3, async (from) => {
    for (let n = 0; n < 100; n += 1) await send(form, writer, [from, n]);
  });
  const got: [number, number][] = [];
  for (let n = 0; n < 300; n += 1) got.push(await reader.recv());
  await Promise.all(sending);
  for (const from of [0, 1, 2])
    assert.deepEqual(
      got.filter(([one]) => one === from).map(([, n]) => n),
      Array.from({ length: 100 }, (_, n) => n),
    );
});

everywhere('each message goes to one of several receivers of the same end', async (crew) => {
  const [reader, writer] = Pipe<number>(false);
  const receiving = crew.bunch(3, async () => {
    const got: number[] = [];
    for await (const n of reader) got.push(n);
    return got;
  });
  for (let n = 0; n < 300; n += 1) await writer.send(n);
  writer.close();
  const got = (await Promise.all(receiving)).flat();
  assert.deepEqual(
    got.toSorted((one, other) => one - other),
    Array.from({ length: 300 }, (_, n) => n),
  );
});

test('a one-way pipe is read at its first end and written at its second', async () => {
  const [reader, writer] = Pipe<string>(false);
  assert.deepEqual([reader.readable, reader.writable, writer.readable, writer.writable], [true, false, false, true]);
  await writer.send('there');
  assert.equal(await reader.recv(), 'there');
  const bytes = new Uint8Array(1);
  for (const call of [
    () => reader.send('back'),
    () => reader.sendSync('back'),
    () => reader.sendBytes(bytes),
    () => reader.sendBytesSync(bytes),
    () => writer.recv(),
    () => writer.recvSync(),
    () => writer.poll(),
    () => writer.pollSync(),
    () => writer.recvBytes(),
    () => writer.recvBytesSync(),
    () => writer.recvBytesInto(bytes),
    () => writer.recvBytesIntoSync(bytes),
    () => writer[Symbol.asyncIterator](),
  ])
    assert.throws(call, InvalidStateError, String(call));
  assert.equal(inspect(reader), '<Connection read-only>');
  assert.equal(inspect(writer), '<Connection write-only>');
});

test('a closed handle says so, and only of itself', async () => {
  const [one, other] = Pipe<number>();
  assert.equal(inspect(one), '<Connection read-write>');
  one.close();
  one.close();
  assert.equal(one.closed, true);
  assert.equal(other.closed, false);
  assert.equal(inspect(one), '<Connection read-write, closed>');
  for (const call of [() => one.send(1), () => one.recvSync(), () => one.poll(), () => one.statistics(), () => one[Symbol.asyncIterator]()])
    assert.throws(call, InvalidStateError, String(call));
  assert.throws(
    () => new Queue().putSync({ ends: [one] }),
    (error) => error instanceof SerializationError && error.message.includes('item.ends[0]'),
  );
  for (const options of [undefined, { transfer: [] }])
    assert.throws(
      () => (other as Connection).sendSync({ ends: [one] }, options),
      (error) => error instanceof SerializationError && error.message.startsWith('message.ends[0]: '),
    );
  {
    using end = other;
    assert.equal(await end.poll(), true);
  }
  assert.equal(other.closed, true);
});

inBothForms('what was sent before the end is received, and then EOFError', async (crew, form) => {
  const [reader, writer] = Pipe<number>(false);
  const got = crew.run(async () => {
    const messages: number[] = [];
    try {
      for (;;) messages.push(await recv(form, reader));
    } catch (error) {
      return [...messages, (error as Error).name];
    }
  });
  for (let n = 0; n < 5; n += 1) await send(form, writer, n);
  writer.close();
  assert.deepEqual(await got, [0, 1, 2, 3, 4, 'EOFError']);
});

test('a sender gets EOFError at once, also where its messages were not read, and one that waits for room', async () => {
  const [one, other] = Pipe<Uint8Array>();
  const large = new Uint8Array(5 * 2 ** 20);
  await one.send(large);
  const waiting = one.send(large);
  await until(() => one.statistics().waitingSenders === 1);
  other.close();
  await assert.rejects(Promise.resolve(waiting), EOFError);
  await assert.rejects(Promise.resolve(one.send(large)), EOFError);
  assert.throws(() => one.sendSync(large), EOFError);
  assert.throws(() => one.sendBytesSync(large), EOFError);
  await assert.rejects(Promise.resolve(one.recv()), EOFError);
});

everywhere('an end stays open as long as a handle on it is open anywhere', async (crew) => {
  const [reader, writer] = Pipe<number>(false);
  const closing = new Event();
  const holding = crew.run(async () => {
    await closing.wait();
    writer.sendSync(7);
    writer.close();
  });
  const name = crew.run(async () => {
    const got = await reader.recv();
    return [got, await Promise.resolve(reader.recv()).catch((error: Error) => error.name)];
  });
  writer.close();
  closing.set();
  await holding;
  assert.deepEqual(await name, [7, 'EOFError']);
});

test('an end that is under way is open: as an item, as a message of another pipe, and as one of its own', async () => {
  const queue = new Queue<Connection<number>>();
  const [one, other] = Pipe<number>();
  await queue.put(other);
  other.close();
  await one.send(1);
  const again = await queue.get();
  assert.notEqual(again, other);
  assert.equal(await again.recv(), 1);

  const [outer, inner] = Pipe<Connection<number>>();
  await outer.send(again);
  again.close();
  await one.send(2);
  const third = await inner.recv();
  assert.equal(await third.recv(), 2);
  third.close();
  assert.equal(await one.poll(), true);
  assert.throws(() => one.sendSync(3), EOFError);

  const [self, peer] = Pipe<Connection<any>>();
  self.sendSync(self);
  self.close();
  const same = peer.recvSync();
  peer.sendSync(peer);
  assert.equal(same.recvSync(), peer);
  peer.sendSync(peer);
  peer.close();
  const last = same.recvSync() as Connection<any>;
  last.close();
  assert.throws(() => same.recvSync(), EOFError);
});

test('an end that is only in its own pipe, or in a queue that no thread has, has no owner', async () => {
  const [one, other] = Pipe<any>();
  one.sendSync(other);
  other.close();
  assert.throws(() => one.sendSync(1), EOFError);
  assert.throws(() => one.recvSync(), EOFError);
  // Two ends that lie in each other's pipes.
  const [a, b] = Pipe<any>();
  const [c, d] = Pipe<any>();
  a.sendSync(d);
  c.sendSync(b);
  for (const end of [b, d]) end.close();
  assert.throws(() => a.recvSync(), EOFError);
  assert.throws(() => c.recvSync(), EOFError);
});

inBothForms('the other end may arrive while it is waited for', async (crew, form) => {
  const [here, there] = Pipe<string>();
  const answer = crew.run(async (end: Connection<string>) => {
    await send(form, end, (await recv(form, end)).toUpperCase());
    end.close();
  }, there);
  there.close();
  await here.send('hello');
  assert.equal(await here.recv(), 'HELLO');
  await answer;
  await assert.rejects(async () => here.recv(), EOFError);
});

everywhere('values of every kind arrive as they were, large ones too', async (crew) => {
  const [here, there] = Pipe<any>();
  const echoing = crew.run(async () => {
    for await (const message of there) await there.send(message);
  });
  there.close();
  const lock = new Lock();
  for (const value of [
    null,
    -0,
    'text',
    { list: [1, { deep: new Map([[1, new Set(['x'])]]) }] },
    new Uint8Array([1, 2, 3]),
    'x'.repeat(100_000),
    new Float64Array(50_000).fill(0.5),
    new RangeError('an error'),
  ]) {
    await here.send(value);
    assert.deepEqual(await here.recv(), value);
  }
  await here.send({ lock });
  assert.equal((await here.recv()).lock, lock);
  const buffer = new ArrayBuffer(20_000);
  await here.send(new Uint8Array(buffer), { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  assert.equal((await here.recv()).length, 20_000);
  await assert.rejects(Promise.resolve(here.send({ signal: new AbortController().signal })), SerializationError);
  here.close();
  await echoing;
});

inBothForms('a wait gives up in time, and leaves nothing behind', async (crew, form) => {
  const [one, other] = Pipe<number>();
  const names = await crew.run(async () => {
    const told: string[] = [];
    for (const timeout of [0, 1]) {
      try {
        await recv(form, one, timeout);
      } catch (error) {
        told.push((error as Error).name);
      }
      told.push(String(form === 'sync' ? one.pollSync(timeout) : await one.poll(timeout)));
    }
    one.close();
    return told;
  });
  assert.deepEqual(names, ['TimeoutError', 'false', 'TimeoutError', 'false']);
  assert.equal(one.statistics().waitingReceivers, 0);
  await other.send(1);
  assert.equal(await recv(form, one), 1);
});

test('a wait is aborted with the reason of its signal, and takes nothing', async () => {
  const [one, other] = Pipe<number>();
  const reason = new Error('enough');
  const abort = new AbortController();
  const waits = [
    one.recv({ signal: abort.signal }),
    one.poll({ signal: abort.signal }),
    one.recvBytes(undefined, { signal: abort.signal }),
  ];
  abort.abort(reason);
  for (const wait of waits) await assert.rejects(Promise.resolve(wait as PromiseLike<unknown>), (error) => error === reason);
  await assert.rejects(Promise.resolve(other.send(0, { signal: abort.signal })), (error) => error === reason);
  await other.send(1);
  assert.equal(await one.recv(), 1);
  assert.throws(() => one.recvSync({ signal: abort.signal } as never), TypeError);
});

inBothForms('poll waits for a message or the end of file, and takes neither', async (crew, form) => {
  const [reader, writer] = Pipe<number>(false);
  const told = crew.run(async () => {
    const poll = (): Promise<boolean> | boolean => (form === 'sync' ? reader.pollSync({}) : Promise.resolve(reader.poll({})));
    const all = [await poll(), await poll(), await reader.recv(), await poll()];
    return [...all, await Promise.resolve(reader.recv()).catch((error: Error) => error.name)];
  });
  await until(() => reader.statistics().waitingReceivers === 1);
  await writer.send(1);
  writer.close();
  assert.deepEqual(await told, [true, true, 1, true, 'EOFError']);
});

everywhere('a poll that is called passes the call on to the next', async (crew) => {
  const [reader, writer] = Pipe<number>(false);
  const polling = crew.run(() => reader.pollSync({}));
  await until(() => reader.statistics().waitingReceivers === 1);
  const receiving = crew.run(() => reader.recvSync());
  await until(() => reader.statistics().waitingReceivers === 2);
  await writer.send(5);
  assert.equal(await receiving, 5);
  // The receiver may have taken it before it slept: then the poll waits for the next one.
  await writer.send(6);
  assert.equal(await polling, true);
});

test('close ends the waits of its handle, and sends what waits for room', async () => {
  const [one, other] = Pipe<Uint8Array | string>();
  const waits = [one.recv(), one.poll({}), one.recvBytes(), one[Symbol.asyncIterator]().next()];
  await one.send(new Uint8Array(5 * 2 ** 20));
  const late = one.send('late');
  one.close();
  for (const wait of waits) await assert.rejects(Promise.resolve(wait as PromiseLike<unknown>), InvalidStateError);
  assert.throws(() => one.sendSync('x'), InvalidStateError);
  assert.equal(((await other.recv()) as Uint8Array).length, 5 * 2 ** 20);
  assert.equal(await other.recv(), 'late');
  await late;
  await assert.rejects(Promise.resolve(other.recv()), isEof);
});

test('leaving a loop over a connection takes nothing, and closes nothing', async () => {
  const [one, other] = Pipe<number>();
  for (let n = 0; n < 3; n += 1) await other.send(n);
  for await (const n of one) if (n === 1) break;
  assert.equal(await one.recv(), 2);
  const messages = one[Symbol.asyncIterator]();
  const pending = messages.next();
  await messages.return!();
  assert.deepEqual(await pending, { done: true, value: undefined });
  await other.send(3);
  assert.equal(await one.recv(), 3);
});

test('connections are made by Pipe, and bad arguments are refused at the call', () => {
  assert.throws(() => new Connection(), /expected Pipe\(\) to make connections/);
  assert.throws(() => Pipe('yes' as never), /expected duplex to be true or false, got "yes"|expected duplex/);
  const [one] = Pipe();
  assert.throws(() => one.recv(-1), RangeError);
  assert.throws(() => one.recv({ time: 1 } as never), /unknown|time/);
  assert.throws(() => one.send(1, { block: false } as never), TypeError);
  assert.throws(() => one.poll('x' as never), TypeError);
  assert.throws(() => one.recvBytes(-1), RangeError);
  assert.throws(() => one.recvBytes(1.5), RangeError);
});

// Bytes.

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

inBothForms('messages of bytes keep their borders, the empty one as well', async (crew, form) => {
  const [here, there] = Pipe();
  const echoing = crew.run(async () => {
    for (;;) {
      const bytes = form === 'sync' ? there.recvBytesSync() : await there.recvBytes();
      if (form === 'sync') there.sendBytesSync(bytes);
      else await there.sendBytes(bytes);
      if (bytes.length === 1) return;
    }
  });
  for (const length of [0, 7, 1024, 8191, 8192, 100_000, 3 * 2 ** 20, 1]) {
    const bytes = pattern(length);
    await here.sendBytes(bytes);
    const back = await here.recvBytes();
    assert.equal(back.constructor, Uint8Array);
    assert.deepEqual(back, bytes);
  }
  await echoing;
});

test('sendBytes takes a part of any view, and refuses what lies outside', () => {
  const [one, other] = Pipe();
  const bytes = pattern(16);
  const sent = (...args: [ArrayBufferView | ArrayBufferLike, number?, number?]): number[] => {
    one.sendBytesSync(...args);
    return [...other.recvBytesSync()];
  };
  assert.deepEqual(sent(bytes), [...bytes]);
  assert.deepEqual(sent(bytes, 13), [13, 14, 15]);
  assert.deepEqual(sent(bytes, 3, 2), [3, 4]);
  assert.deepEqual(sent(bytes, 16), []);
  assert.deepEqual(sent(bytes, 16, 0), []);
  assert.deepEqual(sent(bytes.buffer, 14), [14, 15]);
  assert.deepEqual(sent(new DataView(bytes.buffer, 2, 3)), [2, 3, 4]);
  assert.deepEqual(sent(new Uint16Array([1, 2]), 2), [2, 0]);
  for (const [offset, size] of [[-1], [17], [0, 17], [4, -1], [16, 1], [0.5]] as [number, number?][])
    assert.throws(() => one.sendBytes(bytes, offset, size), RangeError, `${offset}, ${size}`);
  assert.throws(() => one.sendBytes('text' as never), TypeError);
});

test('a message that is longer than maxLength stays', async () => {
  const [one, other] = Pipe();
  for (const length of [100, 20_000]) {
    await one.sendBytes(pattern(length));
    await assert.rejects(
      Promise.resolve(other.recvBytes(length - 1)),
      (error) => error instanceof BufferTooShort && error.bytes === undefined && error.message.includes(`got one of ${length}`),
    );
    assert.throws(() => other.recvBytesSync(0), BufferTooShort);
    assert.equal(other.pollSync(), true);
    assert.deepEqual(await other.recvBytes(length), pattern(length));
  }
  const waiting = other.recvBytes(3);
  await one.sendBytes(pattern(4));
  await assert.rejects(Promise.resolve(waiting), BufferTooShort);
  assert.equal((await other.recvBytes(4)).length, 4);
});

test('recvBytesInto fills memory of the caller; what does not fit is received as a whole with the error', async () => {
  const [one, other] = Pipe();
  const memory = new Uint8Array(32).fill(255);
  await one.sendBytes(pattern(4));
  assert.equal(await other.recvBytesInto(memory, 2), 4);
  assert.deepEqual([...memory.subarray(0, 8)], [255, 255, 0, 1, 2, 3, 255, 255]);
  for (const length of [33, 100_000]) {
    await one.sendBytes(pattern(length));
    await assert.rejects(Promise.resolve(other.recvBytesInto(memory)), (error) => {
      assert.ok(error instanceof BufferTooShort);
      assert.deepEqual(error.bytes, pattern(length));
      return true;
    });
    assert.equal(other.pollSync(), false);
  }
  const large = new Uint8Array(200_000);
  one.sendBytesSync(pattern(150_000));
  assert.equal(other.recvBytesIntoSync(large.buffer), 150_000);
  assert.deepEqual(large.subarray(0, 150_000), pattern(150_000));
  assert.throws(() => other.recvBytesIntoSync(memory, 33), RangeError);
  assert.throws(() => other.recvBytesIntoSync([] as never), TypeError);
});

test('recv gives bytes as a Uint8Array, and recvBytes leaves a value for recv', async () => {
  const [one, other] = Pipe();
  await one.sendBytes(pattern(3));
  assert.deepEqual(await other.recv(), pattern(3));
  await one.send('value');
  await assert.rejects(Promise.resolve(other.recvBytes()), InvalidStateError);
  assert.throws(() => other.recvBytesIntoSync(new Uint8Array(9)), InvalidStateError);
  assert.equal(await other.recv(), 'value');
});

inBothForms('a sender waits while much is not received, and a message of any length goes where there is room', async (crew, form) => {
  const [reader, writer] = Pipe<Uint8Array>(false);
  const sending = crew.run(async () => {
    for (let n = 0; n < 12; n += 1) await send(form, writer, new Uint8Array(2 ** 20).fill(n));
  });
  await until(() => reader.statistics().unreadBytes >= 4 * 2 ** 20 && writer.statistics().waitingSenders === 1);
  assert.ok(reader.statistics().unreadBytes < 6 * 2 ** 20);
  for (let n = 0; n < 12; n += 1) assert.equal((await reader.recv())[77], n);
  await sending;
  assert.equal(reader.statistics().unreadBytes, 0);
  await writer.send(new Uint8Array(9 * 2 ** 20));
  assert.throws(() => writer.sendSync(new Uint8Array(1), 0), TimeoutError);
  assert.equal((await reader.recv()).length, 9 * 2 ** 20);
});

test('without native calls a connection is refused to a process, by path', {
  skip: isNative ? 'native calls are there' : false,
}, async () => {
  const { Process } = await import('heddle');
  const [one] = Pipe();
  assert.throws(
    () => new Process({ target: (given: { readonly end: Connection }) => given.end.recvSync(), args: [{ end: one }] }).start(),
    (error) => error instanceof SerializationError && error.message.includes('args[0].end'),
  );
});
