/** Timeouts and aborts at any moment: a waiter that gives up leaves no entry in the line and takes nothing along. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokenBarrierError, TimeoutError } from 'heddle';
import { Word } from 'heddle/lowlevel';
import { everywhere, inBothForms, until, untilWaiting } from '../crew.js';
import { acquire } from '../forms.js';
import { Barrier, Condition, Event, Lock, RLock, Semaphore } from '../made.js';

const reason = new RangeError('enough');
/** A task's signal does not cross with the test's class of error, so aborts are made here, where the promise is. */
const aborted = { name: 'RangeError', message: 'enough' };

const waits: Record<string, (signal: AbortSignal) => { wait: Promise<unknown>; check: () => void | Promise<void> }> = {
  'Lock.acquire': (signal) => {
    const lock = new Lock();
    lock.acquireSync();
    return { wait: lock.acquire({ signal }), check: () => (lock.release(), assert.equal(lock.locked(), false)) };
  },
  'Lock.hold': (signal) => {
    const lock = new Lock();
    lock.acquireSync();
    return { wait: lock.hold({ signal }), check: () => (lock.release(), assert.equal(lock.locked(), false)) };
  },
  'Lock.run': (signal) => {
    const lock = new Lock();
    lock.acquireSync();
    return { wait: lock.run(() => assert.fail('it ran'), { signal }), check: () => (lock.release(), assert.equal(lock.locked(), false)) };
  },
  'Semaphore.acquire': (signal) => {
    const semaphore = new Semaphore(0);
    return { wait: semaphore.acquire({ signal }), check: () => (semaphore.release(), assert.equal(semaphore.getValue(), 1)) };
  },
  'Event.wait': (signal) => {
    const event = new Event();
    return { wait: event.wait({ signal }), check: () => assert.equal(event.statistics().waiting, 0) };
  },
  'Condition.wait': (signal) => {
    const condition = new Condition();
    condition.acquireSync();
    return {
      wait: condition.wait({ signal }),
      check: () => {
        assert.deepEqual([condition.locked(), condition.statistics().unnotified], [true, 0]);
        condition.release();
      },
    };
  },
  'Condition.waitFor': (signal) => {
    const condition = new Condition();
    condition.acquireSync();
    return { wait: condition.waitFor(() => false, { signal }), check: () => condition.release() };
  },
};

for (const [name, begin] of Object.entries(waits)) {
  test(`${name}: an abort rejects with the signal's reason, and leaves nothing behind`, async () => {
    const controller = new AbortController();
    const { wait, check } = begin(controller.signal);
    const ended = assert.rejects(Promise.resolve(wait), aborted);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await ended;
    await check();
  });

  test(`${name}: a signal that was aborted before rejects at once`, async () => {
    const { wait, check } = begin(AbortSignal.abort(reason));
    await assert.rejects(Promise.resolve(wait), aborted);
    await check();
  });
}

test('a signal that was aborted before takes nothing', async () => {
  const options = { signal: AbortSignal.abort(reason) };
  for (const what of [new Lock(), new RLock(), new Lock({ fair: true }), new Semaphore(1), new Condition()]) {
    await assert.rejects(Promise.resolve(what.acquire(options)), reason);
    await assert.rejects(Promise.resolve(what.hold(options)), reason);
    await assert.rejects(
      what.run(() => assert.fail('it ran'), options),
      reason,
    );
    assert.equal(what.locked(), false);
    assert.equal(what.statistics().waiting, 0);
  }
  const event = new Event();
  event.set();
  await assert.rejects(Promise.resolve(event.wait(options)), reason);
  const word = new Word(1);
  await assert.rejects(Promise.resolve(word.waitAsync(0, options)), reason);
});

test('a condition whose signal was aborted before does not ask its predicate, and keeps its lock', async () => {
  const options = { signal: AbortSignal.abort(reason) };
  const condition = new Condition();
  condition.acquireSync();
  await assert.rejects(Promise.resolve(condition.waitFor(() => assert.fail('it was asked'), options)), reason);
  assert.deepEqual([condition.locked(), condition.statistics().unnotified], [true, 0]);
});

test('an aborted wait of a barrier breaks it for the others', async () => {
  const barrier = new Barrier(3);
  const controller = new AbortController();
  const other = assert.rejects(Promise.resolve(barrier.wait()), BrokenBarrierError);
  const mine = assert.rejects(Promise.resolve(barrier.wait({ signal: controller.signal })), aborted);
  await until(() => barrier.nWaiting === 2);
  controller.abort(reason);
  await Promise.all([mine, other]);
  assert.deepEqual([barrier.broken, barrier.nWaiting], [true, 0]);
});

test('an abort after the wait is over changes nothing', async () => {
  const lock = new Lock();
  const controller = new AbortController();
  assert.equal(await lock.acquire({ signal: controller.signal }), true);
  controller.abort(reason);
  assert.equal(lock.locked(), true);
  lock.release();
});

everywhere('aborted and timed-out waiters do not stand in the way of those behind them', async (crew) => {
  for (const make of [() => new Lock(), () => new Lock({ fair: true }), () => new RLock(), () => new Semaphore(1)]) {
    const lock = make();
    const controller = new AbortController();
    await lock.acquire();
    const impatient = crew.bunch(2, (n) => acquire(n === 0 ? 'sync' : 'async', lock, 30));
    // An RLock is ours already.
    const mine = lock instanceof RLock ? undefined : assert.rejects(Promise.resolve(lock.acquire({ signal: controller.signal })), aborted);
    const patient = crew.bunch(2, async (n) => {
      const got = await acquire(n === 0 ? 'sync' : 'async', lock);
      lock.release();
      return got;
    });
    for (const each of impatient) assert.equal(await each, false);
    controller.abort(reason);
    await mine;
    await untilWaiting(lock, 2);
    lock.release();
    for (const each of patient) assert.equal(await each, true);
    assert.equal(lock.statistics().waiting, 0);
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  }
});

inBothForms('time-outs that race with the release neither lose nor double the lock', async (crew, form) => {
  const lock = new Lock();
  const [inside, passed] = [new Semaphore(0), new Semaphore(0)];
  const counts = await Promise.all(
    crew.bunch(4, async (n) => {
      let got = 0;
      for (let i = 0; i < 150; i += 1) {
        // 0, 1, 2, 3 ms in turn: some get it, some give up at the moment of the release.
        if (!(await acquire(form, lock, (i + n) % 4))) continue;
        got += 1;
        inside.release();
        if (inside.getValue() !== 1) throw new Error('two have it');
        const end = performance.now() + (i % 3) / 2;
        while (performance.now() < end);
        inside.acquireSync();
        passed.release();
        lock.release();
      }
      return got;
    }),
  );
  assert.equal(
    counts.reduce((sum, got) => sum + got, 0),
    passed.getValue(),
  );
  assert.deepEqual([lock.locked(), lock.statistics().waiting, inside.getValue()], [false, 0, 0]);
});

inBothForms('time-outs that race with permits leave the books right', async (crew, form) => {
  const semaphore = new Semaphore(2);
  const counts = await Promise.all(
    crew.bunch(5, async (n) => {
      let got = 0;
      for (let i = 0; i < 100; i += 1) {
        if (!(await acquire(form, semaphore, (i + n) % 3))) continue;
        got += 1;
        const end = performance.now() + (i % 4) / 2;
        while (performance.now() < end);
        semaphore.release();
      }
      return got;
    }),
  );
  assert.ok(counts.some((got) => got > 0));
  assert.deepEqual([semaphore.getValue(), semaphore.statistics().waiting], [2, 0]);
});

everywhere('aborts at every turn of the loop leave a lock that works', async (crew) => {
  const lock = new Lock();
  const [stop, started] = [new Event(), new Semaphore(0)];
  const busy = crew.bunch(2, async () => {
    let count = 0;
    started.release();
    while (!stop.isSet()) {
      await lock.run(() => (count += 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  });
  await until(() => started.getValue() === 2);
  let [got, gaveUp] = [0, 0];
  for (let i = 0; i < 300; i += 1) {
    const controller = new AbortController();
    const wait = lock
      .hold({ signal: controller.signal })
      .then((guard) => {
        got += 1;
        guard[Symbol.dispose]();
      })
      .catch((error: unknown) => {
        assert.equal(error, reason);
        gaveUp += 1;
      });
    if (i % 3 === 0) controller.abort(reason);
    else if (i % 3 === 1) queueMicrotask(() => controller.abort(reason));
    else setImmediate(() => controller.abort(reason));
    await wait;
  }
  stop.set();
  await Promise.all(busy);
  assert.equal(got + gaveUp, 300);
  assert.deepEqual([lock.locked(), lock.statistics().waiting], [false, 0]);
});

inBothForms('waits that notify() and a time-out race for are one or the other', async (crew, form) => {
  const condition = new Condition();
  const [notified, late, stop] = [new Semaphore(0), new Semaphore(0), new Event()];
  const waiters = crew.bunch(3, async (n) => {
    let waits = 0;
    for (; waits < 60; waits += 1) {
      await acquire(form, condition);
      const options = { timeout: 1 + ((waits + n) % 3) };
      const isNotified = form === 'sync' ? condition.waitSync(options) : await condition.wait(options);
      if (!condition.locked()) throw new Error('it has not the lock');
      (isNotified ? notified : late).release();
      condition.release();
    }
    return waits;
  });
  const notifier = crew.run(async () => {
    while (!stop.isSet()) {
      await condition.run(() => condition.notify());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  for (const each of waiters) assert.equal(await each, 60);
  stop.set();
  await notifier;
  assert.equal(notified.getValue() + late.getValue(), 180);
  assert.deepEqual([condition.locked(), condition.statistics().unnotified], [false, 0]);
});

test('an abandoned wait that throws throws TimeoutError', async () => {
  const lock = new Lock();
  lock.acquireSync();
  await assert.rejects(async () => lock.hold(1), TimeoutError);
  await assert.rejects(async () => lock.run(() => assert.fail('it ran'), 1), TimeoutError);
  assert.throws(() => lock.holdSync(1), TimeoutError);
  lock.release();
});
