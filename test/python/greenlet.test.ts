/**
 * The assertions of greenlet's own suite on switching by hand. Sixty thousand random programs behaved the same under greenlet 3.5.6 and
 * under the model of `coroutine/switching/switch-model.test.ts`; these are the cases that have a name.
 *
 * Where heddle differs on purpose:
 * - a greenlet begins in the context of its creator, as everything does in Node, and not in an empty one;
 * - an error that goes to a parent with nothing to run goes on to that one's parent, and is not replaced by another error;
 * - a `GreenletExit` that goes to a parent that has not begun is its argument, as every value is;
 * - a suspended greenlet without references is freed without its `finally` blocks: those run by `[Symbol.dispose]()`, or `using`.
 *
 * Assertions that have no meaning here:
 * - threads that share greenlets (dealloc_other_thread, throw_to_dead_thread_*, implicit_parent_with_threads, threaded_reparent,
 *   unexpected_reparenting*, threaded_leak, untracked_memory_*_thread_*, threaded_greenlets_at_shutdown, main_in_background): a greenlet
 *   cannot be sent to another thread, which is tested;
 * - subclasses (recursive_startup, abstract_subclasses): a greenlet is made by a function;
 * - keywords: they are an object; the number of arguments (…_to_unstarted_parent_raises_error): JavaScript does not count them;
 * - `exc_state`: no error is current while it is handled; tracebacks (non_traceback_param, greenlet_with_traceback_at_shutdown);
 * - classes as errors (ThrowTests.class, instance_of_wrong_type): JavaScript throws what it is given;
 * - entering one context twice (break_ctxvars): a snapshot can be entered by any number at once;
 * - `version`: there is one for the package; the C interfaces.
 */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { inspect, promisify } from 'node:util';
import { ThreadPoolExecutor } from 'heddle';
import { GreenletExit, getcurrent, gettrace, greenlet, type RawGreenlet, settrace, type Tracer } from 'heddle/coroutine';
import { untilCollected } from './garbage.ts';

const main = getcurrent();
const nothing = { name: 'TypeError', message: 'the greenlet has nothing to run: give it a function' };
const running = { name: 'InvalidStateError' };

/** The output of a program, which must end by itself. */
async function program(code: string): Promise<string> {
  const text = `import { greenlet, getcurrent, gettrace, settrace, GreenletExit } from 'heddle/coroutine';\n${code}`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], { timeout: 60_000 });
  assert.equal(stderr, '');
  return stdout;
}

/** A greenlet that waits, and tells what is thrown into it. */
const waiting = (log: string[], parent?: RawGreenlet): RawGreenlet =>
  greenlet(function* () {
    try {
      return (yield* main.switch('waits')) as string;
    } catch (error) {
      log.push(String(error));
      throw error;
    } finally {
      log.push('finally');
    }
  }, parent);

test('a switch or a throw to one without a function fails where it is made, and changes nothing', () => {
  const g = greenlet();
  assert.throws(() => g.switch(), nothing);
  assert.throws(() => g.throw(new RangeError('x')), nothing);
  assert.throws(() => g.throw(), nothing);
  assert.deepEqual([g.dead, g.active], [false, false]);
  const caller = greenlet(function* () {
    try {
      yield* g.switch();
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  });
  assert.equal(caller.switch(), nothing.message);
  g.run = () => 'late';
  assert.equal(g.switch(), 'late');
});

test('a function or a parent of null is as if none was given', () => {
  assert.equal(greenlet(() => 1, null).parent, main);
  assert.throws(() => greenlet(null as never).switch(), nothing);
  const outer = greenlet(() => greenlet(() => 1, null).parent === outer);
  assert.equal(outer.switch(), true);
});

test('two children run in the order of their switches, and are dead when they have ended', () => {
  const log: string[] = [];
  const child = (name: string): RawGreenlet =>
    greenlet(function* () {
      log.push(`${name}1`);
      yield* main.switch();
      log.push(`${name}2`);
    });
  const [a, b] = [child('a'), child('b')];
  a.switch();
  b.switch();
  assert.deepEqual([a.active, b.active], [true, true]);
  b.switch();
  a.switch();
  assert.deepEqual(log, ['a1', 'b1', 'b2', 'a2']);
  assert.deepEqual([a.dead, b.dead, a.active, b.active], [true, true, false, false]);
});

test('an error ends a child and goes to its parent, also when it came by throw()', () => {
  const failing = greenlet(() => {
    throw new RangeError('mine');
  });
  assert.throws(() => failing.switch(), /mine/);
  assert.equal(failing.dead, true);
  const caught: string[] = [];
  const looping = greenlet(function* () {
    for (;;) {
      try {
        yield* main.switch();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        caught.push(error.message);
      }
    }
  });
  looping.switch();
  looping.throw(new RangeError('one'));
  looping.throw(new RangeError('two'));
  assert.deepEqual([caught, looping.active], [['one', 'two'], true]);
  assert.throws(() => looping.throw(new TypeError('three')), { name: 'TypeError', message: 'three' });
  assert.equal(looping.dead, true);
});

test('throw: the value of the next switch comes back; without an error it ends, and is repeated on a dead one', () => {
  const log: string[] = [];
  const catching = greenlet(function* () {
    try {
      yield* main.switch('begun');
    } catch (error) {
      return (yield* main.switch(['caught', error])) as string;
    }
    return undefined;
  });
  catching.switch();
  const error = new RangeError('thrown');
  assert.deepEqual(catching.throw(error), ['caught', error]);
  assert.equal(catching.switch('last'), 'last');
  const g = waiting(log);
  g.switch();
  const exit: unknown = g.throw();
  assert.ok(exit instanceof GreenletExit);
  assert.deepEqual(log, ['GreenletExit: the greenlet was ended', 'finally']);
  assert.equal(g.dead, true);
  assert.ok(g.throw() instanceof GreenletExit);
  assert.equal(g.throw(exit), exit);
  assert.throws(() => g.throw(error), error);
});

test('throw: what comes for one that has not begun, or has ended, goes to its parent, which may not have begun either', () => {
  const error = new RangeError('for the parent');
  for (const isDead of [false, true]) {
    const log: string[] = [];
    const parent = waiting(log);
    parent.switch();
    const child = greenlet(() => 'never', isDead ? main : parent);
    if (isDead) {
      child.switch();
      child.parent = parent;
    }
    assert.throws(() => child.throw(error), error);
    assert.deepEqual(log, ['RangeError: for the parent', 'finally']);
    const newParent = greenlet(() => assert.fail('it began'));
    const other = greenlet(() => 'never', newParent);
    assert.throws(() => other.throw(error), error);
    assert.deepEqual([child.dead, parent.dead, other.dead, newParent.dead], [true, true, true, true]);
  }
});

test('throw into the main greenlet, and into itself, is an error there', () => {
  const error = new RangeError('here');
  const toMain = greenlet(function* () {
    yield* main.throw(error);
  });
  assert.throws(() => toMain.switch(), error);
  assert.equal(toMain.active, true);
  assert.throws(() => main.throw(error), error);
  const toSelf: RawGreenlet = greenlet(function* () {
    const before = yield* toSelf.switch('to myself');
    try {
      yield* toSelf.throw(error);
    } catch (caught) {
      return [before, caught];
    }
    return undefined;
  });
  assert.deepEqual(toSelf.switch(), ['to myself', error]);
  assert.equal(main.switch('to myself'), 'to myself');
});

test('disposing of a suspended one runs its finally, and says nothing to its parent', () => {
  const log: string[] = [];
  const parent = greenlet(() => assert.fail('it began'));
  const g = waiting(log, parent);
  g.switch();
  g[Symbol.dispose]();
  assert.deepEqual(log, ['GreenletExit: the greenlet was disposed of', 'finally']);
  assert.deepEqual([g.dead, parent.dead, g.parent === parent], [true, false, true]);
  g[Symbol.dispose]();
  const never = greenlet(() => assert.fail('it began'));
  never[Symbol.dispose]();
  assert.equal(never.dead, true);
  {
    using inBlock = waiting(log);
    inBlock.switch();
  }
  assert.deepEqual(log.slice(2), ['GreenletExit: the greenlet was disposed of', 'finally']);
});

test('another error than the exit comes out of disposing', () => {
  const g = greenlet(function* () {
    try {
      yield* main.switch();
    } catch {
      throw new RangeError('in its cleanup');
    }
  });
  g.switch();
  assert.throws(() => g[Symbol.dispose](), { name: 'RangeError', message: 'in its cleanup' });
  assert.equal(g.dead, true);
});

test('one that does not end when it is disposed of is told, and can go on', () => {
  const g = greenlet(function* () {
    try {
      yield* main.switch();
    } catch {
      return (yield* main.switch('not now')) as string;
    }
    return undefined;
  });
  g.switch();
  assert.throws(() => g[Symbol.dispose](), { name: 'InvalidStateError', message: /^the greenlet did not end: it switched to another one/ });
  assert.equal(g.active, true);
  assert.equal(g.switch('now'), 'now');
});

test('disposing inside of a greenlet returns there; of one that runs it is refused', () => {
  const log: string[] = [];
  const refused = (g: RawGreenlet): void => assert.throws(() => g[Symbol.dispose](), running);
  const inner = greenlet(function* () {
    try {
      yield* outer.switch();
    } finally {
      refused(inner);
      refused(outer);
      refused(main);
      log.push(`current is inner: ${String(getcurrent() === inner)}`);
      // To itself it may switch: that comes back at once.
      log.push((yield* inner.switch('itself')) as string);
    }
  });
  const outer = greenlet(function* () {
    yield* inner.switch();
    inner[Symbol.dispose]();
    log.push(`current is outer: ${String(getcurrent() === outer)}`, `inner is dead: ${String(inner.dead)}`);
    refused(outer);
    return (yield* main.switch('still switching')) as string;
  });
  refused(main);
  assert.equal(outer.switch(), 'still switching');
  assert.equal(outer.switch('end'), 'end');
  assert.deepEqual(log, ['current is inner: true', 'itself', 'current is outer: true', 'inner is dead: true']);
});

test('an object of named values goes both ways', () => {
  const g = greenlet(function* (named: { a: number }) {
    const back = (yield* main.switch({ got: named.a })) as { b: number };
    yield* main.switch(1, { b: back.b });
  });
  assert.deepEqual(g.switch({ a: 1 }), { got: 1 });
  assert.deepEqual(g.switch({ b: 2 }), [1, { b: 2 }]);
});

test('a greenlet cannot be used in another thread', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const g = greenlet(() => 1);
  await assert.rejects(
    pool.submit((given: RawGreenlet): unknown => given.switch(), g),
    /a RawGreenlet cannot cross/,
  );
  await pool.shutdown();
});

test('a greenlet can be given properties', () => {
  const g = Object.assign(
    greenlet((add: number) => g.base + add),
    { base: 40 },
  );
  assert.equal(g.switch(2), 42);
  assert.equal(g.base, 40);
});

test('run can neither be read nor set once it has begun', () => {
  const g: RawGreenlet = greenlet(function* () {
    assert.throws(() => g.run, running);
    assert.throws(() => (g.run = () => 1), running);
    yield* main.switch();
  });
  assert.equal(typeof g.run, 'function');
  for (let step = 0; step < 2; step++) {
    g.switch();
    assert.throws(() => g.run, running);
    assert.throws(() => (g.run = () => 1), running);
  }
  assert.equal(g.dead, true);
});

test('the parent is the same after a kill', () => {
  const parent = greenlet((value: unknown) => value instanceof GreenletExit);
  for (const end of [(g: RawGreenlet) => g[Symbol.dispose](), (g: RawGreenlet) => assert.equal(g.throw(), true)]) {
    const g = waiting([], parent);
    g.switch();
    end(g);
    assert.deepEqual([g.dead, g.parent === parent], [true, true]);
  }
});

test('an end whose parent fails, or has nothing to run, is an error further up', () => {
  const empty = greenlet();
  const child = greenlet(() => 1, empty);
  assert.throws(() => child.switch(), nothing);
  assert.deepEqual([child.dead, empty.dead], [true, false]);
  const failing = greenlet((value: unknown) => assert.fail(`began with ${String(value)}`));
  assert.throws(() => greenlet(() => 1, failing).switch(), /began with 1/);
  assert.equal(failing.dead, true);
  const lost = greenlet(() => {
    throw new RangeError('not replaced');
  }, greenlet());
  assert.throws(() => lost.switch(), /not replaced/);
});

test('the end of a child begins its parent, with the value as the only argument', () => {
  const collect = (): RawGreenlet => greenlet((...args: unknown[]) => args);
  assert.deepEqual(greenlet(() => 'x', collect()).switch(), ['x']);
  assert.deepEqual(greenlet(() => undefined, collect()).switch(), [undefined]);
  assert.deepEqual(greenlet(() => [1, 2], collect()).switch(), [[1, 2]]);
  const dead = greenlet(() => 'x');
  dead.switch();
  dead.parent = collect();
  assert.deepEqual(dead.switch(1, 2), [1, 2]);
});

test('a switch to a dead one whose parent cannot begin fails each time, where it is made', () => {
  const dead = greenlet(() => 1);
  dead.switch();
  dead.parent = greenlet();
  for (let i = 0; i < 3; i++) assert.throws(() => dead.switch(), nothing);
  assert.throws(() => dead.throw(), nothing);
  const caller = greenlet(function* () {
    try {
      yield* dead.switch();
    } catch {
      return 'here';
    }
    return undefined;
  });
  assert.equal(caller.switch(), 'here');
});

test('a switch to a dead one goes to its new parent', () => {
  const log: string[] = [];
  const parent = waiting(log);
  parent.switch();
  const g = greenlet(() => 'x');
  g.switch();
  assert.equal(g.switch('to the main one'), 'to the main one');
  g.parent = parent;
  assert.equal(g.switch('to the parent'), 'to the parent');
  assert.deepEqual([log, parent.dead], [['finally'], true]);
});

test('parents in a circle, and one for the main greenlet, are refused', () => {
  const g = greenlet(() => 1);
  const child = greenlet(() => 1, g);
  const grandchild = greenlet(() => 1, child);
  for (const below of [g, child, grandchild]) assert.throws(() => (g.parent = below), { name: 'RangeError' });
  for (const parent of [main, g, null]) assert.throws(() => (main.parent = parent), { name: 'TypeError' });
  assert.throws(() => (g.parent = undefined as never), { message: 'expected parent to be a greenlet, got undefined' });
  assert.deepEqual([g.parent === main, main.parent], [true, null]);
});

test('its text tells what state it is in', () => {
  const g = greenlet(function* () {
    yield* main.switch([String(g), String(main)]);
  });
  assert.equal(String(g), 'greenlet(pending)');
  assert.deepEqual(g.switch(), ['greenlet(current)', 'greenlet(suspended, main)']);
  assert.equal(inspect([g]), '[ greenlet(suspended) ]');
  g.switch();
  assert.deepEqual([String(g), String(main)], ['greenlet(dead)', 'greenlet(current, main)']);
});

test('it is neither dead nor suspended while it begins', () => {
  const g = greenlet(() => [g.dead, g.active, getcurrent() === g]);
  assert.deepEqual([g.dead, g.active], [false, false]);
  assert.deepEqual(g.switch(), [false, true, true]);
  assert.deepEqual([main.dead, main.active], [false, true]);
});

test('a tracer is told of every switch; the same can be set twice; what it throws is thrown where the switch goes to', () => {
  const log: unknown[] = [];
  const names = new Map<RawGreenlet, string>([[main, 'main']]);
  const tracer: Tracer = (event, greenlets) => log.push([event, ...greenlets.map((each) => names.get(each))].join(' '));
  const failing: RawGreenlet = greenlet(function* () {
    yield* other.switch();
  });
  const other = greenlet(function* () {
    yield* failing.throw(new RangeError('thrown'));
  });
  names.set(failing, 'a').set(other, 'b');
  try {
    assert.equal(settrace(tracer), undefined);
    assert.equal(settrace(tracer), tracer);
    assert.equal(gettrace(), tracer);
    assert.throws(() => failing.switch(), /thrown/);
    failing.switch();
    assert.deepEqual(log.splice(0), ['switch main a', 'switch a b', 'throw b a', 'throw a main', 'switch main main']);
    other[Symbol.dispose]();
    assert.deepEqual(log.splice(0), ['throw main b', 'switch b main']);
    settrace(() => {
      throw new SyntaxError('of the tracer');
    });
    const g = greenlet(() => 1);
    assert.throws(() => g.switch(), { name: 'SyntaxError', message: 'of the tracer' });
    assert.deepEqual([g.dead, gettrace()], [true, undefined]);
    assert.throws(() => settrace(5 as never), { name: 'TypeError', message: 'expected callback to be a function, got 5' });
  } finally {
    assert.equal(settrace(null), undefined);
  }
});

test('contexts: it begins in that of its maker, or in the one it is given; two can begin in the same', () => {
  const storage = new AsyncLocalStorage<string>();
  const make = (): RawGreenlet =>
    greenlet(function* () {
      yield* main.switch(storage.getStore());
      storage.enterWith('changed');
      yield* main.switch(storage.getStore());
      return storage.getStore();
    });
  const [outside, inside] = [make(), storage.run('maker', make)];
  const [one, two] = [make(), make()];
  one.context = two.context = storage.run('given', () => AsyncLocalStorage.snapshot());
  storage.run('caller', () => {
    assert.deepEqual(
      [outside, inside, one, two].map((g) => g.switch() as unknown),
      [undefined, 'maker', 'given', 'given'],
    );
    assert.equal(one.switch(), 'changed');
    assert.deepEqual([one.switch(), two.context?.(() => storage.getStore())], ['changed', 'given']);
    assert.equal(storage.getStore(), 'caller');
  });
});

test('contexts: readable and settable while it is suspended; while it runs readable; when it is dead neither', () => {
  const storage = new AsyncLocalStorage<string>();
  const read = (g: RawGreenlet): unknown => g.context?.(() => storage.getStore());
  const given = storage.run('given', () => AsyncLocalStorage.snapshot());
  storage.run('maker', () => {
    const g: RawGreenlet = greenlet(function* () {
      assert.equal(read(g), 'maker');
      assert.throws(() => (g.context = given), { name: 'InvalidStateError', message: 'context cannot be set: the greenlet runs' });
      storage.enterWith('mine');
      assert.equal(read(g), 'mine');
      yield* main.switch();
      return storage.getStore();
    });
    assert.equal(read(g), 'maker');
    g.switch();
    assert.equal(read(g), 'mine');
    g.context = given;
    assert.equal(read(g), 'given');
    assert.equal(g.switch(), 'given');
    assert.equal(g.context, undefined);
    assert.throws(() => (g.context = 5 as never), { name: 'TypeError', message: 'expected context to be a function, got 5' });
    assert.equal(read(main), 'maker');
    assert.throws(() => (main.context = given), running);
  });
});

/** greenlet's own example: generators whose items come out of any depth, without `yield` in between. */
function* items<T>(produce: (give: (item: T) => any) => Generator<unknown, void, unknown>): Generator<T> {
  const caller = getcurrent();
  const producer = greenlet(produce);
  const give = (item: T): any => caller.switch({ item });
  for (let got = producer.switch(give) as { item: T }; !producer.dead; got = producer.switch() as { item: T }) yield got.item;
}

test('generators made of greenlets: one level, one inside of another, and their errors', () => {
  function* count(n: number, give: (item: number) => any): Generator<unknown, void, unknown> {
    for (let i = 0; i < n; i++) yield* give(i);
  }
  assert.deepEqual([...items<number>((give) => count(4, give))], [0, 1, 2, 3]);
  const pairs = items<string>(function* (give) {
    for (const a of [1, 2]) {
      // The inner one belongs to a greenlet, so it is asked by yield* there.
      const inner = greenlet(function* () {
        for (const b of 'xy') yield* outer.switch(`${a}${b}`);
      });
      const outer = getcurrent();
      for (let got = yield* inner.switch(); !inner.dead; got = yield* inner.switch()) yield* give(got as string);
    }
  });
  assert.deepEqual([...pairs], ['1x', '1y', '2x', '2y']);
  const bad = items<number>(function* (give) {
    yield* give(1);
    throw new RangeError('bad');
  });
  assert.equal(bad.next().value, 1);
  assert.throws(() => bad.next(), { name: 'RangeError', message: 'bad' });
});

test('generators made of greenlets: recursive permutations', () => {
  function* permute(rest: readonly string[], head: string, give: (item: string) => any): Generator<unknown, void, unknown> {
    if (rest.length === 0) yield* give(head);
    for (const [i, each] of rest.entries()) yield* permute(rest.toSpliced(i, 1), head + each, give);
  }
  const all = [...items<string>((give) => permute(['a', 'b', 'c', 'd'], '', give))];
  assert.equal(new Set(all).size, 24);
  assert.deepEqual(all, all.toSorted());
});

test('dead ones in a circle, suspended ones in a circle, and one that waits are freed without references', async () => {
  const make = (isEnded: boolean): WeakRef<RawGreenlet>[] => {
    const circle: RawGreenlet[] = Array.from({ length: 2 }, (_, i) =>
      Object.assign(
        greenlet(function* () {
          yield* main.switch(circle[1 - i]);
        }),
        { circle: (): unknown => circle },
      ),
    );
    for (const g of circle) g.switch();
    if (isEnded) for (const g of circle) g.switch();
    return circle.map((g) => new WeakRef(g));
  };
  for (const isEnded of [false, true]) for (const ref of make(isEnded)) await untilCollected(ref);
});

test('memory does not grow with the number of greenlets that were', async () => {
  const make = (_: unknown, i: number): WeakRef<RawGreenlet> => {
    const g = waiting([]);
    g.switch();
    if (i % 3 === 0) g.throw();
    if (i % 3 === 1) g[Symbol.dispose]();
    return new WeakRef(g);
  };
  for (const ref of Array.from({ length: 5000 }, make)) await untilCollected(ref);
});

test('what a greenlet was given, has sent or got is not kept while it waits, or when it is dead', async () => {
  const forgetful = greenlet(function* () {
    for (;;) yield* main.switch({ sent: true });
  });
  const ended = greenlet((given: object) => ({ given }));
  const use = (): WeakRef<object>[] => {
    const values = Array.from({ length: 4 }, () => ({}));
    const sent = forgetful.switch(values[0]) as object;
    forgetful.switch(values[1]);
    const several = [values[2], values[2]];
    forgetful.switch(...several);
    forgetful.switch(values[1]);
    const returned = ended.switch(values[3]) as object;
    ended.switch(returned);
    return [...values, sent, returned].map((value) => new WeakRef(value));
  };
  for (const ref of use()) await untilCollected(ref);
  assert.deepEqual([forgetful.active, ended.dead], [true, true]);
});

test('a program ends cleanly with greenlets that are suspended, nested, many, or failed', async () => {
  const code = `
    const main = getcurrent();
    const suspend = () => { const g = greenlet(function* () { try { yield* main.switch(); } finally { console.log('never'); } }); g.switch(); return g; };
    globalThis.kept = Array.from({ length: 100 }, suspend);
    let inner = main;
    for (let i = 0; i < 50; i++) {
      const next = inner;
      inner = greenlet(function* () { if (next === main) yield* main.switch('deep'); else yield* next.switch(); });
    }
    console.log(inner.switch());
    try { greenlet(() => { throw new Error('failed'); }).switch(); } catch (error) { console.log(error.message); }`;
  assert.equal(await program(code), 'deep\nfailed\n');
});

test('while a program exits, greenlets can be made, switched, traced and disposed of', async () => {
  const code = `
    const main = getcurrent();
    const g = greenlet(function* () { try { yield* main.switch(); } finally { console.log('finally'); } });
    g.switch();
    process.on('exit', () => {
      console.log(getcurrent() === main, String(g), gettrace());
      settrace((event) => console.log(event));
      console.log(greenlet(() => 'made at exit').switch());
      settrace(undefined);
      g[Symbol.dispose]();
    });`;
  assert.equal(await program(code), 'true greenlet(suspended) undefined\nswitch\nswitch\nmade at exit\nfinally\n');
});

test('in a thread of its own a greenlet has its own main one, and its finally runs before the thread ends', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const log = await pool.submit(async () => {
    const { getcurrent: current, greenlet: make } = await import('heddle/coroutine');
    const said: string[] = [];
    {
      using g = make(function* () {
        try {
          yield* current().parent!.switch();
        } finally {
          said.push('finally');
        }
      });
      g.switch();
      said.push(String(current()), String(g));
    }
    return said;
  });
  assert.deepEqual(log, ['greenlet(current, main)', 'greenlet(suspended)', 'finally']);
  await pool.shutdown();
});
