/** Corners of the language, each shipped twice to a thread and to a process: what one task did must not show in the next. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import vm from 'node:vm';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

class Counter {
  static #count = 0;
  static next(): number {
    return ++Counter.#count;
  }
}

const Anonymous = class {
  clone(): { hi(): string } {
    return new Anonymous();
  }
  hi(): string {
    return 'anonymous';
  }
};

class Left {
  right(): Right {
    return new Right();
  }
}

class Right {
  left(): Left {
    return new Left();
  }
  name(): string {
    return 'right';
  }
}

class Base {
  base(): string {
    return 'base';
  }
  static make(): Mixed {
    return new this() as Mixed;
  }
}

const mixin = (Parent: typeof Base) =>
  class extends Parent {
    mixed(): string {
      return `mixed ${super.base()}`;
    }
  };

class Mixed extends mixin(Base) {
  static override make(): Mixed {
    return super.make();
  }
}

class TwoPartError extends Error {
  readonly extra: string;
  constructor(a: string, b: string) {
    super(a + b);
    this.extra = b;
  }
}

class WithArrow {
  n = 5;
  arrow = (): number => this.n;
  get double(): number {
    return this.n * 2;
  }
}

// biome-ignore-start lint/suspicious: classes of the old kind
function Old(this: { n: number }, n: number): void {
  this.n = n;
}
Old.prototype.get = function (this: { n: number }): number {
  return this.n;
};
Old.version = 7;
function OldChild(this: { n: number }, n: number): void {
  Old.call(this, n);
}
Object.setPrototypeOf(OldChild.prototype as object, Old.prototype as object);
const makeOld = (n: number): { get(): number } => new (Old as never as new (n: number) => { get(): number })(n);
const makeOldChild = (n: number): { get(): number } => new (OldChild as never as new (n: number) => { get(): number })(n);
// biome-ignore-end lint/suspicious: classes of the old kind

let rate = 1;
const settings = { level: 1 };
class Follower {
  static stage = 1;
  now(): number[] {
    return [rate, settings.level, Follower.stage];
  }
}

let swapped = function (n: number): string {
  return n === 0 ? 'old' : swapped(n - 1);
};
const beforeSwap = swapped;
swapped = () => 'new';

const outer = 'outer';
function shadowing(): () => string {
  // oxlint-disable-next-line no-unused-vars -- what the inner one hides
  const outer = 'inner';
  {
    const outer = 'block';
    return () => outer;
  }
}

function counters(): () => () => number {
  let n = 0;
  return () => {
    n += 1;
    return () => n;
  };
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
const field = new WithArrow();
const accessors = {
  k: 4,
  get v(): number {
    return this.k * 2;
  },
};
const up = counters();
const many = Array.from({ length: 300 }, (_, i) => () => i);
const text = `line 1
  line 2 ${outer}`;
const é = 'unicode';
const shared = Symbol.for('shared');
const symbols = {
  [shared]: 1,
  *[Symbol.iterator](): Generator<number> {
    yield 1;
    yield 2;
  },
};

const cases: [string, (...args: never[]) => unknown, unknown, ...unknown[]][] = [
  ['private static', () => Counter.next() - Counter.next(), -1],
  ['a class that knows itself by its variable', () => new Anonymous().clone().hi(), 'anonymous'],
  ['classes that know each other', () => new Left().right().left().right().name(), 'right'],
  ['static super through a mixin', () => Mixed.make().mixed(), 'mixed base'],
  ['recursion through a variable', factorial, 120, 5],
  ['a variable that holds another function by now', beforeSwap, 'new', 3],
  ['the innermost of three variables of one name', shadowing(), 'block'],
  ['line breaks in a template', () => text, text],
  ['300 closures', () => many.reduce((sum, each) => sum + each(), 0), 44850],
  ['names beyond ASCII', () => é, 'unicode'],
  ['symbol keys', () => [symbols[shared], ...symbols], [1, 1, 2]],
  ['an arrow in a field', () => [field.arrow(), field.double], [5, 10]],
  ['that arrow alone', field.arrow, 5],
  ['a bound getter', Object.getOwnPropertyDescriptor(accessors, 'v')?.get?.bind({ k: 3 }) as () => number, 6],
  ['an accessor', () => accessors.v, 8],
  ['classes of the old kind', () => [makeOld(3).get(), Old.version, makeOldChild(4).get()], [3, 7, 4]],
  ['a function of indirect eval', (0, eval)('(a) => a + 1') as (a: number) => number, 3, 2],
  ['a function of vm', vm.runInThisContext('(function (a) { return a * 2 })', { filename: 'some.vm' }) as (a: number) => number, 6, 3],
  ['default parameters that use captures', (a = outer, b = field.n) => `${a}${b}`, 'outer5'],
  [
    'closures that share a variable',
    () => {
      const get = up();
      up();
      return get();
    },
    2,
  ],
  [
    'a class inside that extends one outside',
    () => {
      class Inside extends Base {
        override base(): string {
          return `in ${super.base()}`;
        }
      }
      return new Inside().base();
    },
    'in base',
  ],
  ['rest parameters', (...args: unknown[]) => args.length, 3, 1, 2, 3],
  [
    'an error class used inside',
    () => {
      try {
        throw new TwoPartError('a', 'b');
      } catch (error) {
        return error instanceof TwoPartError && [error.message, error.extra];
      }
    },
    ['ab', 'b'],
  ],
];

for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  const pool = new Executor({ maxWorkers: 1 });
  after(() => pool.shutdown());

  for (const [name, fn, expected, ...args] of cases) {
    test(`${Executor.name}: ${name}`, async () => {
      assert.deepEqual(await pool.submit(fn, ...(args as never[])), expected);
      assert.deepEqual(await pool.submit(fn, ...(args as never[])), expected, 'the second time');
    });
  }

  test(`${Executor.name}: an error comes home as its class`, async () => {
    const error: unknown = await pool
      .submit(() => {
        throw new TwoPartError('x', 'y');
      })
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof TwoPartError);
    assert.deepEqual([error.message, error.extra], ['xy', 'y']);
  });

  test(`${Executor.name}: an instance of an old kind of class comes home as its class`, async () => {
    const child = await pool.submit(makeOldChild, 9);
    assert.ok(child instanceof (OldChild as never as typeof Object) && child instanceof (Old as never as typeof Object));
    assert.equal(child.get(), 9);
  });

  test(`${Executor.name}: an instance with an arrow comes home with an arrow that sees it`, async () => {
    const back = await pool.submit((one: WithArrow) => {
      one.n = 8;
      return one;
    }, field);
    assert.ok(back instanceof WithArrow);
    assert.deepEqual([back.arrow(), back.double, field.n], [8, 16, 5]);
  });

  test(`${Executor.name}: a class is the same class there and back`, async () => {
    assert.equal(await pool.submit(() => Mixed), Mixed);
    assert.equal(await pool.submit((One: typeof Mixed) => One === Mixed, Mixed), true);
  });

  test(`${Executor.name}: a class keeps seeing what it saw when it was first sent`, async () => {
    const look = (): number[] => new Follower().now();
    const set = (value: number): void => {
      rate = settings.level = Follower.stage = value;
    };
    set(1);
    assert.deepEqual(await pool.submit(look), [1, 1, 1]);
    set(2);
    assert.deepEqual(await pool.submit(look), [2, 2, 2]);
    assert.deepEqual(await pool.submit((one: Follower) => one.now(), new Follower()), [2, 2, 2]);
    set(1);
    assert.deepEqual(await pool.submit(look), [1, 1, 1]);
  });

  test(`${Executor.name}: what a task does to a class shows in the next task`, async () => {
    const spoil = (): number => ++rate + ++settings.level + ++Follower.stage;
    const before = new Follower().now();
    await pool.submit(spoil);
    assert.deepEqual(await pool.submit(() => new Follower().now()), before);
  });

  test(`${Executor.name}: a method that was replaced meanwhile is the old one`, async () => {
    class Patched {
      text(): string {
        return 'old';
      }
    }
    const ask = (): string => new Patched().text();
    assert.equal(await pool.submit(ask), 'old');
    Patched.prototype.text = () => 'new';
    assert.equal(await pool.submit(ask), 'new');
  });

  test(`${Executor.name}: a closure made there runs here`, async () => {
    const add = await pool.submit(() => (a: number) => a + outer.length);
    assert.equal(add(1), 6);
  });
}
