/** The assertions of CPython's _test_multiprocessing on managers and their proxies. Their locks and queues: `shared-by-manager`. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import {
  BoundedSemaphore,
  type DictProxy,
  Empty,
  EOFError,
  InvalidStateError,
  type ListProxy,
  Manager,
  ProcessPoolExecutor,
  Queue,
  type SetProxy,
} from 'heddle';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

class FooBar {
  f(): string {
    return 'f()';
  }
  g(): never {
    throw new RangeError('from g');
  }
  _h(): string {
    return '_h()';
  }
  *squares(): Generator<number> {
    for (let n = 0; n < 10; n += 1) yield n * n;
  }
  queueError(): never {
    throw new Empty('of a queue over there');
  }
}
Manager.register('Foo', FooBar);
Manager.register('Bar', FooBar, { exposed: ['f', '_h'] });

/** The same over a connection: `managers-over-connections`. */
const isRemote = process.env['HEDDLE_TEST_REMOTE'] !== undefined;
const authkey = Buffer.from('the key of the suite');
/** Objects in shared memory are proxies there: `manager/remote-shared`. */
const direct: (name: string, check: () => Promise<void>) => unknown = isRemote ? () => {} : test;
let server: Manager;
let manager: Manager;
let child: ProcessPoolExecutor;
before(async () => {
  server = await Manager.start({ authkey });
  manager = isRemote ? ((await Manager.connect({ address: server.address!, authkey })) as unknown as Manager) : server;
  child = new ProcessPoolExecutor({ maxWorkers: 1 });
});
after(async () => {
  await child.shutdown();
  await server.shutdown();
});

test('list: a proxy does what a list does, and a list of proxies shows their changes', async () => {
  const a = await manager.list(upTo(10));
  assert.deepEqual(await a.toArray(), upTo(10));
  const b = await manager.list<number>();
  assert.deepEqual(await b.toArray(), []);
  await b.extend(upTo(5));
  assert.deepEqual(await b.slice(), upTo(5));
  assert.equal(await b.get(2), 2);
  assert.deepEqual(await b.slice(2, 10), [2, 3, 4]);
  for (let round = 0; round < 1; round += 1) await b.extend(await b.toArray());
  assert.deepEqual(await b.toArray(), [...upTo(5), ...upTo(5)]);
  await b.extend([5, 6]);
  assert.deepEqual(await b.slice(-2), [5, 6]);
  assert.deepEqual(await a.toArray(), upTo(10));
  const both = await manager.list([a, b]);
  const seen = await Promise.all((await both.toArray()).map((one) => one.toArray()));
  assert.deepEqual(seen, [upTo(10), [...upTo(5), ...upTo(5), 5, 6]]);
  const holder = await manager.list([a]);
  await a.append(99);
  assert.equal(await (await holder.get(0)).get(-1), 99);
});

test('list_iter: an iteration gives what is there, and goes on over a change', async () => {
  const list = await manager.list(upTo(10));
  const seen: number[] = [];
  for await (const item of list) seen.push(item);
  assert.deepEqual(seen, upTo(10));
  await list.set(9, 100);
  const again: number[] = [];
  for await (const item of list) again.push(item);
  assert.deepEqual(again, [...upTo(9), 100]);
});

test('list_proxy_in_list: lists in lists, three deep, can be reached, changed and removed', async () => {
  const inner = await manager.list(upTo(3));
  const outer = await manager.list([await manager.list([inner]), await manager.list<ListProxy<number>>()]);
  const middle = await outer.get(0);
  await (await middle.get(0)).set(0, 55);
  assert.deepEqual(await inner.toArray(), [55, 1, 2]);
  await (await outer.get(1)).append(inner);
  assert.equal(await (await outer.get(1)).get(0), inner);
  assert.equal(await (await outer.get(0)).length, 1);
  const taken = await outer.pop();
  assert.equal(await outer.length, 1);
  assert.deepEqual(await (await taken.get(0)).toArray(), [55, 1, 2]);
});

test('dict: the methods of a proxy give what those of a Map give', async () => {
  const dict = await manager.dict<number, string>();
  const indices = upTo(6).map((n) => 65 + n);
  for (const i of indices) await dict.set(i, String.fromCodePoint(i));
  const map = new Map(indices.map((i) => [i, String.fromCodePoint(i)]));
  assert.deepEqual(await dict.toMap(), map);
  assert.deepEqual([await dict.keys(), await dict.values(), await dict.entries()], [indices, [...map.values()], [...map]]);
  assert.deepEqual([await dict.has(65), await dict.has(1), await dict.size], [true, false, 6]);
});

test('dict_iter: an iteration gives the pairs, in the order in which they came', async () => {
  const dict = await manager.dict<number, string>(upTo(300).map((n) => [n, `${n}`]));
  const keys: number[] = [];
  for await (const [key, value] of dict) keys.push(key === Number(value) ? key : Number.NaN);
  assert.deepEqual(keys, upTo(300));
});

test('dict_proxy_nested: nested proxies share their changes, and plain copies do not', async () => {
  const pets = await manager.dict({ ferrets: 2, hamsters: 4 });
  const supplies = await manager.dict({ water: 10, feed: 3 });
  type Both = DictProxy<string, number>;
  const both = await manager.dict<string, Both>({ pets, supplies });
  assert.equal(await (await both.get('supplies'))!.get('water'), 10);
  await (await both.get('pets'))!.set('blanket', 5);
  assert.equal(await pets.get('blanket'), 5);
  await supplies.set('water', 7);
  assert.equal(await (await both.get('supplies'))!.get('water'), 7);
  const outer = await manager.list([await both.get('pets'), supplies]);
  await (await outer.get(0))!.set('hamsters', 1);
  assert.equal(await pets.get('hamsters'), 1);
  const plain = await manager.dict<string, Record<string, number>>({ pets: { ferrets: 2 } });
  (await plain.get('pets'))!['ferrets'] = 9;
  assert.deepEqual(await plain.get('pets'), { ferrets: 2 });
});

direct('nested_queue: queues in lists and dicts of a manager are the queues themselves', async () => {
  const list = await manager.list([await manager.Queue<number>()]);
  await (await list.get(0)).put(123);
  assert.equal(await (await list.get(0)).get(), 123);
  const dict = await manager.dict({ inbox: await manager.Queue<string>(1) });
  await child.submit((shared) => shared.getSync('inbox')!.putSync('from the child'), dict);
  const inbox = (await dict.get('inbox'))!;
  assert.ok(inbox instanceof Queue && inbox.full());
  assert.equal(inbox.getNowait(), 'from the child');
});

test('namespace: names are set, read and deleted, and one that is not there is an error', async () => {
  const namespace = await manager.Namespace();
  await namespace.set('name', 'Bob');
  await namespace.set('job', 'Builder');
  assert.deepEqual([await namespace.get('name'), await namespace.get('job')], ['Bob', 'Builder']);
  assert.equal(await namespace.delete('job'), true);
  assert.deepEqual([await namespace.has('name'), await namespace.has('job')], [true, false]);
  await assert.rejects(namespace.get('job'), RangeError);
});

test('as text a proxy is its type and its number', async () => {
  assert.match(inspect(await manager.dict()), /^<dict \d+ of (?:a manager|the manager at .*)>$/);
  assert.match(inspect(await manager.create<FooBar>('Foo')), /^<Foo \d+ of (?:a manager|the manager at .*)>$/);
});

test('mymanager: classes of the program, what of them is exposed, and their errors', async () => {
  const [foo, bar] = [await manager.create<FooBar>('Foo'), await manager.create<FooBar>('Bar')];
  assert.deepEqual([await foo.f(), await bar.f()], ['f()', 'f()']);
  await assert.rejects(foo.g(), (error: Error) => error instanceof RangeError && error.message === 'from g');
  assert.deepEqual(['_h' in foo, 'g' in bar], [false, false]);
  assert.equal(await (bar as unknown as { _h(): Promise<string> })._h(), '_h()');
  const squares: number[] = [];
  for await (const square of await foo.squares()) squares.push(square);
  assert.deepEqual(
    squares,
    upTo(10).map((n) => n * n),
  );
  await assert.rejects(manager.create('Baz'), /expected name to be a registered one/);
});

direct('queue_get: an error of a queue is the same class here, from a queue and from an object over there', async () => {
  const queue = await manager.Queue();
  assert.throws(() => queue.getNowait(), Empty);
  await assert.rejects(
    child.submit(() => queue.getSync(0)),
    Empty,
  );
  const foo = await manager.create<FooBar>('Foo');
  await assert.rejects(foo.queueError(), Empty);
  assert.throws(() => foo.queueErrorSync(), Empty);
});

test('context, manager_initializer, shutdown: the initializer runs over there, and at the end of the block all is over', async () => {
  await assert.rejects(Manager.start({ initializer: 1 as never }), TypeError);
  let list: ListProxy<string | undefined>;
  {
    await using other = await Manager.start({
      initializer: (word: string) => Object.assign(globalThis, { word }),
      initArgs: ['set at the start'],
    });
    const dict = await other.dict<string, string | undefined>({ word: undefined });
    assert.equal(await dict.update('word', () => (globalThis as { word?: string }).word), 'set at the start');
    list = await other.list([(globalThis as { word?: string }).word]);
    assert.deepEqual(await list.toArray(), [undefined]);
  }
  await assert.rejects(list.get(0), EOFError);
});

direct('SyncManagerTypes, list, dict and array: both sides change them, and see what the other has done', async () => {
  const [list, dict, array] = [await manager.list(['a']), await manager.dict({ a: 1 }), await manager.Array('i', upTo(4))];
  const seen = await child.submit(
    async (theirs: ListProxy<string>, words: DictProxy<string, number>, numbers: typeof array) => {
      theirs.appendSync('b');
      await theirs.insert(0, '0');
      await theirs.sort();
      words.setSync('b', 2);
      await words.delete('a');
      numbers.set(0, 7);
      return [await theirs.length, words.sizeSync, numbers.length];
    },
    list,
    dict,
    array,
  );
  assert.deepEqual(seen, [3, 1, 4]);
  assert.deepEqual([await list.toArray(), await dict.toObject(), [...array]], [['0', 'a', 'b'], { b: 2 }, [7, 1, 2, 3]]);
});

direct('SyncManagerTypes, namespace, value, condition and pool: from a child', async () => {
  const [namespace, value] = [await manager.Namespace({ x: 1 }), await manager.Value('i', 1)];
  const [condition, semaphore, pool] = [await manager.Condition(), await manager.BoundedSemaphore(1), await manager.Pool(1)];
  const squares = await child.submit(async () => {
    namespace.setSync('x', (namespace.getSync('x') as number) + 1);
    await condition.run(() => {
      value.value += 1;
      condition.notify();
    });
    return pool.map((n: number) => n * n, [1, 2, 3]);
  });
  assert.deepEqual([squares, await namespace.get('x'), value.value], [[1, 4, 9], 2, 2]);
  assert.ok(semaphore instanceof BoundedSemaphore);
  await assert.rejects(
    child.submit(() => semaphore.release()),
    RangeError,
  );
  await pool.close();
  await pool.join();
});

test('set: both sides change it', async () => {
  const set = await manager.set(['a', 'b']);
  const seen = await child.submit(async (theirs: SetProxy<string>) => {
    await theirs.add('c');
    return [await theirs.delete('a'), await theirs.delete('a'), theirs.hasSync('b'), theirs.sizeSync];
  }, set);
  assert.deepEqual(seen, [true, false, true, 2]);
  assert.deepEqual(await set.toSet(), new Set(['b', 'c']));
});

test('set_contain_all_method: all methods of a set, with items of any iterable', async () => {
  const set = await manager.set([1, 2, 3]);
  const other = [3, 4];
  assert.deepEqual(await set.union(other), new Set([1, 2, 3, 4]));
  assert.deepEqual(await set.intersection(new Set(other)), new Set([3]));
  assert.deepEqual(await set.difference(other), new Set([1, 2]));
  assert.deepEqual(await set.symmetricDifference(other), new Set([1, 2, 4]));
  assert.deepEqual([await set.isSubsetOf([1, 2, 3, 4]), await set.isSubsetOf(other)], [true, false]);
  assert.deepEqual([await set.isSupersetOf([1, 3]), await set.isSupersetOf(other)], [true, false]);
  assert.deepEqual([await set.isDisjointFrom([7]), await set.isDisjointFrom(other)], [true, false]);
  assert.deepEqual(await set.values(), [1, 2, 3]);
  await set.symmetricDifferenceUpdate(other);
  assert.deepEqual(await set.values(), [1, 2, 4]);
  await set.intersectionUpdate([2, 4, 6]);
  assert.deepEqual(await set.values(), [2, 4]);
  await set.differenceUpdate([2, 9]);
  await set.update([5, 6, 6]);
  assert.deepEqual([await set.values(), await set.pop()], [[4, 5, 6], 4]);
  const seen: number[] = [];
  for await (const item of set) seen.push(item);
  assert.deepEqual(seen, [5, 6]);
  await set.clear();
  await assert.rejects(set.pop(), RangeError);
  await assert.rejects((set as SetProxy<unknown>).symmetricDifferenceUpdate([{}]), TypeError);
  for (const method of ['union', 'isSubsetOf', 'update'] as const) await assert.rejects(set[method](7 as never), TypeError);
});

test('a proxy cannot outlive what its manager tells of it: calls after its end are refused, those of shared memory are not', async () => {
  const other = await Manager.start();
  const [dict, queue] = [await other.dict(), await other.Queue<number>()];
  await other.shutdown();
  await assert.rejects(other.Queue(), InvalidStateError);
  await assert.rejects(dict.size, EOFError);
  queue.putNowait(1);
  assert.equal(queue.getNowait(), 1);
});
