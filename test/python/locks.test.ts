/**
 * The assertions of CPython's lock_tests.py on locks, events, conditions and semaphores, as gevent runs it: between greenlets, of both
 * kinds.
 */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { InvalidStateError } from 'heddle';
import { BoundedSemaphore, Condition, Event, getCurrent, type Greenlet, Lock, RLock, Semaphore, sleep } from 'heddle/coroutine';
import { type Body, both, type World } from '../coroutine/both-kinds.js';
import { idle } from '../coroutine/hand-clock.js';

/** Starts `count` greenlets with the same body. */
const bunch = ({ start }: World, count: number, body: () => Body): Greenlet[] => Array.from({ length: count }, () => start(body));

const locks = { Lock, RLock };
const semaphores = { Semaphore, BoundedSemaphore };

for (const [name, Class] of Object.entries(locks)) {
  both(`${name}: repr tells whether it is locked`, function* () {
    const lock = new Class();
    assert.equal(inspect(lock), `<${name} unlocked>`);
    yield lock.acquire();
    assert.equal(inspect(lock), `<${name} held by ${getCurrent().name}>`);
    lock.release();
    assert.equal(inspect(lock), `<${name} unlocked>`);
  });

  both(`${name}: acquire and release`, function* () {
    const lock = new Class();
    assert.equal(yield lock.acquire(), true);
    lock.release();
    assert.deepEqual([lock.tryAcquire(), lock.locked()], [true, true]);
    lock.release();
  });

  both(`${name}: a try does not succeed while another has it`, function* (world) {
    const lock = new Class();
    yield lock.acquire();
    const tries: boolean[] = [];
    const others = bunch(world, 2, function* () {
      tries.push(lock.tryAcquire(), (yield lock.acquire(0)) as boolean);
    });
    for (const other of others) yield other;
    assert.deepEqual(tries, [false, false, false, false]);
    lock.release();
  });

  both(`${name}: one gets in after the other`, function* (world) {
    const lock = new Class();
    yield lock.acquire();
    let got = 0;
    const others = bunch(world, 5, function* () {
      yield lock.acquire();
      got += 1;
      lock.release();
    });
    yield idle();
    assert.equal(got, 0);
    lock.release();
    for (const other of others) yield other;
    assert.equal(got, 5);
  });

  both(`${name}: the end of a block releases it, also by an error`, function* (world) {
    const lock = new Class();
    const within = function* (error?: Error): Body<void> {
      using _ = (yield lock.hold()) as Disposable;
      assert.equal(lock.locked(), true);
      if (error !== undefined) throw error;
    };
    yield world.start(() => within());
    assert.equal(lock.locked(), false);
    const failed = world.start(() => within(new TypeError('own')));
    yield failed.join();
    assert.ok(failed.exception instanceof TypeError);
    assert.equal(lock.locked(), false);
  });

  both(`${name}: after a time-out it is as before`, function* (world) {
    const lock = new Class();
    yield lock.acquire();
    const late = world.start(function* () {
      return yield lock.acquire(10);
    });
    yield idle();
    world.clock.advance(10);
    assert.equal(yield late, false);
    lock.release();
    assert.deepEqual([lock.locked(), yield lock.acquire(10)], [false, true]);
    lock.release();
  });

  both(`${name}: releasing it while it is free is an error`, function* () {
    assert.throws(() => new Class().release(), InvalidStateError);
    yield sleep();
  });
}

both('Lock: it is not reentrant', function* (world) {
  const lock = new Lock();
  const two = world.start(function* () {
    yield lock.acquire();
    yield lock.acquire();
    return 'got it twice';
  });
  yield idle();
  assert.equal(two.ready(), false);
  lock.release();
  assert.equal(yield two, 'got it twice');
});

both('Lock: another may release it', function* (world) {
  const lock = new Lock();
  yield lock.acquire();
  yield world.start(function* () {
    lock.release();
  });
  yield lock.acquire();
  lock.release();
});

both('RLock: repr tells how often it was taken', function* () {
  const lock = new RLock();
  for (let i = 0; i < 2; i += 1) yield lock.acquire();
  assert.match(inspect(lock), /, 2 times>$/);
  lock.release();
  assert.doesNotMatch(inspect(lock), /times/);
  lock.release();
});

both('RLock: it is reacquired at any depth', function* () {
  const lock = new RLock();
  for (let i = 0; i < 3; i += 1) assert.equal(yield lock.acquire(), true);
  for (let i = 0; i < 3; i += 1) lock.release();
  assert.equal(lock.locked(), false);
});

both('RLock: one release too many is an error, in whatever order', function* () {
  const lock = new RLock();
  assert.throws(() => lock.release(), InvalidStateError);
  for (const [takes, drops] of [
    [1, 1],
    [3, 3],
    [2, 2],
  ] as const) {
    for (let i = 0; i < takes; i += 1) yield lock.acquire();
    for (let i = 0; i < drops; i += 1) lock.release();
    assert.throws(() => lock.release(), InvalidStateError);
  }
});

both('RLock: locked() is true until the last release, seen from here and from another', function* (world) {
  const lock = new RLock();
  const seen = function* (): Body<boolean> {
    const elsewhere = world.start(function* () {
      return lock.locked();
    });
    assert.equal((yield elsewhere) as boolean, lock.locked());
    return lock.locked();
  };
  assert.equal(yield* seen(), false);
  yield lock.acquire();
  yield lock.acquire();
  assert.equal(yield* seen(), true);
  lock.release();
  assert.equal(yield* seen(), true);
  lock.release();
  assert.equal(yield* seen(), false);
});

both('RLock: a condition cannot give up what its caller has not', function* (world) {
  const lock = new RLock();
  const condition = new Condition(lock);
  assert.throws(() => condition.wait(), InvalidStateError);
  yield world.start(function* () {
    yield lock.acquire();
  });
  assert.throws(() => condition.wait(), InvalidStateError);
});

both('RLock: the owner is its holder', function* () {
  const lock = new RLock();
  assert.equal(lock.owner, null);
  yield lock.acquire();
  yield lock.acquire();
  assert.equal(lock.owner, getCurrent());
  lock.release();
  assert.equal(lock.owner, getCurrent());
  lock.release();
  assert.equal(lock.owner, null);
});

both('RLock, and a Condition with one: another can neither take nor release it', function* (world) {
  for (const lock of [new RLock(), new Condition(new RLock())]) {
    yield lock.acquire();
    const other = world.start(function* () {
      assert.equal(lock.tryAcquire(), false);
      assert.throws(() => lock.release(), InvalidStateError);
    });
    yield other;
    lock.release();
  }
});

both('Event: set and clear may come twice', function* () {
  const event = new Event();
  const seen = [event.isSet()];
  for (const method of ['set', 'set', 'clear', 'clear'] as const) {
    event[method]();
    seen.push(event.isSet());
  }
  assert.deepEqual(seen, [false, true, true, false, false]);
});

both('Event: all waiters are woken by set(), and later ones wait no more', function* (world) {
  const event = new Event();
  const results: boolean[] = [];
  const waiters = bunch(world, 5, function* () {
    results.push((yield event.wait()) as boolean, (yield event.wait()) as boolean);
  });
  yield idle();
  assert.deepEqual(results, []);
  event.set();
  for (const waiter of waiters) yield waiter;
  assert.deepEqual(
    results,
    Array.from({ length: 10 }, () => true),
  );
});

both('Event: a wait gives false after its time, and true if it was set before', function* (world) {
  const event = new Event();
  const wait = function* (): Body {
    return [yield event.wait(0), yield event.wait(10)];
  };
  const before = bunch(world, 3, wait);
  yield idle();
  world.clock.advance(9);
  yield idle();
  assert.ok(before.every((g) => !g.ready()));
  world.clock.advance(1);
  for (const g of before) assert.deepEqual(yield g, [false, false]);
  event.set();
  for (const g of bunch(world, 3, wait)) assert.deepEqual(yield g, [true, true]);
});

both('Event: set and at once cleared wakes all waiters', function* (world) {
  const event = new Event();
  const waiters = bunch(world, 5, function* () {
    return yield event.wait(500);
  });
  yield idle();
  event.set();
  event.clear();
  for (const waiter of waiters) assert.equal(yield waiter, true);
});

both('Event: repr tells whether it is set', function* () {
  const event = new Event();
  assert.equal(inspect(event), '<Event not set>');
  event.set();
  assert.equal(inspect(event), '<Event set>');
  yield event.wait();
});

both('Condition: the lock given is the lock used; the default is not reentrant', function* () {
  for (const lock of [new Lock(), new RLock()]) {
    const condition = new Condition(lock);
    yield condition.acquire();
    assert.deepEqual([lock.locked(), condition.locked(), condition.owner], [true, true, lock.owner]);
    condition.release();
    assert.equal(lock.locked(), false);
  }
  const condition = new Condition();
  yield condition.acquire();
  assert.equal(condition.tryAcquire(), false);
});

both('Condition: wait and notify without the lock are errors', function* () {
  for (const lock of [new Lock(), new RLock()]) {
    const condition = new Condition(lock);
    assert.throws(() => condition.wait(), InvalidStateError);
    assert.throws(() => condition.notify(), InvalidStateError);
    assert.throws(() => condition.notifyAll(), InvalidStateError);
    yield condition.acquire();
    condition.notify();
    condition.release();
    assert.throws(() => condition.notify(), InvalidStateError);
  }
});

both('Condition: notify(n) wakes exactly n, those that came first; notifyAll the rest', function* (world) {
  const condition = new Condition();
  const rounds: number[][] = [];
  let phase = 0;
  const waiters = Array.from({ length: 10 }, (_, i) =>
    world.start(function* () {
      yield condition.acquire();
      assert.equal(yield condition.wait(), true);
      rounds.push([i, phase]);
      condition.release();
    }),
  );
  yield idle();
  for (const [n, woken] of [
    [3, 3],
    [5, 8],
    [Infinity, 10],
  ] as const) {
    yield condition.acquire();
    if (n === Infinity) condition.notifyAll();
    else condition.notify(n);
    phase += 1;
    condition.release();
    yield idle();
    assert.equal(rounds.length, woken);
  }
  for (const waiter of waiters) yield waiter;
  assert.deepEqual(
    rounds,
    Array.from({ length: 10 }, (_, i) => [i, i < 3 ? 1 : i < 8 ? 2 : 3]),
  );
  yield condition.acquire();
  condition.notifyAll();
  condition.release();
});

both('Condition: a wait gives false after its time', function* (world) {
  const condition = new Condition();
  const late = bunch(world, 5, function* () {
    yield condition.acquire();
    const isNotified = (yield condition.wait(500)) as boolean;
    condition.release();
    return isNotified;
  });
  yield idle();
  world.clock.advance(499);
  yield idle();
  assert.ok(late.every((g) => !g.ready()));
  world.clock.advance(1);
  for (const g of late) assert.equal(yield g, false);
});

both('Condition: waitFor goes on when its predicate is true', function* (world) {
  const condition = new Condition();
  let state = 0;
  const waiter = world.start(function* () {
    yield condition.acquire();
    const result: unknown = yield condition.waitFor(() => state === 4);
    condition.release();
    return [result, state];
  });
  yield idle();
  for (let i = 0; i < 4; i += 1) {
    yield sleep();
    yield condition.acquire();
    state += 1;
    condition.notify();
    condition.release();
  }
  assert.deepEqual(yield waiter, [true, 4]);
});

both('Condition: waitFor gives something false after its time', function* (world) {
  const condition = new Condition();
  let state = 0;
  const waiter = world.start(function* () {
    yield condition.acquire();
    const result: unknown = yield condition.waitFor(() => state === 4, 100);
    condition.release();
    return result;
  });
  yield idle();
  for (let i = 0; i < 3; i += 1) {
    world.clock.advance(10);
    yield condition.acquire();
    state += 1;
    condition.notify();
    condition.release();
    yield idle();
  }
  assert.equal(waiter.ready(), false);
  world.clock.advance(70);
  assert.equal(yield waiter, false);
});

for (const [name, Class] of Object.entries(semaphores)) {
  both(`${name}: its value is no negative number`, function* () {
    for (const value of [-1, -Infinity, NaN]) assert.throws(() => new Class(value), RangeError);
    yield new Class(1).acquire();
  });

  both(`${name}: repr tells its value`, function* () {
    const semaphore = new Class(3);
    const bound = name.startsWith('Bounded') ? ' of 3' : '';
    assert.equal(inspect(semaphore), `<${name} with 3${bound} free>`);
    yield semaphore.acquire();
    assert.equal(inspect(semaphore), `<${name} with 2${bound} free>`);
  });

  both(`${name}: down and up`, function* () {
    const one = new Class(1);
    yield one.acquire();
    one.release();
    const two = new Class(2);
    yield two.acquire();
    yield two.acquire();
    two.release();
    two.release();
    assert.equal(two.getValue(), 2);
  });

  both(`${name}: with 7, exactly 7 pass, and each release lets one more in`, function* (world) {
    const semaphore = new Class(7);
    yield semaphore.acquire();
    let passed = 0;
    const others = bunch(world, 10, function* () {
      yield semaphore.acquire();
      passed += 1;
      yield semaphore.acquire();
      passed += 1;
    });
    yield idle();
    assert.equal(passed, 6);
    for (const [count, total] of [
      [7, 13],
      [6, 19],
    ] as const) {
      for (let i = 0; i < count; i += 1) semaphore.release();
      yield idle();
      assert.equal(passed, total);
    }
    semaphore.release();
    for (const other of others) yield other;
    assert.equal(passed, 20);
  });

  both(`${name}: several are released at once`, function* (world) {
    const semaphore = new Class(7);
    for (let i = 0; i < 7; i += 1) yield semaphore.acquire();
    let passed = 0;
    const others = bunch(world, 7, function* () {
      yield semaphore.acquire();
      passed += 1;
    });
    yield idle();
    semaphore.release(3);
    yield idle();
    assert.equal(passed, 3);
    semaphore.release(4);
    for (const other of others) yield other;
    assert.equal(passed, 7);
    assert.throws(() => semaphore.release(0), RangeError);
    assert.throws(() => semaphore.release(-1), RangeError);
  });

  both(`${name}: tries`, function* (world) {
    const semaphore = new Class(2);
    assert.deepEqual([semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()], [true, true, false]);
    semaphore.release();
    assert.equal(semaphore.tryAcquire(), true);
    const contended = new Class(4);
    const results: boolean[] = [];
    const others = bunch(world, 10, function* () {
      results.push(contended.tryAcquire());
      yield sleep();
      results.push(contended.tryAcquire());
    });
    for (const other of others) yield other;
    assert.equal(results.filter(Boolean).length, 4);
  });

  both(`${name}: an acquire gives false after its time`, function* (world) {
    const semaphore = new Class(2);
    assert.deepEqual([semaphore.tryAcquire(), yield semaphore.acquire(5)], [true, true]);
    const late = world.start(function* () {
      return yield semaphore.acquire(500);
    });
    yield idle();
    world.clock.advance(499);
    yield idle();
    assert.equal(late.ready(), false);
    world.clock.advance(1);
    assert.equal(yield late, false);
    semaphore.release();
    assert.equal(yield semaphore.acquire(5), true);
    assert.throws(() => semaphore.acquire(-1), RangeError);
  });

  both(`${name}: the default is one permit`, function* (world) {
    const semaphore = new Class();
    yield semaphore.acquire();
    const other = world.start(function* () {
      yield semaphore.acquire();
      semaphore.release();
    });
    yield idle();
    assert.equal(other.ready(), false);
    semaphore.release();
    yield other;
  });

  both(`${name}: the end of a block releases it, also by an error`, function* (world) {
    const semaphore = new Class(2);
    const failed = world.start(function* () {
      using _outer = (yield semaphore.hold()) as Disposable;
      using _inner = (yield semaphore.hold()) as Disposable;
      assert.equal(semaphore.tryAcquire(), false);
      throw new TypeError('own');
    });
    yield failed.join();
    assert.ok(failed.exception instanceof TypeError);
    assert.equal(semaphore.getValue(), 2);
  });
}

both('Semaphore: a release may go above the start', function* () {
  const semaphore = new Semaphore(1);
  semaphore.release();
  yield semaphore.acquire();
  yield semaphore.acquire();
  semaphore.release();
  assert.equal(semaphore.getValue(), 1);
});

both('BoundedSemaphore: a release above the start is an error', function* () {
  const semaphore = new BoundedSemaphore();
  assert.throws(() => semaphore.release(), RangeError);
  yield semaphore.acquire();
  semaphore.release();
  assert.throws(() => semaphore.release(), RangeError);
});
