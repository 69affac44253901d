/** The assertions of gevent's suite on groups, on pools, and on a greenlet as a context manager. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from 'heddle';
import { type Coroutine, Greenlet, GreenletExit, Group, type ImapIterator, Pool, PoolFull, sleep, spawn, Timeout } from 'heddle/coroutine';
import { forEver, gate, settled, turns } from '../coroutine/pace.ts';
import { runProgram } from '../coroutine/program.ts';

const LONG = 60_000;
const isExit = (value: unknown): boolean => value instanceof GreenletExit;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function* squareSlowly(x: number): Coroutine<number> {
  yield* turns((x * 7) % 5);
  return x * x;
}

function* failing(): Generator<number> {
  yield 1;
  throw new RangeError('the source fails');
}

function divide(x: number): number {
  if (x === 0) throw new RangeError('division by zero');
  return 6 / x;
}

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

/** Does not end by being killed, until it is told twice. */
class Undead {
  shots = 0;

  readonly run = function* (this: Undead): Coroutine<void> {
    while (this.shots < 2) {
      try {
        yield* forEver();
      } catch {
        this.shots += 1;
      }
    }
  }.bind(this);
}

// GroupTest

test('waitall: join waits for the longest', async () => {
  const group = new Group();
  const [short, long] = [group.spawn(turns, 1), group.spawn(turns, 9)];
  assert.equal(group.length, 2);
  assert.equal(await group.join({ raiseError: true }), true);
  assert.deepEqual([short.value, long.value, group.length], [1, 9, 0]);
});

test('kill_block, kill_noblock: members are ended, and not waited for longer than asked', async () => {
  for (const block of [true, false]) {
    const group = new Group();
    const members = [group.spawn(sleep, LONG), group.spawn(forEver)];
    await settled();
    await group.kill({ block });
    await settled();
    assert.equal(group.length, 0);
    assert.ok(members.every((one) => one.dead));
  }
});

test('kill_fires_once: a member that does not end is told once by the group, and a kill in time returns', async () => {
  const undead = [new Undead(), new Undead()];
  const [first, second] = undead.map(({ run }) => spawn(run)) as [Greenlet, Greenlet];
  const shots = (): number[] => undead.map((one) => one.shots);
  await settled();
  const group = new Group([first, second]);
  await group.killOne(first, { block: false });
  await settled();
  assert.deepEqual(shots(), [1, 0]);
  await group.killOne(first, { block: false });
  await settled();
  assert.deepEqual(shots(), [1, 0]);
  await group.kill({ block: false });
  await settled();
  assert.deepEqual(shots(), [1, 1]);
  const late = Symbol('late');
  assert.equal(await Timeout.run({ timeout: 1, value: late }, () => group.kill()), late);
  await assert.rejects(group.kill({ timeout: 1 }), TimeoutError);
  assert.deepEqual([group.length, ...shots()], [2, 1, 1]);
  await Promise.all([first.kill(), second.kill()]);
  assert.equal(group.length, 0);
});

test('killall_iterable_argument_*: whatever holds the members is an iterable of them', async () => {
  const group = new Group();
  const unstarted = new Greenlet(forEver);
  await group.add(unstarted);
  group.spawn(forEver);
  await group.kill({ timeout: LONG });
  assert.ok(isExit(unstarted.value));
  const resisting = new Undead();
  group.spawn(resisting.run);
  await settled();
  await assert.rejects(group.kill({ timeout: 1 }), TimeoutError);
  for (const member of group) await member.kill();
});

// TestCoroutinePool

test('apply_raises: the error of the function is that of apply', async () => {
  const pool = new Pool(1);
  await assert.rejects(
    pool.apply(() => divide(0)),
    /division by zero/,
  );
  assert.equal(await pool.apply(divide, [3]), 2);
});

test('multiple_coros: two members interleave', async () => {
  const events: string[] = [];
  const start = gate();
  function* producer(): Coroutine<void> {
    events.push('producer begins');
    start.open();
    yield* turns(3);
    events.push('producer ends');
  }
  function* consumer(): Coroutine<void> {
    events.push('consumer begins');
    yield* start.wait();
    events.push('consumer ends');
  }
  const pool = new Pool(2);
  const done = pool.spawn(consumer);
  pool.apply(producer);
  await done;
  await pool.join();
  assert.deepEqual(events.slice(0, 2), ['consumer begins', 'producer begins']);
  assert.equal(events.length, 4);
});

test('reentrant: a member applies in a full pool', async () => {
  const pool = new Pool(1);
  const result = await pool.apply(
    function* (x: number) {
      return yield* pool.apply((y: number) => y + 1, [x]);
    },
    [1],
  );
  assert.equal(result, 2);
  const inner = pool.apply(async () => await pool.apply(() => 'async'));
  assert.equal(await inner, 'async');
});

test('stderr_raising: an error that cannot be told does not break the pool', async () => {
  const { stdout, code } = await runProgram(`
    const write = process.stderr.write;
    process.stderr.write = () => { process.stderr.write = write; throw new Error('no receiver') };
    process.on('uncaughtException', (error) => console.log(error.message));
    const pool = new h.Pool(1);
    pool.spawn(() => { throw new Error('first') });
    await pool.join();
    await h.sleep(5);
    console.log(await pool.apply(() => 'goes on'), pool.freeCount());
  `);
  assert.deepEqual([stdout, code], ['no receiver\ngoes on 1\n', 0]);
});

// PoolBasicTests

test('execute_async: freeCount goes down and up; what comes above the size waits in line', async () => {
  const pool = new Pool(2);
  const order: number[] = [];
  assert.equal(pool.freeCount(), 2);
  const first = pool.spawn(() => order.push(1));
  assert.equal(pool.freeCount(), 1);
  await first;
  assert.deepEqual([order, pool.freeCount()], [[1], 2]);
  const free: number[] = [];
  for (const x of [2, 3, 4]) {
    pool.applyAsync(() => order.push(x));
    free.push(pool.freeCount());
  }
  assert.deepEqual(free, [1, 0, 0]);
  await pool.join();
  assert.deepEqual([order, pool.freeCount()], [[1, 2, 3, 4], 2]);
});

test('discard: one that was discarded is no member, whatever becomes of it', async () => {
  const pool = new Pool(1);
  const first = pool.spawn(sleep, LONG);
  pool.discard(first);
  assert.equal(pool.freeCount(), 1);
  await first.kill();
  assert.deepEqual([pool.length, pool.freeCount()], [0, 1]);
});

test('add_method: waits while the pool is full', async () => {
  const pool = new Pool(1);
  const [first, second] = [spawn(forEver), spawn(forEver)];
  await pool.add(first);
  const adding = pool.add(second);
  await settled();
  assert.deepEqual([pool.has(first), pool.has(second)], [true, false]);
  await first.kill();
  await adding;
  assert.deepEqual([...pool], [second]);
  await pool.kill();
});

test('add_method_timeout, start_method_timeout: PoolFull', async () => {
  const pool = new Pool(1);
  await pool.add(spawn(forEver));
  const second = new Greenlet(forEver);
  await assert.rejects(pool.add(second, { timeout: 1 }), PoolFull);
  await assert.rejects(pool.start(second, { timeout: 1 }), PoolFull);
  await assert.rejects(pool.start(second, { block: false }), PoolFull);
  assert.equal(second.started, false);
  await pool.kill();
});

// TestPool, and what it is derived for

for (const size of [1, 2, 3, 10, undefined]) {
  const name = `Pool(${size ?? ''})`;

  test(`${name} map, empty_map`, async () => {
    const pool = new Pool(size);
    assert.deepEqual(
      await pool.map(squareSlowly, range(10)),
      range(10).map((x) => x * x),
    );
    assert.deepEqual(await pool.map(squareSlowly, range(100)), await all(pool.imap(squareSlowly, range(100))));
    assert.deepEqual(await pool.map(squareSlowly, []), []);
  });

  test(`${name} async, async_callback, async_timeout`, async () => {
    const pool = new Pool(size);
    const results: number[] = [];
    const result = pool.applyAsync(squareSlowly, [7], { callback: (x) => results.push(x) });
    assert.equal(await result.get(), 49);
    await settled();
    assert.deepEqual(results, [49]);
    const late = pool.applyAsync(forEver);
    await assert.rejects(late.get(1), TimeoutError);
    await late.kill();
    assert.equal(await pool.join(), true);
  });

  test(`${name} imap_list_small, imap_it_small, empty_imap`, async () => {
    const pool = new Pool(size);
    assert.deepEqual(
      await all(pool.imap(squareSlowly, range(10))),
      range(10).map((x) => x * x),
    );
    const it = pool.imap(squareSlowly, range(10));
    for (const x of range(10)) assert.deepEqual(await it.next(), { done: false, value: x * x });
    assert.deepEqual(
      [await it.next(), await it.next()].map(({ done }) => done),
      [true, true],
    );
    assert.deepEqual(await all(pool.imap(squareSlowly, [])), []);
  });

  test(`${name} imap_unordered, empty_imap_unordered`, async () => {
    const pool = new Pool(size);
    const results = await all(pool.imapUnordered(squareSlowly, range(100)));
    assert.deepEqual(
      results.sort((a, b) => a - b),
      range(100).map((x) => x * x),
    );
    assert.deepEqual(await all(pool.imapUnordered(squareSlowly, [])), []);
  });

  test(`${name} terminate: a kill ends what is pending`, async () => {
    const pool = new Pool(size);
    const result = pool.mapAsync(forEver, range((size ?? 10) * 2));
    await settled();
    await pool.kill();
    await result.join();
    assert.ok(isExit(result.value));
    assert.deepEqual([pool.length, pool.waiting], [0, 0]);
  });

  test(`${name} imap_no_stop: results that look like the end are not the end`, async () => {
    const pool = new Pool(size);
    const ends = [undefined, { done: true, value: undefined }, null];
    assert.deepEqual(await pool.map((i) => ends[i], range(3)), ends);
    assert.deepEqual(await all(pool.imap((i) => ends[i], range(3))), ends);
    assert.equal((await all(pool.imapUnordered((i) => ends[i], range(3)))).length, 3);
  });

  test(`${name} imap_final_sleep, imap_unordered_final_sleep: the last does not hold back the others`, async () => {
    const pool = new Pool(size);
    for (const method of ['imap', 'imapUnordered'] as const) {
      const last = gate();
      function* work(x: number): Coroutine<number> {
        if (x === 2) yield* last.wait();
        return x;
      }
      const results = pool[method](work, range(3));
      assert.deepEqual(
        [await results.next(), await results.next()].map(({ value }) => value),
        [0, 1],
      );
      last.open();
      assert.deepEqual(
        [await results.next(), await results.next()].map(({ value }) => value),
        [2, undefined],
      );
    }
  });

  test(`${name} imap_unordered_bounded_queue: no more begin than may be waiting, and none is lost`, async () => {
    const pool = new Pool(size);
    for (const method of ['imap', 'imapUnordered'] as const) {
      let running = 0;
      const work = (i: number, _j: number): number => {
        running += 1;
        return i;
      };
      const results = pool[method](work, range(100), range(100), { maxSize: 1 });
      const seen: number[] = [];
      for await (const i of results) {
        seen.push(i);
        assert.ok(running <= seen.length + 1);
        await sleep();
      }
      assert.deepEqual(seen, range(100));
    }
  });
}

test('imap_unordered_sleep: results come as they end', async () => {
  const pool = new Pool(10);
  const gates = range(3).map(() => gate());
  function* work(x: number): Coroutine<number> {
    yield* gates[x]!.wait();
    return x;
  }
  const results = pool.imapUnordered(work, range(3));
  for (const x of [1, 2, 0]) {
    gates[x]!.open();
    assert.deepEqual(await results.next(), { done: false, value: x });
  }
});

// TestPool0, TestJoinEmpty, TestSpawn

test('wait_full: a pool of 0 is always full', async () => {
  const pool = new Pool(0);
  assert.deepEqual([pool.freeCount(), pool.full()], [0, true]);
  assert.equal(await pool.waitAvailable({ timeout: 1 }), false);
});

test('join of an empty pool is over at once', async () => {
  const pool = new Pool();
  assert.equal(await pool.join(), true);
  assert.equal(await new Pool(1).join({ raiseError: true }), true);
});

test('spawn, spawnAndWait: one at a time, the next when there is room; a kill after the wait', async () => {
  const pool = new Pool(1);
  assert.equal(pool.length, 0);
  const [first, second] = [gate(), gate()];
  const one = pool.spawn(first.wait);
  pool.spawn(second.wait);
  assert.deepEqual([pool.length, pool.waiting], [1, 1]);
  first.open();
  await one;
  assert.deepEqual([pool.length, pool.waiting], [1, 0]);
  second.open();
  await pool.join();
  assert.equal(pool.length, 0);
  pool.spawn(forEver);
  await settled();
  assert.equal(await pool.waitAvailable(1), false);
  await pool.kill();
  assert.equal(await pool.waitAvailable(), true);
});

// TestErrorInIterator, TestErrorInHandler

test('an error of the source is raised by map, imap and imap_unordered', async () => {
  const pool = new Pool(3);
  await assert.rejects(
    pool.map(() => {}, failing()),
    RangeError,
  );
  await assert.rejects(all(pool.imap(() => {}, failing())), RangeError);
  await assert.rejects(all(pool.imapUnordered(() => {}, failing())), RangeError);
  assert.equal(pool.freeCount(), 3);
});

test('an error of the function is raised by map, and by imap and imap_unordered at its place; next continues', async () => {
  const pool = new Pool(3);
  await assert.rejects(pool.map(divide, [1, 0, 2]), /division by zero/);
  const check = async (results: ImapIterator<number>): Promise<void> => {
    assert.equal((await results.next()).value, 6);
    await assert.rejects(results.next(), /division by zero/);
    assert.equal((await results.next()).value, 3);
    assert.equal((await results.next()).done, true);
  };
  await check(pool.imap(divide, [1, 0, 2]));
  await check(pool.imapUnordered(divide, [1, 0, 2]));
});

// TestContextManager: a block is not told whether it ends by an error, so it ends what it has not waited for

test('wait_in_suite: a greenlet that the block has waited for is left as it is', async () => {
  let greenlet: Greenlet<number>;
  {
    await using inside = spawn(turns, 3);
    assert.equal(await inside.get(), 3);
    greenlet = inside;
  }
  assert.deepEqual([greenlet.ready(), greenlet.value], [true, 3]);
});

test('greenlet_raises: its error does not leave the block', async () => {
  {
    await using greenlet = spawn(divide, 0);
    await assert.rejects(greenlet.get(), /division by zero/);
  }
  {
    await using greenlet = spawn(divide, 0);
    await greenlet.join();
    assert.match(String(greenlet.exception), /division by zero/);
  }
});

test('join_raises: an error of the block leaves it, and the greenlet has ended', async () => {
  let greenlet!: Greenlet;
  const said: string[] = [];
  const block = async (): Promise<void> => {
    await using inside = spawn(function* () {
      try {
        yield* forEver();
      } finally {
        yield* turns(3);
        said.push('finally');
      }
    });
    greenlet = inside;
    await settled();
    await inside.get(1);
  };
  await assert.rejects(block(), TimeoutError);
  assert.ok(greenlet.ready() && isExit(greenlet.value));
  assert.deepEqual(said, ['finally']);
});

test('using, without await, ends it and does not wait', async () => {
  const children: Greenlet[] = [];
  await spawn(function* () {
    using child = spawn(forEver);
    yield* sleep();
    children.push(child);
  });
  const [child] = children;
  await child!.join();
  assert.ok(isExit(child!.value));
});
