/** Local: each greenlet's fields are its own. */

/* oxlint-disable require-yield -- bodies that wait for nothing are greenlets, too */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { getCurrent, Local, Lock, sleep, spawn, Timeout } from 'heddle/coroutine';
import { untilCollected } from '../../python/garbage.js';
import { both } from '../both-kinds.js';
import { unkilled } from '../unkilled.ts';

both('one does not see the fields of another', function* ({ start }) {
  const local = new Local<{ x?: number; y?: number }>();
  local.x = 1;
  const g = start(function* () {
    const before = local.x;
    local.x = 2;
    yield sleep();
    return [before, local.x, 'y' in local];
  });
  local.y = 3;
  assert.deepEqual(yield g, [undefined, 2, false]);
  assert.deepEqual([local.x, Object.keys(local)], [1, ['x', 'y']]);
});

test('async functions of the main program share its fields', async () => {
  const local = new Local();
  local['x'] = 1;
  const read = async (): Promise<unknown> => {
    await sleep();
    return local['x'];
  };
  assert.deepEqual([await read(), await spawn(read)], [1, undefined]);
});

both('the factory is asked once for each greenlet', function* ({ start }) {
  let made = 0;
  const local = new Local(() => ({ id: (made += 1), tags: [] as string[] }));
  assert.equal(made, 0, 'before the first access');
  local.tags.push('mine');
  const other: unknown = yield start(function* () {
    yield sleep();
    return [local.id, local.tags];
  });
  assert.deepEqual([local.id, local.tags, other, made], [1, ['mine'], [2, []], 2]);
});

both('the constructor of a subclass runs once for each greenlet, with its arguments', function* ({ start }) {
  const calls: unknown[][] = [];
  class Counter extends Local<object> {
    count: number;
    readonly step: number;
    readonly seen: string[] = [];

    constructor(start: number, step: number) {
      super(start, step);
      calls.push([start, step]);
      this.count = start;
      this.step = step;
    }

    next(): number {
      this.seen.push(getCurrent().name);
      return (this.count += this.step);
    }

    get half(): number {
      return this.count / 2;
    }

    set half(half: number) {
      this.count = half * 2;
    }

    static from(start: number): Counter {
      return new Counter(start, 10);
    }
  }
  const counter = Counter.from(5);
  assert.deepEqual([counter.next(), counter.next(), calls.length], [15, 25, 1]);
  const g = start(function* () {
    return [counter.next(), counter.seen];
  });
  assert.deepEqual(yield g, [15, [g.name]]);
  counter.half = 6;
  assert.deepEqual([counter.count, counter.half, counter.seen], [12, 6, [getCurrent().name, getCurrent().name]]);
  assert.deepEqual(calls, [
    [5, 10],
    [5, 10],
  ]);
  assert.ok(counter instanceof Counter && counter instanceof Local);
});

test('a constructor that makes others, or fails, does not spoil the next', async () => {
  class Inner extends Local<object> {
    readonly name: string = getCurrent().name;
  }
  const inner = new Inner();
  let isBroken = false;
  class Outer extends Local<object> {
    readonly name: string;
    readonly own: { n?: number };

    constructor() {
      const { name } = inner;
      super();
      if (isBroken) throw new Error('broken');
      this.name = name;
      this.own = new Local<{ n?: number }>();
    }
  }
  const outer = new Outer();
  assert.equal(outer.name, 'main');
  isBroken = true;
  const g = spawn(function* () {
    assert.throws(() => outer.name, /broken/);
    isBroken = false;
    yield* sleep();
    outer.own.n = 1;
    return outer.name === getCurrent().name;
  });
  assert.deepEqual([await g, outer.own.n], [true, undefined]);
});

both('parts of a greenlet share its fields', function* () {
  const local = new Local<{ x?: number }>();
  local.x = 1;
  const read = function* (): Generator<any, number | undefined> {
    yield* sleep();
    return local.x;
  };
  assert.deepEqual(
    [yield new Lock().run(read), yield Timeout.run(60_000, read), yield Timeout.run(60_000, async () => local.x)],
    [1, 1, 1],
  );
});

test('it behaves as other objects', () => {
  const local = new Local<Record<string, unknown>>(() => ({ a: 1 }));
  local['b'] = 2;
  delete local['a'];
  assert.deepEqual({ ...local }, { b: 2 });
  assert.equal(local['missing'], undefined);
  assert.equal(inspect(local), '<Local { b: 2 }>');
  Object.defineProperty(local, 'hidden', { value: 3, enumerable: false });
  assert.deepEqual([Object.keys(local), local['hidden'], JSON.stringify(local)], [['b'], 3, '{"b":2}']);
  assert.throws(() => Object.freeze(local), TypeError);
  assert.throws(() => Object.defineProperty(local, 'fixed', { value: 1, configurable: false }), TypeError);
  assert.equal('fixed' in local, false);
  const copy = Object.assign(new Local<Record<string, unknown>>(), local);
  copy['b'] = 4;
  assert.deepEqual([local['b'], copy['b']], [2, 4]);
});

test('an argument that is not a function, or makes no object, is refused', () => {
  assert.throws(() => new Local(5), { name: 'TypeError', message: 'expected init to be a function, got 5' });
  assert.throws(() => new Local(() => ({}), 1), /expected the arguments of Local to be one function/);
  const local = new Local((() => 1) as never);
  assert.throws(() => local['x'], /expected what init\(\) returns to be an object, got 1/);
});

test('fields go with their greenlet', async () => {
  const local = new Local<{ big?: object }>();
  const ref = await spawn(function* () {
    yield* sleep();
    local.big = { size: 1 };
    return new WeakRef(local.big);
  });
  await untilCollected(unkilled(ref));
  assert.equal(local.big, undefined);
});

test('fields go with the Local, though their greenlet lives', async () => {
  let ref!: WeakRef<object>;
  const touch = (): void => {
    const local = new Local<{ big?: object }>();
    local.big = { size: 1 };
    ref = new WeakRef(local.big);
  };
  const g = spawn(function* () {
    touch();
    yield* sleep(60_000);
  });
  await sleep(1);
  await untilCollected(ref);
  await g.kill();
});
