/** `ThreadLocal`: each thread's fields are its own. What CPython's test_threading_local.py asserts, and how one travels. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { threadId } from 'node:worker_threads';
import { inspect } from 'node:util';
import { Process, ProcessPoolExecutor, Thread, ThreadLocal, ThreadPoolExecutor } from 'heddle';
import { Local } from 'heddle/coroutine';
import { untilCollected } from '../python/garbage.js';

/** Words that a thread and its test share. */
const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(64));

test('what one thread sets another does not see', async () => {
  const local = new ThreadLocal<{ x?: number }>();
  local.x = 1;
  const words = shared();
  const look = (): void => {
    words[0] = local.x ?? -1;
    local.x = 2;
    words[1] = local.x;
    words[2] = Object.keys(local).length;
  };
  assert.ok(await new Thread({ target: look }).start().join());
  assert.deepEqual([...words.subarray(0, 3), local.x], [-1, 2, 1, 1]);
});

test('init makes the fields of each thread when that touches the object first', async () => {
  let made = 0;
  const counted = shared();
  const local = new ThreadLocal(() => {
    made += 1;
    Atomics.add(counted, 0, 1);
    return { id: made, tags: [] as string[] };
  });
  assert.equal(made, 0, 'made before it is touched');
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const pass = (it: object): number => (it === null ? 0 : 1);
  assert.equal(await pool.submit(pass, local), 1);
  assert.equal(counted[0], 0, 'a thread that passes it on has no fields');
  local.tags.push('mine');
  const use = (it: ThreadLocal<{ id: number; tags: string[] }>): unknown => [it.id, it.tags];
  assert.deepEqual(await pool.submit(use, local), [1, []]);
  assert.deepEqual([local.id, local.tags, made, counted[0]], [1, ['mine'], 1, 2]);
});

for (const [kind, Pool] of [
  ['thread', ThreadPoolExecutor],
  ['process', ProcessPoolExecutor],
] as const) {
  test(`a worker of a ${kind} pool keeps its fields between tasks, in one object however often it comes`, async () => {
    const local = new ThreadLocal(() => ({ count: 0 }));
    await using pool = new Pool({ maxWorkers: 1 });
    const up = (it: typeof local): number => (it.count += 1);
    const churn = (): number => Array.from({ length: 300_000 }, (_, i) => ({ i })).length;
    assert.equal(await pool.submit(up, local), 1);
    await pool.submit(churn);
    assert.equal(await pool.submit(up, local), 2);
    const captured = (): number => (local.count += 1);
    assert.equal(await pool.submit(captured), 3);
    assert.deepEqual(await pool.submit((a: object, b: { it: object }) => a === b.it, local, { it: local }), true);
    assert.equal(local.count, 0);
  });

  test(`a result of a ${kind} pool that is a ThreadLocal comes home as the object itself`, async () => {
    const local = new ThreadLocal(() => ({ x: 1 }));
    local.x = 2;
    await using pool = new Pool({ maxWorkers: 1 });
    const home = await pool.submit((it: typeof local) => ({ it }), local);
    assert.equal(home.it, local);
    assert.equal(home.it.x, 2);
    const foreign = await pool.submit(() => new ThreadLocal(() => ({ y: 7 })));
    assert.equal(foreign.y, 7);
    assert.equal(await pool.submit((it: typeof foreign) => it.y++ + it.y, foreign), 15);
  });

  test(`a subclass has its constructor run, and its methods, in a worker of a ${kind} pool`, async () => {
    class Counter extends ThreadLocal<object> {
      count: number;
      readonly step: number;
      constructor(start: number, step: number) {
        super(start, step);
        this.count = start;
        this.step = step;
      }
      next(): number {
        return (this.count += this.step);
      }
      get half(): number {
        return this.count / 2;
      }
    }
    const counter = new Counter(5, 10);
    assert.deepEqual([counter.next(), counter.next()], [15, 25]);
    await using pool = new Pool({ maxWorkers: 1 });
    const use = (it: Counter): unknown => [it.next(), it.next(), it.half, it instanceof Counter];
    assert.deepEqual(await pool.submit(use, counter), [15, 25, 12.5, true]);
    assert.equal(counter.count, 25);
    assert.equal(inspect(counter), '<Counter { count: 25, step: 10 }>');
  });
}

test('a Process has fields of its own, also when it is a field of a subclass', () => {
  const local = new ThreadLocal(() => ({ x: 1 }));
  local.x = 10;
  class Child extends Process {
    readonly local = local;
    override run(): void {
      this.local.x += 1;
      process.exitCode = this.local.x * 10 + (local === this.local ? 1 : 0);
    }
  }
  const child = new Child().start();
  assert.ok(child.joinSync());
  assert.deepEqual([child.exitCode, local.x], [21, 10]);
});

test('it travels on from thread to thread', async () => {
  const local = new ThreadLocal(() => ({ x: 0 }));
  const words = shared();
  const inner = (): void => {
    local.x += 5;
    words[1] = local.x;
  };
  const outer = (): void => {
    local.x += 1;
    new Thread({ target: inner }).start().joinSync();
    words[0] = local.x;
  };
  assert.ok(await new Thread({ target: outer }).start().join());
  assert.deepEqual([words[0], words[1], local.x], [1, 5, 0]);
});

test('an init that captures its own object arrives whole', async () => {
  const local: { x: number; me: () => object } = new ThreadLocal(() => ({ x: 3, me: (): object => local }));
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  assert.deepEqual(await pool.submit((it: typeof local) => [it.x, it.me() === it], local), [3, true]);
});

test('what init throws is thrown by the use of a field, and the next use tries again', async () => {
  const words = shared();
  const local = new ThreadLocal(() => {
    if (Atomics.add(words, 0, 1) === 0) throw new RangeError('not yet');
    return { thread: threadId };
  });
  assert.throws(() => local.thread, { name: 'RangeError', message: 'not yet' });
  assert.equal(local.thread, threadId);
  assert.throws(() => new ThreadLocal<{ x?: 1 }>((() => 5) as never).x, {
    name: 'TypeError',
    message: /expected what init\(\) returns/,
  });
});

test('arguments without a constructor of its own are a TypeError', () => {
  assert.throws(() => new ThreadLocal(1 as never), { name: 'TypeError', message: /expected init/ });
  assert.throws(() => new ThreadLocal(() => ({}), 1), { name: 'TypeError', message: /the arguments of ThreadLocal/ });
});

test('what cannot cross is refused by name: a capture of init, private fields, a Local', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const keys = (it: object): number => Object.keys(it).length;
  const weak = new WeakMap();
  const local = new ThreadLocal(() => ({ has: weak.has({}) }));
  await assert.rejects(pool.submit(keys, local), { name: 'SerializationError', message: /init.*weak/s });
  class Secret extends ThreadLocal<object> {
    #x = 1;
    see(): number {
      return this.#x;
    }
  }
  const secret = new Secret();
  assert.equal(secret.see(), 1);
  await assert.rejects(pool.submit(keys, secret), { name: 'SerializationError', message: /private fields: #x/ });
  await assert.rejects(pool.submit(keys, new Local()), { name: 'SerializationError', message: /a Proxy cannot cross/ });
});

test('fields are an ordinary object to what looks at them', () => {
  const local = new ThreadLocal(() => ({ a: 1, b: 2 }));
  assert.deepEqual(
    [Object.keys(local), 'a' in local, JSON.stringify(local), inspect(local)],
    [['a', 'b'], true, '{"a":1,"b":2}', '<ThreadLocal { a: 1, b: 2 }>'],
  );
  delete (local as { a?: number }).a;
  assert.deepEqual([{ ...local }, local instanceof ThreadLocal], [{ b: 2 }, true]);
});

test('fields are freed with their object, also after that has travelled', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const made: WeakRef<object>[] = [];
  await (async () => {
    const local = new ThreadLocal(() => ({ big: {} }));
    made.push(new WeakRef(local.big), new WeakRef(local));
    await pool.submit((it: typeof local) => Object.keys(it).length, local);
  })();
  for (const ref of made) await untilCollected(ref);
});

test('a worker lets go of the objects that have not come for long', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await pool.submit((local: { held?: object }) => {
    local.held = {};
    (globalThis as { seen?: WeakRef<object> }).seen = new WeakRef(local.held);
  }, new ThreadLocal<{ held?: object }>());
  const many = Array.from({ length: 256 }, () => new ThreadLocal());
  await pool.submit((locals: object[]) => locals.length, many);
  await pool.submit(async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    while ((globalThis as { seen?: WeakRef<object> }).seen!.deref() !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
  });
});
