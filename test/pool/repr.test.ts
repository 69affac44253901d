/** Pools, executors, futures and results say what they are and how they are, in `String()` and in `console.log`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Event, Future, Pool, ProcessPoolExecutor, ThreadPool, ThreadPoolExecutor } from 'heddle';
import { until } from './collect.js';
import { kinds } from './kinds.js';

/** The text, which `inspect` gives as well, wherever the object is. */
function textOf(shown: { readonly toString: () => string }): string {
  const text = shown.toString();
  assert.equal(inspect(shown), text);
  assert.equal(inspect({ shown }), `{ shown: ${text} }`);
  return text;
}

class Page {
  title = 'home';
}

test('a future shows whether it is pending, runs, or has ended and how', async () => {
  const executor = kinds[0].shared(1);
  const go = new Event();
  const running = executor.submit(() => go.wait());
  const [returned, raised, cancelled] = [
    executor.submit(() => new Page()),
    executor.submit(() => {
      throw new RangeError('expected');
    }),
    executor.submit(() => 1),
  ];
  await until(() => running.running());
  assert.equal(textOf(running), '<Future state=running>');
  assert.equal(textOf(returned), '<Future state=pending>');
  cancelled.cancel();
  assert.equal(textOf(cancelled), '<Future state=cancelled>');
  go.set();
  await returned;
  assert.equal(textOf(running), '<Future state=finished returned boolean>');
  assert.equal(textOf(returned), '<Future state=finished returned Page>');
  await assert.rejects(raised);
  assert.equal(textOf(raised), '<Future state=finished raised RangeError>');
});

test('a future names the type of its value without a call of the value’s own code', async () => {
  const of = (value: unknown): Future<unknown> => new Future((resolve) => resolve(value));
  const never = (): never => {
    throw new Error('code of the value was run');
  };
  const traps = new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : never()), getPrototypeOf: never });
  const values = {
    null: null,
    undefined: undefined,
    string: 'a',
    function: () => 1,
    Array: [1],
    Map: new Map(),
    Object: Object.defineProperty({}, 'constructor', { get: never }),
    object: traps,
  };
  for (const [type, value] of Object.entries(values)) {
    const future = of(value);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await future;
    assert.equal(textOf(future), `<Future state=finished returned ${type}>`);
  }
  assert.equal(String(of(Object.create(null))), '<Future state=pending>');
});

test('an executor, and a view of it, shows how many workers it may have, and whether it was shut down', async () => {
  for (const Kind of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    const executor = new Kind({ maxWorkers: 3 });
    assert.equal(textOf(executor), `<${Kind.name} state=RUN max_workers=3>`);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await executor.shutdown();
    assert.equal(textOf(executor), `<${Kind.name} state=SHUTDOWN max_workers=3>`);
    assert.equal(textOf(executor.with({ timeout: 5 })), `<${Kind.name} state=SHUTDOWN max_workers=3>`);
  }
});

test('a pool shows what that of Python shows', async () => {
  class Mine extends ThreadPool {}
  for (const [pool, name] of [
    [new Pool(4), 'Pool'],
    [new ThreadPool(4), 'ThreadPool'],
    [new Mine(4), 'Mine'],
  ] as const) {
    assert.equal(textOf(pool), `<${name} state=RUN pool_size=4>`);
    pool.close();
    assert.equal(textOf(pool), `<${name} state=CLOSE pool_size=4>`);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await pool.terminate();
    assert.equal(textOf(pool), `<${name} state=TERMINATE pool_size=4>`);
  }
});

test('results of a pool and maps show whether they have ended', async () => {
  await using pool = new ThreadPool(1);
  const [good, bad] = [
    pool.applyAsync(() => 7),
    pool.applyAsync(() => {
      throw new TypeError('expected');
    }),
  ];
  assert.equal(textOf(good), '<AsyncResult state=pending>');
  await good;
  await assert.rejects(bad.get());
  assert.equal(textOf(good), '<AsyncResult state=finished returned number>');
  assert.equal(textOf(bad), '<AsyncResult state=finished raised TypeError>');
  const executor = kinds[0].shared(1);
  for (const results of [pool.imap((x: number) => x, [1]), executor.map((x: number) => x, [1])]) {
    assert.match(textOf(results), / open>$/);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    while ((await results.next()).done !== true);
    assert.match(textOf(results), / ended>$/);
  }
});

test('a prototype is shown as any object is, and not by an error', () => {
  for (const Class of [Future, Pool, ThreadPoolExecutor]) assert.equal(typeof inspect(Class.prototype), 'string');
});
