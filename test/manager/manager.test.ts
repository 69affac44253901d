/** Objects of a manager: what their proxies do, between processes and threads, and when something dies. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  Barrier,
  BoundedSemaphore,
  callback,
  Condition,
  EOFError,
  Event,
  InvalidStateError,
  LifoQueue,
  Lock,
  Manager,
  PriorityQueue,
  Process,
  ProcessPoolExecutor,
  Queue,
  RLock,
  Semaphore,
  SerializationError,
  SharedArray,
  Thread,
  ThreadPoolExecutor,
  Value,
} from 'heddle';
import { runGarbageCollection } from '../python/garbage.js';

type AnyClass = abstract new (...args: any[]) => object;

class Counter {
  #count = 0;
  step = 1;
  constructor(start: number = 0) {
    this.#count = start;
  }
  get count(): number {
    return this.#count;
  }
  increment(): number {
    this.#count += this.step;
    return this.#count;
  }
  async slow(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return `after ${ms}`;
  }
  *upTo(n: number): Generator<number> {
    for (let i = 1; i <= n; i += 1) yield i;
  }
  async each(n: number, fn: (i: number) => unknown): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let i = 0; i < n; i += 1) results.push(await fn(i));
    return results;
  }
  fail(): never {
    throw new RangeError('not like this');
  }
  unsendable(): unknown {
    return { deep: new WeakMap() };
  }
  _hidden(): string {
    return 'not for proxies';
  }
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
  then(resolve: (value: string) => void): void {
    resolve('thenable');
  }
}
Manager.register('Counter', Counter);

let manager: Manager;
before(async () => {
  manager = await Manager.start();
});
after(() => manager.shutdown());

test('a dict has the calls of a Map and of a dict of Python, in both forms', async () => {
  const dict = await manager.dict<string, number>({ a: 1, b: 2 });
  assert.equal(await dict.get('a'), 1);
  assert.equal(dict.getSync('b'), 2);
  assert.equal(await dict.get('c'), undefined);
  assert.equal(await dict.get('c', 7), 7);
  await dict.set('c', 3);
  dict.setSync('d', 4);
  assert.deepEqual([await dict.size, dict.sizeSync], [4, 4]);
  assert.deepEqual([await dict.has('d'), await dict.delete('d'), await dict.delete('d')], [true, true, false]);
  assert.equal(await dict.pop('c'), 3);
  assert.equal(await dict.pop('c', -1), -1);
  await assert.rejects(dict.pop('c'), RangeError);
  assert.equal(await dict.setDefault('e', 5), 5);
  assert.equal(await dict.setDefault('e', 6), 5);
  assert.deepEqual(await dict.popItem(), ['e', 5]);
  await dict.update({ f: 6, g: 7 });
  await dict.update(new Map([['h', 8]]));
  assert.deepEqual(await dict.keys(), ['a', 'b', 'f', 'g', 'h']);
  assert.deepEqual(dict.valuesSync(), [1, 2, 6, 7, 8]);
  assert.deepEqual((await dict.entries())[0], ['a', 1]);
  assert.deepEqual(await dict.toObject(), { a: 1, b: 2, f: 6, g: 7, h: 8 });
  assert.deepEqual(await dict.toMap(), new Map(Object.entries({ a: 1, b: 2, f: 6, g: 7, h: 8 })));
  const seen: unknown[] = [];
  for await (const pair of dict) seen.push(pair);
  assert.deepEqual(seen, await dict.entries());
  await dict.clear();
  assert.equal(await dict.size, 0);
  await assert.rejects(dict.popItem(), RangeError);
  await assert.rejects((dict as unknown as { set(key: object, value: number): Promise<void> }).set({}, 1), /expected a key to be a string/);
});

test('a list has the calls of an array and of a list of Python', async () => {
  const list = await manager.list([3, 1, 2]);
  await list.append(5);
  assert.equal(await list.push(6, 7), 6);
  await list.extend([8]);
  await list.insert(0, 0);
  assert.deepEqual(await list.toArray(), [0, 3, 1, 2, 5, 6, 7, 8]);
  assert.deepEqual([await list.get(0), await list.get(-1), list.getSync(1)], [0, 8, 3]);
  await list.set(-1, 80);
  assert.deepEqual([await list.pop(), await list.pop(0)], [80, 0]);
  await list.remove(3);
  assert.equal(await list.index(5), 2);
  await assert.rejects(list.index(99), RangeError);
  await assert.rejects(list.get(99), /expected index to be an index of the list, which has 5 items, got 99/);
  await list.append(1);
  assert.equal(await list.count(1), 2);
  await list.sort();
  await list.reverse();
  assert.deepEqual(await list.slice(1, 3), [6, 5]);
  await list.sort((one, other) => other - one);
  assert.equal(await list.update(0, (n) => n * 10), 70);
  assert.equal(list.lengthSync, 6);
  const objects = await manager.list([{ id: 1 }, { id: 2 }]);
  assert.equal(await objects.index({ id: 2 }), 1);
  await list.clear();
  assert.equal(await list.length, 0);
});

test('sets and namespaces', async () => {
  const set = await manager.set(['a', 'b']);
  await set.add('b');
  await set.update(['c']);
  assert.deepEqual([await set.size, await set.has('c'), await set.delete('c'), await set.delete('c')], [3, true, true, false]);
  assert.deepEqual(await set.toSet(), new Set(['a', 'b']));
  assert.equal(await set.pop(), 'a');
  const namespace = await manager.Namespace({ x: 1 });
  await namespace.set('y', [2]);
  assert.deepEqual(await namespace.get('y'), [2]);
  await assert.rejects(namespace.get('z'), RangeError);
  assert.equal(await namespace.update('x', (x) => (x as number) + 1), 2);
  assert.deepEqual(namespace.toObjectSync(), { x: 2, y: [2] });
});

test('updates of processes, threads and pools are atomic', async () => {
  const dict = await manager.dict({ n: 0 });
  const add = (): void => {
    for (let i = 0; i < 100; i += 1) dict.updateSync('n', (n = 0) => n + 1);
  };
  const child = new Process({ target: add }).start();
  const thread = new Thread({ target: add }).start();
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  await using threads = new ThreadPoolExecutor({ maxWorkers: 1 });
  await Promise.all([
    child.join(),
    thread.join(),
    pool.submit(add),
    threads.submit(add),
    ...Array.from({ length: 100 }, () => dict.update('n', (n = 0) => n + 1)),
  ]);
  assert.equal(child.exitCode, 0);
  assert.equal(await dict.get('n'), 500);
});

test('an update that throws leaves the old value, one that waits is refused, and one that calls its manager is told so', async () => {
  const dict = await manager.dict({ n: 1 });
  await assert.rejects(
    dict.update('n', () => {
      throw new RangeError('no');
    }),
    RangeError,
  );
  const waiting = (() => Promise.reject(new Error('that ends no manager'))) as never;
  await assert.rejects(dict.update('n', waiting), /expected fn to return a value, got a promise/);
  await assert.rejects(
    dict.update('n', () => dict.getSync('n')!),
    (error: Error) => error instanceof InvalidStateError && /dict\.getSync\(\): called by the function of an update/.test(error.message),
  );
  assert.equal(await dict.get('n'), 1);
});

test('proxies are values of other objects, and items, and come back as the same handle', async () => {
  const inner = await manager.list([1]);
  const outer = await manager.dict({ inner });
  const back = (await outer.get('inner'))!;
  assert.equal(back, inner);
  await back.append(2);
  const queue = new Queue<typeof inner>();
  const child = new Process({
    target: async () => {
      const nested = (await outer.get('inner'))!;
      nested.appendSync(3);
      await queue.put(nested);
    },
  }).start();
  assert.equal(await queue.get(), inner);
  await child.join();
  assert.deepEqual(await inner.toArray(), [1, 2, 3]);
});

test('a class of the user: methods, properties, async methods, iteration, and no then', async () => {
  const counter = await manager.create<Counter>('Counter', 10);
  assert.equal(await counter.increment(), 11);
  counter.stepSync = 5;
  assert.equal(counter.incrementSync(), 16);
  assert.deepEqual([await counter.count, counter.countSync, await counter.step], [16, 16, 5]);
  assert.deepEqual(await Promise.all([counter.slow(20), counter.slow(1), counter.increment()]), ['after 20', 'after 1', 21]);
  assert.equal('then' in counter, false);
  assert.equal('_hidden' in counter, false);
  assert.equal(await Promise.resolve(counter), counter);
  const numbers: number[] = [];
  for await (const n of await counter.upTo(1000)) numbers.push(n);
  assert.deepEqual(
    numbers,
    Array.from({ length: 1000 }, (_, i) => i + 1),
  );
});

test('only what is exposed can be called', async () => {
  Manager.register('Shy', Counter, { exposed: ['increment'] });
  const counter = await manager.create<Counter>('Shy');
  assert.equal(await counter.increment(), 1);
  assert.equal((counter as Partial<typeof counter>).slow, undefined);
  assert.equal('count' in counter, false);
});

test('functions run at the manager, and those of callback() where they are, also while a Sync call waits', async () => {
  const counter = await manager.create<Counter>('Counter');
  const here = process.pid;
  assert.deepEqual(await counter.each(2, () => process.pid), [manager.pid, manager.pid]);
  const seen: number[] = [];
  const mark = callback((i: number) => {
    seen.push(i);
    return process.pid;
  });
  assert.deepEqual(await counter.each(2, mark), [here, here]);
  assert.deepEqual(counter.eachSync(2, mark), [here, here]);
  assert.deepEqual(seen, [0, 1, 0, 1]);
  const failing = callback(() => {
    throw new RangeError('at the caller');
  });
  await assert.rejects(counter.each(1, failing), RangeError);
});

test('an error has the stack of the manager, and below it that of the call', async () => {
  const counter = await manager.create<Counter>('Counter');
  const check = (error: Error): boolean => {
    assert.ok(error instanceof RangeError);
    assert.match(error.stack!, /Counter\.fail[\s\S]*submitted from:[\s\S]*manager\.test/);
    return true;
  };
  await assert.rejects(counter.fail(), check);
  assert.throws(() => counter.failSync(), check);
});

test('what cannot cross is refused by path, on the way there and back, and the manager goes on', async () => {
  const counter = await manager.create<Counter>('Counter');
  const dict = await manager.dict<string>();
  await assert.rejects(dict.set('x', new WeakMap()), SerializationError);
  assert.throws(() => dict.setSync('x', new WeakMap()), SerializationError);
  await assert.rejects(counter.unsendable(), SerializationError);
  assert.equal(await counter.increment(), 1);
});

test('a pipeline makes its calls in one message, and gives their results in order', async () => {
  const dict = await manager.dict<string, number>();
  const results = await dict.pipeline((calls) => {
    for (let i = 0; i < 1000; i += 1) calls.set(`key ${i}`, i);
    calls.get('key 7');
    calls.keys();
  });
  assert.equal(results.length, 1002);
  assert.equal(results[1000], 7);
  assert.equal((results[1001] as string[]).length, 1000);
  const counter = await manager.create<Counter>('Counter');
  assert.deepEqual(
    counter.pipelineSync((calls) => {
      calls.increment();
      calls.slow(1);
      calls.increment();
    }),
    [1, 'after 1', 2],
  );
  await assert.rejects(
    counter.pipeline((calls) => {
      calls.increment();
      calls.fail();
      calls.increment();
    }),
    RangeError,
  );
  assert.equal(await counter.count, 3);
});

test('queues, locks, values and arrays of a manager are those of shared memory', async () => {
  assert.ok((await manager.Queue<number>(3)) instanceof Queue);
  assert.ok(manager.LockSync() instanceof Lock);
  const [queue, value, array] = [manager.QueueSync<number>(), manager.ValueSync('i', 1), await manager.Array('d', [1, 2])];
  const child = new Process({
    target: () => {
      queue.putSync(value.add(1));
      array.set(0, 9);
    },
  }).start();
  assert.equal(await queue.get(), 2);
  await child.join();
  assert.deepEqual([...array], [9, 2]);
});

test('a pool of a manager runs functions in processes that the manager starts', async () => {
  const pool = await manager.Pool(1);
  assert.deepEqual(await pool.map((n: number) => n * n, [1, 2, 3]), [1, 4, 9]);
  assert.notEqual(await pool.apply(() => process.ppid), process.pid);
  await pool.close();
  await pool.join();
});

test('an object goes with its last proxy, also when that was in a process that was killed', async () => {
  const objects = async (): Promise<number> => (await manager.statistics()).objects;
  await runGarbageCollection();
  const before = await objects();
  const use = async (): Promise<void> => {
    const list = await manager.list([1, 2, 3]);
    const child = new Process({
      target: () => {
        Object.assign(globalThis, { held: list });
        process.kill(process.pid, 'SIGKILL');
      },
    }).start();
    await child.join();
  };
  for (let i = 0; i < 3; i += 1) await use();
  while ((await objects()) > before) await runGarbageCollection();
});

test('a manager that is killed rejects every call at once, and says so', async () => {
  const other = await Manager.start();
  const dict = await other.dict({ a: 1 });
  const counter = await other.create<Counter>('Counter');
  const waiting = counter.slow(1_000_000);
  process.kill(other.pid!, 'SIGKILL');
  await assert.rejects(
    waiting,
    (error: Error) => error instanceof EOFError && /Counter\.slow\(\): the manager has ended/.test(error.message),
  );
  await assert.rejects(dict.get('a'), EOFError);
  assert.throws(() => dict.getSync('a'), EOFError);
  await other.shutdown();
});

test('shutdown ends the process of the manager, and its factories and proxies say so', async () => {
  const other = await Manager.start({ initializer: (x: number) => Object.assign(globalThis, { x }), initArgs: [7] });
  const list = await other.list([1]);
  const { pid } = other;
  await other.shutdown();
  await other.shutdown();
  assert.throws(() => process.kill(pid!, 0), { code: 'ESRCH' });
  await assert.rejects(other.dict(), InvalidStateError);
  assert.throws(() => other.listSync(), InvalidStateError);
  await assert.rejects(list.get(0), EOFError);
});

test('what makes locks, queues and numbers takes the arguments of their classes, in both forms', async () => {
  const makers: readonly (readonly [name: string, Class: AnyClass, right: readonly unknown[], wrong: readonly unknown[]])[] = [
    ['Lock', Lock, [{ fair: true }], [{ fair: 1 }]],
    ['RLock', RLock, [{ onOwnerDied: 'ignore' }], [{ onOwnerDied: 'no' }]],
    ['Semaphore', Semaphore, [2, { fair: true }], [2, { fair: 1 }]],
    ['BoundedSemaphore', BoundedSemaphore, [2, { fair: true }], [2, { fair: 1 }]],
    ['Condition', Condition, [new RLock()], [7]],
    ['Event', Event, [], []],
    ['Barrier', Barrier, [2, { timeout: 5, action: () => {} }], [2, { timeout: -1 }]],
    ['Queue', Queue, [2], ['2']],
    ['JoinableQueue', Queue, [2], ['2']],
    ['LifoQueue', LifoQueue, [2], ['2']],
    ['PriorityQueue', PriorityQueue, [2], ['2']],
    ['Value', Value, ['i', 7, { lock: false }], ['i', 7, { lock: 7 }]],
    ['Array', SharedArray, ['i', [1, 2], { lock: false }], ['i', [1, 2], { lock: 7 }]],
  ];
  const factories = manager as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  for (const [name, Class, right, wrong] of makers) {
    for (const made of [await factories[name]!(...right), factories[`${name}Sync`]!(...right)]) assert.ok(made instanceof Class, name);
    if (wrong.length === 0) continue;
    await assert.rejects(factories[name]!(...wrong) as Promise<unknown>, { name: /^(?:Type|Range)Error$/ }, name);
    assert.throws(() => factories[`${name}Sync`]!(...wrong), { name: /^(?:Type|Range)Error$/ }, name);
  }
});

test('what goes wrong at the start shows where the manager was started', async () => {
  const starts: readonly (readonly [what: RegExp, start: () => Promise<Manager>])[] = [
    [
      /from the initializer/,
      () =>
        Manager.start({
          initializer: () => {
            throw new RangeError('from the initializer');
          },
        }),
    ],
    [/exit code 3/, () => Manager.start({ initializer: () => process.exit(3) })],
    [/listen E/, () => Manager.start({ address: '/nowhere/at/all', authkey: Buffer.from('a key') })],
  ];
  for (const [what, start] of starts) {
    const error = await start().then(
      () => assert.fail('it started'),
      (reason: unknown) => reason as Error,
    );
    assert.match(error.message, what);
    assert.match(error.stack!, /submitted from:\n +at .*manager\.test\.[jt]s:\d+/);
  }
});

test('bad arguments are refused at the call', async () => {
  await assert.rejects(manager.create('nothing of that name'), /expected name to be a registered one/);
  assert.throws(() => Manager.register('', Counter), TypeError);
  assert.throws(() => Manager.register('x', 7 as never), /expected Class to be a class, or a function that gives the object, got 7/);
  await assert.rejects(Manager.start({ initializer: 7 as never }), TypeError);
  await assert.rejects(
    Manager.start({
      initializer: () => {
        throw new RangeError('at the start');
      },
    }),
    /at the start/,
  );
  assert.throws(() => new (Manager as unknown as new () => Manager)(), /Manager\.start/);
  assert.throws(() => callback(7 as never), TypeError);
  const dict = await manager.dict();
  await assert.rejects(dict.pipeline(7 as never), TypeError);
});
