/**
 * Messages of strangers to a listener, or to a client, before they have proved that they know the key: none is decoded, and none is waited
 * for long.
 */

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { AuthenticationError, Client, Listener, TimeoutError } from 'heddle';

const authkey = Buffer.from('the key of both ends');
const magic = Buffer.from('heddle connection 1\n');

/** A listener, and what it said of those that it refused. */
async function listen(): Promise<{ listener: Listener; refusals: string[]; refused(): Promise<string> }> {
  const refusals: string[] = [];
  const told: ((why: string) => void)[] = [];
  const listener = await Listener.listen(undefined, {
    authkey,
    onRefused: (error) => {
      assert.ok(error instanceof AuthenticationError);
      refusals.push(error.message);
      told.shift()?.(error.message);
    },
  });
  return { listener, refusals, refused: () => new Promise((resolve) => told.push(resolve)) };
}

/** A socket, and all that came on it. */
interface Raw {
  readonly socket: Socket;
  received(count: number): Promise<Buffer>;
  readonly closed: Promise<Buffer>;
}

function collect(socket: Socket): Raw {
  let bytes = Buffer.alloc(0);
  let wake = (): void => {};
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    wake();
  });
  const closed = new Promise<Buffer>((resolve) => socket.once('close', () => resolve(bytes)));
  const received = async (count: number): Promise<Buffer> => {
    while (bytes.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return bytes;
  };
  return { socket, received, closed };
}

const raw = (listener: Listener): Raw => collect(connect(listener.address as string));

const proof = (key: Buffer, role: string, ...nonces: Buffer[]): Buffer =>
  createHmac('sha256', key).update(`${role}\0`).update(Buffer.concat(nonces)).digest();

/** Still accepts a client that knows the key. */
async function stillAccepts(listener: Listener): Promise<void> {
  const client = await Client<string>(listener.address, { authkey });
  const server = await listener.accept();
  await client.send('hello');
  assert.equal(await server.recv(), 'hello');
  client.close();
  server.close();
}

/** The bytes of a stranger after the greeting, and the listener's verdict. */
const sent: Record<string, { make(hello: Buffer): Buffer; why: RegExp }> = {
  'a request of another protocol': {
    make: () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    why: /does not speak heddle's protocol: it sent "GET \/ HTTP/,
  },
  "the challenge of Python's multiprocessing": {
    make: () => Buffer.from('\0\0\0\x1d#CHALLENGE#{sha256}0123456789'),
    why: /does not speak heddle's protocol/,
  },
  'random bytes': { make: () => Buffer.concat([Buffer.of(0xff), randomBytes(80)]), why: /does not speak heddle's protocol/ },
  'the proof of another key': {
    make: (hello) => {
      const nonce = randomBytes(32);
      return Buffer.concat([magic, nonce, proof(Buffer.from('another'), 'client', hello.subarray(20), nonce)]);
    },
    why: /does not know the authkey/,
  },
  'a proof of zeros': { make: () => Buffer.concat([magic, Buffer.alloc(64)]), why: /does not know the authkey/ },
  'the greeting, sent back': { make: (hello) => Buffer.concat([hello, hello.subarray(20)]), why: /does not know the authkey/ },
  'more than a proof': {
    make: (hello) => {
      const nonce = randomBytes(32);
      return Buffer.concat([magic, nonce, proof(authkey, 'client', hello.subarray(20), nonce), Buffer.of(1)]);
    },
    why: /sent more than its proof/,
  },
  'a megabyte': { make: () => Buffer.alloc(1 << 20), why: /sent more than its proof|does not speak/ },
};

for (const [what, { make, why }] of Object.entries(sent)) {
  test(`a listener refuses ${what}, says why, closes, and goes on`, async () => {
    const { listener, refused } = await listen();
    const said = refused();
    const stranger = raw(listener);
    const hello = await stranger.received(52);
    stranger.socket.write(make(hello));
    assert.match(await said, why);
    const answer = await stranger.closed;
    // Nothing but the greeting and the refusal came back.
    assert.ok(answer.subarray(52).equals(Buffer.of(0)) || answer.length === 52);
    await stillAccepts(listener);
    assert.equal(listener.statistics().refused, 1);
    listener.close();
  });
}

test('a proof that was accepted once is refused the second time', async () => {
  const { listener, refused } = await listen();
  const nonce = randomBytes(32);
  const first = raw(listener);
  const hello = await first.received(52);
  const answer = Buffer.concat([magic, nonce, proof(authkey, 'client', hello.subarray(20), nonce)]);
  first.socket.write(answer);
  assert.equal((await first.received(85))[52], 1);
  const said = refused();
  const second = raw(listener);
  await second.received(52);
  second.socket.write(answer);
  assert.match(await said, /does not know the authkey/);
  assert.equal((await second.closed)[52], 0);
  listener.close();
  first.socket.destroy();
});

test('a client that begins and goes away is refused', async () => {
  const { listener, refused } = await listen();
  const said = refused();
  const stranger = raw(listener);
  await stranger.received(52);
  stranger.socket.end(magic);
  assert.match(await said, /closed the connection before anything was proved/);
  await stillAccepts(listener);
  listener.close();
});

test('clients that say nothing keep no other out, and are closed in time', async () => {
  const { listener, refusals } = await listen();
  // As many as may prove themselves at a time.
  const silent = Array.from({ length: 100 }, () => raw(listener));
  await Promise.all(silent.map((one) => one.received(52)));
  // Further ones wait until the time of those is over.
  const late = Client(listener.address, { authkey });
  await Promise.all(silent.map((one) => one.closed));
  const client = await late;
  const server = await listener.accept();
  assert.equal(refusals.length, 100);
  assert.match(refusals[0]!, /proved nothing within 5000 ms/);
  client.close();
  server.close();
  listener.close();
});

test('a thousand clients that connect at once are all accepted', async () => {
  const { listener, refusals } = await listen();
  const clients = Array.from({ length: 1000 }, (_, i) =>
    Client<number>(listener.address, { authkey }).then(async (client) => {
      await client.send(i);
      return client;
    }),
  );
  const servers = await Promise.all(clients.map(() => listener.accept()));
  const numbers = await Promise.all(servers.map((one) => one.recv()));
  assert.deepEqual(new Set(numbers), new Set(clients.keys()));
  for (const one of [...servers, ...(await Promise.all(clients))]) one.close();
  assert.deepEqual(refusals, []);
  listener.close();
});

/** A server that pretends to be a listener. */
async function pretend(speak: (socket: Raw) => unknown): Promise<Server & { port: number }> {
  const server = createServer((socket) => void speak(collect(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as { port: number }).port });
}

const pretenders: Record<string, { speak(raw: Raw): unknown; why: RegExp }> = {
  'speaks another protocol': {
    speak: ({ socket }) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    why: /does not speak heddle's protocol: it sent "HTTP/,
  },
  'greets, and does not know the key': {
    speak: async ({ socket, received }) => {
      const nonce = randomBytes(32);
      socket.write(Buffer.concat([magic, nonce]));
      const answer = await received(84);
      socket.write(Buffer.concat([Buffer.of(1), proof(Buffer.from('guess'), 'listener', nonce, answer.subarray(20, 52))]));
    },
    why: /the listener does not know the authkey/,
  },
  "sends the client's proof back": {
    speak: async ({ socket, received }) => {
      socket.write(Buffer.concat([magic, randomBytes(32)]));
      const answer = await received(84);
      socket.write(Buffer.concat([Buffer.of(1), answer.subarray(52)]));
    },
    why: /the listener does not know the authkey/,
  },
  'sends an item with its greeting': {
    speak: ({ socket }) => socket.write(Buffer.concat([magic, randomBytes(32), randomBytes(40)])),
    why: /more than its greeting/,
  },
  'closes after its greeting': {
    speak: ({ socket }) => socket.end(Buffer.concat([magic, randomBytes(32)])),
    why: /closed the connection before anything was proved/,
  },
};

for (const [what, { speak, why }] of Object.entries(pretenders)) {
  test(`a client refuses what ${what}`, async () => {
    const server = await pretend(speak);
    await assert.rejects(Client({ port: server.port }, { authkey }), (error: Error) => {
      assert.ok(error instanceof AuthenticationError);
      assert.match(error.message, why);
      return true;
    });
    server.close();
  });
}

test('a client gives up what never answers, when its time is over or its signal aborts', async () => {
  const sockets: Socket[] = [];
  const server = await pretend(({ socket }) => sockets.push(socket));
  await assert.rejects(Client({ port: server.port }, { authkey, timeout: 20 }), TimeoutError);
  await assert.rejects(Client({ port: server.port }, { authkey, signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('what comes over a proved connection and is no message ends it', async () => {
  const { listener } = await listen();
  const nonce = randomBytes(32);
  const stranger = raw(listener);
  const hello = await stranger.received(52);
  stranger.socket.write(Buffer.concat([magic, nonce, proof(authkey, 'client', hello.subarray(20), nonce)]));
  await stranger.received(85);
  const server = await listener.accept();
  stranger.socket.write(Buffer.from('this is no message'));
  await assert.rejects(server.recv(), (error: Error) => {
    assert.equal(error.name, 'EOFError');
    assert.match((error.cause as Error).message, /no message/);
    return true;
  });
  await stranger.closed;
  listener.close();
});
