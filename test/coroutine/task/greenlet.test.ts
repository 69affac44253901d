/** Greenlets that the loop runs: their life, what they run, what others see of them. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'node:test';
import { inspect } from 'node:util';
import {
  type Coroutine,
  getCurrent,
  Greenlet,
  type GreenletExit,
  joinAll,
  type Operation,
  sleep,
  spawn,
  spawnLater,
  until,
  type Wait,
} from 'heddle/coroutine';
import { InvalidStateError, TimeoutError } from 'heddle';

test('spawned greenlets run later, in order', async () => {
  const said: string[] = [];
  const begin = (name: string) =>
    function* () {
      said.push(`${name}1`);
      yield* sleep(0);
      said.push(`${name}2`);
    };
  spawn(begin('a'));
  spawn(async () => {
    said.push('b1');
    await sleep(0);
    said.push('b2');
  });
  const last = spawn(begin('c'));
  spawn(() => said.push('plain'));
  said.push('here');
  await last.join();
  await sleep(0);
  assert.deepEqual(
    said,
    ['here', 'a1', 'b1', 'c1', 'plain', 'a2', 'c2', 'b2'].toSorted((x, y) => said.indexOf(x) - said.indexOf(y)),
  );
  assert.deepEqual(said.slice(0, 5), ['here', 'a1', 'b1', 'c1', 'plain']);
  assert.ok(said.indexOf('a2') < said.indexOf('c2'));
});

test('each kind of function gives its value, and gets its arguments', async () => {
  assert.equal(await spawn((a: number, b: string) => `${a}${b}`, 1, 'x'), '1x');
  assert.equal(await spawn(async (a: number) => a + 1, 1), 2);
  assert.equal(
    await spawn(function* (a: number) {
      yield* sleep(0);
      return a * 2;
    }, 4),
    8,
  );
  // A plain function that makes a generator or a promise is taken for what it returns.
  function* inner(x: number): Coroutine<number> {
    yield* sleep(0);
    return x;
  }
  assert.equal(await spawn((x: number) => inner(x), 5), 5);
  assert.equal(await spawn(() => Promise.resolve(6)), 6);
  assert.equal(await spawn(() => undefined), undefined);
  const failing = [
    spawn(() => {
      throw new Error('plain');
    }),
    spawn(async () => {
      await sleep(0);
      throw new Error('async');
    }),
    // oxlint-disable-next-line require-yield -- it fails before
    spawn(function* () {
      throw new Error('generator');
    }),
  ];
  const messages = await Promise.all(failing.map((g) => g.catch((error: Error) => error.message)));
  assert.deepEqual(messages, ['plain', 'async', 'generator']);
  assert.deepEqual(
    failing.map((g) => [g.ready(), g.successful(), g.value, (g.exception as Error).message]),
    messages.map((message) => [true, false, undefined, message]),
  );
});

test('operations can be waited for at any depth of yield*', async () => {
  function* deep(level: number): Coroutine<string> {
    if (level === 0) {
      yield* sleep(0);
      return 'bottom';
    }
    return `${yield* deep(level - 1)}.`;
  }
  assert.equal(await spawn(deep, 200), `bottom${'.'.repeat(200)}`);
});

test('a greenlet waits for a greenlet, a promise, an operation, and gets its value', async () => {
  const inner = spawn(async () => 'inner');
  const g = spawn(function* () {
    const own: string | GreenletExit = yield* inner;
    const promised: number = yield* until(Promise.resolve(1));
    const operation: boolean = yield* inner.join();
    return [own, promised, operation] as const;
  });
  assert.deepEqual(await g, ['inner', 1, true]);
});

test('its states are right at every point', async () => {
  const g = new Greenlet(function* () {
    assert.deepEqual([g.started, g.dead, g.ready(), g.successful()], [true, false, false, false]);
    assert.equal(getCurrent(), g);
    yield* sleep(0);
    assert.equal(getCurrent(), g);
    return 'value';
  });
  const state = (): unknown[] => [g.started, g.dead, g.ready(), g.successful(), g.value, g.exception];
  assert.deepEqual(state(), [false, false, false, false, undefined, undefined]);
  g.start();
  assert.deepEqual(state(), [true, false, false, false, undefined, undefined]);
  g.start();
  assert.equal(await g.get(), 'value');
  assert.deepEqual(state(), [false, true, true, true, 'value', undefined]);
  g.start();
  assert.equal(g.dead, true);
});

test('a subclass can have a run() of its own, of any kind', async () => {
  class Doubler extends Greenlet<number> {
    readonly list = 'a field with a common name';

    readonly from: number;

    constructor(from: number) {
      super();
      this.from = from;
    }

    override *run(): Coroutine<number> {
      yield* sleep(0);
      return this.from * 2;
    }
  }
  class Later extends Greenlet<string> {
    override async run(): Promise<string> {
      await sleep(0);
      return this.name;
    }
  }
  const doubler = Doubler.spawn(21);
  assert.ok(doubler instanceof Doubler);
  assert.equal(await doubler, 42);
  const later = new Later();
  later.name = 'late';
  later.start();
  assert.equal(await later, 'late');
  assert.equal(await Greenlet.spawn((x: number) => x + 1, 1), 2);
  const nothing = new Greenlet();
  nothing.start();
  await assert.rejects(nothing, /nothing to run/);
});

test('spawnLater starts in time, and not after a kill', async () => {
  const said: string[] = [];
  const killed = spawnLater(1, () => said.push('killed'));
  const early = spawnLater(2, () => said.push('early'));
  const late = spawnLater(4, (x: string) => said.push(x), 'late');
  assert.equal(killed.started, false);
  await killed.kill();
  await joinAll([late, early]);
  assert.deepEqual(said, ['early', 'late']);
  assert.equal(killed.successful(), true);
});

test('a timeout of get or join ends the wait only', async () => {
  const g = spawn(() => sleep(1e6));
  assert.equal(await g.join(1), false);
  assert.equal(await g.join({ timeout: 0 }), false);
  await assert.rejects(g.get(0), TimeoutError);
  await assert.rejects(g.get({ timeout: 1 }), /has not ended in the time that get\(\) was given/);
  const reason = new Error('enough');
  await assert.rejects(g.join({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await g.kill();
  assert.equal(await g.join(0), true);
});

test('getCurrent is right behind an await', async () => {
  const main = getCurrent();
  assert.equal(main.name, 'main');
  const seen: boolean[] = [];
  const check = async (g: () => Greenlet): Promise<void> => {
    for (let i = 0; i < 5; i += 1) {
      seen.push(getCurrent() === g());
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await (i % 2 === 0 ? Promise.resolve() : sleep(0));
    }
  };
  const a: Greenlet<void> = spawn(() => check(() => a));
  const b: Greenlet<void> = spawn(() => check(() => b));
  const c: Greenlet<void> = spawn(function* () {
    seen.push(getCurrent() === c);
    yield* until(check(() => c));
    seen.push(getCurrent() === c);
  });
  await joinAll([a, b, c]);
  assert.deepEqual(
    seen,
    Array.from({ length: 17 }, () => true),
  );
  assert.equal(getCurrent(), main);
});

test('the context of the spawning code is that of the greenlet', async () => {
  const storage = new AsyncLocalStorage<string>();
  const read = function* (): Coroutine<(string | undefined)[]> {
    const seen = [storage.getStore()];
    yield* sleep(0);
    seen.push(storage.getStore());
    storage.enterWith('own');
    yield* sleep(1);
    seen.push(storage.getStore());
    return seen;
  };
  const [outer, inner] = storage.run('outer', () => [spawn(read), spawn(async () => [storage.getStore(), await later()])]);
  async function later(): Promise<string | undefined> {
    await sleep(1);
    return storage.getStore();
  }
  assert.deepEqual(await outer, ['outer', 'outer', 'own']);
  assert.deepEqual(await inner, ['outer', 'outer']);
  assert.equal(storage.getStore(), undefined);
});

test('misuse is reported, and ends only the greenlet', async () => {
  const cases: [() => unknown, RegExp][] = [
    [() => sleep(1), /expected yield\* Operation <sleep\(1\)>, got yield Operation <sleep\(1\)>: write yield\* to wait for it/],
    [() => Promise.resolve(), /expected yield\* until\(promise\), got yield Promise/],
    [() => 5, /expected a greenlet to yield\* what it waits for, such as yield\* sleep\(10\), got yield 5/],
    [() => undefined, /got yield undefined/],
  ];
  for (const [make, message] of cases) {
    const g = spawn(function* (): Coroutine<void> {
      yield make() as Wait;
    });
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await assert.rejects(g, { name: 'TypeError', message });
  }
  // The error can be caught at the wait, and the greenlet goes on.
  const g = spawn(function* (): Coroutine<string> {
    try {
      yield 'nonsense' as unknown as Wait;
    } catch {
      yield* sleep(0);
    }
    return 'went on';
  });
  assert.equal(await g, 'went on');
  for (const bad of [undefined, null, 5, 'x', {}]) {
    assert.throws(() => spawn(bad as () => void), { name: 'TypeError', message: /^expected fn to be a function, got / });
    assert.throws(() => spawnLater(1, bad as () => void), TypeError);
  }
  assert.throws(() => spawnLater(-1, () => {}), RangeError);
  assert.throws(() => sleep(-1), RangeError);
  assert.throws(() => sleep(NaN), RangeError);
  assert.throws(() => (g.name = 5 as unknown as string), TypeError);
  assert.throws(() => g.link(5 as unknown as () => void), TypeError);
});

test('two greenlets can wait for one operation', async () => {
  const shared: Operation<void> = sleep(1);
  const wait = function* (): Coroutine<string> {
    yield* shared;
    return 'woken';
  };
  assert.deepEqual(await Promise.all([spawn(wait), spawn(wait), shared.then(() => 'promise')]), ['woken', 'woken', 'promise']);
});

test('an endless generator, or one that ends by return(), is ended', async () => {
  let isCleaned = false;
  const g = spawn(function* () {
    try {
      for (;;) yield* sleep(0);
    } finally {
      isCleaned = true;
    }
  });
  await sleep(1);
  await g.kill();
  assert.equal(isCleaned, true);
});

test('a stack overflow in a greenlet is only its failure', async () => {
  const endless = (): number => endless() + 1;
  const g = spawn(function* () {
    yield* sleep(0);
    return endless();
  });
  await assert.rejects(g, RangeError);
  assert.equal(await spawn(() => 'fine'), 'fine');
});

test('a greenlet is printed without its inside', () => {
  const g = spawn(function* crawl() {
    yield* sleep(0);
  });
  g.name = 'crawler';
  assert.equal(String(g), '<Greenlet crawler: crawl>');
  assert.equal(inspect({ g }), '{ g: <Greenlet crawler: crawl> }');
  assert.match(new Greenlet().name, /^Greenlet-\d+$/);
  assert.equal(Object.prototype.toString.call(g), '[object Greenlet]');
});

test('ten thousand sleepers wake in order', async () => {
  const order: number[] = [];
  const times = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10);
  await joinAll(
    times.map((ms, i) =>
      spawn(function* () {
        yield* sleep(ms);
        order.push(i);
      }),
    ),
  );
  assert.equal(order.length, times.length);
  const perTime = times.map(() => [] as number[]);
  for (const i of order) perTime[times[i] as number]?.push(i);
  for (const list of perTime)
    assert.deepEqual(
      list,
      list.toSorted((a, b) => a - b),
    );
});

test('yield* outside of its step is refused', async () => {
  const operation = sleep(1);
  assert.throws(() => [...(operation as unknown as Iterable<unknown>)], InvalidStateError);
  const g = spawn(async () => [...(sleep(1) as unknown as Iterable<unknown>)]);
  await assert.rejects(g, /await it/);
});

test('a function is called without this', async () => {
  function plain(this: unknown) {
    return this;
  }
  function* stepped(this: unknown) {
    yield* sleep(0);
    return this;
  }
  assert.deepEqual([await spawn(plain), await spawn(stepped)], [undefined, undefined]);
});

test('an object with the methods of a generator is stepped', async () => {
  class Wrapped {
    readonly #inner: Generator<any, string>;

    constructor(inner: Generator<any, string>) {
      this.#inner = inner;
    }

    [Symbol.iterator](): this {
      return this;
    }

    next(): IteratorResult<any, string> {
      return this.#inner.next();
    }

    throw(error: unknown): IteratorResult<any, string> {
      return this.#inner.throw(error);
    }
  }
  function* inner(): Generator<any, string> {
    try {
      yield* sleep(0);
      yield* sleep(1e6);
    } catch (error) {
      yield* sleep(0);
      return `thrown into: ${(error as Error).message}`;
    }
    return 'slept';
  }
  const g: Greenlet = spawn(() => new Wrapped(inner()));
  await sleep(1);
  await g.kill(new Error('a kill'));
  assert.equal(g.value, 'thrown into: a kill');
});

test('a greenlet is shown with its name and function, before, while and after it runs, however it ends', async () => {
  const shown: string[] = [];
  function* work(this: void): Coroutine<void> {
    shown.push(String(getCurrent()));
    yield* sleep(0);
  }
  async function fail(): Promise<void> {
    throw new Error('expected');
  }
  const [worked, failed, killed] = [spawn(work), spawn(fail), spawn(work)];
  worked.name = 'worker';
  shown.push(String(worked));
  await killed.kill();
  await worked;
  await assert.rejects(failed.get());
  assert.deepEqual(shown, ['<Greenlet worker: work>', '<Greenlet worker: work>']);
  assert.deepEqual(
    [worked, failed, killed].map((g) => inspect(g).replace(/-\d+/, '')),
    ['<Greenlet worker: work>', '<Greenlet Greenlet: fail>', '<Greenlet Greenlet: work>'],
  );
  assert.match(String(spawn(() => {})), /^<Greenlet Greenlet-\d+>$/);
});

test('a name that is not a string, or that throws when it is read, ends the greenlet rightly', async () => {
  const named = (get: () => unknown): (() => string) => Object.defineProperty(() => 'ran', 'name', { get });
  for (const get of [
    () => 5,
    () => {
      throw new Error('unreadable');
    },
  ]) {
    const g = spawn(named(get));
    // oxlint-disable-next-line no-await-in-loop -- one after another
    assert.equal(await g, 'ran');
    assert.match(String(g), /^<Greenlet Greenlet-\d+>$/);
  }
});
