/** The assertions of gevent's suite on events, results, semaphores and locals; and on every call that waits under a Timeout. */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError, TimeoutError } from 'heddle';
import {
  AsyncResult,
  Condition,
  Event,
  type GreenletExit,
  Local,
  Lock,
  RLock,
  Semaphore,
  sleep,
  spawn,
  Timeout,
  wait,
} from 'heddle/coroutine';
import { type Body, both, type World } from '../coroutine/both-kinds.js';
import { idle } from '../coroutine/hand-clock.js';
import { runProgram } from '../coroutine/program.js';

/** Calls that would wait without an end. */
const blocking: Record<string, (world: World) => Body> = {
  *'Event.wait'() {
    yield new Event().wait();
  },
  *'AsyncResult.get'() {
    yield new AsyncResult().get();
  },
  *'AsyncResult.wait'() {
    yield new AsyncResult().wait();
  },
  *'Semaphore.acquire'() {
    yield new Semaphore(0).acquire();
  },
  *'Semaphore.wait'() {
    yield new Semaphore(0).wait();
  },
  *'Semaphore.hold'() {
    yield new Semaphore(0).hold();
  },
  *'Semaphore.run'() {
    yield new Semaphore(0).run(() => {});
  },
  *'Lock.acquire'() {
    const lock = new Lock();
    yield lock.acquire();
    yield lock.acquire();
  },
  *'RLock.acquire'({ start }) {
    const lock = new RLock();
    yield start(function* () {
      yield lock.acquire();
    });
    yield lock.acquire();
  },
  *'RLock.run'() {
    const lock = new RLock();
    yield lock.run(() => new Event().wait());
  },
  *'Condition.wait'() {
    const condition = new Condition();
    yield condition.acquire();
    try {
      yield condition.wait();
    } finally {
      condition.release();
    }
  },
  *'Condition.waitFor'() {
    const condition = new Condition();
    yield condition.acquire();
    try {
      yield condition.waitFor(() => false);
    } finally {
      condition.release();
    }
  },
};

class Custom extends Error {}

for (const [name, block] of Object.entries(blocking)) {
  both(`${name}: the Timeout around it is the one that is raised`, function* (world) {
    const g = world.start(function* () {
      using timeout = Timeout.startNew(10);
      try {
        yield* block(world);
      } catch (error) {
        return error === timeout;
      }
      return 'went on';
    });
    yield idle();
    world.clock.advance(9);
    yield idle();
    assert.equal(g.ready(), false);
    world.clock.advance(1);
    assert.equal(yield g, true);
  });

  both(`${name}: so is its own error`, function* (world) {
    const g = world.start(function* () {
      using _ = Timeout.startNew(10, Custom);
      yield* block(world);
    });
    yield idle();
    world.clock.advance(10);
    yield g.join();
    assert.ok(g.exception instanceof Custom);
  });

  both(`${name}: a longer Timeout within does not hide the outer one`, function* (world) {
    const g = world.start(function* () {
      using outer = Timeout.startNew(10);
      try {
        using _inner = Timeout.startNew(20);
        yield* block(world);
      } catch (error) {
        return error === outer;
      }
      return 'went on';
    });
    yield idle();
    world.clock.advance(30);
    assert.equal(yield g, true);
  });
}

both('an event that was set and cleared while one waits is not waited for again', function* ({ start, clock }) {
  const event = new Event();
  const again = start(function* () {
    start(function* () {
      event.set();
    });
    assert.equal(yield event.wait(), true);
    assert.equal(event.ready(), true);
    event.clear();
    return yield event.wait(10);
  });
  yield idle();
  clock.advance(10);
  assert.deepEqual([yield again, event.ready()], [false, false]);
});

both('wait() for an event that is set is over at once, and so is the next; so it is for others', function* () {
  const event = new Event();
  const result = new AsyncResult();
  const semaphore = new Semaphore();
  event.set();
  result.setException(new Error('own'));
  const all = [event, result, semaphore];
  for (let i = 0; i < 2; i += 1) assert.deepEqual(yield wait(all), all);
  assert.deepEqual([event.statistics().links, result.statistics().links, semaphore.statistics().links], [0, 0, 0]);
});

both('wait() gives what was set in time, and leaves nothing with the others', function* ({ start, clock }) {
  const events = [new Event(), new Event()];
  const waiter = start(function* () {
    return yield wait(events, { timeout: 10 });
  });
  yield idle();
  events[1]!.set();
  yield idle();
  clock.advance(10);
  assert.deepEqual(yield waiter, [events[1]]);
  assert.equal(events[0]!.statistics().links, 0);
});

both('a newcomer while an event wakes the others is woken, too', function* ({ start }) {
  const event = new Event();
  const order: string[] = [];
  const second = (): Body =>
    (function* () {
      order.push(`second ${yield event.wait()}`);
    })();
  const first = start(function* () {
    order.push(`first ${yield event.wait()}`);
    yield start(second);
  });
  yield idle();
  event.rawlink(() => start(second));
  event.set();
  yield first;
  yield idle();
  assert.deepEqual(order.toSorted(), ['first true', 'second true', 'second true']);
});

both('a waiter for a result gets the error that is set', function* ({ start }) {
  const result = new AsyncResult();
  const log: string[] = [];
  const waiter = start(function* () {
    try {
      log.push(String(yield result.get()));
    } catch (error) {
      log.push((error as Error).message);
    }
  });
  yield idle();
  result.setException(new Error('own'));
  yield waiter;
  assert.deepEqual(log, ['own']);
});

both('a result that was set after a time-out is had later', function* ({ start, clock }) {
  const result = new AsyncResult<number>();
  const late = start(function* () {
    return yield Timeout.run({ timeout: 10, value: 'late' }, () => result.get());
  });
  yield idle();
  clock.advance(10);
  assert.equal(yield late, 'late');
  result.set(100);
  assert.equal(yield result.get(), 100);
});

test('a get that does not wait is a TimeoutError', () => {
  assert.throws(() => new AsyncResult().getNowait(), TimeoutError);
});

test('a result takes the outcome of a greenlet, linked before its end, after it, and again', async () => {
  const results = [1, 2, 3].map(() => new AsyncResult<number | GreenletExit>());
  const g = spawn(function* () {
    yield* sleep();
    return 1;
  });
  g.link(results[0]!);
  assert.equal(await results[0], 1);
  g.link(results[1]!);
  g.link(results[2]!);
  assert.deepEqual([await results[1], await results[2]], [1, 1]);
});

test('a listener of a result that fails does not stop the others', async () => {
  const { stdout, stderr } = await runProgram(`
    const result = new h.AsyncResult();
    const gone = () => console.log('gone');
    result.rawlink(() => result.unlink(gone));
    result.rawlink(() => { throw new Error('own'); });
    result.rawlink(gone);
    result.rawlink((source) => console.log(source.value));
    result.set('value');
  `);
  assert.equal(stdout, 'value\n');
  assert.match(stderr, /^heddle: main has a callback that failed: Error: own\n/);
});

test('of two releases each calls the callbacks that wait', async () => {
  const semaphore = new Semaphore(0);
  const said: string[] = [];
  semaphore.rawlink(() => said.push('a'));
  semaphore.release();
  semaphore.rawlink(() => said.push('b'));
  semaphore.release();
  await idle();
  assert.deepEqual(said, ['a', 'b']);
});

test('a callback of a semaphore with a free permit is called', async () => {
  const semaphore = new Semaphore();
  const called = new AsyncResult<Semaphore>();
  semaphore.rawlink((source) => called.set(source));
  assert.equal(await called, semaphore);
});

both('loops that release and acquire a semaphore let a third one have it', function* ({ start }) {
  const semaphore = new Semaphore();
  const third = { hadIt: false };
  const loops = [1, 2].map(() =>
    start(function* () {
      while (!third.hadIt) {
        yield semaphore.acquire();
        yield sleep();
        semaphore.release();
      }
    }),
  );
  yield sleep();
  yield semaphore.acquire();
  third.hadIt = true;
  semaphore.release();
  for (const g of loops) yield g;
  assert.equal(semaphore.getValue(), 1);
});

test('releasing a lock that is not held is an error', () => {
  for (const lock of [new Lock(), new RLock()]) assert.throws(() => lock.release(), InvalidStateError);
});

both('a loop of tries lets others run', function* ({ start }) {
  const lock = new Lock();
  yield lock.acquire();
  const spinner = start(function* () {
    while (!((yield lock.acquire(0)) as boolean));
    lock.release();
    return 'got it';
  });
  const others = start(function* () {
    for (let i = 0; i < 10; i += 1) yield sleep();
    lock.release();
  });
  yield others;
  assert.equal(yield spinner, 'got it');
});

test('a Local takes arguments only where a constructor does', async () => {
  assert.throws(() => new Local('arg'), TypeError);
  assert.throws(() => new Local({}), TypeError);
  class Mine extends Local<{ args?: unknown[] }> {
    constructor(...args: unknown[]) {
      super(...args);
      this.args = args;
    }
  }
  const mine = new Mine('one', 2);
  assert.deepEqual(mine.args, ['one', 2]);
  assert.deepEqual(await spawn(() => mine.args), ['one', 2]);
});

test('a field that a greenlet has not set is missing', async () => {
  const local = new Local<{ x?: number }>();
  assert.deepEqual([local.x, 'x' in local], [undefined, false]);
  local.x = 1;
  delete local.x;
  assert.equal('x' in local, false);
  assert.equal(await spawn(() => local.x), undefined);
});

test('a copy of a Local is another one, with the fields of the copier', async () => {
  class Mine extends Local<{ path?: string }> {}
  for (const Class of [Local, Mine] as (new () => { path?: string })[]) {
    const local = new Class();
    local.path = '123';
    const copy = Object.assign(new Class(), local);
    assert.equal(copy.path, '123');
    copy.path = '456';
    assert.equal(local.path, '123');
    assert.equal(await spawn(() => copy.path), undefined);
  }
});

test('static methods of a subclass work', async () => {
  class Mine extends Local<{ name?: string }> {
    static make(name: string): Mine {
      const made = new this();
      made.name = name;
      return made;
    }
  }
  assert.equal(Mine.make('own').name, 'own');
  assert.equal(await spawn(() => Mine.make('other').name), 'other');
});
