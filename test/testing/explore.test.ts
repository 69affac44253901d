/** Exploring schedules: that planted races are found, and told so that they can be replayed. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'node:test';
import { InvalidStateError } from 'heddle';
import { getCurrent, GreenletExit, joinAll, sleep, spawn, spawnLater, until } from 'heddle/coroutine';
import { DeadlockError, EndlessError, explore, replay, ScheduleError, type TestBody, virtualClock } from 'heddle/testing';

async function failureOf(body: TestBody, options: Parameters<typeof explore>[1] = { seed: 1 }): Promise<ScheduleError> {
  const error: unknown = await explore(body, options).then(
    () => assert.fail('no schedule was found that fails'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ScheduleError)) throw error;
  return error;
}

/** Two that read, wait and write: right only if one has ended before the other begins. */
function lostUpdate(wait: () => unknown): TestBody {
  return async () => {
    let counter = 0;
    const increment = async (): Promise<void> => {
      const before = counter;
      await wait();
      counter = before + 1;
    };
    await joinAll([spawn(increment), spawn(increment)]);
    assert.equal(counter, 2);
  };
}

/** An item that is looked at and then taken. In the loop's own order no other step comes in between: the second one looks later. */
function* checkThenTake(): Generator<any, void> {
  const items = ['only one'];
  const taken: (string | undefined)[] = [];
  function* consume(delay: number): Generator<any, void> {
    for (let i = 0; i < delay; i += 1) yield* sleep(0);
    if (items.length === 0) return;
    yield* sleep(0);
    taken.push(items.pop());
  }
  yield* joinAll([spawn(consume, 0), spawn(consume, 3)]);
  assert.ok(!taken.includes(undefined), 'taken from an empty queue');
}

for (const [kind, wait] of [
  ['sleep(0)', () => sleep(0)],
  ['sleep(1)', () => sleep(1)],
  ['a promise', () => null],
] as const) {
  test(`a lost update around ${kind} is found`, async () => {
    const error = await failureOf(lostUpdate(wait));
    assert.match(error.message, /^failed in run \d+ of 1000, seed 1:\n {2}AssertionError/);
    assert.ok(error.cause instanceof assert.AssertionError);
    assert.equal(error.cause.actual, 1);
    await assert.rejects(replay(lostUpdate(wait), error.schedule), { name: 'AssertionError', actual: 1 });
  });
}

test('a race that the loop’s own order does not show is found, and told in short', async () => {
  await replay(checkThenTake, '');
  const error = await failureOf(checkThenTake);
  assert.match(error.schedule, /^\d+(-\d+)?:1( \d+:1)?$/);
  assert.match(error.message, new RegExp(`replay it: await replay\\(test, '${error.schedule}'\\)`));
  assert.match(error.message, /Greenlet-2 waits for sleep\(0\) \(was 2\. of 2 in line\)/);
  for (let i = 0; i < 3; i += 1) await assert.rejects(replay(checkThenTake, error.schedule), /taken from an empty queue/);
});

test('the same seed gives the same runs, and another seed others', async () => {
  const [one, again, other] = [await failureOf(checkThenTake), await failureOf(checkThenTake), await failureOf(checkThenTake, { seed: 2 })];
  assert.equal(one.message, again.message);
  assert.notEqual(one.message.split('\n')[0], other.message.split('\n')[0]);
});

test('a greenlet that has to be left far behind is found', async () => {
  const error = await failureOf(function* () {
    let steps = 0;
    const slow = spawn(function* () {
      yield* sleep(0);
      assert.notEqual(steps, 30);
    });
    const quick = spawn(function* () {
      for (; steps < 30; steps += 1) yield* sleep(0);
    });
    yield* joinAll([slow, quick]);
    yield* slow;
  });
  assert.ok(error.schedule.length < 40, error.schedule);
});

test('a right program passes, in as many runs as asked', async () => {
  const seen = new Set<string>();
  const result = await explore(
    function* () {
      const log: string[] = [];
      yield* joinAll(['a', 'b', 'c'].map((name) => spawn(() => log.push(name))));
      seen.add(log.join(''));
    },
    { runs: 100, seed: 7 },
  );
  assert.deepEqual([result.runs, result.schedules, result.seed], [100, 6, 7]);
  assert.deepEqual([...seen].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});

test('a deadlock fails the run, with the waits of all', async () => {
  const error = await failureOf(async () => {
    const first = spawn(function* () {
      yield* sleep(1);
      yield* second.join();
    });
    first.name = 'first';
    const second = spawn(async () => {
      await first.join();
    });
    second.name = 'second';
    await second;
  });
  assert.ok(error.cause instanceof DeadlockError);
  assert.match(
    error.cause.message,
    /^nothing can go on: 3 greenlets wait indefinitely\n {2}test waits for the end of second\n {2}first waits for the end of second\n {4}spawned at .*explore\.test\.[jt]s.*\n {2}second waits for the end of first\n {4}spawned at/,
  );
});

test('a deadlock behind a foreign promise fails the run', async () => {
  for (const body of [() => new Promise(() => {}), () => until(new Promise(() => {}))]) {
    const error = await failureOf(body);
    assert.match(String(error.cause), /1 greenlet waits indefinitely\n {2}test waits for a promise/);
  }
});

test('a program without an end fails the run', async () => {
  const error = await failureOf(
    function* () {
      for (;;) yield* sleep(1);
    },
    { maxSteps: 100 },
  );
  assert.ok(error.cause instanceof EndlessError);
  assert.match(error.cause.message, /not ended in 100 steps/);
});

test('an unhandled error fails the run', async () => {
  const greenlet = await failureOf(async () => {
    spawn(() => {
      throw new Error('unseen');
    });
    await sleep(1);
  });
  assert.match(String(greenlet.cause), /unseen/);
  const late = await failureOf(async () => {
    spawn(function* () {
      yield* sleep(0);
      throw new Error('after the test');
    });
  });
  assert.match(String(late.cause), /after the test/);
});

test('remaining greenlets are killed, with their finally, without failing the test', async () => {
  const log: string[] = [];
  let last: unknown;
  await explore(
    async () => {
      spawn(function* () {
        try {
          for (;;) yield* sleep(1000);
        } finally {
          yield* sleep(10);
          log.push('cleared');
        }
      });
      last = spawnLater(1_000_000, () => log.push('started'));
      spawn(async () => {
        await sleep(5);
        log.push('woken');
      });
      await sleep(1);
    },
    { runs: 2 },
  );
  assert.deepEqual(log, ['cleared', 'cleared']);
  assert.ok((last as { value: unknown }).value instanceof GreenletExit);
  const stopping = new AbortController();
  const stop = stopping.signal;
  const error = await failureOf(
    async () => {
      spawn(function* () {
        while (!stop.aborted) {
          try {
            yield* sleep(1);
          } catch {}
        }
      });
      await sleep(0);
    },
    { maxSteps: 50 },
  );
  assert.match(String(error.cause), /does not end when it is killed:\n {2}Greenlet-1 /);
  stopping.abort();
});

test('runs do not see each other’s time, names or contexts', async () => {
  const storage = new AsyncLocalStorage<string>();
  await storage.run('mine', async () => {
    await explore(
      async (time) => {
        assert.equal(time.now(), 0);
        assert.equal(getCurrent().name, 'test');
        assert.equal(spawn(() => {}).name, 'Greenlet-1');
        assert.equal(storage.getStore(), 'mine');
        storage.enterWith('other');
        await sleep(3_600_000);
        assert.equal(storage.getStore(), 'other');
        assert.equal(time.now(), 3_600_000);
      },
      { runs: 3 },
    );
    assert.equal(storage.getStore(), 'mine');
  });
  const [a, b] = [spawn(() => {}).name, spawn(() => {}).name].map((name) => Number(name.replace('Greenlet-', '')));
  assert.equal(b, a! + 1);
});

test('a timeout may come while others are ready, where steps may take long', async () => {
  const body: TestBody = async (time) => {
    const worker = spawn(function* () {
      for (let i = 0; i < 5; i += 1) yield* sleep(0);
      return time.now();
    });
    await joinAll([worker], { timeout: 100 });
    assert.equal(worker.dead, true);
  };
  await explore(body, { runs: 100 });
  const error = await failureOf(body, { slowSteps: true, seed: 1 });
  assert.match(error.message, /time: 100 ms/);
  await assert.rejects(replay(body, error.schedule, { slowSteps: true }), assert.AssertionError);
  await replay(body, error.schedule);
});

test('a finding that depends on more than the schedule says so', async () => {
  let runs = 0;
  const error = await failureOf(() => {
    runs += 1;
    assert.notEqual(runs, 3);
  });
  assert.match(error.message, /not again in a run by the same schedule: something else decides, too/);
});

test('explorations at once, or beside a virtual clock, are refused', async () => {
  const first = explore(() => turn(), { runs: 2 });
  await assert.rejects(
    explore(() => {}),
    InvalidStateError,
  );
  await first;
  using _clock = virtualClock();
  await assert.rejects(
    replay(() => {}, ''),
    /replay\(\) needs the loop for itself, and a virtual clock has it/,
  );
});

test('explore() can be called in a greenlet, while others are ready', async () => {
  const log: string[] = [];
  const outer = spawn(function* () {
    spawn(() => log.push('neighbour'));
    yield* until(explore(() => sleep(5), { runs: 3 }));
    log.push('explored');
  });
  await outer;
  assert.deepEqual(log, ['neighbour', 'explored']);
});

test('wrong arguments are refused', async () => {
  const body = (): void => {};
  await assert.rejects(explore(1 as never), /expected test to be a function, got 1/);
  await assert.rejects(explore(body, { runs: 0 }), /expected runs to be an integer >= 1, got 0/);
  await assert.rejects(explore(body, { seed: -1 }), /expected seed to be an integer from 0 to 4294967295, got -1/);
  await assert.rejects(explore(body, { run: 1 } as never), /unknown key 'run' in options/);
  await assert.rejects(explore(body, { slowSteps: 1 as never }), /expected slowSteps to be a boolean, got 1/);
  await assert.rejects(replay(body, 'x'), /expected schedule to be text such as '3:1 7-9:2', got 'x'/);
  await assert.rejects(replay(body, '5:1 5:1'), TypeError);
  await assert.rejects(replay(body, [1, -1]), /expected schedule to be a text or a list of integers >= 0/);
});
