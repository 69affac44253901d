/** Proxies over a connection: the same calls as over shared memory, what holds an object, and the end of either side. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AuthenticationError,
  callback,
  Client,
  EOFError,
  Event,
  InvalidStateError,
  Listener,
  Lock,
  Manager,
  Process,
  Queue,
  type RemoteManager,
  SerializationError,
  type SocketConnection,
  Thread,
} from 'heddle';
import { runGarbageCollection } from '../python/garbage.js';
import { gated } from './gated-module.js';

class Counter {
  #count = 0;
  #kept: ((n: number) => unknown) | undefined;
  step = 1;
  get count(): number {
    return this.#count;
  }
  increment(): number {
    this.#count += this.step;
    return this.#count;
  }
  *upTo(n: number): Generator<number> {
    for (let i = 1; i <= n; i += 1) yield i;
  }
  async each(n: number, fn: (i: number) => unknown): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let i = 0; i < n; i += 1) results.push(await fn(i));
    return results;
  }
  keep(fn: (n: number) => unknown): void {
    this.#kept = fn;
  }
  async callKept(n: number): Promise<unknown> {
    return await this.#kept!(n);
  }
  never(): Promise<never> {
    return new Promise(() => {});
  }
  fail(): never {
    throw new RangeError('not like this');
  }
  unsendable(): unknown {
    return { deep: [new WeakMap()] };
  }
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
  then(resolve: (value: string) => void): void {
    resolve('thenable');
  }
}
Manager.register('Counter', Counter);
const only = { made: 0 };
Manager.register('only', () => {
  only.made += 1;
  return only;
});

const authkey = Buffer.from('the key of both programs');
let manager: Manager;
let remote: RemoteManager;

before(async () => {
  manager = await Manager.start({ authkey });
  remote = await Manager.connect({ address: manager.address!, authkey });
});

after(async () => {
  remote.close();
  await manager.shutdown();
});

test('a dict, a list, a set and a namespace have the calls that they have over shared memory, in both forms', async () => {
  const init: Record<string, unknown> = { a: 1 };
  const dict = await remote.dict(init);
  dict.setSync('b', [2, { deep: new Map([[1, 2n]]) }]);
  assert.deepEqual(
    await dict.toMap(),
    new Map<string, unknown>([
      ['a', 1],
      ['b', [2, { deep: new Map([[1, 2n]]) }]],
    ]),
  );
  assert.equal(await dict.update('a', (n) => (n as number) + 1), 2);
  assert.equal(
    dict.updateSync('a', (n) => (n as number) + 1),
    3,
  );
  assert.deepEqual([await dict.size, dict.sizeSync], [2, 2]);
  await assert.rejects(dict.pop('none'), RangeError);
  const list = remote.listSync([3, 1, 2]);
  await list.sort((a, b) => b - a);
  assert.deepEqual(await list.toArray(), [3, 2, 1]);
  const seen: number[] = [];
  for await (const item of list) seen.push(item);
  assert.deepEqual(seen, [3, 2, 1]);
  assert.deepEqual(await (await remote.set(['x'])).toSet(), new Set(['x']));
  const names = await remote.Namespace({ x: 1 });
  await names.set('y', 2);
  assert.deepEqual(names.toObjectSync(), { x: 1, y: 2 });
  assert.match((dict as { toString: () => string }).toString(), /^<dict \d+ of the manager at /);
});

test('an object of a registered class: methods, properties, iteration, errors with both stacks; never thenable', async () => {
  const counter = await remote.create<Counter>('Counter');
  assert.equal(await counter.increment(), 1);
  counter.stepSync = 4;
  assert.equal(counter.incrementSync(), 5);
  assert.equal(await counter.count, 5);
  const items: number[] = [];
  for await (const item of await counter.upTo(600)) items.push(item);
  assert.equal(items.length, 600);
  await assert.rejects(
    async function here() {
      await counter.fail();
    },
    (error: Error) => error instanceof RangeError && /at Counter\.fail[^]*submitted from:[^]*here/.test(error.stack!),
  );
  assert.throws(() => counter.failSync(), /not like this/);
  assert.equal('then' in counter, false);
  await assert.rejects(remote.create('Unheard'), /expected name to be a registered one/);
});

test('a registered function gives all clients the same object', async () => {
  const [one, other] = [await remote.create<typeof only>('only'), await manager.create<typeof only>('only')];
  assert.deepEqual([await one.made, await other.made], [2, 2]);
});

test('many calls are under way on one connection, and calls of a pipeline go in one message', async () => {
  const dict = await remote.dict<number, number>();
  await Promise.all(Array.from({ length: 2000 }, (_, i) => dict.set(i, i * i)));
  const values = await Promise.all(Array.from({ length: 2000 }, (_, i) => dict.get(i)));
  assert.ok(values.every((value, i) => value === i * i));
  const counter = await remote.create<Counter>('Counter');
  const waits = counter.never();
  const ended = assert.rejects(waits, EOFError);
  assert.deepEqual(
    await dict.pipeline((calls) => {
      calls.set(0, 7);
      calls.get(0);
    }),
    [undefined, 7],
  );
  const large = new Uint8Array(3_000_000).fill(5);
  const blobs = await remote.list<Uint8Array>();
  const pushing = [blobs.append(large), blobs.append(large)];
  blobs.appendSync(large);
  await Promise.all(pushing);
  assert.deepEqual(blobs.getSync(2), large);
  const second = await Manager.connect({ address: manager.address!, authkey });
  const there = await second.create<Counter>('Counter');
  const closing = assert.rejects(
    there.never(),
    (error: Error) =>
      error instanceof EOFError && /^Counter\.never\(\): the connection to the manager .* was closed here/.test(error.message),
  );
  second.close();
  await closing;
  await assert.rejects(async () => await second.dict(), InvalidStateError);
  void ended.catch(() => {});
});

test('callbacks run at the caller: in calls, in Sync calls, and kept ones while no call waits', async () => {
  const counter = await remote.create<Counter>('Counter');
  const where = process.pid;
  assert.deepEqual(
    await counter.each(
      3,
      callback(async (i) => [process.pid, i]),
    ),
    [0, 1, 2].map((i) => [where, i]),
  );
  assert.deepEqual(
    counter.eachSync(
      2,
      callback((i) => [counter.incrementSync(), i][1]),
    ),
    [0, 1],
  );
  assert.throws(
    () =>
      counter.eachSync(
        1,
        callback(() => Promise.resolve(1)),
      ),
    InvalidStateError,
  );
  const { promise, resolve } = withResolvers<number>();
  await counter.keep(callback((n: number) => resolve(n)));
  const second = await Manager.connect({ address: manager.address!, authkey });
  void (await second.create<typeof only>('only'));
  void counter.callKept(21);
  assert.equal(await promise, 21);
  second.close();
  await assert.rejects(
    counter.each(
      1,
      callback(() => ({ in: new WeakMap() })),
    ),
    /^SerializationError: result of the callback\.in: a WeakMap/,
  );
});

test('a call that came before one whose modules are being loaded is answered at once', async () => {
  interface Gate {
    gate?: Promise<void>;
    openGate?: () => void;
  }
  // Another manager: what others do has it send all replies.
  await using busy = await Manager.start({ authkey });
  using there = await Manager.connect({ address: busy.address!, authkey });
  const counter = await there.create<Counter>('Counter');
  const local = await busy.create<Counter>('Counter');
  await local.each(1, () => {
    const gate = globalThis as Gate;
    gate.gate = new Promise((resolve) => (gate.openGate = resolve));
  });
  const before = counter.count;
  const behind = counter.each(1, gated);
  assert.equal(await before, 0);
  await local.each(1, () => (globalThis as Gate).openGate!());
  assert.deepEqual(await behind, ['gated']);
});

test('a callback of a thread is called when the thread has dropped the proxies that it was handed', async () => {
  const counter = await remote.create<Counter>('Counter');
  const queue = new Queue<typeof counter>();
  const [dropped, done] = [new Event(), new Event()];
  const thread = new Thread({
    target: async () => {
      const proxy = { isGone: false };
      const registry = new FinalizationRegistry(() => {
        proxy.isGone = true;
      });
      await (async () => {
        const handed = await queue.get();
        registry.register(handed, undefined);
        await handed.keep(callback((n: number) => n * 2));
      })();
      while (!proxy.isGone) await runGarbageCollection();
      dropped.set();
      await done.wait();
    },
  }).start();
  await queue.put(counter);
  await dropped.wait();
  assert.equal(await counter.callKept(21), 42);
  done.set();
  await thread.join();
  assert.equal(thread.error, null);
});

test('nested proxies go to the manager and come back, to remote and local clients alike', async () => {
  const dict = await remote.dict<string, any>();
  const inner = await remote.list([1]);
  await dict.set('inner', inner);
  const again = await dict.get('inner');
  assert.equal(again, inner);
  await again.append(2);
  Manager.register('shared', () => dict);
  await dict.set('both', [inner, inner]);
  const [one, other] = await dict.get('both');
  assert.equal(one, other);
  assert.deepEqual(await one.toArray(), [1, 2]);
  // A local proxy that captures the manager's objects sees the same ones.
  const local = await manager.dict<string, any>();
  Manager.register('local', () => local);
  await manager.create('local');
  const view = await remote.create<{ set(key: string, value: unknown): void }>('local');
  await view.set('inner', inner);
  const mine = await local.get('inner');
  assert.deepEqual(await mine.toArray(), [1, 2]);
  await mine.append(3);
  assert.deepEqual(inner.toArraySync(), [1, 2, 3]);
});

test('a proxy over a connection that goes to its manager by shared memory is the object there', async () => {
  const local = await manager.dict<string, any>();
  const [list, lock] = [await remote.list([1]), await remote.Lock()];
  await local.set('both', [list, lock]);
  const [mine, held] = await local.get('both');
  await mine.append(2);
  assert.deepEqual(list.toArraySync(), [1, 2]);
  assert.equal(held.acquireSync(0), true);
  assert.equal(await lock.locked(), true);
  held.release();
});

test('the referent goes with its last proxy, also with the connection that held it', async () => {
  const before = (await manager.statistics()).objects;
  const second = await Manager.connect({ address: manager.address!, authkey });
  await second.dict();
  const list = await second.list();
  await (await remote.dict<string>()).size;
  assert.equal((await manager.statistics()).clients >= 3, true);
  void list;
  second.close();
  await (async () => {
    for (let i = 0; i < 10; i += 1) await remote.dict();
  })();
  while ((await manager.statistics()).objects > before) await runGarbageCollection();
});

test('what only shared memory can carry is refused by its path, and names the remedy', async () => {
  const dict = await remote.dict<string>();
  const isRefused = (error: Error): boolean =>
    error instanceof SerializationError &&
    /^argument 2 of set\(\)\.in\[0\]: a Lock cannot cross to another program: .*manager\.Lock\(\)/.test(error.message);
  await assert.rejects(dict.set('a', { in: [new Lock()] }), isRefused);
  assert.throws(() => dict.setSync('a', { in: [new Lock()] }), isRefused);
  const counter = await remote.create<Counter>('Counter');
  await assert.rejects(counter.unsendable(), /^SerializationError: result\.deep\[0\]: a WeakMap cannot cross/);
});

test('a proxy is handed to threads and processes of its program, which connect again; another program gets none', async () => {
  const dict = await remote.dict<string, number>({ a: 1 });
  const thread = new Thread({ target: () => dict.updateSync('a', (n) => n! + 1) }).start();
  await thread.join();
  assert.equal(thread.error, null);
  const child = new Process({
    target: async () => {
      await dict.set('child', dict.getSync('a')! * 10);
    },
  }).start();
  await child.join();
  assert.equal(child.exitCode, 0);
  assert.deepEqual(await dict.toObject(), { a: 2, child: 20 });
  await using listener = await Listener.listen(undefined, { authkey });
  using client = await Client(listener.address, { authkey });
  await assert.rejects(
    client.send({ dict }),
    (error: Error) =>
      error instanceof SerializationError &&
      /^message\.dict: a proxy of the manager at .* cannot cross to another program: put it/.test(error.message),
  );
});

test('a wrong key, a listener that is no manager, and bad options', async () => {
  await assert.rejects(Manager.connect({ address: manager.address!, authkey: Buffer.from('wrong') }), AuthenticationError);
  await using listener = await Listener.listen(undefined, { authkey });
  const accepted = listener.accept().then((connection) => connection.close());
  await assert.rejects(Manager.connect({ address: listener.address, authkey }), EOFError);
  await accepted;
  const silent = listener.accept();
  const controller = new AbortController();
  const waiting = assert.rejects(Manager.connect({ address: listener.address, authkey, signal: controller.signal }), /no more of this/);
  using connection = await silent;
  await connection.recvBytes();
  controller.abort(new Error('no more of this'));
  await waiting;
  await assert.rejects(Manager.connect({ address: manager.address! } as never), /expected authkey to be a Uint8Array/);
  await assert.rejects(Manager.start({ address: { port: 0 } }), /expected authkey to be a Uint8Array/);
  await assert.rejects(Manager.connect({ address: manager.address!, authkey, key: 1 } as never), /unknown key 'key'/);
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void;
  const promise = new Promise<T>((go) => (resolve = go));
  return { promise, resolve: (value) => resolve(value) };
}

test('what is no record ends its connection, and what asks for nonsense its call; the manager goes on', async () => {
  const dict = await remote.dict<string, number>({ a: 1 });
  const record = (kind: number, number: number, second: number, length: number): Uint8Array => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt32LE(kind, 4);
    bytes.writeDoubleLE(number, 8);
    bytes.writeDoubleLE(second, 16);
    return bytes;
  };
  for (const send of [
    (stranger) => stranger.sendBytes(Buffer.from('too short')),
    (stranger) => stranger.sendBytes(record(1, 1, 0, 1000)),
    (stranger) => stranger.send(['hello', 'this is no record']),
  ] satisfies ((stranger: SocketConnection) => Promise<void>)[]) {
    const stranger = await Client(manager.address!, { authkey });
    await send(stranger);
    await assert.rejects(stranger.recvBytes(), EOFError);
    stranger.close();
  }
  // A value that is damaged, a kind that is not known, an object that is not there, a release of what was never held.
  const stranger = await Client(manager.address!, { authkey });
  for (const bytes of [
    Buffer.concat([record(1, 5, 0, 3), Buffer.from('###')]),
    record(99, 1, 0, 0),
    record(4, 1, 1e9, 0),
    record(5, 1e9, 0, 0),
  ])
    await stranger.sendBytes(bytes);
  const answer = Buffer.from(await stranger.recvBytes());
  assert.deepEqual([answer.readUInt32LE(4), answer.readDoubleLE(8)], [17, 5]);
  stranger.close();
  assert.equal(await dict.get('a'), 1);
});

test('a manager that is shut down ends its connections, and a proxy of it is handed to no thread', async () => {
  const short = await Manager.start({ authkey });
  const { address } = short;
  const there = await Manager.connect({ address: address!, authkey });
  const dict = await there.dict();
  const failed = assert.rejects((await there.create<Counter>('Counter')).never(), EOFError);
  await short.shutdown();
  await failed;
  assert.throws(
    () => new Thread({ target: () => dict.sizeSync }).start(),
    /a proxy of the manager at .* cannot cross: its connection has ended/,
  );
  await assert.rejects(Manager.connect({ address: address!, authkey }), /ENOENT/);
});
