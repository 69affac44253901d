/**
 * The assertions of CPython's lock_tests.py and _test_multiprocessing on Event: between threads, between processes, and both, in both
 * forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { everywhere, inBothForms, until, untilWaiting } from '../sync/crew.js';
import { waitFor } from '../sync/forms.js';
import { Event, Semaphore } from '../sync/made.js';

test('Event: set and clear may come twice', () => {
  const event = new Event();
  const seen = [event.isSet()];
  for (const method of ['set', 'set', 'clear', 'clear'] as const) {
    event[method]();
    seen.push(event.isSet());
  }
  assert.deepEqual(seen, [false, true, true, false, false]);
});

test('Event: repr tells whether it is set', () => {
  const event = new Event();
  assert.equal(inspect(event), '<Event not set>');
  event.set();
  assert.equal(inspect(event), '<Event set>');
});

everywhere('Event: set and clear here are seen there, and the other way round', async (crew) => {
  const event = new Event();
  event.set();
  assert.equal(await crew.run(() => event.isSet()), true);
  await crew.run(() => event.clear());
  assert.equal(event.isSet(), false);
  await crew.run(() => event.set());
  assert.equal(event.isSet(), true);
});

inBothForms('Event: another sets it, and a waiter here goes on', async (crew, form) => {
  const event = new Event();
  const [ready, go] = [new Event(), new Event()];
  const other = crew.run(async () => {
    ready.set();
    await go.wait();
    event.set();
  });
  await ready.wait();
  go.set();
  assert.equal(await waitFor(form, event), true);
  await other;
});

inBothForms('Event: all waiters are woken by set(), and later ones wait no more', async (crew, form) => {
  const event = new Event();
  const passed = new Semaphore(0);
  const waiters = crew.bunch(5, async () => {
    const first = await waitFor(form, event);
    passed.release();
    return [first, await waitFor(form, event)];
  });
  await untilWaiting(event, 5);
  assert.equal(passed.getValue(), 0);
  event.set();
  for (const waiter of waiters) assert.deepEqual(await waiter, [true, true]);
  assert.equal(event.statistics().waiting, 0);
});

inBothForms('Event: a wait gives false after its time, and true if it was set before', async (crew, form) => {
  const event = new Event();
  const wait = async (): Promise<boolean[]> => [await waitFor(form, event, 0), await waitFor(form, event, { timeout: 10 })];
  for (const each of crew.bunch(3, wait)) assert.deepEqual(await each, [false, false]);
  assert.equal(event.statistics().waiting, 0);
  event.set();
  for (const each of crew.bunch(3, wait)) assert.deepEqual(await each, [true, true]);
});

inBothForms('Event: set and at once cleared wakes all waiters', async (crew, form) => {
  const event = new Event();
  const waiters = crew.bunch(5, () => waitFor(form, event));
  await untilWaiting(event, 5);
  event.set();
  event.clear();
  for (const waiter of waiters) assert.equal(await waiter, true);
  assert.equal(event.isSet(), false);
});

everywhere('Event: two that wake each other many times', async (crew) => {
  const [ping, pong] = [new Event(), new Event()];
  const rounds = 100;
  const echo = crew.run(async () => {
    for (let i = 0; i < rounds; i += 1) {
      if (i % 2 === 0) await ping.wait();
      else ping.waitSync();
      ping.clear();
      pong.set();
    }
    return 'echoed';
  });
  for (let i = 0; i < rounds; i += 1) {
    ping.set();
    await pong.wait();
    pong.clear();
  }
  assert.equal(await echo, 'echoed');
  await until(() => !ping.isSet() && !pong.isSet());
});
