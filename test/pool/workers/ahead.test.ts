/** Tasks that a busy worker has ahead: they count as waiting until it begins them. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CancelledError, currentTask, Event, type Executor, RawArray, WorkerLost } from '#src/index.js';
import { kinds } from '../inside-kinds.ts';

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await setImmediate();
};

/** A task that keeps its worker until it is let go, and tasks that count. */
class Gate {
  readonly #numbers = new RawArray('i', 2);
  readonly #isOpen = new Event();

  get block(): () => void {
    const [numbers, isOpen] = [this.#numbers, this.#isOpen];
    return () => {
      numbers.view[0] = 1;
      isOpen.waitSync();
    };
  }

  get count(): (n: number) => number {
    const numbers = this.#numbers;
    return (n) => {
      Atomics.add(numbers.view, 1, 1);
      return n;
    };
  }

  get isHeld(): boolean {
    return this.#numbers.view[0] === 1;
  }

  get counted(): number {
    return Number(this.#numbers.view[1]);
  }

  open(): void {
    this.#isOpen.set();
  }
}

for (const { kind, open } of kinds) {
  /** A pool that has measured short tasks, so that busy workers have others ahead. */
  async function warm(maxWorkers: number): Promise<Executor> {
    const pool = open({ maxWorkers });
    for (let i = 0; i < (kind === 'thread' ? 2 : 4); i++)
      await Promise.all(Array.from({ length: 250 }, (_, n) => pool.submit((x: number) => x, n)));
    return pool;
  }

  test(`${kind}: tasks ahead of a busy worker wait: they are counted so, do not run, and can be cancelled`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const long = pool.submit(gate.block);
    await until(() => gate.isHeld);
    const others = Array.from({ length: 10 }, (_, n) => pool.submit(gate.count, n));
    assert.deepEqual([pool.statistics().running, pool.statistics().queued], [1, 10]);
    assert.deepEqual([long.running(), others.some((each) => each.running())], [true, false]);
    const cancelled = others.filter((_, n) => n % 2 === 1);
    assert.ok(cancelled.every((each) => each.cancel()));
    gate.open();
    const ends = await Promise.allSettled(others);
    assert.deepEqual(
      ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason instanceof CancelledError)),
      [0, true, 2, true, 4, true, 6, true, 8, true],
    );
    assert.equal(gate.counted, 5, 'what was cancelled did not run');
    await pool.shutdown();
  });

  test(`${kind}: an aborted task that a busy worker has ahead never runs`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const long = pool.submit(gate.block);
    const controller = new AbortController();
    await until(() => gate.isHeld);
    const future = pool.with({ signal: controller.signal }).submit(gate.count, 1);
    const next = pool.submit(gate.count, 2);
    controller.abort(new Error('not wanted'));
    await assert.rejects(future, { message: 'not wanted' });
    gate.open();
    assert.deepEqual([await long, await next, gate.counted], [undefined, 2, 1]);
    await pool.shutdown();
  });

  test(`${kind}: a task that was sent to a free worker, and aborted or cancelled before the worker begins it, never runs`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    // The worker is free, as its host sees it, and its event loop is blocked.
    await pool.submit((block) => void globalThis.setImmediate(block), gate.block);
    await until(() => gate.isHeld);
    const controller = new AbortController();
    const aborting = pool.with({ signal: controller.signal });
    const aborted = aborting.submit(gate.count, 1);
    await setImmediate();
    controller.abort(new Error('not wanted'));
    await assert.rejects(aborted, { message: 'not wanted' });
    const cancelled = pool.with({ signal: new AbortController().signal }).submit(gate.count, 2);
    await setImmediate();
    assert.deepEqual([cancelled.running(), cancelled.cancel()], [false, true]);
    const next = pool.submit(gate.count, 3);
    gate.open();
    assert.deepEqual([await next, gate.counted], [3, 1]);
    await pool.shutdown();
  });

  test(`${kind}: outcomes are reported before a task that takes long begins`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const short = Array.from({ length: 5 }, (_, n) => pool.submit(gate.count, n));
    const long = pool.submit(gate.block);
    assert.deepEqual(await Promise.all(short), [0, 1, 2, 3, 4]);
    await until(() => gate.isHeld);
    assert.deepEqual([long.running(), String(long)], [true, '<Future state=running>']);
    gate.open();
    await long;
    await pool.shutdown();
  });

  test(`${kind}: outcomes are reported before a Sync call blocks the worker, however short such calls were`, async () => {
    const pool = await warm(1);
    const isOpen = new Event();
    const pass = (): boolean => isOpen.waitSync();
    isOpen.set();
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 10 }, () => pool.submit(pass)));
    isOpen.clear();
    const short = Array.from({ length: 5 }, (_, n) => pool.submit((x: number) => x, n));
    const long = pool.submit(pass);
    assert.deepEqual(await Promise.all(short), [0, 1, 2, 3, 4]);
    isOpen.set();
    await long;
    await pool.shutdown();
  });

  test(`${kind}: a task that its worker has not begun can be cancelled, though the task before it has ended`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const { block } = gate;
    const leaveBehind = (): void => {
      globalThis.setImmediate(block);
      for (const start = performance.now(); performance.now() - start < 2; );
    };
    const first = pool.submit((n: number) => n, 0);
    const before = pool.submit(leaveBehind);
    const others = Array.from({ length: 3 }, (_, n) => pool.submit(gate.count, n));
    await Promise.all([first, before]);
    await until(() => gate.isHeld);
    const wasCancelled = others.map((each) => each.cancel());
    assert.deepEqual(
      others.map((each) => each.cancelled()),
      wasCancelled,
    );
    gate.open();
    const ends = await Promise.allSettled(others);
    assert.deepEqual(
      ends.map(({ status }) => status === 'rejected'),
      wasCancelled,
    );
    assert.equal(gate.counted, wasCancelled.filter((each) => !each).length);
    await pool.shutdown();
  });

  test(`${kind}: large buffers arrive as they were at the call, from tasks that wait, are cancelled, fail or end`, async () => {
    const pool = await warm(2);
    const sum = (bytes: Uint8Array, n: number): Uint8Array => {
      if (n % 7 === 3) throw new Error(`of ${n}`);
      if (!bytes.every((byte) => byte === n % 251)) throw new Error(`the bytes of ${n} are others`);
      return bytes;
    };
    const bytes = new Uint8Array(100_000);
    for (let round = 0; round < 2; round++) {
      const tasks = Array.from({ length: 60 }, (_, n) => pool.submit(sum, bytes.fill(n % 251), n));
      const isBack = tasks.map((each, n) => n % 5 === 4 && each.cancel());
      const ends = await Promise.allSettled(tasks);
      for (const [n, end] of ends.entries()) {
        if (end.status === 'fulfilled') assert.ok(end.value.length === 100_000 && end.value.every((byte) => byte === n % 251), `of ${n}`);
        else if (!isBack[n]) assert.equal((end.reason as Error).message, `of ${n}`);
      }
    }
    await pool.shutdown();
  });

  test(`${kind}: a worker with many tasks at a time never has more, and ends them all`, async () => {
    const pool = open({ maxWorkers: 1, tasksPerWorker: 300 });
    const numbers = new RawArray('i', 2);
    const work = async (): Promise<void> => {
      const list = numbers.view;
      const now = Atomics.add(list, 0, 1) + 1;
      if (now > Number(list[1])) list[1] = now;
      await new Promise((resolve) => globalThis.setImmediate(resolve));
      Atomics.sub(list, 0, 1);
    };
    for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 900 }, () => pool.submit(work)));
    assert.ok(Number(numbers.view[1]) <= 300);
    assert.equal(pool.statistics().completed, 3600);
    await pool.shutdown();
  });

  test(`${kind}: a worker that is free takes what another has ahead`, async () => {
    const pool = await warm(2);
    const [one, other] = [new Gate(), new Gate()];
    const [first, second] = [pool.submit(one.block), pool.submit(other.block)];
    await until(() => one.isHeld && other.isHeld);
    const behind = Array.from({ length: 20 }, (_, n) => pool.submit(one.count, n));
    other.open();
    assert.deepEqual(
      await Promise.all(behind),
      behind.map((_, n) => n),
    );
    assert.equal(first.done(), false);
    one.open();
    await Promise.all([first, second]);
    await pool.shutdown();
  });

  test(`${kind}: tasks behind a long one go to workers that are done, in the order in which they were submitted`, async () => {
    const pool = await warm(2);
    const gate = new Gate();
    const order = new RawArray('i', 1001);
    const note = (n: number): void => {
      const list = order.view;
      list[Atomics.add(list, 0, 1) + 1] = n;
    };
    const long = pool.submit(gate.block);
    await until(() => gate.isHeld);
    await Promise.all(Array.from({ length: 1000 }, (_, n) => pool.submit(note, n)));
    const begun = [...order.view].slice(1).map(Number);
    assert.deepEqual(
      [...begun].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, n) => n),
    );
    // The tasks ahead of the blocked worker are given to the other when that is noticed, not at the end.
    assert.ok(begun.indexOf(0) < 900 && begun.indexOf(1) < 900);
    gate.open();
    await long;
    await pool.shutdown();
  });

  test(`${kind}: a higher priority goes before what a busy worker has not begun and its host still has`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const long = pool.submit(gate.block);
    await until(() => gate.isHeld);
    const order: string[] = [];
    const futures = Array.from({ length: 200 }, (_, n) => pool.submit(gate.count, n).then(() => order.push(`low ${n}`)));
    futures.push(
      pool
        .with({ priority: 1 })
        .submit(gate.count, 0)
        .then(() => order.push('high')),
    );
    gate.open();
    await Promise.all([...futures, long]);
    assert.ok(order.indexOf('high') <= 64, `it came after ${order.indexOf('high')} others`);
    await pool.shutdown();
  });

  test(`${kind}: when tasks turn out to be long, what is ahead goes back, and a higher priority before it`, async () => {
    const pool = await warm(1);
    const long = (): void => {
      const end = performance.now() + 40;
      while (performance.now() < end);
    };
    const order: string[] = [];
    const futures = Array.from({ length: 12 }, (_, n) => pool.submit(long).then(() => order.push(`low ${n}`)));
    await futures[1];
    futures.push(
      pool
        .with({ priority: 1 })
        .submit(() => 1)
        .then(() => order.push('high')),
    );
    await Promise.all(futures);
    assert.ok(order.indexOf('high') <= 4, order.join());
    await pool.shutdown();
  });

  test(`${kind}: of a worker that ends, what it had ahead runs elsewhere, once`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const { block } = gate;
    const die = (): never => {
      block();
      process.exit(3);
    };
    const dying = pool.submit(die);
    await until(() => gate.isHeld);
    const others = Array.from({ length: 30 }, (_, n) => pool.submit(gate.count, n));
    gate.open();
    await assert.rejects(dying, WorkerLost);
    assert.deepEqual(
      await Promise.all(others),
      others.map((_, n) => n),
    );
    assert.equal(gate.counted, 30);
    await pool.shutdown();
  });

  test(`${kind}: of a worker that is killed, what it had ahead is cancelled by terminateWorkers`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const long = pool.submit(gate.block);
    await until(() => gate.isHeld);
    const others = Array.from({ length: 5 }, (_, n) => pool.submit(gate.count, n));
    const ended = pool.terminateWorkers();
    const ends = await Promise.allSettled([long, ...others]);
    assert.deepEqual(
      ends.map((end) => (end as PromiseRejectedResult).reason.constructor),
      [WorkerLost, ...others.map(() => CancelledError)],
    );
    assert.equal(gate.counted, 0);
    await ended;
  });

  test(`${kind}: shutdown with cancelFutures cancels what a busy worker has ahead, and one without runs it`, async () => {
    for (const cancelFutures of [true, false]) {
      const pool = await warm(1);
      const gate = new Gate();
      const long = pool.submit(gate.block);
      await until(() => gate.isHeld);
      const others = Array.from({ length: 5 }, (_, n) => pool.submit(gate.count, n));
      const ended = pool.shutdown({ cancelFutures });
      gate.open();
      const ends = await Promise.allSettled(others);
      assert.ok(ends.every(({ status }) => status === (cancelFutures ? 'rejected' : 'fulfilled')));
      assert.equal(gate.counted, cancelFutures ? 0 : 5);
      await Promise.all([long, ended]);
    }
  });

  test(`${kind}: tasks that follow one another in a worker see each its own number, microtasks of the one before come first`, async () => {
    const pool = await warm(1);
    const trace: string[] = [];
    const told = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        pool.submit((i: number) => {
          const shared = globalThis as { heddleTrace?: number[] };
          const list = (shared.heddleTrace ??= []);
          void Promise.resolve().then(() => list.push(i));
          return [currentTask()!.id, i, list.length];
        }, n),
      ),
    );
    for (const [, i, length] of told) trace.push(`${i}:${length}`);
    assert.equal(new Set(told.map(([id]) => id)).size, 100);
    assert.deepEqual(
      trace,
      Array.from({ length: 100 }, (_, n) => `${n}:${n}`),
    );
    await pool.shutdown();
  });

  test(`${kind}: a new observer is told once of each task that begins`, async () => {
    const pool = await warm(1);
    const futures = Array.from({ length: 300 }, (_, n) => pool.submit((x: number) => x, n));
    const heard: number[] = [];
    const listen = (message: unknown): void => void heard.push((message as { id: number }).id);
    subscribe('heddle:taskStarted', listen);
    futures.push(...Array.from({ length: 20 }, (_, n) => pool.submit((x: number) => x, n)));
    await Promise.all(futures);
    unsubscribe('heddle:taskStarted', listen);
    assert.equal(new Set(heard).size, heard.length);
    assert.ok(heard.length >= 20);
    await pool.shutdown();
  });

  test(`${kind}: the queueLimit counts what busy workers have ahead`, async () => {
    const pool = open({ maxWorkers: 1, queueLimit: 5 });
    for (let i = 0; i < 300; i++) await pool.submit((x: number) => x, i);
    const gate = new Gate();
    const long = pool.submit(gate.block);
    const taken = Array.from({ length: 8 }, (_, n) => pool.submit(gate.count, n));
    const ends = Promise.allSettled(taken);
    gate.open();
    assert.deepEqual(
      (await ends).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
    );
    await long;
    await pool.shutdown();
  });

  test(`${kind}: a worker of maxTasksPerChild runs as many as that, also of those it had ahead`, async () => {
    const pool = open({ maxWorkers: 1, maxTasksPerChild: 50 });
    const where = await Promise.all(
      Array.from({ length: 200 }, () => pool.submit(async () => `${process.pid} ${(await import('node:worker_threads')).threadId}`)),
    );
    const counts = new Map<string, number>();
    for (const id of where) counts.set(id, (counts.get(id) ?? 0) + 1);
    assert.deepEqual([...counts.values()], [50, 50, 50, 50]);
    await pool.shutdown();
  });

  test(`${kind}: of a worker that is killed from outside, only what it had begun is lost`, async () => {
    const pool = await warm(1);
    const gate = new Gate();
    const where = await pool.submit(() => process.pid);
    const long = pool.submit(gate.block);
    await until(() => gate.isHeld);
    const others = Array.from({ length: 20 }, (_, n) => pool.submit(gate.count, n));
    if (kind === 'process') process.kill(where, 'SIGKILL');
    else gate.open();
    const ends = await Promise.allSettled([long, ...others]);
    assert.equal(ends[0].status, kind === 'process' ? 'rejected' : 'fulfilled');
    assert.ok(ends.slice(1).every(({ status }) => status === 'fulfilled'));
    assert.equal(gate.counted, 20, 'each ran once');
    await pool.shutdown();
  });
}

test('thread: a task that was behind others on every worker that they ended runs all the same', async () => {
  const pool = kinds[0].open({ maxWorkers: 1 });
  await Promise.all(Array.from({ length: 250 }, (_, n) => pool.submit((x: number) => x, n)));
  const dying = Promise.allSettled(Array.from({ length: 5 }, () => pool.submit(() => process.exit(3))));
  assert.equal(await pool.submit((n: number) => n, 7), 7);
  assert.ok((await dying).every(({ status }) => status === 'rejected'));
  await pool.shutdown();
});
