/** Time-outs, kills and ends that meet, in many orders: nothing is lost, nothing comes twice, nothing of a part goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Coroutine,
  forEach,
  getCurrent,
  type Greenlet,
  GreenletExit,
  iwait,
  joinAll,
  killAll,
  sleep,
  spawn,
  Timeout,
  wait,
} from 'heddle/coroutine';
import { explore } from 'heddle/testing';
import { unkilled } from '../unkilled.ts';

const options = { runs: 300, slowSteps: true };

/** Runs a function within a time-out of its own, and counts how many such functions live. */
class Parts {
  alive = 0;

  *run(timeout: number): Coroutine<string> {
    const parts = this;
    return yield* Timeout.run({ timeout, value: 'late' }, function* (): Coroutine<string> {
      parts.alive += 1;
      try {
        yield* sleep(2);
        yield* sleep(0);
        return 'in time';
      } finally {
        // The clean-up waits as well, and can be thrown out of that.
        try {
          yield* sleep(0);
        } finally {
          parts.alive -= 1;
        }
      }
    });
  }
}

test('an outer time-out that meets an inner one is thrown once, and not lost', async () => {
  await explore(function* () {
    const parts = new Parts();
    const g = spawn(function* () {
      using outer = Timeout.startNew(2);
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i += 1) {
        try {
          yield* parts.run(2);
          yield* sleep(1);
        } catch (error) {
          seen.push(error === outer);
        }
        assert.equal(parts.alive, 0);
      }
      return seen;
    });
    assert.deepEqual(yield* g, [true]);
  }, options);
});

test('the same, in an async function', async () => {
  await explore(async () => {
    const parts = new Parts();
    const g = spawn(async () => {
      using outer = Timeout.startNew(2);
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i += 1) {
        try {
          await Timeout.run(undefined, () => spawn(() => null).join());
          await Timeout.run(undefined, function* () {
            yield* parts.run(2);
          });
          await sleep(1);
        } catch (error) {
          seen.push(error === outer);
        }
        assert.equal(parts.alive, 0);
      }
      return seen;
    });
    assert.deepEqual(await g, [true]);
  }, options);
});

test('a kill that meets the time-outs of parts ends the greenlet, after its parts', async () => {
  await explore(function* () {
    const parts = new Parts();
    const said: string[] = [];
    const g = spawn(function* () {
      for (;;) {
        try {
          yield* parts.run(2);
        } finally {
          said.push(`alive: ${parts.alive}`);
        }
      }
    });
    yield* sleep(2);
    yield* g.kill();
    assert.ok((g.value as unknown) instanceof GreenletExit);
    assert.equal(parts.alive, 0);
    assert.ok(said.every((text) => text === 'alive: 0'));
  }, options);
});

test('a cancelled time-out is not thrown, however close it was', async () => {
  await explore(function* () {
    const g = spawn(function* () {
      const t = Timeout.startNew(2);
      let thrown = 0;
      try {
        yield* sleep(2);
      } catch {
        thrown += 1;
      }
      assert.equal(t.pending, thrown === 0 && t.pending);
      t.cancel();
      yield* sleep(0);
      yield* sleep(3);
      return thrown;
    });
    const other = spawn(async () => {
      const t = Timeout.startNew(2);
      await sleep(2).catch(() => {});
      t.cancel();
      await sleep(0);
      await sleep(3);
      return 'whole';
    });
    assert.ok(unkilled(yield* g) <= 1);
    assert.equal(yield* other, 'whole');
  }, options);
});

test('of iwait each item is taken once, also by those that come after one that was killed', async () => {
  await explore(function* () {
    const members = [0, 1, 1, 2].map((ms) => spawn(() => sleep(ms)));
    const ready = iwait(members);
    const got: Greenlet[] = [];
    function* takes(): Coroutine<void> {
      const next = yield* ready.next();
      if (next.done !== true) got.push(next.value);
    }
    const takers = [spawn(takes), spawn(takes), spawn(takes), spawn(takes)];
    const hurried = spawn(function* () {
      using _ = Timeout.startNew(1);
      yield* takes();
    });
    hurried.link(() => {});
    yield* sleep(1);
    yield* killAll(takers.slice(0, 2));
    yield* joinAll([hurried, ...takers, ...members]);
    yield* forEach(ready, (one) => got.push(one));
    assert.deepEqual([got.length, new Set(got).size], [4, 4]);
  }, options);
});

test('wait and joinAll with a time-out give only those that have ended, each once', async () => {
  await explore(function* () {
    const members = [1, 2, 2, 3, 60].map((ms) => spawn(() => sleep(ms)));
    const waits = [
      wait(members, { timeout: 2 }),
      joinAll(members, { timeout: 2 }),
      wait(members, { count: 2 }),
      joinAll(members, { count: 2, timeout: 3 }),
    ];
    for (const [i, operation] of waits.entries()) {
      const ended = yield* operation;
      assert.ok(ended.every((one) => one.dead));
      assert.equal(new Set(ended).size, ended.length);
      assert.ok(i < 2 || ended.length <= 2);
    }
    yield* killAll(members);
    assert.equal(yield* wait(undefined, 1), true);
  }, options);
});

test('of two that wait for all neither waits for the other', async () => {
  await explore(function* () {
    // The greenlet waits for the waiters: they must not wait for it.
    getCurrent().unref();
    const waiters = [1, 2].map((ms) =>
      spawn(function* () {
        yield* sleep(ms);
        const isAll = yield* wait();
        yield* sleep(0);
        return isAll;
      }),
    );
    spawn(() => sleep(2));
    assert.equal(yield* wait(), true);
    yield* joinAll(waiters);
    for (const one of waiters) assert.equal(one.value, true);
  }, options);
});
