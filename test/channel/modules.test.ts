/** Items whose modules must be loaded before they are opened: the waits of such gets, and modules that cannot be loaded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue, Thread } from 'heddle';
import { until } from '../sync/crew.js';

type Call = () => string;

/** The modules that refuse to be loaded in this thread ask for this. */
Object.assign(globalThis, { [Symbol.for('heddle.test.may-not-load')]: true });

/** Puts functions of modules, from a thread in which they are loaded; what names no module is an item as it is. */
async function fill(queue: Queue, items: readonly string[]): Promise<void> {
  const thread = new Thread({
    target: async () => {
      for (const item of items) {
        const loaded = item.includes('.js') ? ((await import(item)) as Record<string, Call>) : undefined;
        queue.putSync(loaded === undefined ? item : Object.values(loaded)[0]);
      }
    },
  });
  await thread.start().join();
}

let copies = 0;
/** A copy of a module that is loaded nowhere yet. */
const fresh = (name: string): string => `${new URL(`./${name}.js`, import.meta.url).href}?${(copies += 1)}`;

const called = (items: readonly unknown[]): unknown[] => items.map((item) => (typeof item === 'function' ? (item as Call)() : item));
const over = new Error('over');

/** The remaining items, in order. */
async function rest(queue: Queue): Promise<unknown[]> {
  const items: unknown[] = [];
  while (!queue.empty()) items.push(await queue.get());
  return called(items);
}

test('the time of a get is that of its wait: an item that is there is given out, however long its modules take', async () => {
  for (const timeout of [0, 1]) {
    const queue = new Queue();
    await fill(queue, [fresh('slow-module'), fresh('slow-module')]);
    assert.deepEqual(called([await queue.get(timeout)]), ['slow']);
    assert.deepEqual(called(await queue.getMany(2, timeout)), ['slow']);
    assert.equal(queue.statistics().lost, 0);
  }
});

test('an item whose get is aborted while its modules are loaded goes back to the front', async () => {
  const queue = new Queue();
  await fill(queue, [fresh('slow-module'), 'second']);
  const controller = new AbortController();
  const getting = Promise.resolve(queue.get({ signal: controller.signal }));
  assert.equal(queue.qsize(), 1);
  controller.abort(over);
  await assert.rejects(getting, over);
  assert.equal(queue.qsize(), 2);
  assert.deepEqual(await rest(queue), ['slow', 'second']);
});

test('the items of a getMany that is aborted while modules are loaded go back in order, also those that were opened', async () => {
  const queue = new Queue();
  const bytes = new Uint8Array(100_000).fill(5);
  await queue.putMany(['first', bytes]);
  await fill(queue, [fresh('slow-module'), 'fourth']);
  const controller = new AbortController();
  const getting = Promise.resolve(queue.getMany(9, { signal: controller.signal }));
  assert.equal(queue.qsize(), 0);
  controller.abort(over);
  await assert.rejects(getting, over);
  assert.deepEqual(await rest(queue), ['first', bytes, 'slow', 'fourth']);
});

test('a get that waits gets the item whose modules are loaded first, and those behind it get the next', async () => {
  const queue = new Queue();
  const getting = [queue.get(), queue.get(), queue.get()].map((one) => Promise.resolve(one));
  await fill(queue, ['first', fresh('slow-module'), 'third']);
  assert.deepEqual(called(await Promise.all(getting)), ['first', 'slow', 'third']);
});

test('an item whose module cannot be loaded rejects its own get, and the next goes on', async () => {
  const queue = new Queue();
  const bad = (): string => fresh('refusing-module');
  await fill(queue, [bad(), 'second', bad(), 'fourth']);
  await assert.rejects(async () => queue.get(), /not to be loaded here/);
  assert.equal(await queue.get(), 'second');
  await assert.rejects(async () => queue.getMany(5), /not to be loaded here/);
  assert.deepEqual(await queue.getMany(5), ['fourth']);
});

test('in an iteration, and in a get that waits, too', async () => {
  const queue = new Queue();
  const items = queue[Symbol.asyncIterator]();
  const waiting = [items.next(), Promise.resolve(queue.get())].map((one) => one.then(undefined, (error: Error) => error.message));
  await fill(queue, [fresh('refusing-module'), fresh('refusing-module'), 'third']);
  assert.deepEqual(await Promise.all(waiting), ['not to be loaded here', 'not to be loaded here']);
  assert.deepEqual(await items.next(), { done: false, value: 'third' });
});

test('a sync get does not wait for a module: the item of one that awaits stays, and so do those behind it', async () => {
  const queue = new Queue();
  const { href } = new URL('./slow-module.js', import.meta.url);
  await fill(queue, ['first', href, 'third']);
  assert.throws(() => queue.getManySync(3), /top-level await: use the form that is awaited/);
  assert.equal(queue.getSync(), 'first');
  assert.throws(() => queue.getSync(), /top-level await: use the form that is awaited/);
  assert.equal(queue.qsize(), 2);
  assert.deepEqual(called([await queue.get()]), ['slow']);
  assert.equal(queue.getSync(), 'third');
});

test('a sync get of an item whose module throws leaves it to a thread that can load it', async () => {
  const queue = new Queue();
  const { href } = new URL('./refusing-module.js', import.meta.url);
  await fill(queue, [href, 'second']);
  assert.throws(() => queue.getSync(), /not to be loaded here/);
  assert.equal(queue.qsize(), 2);
  const results = new Queue<string>();
  new Thread({
    target: () => {
      results.putSync((queue.getSync() as Call)());
    },
  }).start();
  assert.equal(await results.get(), 'elsewhere');
  await until(() => queue.qsize() === 1);
});
