/** All schedules of small programs: none twice, none left out. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { InvalidStateError } from '#src/index.js';
import { ready } from '#src/loop/index.js';
import { joinAll, sleep, spawn } from '#src/coroutine/index.js';
import { exploreAll, replay, ScheduleError } from '#src/testing/index.js';

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Runs greenlets with the given numbers of steps; returns the orders that were seen. */
async function ordersOf(steps: readonly number[]): Promise<{ schedules: number; orders: Set<string> }> {
  const orders = new Set<string>();
  const { schedules, isComplete } = await exploreAll(function* () {
    const log: number[] = [];
    yield* joinAll(
      steps.map((count, i) =>
        spawn(function* () {
          for (let step = 1; step < count; step += 1) {
            log.push(i);
            yield* sleep(0);
          }
          log.push(i);
        }),
      ),
    );
    orders.add(log.join());
  });
  assert.equal(isComplete, true);
  return { schedules, orders };
}

test('each schedule is run once', async () => {
  for (const steps of [[1], [3], [1, 1], [2, 2], [3, 3], [1, 4], [2, 2, 2], [1, 2, 3]]) {
    const interleavings = steps.reduce((all, n) => all / factorial(n), factorial(steps.reduce((sum, n) => sum + n, 0)));
    const { orders } = await ordersOf(steps);
    assert.equal(orders.size, Math.round(interleavings), `greenlets of ${steps.join()} steps`);
  }
  // The test itself goes on when all have ended, alone: no schedule differs by that.
  assert.equal((await ordersOf([2, 2])).schedules, 6);
});

test('async functions are interleaved where they can be, and only there', async () => {
  const orders = new Set<string>();
  await exploreAll(async () => {
    const log: string[] = [];
    const worker = async (name: string): Promise<void> => {
      log.push(name);
      await sleep(0);
      log.push(name);
    };
    await joinAll([spawn(worker, 'a'), spawn(worker, 'b')]);
    orders.add(log.join(''));
  });
  assert.deepEqual([...orders].sort(), ['aabb', 'abab', 'abba', 'baab', 'baba', 'bbaa']);
});

test('a step that relies on its place in line is not overtaken', async () => {
  const orders = new Set<string>();
  await exploreAll(function* () {
    const log: string[] = [];
    const before = ['a', 'b'].map((name) => spawn(() => log.push(name)));
    ready({ step: () => log.push('|'), keepsPlace: true });
    const behind = ['c', 'd'].map((name) => spawn(() => log.push(name)));
    yield* joinAll([...before, ...behind]);
    orders.add(log.join(''));
  });
  assert.deepEqual([...orders].sort(), ['ab|cd', 'ab|dc', 'ba|cd', 'ba|dc']);
});

test('a bug that one schedule of many has is found', async () => {
  const winning = 'abbaab';
  const body = function* (): Generator<any, void> {
    let log = '';
    const worker = function* (name: string): Generator<any, void> {
      for (let i = 0; i < 3; i += 1) {
        log += name;
        yield* sleep(0);
      }
    };
    yield* joinAll([spawn(worker, 'a'), spawn(worker, 'b')]);
    assert.notEqual(log, winning);
  };
  const error: unknown = await exploreAll(body).catch((reason: unknown) => reason);
  assert.ok(error instanceof ScheduleError);
  assert.match(error.message, /^failed under schedule \d+:/);
  await assert.rejects(replay(body, error.schedule), assert.AssertionError);
});

test('a limit, and a bound of disorder, holds', async () => {
  const body = function* (): Generator<any, void> {
    yield* joinAll(Array.from({ length: 5 }, () => spawn(() => {})));
  };
  assert.deepEqual(await exploreAll(body, { limit: 10 }).then(({ schedules, isComplete }) => [schedules, isComplete]), [10, false]);
  const counts: number[] = [];
  for (const maxDisorder of [0, 1, 2, 3, 4]) counts.push((await exploreAll(body, { maxDisorder })).schedules);
  // Of five in line: at the first of four moments 4 others than the first, then 3, 2 and 1.
  assert.deepEqual(counts, [1, 1 + 10, 1 + 10 + 35, 1 + 10 + 35 + 50, 120]);
});

test('a test that something else decides is not taken for explored', async () => {
  let runs = 0;
  const body = async (): Promise<void> => {
    runs += 1;
    await joinAll(Array.from({ length: runs }, () => spawn(() => {})));
  };
  await assert.rejects(
    exploreAll(body),
    (error: unknown) => error instanceof InvalidStateError && /something else decides, too/.test(error.message),
  );
});

test('wrong options are refused', async () => {
  await assert.rejects(
    exploreAll(() => {}, { limit: 0 }),
    /expected limit to be an integer >= 1, got 0/,
  );
  await assert.rejects(
    exploreAll(() => {}, { maxDisorder: -1 }),
    /expected maxDisorder to be an integer >= 0, got -1/,
  );
  await assert.rejects(
    exploreAll(() => {}, { runs: 1 } as never),
    /unknown key 'runs' in options/,
  );
});

test('any list is a schedule, and the second run is the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9)), async (list) => {
      const seen: string[] = [];
      const body = function* (): Generator<any, void> {
        let log = '';
        const worker = function* (name: string): Generator<any, void> {
          for (let i = 0; i < 3; i += 1) {
            log += name;
            yield* sleep(i % 2);
          }
        };
        yield* joinAll(['a', 'b', 'c'].map((name) => spawn(worker, name)));
        seen.push(log);
      };
      await replay(body, list);
      await replay(body, list);
      assert.equal(seen[0], seen[1]);
    }),
    { numRuns: 50 },
  );
});
