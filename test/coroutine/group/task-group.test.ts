/** Task groups: no greenlet outlives its group, no error is lost, and a waiter that leaves takes all with it. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CancelledError, InvalidStateError, TimeoutError } from 'heddle';
import {
  type Coroutine,
  getCurrent,
  type Greenlet,
  GreenletExit,
  joinAll,
  Local,
  Queue,
  RLock,
  sleep,
  spawn,
  TaskGroup,
  Timeout,
  until,
} from 'heddle/coroutine';
import { virtualClock } from 'heddle/testing';
import { untilCollected } from '../../python/garbage.ts';
import { forEver, gate, settled, turns } from '../pace.ts';
import { runProgram } from '../program.ts';

const isExit = (value: unknown): boolean => value instanceof GreenletExit;

function* failing(n: number, message: string = `after ${n}`): Coroutine<never> {
  yield* turns(n);
  throw new Error(message);
}

/** Says when it ends, some turns after it was told to. */
function* tidy(said: string[], name: string, n: number = 3): Coroutine<void> {
  try {
    yield* forEver();
  } finally {
    yield* turns(n);
    said.push(name);
  }
}

function* tidyAndFail(said: string[], name: string): Coroutine<void> {
  try {
    yield* tidy(said, name);
  } finally {
    // oxlint-disable-next-line no-unsafe-finally -- an error on the way out is what it is about
    throw new Error(name);
  }
}

const messagesOf = (error: unknown): string[] => (error as AggregateError).errors.map((one: Error) => one.message);

test('join waits for all, also for those that children spawn', async () => {
  const group = new TaskGroup();
  const said: number[] = [];
  function* nest(n: number): Coroutine<void> {
    yield* turns(n);
    if (n < 5) group.spawn(nest, n + 1);
    said.push(n);
  }
  group.spawn(nest, 1);
  assert.equal(await group.join(), undefined);
  assert.deepEqual(said, [1, 2, 3, 4, 5]);
  assert.equal(await group.join(), undefined);
  await new TaskGroup().join();
});

test('the first error kills the others, comes after their ends, and as it is', async () => {
  const group = new TaskGroup();
  const said: string[] = [];
  const others = ['a', 'b', 'c'].map((name) => group.spawn(tidy, said, name, name.charCodeAt(0) - 95));
  const failed = group.spawn(failing, 2);
  await assert.rejects(group.join(), (error: Error) => error.message === 'after 2' && error === failed.exception);
  assert.deepEqual(said, ['a', 'b', 'c']);
  assert.ok(others.every((one) => one.dead && isExit(one.value)));
  await assert.rejects(group.join(), /after 2/, 'a late join has it as well');
});

test('several errors come together, in the order of their occurrence', async () => {
  const said: string[] = [];
  const group = new TaskGroup();
  group.spawn(tidyAndFail, said, 'b');
  group.spawn(tidyAndFail, said, 'c');
  group.spawn(failing, 1, 'a');
  group.spawn(forEver);
  await assert.rejects(group.join(), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.equal(error.message, '3 errors in a TaskGroup');
    assert.deepEqual(messagesOf(error), ['a', 'b', 'c']);
    return true;
  });
});

test('an error that several share is reported once', async () => {
  const { stderr, stdout } = await runProgram(`
    const group = new h.TaskGroup();
    const shared = h.spawn(function* () { yield* h.sleep(1); throw new Error('shared'); });
    for (let i = 0; i < 3; i += 1) group.spawn(async () => await shared);
    for (let i = 0; i < 3; i += 1) group.spawn(function* () { yield* shared; });
    await group.join().catch((error) => console.log(error.message));
  `);
  assert.equal(stdout, 'shared\n');
  assert.equal(stderr, '');
});

test('an error that comes before the join ends the others, and is thrown by the join', async () => {
  const group = new TaskGroup();
  const said: string[] = [];
  group.spawn(tidy, said, 'other');
  group.spawn(failing, 1);
  await settled();
  assert.deepEqual(said, ['other']);
  const late = group.spawn(() => said.push('never'));
  assert.ok(isExit(late.value), 'one that comes while it is cancelled never begins');
  await assert.rejects(group.join(), /after 1/);
  assert.deepEqual(said, ['other']);
});

test('a killed child is not an error, and does not end the others', async () => {
  const group = new TaskGroup();
  const [killed, other] = [group.spawn(forEver), group.spawn(turns, 4)];
  await sleep();
  void killed.kill();
  await group.join();
  assert.equal(other.value, 4);
  const second = new TaskGroup();
  void second.spawn(forEver).kill(new Error('mine'));
  second.spawn(forEver);
  await assert.rejects(second.join(), /mine/);
});

test('an async child is cancelled', async () => {
  const said: string[] = [];
  const group = new TaskGroup();
  group.spawn(async () => {
    try {
      await sleep(60_000);
    } catch (error) {
      said.push((error as Error).name);
      throw error;
    }
  });
  group.spawn(failing, 2);
  await assert.rejects(group.join(), /after 2/);
  await settled();
  assert.deepEqual(said, ['GreenletExit']);
});

test('a spawn after the end is refused', async () => {
  const group = new TaskGroup();
  await group.join();
  assert.throws(() => group.spawn(turns, 1), InvalidStateError);
  let escaped!: TaskGroup;
  await TaskGroup.run((inner) => void (escaped = inner));
  assert.throws(() => escaped.spawn(turns, 1), /the TaskGroup is over/);
});

test('a child that joins its own group is refused', async () => {
  const group = new TaskGroup();
  group.spawn(function* () {
    yield* group.join();
  });
  await assert.rejects(group.join(), (error) => error instanceof InvalidStateError && /would wait for itself/.test(error.message));
});

test('a killed join goes on after its children, which it kills', async () => {
  for (const kind of ['generator', 'async'] as const) {
    const said: string[] = [];
    const group = new TaskGroup();
    group.spawn(tidy, said, 'child', 5);
    const body = {
      *generator(): Coroutine<void> {
        try {
          yield* group.join();
        } finally {
          said.push('joiner');
        }
      },
      async async(): Promise<void> {
        try {
          await group.join();
        } finally {
          said.push('joiner');
        }
      },
    };
    const joiner = kind === 'generator' ? spawn(body.generator) : spawn(body.async);
    await settled();
    await joiner.kill();
    await settled();
    assert.deepEqual(said, ['child', 'joiner'], kind);
    assert.ok(isExit(joiner.value));
  }
});

test('a joiner that is killed twice, or while a child resists, goes on after its children', async () => {
  const { wait, open } = gate();
  const said: string[] = [];
  const group = new TaskGroup();
  group.spawn(function* () {
    try {
      yield* forEver();
    } finally {
      yield* wait();
      said.push('child');
    }
  });
  const joiner = spawn(function* () {
    yield* group.join();
  });
  await settled();
  await assert.rejects(joiner.kill(undefined, 1), TimeoutError);
  await assert.rejects(joiner.kill(undefined, 1), TimeoutError);
  assert.deepEqual([joiner.dead, said], [false, []]);
  open();
  await joiner.join();
  assert.deepEqual(said, ['child']);
});

test('an error of a child survives the kill of the joiner', async () => {
  const group = new TaskGroup();
  const said: string[] = [];
  group.spawn(tidyAndFail, said, 'child');
  const joiner = spawn(function* () {
    yield* group.join();
  });
  await settled();
  await joiner.kill();
  assert.match(String(joiner.exception), /child/);
});

test('a join that is late, or aborted, ends the children', async () => {
  const said: string[] = [];
  const late = new TaskGroup();
  late.spawn(tidy, said, 'late');
  await settled();
  await assert.rejects(late.join(1), TimeoutError);
  assert.deepEqual(said, ['late']);
  const zero = new TaskGroup();
  zero.spawn(tidy, said, 'zero');
  await assert.rejects(zero.join({ timeout: 0 }), TimeoutError);
  const aborted = new TaskGroup();
  const controller = new AbortController();
  aborted.spawn(tidyAndFail, said, 'aborted');
  const join = aborted.join({ signal: controller.signal });
  await settled();
  controller.abort(new Error('enough'));
  await assert.rejects(join, (error) => {
    assert.deepEqual(messagesOf(error), ['enough', 'aborted']);
    return true;
  });
});

test('cancel: without a reason it is quiet, with one that is the error', async () => {
  const said: string[] = [];
  const quiet = new TaskGroup();
  quiet.spawn(tidy, said, 'quiet');
  await settled();
  quiet.cancel();
  quiet.cancel();
  await quiet.join();
  assert.deepEqual(said, ['quiet']);
  const loud = new TaskGroup();
  const reason = new Error('stop');
  loud.spawn(tidy, said, 'loud');
  await settled();
  const { signal } = loud;
  loud.cancel(reason);
  assert.equal(signal.reason, reason);
  await assert.rejects(loud.join(), (error) => error === reason);
  assert.deepEqual(said, ['quiet', 'loud']);
  const before = new TaskGroup();
  before.cancel();
  assert.ok(before.signal.aborted);
  before.spawn(() => said.push('never'));
  await before.join();
  assert.deepEqual(said, ['quiet', 'loud']);
});

test('a child that cancels is thrown out at its next wait', async () => {
  const said: string[] = [];
  const winner = await TaskGroup.run(function* (group) {
    let first: string | undefined;
    const race = function* (name: string, n: number): Coroutine<void> {
      yield* turns(n);
      first ??= name;
      group.cancel();
      said.push(`${name} goes on`);
      yield* sleep();
      said.push('never');
    };
    group.spawn(race, 'slow', 5);
    group.spawn(race, 'fast', 1);
    yield* group.join();
    return first;
  }).catch((error) => error);
  assert.ok(winner instanceof CancelledError, 'the function itself was in a wait, and has no result');
  assert.deepEqual(said, ['fast goes on']);
});

test('run gives the result, after all have ended', async () => {
  const said: string[] = [];
  const result = await TaskGroup.run(function* (group) {
    group.spawn(function* () {
      yield* turns(5);
      said.push('child');
    });
    yield* turns(1);
    return 'result';
  });
  assert.deepEqual([result, said], ['result', ['child']]);
  assert.equal(await TaskGroup.run(async () => 'async'), 'async');
  assert.equal(await TaskGroup.run(() => 'plain'), 'plain');
  const inside = spawn(function* () {
    return yield* TaskGroup.run(function* (group) {
      return yield* group.spawn(turns, 3);
    });
  });
  assert.equal(await inside, 3);
});

test('run gives its function fields, locks and a name of its own', async () => {
  const local = new Local<{ name: string }>();
  const lock = new RLock();
  const seen = await spawn(function* () {
    const host = getCurrent();
    local.name = 'host';
    yield* lock.acquire();
    const all = yield* TaskGroup.run(function* (group) {
      const isReentrant = yield* lock.acquire(0);
      lock.release();
      const child = group.spawn(() => local.name);
      return [getCurrent() === host, isReentrant, local.name, yield* child];
    });
    lock.release();
    return all;
  });
  assert.deepEqual(seen, [true, true, 'host', undefined]);
});

test('an error of the function kills children; one of a child ends the function', async () => {
  const said: string[] = [];
  const ofBody = TaskGroup.run(function* (group) {
    group.spawn(tidy, said, 'child');
    yield* failing(2, 'body');
  });
  await assert.rejects(ofBody, /body/);
  assert.deepEqual(said, ['child']);
  const ofChild = TaskGroup.run(function* (group) {
    group.spawn(failing, 2, 'child');
    yield* tidyAndFail(said, 'body');
  });
  await assert.rejects(ofChild, (error) => {
    assert.deepEqual(messagesOf(error), ['child', 'body']);
    return true;
  });
  const again = TaskGroup.run(async (group) => {
    group.spawn(failing, 2, 'child');
    await sleep(60_000);
  });
  await assert.rejects(again, /child/);
});

test('a function that waits for a child that fails has the error once', async () => {
  const run = TaskGroup.run(function* (group) {
    const child = group.spawn(failing, 2);
    return yield* child;
  });
  await assert.rejects(run, /after 2/);
  const caught = await TaskGroup.run(function* (group) {
    const child = group.spawn(failing, 2);
    try {
      return yield* child;
    } catch {
      return 'caught';
    }
  }).catch((error: Error) => error.message);
  assert.equal(caught, 'after 2', 'an error that one catches is still an error of the group');
});

test('a run that is thrown out leaves nothing behind', async () => {
  using _clock = virtualClock();
  const said: string[] = [];
  const host = spawn(function* () {
    try {
      yield* TaskGroup.run(function* (group) {
        group.spawn(tidy, said, 'child', 5);
        yield* tidy(said, 'function', 1);
      });
    } finally {
      said.push('host');
    }
  });
  await settled();
  await host.kill();
  assert.deepEqual(said, ['function', 'child', 'host']);
  await assert.rejects(
    TaskGroup.run(
      function* (group) {
        group.spawn(tidy, said, 'late child');
        yield* forEver();
      },
      { timeout: 1 },
    ),
    TimeoutError,
  );
  assert.equal(said.at(-1), 'late child');
});

test('a Timeout around a run leaves nothing behind', async () => {
  using _clock = virtualClock();
  const said: string[] = [];
  const host = spawn(function* () {
    const timeout = Timeout.startNew(1);
    try {
      yield* TaskGroup.run(function* (group) {
        group.spawn(tidy, said, 'child');
        yield* forEver();
      });
      return 'no time-out';
    } catch (error) {
      return error === timeout;
    }
  });
  assert.equal(await host, true);
  assert.deepEqual(said, ['child']);
});

test('nested groups end from the inside out', async () => {
  const said: string[] = [];
  const run = TaskGroup.run(function* (outer) {
    outer.spawn(function* () {
      try {
        yield* TaskGroup.run(function* (inner) {
          inner.spawn(tidy, said, 'innermost', 5);
          yield* tidy(said, 'inner function', 1);
        });
      } finally {
        said.push('inner');
      }
    });
    yield* turns(4);
    throw new Error('outer');
  });
  await assert.rejects(run, /outer/);
  assert.deepEqual(said, ['inner function', 'innermost', 'inner']);
});

test('an item that a cancelled child waited for goes back', async () => {
  const queue = new Queue<number>();
  const group = new TaskGroup();
  group.spawn(function* () {
    yield* queue.get();
  });
  group.spawn(failing, 1);
  await assert.rejects(group.join(), /after 1/);
  await queue.put(1);
  assert.equal(queue.qsize(), 1);
});

test('an await using block waits, and keeps the error of its body', async () => {
  const said: string[] = [];
  const wait = async (): Promise<void> => {
    await using group = new TaskGroup();
    group.spawn(function* () {
      yield* turns(5);
      said.push('child');
    });
  };
  await wait();
  assert.deepEqual(said, ['child']);
  const fail = async (): Promise<void> => {
    await using group = new TaskGroup();
    group.spawn(tidy, said, 'other');
    group.spawn(failing, 2);
  };
  await assert.rejects(fail(), /after 2/);
  assert.deepEqual(said, ['child', 'other']);
  const throws = async (): Promise<void> => {
    await using group = new TaskGroup();
    const child = group.spawn(turns, 3);
    child.link(() => said.push('waited for'));
    throw new Error('body');
  };
  await assert.rejects(throws(), /body/);
  await settled();
  assert.equal(said.at(-1), 'waited for');
});

test('a killed async greenlet that awaits an endless promise kills the children of its block', async () => {
  const said: string[] = [];
  const host = spawn(async () => {
    await using group = new TaskGroup();
    group.spawn(tidy, said, 'child');
    await until(new Promise(() => {}));
  });
  await settled();
  await host.kill();
  await settled();
  assert.deepEqual(said, ['child']);
});

test('an error of a group that is not joined is reported', async () => {
  const { stderr, code } = await runProgram(`
    new h.TaskGroup().spawn(() => { throw new Error('unseen'); });
    const group = new h.TaskGroup();
    group.spawn(() => { throw new Error('seen'); });
    await h.sleep(1);
    await group.join().catch(() => {});
    await h.TaskGroup.run(() => { throw new Error('seen'); }).catch(() => {});
  `);
  assert.match(stderr, /^heddle: a TaskGroup that was not joined failed: Error: unseen/);
  assert.doesNotMatch(stderr, /Error: seen/);
  assert.equal(code, 0);
});

test('an error of a collected group is reported soon', async () => {
  const { stdout } = await runProgram(`
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const written = new Promise((resolve) => { process.stderr.write = (text) => resolve(text); });
    (() => { new h.TaskGroup().spawn(() => { throw new Error('unseen'); }); })();
    const timer = setInterval(collect, 1);
    console.log((await written).split('\\n')[0]);
    clearInterval(timer);
  `);
  assert.equal(stdout, 'heddle: a TaskGroup that was not joined failed: Error: unseen\n');
});

test('a deadlock in a group names what is waited for', async () => {
  const { stderr, code } = await runProgram(`
    h.spawn(function* () {
      yield* h.TaskGroup.run(function* (group) {
        group.spawn(function* () { yield* h.until(new Promise(() => {})); });
      });
    });
  `);
  assert.match(stderr, /waits for the end of Greenlet-\d+ in a TaskGroup/);
  assert.equal(code, 1);
});

test('whatever children do, nothing outlives the group, and no error is lost', async () => {
  const plan = fc.record({
    turns: fc.nat(6),
    does: fc.constantFrom('end', 'fail', 'wait', 'spawn', 'be killed', 'fail late', 'async'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 8 }), fc.boolean(), async (plans, isRun) => {
      let living = 0;
      const thrown: Error[] = [];
      const fail = (): never => {
        const error = new Error('planned');
        thrown.push(error);
        throw error;
      };
      function* child(group: TaskGroup, { turns: n, does }: { turns: number; does: string }): Coroutine<void> {
        living += 1;
        try {
          try {
            yield* turns(n);
            if (does === 'fail') fail();
            if (does === 'wait' && plans.some((one) => one.does.startsWith('fail'))) yield* forEver();
            if (does === 'spawn') group.spawn(child, group, { turns: n, does: 'end' });
            if (does === 'async') yield* group.spawn(async () => until(spawn(turns, n)));
            if (does === 'be killed') yield* killed(group.spawn(forEver));
          } finally {
            // A kill that comes now is thrown here, and would take the place of an error.
            if (does !== 'fail') yield* turns(n);
          }
        } finally {
          living -= 1;
          if (does === 'fail late') fail();
        }
      }
      function* killed(greenlet: Greenlet): Coroutine<void> {
        yield* sleep();
        yield* greenlet.kill();
      }
      const group = new TaskGroup();
      const begin = (own: TaskGroup): void => plans.forEach((one) => void own.spawn(child, own, one));
      if (!isRun) begin(group);
      const failure = await (isRun ? TaskGroup.run(begin) : group.join()).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.equal(living, 0);
      const expected = thrown.length > 1 ? (failure as AggregateError).errors : [failure].filter((one) => one !== undefined);
      assert.deepEqual(expected, thrown);
    }),
    { numRuns: 300 },
  );
});

test('a group can have a hundred thousand children', async () => {
  const count = 100_000;
  const all = await TaskGroup.run(function* (group) {
    const list = Array.from({ length: count }, (_, i) => group.spawn(turns, i % 2));
    yield* joinAll(list);
    return list;
  });
  assert.ok(all.every((one, i) => one.value === i % 2));
});

test('a task group is collected when it is over', async () => {
  const work = async (): Promise<WeakRef<object>[]> => {
    const group = new TaskGroup();
    const children = [group.spawn(turns, 1), group.spawn(forEver), group.spawn(failing, 2)];
    const join = group.join();
    await assert.rejects(join, /after 2/);
    return [group, join, ...children].map((one) => new WeakRef(one));
  };
  for (const ref of await work()) await untilCollected(ref);
});
