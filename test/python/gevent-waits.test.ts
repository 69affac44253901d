/** gevent's suites of time-outs, of waiting for one of many, of the hub and its threads, and what holds for every call that waits. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Future, ThreadPoolExecutor } from '#src/index.js';
import {
  AsyncResult,
  Channel,
  Event,
  forEach,
  getCurrent,
  Greenlet,
  GreenletExit,
  iwait,
  joinAll,
  killAll,
  LifoQueue,
  Lock,
  type Operation,
  PriorityQueue,
  Queue,
  Semaphore,
  SimpleQueue,
  sleep,
  spawn,
  spawnLater,
  Timeout,
  toThread,
  until,
  wait,
} from '#src/coroutine/index.js';
import { endThreads } from '#src/coroutine/wait/to-thread.js';
import { Gate } from '../coroutine/gate.js';
import { runProgram } from '../coroutine/program.js';

after(endThreads);

const LONG = 60_000;

const forEver = new Promise<never>(() => {});

function* slow(): Generator<any, void> {
  yield* sleep(LONG);
}

function full(): Queue<number> {
  const queue = new Queue<number>(1);
  queue.putNowait(1);
  return queue;
}

/** Calls that wait until they are thrown out. */
const waits: Record<string, (limit?: number) => Operation<unknown>> = {
  sleep: () => sleep(LONG),
  until: (limit) => until(forEver, limit),
  'until with a signal': (limit) => until(() => forEver, limit),
  'Greenlet.get': (limit) => daemon().get(limit),
  'Greenlet.join': (limit) => daemon().join(limit),
  joinAll: (limit) => joinAll([daemon(), daemon()], { timeout: limit }),
  wait: (limit) => wait([new Gate(), forEver, daemon()], { timeout: limit }),
  'iwait().next': (limit) => iwait([new Gate()], { timeout: limit }).next(),
  'Timeout.run': (limit) => Timeout.run(limit, slow),
  'Timeout.run of async': (limit) => Timeout.run(limit, async () => sleep(LONG)),
  forEach: (limit) => forEach(new Queue<number>(), () => {}, limit),
  'Queue.get': (limit) => new Queue<number>().get(limit),
  'Queue.put': (limit) => full().put(2, limit),
  'Queue.peek': (limit) => new Queue<number>().peek(limit),
  'Queue.join': (limit) => full().join(limit),
  'LifoQueue.get': (limit) => new LifoQueue<number>().get(limit),
  'PriorityQueue.get': (limit) => new PriorityQueue<number>().get(limit),
  'SimpleQueue.get': (limit) => new SimpleQueue<number>().get(limit),
  'Channel.get': (limit) => new Channel<number>().get(limit),
  'Channel.put': (limit) => new Channel<number>().put(1, limit),
  'Event.wait': (limit) => new Event().wait(limit),
  'AsyncResult.get': (limit) => new AsyncResult<number>().get(limit),
  'AsyncResult.wait': (limit) => new AsyncResult<number>().wait(limit),
  'Semaphore.acquire': (limit) => new Semaphore(0).acquire(limit),
  'Semaphore.wait': (limit) => new Semaphore(0).wait(limit),
  'Semaphore.hold': (limit) => new Semaphore(0).hold(limit),
  'Semaphore.run': (limit) => new Semaphore(0).run(() => {}, limit),
  'Lock.run': () => new Lock().run(slow),
};

/** Greenlets that live for the wait of another, and are ended with this test. */
const daemons: Greenlet[] = [];
after(() => killAll(daemons));

function daemon(): Greenlet {
  const one = spawn(slow).unref();
  daemons.push(one);
  return one;
}

for (const [name, begin] of Object.entries(waits)) {
  test(`raises_timeout: ${name} is ended by the very Timeout, or by the error of its own`, async () => {
    const custom = new Error('customized');
    for (const exception of [undefined, custom]) {
      const seen: unknown[] = [];
      const expected: unknown[] = [];
      const note = (t: Timeout): void => void expected.push(exception ?? t);
      const inGenerator = spawn(function* () {
        using t = Timeout.startNew(1, exception);
        note(t);
        try {
          yield* begin();
        } catch (error) {
          seen.push(error);
        }
        return 'goes on';
      });
      assert.equal(await inGenerator, 'goes on');
      const inAsync = spawn(async () => {
        using t = Timeout.startNew(1, exception);
        note(t);
        try {
          await begin();
        } catch (error) {
          seen.push(error);
        }
        return 'goes on';
      });
      assert.equal(await inAsync, 'goes on');
      assert.equal(seen.length, 2);
      for (const [i, error] of seen.entries()) assert.equal(error, expected[i]);
    }
  });

  test(`outer_timeout: it fires through ${name}, also past longer ones of its own`, async () => {
    const g = spawn(function* () {
      using outer = Timeout.startNew(1);
      try {
        using _ = Timeout.startNew(LONG);
        yield* begin(LONG);
        return 'not thrown out';
      } catch (error) {
        return error === outer;
      }
    });
    assert.equal(await g, true);
    const inAsync = spawn(async () => {
      using outer = Timeout.startNew(1);
      try {
        using _ = Timeout.startNew(LONG);
        await begin(LONG);
        return 'not thrown out';
      } catch (error) {
        return error === outer;
      }
    });
    assert.equal(await inAsync, true);
  });
}

test('expires_non_exception: what is no error and no text cannot be thrown', () => {
  for (const bad of [5, {}, true, () => {}]) assert.throws(() => new Timeout(1, bad as any), TypeError);
  assert.equal(new Timeout(1, 'a text').message, 'a text');
});

test('context_manager_false: swallowing the time-out is Timeout.run with a value', async () => {
  const g = spawn(function* () {
    yield* Timeout.run({ timeout: 1, value: undefined }, slow);
    return 'goes on';
  });
  assert.equal(await g, 'goes on');
});

test('api: nothing fires after cancel, in whatever way it was done', async () => {
  const g = spawn(function* () {
    const first = Timeout.startNew(1);
    first.cancel();
    {
      using _ = Timeout.startNew(1);
    }
    const closed = Timeout.startNew(1);
    closed.close();
    const error = new Error('not thrown');
    Timeout.startNew(1, error).cancel();
    yield* sleep(5);
    return [first.pending, closed.pending];
  });
  assert.deepEqual(await g, [false, false]);
});

test('with_timeout: a value, the default value, an error of the function', async () => {
  const g = spawn(function* () {
    const inTime = yield* Timeout.run(
      LONG,
      function* (x: number) {
        yield* sleep();
        return x;
      },
      1,
    );
    const late = yield* Timeout.run({ timeout: 1, value: 'default' }, slow);
    let thrown: unknown;
    try {
      yield* Timeout.run({ timeout: LONG, value: 'default' }, () => {
        throw new RangeError('of the function');
      });
    } catch (error) {
      thrown = (error as Error).name;
    }
    return [inTime, late, thrown];
  });
  assert.deepEqual(await g, [1, 'default', 'RangeError']);
});

test('nested_with_timeout: the inner fires first, and the outer has its value all the same', async () => {
  const inner = (timeout: number): Operation<unknown> => Timeout.run({ timeout, value: 'inner' }, slow);
  assert.equal(await Timeout.run({ timeout: LONG, value: 'outer' }, () => inner(1)), 'inner');
  assert.equal(await Timeout.run({ timeout: 1, value: 'outer' }, () => inner(LONG)), 'outer');
});

test('nested_timeout: which one fired is told apart by what it is', async () => {
  const g = spawn(function* () {
    using outer = Timeout.startNew(1);
    using inner = Timeout.startNew(LONG);
    try {
      yield* sleep(LONG);
    } catch (error) {
      return [error === outer, error === inner, inner.pending];
    }
    return 'not thrown out';
  });
  assert.deepEqual(await g, [true, false, true]);
});

test('ref: a Timeout keeps the program alive no longer than its greenlet does', async () => {
  const { stdout, code } = await runProgram(`
    const g = h.spawn(function* () { h.Timeout.startNew(60_000); yield* h.sleep(1) });
    await g;
    process.on('exit', () => console.log('ends', performance.now() < 50_000));
  `);
  assert.deepEqual([stdout, code], ['ends true\n', 0]);
});

test('timer_fired: a greenlet that starts later runs', async () => {
  const said: string[] = [];
  const later = spawnLater(1, (text: string) => said.push(text), 'timer fired');
  await sleep(LONG / LONG);
  await later;
  assert.deepEqual(said, ['timer fired']);
});

test('spawn_is_not_cancelled: a greenlet lives on when the one that spawned it has ended', async () => {
  const said: string[] = [];
  const children: Greenlet[] = [];
  const parent = spawn(() => {
    children.push(spawn(() => said.push('child')));
    throw new Error('the parent fails');
  });
  parent.link(() => {});
  await parent.join();
  await joinAll(children);
  assert.deepEqual(said, ['child']);
});

test('invalid_switch: a yield of something else says what to write, and the greenlet may go on', async () => {
  const g = spawn(function* (): Generator<any, unknown> {
    try {
      yield 'nothing to wait for';
    } catch (error) {
      yield* sleep();
      return (error as Error).message;
    }
    return 'not thrown';
  } as any);
  assert.match(String(await g), /^expected a greenlet to yield\* what it waits for, .*got yield 'nothing to wait for'/);
});

test('sleep_calls_update_now, simple: a sleep is never too short, also after the loop was held up', async () => {
  const begin = performance.now();
  while (performance.now() - begin < 5);
  const asked = performance.now();
  await sleep(10);
  assert.ok(performance.now() - asked >= 10);
  await sleep(0);
  await sleep();
  assert.throws(() => sleep(-1), RangeError);
});

test('noiter: next() of the result of iwait', async () => {
  const greenlets = [spawn(() => 1), spawn(() => 2)];
  const ready = iwait(greenlets);
  const first = await ready.next();
  assert.equal(first.value, greenlets[0]);
  assert.equal((await ready.next()).value, greenlets[1]);
  assert.equal((await ready.next()).done, true);
});

test('iwait_nogarbage: left early, it has unlinked all', async () => {
  const gates = [new Gate(), new Gate()];
  gates[1]!.open();
  for await (const one of iwait(gates)) {
    assert.equal(one, gates[1]);
    break;
  }
  assert.deepEqual([gates[0]!.links.size, gates[1]!.links.size], [0, 0]);
});

test('joinall: ten thousand', async () => {
  const greenlets = Array.from({ length: 10_000 }, (_, i) => spawn(() => i));
  assert.equal((await joinAll(greenlets)).length, 10_000);
});

test('ExceptionInMainloop: an error in a callback of the loop does not stop those that sleep', async () => {
  const { stdout, stderr, code } = await runProgram(`
    const failing = h.spawn(() => {});
    failing.rawlink(() => { throw new Error('in the callback') });
    await h.sleep(5);
    console.log('slept');
  `);
  assert.deepEqual([stdout, code], ['slept\n', 0]);
  assert.match(stderr, /has a callback that failed: Error: in the callback/);
});

test('exception_in_custom_handle_error: an error while an error is told does not stop the loop', async () => {
  const { stdout, code } = await runProgram(`
    const write = process.stderr.write;
    process.stderr.write = () => { process.stderr.write = write; throw new Error('no receiver') };
    const told = new Promise((resolve) => process.on('uncaughtException', resolve));
    h.spawn(() => { throw new Error('first') });
    console.log((await told).message);
    console.log('goes on', await h.spawn(() => 1));
  `);
  assert.deepEqual([stdout, code], ['no receiver\ngoes on 1\n', 0]);
});

test('join_many_times, later: all have ended, again and again, and what comes later counts', async () => {
  for (let i = 0; i < 3; i += 1) {
    let isOver = false;
    spawnLater(1, () => (isOver = true));
    assert.equal(await wait(), true);
    assert.equal(isOver, true);
    assert.equal(await wait(), true);
  }
});

test('event: wait gives the one that is ready', async () => {
  const event = new Event();
  spawn(() => event.set());
  assert.deepEqual(await wait([event]), [event]);
  assert.deepEqual(await wait([event, new Event()], 5), [event]);
});

test('wait_readies: results, events and semaphores come as they are ready, and lose nothing by it', async () => {
  const [result, event, semaphore, never] = [new AsyncResult<number>(), new Event(), new Semaphore(0), new Event()];
  const order: unknown[] = [];
  const g = spawn(function* () {
    yield* forEach(iwait([never, result, event, semaphore], { count: 3 }), (one) => order.push(one));
  });
  await sleep();
  semaphore.release();
  event.set();
  await sleep();
  result.setException(new Error('of the result'));
  await g;
  assert.deepEqual(
    order.map((one) => [semaphore, event, result].indexOf(one as Event)),
    [0, 1, 2],
  );
  assert.equal(semaphore.getValue(), 1, 'waiting for it takes no permit');
  await assert.rejects(result.get(), new Error('of the result'));
});

test('execute_async, async: a thread gives its result to any waiter', async () => {
  const g = spawn(toThread<[number], number>, (x: number) => x * x, 7);
  assert.equal(await g, 49);
  const later = toThread((x: number) => x + 1, 1);
  await delay(1);
  assert.equal(await later, 2);
});

test('apply_raises: an error of a thread is thrown where it is waited for', async () => {
  const fails = (): never => {
    throw new RangeError('in the thread');
  };
  const g = spawn(function* () {
    try {
      yield* toThread(fails);
    } catch (error) {
      return (error as Error).name;
    }
    return 'nothing thrown';
  });
  assert.equal(await g, 'RangeError');
});

test('async_timeout: a thread that takes too long', async () => {
  const late = spawn(function* () {
    using t = Timeout.startNew(20);
    try {
      yield* toThread(() => {
        for (;;);
      });
    } catch (error) {
      return error === t;
    }
    return 'not thrown out';
  });
  assert.equal(await late, true);
});

test('terminate: a kill ends what the thread does, and other calls go on', async () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const g = spawn(function* () {
    yield* toThread(() => {
      Atomics.store(flag, 0, 1);
      for (;;);
    });
  });
  while (Atomics.load(flag, 0) === 0) await delay(1);
  await g.kill();
  assert.equal(await toThread(() => 'goes on'), 'goes on');
});

test('exception_in_on_async: a callback that fails does not stop the threads', async () => {
  const { stdout, stderr, code } = await runProgram(`
    const g = h.spawn(() => h.toThread(() => 1));
    g.rawlink(() => { throw new Error('in the callback') });
    await g;
    await h.sleep(1);
    console.log(await h.toThread(() => 2));
  `);
  assert.deepEqual([stdout, code], ['2\n', 0]);
  assert.match(stderr, /in the callback/);
});

test('future: the futures of an executor can be waited for as anything else', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const futures = [pool.submit((x: number) => x, 1), pool.submit((x: number) => x, 2)];
  const g = spawn(function* () {
    const ready: Future<number>[] = yield* wait(futures);
    return [ready.length, yield* until(futures[1]!)];
  });
  assert.deepEqual(await g, [2, 2]);
  const seen: Future<number>[] = [];
  for await (const future of iwait(futures)) seen.push(future);
  assert.equal(seen.includes(futures[0]!), true);
});

for (const [name, kill] of Object.entries({
  'gevent_kill, greenlet_kill': (g: Greenlet) => g.kill(),
  'throw, in the form of killall': (g: Greenlet) => killAll([g]),
  'with block': (g: Greenlet) => killAll([g], { block: false }),
})) {
  test(`${name}: one killed before its start never runs, and its value is the exit`, async () => {
    let hasRun = false;
    const started = spawn(() => (hasRun = true));
    const never = new Greenlet(() => (hasRun = true));
    for (const g of [started, never]) {
      await kill(g);
      assert.deepEqual([g.dead, g.ready(), g.successful(), g.exception], [true, true, true, undefined]);
      assert.ok(g.value instanceof GreenletExit);
      assert.equal((await g) instanceof GreenletExit, true);
    }
    await sleep(1);
    assert.equal(hasRun, false);
  });
}

test('kill_exception, kill_with_exception: killed with an error, it has failed with it, before its start or after', async () => {
  const error = new Error('of the killer');
  for (const isStarted of [true, false]) {
    const g = spawn(slow);
    if (isStarted) await sleep();
    await g.kill(error);
    assert.deepEqual([g.successful(), g.value, g.exception], [false, undefined, error]);
    await assert.rejects(g.get(), error);
  }
});

test('467: a member that fails does not disturb what sleeps in the loop', async () => {
  const g = spawn(function* () {
    const failing = spawn(function* () {
      yield* sleep();
      throw new Error('a member');
    });
    failing.link(() => {});
    const seen: unknown[] = [];
    yield* forEach(iwait([failing, spawn(() => sleep(2))]), function* (one) {
      yield* sleep(1);
      seen.push(one.exception);
    });
    return seen;
  });
  assert.deepEqual(await g, [new Error('a member'), undefined]);
});

test('639: giving way returns when all others have had their turn', async () => {
  const said: string[] = [];
  spawn(() => said.push('other'));
  await sleep();
  said.push('back');
  assert.deepEqual(said, ['other', 'back']);
  assert.equal(getCurrent().name, 'main');
});
