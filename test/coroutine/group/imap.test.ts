/** imap: the time at which items are taken, the place of errors, and what an early end leaves. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import test from 'node:test';
import { ReadableStream } from 'node:stream/web';
import fc from 'fast-check';
import { CancelledError, TimeoutError } from 'heddle';
import { type Coroutine, GreenletExit, Group, type ImapIterator, Pool, sleep, spawn, until } from 'heddle/coroutine';
import { untilCollected } from '../../python/garbage.ts';
import { forEver, gate, settled, turns } from '../pace.ts';

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

/** Goes on after errors. */
async function outcomes(results: ImapIterator<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for (;;) {
    try {
      const { done, value } = await results.next();
      if (done === true) return list;
      list.push(value);
    } catch (error) {
      list.push((error as Error).message);
    }
  }
}

function* failOf(x: number): Coroutine<number> {
  yield* turns(3 - x);
  if (x === 1) throw new Error('item 1');
  return x;
}

/** An endless source that says what happens to it. */
class Endless {
  taken = 0;
  isClosed = false;

  *[Symbol.iterator](): Generator<number> {
    try {
      for (;;) yield this.taken++;
    } finally {
      this.isClosed = true;
    }
  }

  async *slowly(): AsyncGenerator<number> {
    try {
      for (;;) {
        await sleep();
        yield this.taken++;
      }
    } finally {
      await sleep();
      this.isClosed = true;
    }
  }
}

test('results come in the order of the items, unordered ones in that of their ends', async () => {
  const pool = new Pool(3);
  assert.deepEqual(await all(pool.imap(turns, [6, 4, 2])), [6, 4, 2]);
  assert.deepEqual(await all(pool.imapUnordered(turns, [6, 4, 2])), [2, 4, 6]);
  assert.deepEqual(await all(pool.imap(turns, [])), []);
  assert.deepEqual(await all(pool.imapUnordered(turns, new Set<number>())), []);
  assert.deepEqual(await all(new Pool(1).imapUnordered(turns, [6, 4, 2])), [6, 4, 2]);
  assert.deepEqual(await all(new Group().imap((x) => x, 'ab')), ['a', 'b']);
});

test('a generator greenlet can take them', async () => {
  const pool = new Pool(2);
  const consumer = spawn(function* () {
    using results = pool.imap(turns, new Endless());
    const list: number[] = [];
    for (let next = yield* results.next(); next.done !== true; next = yield* results.next()) {
      list.push(next.value);
      if (list.length === 5) break;
    }
    return list;
  });
  assert.deepEqual(await consumer, [0, 1, 2, 3, 4]);
  assert.equal(await pool.join(), true);
});

test('no more is taken from the source than runs and than fits', async () => {
  const pool = new Pool(2);
  const source = new Endless();
  const { wait, open } = gate();
  const results = pool.imap(wait, source, { maxSize: 3 });
  await settled();
  assert.equal(source.taken, 2, 'as many as there are places');
  open();
  await settled();
  assert.equal(source.taken, 3, 'as many as there is room for');
  assert.equal(await pool.join(), true, 'an imap without a consumer is not waited for');
  await results.next();
  await settled();
  assert.equal(source.taken, 4);
  await results.return();
  assert.deepEqual([pool.length, source.isClosed], [0, true]);
});

test('without maxSize the results in front of a slow consumer are bounded', async () => {
  const [pool, group] = [new Pool(2), new Group()];
  const [few, many] = [new Endless(), new Endless()];
  const [small, large] = [pool.imapUnordered(() => {}, few), group.imap(() => {}, many)];
  await settled();
  assert.deepEqual([few.taken, many.taken], [8, 1000]);
  await Promise.all([small.return(), large.return()]);
});

test('an early end closes the source and ends what runs', async () => {
  for (const method of ['imap', 'imapUnordered'] as const) {
    for (const kind of ['sync', 'async'] as const) {
      const pool = new Pool(3);
      const source = new Endless();
      const said: number[] = [];
      function* work(x: number): Coroutine<number> {
        try {
          if (x > 0) yield* forEver();
          return x;
        } finally {
          yield* turns(3);
          said.push(x);
        }
      }
      for await (const x of pool[method](work, kind === 'sync' ? source : source.slowly())) {
        assert.equal(x, 0);
        await settled();
        break;
      }
      assert.equal(source.isClosed, true);
      assert.deepEqual([said.length, pool.length, pool.waiting], [source.taken, 0, 0]);
    }
  }
});

test('break does not wait for an async source that never answers', async () => {
  const pool = new Pool(2);
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await until(new Promise(() => {}));
  }
  for await (const x of pool.imap((x: number) => x, source())) {
    assert.equal(x, 1);
    await settled();
    break;
  }
  const early = pool.imap((x: number) => x, source());
  await early.return();
  assert.deepEqual(await early.next(), { done: true, value: undefined });
  assert.deepEqual(await early.return(), { done: true, value: undefined });
});

test('a waiter resumes when it is closed', async () => {
  const pool = new Pool(2);
  const results = pool.imap(forEver, [1, 2, 3]);
  const waiting = [results.next(), results.next()];
  await settled();
  await results.return();
  assert.deepEqual(await Promise.all(waiting), [
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test('a failed item throws at its place, and the iteration goes on', async () => {
  const pool = new Pool(3);
  assert.deepEqual(await outcomes(pool.imap(failOf, [0, 1, 2])), [0, 'item 1', 2]);
  assert.deepEqual(await outcomes(pool.imapUnordered(failOf, [0, 1, 2])), [2, 'item 1', 0]);
  const killed = pool.imap(forEver, [1, 2]);
  await settled();
  const [first, second] = pool;
  void second!.kill(new Error('mine'));
  void first!.kill();
  await assert.rejects(killed.next(), CancelledError);
  await assert.rejects(killed.next(), /mine/);
  assert.deepEqual(await killed.next(), { done: true, value: undefined });
});

test('an imap that is closed after a kill of its pool reports no error', async () => {
  const pool = new Pool(1);
  const results = pool.imap(forEver, [1, 2]);
  await settled();
  await pool.kill();
  assert.deepEqual(await results.return(), { done: true, value: undefined });
  const dropped = pool.imap(forEver, [1, 2]);
  await settled();
  await pool.kill();
  // Not awaited, it would be an unhandled rejection; the same when the garbage collector closes it.
  dropped[Symbol.dispose]();
  await settled();
});

test('an error that is there before it is asked for counts as handled', async () => {
  const pool = new Pool(3);
  const results = pool.imap(failOf, [1, 1, 1]);
  await settled();
  for (let i = 0; i < 3; i += 1) await assert.rejects(results.next(), /item 1/);
  const inside = spawn(function* () {
    const again = pool.imap(failOf, [1]);
    yield* sleep(1);
    try {
      yield* again.next();
      return 'no error';
    } catch (error) {
      return (error as Error).message;
    }
  });
  assert.equal(await inside, 'item 1');
});

test('an error of the source comes after the results, once', async () => {
  const pool = new Pool(3);
  function* source(): Generator<number> {
    yield 0;
    yield 2;
    throw new Error('source');
  }
  async function* slow(): AsyncGenerator<number> {
    yield* source();
  }
  for (const items of [source, slow]) {
    assert.deepEqual(await outcomes(pool.imap(failOf, items())), [0, 2, 'source']);
    const unordered = await outcomes(pool.imapUnordered(failOf, items()));
    assert.deepEqual([new Set(unordered), unordered.at(-1)], [new Set([0, 2, 'source']), 'source']);
  }
  const broken: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('at once')) }),
  };
  assert.deepEqual(await outcomes(pool.imap(failOf, broken)), ['at once']);
  const sync: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => {
        throw new Error('sync');
      },
    }),
  };
  assert.deepEqual(await outcomes(pool.imapUnordered(failOf, sync)), ['sync']);
  assert.equal(pool.freeCount(), 3);
});

test('a source that cannot be closed is reported', async () => {
  const pool = new Pool(1);
  const source: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw new Error('not closed');
      },
    }),
  };
  await assert.rejects(pool.imap(turns, source).return(), /not closed/);
  const second = pool.imap(turns, source);
  await second.next();
  await assert.rejects(second.return(), /not closed/);
  assert.equal(pool.freeCount(), 1);
});

test('a next that is late, or whose greenlet was killed, takes no result', async () => {
  const pool = new Pool(1);
  const { wait, open } = gate();
  const results = pool.imap(wait, [1, 2, 3, 4]);
  await assert.rejects(results.next(0), TimeoutError);
  await assert.rejects(results.next({ timeout: 1 }), /the next result of an imap\(\) took longer/);
  const controller = new AbortController();
  const aborted = results.next({ signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  const taker = spawn(function* () {
    return yield* results.next();
  });
  await settled();
  // The killer waits for the same as the member does, and so is in line before the taker, which the member's end wakes.
  const killer = spawn(function* () {
    yield* wait();
    void taker.kill();
  });
  await settled();
  open();
  await killer;
  assert.ok((taker.value as unknown) instanceof GreenletExit);
  await settled();
  assert.deepEqual(await all(results), ['open', 'open', 'open', 'open']);
});

test('several waiters are served in the order in which they came', async () => {
  const pool = new Pool(3);
  const results = pool.imap(turns, [3, 2, 1]);
  const served = await Promise.all([results.next(), results.next(), results.next(), results.next()]);
  assert.deepEqual(
    served.map(({ value }) => value),
    [3, 2, 1, undefined],
  );
});

test('several sources are zipped, and a longer one is closed', async () => {
  const pool = new Pool(2);
  const [long, slow] = [new Endless(), new Endless()];
  const sums = pool.imap((a: number, b: number, c: number) => a + b + c, [10, 20], long, slow.slowly(), { maxSize: 5 });
  assert.deepEqual(await all(sums), [10, 22]);
  assert.deepEqual([long.isClosed, slow.isClosed], [true, true]);
  const pairs = pool.imapUnordered((a: number, b: string) => `${a}${b}`, [1, 2, 3], 'ab');
  assert.deepEqual(await all(pairs), ['1a', '2b']);
});

test('an imap of an imap takes no more than it needs, and ends with it', async () => {
  const [first, second] = [new Pool(2), new Pool(2)];
  const source = new Endless();
  const doubled = first.imap((x: number) => x * 2, source, { maxSize: 2 });
  const list: number[] = [];
  for await (const x of second.imap((x) => x + 1, doubled, { maxSize: 2 })) {
    list.push(x);
    if (list.length === 3) break;
  }
  assert.deepEqual(list, [1, 3, 5]);
  assert.ok(source.taken <= 3 + 2 + 2);
  assert.ok(source.isClosed);
  assert.deepEqual([first.length, second.length], [0, 0]);
});

test('one without references closes its source', async () => {
  const pool = new Pool(2);
  const source = new Endless();
  const drop = async (): Promise<WeakRef<object>> => {
    const results = pool.imap(failOf, source);
    await assert.rejects(async () => {
      for await (const x of results) assert.equal(x, 0);
    }, /item 1/);
    return new WeakRef(results);
  };
  await untilCollected(await drop());
  while (!source.isClosed) await sleep(1);
  assert.equal(await pool.join(), true);
});

test('the function and the source run in the context of their caller', async () => {
  const storage = new AsyncLocalStorage<string>();
  const pool = new Pool(2);
  function* source(): Generator<string | undefined> {
    for (let i = 0; i < 4; i += 1) yield storage.getStore();
  }
  const results = storage.run('mine', () =>
    pool.imap(function* (x) {
      yield* sleep();
      return `${x} ${storage.getStore()}`;
    }, source()),
  );
  assert.deepEqual(await storage.run('other', () => all(results)), Array.from({ length: 4 }).fill('mine mine'));
});

test('for any sizes and durations nothing is lost or out of order, and the limits hold', async () => {
  const items = fc.array(fc.record({ turns: fc.nat(4), fails: fc.boolean() }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      items,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      fc.nat(3),
      async (list, size, maxSize, isAsync, pause) => {
        const pool = new Pool(size);
        let [begun, taken, running] = [0, 0, 0];
        function* work(item: (typeof list)[number]): Coroutine<number> {
          const index = begun++;
          running += 1;
          assert.ok(running <= size && index <= taken + maxSize, 'one may be taken and not be counted');
          yield* turns(item.turns);
          running -= 1;
          if (item.fails) throw new Error(`${list.indexOf(item)}`);
          return list.indexOf(item);
        }
        async function* slow(): AsyncGenerator<(typeof list)[number]> {
          yield* list;
        }
        for (const method of ['imap', 'imapUnordered'] as const) {
          begun = taken = 0;
          const results = pool[method](work, isAsync ? slow() : list, { maxSize });
          const seen: number[] = [];
          for (;;) {
            const next = results.next();
            const failure = await next.then(
              () => undefined,
              (error: Error) => error,
            );
            taken += 1;
            if (failure !== undefined) seen.push(Number(failure.message));
            else {
              const { done, value } = await next;
              if (done === true) break;
              seen.push(value);
            }
            await spawn(turns, pause);
          }
          if (method === 'imapUnordered') seen.sort((a, b) => a - b);
          assert.deepEqual(
            seen,
            list.map((_, i) => i),
          );
          assert.deepEqual([pool.length, pool.waiting, running], [0, 0, 0]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('a stream that is left while it is read is destroyed', async () => {
  const pool = new Pool(2);
  const never = new Readable({ read: () => {} });
  never.push('a');
  for await (const text of pool.imap(String, never)) {
    assert.equal(text, 'a');
    await settled();
    break;
  }
  assert.equal(never.destroyed, true);
  const whole = Readable.from(['a', 'b', 'c']);
  assert.deepEqual(await all(pool.imap((text: string) => text + text, whole)), ['aa', 'bb', 'cc']);
  const web = ReadableStream.from(['x', 'y']) as unknown as AsyncIterable<string>;
  assert.deepEqual(await pool.map((text) => text + text, web), ['xx', 'yy']);
});
