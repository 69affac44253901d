/** Functions that a manager calls where they are: as long as it keeps them, within each other, and when one of the two ends. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before, test } from 'node:test';
import { callback, EOFError, InvalidStateError, Manager, Process, SerializationError } from 'heddle';

type Fn = (...args: any[]) => unknown;

class Hub {
  readonly #fns: Fn[] = [];
  constructor(...fns: Fn[]) {
    this.#fns.push(...fns);
  }
  add(fn: Fn): void {
    this.#fns.push(fn);
  }
  clear(): void {
    this.#fns.length = 0;
  }
  async fire(...args: unknown[]): Promise<unknown[]> {
    return await Promise.all(this.#fns.map((fn) => fn(...args)));
  }
  async call(fn: Fn): Promise<unknown> {
    return await fn();
  }
  /** The answer is sent while the function runs. */
  begin(fn: Fn): string {
    void fn();
    return 'begun';
  }
  async fireWith(what: string): Promise<unknown> {
    return await this.#fns[0]!(what === 'weak' ? new WeakMap() : what);
  }
  #held: any;
  hold(proxy: unknown): void {
    this.#held = proxy;
  }
  askSelf(): unknown {
    return this.#held.getSync('a');
  }
  *failing(n: number): Generator<number> {
    for (let i = 0; i < n; i += 1) yield i;
    throw new RangeError('behind the items');
  }
  async *stuck(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    await new Promise(() => {});
  }
  *upTo(n: number): Generator<number> {
    for (let i = 1; i <= n; i += 1) yield i;
  }
  collectGarbage(): void {
    (globalThis as { gc?: () => void }).gc!();
  }
}
Manager.register('Hub', Hub);

let manager: Manager;

before(async () => {
  manager = await Manager.start({
    initializer: async () => {
      const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')]);
      setFlagsFromString('--expose-gc');
      (globalThis as { gc?: unknown }).gc = runInNewContext('gc');
    },
  });
});

after(() => manager.shutdown());

test('a callback that an object keeps is called for any caller of the object, also when no call of its own thread waits', async () => {
  const hub = await manager.create<Hub>('Hub');
  const seen: number[] = [];
  await hub.add(
    callback((n: number) => {
      seen.push(n);
      return n * 2;
    }),
  );
  const child = new Process({
    target: async () => {
      process.exitCode = String(await hub.fire(21)) === '42' ? 0 : 1;
    },
  }).start();
  await child.join();
  assert.equal(child.exitCode, 0);
  assert.deepEqual(seen, [21]);
});

test('callbacks are arguments of constructors and in pipelines, too', async () => {
  const where = process.pid;
  const pid = callback(() => process.pid);
  assert.deepEqual(await (await manager.create<Hub>('Hub', pid)).fire(), [where]);
  const hub = await manager.create<Hub>('Hub');
  const [, pids] = await hub.pipeline((calls) => {
    calls.add(pid);
    calls.fire();
  });
  assert.deepEqual(pids, [where]);
});

test('a callback may make Sync calls while a Sync call of its thread waits, and both get their results', async () => {
  const hub = await manager.create<Hub>('Hub');
  const dict = await manager.dict<string, number>({ a: 1 });
  const inner: unknown[] = [];
  // The answer of the outer call comes while the inner one waits.
  for (let i = 0; i < 50; i += 1) assert.equal(hub.beginSync(callback(() => inner.push(dict.getSync('a')))), 'begun');
  await hub.call(callback(() => 0));
  assert.deepEqual(
    inner,
    Array.from({ length: 50 }, () => 1),
  );
});

test('a callback that returns a promise in a Sync call is refused by name, as its thread is blocked', async () => {
  const hub = await manager.create<Hub>('Hub');
  const later = callback(() => Promise.resolve('later'));
  assert.throws(
    () => hub.callSync(later),
    (error: Error) => error instanceof InvalidStateError && /callback returned a promise.*use the promise form/.test(error.message),
  );
  assert.equal(await hub.call(later), 'later');
});

test('what a callback gives or gets and cannot cross fails the call, and the thread goes on', async () => {
  const hub = await manager.create<Hub>(
    'Hub',
    callback(() => new WeakMap()),
  );
  await assert.rejects(hub.fire(), SerializationError);
  await assert.rejects(hub.fireWith('weak'), SerializationError);
  await assert.rejects(hub.call(callback(() => Promise.reject(new RangeError('mine')))), RangeError);
});

test('a callback is forgotten when the manager cannot call it any more', async () => {
  const hub = await manager.create<Hub>('Hub');
  const forgotten: unknown[] = [];
  const registry = new FinalizationRegistry(() => {
    forgotten.push('forgotten');
  });
  await (async () => {
    const fn = callback(() => 1);
    registry.register(fn, 0);
    await hub.add(fn);
    assert.deepEqual(await hub.fire(), [1]);
    await hub.clear();
  })();
  const { runGarbageCollection } = await import('../python/garbage.js');
  while (forgotten.length === 0) {
    await hub.collectGarbage();
    await runGarbageCollection();
  }
});

test('the object learns that the thread of its callback has ended', async () => {
  const hub = await manager.create<Hub>('Hub');
  const child = new Process({ target: () => hub.add(callback(() => 'gone')) }).start();
  await child.join();
  await assert.rejects(
    hub.fire(),
    (error: Error) => error instanceof EOFError && /the caller of this function has ended/.test(error.message),
  );
  // Also when it was known before.
  while ((await manager.statistics()).clients > 1);
  await assert.rejects(hub.fire(), EOFError);
});

test('a callback whose manager has ended meanwhile ends quietly', async () => {
  const short = await Manager.start();
  const hub = await short.create<Hub>('Hub');
  const { promise, resolve } = withResolvers();
  let hasBegun: (() => void) | undefined;
  const begun = new Promise<void>((go) => (hasBegun = go));
  const call = hub.call(
    callback(async () => {
      hasBegun!();
      await promise;
    }),
  );
  const failed = assert.rejects(call, EOFError);
  await begun;
  await short.shutdown();
  await failed;
  resolve();
  await promise;
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void;
  const promise = new Promise<void>((go) => (resolve = go));
  return { promise, resolve: () => resolve() };
}

test('a Sync call in the thread of the manager is refused, as it would wait for itself', async () => {
  const hub = await manager.create<Hub>('Hub');
  const dict = await manager.dict<string, number>({ a: 1 });
  await hub.hold(dict);
  const isRefused = (error: Error): boolean =>
    error instanceof InvalidStateError && /dict\.getSync\(\): called in the thread/.test(error.message);
  await assert.rejects(hub.askSelf(), isRefused);
  const list = await manager.list([2, 1]);
  await assert.rejects(
    list.sort((a, b) => dict.getSync('a')! + a - b),
    isRefused,
  );
  assert.equal(await dict.get('a'), 1);
});

test('an iteration gives what is there, waits for no more, and gives its items before its error', async () => {
  const hub = await manager.create<Hub>('Hub');
  const items: unknown[] = [];
  await assert.rejects(async () => {
    for await (const item of await hub.failing(300)) items.push(item);
  }, /behind the items/);
  assert.equal(items.length, 300);
  for await (const item of await hub.stuck()) if (item === 2) break;
});

test('a pipeline gives iterations, too', async () => {
  const hub = await manager.create<Hub>('Hub');
  const [one, other] = (await hub.pipeline((calls) => {
    calls.upTo(2);
    calls.upTo(3);
  })) as AsyncIterable<number>[];
  const items: number[] = [];
  for await (const item of one!) items.push(item);
  for await (const item of other!) items.push(item);
  assert.deepEqual(items, [1, 2, 1, 2, 3]);
});

test('the names of types that come with managers are taken', () => {
  for (const name of ['dict', 'Pool']) assert.throws(() => Manager.register(name, Hub), TypeError);
});

test('a callback runs in the async context of the call that it was given to', async () => {
  const hub = await manager.create<Hub>('Hub');
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const look = callback(() => seen.push(storage.getStore()));
  await storage.run('kept', () => hub.add(look));
  await storage.run('other', () => Promise.all([hub.fire(), storage.run('own', () => hub.call(look))]));
  assert.deepEqual(new Set(seen), new Set(['kept', 'own']));
});
