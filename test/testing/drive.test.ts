/** Other code chooses the next step: a function, or fast-check. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { joinAll, sleep, spawn, until } from 'heddle/coroutine';
import { drive, replay, ScheduleError, type TestBody } from 'heddle/testing';

const race: TestBody = function* () {
  let counter = 0;
  const increment = function* (delay: number): Generator<any, void> {
    for (let i = 0; i < delay; i += 1) yield* sleep(0);
    const before = counter;
    yield* sleep(0);
    counter = before + 1;
  };
  yield* joinAll([spawn(increment, 0), spawn(increment, 4)]);
  assert.equal(counter, 2, 'an update was lost');
};

test('a chooser is asked where there is a choice, and a wrong choice is refused', async () => {
  const asked: number[] = [];
  const log: string[] = [];
  const body = function* (): Generator<any, void> {
    yield* joinAll(['a', 'b', 'c'].map((name) => spawn(() => log.push(name))));
  };
  await drive(body, (count) => {
    asked.push(count);
    return count - 1;
  });
  assert.deepEqual(
    [asked, log],
    [
      [3, 2],
      ['c', 'b', 'a'],
    ],
  );
  await assert.rejects(
    drive(body, () => 3),
    /expected the choice to be an integer from 0 to 2, got 3/,
  );
  await assert.rejects(drive(body, {} as never), /expected by to be a function, or a scheduler of fast-check, got {}/);
});

test('fast-check’s scheduler finds a race, and repeats it by its seed', async () => {
  const property = fc.asyncProperty(fc.scheduler(), (s) => drive(race, s));
  const first = await fc.check(property, { seed: 1, numRuns: 1000 });
  assert.equal(first.failed, true);
  assert.ok(first.errorInstance instanceof ScheduleError && first.errorInstance.cause instanceof assert.AssertionError);
  const again = await fc.check(property, { seed: 1, path: first.counterexamplePath!, numRuns: 1 });
  assert.equal(again.failed, true);
  assert.equal((again.errorInstance as ScheduleError).schedule, first.errorInstance.schedule);
  await assert.rejects(replay(race, first.errorInstance.schedule), /an update was lost/);
});

test('fast-check’s lists of choices are made simpler', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(5), { size: 'large' }), (list) => replay(race, list));
  const { counterexample } = await fc.check(property, { seed: 1, numRuns: 1000 });
  const [list] = counterexample!;
  // The first greenlet waits while the other comes near: no moment less will do.
  assert.ok(list.filter((pick) => pick > 0).length <= 4, `[${list.join()}]`);
  await assert.rejects(replay(race, list), /an update was lost/);
});

test('fast-check’s fc.gen() drives', async () => {
  const property = fc.asyncProperty(fc.gen(), (gen) => drive(race, (count) => gen(fc.nat, { max: count - 1 })));
  assert.equal((await fc.check(property, { seed: 1, numRuns: 1000 })).failed, true);
});

test('tasks that a test gives to fast-check’s scheduler itself are waited for, and have their turn', async () => {
  const orders = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), (s) =>
      drive(async () => {
        let log = '';
        const ask = s.scheduleFunction(async (name: string) => name);
        await joinAll([
          spawn(function* () {
            const answer = yield* until(ask('a'));
            log += answer;
          }),
          spawn(async () => {
            const answer = await ask('b');
            log += answer;
          }),
          spawn(function* () {
            yield* sleep(1000);
            log += 'late';
          }),
        ]);
        orders.add(log);
      }, s),
    ),
    { seed: 1, numRuns: 50 },
  );
  assert.deepEqual([...orders].sort(), ['ablate', 'balate']);
});
