/** Pools that tasks make in their workers: what they were given is done before the worker ends in good order. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Event, type Executor, Semaphore, WorkerLost } from 'heddle';
import { until } from './collect.ts';
import { kinds } from './kinds.ts';

const count = 10;

/** Gives a pool of its own more than it can begin at once, and does not wait for it. */
const leaveWork = async (done: Semaphore, go: Event, tasks: number, begun?: Event): Promise<void> => {
  const { ThreadPoolExecutor } = await import('heddle');
  const inner = new ThreadPoolExecutor({ maxWorkers: 1 });
  const task = async (): Promise<void> => {
    begun?.set();
    await go.wait();
    await new Promise((resolve) => setTimeout(resolve, 10));
    done.release();
  };
  for (let i = 0; i < tasks; i++) void inner.submit(task);
};

/** The same, where the pool and its tasks are two levels further down. */
const leaveWorkBelow = async (done: Semaphore, go: Event, tasks: number, work: typeof leaveWork): Promise<void> => {
  const { ProcessPoolExecutor, ThreadPoolExecutor } = await import('heddle');
  const inner = new ProcessPoolExecutor({ maxWorkers: 1 });
  const below = async (): Promise<void> => {
    void new ThreadPoolExecutor({ maxWorkers: 1 }).submit(work, done, go, tasks);
  };
  void inner.submit(below);
};

/** Lets the work below go on, and gives how much of it was done when the pool had ended. */
async function doneAtTheEnd(outer: Executor, done: Semaphore, go: Event): Promise<number> {
  const ended = outer.shutdown();
  go.set();
  await ended;
  return done.getValue();
}

function shownBy(outer: Executor): object {
  const { workers, idle, queued, starting } = outer.statistics();
  return { workers, idle, queued, starting };
}

const pidAndThread = async (): Promise<number[]> => {
  const { threadId } = await import('node:worker_threads');
  return [process.pid, threadId];
};

for (const { kind, open } of kinds) {
  test(`${kind}: shutdown() waits for what the pools of its workers were given`, async () => {
    const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1 })];
    await outer.submit(leaveWork, done, go, count);
    assert.equal(await doneAtTheEnd(outer, done, go), count);
  });

  test(`${kind}: a worker that is replaced after its tasks first lets its pools do what they were given, and counts as a worker`, async () => {
    const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 2, maxTasksPerChild: 2 })];
    const leave = () => outer.submit(leaveWork, done, go, 1);
    for (let i = 0; i < 4; i++) await leave();
    const next = [leave(), leave()];
    assert.deepEqual(shownBy(outer), { workers: 2, idle: 0, queued: 2, starting: 0 });
    assert.equal(outer.statistics().workersStarted, 2);
    go.set();
    await Promise.all(next);
    assert.equal(await doneAtTheEnd(outer, done, go), 6);
  });

  test(`${kind}: a worker that is idle while its pools work is kept, counts as busy, and takes tasks`, async () => {
    const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1, idleTimeout: 1 })];
    await outer.submit(leaveWork, done, go, 1);
    const first = await outer.submit(pidAndThread);
    // The time is the stimulus: an idle worker would be told to end.
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.deepEqual(shownBy(outer), { workers: 1, idle: 0, queued: 0, starting: 0 });
    }
    assert.deepEqual(await outer.submit(pidAndThread), first);
    go.set();
    await until(() => outer.statistics().workersEnded === 1);
    assert.equal(done.getValue(), 1);
    await outer.shutdown();
  });

  test(`${kind}: a worker that is idle for too long first lets its pools do what they were given`, async () => {
    const [done, go] = [new Semaphore(0), new Event()];
    await using outer = open({ maxWorkers: 1, idleTimeout: 1 });
    await outer.submit(leaveWork, done, go, count);
    go.set();
    await until(() => outer.statistics().workersEnded === 1);
    assert.equal(done.getValue(), count);
  });

  test(`${kind}: pools three levels deep do what they were given before shutdown() ends`, async () => {
    const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1 })];
    await outer.submit(leaveWorkBelow, done, go, 3, leaveWork);
    assert.equal(await doneAtTheEnd(outer, done, go), 3);
  });

  test(`${kind}: the waiter for the last result of a pool in a worker may give it more before the worker ends`, async () => {
    const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1 })];
    await outer.submit(
      async (one: typeof leaveWork, ...[semaphore, event]: [Semaphore, Event]) => {
        const { ThreadPoolExecutor } = await import('heddle');
        const inner = new ThreadPoolExecutor({ maxWorkers: 1 });
        const wait = (): Promise<unknown> => event.wait();
        const release = (): void => semaphore.release();
        void inner
          .submit(wait)
          .then(() => inner.submit(release))
          .then(() => inner.submit(release));
        return one.name;
      },
      leaveWork,
      done,
      go,
    );
    assert.equal(await doneAtTheEnd(outer, done, go), 2);
  });

  test(`${kind}: shutdown({ cancelFutures }) does not wait for the pools of workers, also when shutdown() does already`, async () => {
    for (const isTwice of [false, true]) {
      const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1 })];
      const begun = new Event();
      await outer.submit(leaveWork, done, go, 1, begun);
      // A thread that ends while it reads its modules leaves a file open.
      await begun.wait();
      if (isTwice) void outer.shutdown();
      await outer.shutdown({ cancelFutures: true });
      assert.equal(done.getValue(), 0);
    }
  });

  test(`${kind}: terminateWorkers() and killWorkers() do not wait for the pools of workers`, async () => {
    for (const end of ['terminateWorkers', 'killWorkers'] as const) {
      const [done, go, outer] = [new Semaphore(0), new Event(), open({ maxWorkers: 1 })];
      const begun = new Event();
      await outer.submit(leaveWork, done, go, 1, begun);
      await begun.wait();
      void outer.shutdown();
      await outer[end]();
      assert.equal(done.getValue(), 0);
    }
  });

  test(`${kind}: a program ends when the pools of its workers have done what they were given`, async () => {
    const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      `import { ${name} as Pool } from 'heddle';
      const pool = new Pool({ maxWorkers: 1 });
      await pool.submit(async () => {
        const { ThreadPoolExecutor } = await import('heddle');
        const inner = new ThreadPoolExecutor({ maxWorkers: 1 });
        for (let i = 0; i < 5; i++)
          inner.submit(async (n) => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            console.log(n);
          }, i);
      });
      for await (const _ of pool.map((n) => n, [1]));
      console.log('end of the program');`,
    ]);
    assert.deepEqual(stdout.trim().split('\n').toSorted(), ['0', '1', '2', '3', '4', 'end of the program']);
  });
}

test('a worker that is killed while its pools work is lost, and shutdown() ends', async () => {
  const outer = kinds[1].open({ maxWorkers: 1 });
  const [done, go] = [new Semaphore(0), new Event()];
  const pid = await outer.submit(() => process.pid);
  await outer.submit(leaveWork, done, go, count);
  const begun = new Event();
  const inner = async (event: Event): Promise<void> => {
    begun.set();
    await event.wait();
  };
  const waiting = outer.submit(
    async (wait: typeof inner, event: Event) => {
      const { ThreadPoolExecutor } = await import('heddle');
      return new ThreadPoolExecutor({ maxWorkers: 1 }).submit(wait, event);
    },
    inner,
    go,
  );
  await begun.wait();
  process.kill(pid, 'SIGKILL');
  await assert.rejects(waiting, WorkerLost);
  await outer.submit(leaveWork, done, go, count);
  const next = await outer.submit(() => process.pid);
  const ended = outer.shutdown();
  process.kill(next, 'SIGKILL');
  await ended;
  assert.equal(done.getValue(), 0);
});
