/** Pools: never more greenlets than places, first come first served, and none forgotten in the line. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { CancelledError, Full } from 'heddle';
import { type Coroutine, getCurrent, Greenlet, GreenletExit, joinAll, Pool, PoolFull, sleep, spawn, until } from 'heddle/coroutine';
import { untilCollected } from '../../python/garbage.ts';
import { forEver, gate, settled, turns } from '../pace.ts';

const isExit = (value: unknown): boolean => value instanceof GreenletExit;

/** Counts concurrent greenlets. */
class Meter {
  now = 0;
  most = 0;
  readonly order: unknown[] = [];

  readonly run = function* (this: Meter, name: unknown, n: number = 1): Coroutine<unknown> {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    this.order.push(name);
    try {
      yield* turns(n);
      return name;
    } finally {
      this.now -= 1;
    }
  }.bind(this);
}

test('no more run at once than there are places, whatever they came by', async () => {
  const pool = new Pool(3);
  const meter = new Meter();
  const results = [
    pool.map(meter.run, [1, 2, 3, 4, 5]),
    joinAll([6, 7, 8].map((x) => pool.spawn(meter.run, x, x % 3))),
    pool.apply(meter.run, [9]),
    pool.start(new Greenlet(meter.run, 10)),
    pool.add(spawn(turns, 2)),
  ];
  const imap = pool.imapUnordered(meter.run, [11, 12, 13]);
  const last: unknown[] = [];
  for await (const x of imap) last.push(x);
  await Promise.all(results);
  await pool.join();
  assert.equal(meter.most, 3);
  assert.equal(meter.order.length, 13);
  assert.deepEqual(new Set(last), new Set([11, 12, 13]));
  assert.deepEqual([pool.length, pool.waiting, pool.freeCount()], [0, 0, 3]);
});

test('of a hundred thousand that are spawned in a loop only the size of the pool run at once', async () => {
  const pool = new Pool(7);
  const meter = new Meter();
  for (let i = 0; i < 100_000; i += 1) pool.spawn(meter.run, i, 0);
  assert.deepEqual([pool.length, pool.waiting], [7, 99_993]);
  assert.equal(await pool.join(), true);
  assert.equal(meter.most, 1, 'plain ones run one after another');
  assert.deepEqual(
    meter.order,
    Array.from({ length: 100_000 }, (_, i) => i),
  );
});

test('one in line has not begun, counts as started, and keeps its waiters', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  const first = pool.spawn(wait);
  const begun: string[] = [];
  const second = pool.spawn(() => void begun.push('second'));
  assert.deepEqual([second.started, second.dead, pool.has(second), pool.waiting], [true, false, false, 1]);
  second.start();
  const ends = [second.get(), second.join()];
  const linked = new Promise((resolve) => second.link(resolve));
  await settled();
  assert.deepEqual(begun, [], 'start() of one in line passes the others');
  open();
  await first;
  await Promise.all([...ends, linked, pool.join()]);
  assert.deepEqual(begun, ['second']);
});

test('one that is killed or discarded in line never begins, and frees its place', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  pool.spawn(wait);
  const meter = new Meter();
  const [killed, discarded, last] = ['killed', 'discarded', 'last'].map((name) => pool.spawn(meter.run, name)) as [
    Greenlet,
    Greenlet,
    Greenlet,
  ];
  await killed.kill();
  assert.ok(isExit(killed.value));
  pool.discard(discarded);
  assert.deepEqual([discarded.started, discarded.dead, pool.waiting], [false, false, 1]);
  const join = discarded.join(0);
  open();
  assert.equal(await last, 'last');
  assert.equal(await join, false);
  assert.deepEqual(meter.order, ['last']);
  discarded.start();
  assert.equal(await discarded, 'discarded', 'it may be started by hand');
});

test('the line is in order of arrival', async () => {
  const pool = new Pool(1);
  const meter = new Meter();
  const { wait, open } = gate();
  pool.spawn(wait);
  pool.spawn(meter.run, 1);
  const start = pool.start(new Greenlet(meter.run, 2));
  const map = pool.map(meter.run, [3, 6]);
  await settled();
  const apply = pool.apply(meter.run, [4]);
  pool.spawn(meter.run, 5);
  assert.equal(pool.waiting, 5);
  open();
  await Promise.all([start, map, apply, pool.join()]);
  assert.deepEqual(meter.order, [1, 2, 3, 4, 5, 6]);
});

test('add and start to a full pool wait for a place, and no longer than they may', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  pool.spawn(wait);
  const end = gate();
  const greenlet = new Greenlet(end.wait);
  for (const options of [0, 1, { timeout: 0 }, { block: false }]) {
    await assert.rejects(pool.start(greenlet, options), (error) => error instanceof PoolFull && error instanceof Full);
    await assert.rejects(pool.add(greenlet, options), /a Pool of 1 has no room for Greenlet-\d+/);
  }
  const controller = new AbortController();
  const aborted = pool.add(greenlet, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  assert.deepEqual([pool.waiting, pool.length, greenlet.started], [0, 1, false]);
  const inside = spawn(function* () {
    yield* pool.start(greenlet);
  });
  await settled();
  await inside.kill();
  assert.equal(pool.waiting, 0, 'a killed waiter leaves the line');
  const started = pool.start(greenlet);
  open();
  await started;
  assert.equal(pool.has(greenlet), true);
  end.open();
  assert.equal(await greenlet, 'open');
});

test('add of one that ends in line takes no place', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  pool.spawn(wait);
  const greenlet = spawn(turns, 1);
  const added = pool.add(greenlet);
  await greenlet;
  open();
  await added;
  await pool.join();
  assert.equal(pool.freeCount(), 1);
});

test('waitAvailable takes no place, and ends when there is one', async () => {
  const pool = new Pool(1);
  assert.equal(await pool.waitAvailable(), true);
  const { wait, open } = gate();
  pool.spawn(wait);
  assert.equal(pool.full(), true);
  assert.equal(await pool.waitAvailable(0), false);
  assert.equal(await pool.waitAvailable(1), false);
  const both = [pool.waitAvailable(), pool.waitAvailable()];
  open();
  assert.deepEqual(await Promise.all(both), [true, true]);
  assert.equal(pool.freeCount(), 1);
});

test('producers that wait for room do not run ahead of it', async () => {
  const pool = new Pool(2);
  const meter = new Meter();
  let [spawned, most] = [0, 0];
  const producers = [1, 2, 3].map((name) =>
    spawn(function* () {
      for (let i = 0; i < 20; i += 1) {
        yield* pool.waitAvailable();
        pool.spawn(meter.run, name, 2);
        spawned += 1;
        most = Math.max(most, spawned - meter.order.length);
      }
    }),
  );
  await joinAll(producers);
  await pool.join();
  assert.equal(meter.order.length, 60);
  assert.ok(most <= 2 + 3, `more than one for each place and each producer: ${most}`);
  assert.deepEqual(meter.order.filter((one) => one === 1).length, 20);
});

test('a size is absent, or an integer from 0 on', async () => {
  const open = new Pool();
  assert.deepEqual([open.size, open.freeCount(), open.full()], [undefined, Infinity, false]);
  assert.deepEqual(await open.map(turns, [1, 2, 3]), [1, 2, 3]);
  const closed = new Pool(0);
  assert.deepEqual([closed.size, closed.freeCount(), closed.full()], [0, 0, true]);
  assert.equal(await closed.waitAvailable(1), false);
  const never = closed.spawn(turns, 1);
  assert.equal(await closed.join(1), false);
  await assert.rejects(closed.map(turns, [1], 1), /took longer/);
  await closed.kill();
  assert.ok(isExit(never.value));
  assert.equal(await closed.join(), true);
  assert.throws(() => new Pool(-1), /expected size to be an integer >= 0, got -1/);
  assert.throws(() => new Pool(1.5), RangeError);
  assert.throws(() => new Pool('2' as never), TypeError);
});

test('freeCount is right while members come and go', async () => {
  const pool = new Pool(2);
  const { wait, open } = gate();
  const counts = [pool.freeCount()];
  const step = (): void => void counts.push(pool.freeCount());
  const first = pool.spawn(wait);
  step();
  pool.spawn(forEver);
  step();
  const third = pool.spawn(turns, 1);
  step();
  open();
  await first;
  await third;
  step();
  await pool.kill();
  step();
  assert.deepEqual(counts, [2, 1, 0, 0, 1, 2]);
});

test('a killed pool ends those in line and its maps', async () => {
  const pool = new Pool(2);
  const meter = new Meter();
  const taken: number[] = [];
  function* source(): Generator<number> {
    try {
      for (let i = 0; ; i += 1) {
        taken.push(i);
        yield i;
      }
    } finally {
      taken.push(-1);
    }
  }
  pool.spawn(forEver);
  const spawned = pool.spawn(forEver);
  const behind = pool.spawn(meter.run, 'behind');
  const started = pool.start(new Greenlet(meter.run, 'started'));
  const map = pool.map(forEver, source());
  const imap = pool.imap(forEver, source());
  const next = imap.next();
  await settled();
  assert.deepEqual([pool.length, pool.waiting], [2, 4]);
  await Promise.all([pool.kill(), started, assert.rejects(map, CancelledError), assert.rejects(next, CancelledError)]);
  assert.deepEqual(meter.order, []);
  assert.ok(isExit(spawned.value) && isExit(behind.value));
  assert.deepEqual([pool.length, pool.waiting, pool.freeCount()], [0, 0, 2]);
  assert.deepEqual(taken, [], 'items were taken without room for them');
  assert.deepEqual(await imap.next(), { done: true, value: undefined });
  assert.deepEqual(await pool.map(turns, [1, 2]), [1, 2], 'after the kill it is a pool as before');
});

test('apply of a member does not wait for the place of its own caller', async () => {
  const pool = new Pool(1);
  const inner = (): number => pool.length;
  assert.equal(await pool.apply(() => until(pool.apply(inner))), 1);
  function* nest(n: number): Coroutine<number> {
    yield* sleep();
    return n === 0 ? pool.length : 1 + (yield* pool.apply(nest, [n - 1]));
  }
  assert.equal(await pool.apply(nest, [5]), 6);
  assert.deepEqual([pool.length, pool.waiting], [0, 0]);
});

test('apply of a member is a part of the member, and ends with it', async () => {
  const pool = new Pool(1);
  const said: unknown[] = [];
  const member = pool.spawn(function* () {
    const name = yield* pool.apply(() => getCurrent().name);
    said.push(name === member.name);
    yield* pool.applyCb(
      () => 'result',
      [],
      (result) => said.push(result),
    );
    const late = pool.apply(forEver, [], 1);
    try {
      yield* late;
    } catch (error) {
      said.push((error as Error).name);
    }
    yield* pool.apply(function* () {
      try {
        yield* forEver();
      } finally {
        yield* turns(2);
        said.push('finally');
      }
    });
  });
  while (said.length < 3) await sleep(1);
  await settled();
  await member.kill();
  assert.deepEqual(said, [true, 'result', 'TimeoutError', 'finally']);
});

test('maps that share a pool do not starve each other', async () => {
  const pool = new Pool(2);
  const meter = new Meter();
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => pool.map(meter.run, Array.from({ length: 10 }).fill(name))));
  // The first has both places, and is in line for the next, before the others come; from then on they take turns.
  assert.deepEqual(meter.order.slice(0, 8), ['a', 'a', 'a', 'b', 'c', 'a', 'b', 'c']);
});

test('a source that is waited for keeps no place from others', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  async function* source(): AsyncGenerator<number> {
    await spawn(wait);
    yield 1;
    yield 2;
  }
  const map = pool.map(turns, source());
  await settled();
  assert.equal(await pool.apply(turns, [3]), 3);
  const { wait: hold, open: letGo } = gate();
  pool.spawn(hold);
  open();
  await settled();
  assert.deepEqual([pool.length, pool.waiting], [1, 1], 'an item came, and stands in line');
  letGo();
  assert.deepEqual(await map, [1, 2]);
  assert.equal(await pool.waitAvailable(0), true);
  await sleep();
});

test('a pool that lives on keeps nothing of past work', async () => {
  const pool = new Pool(2);
  const work = async (): Promise<WeakRef<object>[]> => {
    const items = [{}, {}, {}];
    const results = pool.imap((item: object) => item, items);
    for await (const item of results) assert.ok(items.includes(item));
    const early = pool.imapUnordered(forEver, items);
    await settled();
    await early.return();
    const greenlet = pool.spawn(forEver);
    const waiting = [pool.join(0), pool.waitAvailable(0), pool.map((item) => item, items)];
    await Promise.all(waiting);
    await greenlet.kill();
    return [items, items[0]!, results, early, greenlet, ...waiting].map((one) => new WeakRef(one));
  };
  for (const ref of await work()) await untilCollected(ref);
  assert.equal(pool.freeCount(), 2);
});
