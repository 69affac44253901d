/** Timeout.run: whose time it is, what comes out, and that nothing of the function goes on when the greenlet does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from 'heddle';
import {
  type Coroutine,
  getCurrent,
  type Greenlet,
  GreenletExit,
  killAll,
  Local,
  RLock,
  sleep,
  spawn,
  Timeout,
  until,
} from 'heddle/coroutine';
import { HandClock, idle } from '../hand-clock.js';

const LONG = 60_000;

function* slow(): Generator<any, string> {
  yield* sleep(LONG);
  return 'slept';
}

async function slowly(): Promise<string> {
  await sleep(LONG);
  return 'slept';
}

/** The outcome of an operation, thrown or not. */
function outcome(operation: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(operation).catch((error: unknown) => error);
}

test('in time it gives what the function gives, of each kind', async () => {
  assert.equal(await Timeout.run(LONG, (a: number, b: number) => a + b, 1, 2), 3);
  assert.equal(await Timeout.run(LONG, async (a: number) => (await sleep(1), a), 4), 4);
  const inGreenlet = spawn(function* () {
    const five: number = yield* Timeout.run(
      LONG,
      function* (a: number) {
        yield* sleep(1);
        return a;
      },
      5,
    );
    return [five, yield* Timeout.run(undefined, () => 6), yield* Timeout.run({}, async () => 7)];
  });
  assert.deepEqual(await inGreenlet, [5, 6, 7]);
});

test('late it throws a Timeout of its own, which names the function', async () => {
  const [first, second] = (await Promise.all([outcome(Timeout.run(1, slow)), outcome(Timeout.run(1, slowly))])) as Timeout[];
  assert.ok(first instanceof Timeout && first instanceof TimeoutError && second instanceof Timeout);
  assert.notEqual(first, second);
  assert.deepEqual([first.message, first.ms, second.message], ['slow has not ended within 1 ms', 1, 'slowly has not ended within 1 ms']);
  const nameless = (await outcome(
    Timeout.run(
      1,
      (
        () => () =>
          sleep(LONG)
      )(),
    ),
  )) as Error;
  assert.equal(nameless.message, 'the function has not ended within 1 ms');
});

test('an error of the program comes instead, or one made of its class', async () => {
  class TooLate extends Error {}
  const error = new TooLate('mine');
  assert.equal(await outcome(Timeout.run({ timeout: 1, error }, slow)), error);
  const made = (await outcome(Timeout.run({ timeout: 1, error: TooLate }, slowly))) as Error;
  assert.ok(made instanceof TooLate);
  assert.equal(made.message, 'slowly has not ended within 1 ms');
});

test('with a value, late is that value; undefined is one, too', async () => {
  for (const fn of [slow, slowly] as (() => Generator<any, string>)[]) {
    assert.equal(await Timeout.run({ timeout: 1, value: 'default' }, fn), 'default');
    assert.equal(await Timeout.run({ timeout: 1, value: undefined }, fn), undefined);
    assert.equal(await Timeout.run({ timeout: 1, value: 'default', error: new Error('not seen') }, fn), 'default');
  }
  assert.equal(await Timeout.run({ timeout: LONG, value: 'default' }, () => 'in time'), 'in time');
});

test('the value is only for its own time-out', async () => {
  const other = new Timeout(1);
  const passes = Timeout.run({ timeout: LONG, value: 'default' }, () => {
    throw other;
  });
  assert.equal(await outcome(passes), other);
  const inner = Timeout.run({ timeout: LONG, value: 'outer' }, function* () {
    return yield* Timeout.run(1, slow);
  });
  assert.ok((await outcome(inner)) instanceof Timeout);
  const outer = Timeout.run({ timeout: 1, value: 'outer' }, function* () {
    return yield* Timeout.run({ timeout: LONG, value: 'inner' }, slow);
  });
  assert.equal(await outer, 'outer');
  const both = Timeout.run({ timeout: LONG, value: 'outer' }, function* () {
    return yield* Timeout.run({ timeout: 1, value: 'inner' }, slow);
  });
  assert.equal(await both, 'inner');
});

test('errors of the function pass as they are', async () => {
  const error = new Error('of the function');
  const fails = [
    () => {
      throw error;
    },
    async () => Promise.reject(error),
    function* (): Generator<any, void> {
      yield* sleep(1);
      throw error;
    },
  ];
  for (const fn of fails) assert.equal(await outcome(Timeout.run({ timeout: LONG, value: 'default' }, fn as () => void)), error);
});

test('a finally of the function is run to its end before the greenlet goes on', async () => {
  const said: string[] = [];
  function* cleans(): Generator<any, void> {
    try {
      yield* sleep(LONG);
    } finally {
      yield* sleep(2);
      said.push('cleaned up');
    }
  }
  await outcome(Timeout.run(1, cleans));
  said.push('late');
  const g = spawn(function* () {
    try {
      yield* Timeout.run(LONG, cleans);
    } finally {
      said.push('killed');
    }
  });
  await sleep();
  await g.kill();
  assert.deepEqual(said, ['cleaned up', 'late', 'cleaned up', 'killed']);
});

test('a function that catches the timeout was not late', async () => {
  const late = Timeout.run(1, function* () {
    try {
      yield* sleep(LONG);
      return 'slept';
    } catch (error) {
      return error instanceof Timeout ? 'caught' : 'what else?';
    }
  });
  assert.equal(await late, 'caught');
});

test('an async function has its signal aborted, and is not waited for', async () => {
  let signal: AbortSignal | undefined;
  let after = '';
  let goOn!: () => void;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const late = await outcome(
    Timeout.run(1, async () => {
      ({ signal } = getCurrent());
      await gate;
      after = 'it went on by itself';
    }),
  );
  assert.ok(late instanceof Timeout);
  assert.deepEqual([signal?.aborted, signal?.reason === late, after], [true, true, '']);
  goOn();
  await sleep(1);
  assert.equal(after, 'it went on by itself');
});

test('what an async function awaits of ours is rejected, and what it takes by the signal is ended', async () => {
  const said: unknown[] = [];
  const late = outcome(
    Timeout.run(1, async () => {
      try {
        await until((signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))));
      } catch (error) {
        said.push(error);
        throw error;
      }
    }),
  );
  const error = await late;
  assert.deepEqual(said, [error]);
});

test('of 0 milliseconds the function has begun', async () => {
  const said: string[] = [];
  const late = outcome(
    Timeout.run(0, function* () {
      said.push('begun');
      yield* sleep(LONG);
    }),
  );
  assert.ok((await late) instanceof Timeout);
  assert.deepEqual(said, ['begun']);
  assert.equal(await Timeout.run(0, () => 'plain functions are never late'), 'plain functions are never late');
});

for (const kind of ['generator', 'async'] as const) {
  const inGreenlet = (limit: number, fn: () => unknown): Greenlet<any> =>
    kind === 'generator'
      ? spawn(function* () {
          return yield* Timeout.run(limit, fn);
        })
      : spawn(async () => await Timeout.run(limit, fn));

  test(`a kill of the greenlet ends the function (${kind})`, async () => {
    const error = new Error('a kill');
    const seen: unknown[] = [];
    const g = inGreenlet(LONG, function* () {
      try {
        yield* sleep(LONG);
      } catch (thrown) {
        seen.push(thrown);
        throw thrown;
      }
    });
    await sleep();
    await sleep();
    await g.kill(error);
    await sleep();
    assert.deepEqual(seen, [error]);
    assert.equal(g.exception, error);
    const signals: AbortSignal[] = [];
    const other = inGreenlet(LONG, async () => {
      signals.push(getCurrent().signal);
      await new Promise(() => {});
    });
    await sleep();
    await sleep();
    await killAll([other]);
    assert.ok((other.value as unknown) instanceof GreenletExit);
    assert.deepEqual([signals.length, signals[0]?.aborted], [1, true]);
  });

  test(`a time-out of the greenlet goes through, and what the function makes of it counts (${kind})`, async () => {
    const within = (fn: () => unknown): Greenlet<any> =>
      kind === 'generator'
        ? spawn(function* () {
            using t = Timeout.startNew(1, 'outer');
            void t;
            return yield* Timeout.run(LONG, fn);
          })
        : spawn(async () => {
            using t = Timeout.startNew(1, 'outer');
            void t;
            return await Timeout.run(LONG, fn);
          });
    assert.equal(((await outcome(within(slow))) as Error).message, 'outer');
    assert.equal(((await outcome(within(slowly))) as Error).message, 'outer');
    const caught = within(function* () {
      try {
        return yield* sleep(LONG);
      } catch (error) {
        yield* sleep(1);
        return `caught ${(error as Error).message}`;
      }
    });
    assert.equal(await caught, 'caught outer');
  });

  test(`a function that kills what runs kills the greenlet (${kind})`, async () => {
    const g = inGreenlet(LONG, () => getCurrent().kill());
    await g.join();
    assert.ok(g.successful() && (g.value as unknown) instanceof GreenletExit);
  });

  test(`a value of a killed greenlet is a value (${kind})`, async () => {
    const killed = spawn(slow);
    await killed.kill();
    const g =
      kind === 'generator'
        ? inGreenlet(LONG, function* () {
            return [yield* killed, 'goes on'];
          })
        : inGreenlet(LONG, async () => [await killed, 'goes on']);
    const [exit, goesOn]: unknown[] = await g;
    assert.ok(exit instanceof GreenletExit);
    assert.equal(goesOn, 'goes on');
    assert.ok(((await Timeout.run(LONG, () => killed.get())) as unknown) instanceof GreenletExit);
  });
}

test('a second error is thrown into the function while it unwinds', async () => {
  const seen: unknown[] = [];
  const g = spawn(function* () {
    yield* Timeout.run(LONG, function* () {
      for (let i = 0; i < 3; i += 1) {
        try {
          yield* sleep(LONG);
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
      return 'unmoved';
    });
    seen.push('went on');
  });
  await sleep();
  await sleep();
  for (const i of [1, 2, 3]) {
    void g.kill(new Error(`${i}`));
    await sleep();
    await sleep();
  }
  await g.join();
  assert.deepEqual(seen, ['1', '2', '3', 'went on']);
});

test('of its own time-out and an outer one that are due at once the outer is not lost', async () => {
  using clock = new HandClock();
  const outer = new Timeout(2);
  const seen: string[] = [];
  const g = spawn(function* () {
    outer.start();
    try {
      return yield* Timeout.run(1, function* () {
        try {
          yield* sleep(LONG);
        } catch (error) {
          seen.push((error as Error).message);
        }
        return 'caught';
      });
    } catch (error) {
      return error;
    }
  });
  await idle();
  // Both are due before the greenlet has its turn.
  clock.advance(2);
  assert.equal(await g, outer);
  assert.deepEqual(seen, ['the function has not ended within 1 ms']);
});

test('a signal ends it with its reason, and the function as well', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const run = outcome(Timeout.run({ signal: controller.signal }, slow));
  await sleep();
  controller.abort(reason);
  assert.equal(await run, reason);
  let hasBegun = false;
  assert.equal(await outcome(Timeout.run({ signal: controller.signal, value: 1 }, () => (hasBegun = true))), reason);
  assert.equal(hasBegun, false);
});

test('fields of Local and reentrant locks are those of the greenlet', async () => {
  const local = new Local(() => ({ name: '' }));
  const lock = new RLock();
  const g: Greenlet<unknown[]> = spawn(function* (): Coroutine<unknown[]> {
    local.name = 'outside';
    yield* lock.acquire();
    const seen = yield* Timeout.run(LONG, function* (): Coroutine<unknown[]> {
      // If the lock belonged to another holder, this would deadlock.
      yield* lock.acquire();
      lock.release();
      const before = local.name;
      local.name = 'inside';
      return yield* Timeout.run(LONG, async () => [before, local.name, getCurrent() === g]);
    });
    lock.release();
    return [...seen, local.name];
  });
  assert.deepEqual(await g, ['outside', 'inside', true, 'inside']);
  assert.equal(lock.locked(), false);
});

test('without a waiter it runs all the same', async () => {
  let end!: (value: string) => void;
  const ended = new Promise((resolve) => (end = resolve));
  void Timeout.run(LONG, function* () {
    yield* sleep(1);
    end('ran');
  });
  assert.equal(await ended, 'ran');
});

test('arguments that are wrong are refused at the call', () => {
  assert.throws(() => Timeout.run(-1, slow), RangeError);
  assert.throws(() => Timeout.run({ timout: 1 } as any, slow), /unknown key 'timout' in options: known are timeout, signal, error, value/);
  assert.throws(() => Timeout.run(1, 'slow' as any), new TypeError("expected fn to be a function, got 'slow'"));
  assert.throws(() => Timeout.run({ error: 5 as any }, slow), new TypeError('expected error to be an Error or a class of errors, got 5'));
});
