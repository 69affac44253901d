/** Greenlets by hand: values both ways, life and death, parents, and what is misused. The rules are greenlet's. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { GreenletExit, type RawGreenlet, getcurrent, greenlet, sleep, spawn } from 'heddle/coroutine';

const main = getcurrent();

test('switches come in the order in which they are made', () => {
  const said: (number | string)[] = [];
  const first: RawGreenlet = greenlet(function* () {
    said.push(12);
    yield* second.switch();
    said.push(34);
  });
  const second = greenlet(function* () {
    said.push(56);
    yield* first.switch();
    said.push(78);
  });
  first.switch();
  assert.deepEqual(said, [12, 56, 34]);
  assert.deepEqual([first.dead, second.dead, second.active], [true, false, true]);
  second.switch();
  assert.deepEqual(said, [12, 56, 34, 78]);
});

test('values arrive, as they are', () => {
  const echo = greenlet(function* (...args: unknown[]) {
    let got: unknown = args;
    for (;;) got = yield* main.switch(got);
  });
  assert.deepEqual(echo.switch(1, 'two'), [1, 'two']);
  assert.equal(echo.switch(), undefined);
  assert.equal(echo.switch('one'), 'one');
  assert.deepEqual(echo.switch(1, 2, 3), [1, 2, 3]);
  assert.equal(echo.switch(null), null);
  const several = greenlet(function* () {
    yield* main.switch(1, 2);
    return 'end';
  });
  assert.deepEqual(several.switch(), [1, 2]);
  assert.equal(several.switch('ignored'), 'end');
});

test('a plain function runs to its end, with its values', () => {
  const sum = greenlet((a: number, b: number) => a + b);
  assert.equal(sum.switch(1, 2), 3);
  assert.equal(sum.dead, true);
  const g = greenlet(() => getcurrent() === g);
  assert.equal(g.switch(), true);
});

test('switches work at any depth of yield*', () => {
  function* deep(level: number): Generator<unknown, string, unknown> {
    if (level === 0) return (yield* main.switch('down')) as string;
    return `${yield* deep(level - 1)}.`;
  }
  const g = greenlet(deep);
  assert.equal(g.switch(200), 'down');
  assert.equal(g.switch('up'), `up${'.'.repeat(200)}`);
});

test('an error goes to the parent, and ends its greenlet', () => {
  const seen: unknown[] = [];
  const failing = (): RawGreenlet =>
    greenlet(function* () {
      yield* main.switch('ready');
      throw new RangeError('mine');
    });
  const lone = failing();
  assert.equal(lone.switch(), 'ready');
  assert.throws(() => lone.switch(), { name: 'RangeError', message: 'mine' });
  assert.equal(lone.dead, true);
  const outer = greenlet(function* () {
    const inner = failing();
    assert.equal(inner.parent, outer);
    yield* inner.switch();
    try {
      yield* inner.switch();
    } catch (error) {
      seen.push((error as Error).message);
    }
    return 'survived';
  });
  assert.equal(outer.switch(), 'ready');
  assert.equal(outer.switch(), 'survived');
  assert.deepEqual(seen, ['mine']);
});

test('throw() reaches where a greenlet waits', () => {
  const g = greenlet(function* () {
    for (;;) {
      try {
        yield* main.switch('waiting');
      } catch (error) {
        if ((error as Error).message === 'last') throw error;
        yield* main.switch(`caught ${(error as Error).message}`);
      }
    }
  });
  assert.equal(g.switch(), 'waiting');
  assert.equal(g.throw(new Error('one')), 'caught one');
  assert.equal(g.switch(), 'waiting');
  assert.throws(() => g.throw(new Error('last')), /last/);
  assert.equal(g.dead, true);
});

test('a GreenletExit is a value to the parent, and can be caught', () => {
  let isClosed = false;
  const g = greenlet(function* () {
    try {
      yield* main.switch();
    } finally {
      isClosed = true;
    }
  });
  g.switch();
  const exit = g.throw() as unknown;
  assert.ok(exit instanceof GreenletExit);
  assert.equal(exit.code, 'ERR_HEDDLE_GREENLET_EXIT');
  assert.deepEqual([isClosed, g.dead], [true, true]);
  const stubborn = greenlet(function* () {
    try {
      yield* main.switch();
    } catch {
      return yield* main.switch('not yet');
    }
    return undefined;
  });
  stubborn.switch();
  assert.equal(stubborn.throw(), 'not yet');
  assert.equal(stubborn.dead, false);
  assert.equal(stubborn.switch('now'), 'now');
});

test('a value for a greenlet that has not begun, or has ended, arrives', () => {
  const dead = greenlet(() => 'x');
  dead.switch();
  assert.equal(dead.switch('to the parent'), 'to the parent');
  assert.deepEqual(dead.switch(1, 2), [1, 2]);
  assert.throws(() => dead.throw(new RangeError('through')), /through/);
  const exit = new GreenletExit('again');
  assert.equal(dead.throw(exit), exit);
  const never = greenlet(() => assert.fail('it ran'));
  assert.ok(never.throw() instanceof GreenletExit);
  assert.equal(never.dead, true);
  assert.throws(() => greenlet(() => 1).throw(new TypeError('not begun')), /not begun/);
});

test('a value for a parent that has not begun begins it', () => {
  const parent = greenlet((value: unknown) => ['parent got', value]);
  const child = greenlet(() => 'from the child', parent);
  assert.deepEqual(child.switch(), ['parent got', 'from the child']);
  assert.deepEqual([child.dead, parent.dead], [true, true]);
});

test('a parent cannot be a cycle, or missing', () => {
  const a = greenlet(() => 1);
  const b = greenlet(() => 2, a);
  assert.equal(b.parent, a);
  assert.throws(() => (a.parent = b), { name: 'RangeError', message: 'a greenlet cannot be its own ancestor' });
  assert.throws(() => (a.parent = a), RangeError);
  assert.throws(() => (a.parent = null), { name: 'TypeError', message: 'expected parent to be a greenlet, got null' });
  assert.throws(() => (main.parent = a), { name: 'TypeError', message: 'the main greenlet can have no parent' });
  assert.equal(main.parent, null);
  const c = greenlet(() => 'c');
  const collector = greenlet((value: unknown) => `collected ${String(value)}`);
  c.parent = collector;
  assert.equal(c.switch(), 'collected c');
});

test('run cannot be changed under way, and must be there', () => {
  const empty = greenlet();
  assert.throws(() => empty.switch(), { name: 'TypeError', message: 'the greenlet has nothing to run: give it a function' });
  const late = greenlet();
  late.run = (x: number) => x * 2;
  assert.equal(late.switch(21), 42);
  assert.throws(() => late.run, { name: 'InvalidStateError' });
  assert.throws(() => (late.run = () => 1), { name: 'InvalidStateError' });
  assert.throws(() => greenlet(5 as never), { name: 'TypeError', message: 'expected fn to be a function, got 5' });
  assert.throws(() => greenlet(() => 1, {} as never), /expected parent to be a greenlet, got \{\}/);
});

test('a switch that is not yielded is reported', () => {
  const other = greenlet(() => assert.fail('it was switched to'));
  const message =
    /^InvalidStateError: a switch\(\) inside of a greenlet has no effect by itself: write yield\* other\.switch\(\), in a generator function$/;
  const atEnd = greenlet(function* () {
    if (main.dead) yield* main.switch();
    other.switch();
  });
  assert.throws(() => atEnd.switch(), message);
  const twice = greenlet(function* () {
    other.switch();
    yield* main.switch();
  });
  assert.throws(() => twice.switch(), message);
  const returned = greenlet(function* () {
    if (main.dead) yield* main.switch();
    return other.switch() as unknown;
  });
  assert.throws(() => returned.switch(), message);
  const plain = greenlet(() => other.throw() as unknown);
  assert.throws(
    () => plain.switch(),
    /^InvalidStateError: a throw\(\) inside of a greenlet has no effect by itself: write yield\* other\.throw\(\)/,
  );
  const late = greenlet(function* () {
    const order = other.switch() as Generator<unknown, unknown, unknown>;
    other[Symbol.dispose]();
    return yield* order;
  });
  assert.equal(late.switch(), undefined, 'a dead one passes it to its parent');
});

test('a yielded value other than a switch is refused inside of the greenlet', async () => {
  const other = greenlet(() => assert.fail('it was switched to'));
  /** Yields by `yield`, and gives what is thrown there. */
  const complaint = (make: () => unknown): Error =>
    greenlet(function* () {
      try {
        yield make();
      } catch (error) {
        return error;
      }
      return undefined;
    }).switch() as Error;
  assert.deepEqual(
    [() => other.switch() as unknown, () => other.throw() as unknown, () => 5, () => undefined, () => sleep(0)].map((make) =>
      String(complaint(make)),
    ),
    [
      'InvalidStateError: yield other.switch() does not switch: write yield* other.switch(), with the star',
      'InvalidStateError: yield other.throw() does not switch: write yield* other.throw(), with the star',
      ...['5', 'undefined', 'Operation <sleep(0)>'].map(
        (got) =>
          `TypeError: inside greenlet() only switches can be yielded (yield* other.switch()), got ${got}: use spawn() to wait for anything else`,
      ),
    ],
  );
  let foreign: unknown;
  const giving = greenlet(function* () {
    foreign = main.switch();
    yield* foreign as Generator;
  });
  giving.switch();
  assert.match(String(complaint(() => foreign)), /got the switch of another greenlet/);
  const waiting = (): RawGreenlet =>
    greenlet(function* () {
      yield* sleep(0);
    });
  assert.throws(() => waiting().switch(), /^InvalidStateError: yield\* sleep\(0\) works in a generator function that spawn\(\) runs/);
  const spawned = spawn(function* () {
    const g = waiting();
    assert.throws(() => g.switch(), /^TypeError: inside greenlet\(\) only switches can be yielded .*, got a wait: use spawn\(\) to wait/);
    assert.equal(g.dead, true);
    yield* sleep(0);
    return 'waited itself';
  });
  assert.equal(await spawned, 'waited itself');
  for (const asynchronous of [async () => {}, async function* () {}, () => sleep(1)])
    assert.throws(
      () => greenlet(asynchronous).switch(),
      /^TypeError: expected a plain function or a generator function, got an asynchronous one/,
    );
});

test('generators of another make are told from values', () => {
  const scripted = (): object => {
    let step = 0;
    const steps = {
      next: (value: unknown) => (step++ === 0 ? order(value) : { done: true, value: `${step} ${String(value)}` }),
      throw: (error: unknown) => ({ done: true, value: error }),
    };
    // As an old compiler makes them: no prototype of a generator, and the order handed on by hand.
    const order = (value: unknown): object => {
      const inner = (main.switch(value ?? 'first') as Generator<unknown, unknown, unknown>)[Symbol.iterator]();
      return { ...inner.next() };
    };
    return steps;
  };
  const g = greenlet(scripted);
  assert.equal(g.switch(), 'first');
  assert.equal(g.switch('second'), '2 second');
  const realm = greenlet(runInNewContext('(function* (main) { return yield* main.switch(1); })') as () => unknown);
  assert.equal(realm.switch(main), 1);
  assert.equal(realm.switch(2), 2);
});

test('getcurrent() gives the running greenlet', () => {
  const seen: boolean[] = [];
  const inner: RawGreenlet = greenlet(function* () {
    seen.push(getcurrent() === inner);
    yield* outer.switch();
    seen.push(getcurrent() === inner);
  });
  const outer = greenlet(function* () {
    seen.push(getcurrent() === outer, inner.parent === main);
    yield* inner.switch();
    seen.push(getcurrent() === outer);
    yield* inner.switch();
  });
  outer.switch();
  seen.push(getcurrent() === main, main.dead);
  assert.deepEqual(seen, [true, true, true, true, true, true, false]);
});

test('many switches do not grow the stack', () => {
  const count = 100_000;
  const a: RawGreenlet = greenlet(function* () {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (yield* b.switch(i)) as number;
    return sum;
  });
  const b = greenlet(function* (first: number) {
    for (let x = first; ; ) x = (yield* a.switch(x + 1)) as number;
  });
  assert.equal(a.switch(), (count * (count + 1)) / 2);
  // A chain of parents, each of which begins by the end of its child.
  let top = greenlet((n: number) => n);
  const last = top;
  for (let i = 0; i < 50_000; i++) top = greenlet((n: number) => n + 1, top);
  assert.equal(top.switch(0), 50_000);
  assert.equal(last.dead, true);
  // Each calls the next from within.
  const chain: RawGreenlet[] = Array.from({ length: 20_000 }, (_, i) =>
    greenlet(function* (n: number): Generator<unknown, number, unknown> {
      return i === 0 ? n : ((yield* chain[i - 1]!.switch(n + 1)) as number);
    }),
  );
  for (let i = 1; i < chain.length; i++) chain[i - 1]!.parent = chain[i]!;
  assert.equal(chain.at(-1)!.switch(0), 19_999);
});

test('generators made of greenlets give the expected values', () => {
  // A recursive producer that hands its items to its caller, greenlet's own favourite.
  function* items<T>(produce: (give: (item: T) => any) => Generator<unknown, void, unknown>): Generator<T> {
    const producer = greenlet(produce);
    const caller = getcurrent();
    const give = (item: T): any => caller.switch({ item });
    for (let got = producer.switch(give) as { item: T } | undefined; !producer.dead; got = producer.switch() as { item: T })
      yield got!.item;
  }
  function* permutations(list: readonly string[], give: (item: string) => any, head: string = ''): Generator<unknown, void, unknown> {
    if (list.length === 0) yield* give(head);
    for (const [i, each] of list.entries()) yield* permutations(list.toSpliced(i, 1), give, head + each);
  }
  assert.deepEqual([...items<string>((give) => permutations(['a', 'b', 'c'], give))], ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});

test('a context stays with its greenlet, and is there when it goes on', () => {
  const storage = new AsyncLocalStorage<string>();
  const before = greenlet(function* () {
    yield* main.switch(storage.getStore());
    return storage.getStore();
  });
  storage.run('main', () => {
    assert.equal(before.switch(), undefined);
    const g = greenlet(function* () {
      const inherited = storage.getStore();
      storage.enterWith('mine');
      yield* main.switch(inherited);
      const kept = storage.getStore();
      yield* main.switch(kept);
      return storage.run('inside', () => storage.getStore());
    });
    assert.equal(g.switch(), 'main');
    assert.equal(storage.getStore(), 'main');
    assert.equal(
      storage.run('elsewhere', () => g.switch() as unknown),
      'mine',
    );
    assert.equal(g.switch(), 'inside');
    assert.equal(storage.getStore(), 'main');
    assert.equal(before.switch(), undefined);
  });
});
