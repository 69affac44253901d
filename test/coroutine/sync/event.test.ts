/** Event: the waiters that it wakes, and when. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Event, spawn } from 'heddle/coroutine';
import { both } from '../both-kinds.js';
import { idle } from '../hand-clock.js';
import { runProgram } from '../program.js';

both('every waiter sees that it was set', function* ({ start }) {
  const event = new Event();
  const order: number[] = [];
  const waiters = [1, 2, 3].map((i) =>
    start(function* () {
      const isSet: unknown = yield event.wait();
      order.push(i);
      return isSet;
    }),
  );
  yield idle();
  assert.deepEqual(event.statistics(), { isSet: false, waiting: 3, links: 0 });
  event.set();
  event.clear();
  for (const waiter of waiters) assert.equal(yield waiter, true);
  assert.deepEqual([order, event.isSet(), event.ready()], [[1, 2, 3], false, false]);
});

both('a wait on an event that is set is over at once', function* () {
  const event = new Event();
  event.set();
  event.set();
  assert.deepEqual([yield event.wait(), yield event.wait(0), event.isSet()], [true, true, true]);
  event.clear();
  event.clear();
  assert.deepEqual([yield event.wait(0), event.isSet()], [false, false]);
});

both('a wait that was left leaves the line', function* ({ start, clock }) {
  const event = new Event();
  const controller = new AbortController();
  const late = start(function* () {
    return yield event.wait(10);
  });
  const killed = start(function* () {
    yield event.wait();
  });
  const aborted = start(function* () {
    yield event.wait({ signal: controller.signal });
  });
  yield idle();
  clock.advance(10);
  assert.equal(yield late, false);
  yield killed.kill();
  controller.abort(new Error('enough'));
  yield aborted.join();
  assert.match(String(aborted.exception), /enough/);
  assert.equal(event.statistics().waiting, 0);
  assert.throws(() => event.wait(-1), RangeError);
});

test('callbacks are called after set(), once, and not after they were unlinked', async () => {
  const event = new Event();
  const said: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => () => void said.push(name));
  event.rawlink(a!);
  event.rawlink(b!);
  event.set();
  event.unlink(b!);
  event.clear();
  assert.equal(said.length, 0);
  await idle();
  assert.deepEqual(said, ['a'], 'it was set when it was linked');
  event.set();
  await idle();
  assert.deepEqual(said, ['a'], 'once is all');
  event.rawlink((source) => said.push(String(source.isSet())));
  await idle();
  assert.deepEqual(said, ['a', 'true']);
});

test('a callback that links again is called once for each set', async () => {
  const event = new Event();
  let calls = 0;
  const again = (): void => {
    calls += 1;
    event.clear();
    event.rawlink(again);
  };
  event.rawlink(again);
  event.set();
  await idle();
  event.set();
  await idle();
  assert.deepEqual([calls, event.statistics().links], [2, 1]);
});

test('it describes its waiters', async () => {
  const event = new Event();
  const waiting = event.wait();
  assert.equal(inspect(event), '<Event not set, 1 waiting>');
  event.set();
  await waiting;
  assert.equal(String(event), '<Event set>');
  const { stderr, code } = await runProgram('h.spawn(function* () { yield* new h.Event().wait(); });');
  assert.match(stderr, /Greenlet-1 waits for Event.set\(\)\n/);
  assert.equal(code, 1);
});

test('a hundred thousand waiters can wait', async () => {
  const event = new Event();
  let woken = 0;
  const last = Array.from({ length: 100_000 }, () =>
    spawn(function* () {
      yield* event.wait();
      woken += 1;
    }),
  ).at(-1)!;
  await idle();
  event.set();
  await last;
  assert.equal(woken, 100_000);
});
