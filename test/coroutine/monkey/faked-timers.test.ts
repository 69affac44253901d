/** Fake timers that take everything, as Sinon's and Jest's do by default: what has nothing to do with time goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, ThreadPoolExecutor } from 'heddle';
import { Empty, Event, Queue, sleep, spawn, Timeout } from 'heddle/coroutine';

/** Puts others in the place of Node's functions until it is disposed of; lists those that heddle calls. The runner goes on with its own. */
function taken(): Disposable & { calls: string[] } {
  const calls: string[] = [];
  const places = [
    ...['queueMicrotask', 'setImmediate', 'setTimeout', 'setInterval'].map((name) => [globalThis, name] as const),
    [process, 'nextTick'] as const,
  ].map(([owner, name]) => ({ owner, name, before: Object.getOwnPropertyDescriptor(owner, name)! }));
  for (const { owner, name, before } of places) {
    const value = (...args: unknown[]): unknown => {
      if (/\/(?:dist|src)\//.test(new Error().stack!.split('\n')[2]!)) calls.push(name);
      return Reflect.apply(before.value as (...args: unknown[]) => unknown, owner, args);
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  return {
    calls,
    [Symbol.dispose](): void {
      for (const { owner, name, before } of places) Object.defineProperty(owner, name, before);
    },
  };
}

test('greenlets go on, wait for each other and end', async () => {
  const said: string[] = [];
  {
    using faked = taken();
    const [queue, go] = [new Queue<string>(1), new Event()];
    const reader = spawn(function* () {
      yield* go.wait();
      for (let i = 0; i < 2; i += 1) said.push(yield* queue.get());
    });
    const writer = spawn(async () => {
      await sleep();
      go.set();
      await queue.put('first');
      await queue.put('second');
    });
    await Promise.all([reader, writer]);
    const killed = spawn(() => new Event().wait());
    await killed.kill();
    assert.deepEqual(faked.calls, []);
  }
  assert.deepEqual(said, ['first', 'second']);
});

test('sleep and time-outs of coroutines and locks go by the real time', async () => {
  using faked = taken();
  const lock = new Lock();
  await lock.acquire();
  await spawn(() => sleep(1));
  assert.equal(await lock.acquire({ timeout: 1 }), false);
  await assert.rejects(Promise.resolve(new Queue().get(1)), Empty);
  await assert.rejects(Promise.resolve(Timeout.run(1, () => new Event().wait())), Timeout);
  lock.release();
  assert.deepEqual(faked.calls, []);
});

test('a pool begun before runs its tasks', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  using faked = taken();
  assert.equal(await pool.submit((x: number) => x + 1, 1), 2);
  const squares: number[] = [];
  for await (const square of pool.map((x: number) => x * x, [1, 2, 3])) squares.push(square);
  assert.deepEqual(squares, [1, 4, 9]);
  assert.deepEqual(faked.calls, []);
});
