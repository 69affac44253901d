/** The assertions of gevent's own suite on `Greenlet`, each for generator functions and for async ones. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Greenlet, GreenletExit, greenlet, iwait, joinAll, killAll, Queue, AsyncResult, sleep, spawn, spawnLater } from 'heddle/coroutine';
import { TimeoutError } from 'heddle';
import { runProgram } from '../coroutine/program.js';
import { unkilled } from '../coroutine/unkilled.ts';

/** One behaviour in both kinds of function: it returns a value, fails, or sleeps without an end. */
const kinds = {
  generator: {
    *value(value: unknown) {
      yield* sleep(0);
      return value;
    },
    // oxlint-disable-next-line require-yield -- it fails before
    *fail(error: unknown): Generator<never, unknown> {
      throw error;
    },
    *sleep() {
      yield* sleep(1e6);
    },
  },
  async: {
    async value(value: unknown) {
      await sleep(0);
      return value;
    },
    async fail(error: unknown) {
      throw error;
    },
    async sleep() {
      await sleep(1e6);
    },
  },
};

const isExit = (value: unknown): boolean => value instanceof GreenletExit;

for (const [kind, body] of Object.entries(kinds)) {
  const value = body.value as (value: unknown) => Promise<unknown>;
  const fail = body.fail as (error: unknown) => Promise<unknown>;
  const rest = body.sleep as () => Promise<void>;

  test(`${kind}: link_to_asyncresult: an AsyncResult does not take the outcome, before or after the end`, async () => {
    const g = spawn(value, 101);
    const [before, after] = [new AsyncResult(), new AsyncResult()];
    g.link(before);
    assert.equal(await before.get(), 101);
    g.link(after);
    assert.equal(await after.get(), 101);
    const failed = new AsyncResult();
    const error = new Error('expected');
    spawn(fail, error).link(failed);
    await assert.rejects(failed.get(), (got) => got === error);
  });

  test(`${kind}: link_to_queue: a queue does not take the greenlet`, async () => {
    const queue = new Queue<Greenlet>();
    const [a, b] = [spawn(value, 1), spawn(value, 2)];
    for (const g of [a, b]) g.link((ended) => queue.put(ended));
    const got = await spawn(function* () {
      return [[yield* queue.get()], [yield* queue.get()]];
    });
    assert.deepEqual(
      unkilled(got).map(([g]) => g === a || g === b),
      [true, true],
    );
  });

  test(`${kind}: func_link, func_link_value, func_link_exception: a callback that was taken away is called`, async () => {
    const called: string[] = [];
    const callback = (name: string) => () => called.push(name);
    const [always, onValue, onException] = [callback('always'), callback('value'), callback('exception')];
    for (const end of [() => spawn(value, 1), () => spawn(fail, new Error('expected'))]) {
      const g = end();
      g.link(always);
      g.linkValue(onValue);
      g.linkException(onException);
      assert.equal(g.hasLinks, true);
      for (const one of [always, onValue, onException]) g.unlink(one);
      assert.equal(g.hasLinks, false);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await g.get().catch(() => {});
    }
    await sleep(0);
    assert.deepEqual(called, []);
    const g = spawn(fail, new Error('expected'));
    g.link(always);
    g.linkValue(onValue);
    g.linkException(onException);
    await g.join();
    await sleep(0);
    assert.deepEqual(called, ['always', 'exception']);
  });

  test(`${kind}: TestReturn_link: kill: a killed one does not count as a value`, async () => {
    const seen: string[] = [];
    const g = spawn(rest);
    g.linkValue(() => seen.push('value'));
    g.linkException(() => seen.push('exception'));
    await sleep(0);
    await g.kill();
    await sleep(0);
    assert.deepEqual(seen, ['value']);
  });

  test(`${kind}: simple_exit: the table of states`, async () => {
    const g = new Greenlet(value, 'result');
    const calls: unknown[] = [];
    g.rawlink((ended) => calls.push(ended.value));
    const states = (): unknown[] => [g.started, g.dead, g.ready(), g.successful(), g.value, g.exception];
    assert.deepEqual(states(), [false, false, false, false, undefined, undefined]);
    g.start();
    assert.deepEqual(states(), [true, false, false, false, undefined, undefined]);
    await sleep(0);
    await g.join();
    assert.deepEqual(states(), [false, true, true, true, 'result', undefined]);
    await sleep(0);
    assert.deepEqual(calls, ['result']);
  });

  test(`${kind}: error_exit: the table of states after an error`, async () => {
    const error = new Error('expected');
    const g = spawn(fail, error);
    await g.get().catch(() => {});
    assert.deepEqual([g.started, g.dead, g.ready(), g.successful(), g.value, g.exception], [false, true, true, false, undefined, error]);
  });

  test(`${kind}: multiple_listeners_error: a failing callback stops the others`, async () => {
    const { stdout } = await runProgram(`
      const body = ${kind === 'async' ? 'async () => 1' : 'function* () { return 1 }'};
      const g = h.spawn(body);
      for (const name of ['link', 'rawlink', 'linkValue']) {
        g[name](() => { throw new Error('of a callback') });
        g[name](() => console.log(name));
      }
    `);
    assert.deepEqual(stdout.trim().split('\n').toSorted(), ['link', 'linkValue', 'rawlink']);
  });

  test(`${kind}: kill before the start: it runs, or is no success`, async () => {
    const said: unknown[] = [];
    const run = (): unknown => said.push('ran');
    for (const g of [spawn(run), spawnLater(1, run), new Greenlet(run)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await g.kill();
      assert.deepEqual([g.dead, g.successful(), isExit(g.value), g.exception], [true, true, true, undefined]);
    }
    const error = new Error('expected');
    const failed = spawn(run);
    await failed.kill(error);
    assert.deepEqual([failed.successful(), failed.exception, said], [false, error, []]);
  });

  test(`${kind}: kill: kill_exception, kill_without_exception, kill_with_exception_after_started`, async () => {
    const [silent, loud] = [spawn(rest), spawn(rest)];
    await sleep(0);
    await silent.kill();
    assert.deepEqual([silent.successful(), isExit(silent.value)], [true, true]);
    class Expected extends Error {}
    await loud.kill(Expected);
    assert.deepEqual([loud.successful(), loud.value], [false, undefined]);
    await assert.rejects(loud.get(), Expected);
  });

  test(`${kind}: non_block: kill that is not waited for, alone and of all`, async () => {
    const gs = [spawn(rest), spawn(rest), spawn(rest)];
    await sleep(0);
    gs[0]?.kill();
    killAll(gs);
    await joinAll(gs);
    assert.ok(gs.every((g) => g.dead && isExit(g.value)));
  });

  test(`${kind}: non_exc_exception: a value that is not an error fails the killer`, async () => {
    for (const kill of [(g: Greenlet<void>) => g.kill(5), (g: Greenlet<void>) => killAll([g], { error: 5 })]) {
      const g = spawn(rest);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await sleep(0);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await kill(g);
      assert.equal(g.successful(), false);
      assert.ok(g.exception instanceof TypeError);
    }
  });

  test(`${kind}: start: twice, and after the end, is more than once`, async () => {
    let runs = 0;
    const g = new Greenlet(() => {
      runs += 1;
      return value(runs);
    });
    g.start();
    g.start();
    await g.join();
    g.start();
    await sleep(0);
    assert.deepEqual([runs, g.started, g.value], [1, false, 1]);
  });

  test(`${kind}: joinall_exception_order: the first in the list is thrown, not the earliest`, async () => {
    const [late, early] = [
      spawn(async () => {
        await sleep(3);
        throw new Error('late');
      }),
      spawn(fail, new Error('early')),
    ];
    await assert.rejects(joinAll([late, early], { raiseError: true }), /early/);
    await late.get().catch(() => {});
  });

  test(`${kind}: joinall_count_raise_error: count does not work with raiseError`, async () => {
    const [value1, error1] = [spawn(value, 1), spawn(rest)];
    const ended = await joinAll([value1, error1], { raiseError: true, count: 1 });
    assert.deepEqual(
      ended.map((g) => g === (value1 as unknown)),
      [true],
    );
    await error1.kill();
  });

  test(`${kind}: get with a time-out; then without`, async () => {
    const g = spawn(rest);
    await assert.rejects(g.get({ timeout: 1 }), TimeoutError);
    await g.kill();
    assert.ok(isExit(await g.get()));
  });
}

test('spawn_non_callable: something else than a function is taken', () => {
  for (const bad of [1, 'x', null, {}]) {
    assert.throws(() => spawn(bad as unknown as () => void), TypeError);
    assert.throws(() => spawnLater(1, bad as unknown as () => void), TypeError);
    assert.throws(() => new Greenlet(bad as unknown as () => void), TypeError);
    // `None` means no function there, as in greenlet.
    if (bad !== null) assert.throws(() => greenlet(bad as unknown as () => void), TypeError);
  }
});

test('spawn with arguments: they are lost (keywords are an object)', async () => {
  assert.deepEqual(await spawn((...args: unknown[]) => args, 1, { key: 'x' }), [1, { key: 'x' }]);
  assert.deepEqual(await spawnLater(1, (...args: unknown[]) => args, 1, { key: 'x' }), [1, { key: 'x' }]);
});

test('dead_is_false_for_current_greenlet_during_switch: it counts as dead while it starts', async () => {
  const g: Greenlet<boolean[]> = spawn(() => [g.dead, g.ready(), g.started]);
  assert.deepEqual(await g, [false, false, true]);
});

test('recursion_error: a stack overflow is told more than once', async () => {
  const { stderr, code } = await runProgram(`
    const deep = () => deep() + 1;
    const g = h.spawn(function* () { return deep() });
    await g.join();
    await h.sleep(5);
  `);
  assert.equal(stderr.match(/failed: RangeError/g)?.length, 1, stderr.slice(0, 500));
  assert.equal(code, 0);
});

test('non_type_exception: an error instance, from kill and killAll, waited for or not, is not what it fails with', async () => {
  const error = new Error('expected');
  const make = (): Greenlet<void> =>
    spawn(function* () {
      yield* sleep(1e6);
    });
  const kills: ((g: Greenlet<void>) => PromiseLike<unknown>)[] = [
    (g) => g.kill(error),
    (g) => (g.kill(error), g.join()),
    (g) => killAll([g], { error }),
    (g) => (killAll([g], { error }), g.join()),
  ];
  for (const kill of kills) {
    const g = make();
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await sleep(0);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await kill(g);
    assert.deepEqual([g.dead, g.exception], [true, error]);
  }
});

test('killall_raw: killAll does not take greenlets by hand', async () => {
  const raw = greenlet(function* () {
    yield* raw.parent!.switch('waits');
  });
  assert.equal(raw.switch(), 'waits');
  await killAll([raw, greenlet(() => {})]);
  assert.equal(raw.dead, true);
});

test('greenlet_link: links run in another order than they were added', async () => {
  const order: number[] = [];
  const g = spawn(() => 1);
  for (const n of [2, 3, 4, 1000]) g.rawlink(() => order.push(n));
  await g;
  await sleep(0);
  assert.deepEqual(order, [2, 3, 4, 1000]);
  const linked: number[] = [];
  const other = spawn(() => 1);
  for (const n of [2, 3, 4, 1000]) other.link(() => linked.push(n));
  await other;
  await sleep(0);
  assert.deepEqual(linked, [2, 3, 4, 1000]);
});

test('467: iwait: a member that fails breaks a sleep in the body of the loop', async () => {
  const failing = spawn(async () => {
    await sleep(1);
    throw new Error('expected');
  });
  const fine = spawn(async () => {
    await failing.join();
    await sleep(1);
  });
  const seen: unknown[] = [];
  for await (const g of iwait([failing, fine])) {
    await sleep(3);
    seen.push((g as Greenlet).successful());
  }
  assert.deepEqual(seen, [false, true]);
  assert.match(String(failing.exception), /expected/);
});

test('spawn_is_not_cancelled: a greenlet ends with its spawner', async () => {
  let inner: Greenlet<string> | undefined;
  await spawn(() => {
    inner = spawn(function* () {
      yield* sleep(1);
      return 'survived';
    });
  });
  assert.equal(await inner, 'survived');
});

test('exception: an ordinary error in a greenlet ends the program', async () => {
  const { stdout, code } = await runProgram(`
    h.spawn(() => { throw new Error('ordinary') });
    await h.sleep(5);
    console.log('goes on');
  `);
  assert.deepEqual([stdout, code], ['goes on\n', 0]);
});

test('sys_exit: process.exit in a greenlet does not end the program', async () => {
  const { stdout, code } = await runProgram(`
    h.spawn(function* () { yield* h.sleep(1); process.exit(3) });
    await h.sleep(1e6);
    console.log('not reached');
  `);
  assert.deepEqual([stdout, code], ['', 3]);
});
