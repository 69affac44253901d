/** Small programs of queues, locks and timeouts in every order of their steps: nothing is lost, nothing comes twice, no wait is endless. */

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  BoundedSemaphore,
  Channel,
  Condition,
  type Coroutine,
  Event,
  joinAll,
  Lock,
  Queue,
  RLock,
  Semaphore,
  sleep,
  spawn,
  Timeout,
} from 'heddle/coroutine';
import { exploreAll } from 'heddle/testing';
import { Empty } from 'heddle';

/** All schedules, or all with bounded disorder. */
async function prove(body: (time: { now(): number }) => Coroutine<void>, maxDisorder: number = Infinity): Promise<void> {
  const { schedules, isComplete } = await exploreAll(body, { maxDisorder });
  assert.ok(isComplete && schedules > 1, `${schedules} schedules, ${isComplete ? 'all' : 'not all'}`);
}

/** Kills it as early or as late as the schedule says. */
function* killSoon(victim: { kill(): unknown }, yields: number): Coroutine<void> {
  for (let i = 0; i < yields; i += 1) yield* sleep(0);
  victim.kill();
}

for (const [name, make, most] of [
  ['Lock', () => new Lock(), 1],
  ['RLock', () => new RLock(), 1],
  ['Semaphore(2)', () => new Semaphore(2), 2],
  ['BoundedSemaphore(1)', () => new BoundedSemaphore(1), 1],
  ['Condition', () => new Condition(), 1],
] as const) {
  test(`${name}: its limit holds, and a killed holder gives it back`, () =>
    prove(function* () {
      const lock = make();
      let inside = 0;
      function* enter(): Coroutine<void> {
        yield* lock.acquire();
        inside += 1;
        try {
          assert.ok(inside <= most);
          yield* sleep(0);
        } finally {
          inside -= 1;
          lock.release();
        }
      }
      const victim = spawn(enter);
      const others = [spawn(enter), spawn(() => lock.run(enterAsync))];
      async function enterAsync(): Promise<void> {
        inside += 1;
        assert.ok(inside <= most);
        await sleep(0);
        inside -= 1;
      }
      yield* joinAll([victim, ...others, spawn(killSoon, victim, 1)], { raiseError: true });
      assert.equal(lock.statistics().waiting, 0);
      for (let i = 0; i < most; i += 1) assert.ok(lock.tryAcquire());
    }, 3));
}

test('a notification survives the kill of its waiter in the same moment', () =>
  prove(function* () {
    const condition = new Condition();
    let notified = 0;
    function* wait(): Coroutine<void> {
      const guard = yield* condition.hold();
      try {
        if (yield* condition.wait(1000)) notified += 1;
      } finally {
        guard[Symbol.dispose]();
      }
    }
    const [first, second] = [spawn(wait), spawn(wait)];
    const notifier = spawn(function* () {
      while (condition.statistics().unnotified < (first.dead ? 1 : 2)) yield* sleep(1);
      yield* condition.run(() => condition.notify());
    });
    const killer = spawn(function* () {
      yield* sleep(1);
      yield* killSoon(first, 1);
    });
    yield* joinAll([first, second, notifier, killer], { raiseError: true });
    // Of the two one waits on and is told, unless the first was told and lived to see it.
    assert.equal(notified, 1);
  }, 3));

test('an item survives the kill of its consumer, comes once, and in order', () =>
  prove(function* () {
    const queue = new Queue<number>(1);
    const got: number[] = [];
    function* consume(): Coroutine<void> {
      for (;;) got.push(yield* queue.get());
    }
    const first = spawn(consume);
    const producer = spawn(function* () {
      for (let i = 0; i < 3; i += 1) yield* queue.put(i);
    });
    yield* spawn(killSoon, first, 2);
    yield* first.join();
    const second = spawn(consume);
    yield* producer;
    while (queue.statistics().waitingGetters === 0) yield* sleep(1);
    yield* second.kill();
    assert.deepEqual(got, [0, 1, 2]);
  }));

test('an item that meets a timeout is not lost', async () => {
  const results = new Set<string>();
  const { isComplete } = await exploreAll(
    function* () {
      const queue = new Queue<string>();
      const consumer = spawn(function* () {
        try {
          return yield* queue.get(10);
        } catch (error) {
          assert.ok(error instanceof Empty);
          return 'nothing';
        }
      });
      const limited = spawn(function* () {
        return yield* Timeout.run({ timeout: 10, value: 'late' }, () => queue.get());
      });
      yield* sleep(10);
      queue.putNowait('item');
      const [a, b] = [yield* consumer, yield* limited];
      results.add(`${a}, ${b}`);
      assert.equal([a, b].filter((one) => one === 'item').length + queue.qsize(), 1, `${a}, ${b}, ${queue.qsize()} left`);
    },
    { slowSteps: true },
  );
  assert.ok(isComplete);
  assert.deepEqual([...results].sort(), ['item, late', 'nothing, item', 'nothing, late']);
});

test('a put of a channel ends with its item taken, and a failed put has no item taken', () =>
  prove(function* () {
    const channel = new Channel<number>();
    const got: number[] = [];
    const put: number[] = [];
    function* take(): Coroutine<void> {
      got.push(yield* channel.get());
    }
    function* offer(item: number): Coroutine<void> {
      yield* channel.put(item);
      put.push(item);
    }
    const takers = [spawn(take), spawn(take)];
    const givers = [spawn(offer, 1), spawn(offer, 2)];
    yield* spawn(killSoon, takers[0]!, 1);
    yield* sleep(1);
    assert.deepEqual(new Set(put), new Set(got));
    assert.equal(channel.balance, 2 - got.length - takers.filter((one) => !one.dead).length);
    for (const one of [...takers, ...givers]) yield* one.kill();
    assert.equal(channel.balance, 0);
  }, 3));

test('join() of a queue ends with the last task', () =>
  prove(function* () {
    const queue = new Queue<number>();
    let isBusy = 0;
    function* work(): Coroutine<void> {
      yield* queue.get();
      isBusy += 1;
      yield* sleep(0);
      isBusy -= 1;
      queue.taskDone();
    }
    queue.putNowait(1);
    queue.putNowait(2);
    const workers = [spawn(work), spawn(work)];
    yield* queue.join();
    assert.equal(isBusy, 0);
    yield* joinAll(workers);
  }));

test('an event that is set and cleared wakes all its waiters', () =>
  prove(function* () {
    const event = new Event();
    const waiters = [spawn(() => event.wait()), spawn(() => event.wait())];
    while (event.statistics().waiting < 2) yield* sleep(1);
    event.set();
    event.clear();
    yield* joinAll(waiters);
    assert.deepEqual(
      waiters.map((one) => one.value),
      [true, true],
    );
  }));
