/** The `signal` of `with()`: aborted before, while it waits, while it runs, and afterwards. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { WorkerLost, currentTask } from 'heddle';
import { until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const me = (): string => `${process.pid}:${threadId}`;
const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
const spin = (): never => {
  for (;;);
};
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** Runs until it is told to stop. */
const untilAborted = (): Promise<unknown> => {
  const { signal } = currentTask()!;
  return new Promise((resolve) => {
    const timer = setInterval(() => {}, 1000);
    const stop = (): void => {
      clearInterval(timer);
      globalThis.heddleHeard = signal.reason;
      resolve('stopped');
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
};

declare global {
  var heddleHeard: unknown;
}

for (const { kind, open } of kinds) {
  test(`${kind}: a task whose signal was aborted before never runs, starts no worker, and gets the reason`, async () => {
    await using pool = open({ maxWorkers: 1 });
    for (const reason of [new RangeError('no more'), 'text', 0, null]) {
      const signal = AbortSignal.abort(reason);
      const view = pool.with({ signal });
      for (const call of [view.submit(me), view.map(me, [1]).next(), view.broadcast(me)]) {
        await assert.rejects(call, (thrown) => thrown === reason);
      }
      assert.equal(listeners(signal), 0);
    }
    assert.equal(pool.statistics().running + pool.statistics().queued, 0);
  });

  test(`${kind}: an abort settles waiting tasks, and none begins`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const gate = new AbortController();
    const busy = pool.with({ signal: gate.signal }).submit(untilAborted);
    await until(() => busy.running());
    const controller = new AbortController();
    const view = pool.with({ signal: controller.signal, retries: 3, retryOn: () => true });
    const keyed = view.with({ key: 'k' });
    const waiting = [view.submit(me), keyed.submit(me), keyed.submit(me), view.submit(me)];
    const other = pool.submit(() => 'ran');
    const reason = { why: 'not an error' };
    const ends = Promise.allSettled(waiting);
    assert.equal(listeners(controller.signal), 1);
    controller.abort(reason);
    for (const end of await ends) assert.equal(end.status === 'rejected' && end.reason, reason);
    assert.equal(listeners(controller.signal), 0);
    assert.equal(busy.running(), true);
    gate.abort();
    await assert.rejects(busy, { name: 'AbortError' });
    assert.equal(await other, 'ran');
    const { submitted, completed, failed } = pool.statistics();
    assert.deepEqual({ submitted, completed, failed }, { submitted: 6, completed: 1, failed: 5 });
  });

  for (const [what, stuck] of [
    ['an endless loop', spin],
    ['an endless wait', hang],
  ] as const) {
    test(`${kind}: ${what} can be aborted, loses its worker, and costs no neighbour`, async () => {
      await using pool = open({ maxWorkers: 2, graceful: 20 });
      const gate = new AbortController();
      const neighbour = pool.submit(
        (signal: AbortSignal) => new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('alive'))),
        gate.signal,
      );
      const controller = new AbortController();
      const view = pool.with({ signal: controller.signal, retries: 2, retryOn: () => true });
      const before = await view.submit(me);
      const victim = view.submit(stuck);
      await until(() => victim.running() && neighbour.running());
      const reason = new RangeError('enough');
      controller.abort(reason);
      await assert.rejects(victim, (thrown) => thrown === reason);
      const after = await pool.submit(me);
      assert.notEqual(after, before);
      await until(() => pool.statistics().workersEnded === 1);
      gate.abort();
      assert.equal(await neighbour, 'alive');
      assert.equal(pool.statistics().retried, 0);
    });
  }

  test(`${kind}: a task that stops in time keeps its worker, and gets the reason`, async () => {
    // The imports of the task are done by then: a task that is aborted before that never begins.
    await using pool = open({ maxWorkers: 1, graceful: 60_000, initializer: () => void currentTask() });
    class Told extends Error {
      readonly extra = new Map([[1, 'one']]);
    }
    const before = await pool.submit(me);
    for (const reason of [new Told('enough'), 'text', undefined, { deep: [1n] }, new TypeError('plain')]) {
      const controller = new AbortController();
      const task = pool.with({ signal: controller.signal }).submit(untilAborted);
      await until(() => task.running());
      controller.abort(reason);
      await assert.rejects(task, (thrown) => thrown === controller.signal.reason);
      const [heard, who] = await pool.submit(() => [globalThis.heddleHeard, `${process.pid}:${threadId}`] as const);
      assert.equal(who, before);
      const expected: unknown = controller.signal.reason;
      if (expected instanceof Error) {
        assert.ok(heard instanceof Error);
        assert.deepEqual([heard.name, heard.message], [expected.name, expected.message]);
        assert.deepEqual((heard as Told).extra, (expected as Told).extra);
      } else assert.deepEqual(heard, expected);
      assert.equal(listeners(controller.signal), 0);
    }
  });

  test(`${kind}: an abort after the end changes nothing, and a long-living signal keeps no listeners`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const view = pool.with({ signal: controller.signal });
    const future = view.submit((x: number) => x, 1);
    assert.equal(await future, 1);
    await assert.rejects(
      view.submit(() => {
        throw new RangeError('failed');
      }),
      RangeError,
    );
    assert.equal(view.submit(me).cancel() || true, true);
    for await (const x of view.map((y: number) => y, [1, 2, 3])) assert.ok(x > 0);
    for await (const x of view.map((y: number) => y, [] as number[])) assert.ok(x > 0);
    await view.map((y: number) => y, [1, 2, 3]).return!();
    async function* slow(): AsyncGenerator<number> {
      yield 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const results = view.map((y: number) => y, slow());
    assert.deepEqual(
      [await results.next(), await results.next()],
      [
        { done: false, value: 1 },
        { done: true, value: undefined },
      ],
    );
    await view.broadcast(me);
    await until(() => pool.statistics().running + pool.statistics().queued === 0);
    assert.equal(listeners(controller.signal), 0);
    controller.abort();
    assert.equal(await future, 1);
    assert.equal(await pool.submit((x: number) => x, 2), 2);
  });

  test(`${kind}: ten thousand tasks on one signal are all told, without a warning of a leak`, async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    await using pool = open({ maxWorkers: 1, graceful: 20 });
    const controller = new AbortController();
    const view = pool.with({ signal: controller.signal });
    const busy = view.submit(hang);
    await until(() => busy.running());
    // One function: the captures of each further one would be read again.
    const same = (x: number): number => x;
    const futures = Array.from({ length: 10_000 }, (_, i) => view.submit(same, i));
    const maps = Array.from({ length: 30 }, () => view.map(same, [1]));
    const ends = Promise.allSettled([busy, ...futures, ...maps.map((map) => map.next())]);
    controller.abort('off');
    for (const end of await ends) assert.equal(end.status === 'rejected' && end.reason, 'off');
    assert.equal(listeners(controller.signal), 0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  test(`${kind}: a task goes on when the grace of its aborted neighbour is over, and its worker ends with it`, async (t) => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 2, graceful: 20 });
    const who = await pool.submit(me);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const gate = new AbortController();
    const told = new Set<string>();
    const progress = (name: string) => (): void => void told.add(name);
    const stay = async (signal: AbortSignal): Promise<string> => {
      const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
      while (globalThis.heddleHeard !== 'enough') await new Promise(setImmediate);
      currentTask()!.progress(1);
      await ended;
      return `${process.pid}:${threadId}`;
    };
    const neighbour = pool.with({ progress: progress('neighbour') }).submit(stay, gate.signal);
    const hears = async (): Promise<never> => {
      const { signal, progress: tell } = currentTask()!;
      signal.addEventListener('abort', () => (globalThis.heddleHeard = signal.reason));
      tell(1);
      return new Promise(() => setInterval(() => {}, 1000));
    };
    const controller = new AbortController();
    const victim = pool.with({ signal: controller.signal, progress: progress('victim') }).submit(hears);
    await until(() => told.has('victim'));
    controller.abort('enough');
    await assert.rejects(victim, (thrown) => thrown === 'enough');
    // The worker has answered that it heard: it is not stuck.
    await until(() => told.has('neighbour'));
    t.mock.timers.tick(20);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    // The worker gets nothing more to do; another worker takes its place when it is gone.
    const next = pool.submit(me);
    gate.abort();
    assert.equal(await neighbour, who);
    assert.notEqual(await next, who);
  });

  test(`${kind}: of two tasks in one worker that is stuck, the neighbour ends`, async () => {
    await using pool = open({ maxWorkers: 1, tasksPerWorker: 2, graceful: 20 });
    const neighbour = pool.submit(hang);
    const controller = new AbortController();
    const victim = pool.with({ signal: controller.signal }).submit(spin);
    await until(() => victim.running() && neighbour.running());
    controller.abort('enough');
    await assert.rejects(victim, (thrown) => thrown === 'enough');
    await assert.rejects(neighbour, WorkerLost);
    assert.equal(await pool.submit(() => 1), 1);
  });
}

test('a graceful of Infinity ends no worker', async (t) => {
  await using pool = kinds[0].open({ maxWorkers: 1, graceful: Infinity });
  const before = await pool.submit(me);
  const controller = new AbortController();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const task = pool.with({ signal: controller.signal }).submit((word: Int32Array) => Atomics.wait(word, 0, 0), flag);
  await until(() => task.running());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  controller.abort('enough');
  await assert.rejects(task, (thrown) => thrown === 'enough');
  // The longest that a timer of Node's waits.
  t.mock.timers.tick(0x7fff_ffff);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  assert.equal(await pool.submit(me), before);
});
