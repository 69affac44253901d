/** Event: what one thread can see of it. Between threads and processes: test/python/shared-events.test.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { spawn } from 'heddle/coroutine';
import { Event } from '../made.js';

const ticks = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
};

test('an event begins cleared, and setting or clearing it twice does not matter', () => {
  const event = new Event();
  assert.equal(event.isSet(), false);
  event.set();
  event.set();
  assert.equal(event.isSet(), true);
  event.clear();
  event.clear();
  assert.equal(event.isSet(), false);
});

test('a wait for an event that is set takes no time', async () => {
  const event = new Event();
  event.set();
  assert.equal(event.waitSync(), true);
  assert.equal(event.waitSync(0), true);
  assert.equal(await event.wait(), true);
  assert.equal(await event.wait(0), true);
});

test('a wait that ran out of time says so', async () => {
  const event = new Event();
  assert.equal(event.waitSync(0), false);
  assert.equal(event.waitSync(5), false);
  assert.equal(event.waitSync({ timeout: 5 }), false);
  assert.equal(await event.wait(0), false);
  assert.equal(await event.wait({ timeout: 5 }), false);
  assert.deepEqual(event.statistics(), { isSet: false, waiting: 0 });
});

test('all waiters are released, and none that comes after clear()', async () => {
  const event = new Event();
  const waits = [event.wait(), event.wait(1e6), event.wait()];
  assert.deepEqual(event.statistics(), { isSet: false, waiting: 1 });
  event.set();
  event.clear();
  const late = event.wait(1);
  assert.deepEqual(await Promise.all(waits), [true, true, true]);
  assert.equal(await late, false);
  assert.deepEqual(event.statistics(), { isSet: false, waiting: 0 });
});

test('set() between the end of the time and the look is seen', async () => {
  const event = new Event();
  const waiting = event.wait(1);
  const end = performance.now() + 20;
  while (performance.now() < end);
  event.set();
  event.clear();
  assert.equal(await waiting, true);
});

test('an aborted wait leaves nothing behind, and rejects with the reason', async () => {
  const event = new Event();
  const control = new AbortController();
  const reason = new Error('enough');
  const waiting = event.wait({ signal: control.signal });
  const other = event.wait();
  control.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(event.wait({ signal: control.signal }), reason);
  event.set();
  assert.equal(await other, true);
  assert.equal(event.statistics().waiting, 0);
});

test('a greenlet that is killed while it waits leaves the line', async () => {
  const event = new Event();
  const greenlet = spawn(function* () {
    yield* event.wait();
  });
  await ticks();
  assert.equal(event.statistics().waiting, 1);
  await greenlet.kill();
  assert.equal(event.statistics().waiting, 0);
});

test('wrong arguments are refused', () => {
  const event = new Event();
  assert.throws(() => event.wait(-1), RangeError);
  assert.throws(() => event.waitSync(NaN), RangeError);
  assert.throws(() => event.wait({ timout: 1 } as object), TypeError);
  assert.throws(() => event.waitSync('soon' as never), TypeError);
});

test('it tells whether it is set', () => {
  const event = new Event();
  assert.equal(inspect(event), '<Event not set>');
  event.set();
  assert.equal(inspect(event), '<Event set>');
});
