/** Groups: members, waits, the reach of a kill, and what is left behind. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { CancelledError, TimeoutError } from 'heddle';
import { type Coroutine, getCurrent, Greenlet, GreenletExit, Group, sleep, spawn, until } from 'heddle/coroutine';
import { virtualClock } from 'heddle/testing';
import { forEver, gate, settled, turns } from '../pace.ts';
import { runProgram } from '../program.ts';

const LONG = 60_000;

function* failing(n: number): Coroutine<never> {
  yield* turns(n);
  throw new Error(`after ${n}`);
}

/** Says when it ends, after something in its `finally`. */
function* tidy(said: string[], name: string, last: () => Coroutine<unknown> = () => turns(2)): Coroutine<void> {
  try {
    yield* forEver();
  } finally {
    yield* last();
    said.push(name);
  }
}

const isExit = (value: unknown): boolean => value instanceof GreenletExit;

test('a greenlet is a member until its end, and every member is found', async () => {
  const group = new Group();
  const { wait, open } = gate();
  const short = group.spawn(turns, 1);
  const long = group.spawn(wait);
  assert.equal(group.length, 2);
  assert.deepEqual([...group], [short, long]);
  assert.ok(group.has(short) && group.greenlets.has(long));
  await short;
  assert.deepEqual([...group], [long]);
  open();
  await group.join();
  assert.equal(group.length, 0);
  assert.equal(group.has(long), false);
  assert.equal(long.value, 'open');
});

test('a failed, a killed and a plain greenlet leave the group', async () => {
  const group = new Group();
  const failed = group.spawn(failing, 1);
  const killed = group.spawn(forEver);
  const plain = group.spawn(() => 'plain');
  const asynchronous = group.spawn(async () => until(Promise.resolve('async')));
  await assert.rejects(failed.get(), /after 1/);
  await killed.kill();
  assert.deepEqual([await plain, await asynchronous], ['plain', 'async']);
  assert.equal(group.length, 0);
});

test('add, discard and the constructor ignore greenlets that ended, come twice, or belong to others', async () => {
  const ended = spawn(turns, 0);
  await ended;
  const greenlet = new Greenlet(turns, 2);
  const one = new Group([greenlet, ended]);
  const other = new Group();
  await other.add(greenlet);
  await other.add(greenlet);
  await other.add(ended);
  assert.deepEqual([one.length, other.length], [1, 1]);
  one.discard(greenlet);
  one.discard(greenlet);
  assert.deepEqual([one.length, other.length], [0, 1]);
  assert.equal(await one.join(), true);
  assert.equal(greenlet.started, false, 'a member is not started by add');
  await other.start(greenlet);
  await other.join();
  assert.equal(greenlet.value, 2);
});

test('join waits for greenlets that members spawn', async () => {
  const group = new Group();
  const said: number[] = [];
  group.spawn(function* nest(n: number): Coroutine<void> {
    yield* sleep();
    said.push(n);
    if (n < 3) group.spawn(nest, n + 1);
  }, 1);
  assert.equal(await group.join(), true);
  assert.deepEqual(said, [1, 2, 3]);
});

test('join of an empty group is over at once; in time it is true, late false, and nothing is left of it', async () => {
  const group = new Group();
  assert.equal(await group.join(), true);
  const greenlet = group.spawn(forEver);
  assert.equal(await group.join(1), false);
  assert.equal(await group.join({ timeout: 0 }), false);
  const controller = new AbortController();
  const join = group.join({ signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(join, /enough/);
  const inside = spawn(function* () {
    return yield* group.join();
  });
  await sleep();
  await inside.kill();
  assert.ok(!greenlet.dead);
  const last = spawn(function* () {
    return yield* group.join(LONG);
  });
  await sleep();
  void greenlet.kill();
  assert.equal(await last, true);
});

test('raiseError throws the first error, after all have ended', async () => {
  const group = new Group();
  const late = group.spawn(turns, 8);
  group.spawn(failing, 4).linkException(() => {});
  group.spawn(failing, 2);
  group.spawn(function* () {
    yield* sleep();
    group.spawn(failing, 5).linkException(() => {});
  });
  await assert.rejects(group.join({ raiseError: true }), /after 2/);
  assert.ok(late.dead);
  assert.equal(await group.join({ raiseError: true }), true, 'of those that ended before nothing is known');
});

test('raiseError throws before a timeout gives false', async () => {
  using _clock = virtualClock();
  const group = new Group();
  group.spawn(failing, 1);
  group.spawn(forEver);
  await assert.rejects(group.join({ timeout: 5, raiseError: true }), /after 1/);
  assert.equal(await group.join({ timeout: 0, raiseError: true }), false);
  await group.kill();
});

test('an error in a group is reported, and one that join throws is not', async () => {
  const { stderr, code } = await runProgram(`
    const group = new h.Group();
    group.spawn(() => { throw new Error('seen'); });
    await group.join({ raiseError: true }).catch(() => {});
    group.spawn(() => { throw new Error('unseen'); });
    await group.join();
  `);
  assert.match(stderr, /Error: unseen/);
  assert.doesNotMatch(stderr, /Error: seen/);
  assert.equal(code, 0);
});

test('kill runs each finally, and reaches greenlets that have not begun or come meanwhile', async () => {
  const group = new Group();
  const said: string[] = [];
  const { wait, open } = gate();
  group.spawn(tidy, said, 'first', wait);
  group.spawn(tidy, said, 'second');
  await settled();
  const late = group.spawn(tidy, said, 'never began');
  const killing = group.kill();
  assert.equal(late.dead, true);
  assert.equal(group.dying.size, 2);
  const meanwhile = group.spawn(tidy, said, 'neither');
  const added = spawn(tidy, said, 'added');
  await settled();
  await group.add(added);
  open();
  await killing;
  assert.deepEqual(said.sort(), ['added', 'first', 'second']);
  assert.ok(isExit(late.value) && isExit(meanwhile.value));
  assert.deepEqual([group.length, group.dying.size], [0, 0]);
  assert.equal(await group.spawn(turns, 1), 1, 'after the kill it is a group as before');
});

test('a member that resists is killed once, and kill waits for it until its timeout', async () => {
  const group = new Group();
  let told = 0;
  const until = { isOver: false };
  group.spawn(function* () {
    while (!until.isOver) {
      try {
        yield* sleep(LONG);
      } catch {
        told += 1;
      }
    }
  });
  await sleep();
  await assert.rejects(group.kill({ timeout: 1 }), TimeoutError);
  await assert.rejects(
    group.kill({ timeout: 0 }),
    /after the time that kill\(\) was given, it still waits for the end of Greenlet-\d+ in a Group/,
  );
  assert.equal(told, 1);
  assert.equal(group.dying.size, 1);
  until.isOver = true;
  const [member] = group;
  await member!.kill();
  assert.deepEqual([told, group.length, group.dying.size], [2, 0, 0]);
});

test('kill without waiting returns at once, with the given error', async () => {
  const group = new Group();
  const said: string[] = [];
  const { wait, open } = gate();
  const greenlet = group.spawn(tidy, said, 'tidy', wait);
  await settled();
  await group.kill({ block: false, error: new Error('mine') });
  assert.deepEqual(said, []);
  open();
  await group.join();
  assert.match(String(greenlet.exception), /mine/);
  const second = group.spawn(forEver);
  await sleep();
  await group.kill(RangeError, { timeout: LONG });
  assert.ok(second.exception instanceof RangeError);
  await group.kill();
});

test('a member that kills its group does not wait for itself', async () => {
  const group = new Group();
  const said: string[] = [];
  group.spawn(tidy, said, 'other');
  const member = group.spawn(function* () {
    yield* sleep();
    try {
      group.kill();
    } finally {
      said.push('member');
    }
  });
  await group.join();
  assert.deepEqual(said, ['member', 'other']);
  assert.ok(isExit(member.value));
});

test('a group can be killed from a link, and while it is joined and killed by others', async () => {
  const group = new Group();
  const trigger = group.spawn(turns, 2);
  trigger.link(() => group.kill());
  group.spawn(forEver);
  const joins = [group.join(), group.join(LONG), group.kill()];
  await Promise.all(joins);
  assert.equal(group.length, 0);
});

test('killOne kills that one only, and once', async () => {
  const group = new Group();
  const said: string[] = [];
  const [one, other] = [group.spawn(tidy, said, 'one'), group.spawn(tidy, said, 'other')];
  await sleep();
  await sleep();
  await group.killOne(one, { block: false });
  await group.killOne(one);
  assert.deepEqual(said, ['one']);
  const stranger = spawn(turns, 3);
  await group.killOne(stranger);
  assert.equal(await stranger, 3);
  await group.killOne(other, new Error('mine'), LONG);
  assert.match(String(other.exception), /mine/);
  assert.equal(group.length, 0);
});

test('apply gives the result or the error, and passes arguments', async () => {
  const group = new Group();
  assert.equal(await group.apply(Math.max, [1, 3, 2]), 3);
  assert.equal(await group.apply(turns, [2]), 2);
  assert.equal(await group.apply(async () => 'async'), 'async');
  await assert.rejects(group.apply(failing, [1]), /after 1/);
  await assert.rejects(group.apply(forEver, [], 1), TimeoutError);
  assert.equal(group.length, 0, 'a call without a waiter is killed');
  const inside = spawn(function* () {
    return yield* group.apply(turns, [3]);
  });
  assert.equal(await inside, 3);
});

test('a killed call has a GreenletExit as its result', async () => {
  const group = new Group();
  const call = group.apply(forEver);
  await sleep();
  void group.kill();
  await assert.rejects(call, (error: Error) => error instanceof CancelledError && isExit(error.cause));
});

test('a kill of the caller of apply ends the call', async () => {
  const group = new Group();
  const said: string[] = [];
  const caller = spawn(function* () {
    yield* group.apply(tidy, [said, 'call']);
  });
  await sleep();
  await sleep();
  await caller.kill();
  await group.join();
  assert.deepEqual(said, ['call']);
});

test('callbacks are called with a result, and never lost', async () => {
  const group = new Group();
  const said: unknown[] = [];
  const callback = (result: unknown): void => void said.push(['result', result]);
  const errorCallback = (error: unknown): void => void said.push(['error', String(error)]);
  const greenlets: Greenlet<any>[] = [
    group.applyAsync(turns, [1], { callback, errorCallback }),
    group.applyAsync(failing, [2], { callback, errorCallback }),
    group.applyAsync(forEver, [], { callback, errorCallback }),
    group.mapAsync(turns, [3, 0], { callback }),
    group.mapAsync(failing, [5, 4], { errorCallback }),
  ];
  for (const one of greenlets) one.linkException(() => {});
  await sleep();
  await greenlets[2]!.kill();
  await group.join();
  await turnsOfLinks();
  assert.deepEqual(said, [
    ['result', 1],
    ['error', 'Error: after 2'],
    ['result', [3, 0]],
    ['error', 'Error: after 5'],
  ]);
  said.length = 0;
  assert.equal(await group.applyCb(turns, [1], callback), 1);
  assert.deepEqual(await group.mapCb(turns, [1, 2], callback), [1, 2]);
  await assert.rejects(group.applyCb(failing, [1], callback));
  await assert.rejects(group.mapCb(failing, [1], callback));
  await turnsOfLinks();
  assert.deepEqual(said, [
    ['result', 1],
    ['result', [1, 2]],
  ]);
});

/** Callbacks are greenlets of their own. */
async function turnsOfLinks(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await sleep();
}

test('map keeps the order, with every kind of function and source', async () => {
  const group = new Group();
  assert.deepEqual(await group.map(turns, [3, 1, 2]), [3, 1, 2]);
  assert.deepEqual(await group.map((x) => x.toUpperCase(), 'abc'), ['A', 'B', 'C']);
  assert.deepEqual(await group.map(async (x: number) => x + 1, new Set([1, 2])), [2, 3]);
  assert.deepEqual(await group.map(turns, []), []);
  async function* source(): AsyncGenerator<number> {
    for (const x of [2, 0, 1]) {
      await sleep();
      yield x;
    }
  }
  assert.deepEqual(await group.map(turns, source()), [2, 0, 1]);
  assert.deepEqual(
    await spawn(function* () {
      return yield* group.map(turns, source());
    }),
    [2, 0, 1],
  );
});

test('an error in map lets the others go on, and the first of the list is thrown', async () => {
  const group = new Group();
  const ended: number[] = [];
  function* work(x: number): Coroutine<void> {
    yield* turns(x);
    ended.push(x);
    if (x === 2 || x === 4) throw new Error(`of ${x}`);
  }
  await assert.rejects(group.map(work, [5, 4, 3, 2, 1]), /of 4/);
  assert.deepEqual(ended, [1, 2, 3, 4, 5]);
});

test('an error of the source comes after the errors of items', async () => {
  const group = new Group();
  function* source(): Generator<number> {
    yield 1;
    yield 2;
    throw new RangeError('source');
  }
  const ended: number[] = [];
  const work = (x: number): void => void ended.push(x);
  await assert.rejects(group.map(work, source()), RangeError);
  assert.deepEqual(ended, [1, 2]);
  await assert.rejects(group.map(failing, source()), /after 1/);
});

test('a map without a waiter is killed, and its source closed', async () => {
  const group = new Group();
  const said: string[] = [];
  function* source(): Generator<string> {
    try {
      for (const name of 'abc') yield name;
      throw new Error('never taken');
    } finally {
      said.push('source');
    }
  }
  async function* slow(): AsyncGenerator<string> {
    const names = source();
    try {
      yield names.next().value;
      await sleep();
      yield names.next().value;
      await until(new Promise(() => {}));
    } finally {
      names.return(undefined);
    }
  }
  const work = (name: string): Coroutine<void> => tidy(said, name);
  const caller = spawn(function* () {
    yield* group.map(work, ['x', 'y']);
  });
  await turnsOfLinks();
  await caller.kill();
  await group.join();
  assert.deepEqual(said.sort(), ['x', 'y']);
  const controller = new AbortController();
  const map = group.map(work, slow(), { signal: controller.signal });
  await settled();
  controller.abort(new Error('enough'));
  await assert.rejects(map, /enough/);
  await group.join();
  assert.deepEqual(
    said.sort(),
    ['a', 'b', 'x', 'y'],
    'an async generator with an endless wait cannot be closed, and its end is not awaited',
  );
});

test('join waits for a map that takes its items later, and kill ends it', async () => {
  const group = new Group();
  let give!: (value: string) => void;
  async function* source(): AsyncGenerator<string> {
    yield new Promise<string>((resolve) => (give = resolve));
  }
  const results = group.mapAsync((x) => `${x}!`, source());
  assert.equal(await group.join(1), false);
  give('late');
  assert.equal(await group.join(), true);
  assert.deepEqual(results.value, ['late!']);
  const endless = group.mapAsync(() => {}, endlessly());
  const failed = group.map(() => {}, endlessly());
  await sleep(1);
  await Promise.all([group.kill(), assert.rejects(failed, CancelledError)]);
  assert.ok(isExit(endless.value));
});

function* endlessly(): Generator<number> {
  for (let i = 0; ; i += 1) yield i;
}

test('a map that begins while the group is killed ends', async () => {
  const group = new Group();
  const said: string[] = [];
  group.spawn(tidy, said, 'member');
  await sleep();
  const killing = group.kill();
  await assert.rejects(group.map(turns, endlessly()), CancelledError);
  await killing;
  assert.deepEqual(said, ['member']);
});

test('a member can kill its group from the source of a map', async () => {
  const group = new Group();
  function* source(): Generator<number> {
    yield 1;
    void group.kill();
    yield 2;
  }
  await assert.rejects(group.map(forEver, source()), CancelledError);
  assert.equal(await group.join(), true);
});

test('an await using block kills the members', async () => {
  const said: string[] = [];
  {
    await using group = new Group();
    group.spawn(tidy, said, 'member');
    await sleep();
    await sleep();
  }
  assert.deepEqual(said, ['member']);
});

test('wrong arguments are refused', () => {
  const group = new Group();
  const wrong = (call: () => unknown, message: RegExp): void => assert.throws(call, message);
  wrong(() => group.add({} as Greenlet), /expected greenlet to be a Greenlet, got \{\}/);
  wrong(() => new Group([1 as never]), /expected greenlet to be a Greenlet, got 1/);
  wrong(() => group.spawn(1 as never), /expected fn to be a function, got 1/);
  wrong(() => group.map(1 as never, []), /expected fn to be a function, got 1/);
  wrong(() => group.map(() => {}, 1 as never), /expected items to be an iterable, got 1/);
  wrong(() => group.imap(() => {}, [], 1 as never, []), /expected items 2 to be an iterable, got 1/);
  wrong(() => group.imap(() => {}, [], { maxsize: 1 } as never), /unknown key 'maxsize' in options: known are maxSize/);
  wrong(() => group.imap(() => {}, [], { maxSize: 0 }), /expected maxSize to be an integer >= 1, got 0/);
  wrong(() => group.apply(() => {}, 1 as never), /expected args to be an array of arguments, got 1/);
  wrong(() => group.applyAsync(() => {}, [], { callback: 1 as never }), /expected callback to be a function, got 1/);
  wrong(() => group.join({ raise: true } as never), /unknown key 'raise' in options/);
  wrong(() => group.join(-1), /expected timeout to be a number >= 0, got -1/);
  wrong(() => group.kill({ blok: true } as never), /unknown key 'blok'/);
  wrong(() => group.waitAvailable('soon' as never), /expected timeout/);
  assert.equal(group.length, 0);
});

test('a group is never full', async () => {
  const group = new Group();
  group.spawn(turns, 3);
  assert.equal(group.full(), false);
  assert.equal(await group.waitAvailable(0), true);
  await group.join();
});

test('a deadlock in a group names what is waited for', async () => {
  const { stderr, code } = await runProgram(`
    const group = new h.Group();
    group.spawn(function* () { yield* group.join(); });
    group.spawn(function* () { yield* h.until(new Promise(() => {})); });
  `);
  assert.match(stderr, /2 greenlets wait indefinitely/);
  assert.match(stderr, /Greenlet-\d+ waits for the end of Greenlet-\d+, Greenlet-\d+ in a Group/);
  assert.equal(code, 1);
});

test('work of members belongs to its own greenlet', async () => {
  const group = new Group();
  const names = await group.map(
    function* () {
      yield* sleep();
      return getCurrent();
    },
    [1, 2],
  );
  assert.ok(names.every((one) => one instanceof Greenlet && one !== getCurrent()));
  assert.notEqual(names[0], names[1]);
});
