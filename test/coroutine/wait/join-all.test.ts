/** joinAll and killAll: the results and their order, the error that is thrown, and what is left behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from 'heddle';
import {
  getCurrent,
  Greenlet,
  greenlet,
  getcurrent,
  GreenletExit,
  joinAll,
  killAll,
  type RawGreenlet,
  sleep,
  spawn,
} from 'heddle/coroutine';
import { HandClock, idle } from '../hand-clock.js';

const LONG = 60_000;

function* forEver(): Generator<any, void> {
  for (;;) yield* sleep(LONG);
}

function* turns(n: number): Generator<any, number> {
  for (let i = 0; i < n; i += 1) yield* sleep();
  return n;
}

function* failing(n: number): Generator<any, never> {
  yield* turns(n);
  throw new Error(`after ${n}`);
}

const valuesOf = (greenlets: Greenlet[]): unknown[] => greenlets.map((one) => one.value);

test('joinAll gives them in the order of their ends, and works in a generator, too', async () => {
  const join = spawn(function* () {
    return valuesOf(yield* joinAll([spawn(turns, 3), spawn(turns, 1), spawn(turns, 2)]));
  });
  assert.deepEqual(await join, [1, 2, 3]);
  assert.deepEqual(await joinAll([]), []);
});

test('those that have ended before come first, as they were given', async () => {
  const first = spawn(turns, 2);
  const second = spawn(turns, 0);
  await joinAll([first, second]);
  assert.deepEqual(await joinAll(new Set([spawn(turns, 1), first, second])).then(valuesOf), [2, 0, 1]);
});

test('one that is given twice counts once, ended or not', async () => {
  const lives = spawn(turns, 3);
  const ended = spawn(turns, 0);
  await ended.join();
  assert.deepEqual(valuesOf(await joinAll([ended, lives, ended, lives])), [0, 3]);
  assert.deepEqual(valuesOf(await joinAll([ended, lives, ended, lives])), [0, 3]);
});

test('at a time-out it gives those in time, and watches the others no longer', async () => {
  const slow = spawn(forEver);
  const quick = spawn(turns, 1);
  assert.deepEqual(await joinAll([slow, quick], { timeout: 0 }), []);
  assert.deepEqual(await joinAll([slow, quick], { timeout: 50 }), [quick]);
  assert.deepEqual(await joinAll([slow, quick], 0), [quick]);
  assert.equal(slow.ready(), false);
  await slow.kill();
});

test('count ends it after that number', async () => {
  const slow = spawn(forEver);
  const greenlets = [slow, spawn(turns, 2), spawn(turns, 1)];
  assert.deepEqual(valuesOf(await joinAll(greenlets, { count: 1 })), [1]);
  assert.deepEqual(valuesOf(await joinAll(greenlets, { count: 2 })), [2, 1], 'both had ended');
  assert.deepEqual(await joinAll(greenlets, { count: 0 }), []);
  await slow.kill();
  assert.equal((await joinAll(greenlets, { count: 100 })).length, 3);
});

test('raiseError throws the error that came first, and does not wait for the rest', async () => {
  const slow = spawn(forEver);
  const later = spawn(failing, 3);
  await assert.rejects(joinAll([slow, later, spawn(failing, 1)], { raiseError: true }), new Error('after 1'));
  assert.equal(slow.ready(), false);
  await assert.rejects(joinAll([slow, later], { raiseError: true }), new Error('after 3'));
  await slow.kill();
  assert.deepEqual(await joinAll([slow], { raiseError: true }), [slow], 'a kill is no error');
});

test('without raiseError a failed one is as good as any', async () => {
  const failed = spawn(failing, 0);
  failed.link(() => {});
  assert.deepEqual(await joinAll([failed]), [failed]);
  assert.deepEqual(failed.exception, new Error('after 0'));
});

test('an aborted signal ends the wait with its reason', async () => {
  const slow = spawn(forEver);
  const controller = new AbortController();
  const joined = joinAll([slow], { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(joined, new Error('enough'));
  await slow.kill();
});

test('what cannot be joined or killed is refused', () => {
  assert.throws(() => joinAll(spawn(turns, 0) as any), /expected greenlets to be an iterable of greenlets, got/);
  assert.throws(() => joinAll([{}] as any), new TypeError('expected greenlets[0] to be a Greenlet, got {}'));
  assert.throws(() => joinAll([], { count: -1 }), RangeError);
  assert.throws(() => joinAll([], { count: '1' as any }), TypeError);
  assert.throws(() => joinAll([], { raiseErrors: true } as any), /unknown key 'raiseErrors' in options: known are timeout, signal/);
  const lives = spawn(turns, 0);
  assert.throws(() => killAll([lives, 5 as any]), new TypeError('expected greenlets[1] to be a greenlet, got 5'));
  assert.throws(() => killAll([lives, getCurrent()]), /main greenlet/);
  assert.throws(() => killAll([getcurrent()]), /main greenlet/);
  assert.equal(lives.dead, false, 'nothing is killed then');
});

test('killAll ends those that wait, those in line and those not started, which never run', async () => {
  using clock = new HandClock();
  let begun = 0;
  const waiting = spawn(forEver);
  await sleep();
  const inLine = spawn(() => (begun += 1));
  const notStarted = new Greenlet(() => (begun += 1));
  const late = new Greenlet(() => (begun += 1));
  late.startLater(5);
  const all = [waiting, inLine, notStarted, late];
  await killAll(new Set(all));
  notStarted.start();
  clock.advance(10);
  await idle();
  assert.equal(begun, 0);
  for (const one of all) assert.ok(one.successful() && one.value instanceof GreenletExit);
  await killAll(all);
});

test('none goes on before all are killed', async () => {
  const said: string[] = [];
  const mutual: Greenlet[] = [];
  function* watches(other: number): Generator<any, void> {
    try {
      yield* mutual[other]!.join();
      said.push('the other ended first');
    } finally {
      said.push('killed');
    }
  }
  mutual.push(spawn(watches, 1), spawn(watches, 0));
  await sleep();
  await killAll(mutual);
  assert.deepEqual(said, ['killed', 'killed']);
});

test('an error of the killer is the error of all, in any of the forms', async () => {
  const error = new Error('away with you');
  const forms = [
    (g: Greenlet): unknown => killAll([g], error),
    (g: Greenlet): unknown => killAll([g], { error }),
    (g: Greenlet): unknown => killAll([g], error, { block: false }),
    (g: Greenlet): unknown => killAll([g], error, 1000),
  ];
  for (const form of forms) {
    const one = spawn(forEver);
    await sleep();
    await form(one);
    await one.join();
    assert.equal(one.exception, error);
  }
});

test('a member that resists is named by a TimeoutError', async () => {
  let isEnough = false;
  function* resists(): Generator<any, void> {
    for (;;) {
      try {
        if (isEnough) return;
        yield* sleep(LONG);
      } catch {
        // Goes on.
      }
    }
  }
  const greenlets = [spawn(resists), spawn(resists)];
  for (const [i, one] of greenlets.entries()) one.name = `knight ${i}`;
  await sleep();
  await assert.rejects(killAll(greenlets, { timeout: 5 }), (error) => {
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /still waits for the end of knight 0, knight 1$/);
    return true;
  });
  await killAll(greenlets, { block: false, timeout: 0 });
  const drop = new Greenlet(resists);
  await killAll([drop], { timeout: 0 });
  assert.equal(drop.dead, true, 'one that had not begun dies in no time');
  isEnough = true;
  await killAll(greenlets);
});

test('killing a group with oneself in it ends the others, then oneself', async () => {
  const others = [spawn(forEver), spawn(forEver)];
  let went = false;
  const one: Greenlet<any> = spawn(function* () {
    yield* sleep();
    yield* killAll([others[0]!, one, others[1]!]);
    went = true;
  });
  await joinAll([one, ...others]);
  assert.equal(went, false);
  for (const other of [one, ...others]) assert.ok((other.value as unknown) instanceof GreenletExit);
});

test('greenlets switched by hand are killed, too, from anywhere', async () => {
  const said: string[] = [];
  const main = getcurrent();
  const waits = (): RawGreenlet => {
    const raw = greenlet(function* () {
      try {
        yield* main.switch();
      } finally {
        said.push('unwound');
      }
    });
    raw.switch();
    return raw;
  };
  const [first, second, fresh] = [waits(), waits(), greenlet(() => said.push('never'))];
  await killAll([first, fresh, spawn(forEver)]);
  assert.deepEqual([first.dead, fresh.dead, said.length], [true, true, 1]);
  greenlet(() => {
    void killAll([second], new Error('not ours to catch'));
  }).switch();
  await sleep();
  assert.deepEqual([second.dead, said], [true, ['unwound', 'unwound']]);
});

test('an error that a greenlet switched by hand ends with is thrown by killAll', async () => {
  const main = getcurrent();
  const raw = greenlet(function* () {
    try {
      yield* main.switch();
    } finally {
      // oxlint-disable-next-line no-unsafe-finally -- that is the point
      throw new Error('in finally');
    }
  });
  raw.switch();
  await assert.rejects(killAll([raw]), new Error('in finally'));
});

test('a hundred thousand are joined and killed', async () => {
  const many = Array.from({ length: 100_000 }, (_, i) => spawn(turns, i % 3));
  assert.equal((await joinAll(many)).length, 100_000);
  const sleeping = Array.from({ length: 100_000 }, () => spawn(forEver));
  await sleep();
  await killAll(sleeping);
  assert.ok(sleeping.every((one) => (one.value as unknown) instanceof GreenletExit));
});
