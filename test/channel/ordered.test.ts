/**
 * The behaviour of LifoQueue, PriorityQueue and Deque, between threads, between processes, and between both. The part that they share with
 * Queue is in `queue.test.ts`.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Deque, Empty, Full, InvalidStateError, OwnerDied, SerializationError, ShutDown, waitReady } from 'heddle';
import { collect, heapStatistics } from 'heddle/lowlevel';
import { everywhere, inBothForms, isNative, until } from '../sync/crew.js';
import { itself, LifoQueue, Lock, PriorityQueue, Queue } from '../sync/made.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const ascending = (items: readonly number[]): number[] => items.toSorted((one, other) => one - other);

// LifoQueue and PriorityQueue.

for (const Class of [LifoQueue, PriorityQueue]) {
  inBothForms(`${Class.name}: items of several producers arrive once, in all consumers together`, async (crew, form) => {
    const queue: Queue<number> = new Class<number>(7);
    const producers = crew.bunch(2, async (producer) => {
      for (let n = 0; n < 150; n += 1) {
        if (form === 'sync') queue.putSync(producer * 1000 + n);
        else await queue.put(producer * 1000 + n);
      }
    });
    const consumers = crew.bunch(2, async () => {
      const got: number[] = [];
      try {
        for (;;) got.push(form === 'sync' ? queue.getSync() : await queue.get());
      } catch (error) {
        if (!(error instanceof ShutDown)) throw error;
        return got;
      }
    });
    await Promise.all(producers);
    queue.shutdown();
    const got = (await Promise.all(consumers)).flat();
    assert.deepEqual(ascending(got), [...numbers(150), ...numbers(150).map((n) => 1000 + n)]);
  });

  everywhere(`${Class.name}: bounds, time-outs, tasks and an end are those of a Queue`, async (crew) => {
    const queue: Queue<number> = new Class<number>(2);
    assert.ok(queue instanceof Queue);
    const Itself = itself(Class);
    assert.ok(await crew.run(() => queue instanceof Itself));
    await queue.putMany([1, 2]);
    assert.ok(queue.full());
    assert.throws(() => queue.putNowait(3), Full);
    await assert.rejects(Promise.resolve(queue.put(3, 1)), Full);
    const putting = crew.run(() => queue.putSync(3));
    await until(() => queue.statistics().waitingPutters === 1);
    const got = [await queue.get()];
    await putting;
    got.push(...(await queue.getMany(5)));
    assert.deepEqual(ascending(got), [1, 2, 3]);
    assert.throws(() => queue.getNowait(), Empty);
    await assert.rejects(Promise.resolve(queue.get(1)), Empty);
    const joining = crew.run(() => queue.joinSync());
    await until(() => queue.statistics().waitingJoiners === 1);
    for (const _ of got) queue.taskDone();
    assert.equal(await joining, true);
    assert.throws(() => queue.taskDone(), RangeError);
    const waiting = crew.run(async () => {
      const items: number[] = [];
      for await (const item of queue) items.push(item);
      return items;
    });
    queue.putSync(9);
    queue.shutdown();
    assert.deepEqual(await waiting, [9]);
    assert.throws(() => queue.putSync(1), ShutDown);
  });

  test(`${Class.name}: values with handles, and large ones, come whole and are let go with the queue`, () => {
    const queue: Queue<any> = new Class<any>();
    const text = 'x'.repeat(50_000);
    const lock = new Lock();
    for (let n = 0; n < 3; n += 1) queue.putSync([n, { lock, text, bytes: new Uint8Array(100_000).fill(n) }]);
    const order = Class === LifoQueue ? [2, 1, 0] : [0, 1, 2];
    for (const n of order) {
      const [at, item] = queue.getSync();
      assert.equal(at, n);
      assert.ok(item.lock === lock && item.text === text && item.bytes[99_999] === n);
    }
    queue.putSync([1, lock]);
    queue.shutdown({ immediate: true });
    assert.equal(queue.qsize(), 0);
  });
}

test('a LifoQueue gives the newest item first, also after items that were longer and shorter', () => {
  const stack = new LifoQueue<string>();
  const texts = numbers(300).map((n) => String(n).repeat((n * 7) % 190));
  for (const text of texts.slice(0, 200)) stack.putSync(text);
  assert.deepEqual(stack.getManySync(50), texts.slice(150, 200).toReversed());
  for (const text of texts.slice(200)) stack.putSync(text);
  assert.deepEqual(stack.getManySync(300), [...texts.slice(0, 150), ...texts.slice(200)].toReversed());
});

test('a PriorityQueue gives the lowest number first, whatever its sign and size', () => {
  const queue = new PriorityQueue<number>();
  const special = [0, -0, 1, -1, 0.5, -0.5, 5e-324, -5e-324, 1e308, -1e308, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, -(2 ** 53)];
  queue.putManySync(special);
  const got = queue.getManySync(100);
  assert.deepEqual(got.map(String), ascending(special).map(String));
  assert.ok(Object.is(got[7], 0) && Object.is(got[8], -0), '-0 and 0 are equal, and keep their order');
});

test('a PriorityQueue compares strings by code units, as < does', () => {
  const queue = new PriorityQueue<string>();
  const strings = [
    '',
    'a',
    'b',
    'ab',
    'abc',
    'abcd',
    'abce',
    'abd',
    'a\0',
    'a\0\0',
    '\0',
    'é',
    'z',
    '\uFFFF',
    '\uD800',
    '😀',
    'ab'.repeat(3000),
    `${'ab'.repeat(3000)}a`,
  ];
  queue.putManySync(strings);
  assert.deepEqual(
    queue.getManySync(100),
    strings.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0)),
  );
});

test('equal priorities keep the order in which they were put, and the rest of a tuple does not count', () => {
  const queue = new PriorityQueue<[number, number]>();
  for (let n = 100; n > 0; n -= 1) queue.putSync([n % 3, n]);
  const got = queue.getManySync(100);
  for (const priority of [0, 1, 2]) {
    const own = got.filter(([first]) => first === priority).map(([, n]) => n);
    assert.deepEqual(own, ascending(own).toReversed());
  }
  assert.deepEqual(
    got.map(([first]) => first),
    ascending(got.map(([first]) => first)),
  );
});

test('what has no priority, or another kind than those before, is refused when it is put, and nothing has changed', async () => {
  for (const wrong of [NaN, [NaN, 1], undefined, null, true, 1n, {}, [], [[1]], new Date(0), [1n]] as any[]) {
    const queue = new PriorityQueue<any>();
    assert.throws(() => queue.putSync(wrong), TypeError, inspect(wrong));
    await assert.rejects(Promise.resolve(queue.put(wrong)), TypeError);
    assert.throws(() => queue.putNowait(wrong), TypeError);
    assert.equal(queue.qsize(), 0);
  }
  const kinds: any[] = [1, 'a', [1, 'x'], ['a', 'x']];
  for (const own of kinds) {
    const queue = new PriorityQueue<any>(1);
    queue.putSync(own);
    for (const other of kinds) {
      if (other === own) continue;
      assert.throws(() => queue.putSync(other), /expected item to be a .*, as those before/);
      await assert.rejects(Promise.resolve(queue.put(other)), TypeError);
      assert.throws(() => queue.putManySync([own, other]), TypeError);
    }
    assert.deepEqual(queue.getManySync(5), [own]);
  }
  const queue = new PriorityQueue<any>();
  await assert.rejects(Promise.resolve(queue.putMany([1, 'a'])), TypeError);
  await assert.rejects(Promise.resolve(queue.put([1, new WeakMap()])), SerializationError);
  queue.putSync('of any kind still');
});

everywhere('a PriorityQueue refuses another kind also in another thread or process', async (crew) => {
  const queue = new PriorityQueue<any>();
  await crew.run(() => queue.putSync('text'));
  assert.throws(() => queue.putSync(1), TypeError);
});

test('what a PriorityQueue refuses keeps its buffers', () => {
  const queue = new PriorityQueue<any>();
  queue.putSync(1);
  const buffer = new ArrayBuffer(10);
  assert.throws(() => queue.putSync([1, buffer], { transfer: [buffer] }), TypeError);
  assert.equal(buffer.byteLength, 10);
});

test('an aborted get gives its item back to where it was', async () => {
  const queue = new PriorityQueue<[number, string]>();
  const aborting = new AbortController();
  const get = assert.rejects(Promise.resolve(queue.get({ signal: aborting.signal })), /stopped/);
  aborting.abort(new Error('stopped'));
  await get;
  queue.putManySync([
    [2, 'b'],
    [1, 'a'],
  ]);
  assert.deepEqual(queue.getManySync(2), [
    [1, 'a'],
    [2, 'b'],
  ]);
});

// Deque.

inBothForms('Deque: items come and go at both ends, and a pop waits for them', async (crew, form) => {
  const deque = new Deque<number>();
  const popping = crew.run(async () =>
    form === 'sync' ? [deque.popSync(), deque.popLeftSync()] : [await deque.pop(), await deque.popLeft()],
  );
  await until(() => deque.statistics().waitingGetters === 1);
  await deque.append(1);
  await until(() => deque.statistics().gets === 1);
  deque.appendLeftSync(2);
  assert.deepEqual(await popping, [1, 2]);
  await crew.run(async () => {
    if (form === 'sync') {
      deque.appendSync(3);
      deque.appendLeftSync(2);
      deque.extendSync([4, 5]);
      deque.extendLeftSync([1, 0]);
    } else {
      await deque.append(3);
      await deque.appendLeft(2);
      await deque.extend([4, 5]);
      await deque.extendLeft([1, 0]);
    }
  });
  assert.deepEqual([...deque], [0, 1, 2, 3, 4, 5]);
  assert.equal(deque.length, 6);
  assert.deepEqual([deque.peekSync(), await deque.peekLeft(), await deque.peek(), deque.peekLeftSync()], [5, 0, 5, 0]);
  assert.deepEqual([deque.popSync(0), await deque.popLeft(0), await deque.pop(), deque.popLeftSync({ block: false })], [5, 0, 4, 1]);
});

everywhere('Deque: a full one drops items at the other end, and never waits', async (crew) => {
  const deque = new Deque<number>(3);
  assert.equal(deque.maxLen, 3);
  await crew.run(() => {
    deque.extendSync([1, 2, 3]);
    deque.appendSync(4);
  });
  assert.deepEqual([...deque], [2, 3, 4]);
  deque.appendLeftSync(1);
  assert.deepEqual([...deque], [1, 2, 3]);
  deque.extendSync(numbers(10));
  assert.deepEqual([...deque], [7, 8, 9]);
  deque.extendLeftSync(numbers(10));
  assert.deepEqual([...deque], [9, 8, 7]);
  const { size, puts, gets, dropped, lost } = deque.statistics();
  assert.deepEqual({ size, puts, gets, dropped, lost }, { size: 3, puts: 25, gets: 0, dropped: 22, lost: 0 });
  assert.equal(String(deque), '<Deque with 3 of 3 items>');
});

test('Deque: any sequence of calls does what it does to an array', () => {
  let seed = 7;
  const random = (below: number): number => ((seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff) >>> 8) % below;
  for (const maxLen of [0, 1, 5, 100]) {
    const deque = new Deque<number>(maxLen);
    let model: number[] = [];
    for (let step = 0; step < 1500; step += 1) {
      const batch = numbers(random(9)).map((n) => step * 10 + n);
      switch (random(8)) {
        case 0:
          deque.appendSync(step);
          model.push(step);
          break;
        case 1:
          deque.appendLeftSync(step);
          model.unshift(step);
          if (maxLen > 0) model = model.slice(0, maxLen);
          break;
        case 2:
          deque.extendSync(batch);
          model.push(...batch);
          break;
        case 3:
          deque.extendLeftSync(batch);
          model.unshift(...batch.toReversed());
          if (maxLen > 0) model = model.slice(0, maxLen);
          break;
        case 4: {
          const turns = random(41) - 20;
          deque.rotate(turns);
          const at = model.length === 0 ? 0 : ((-turns % model.length) + model.length) % model.length;
          model = [...model.slice(at), ...model.slice(0, at)];
          break;
        }
        case 5:
        case 6:
          if (model.length > 0) assert.equal(deque.popLeftSync(0), model.shift());
          break;
        default:
          if (model.length > 0) assert.equal(deque.popSync(0), model.pop());
      }
      if (maxLen > 0) model = model.slice(-maxLen);
      if (step % 10 === 0) assert.deepEqual([...deque], model);
      assert.equal(deque.length, model.length);
    }
  }
});

test('Deque: peek and iterations give copies of items with handles, which stay', async () => {
  const deque = new Deque<any>();
  const lock = new Lock();
  const bytes = new Uint8Array(100_000).fill(7);
  deque.extendSync([{ lock }, { lock, bytes }, 'plain', (n: number) => n + 1]);
  for (let round = 0; round < 2; round += 1) {
    assert.equal(deque.peekLeftSync().lock, lock);
    assert.equal((await deque.peek())(1), 2);
    const seen = [...deque];
    assert.equal(seen.length, 4);
    assert.ok(seen[1].lock === lock && seen[1].bytes[99_999] === 7);
    seen[1].bytes.fill(0);
    const later: unknown[] = [];
    for await (const item of deque) later.push(item);
    assert.deepEqual(later[1], { lock, bytes });
  }
  deque.popSync();
  deque.popSync();
  assert.deepEqual(deque.popSync().bytes, bytes);
  assert.equal(deque.popLeftSync().lock, lock);
  await assert.rejects(Promise.resolve(deque.peek()), Empty);
  assert.throws(() => deque.peekLeftSync(), Empty);
});

test('Deque: an iteration shows what was there when it began', async () => {
  const deque = new Deque<number>();
  deque.extendSync([1, 2, 3]);
  const sync = deque[Symbol.iterator]();
  const later = deque[Symbol.asyncIterator]();
  deque.appendSync(4);
  deque.popLeftSync();
  assert.deepEqual([...sync], [1, 2, 3]);
  const items: number[] = [];
  for await (const item of later) items.push(item);
  assert.deepEqual(items, [1, 2, 3]);
});

everywhere('Deque: a shutdown ends the pops that wait, when nothing is left', async (crew) => {
  const deque = new Deque<number>();
  deque.appendSync(1);
  const popped = crew.run(() => [deque.popSync(), deque.popSync(1)]).catch((error: Error) => error.name);
  assert.equal(await popped, 'Empty');
  const waiting = crew.run(() => deque.popLeftSync()).catch((error: Error) => error.name);
  await until(() => deque.statistics().waitingGetters === 1);
  deque.shutdown();
  assert.equal(await waiting, 'ShutDown');
  assert.ok(deque.isShutDown);
  assert.throws(() => deque.appendSync(1), /Deque\.appendSync\(\): the deque is shut down$/);
  await assert.rejects(Promise.resolve(deque.extend([1])), ShutDown);
  assert.throws(() => deque.popSync(), ShutDown);
});

test('Deque: calls with wrong arguments, and on a closed handle, are refused by name', async () => {
  for (const wrong of [-1, 1.5, 2 ** 31, NaN]) assert.throws(() => new Deque(wrong), RangeError);
  assert.throws(() => new Deque('3' as never), TypeError);
  const deque = new Deque<any>();
  assert.throws(() => deque.rotate(0.5), RangeError);
  assert.throws(() => deque.appendSync(1, { timeout: 1 } as never), /unknown key 'timeout' in options: known are transfer/);
  assert.throws(() => deque.extendSync(3 as never), TypeError);
  assert.throws(() => deque.popSync({ signal: new AbortController().signal } as never), /use pop\(\)/);
  deque.appendSync(1);
  assert.throws(() => deque.extendSync([2, new WeakMap()]), SerializationError);
  assert.deepEqual([...deque], [1]);
  const buffer = new ArrayBuffer(8);
  deque.appendSync(buffer, { transfer: [buffer] });
  assert.equal(buffer.byteLength, 0);
  deque.rotate(5);
  deque.close();
  for (const call of [
    () => deque.length,
    () => deque.appendSync(1),
    () => deque.popSync(),
    () => deque.peekSync(),
    () => deque.rotate(),
    () => [...deque],
  ])
    assert.throws(call, InvalidStateError);
  assert.equal(deque.statistics().size, 2);
});

test('Deque: pops that are aborted at once take nothing', async () => {
  const deque = new Deque<number>(3);
  const aborting = new AbortController();
  const { signal } = aborting;
  const pops = [deque.popLeft({ signal }), deque.popLeft({ signal }), deque.pop({ signal })].map((pop) =>
    Promise.resolve(pop).catch(() => 'aborted'),
  );
  aborting.abort();
  assert.deepEqual(await Promise.all(pops), ['aborted', 'aborted', 'aborted']);
  deque.extendSync([1, 2, 3]);
  assert.deepEqual([...deque], [1, 2, 3]);
});

everywhere('waitReady tells which of them have items, and takes none', async (crew) => {
  const objects = [new LifoQueue<number>(), new PriorityQueue<number>(), new Deque<number>()] as const;
  const [stack, queue, deque] = objects;
  assert.deepEqual(await waitReady(objects, 0), []);
  const filling = crew.run(() => deque.appendSync(1));
  assert.deepEqual(await waitReady(objects), [deque]);
  await filling;
  queue.putSync(2);
  stack.putSync(3);
  assert.deepEqual(await waitReady(objects), [...objects]);
  assert.deepEqual([deque.popSync(0), queue.getSync(0), stack.getSync(0)], [1, 2, 3]);
  deque.close();
  await assert.rejects(async () => waitReady([deque]), InvalidStateError);
});

// Memory.

test('the memory of items that have gone is free, and a queue that has shrunk keeps its order', () => {
  const queue = new PriorityQueue<[number, string]>();
  const deque = new Deque<number>();
  const stack = new LifoQueue<number>();
  collect();
  const before = heapStatistics().used;
  for (let n = 20_000; n > 0; n -= 1) {
    queue.putSync([n, 'x'.repeat(n % 100)]);
    deque.appendLeftSync(n);
    stack.putSync(n);
  }
  assert.ok(heapStatistics().used - before > 3 * 20_000 * 64);
  let last = 0;
  for (let n = 1; n <= 19_990; n += 1) {
    const [priority, text] = queue.getSync();
    assert.ok(priority === last + 1 && text.length === priority % 100);
    last = priority;
    assert.equal(deque.popSync(), 20_001 - n);
    stack.getSync();
  }
  assert.ok(heapStatistics().used - before < 3 * 128 * 1024, `${heapStatistics().used - before} bytes are in use`);
  assert.deepEqual(
    queue.getManySync(100).map(([priority]) => priority),
    numbers(10).map((n) => 19_991 + n),
  );
  assert.deepEqual(
    [...deque],
    numbers(10).map((n) => n + 1),
  );
  assert.deepEqual(
    stack.getManySync(100),
    numbers(10).map((n) => 19_991 + n),
  );
});

test('a consumer that has ended is told of by join, of each kind', { skip: isNative ? false : 'needs processes' }, async () => {
  const { Process } = await import('heddle');
  for (const Class of [LifoQueue, PriorityQueue]) {
    const queue: Queue<number> = new Class<number>();
    queue.putManySync([1, 2]);
    const child = new Process({
      target: () => {
        queue.getSync();
        process.kill(process.pid, 'SIGKILL');
      },
    }).start();
    await child.join();
    queue.getSync();
    queue.taskDone();
    assert.throws(() => queue.joinSync(), OwnerDied);
    assert.equal(queue.joinSync(), true);
  }
});
