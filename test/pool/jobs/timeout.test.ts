/** The `timeout` of `with()`: when it begins, what it ends, and what goes on. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { threadId } from 'node:worker_threads';
import { TimeoutError, currentTask } from 'heddle';
import { until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const me = (): string => `${process.pid}:${threadId}`;
const spin = (): never => {
  for (;;);
};
const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
const pause = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
/** Workers import what a task needs before it comes: one that is overdue before that never begins. */
const initializer = (): void => void currentTask();

for (const { kind, open } of kinds) {
  for (const [what, stuck] of [
    ['an endless loop', spin],
    ['an endless wait', hang],
  ] as const) {
    test(`${kind}: ${what} ends at its timeout, with an error that names it and the time`, async () => {
      await using pool = open({ maxWorkers: 1, graceful: 20 });
      const before = await pool.submit(me);
      const task = pool.with({ timeout: 30 }).submit(stuck);
      const error = await task.catch((thrown: unknown) => thrown);
      assert.ok(error instanceof TimeoutError);
      assert.equal(error.code, 'ERR_HEDDLE_TIMEOUT');
      assert.equal(error.message, `${stuck.name} has not ended within 30 ms`);
      assert.match(error.stack!, /timeout\.test/);
      assert.notEqual(await pool.submit(me), before);
      const { submitted, completed, failed, retried } = pool.statistics();
      assert.deepEqual({ submitted, completed, failed, retried }, { submitted: 3, completed: 2, failed: 1, retried: 0 });
    });
  }

  test(`${kind}: the time a task waits for its worker does not count`, async (t) => {
    await using pool = open({ maxWorkers: 1 });
    const gate = new AbortController();
    const busy = pool.submit(
      (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('free'))),
      gate.signal,
    );
    await until(() => busy.running());
    const { timers } = t.mock;
    timers.enable({ apis: ['setTimeout'] });
    const waiting = pool.with({ timeout: 1000 }).submit(me);
    timers.tick(2000);
    gate.abort();
    assert.match(await waiting, /^\d+:\d+$/);
    timers.reset();
  });

  test(`${kind}: the time a worker takes to import the modules of a task does not count`, async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'heddle-slow-import-'));
    const [file, begun, go] = ['slow.mjs', 'begun', 'go'].map((name) => join(home, name)) as [string, string, string];
    const source = `
      import { existsSync, writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(begun)}, '');
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 1));
      export const answer = () => 42;`;
    try {
      writeFileSync(file, source);
      writeFileSync(go, '');
      const { answer } = (await import(pathToFileURL(file).href)) as { answer: () => number };
      rmSync(go);
      rmSync(begun);
      const { timers } = t.mock;
      timers.enable({ apis: ['setTimeout'] });
      await using pool = open({ maxWorkers: 1, graceful: 0 });
      const slow = pool.with({ timeout: 350 }).submit(answer);
      await until(() => existsSync(begun));
      timers.tick(1000);
      await new Promise(setImmediate);
      writeFileSync(go, '');
      assert.equal(await slow, 42);
      timers.reset();
      rmSync(go);
      rmSync(begun);
      const controller = new AbortController();
      // An import is a part of the start, which may take as long as it likes here. Its grace is over at once.
      const aborted = open({ maxWorkers: 1, graceful: 0, startTimeout: Infinity });
      const task = aborted.with({ signal: controller.signal }).submit(answer);
      // The module has been read: a thread that is terminated while Node reads a module leaves the file open.
      await until(() => existsSync(begun));
      controller.abort(new Error('not needed'));
      await assert.rejects(task, { message: 'not needed' });
      await aborted.shutdown();
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  test(`${kind}: a timeout of 0 ends a task, one of Infinity never does`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 10 });
    await assert.rejects(pool.with({ timeout: 0 }).submit(hang), { name: 'TimeoutError', message: 'hang has not ended within 0 ms' });
    assert.equal(await pool.with({ timeout: 0 }).with({ timeout: Infinity }).submit(pause, 20), 20);
    // More than a timer of Node's can wait.
    assert.equal(await pool.with({ timeout: 1e12 }).submit(pause, 20), 20);
  });

  test(`${kind}: a task that stops by its signal keeps its worker, and its signal has the TimeoutError`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 60_000, initializer });
    const before = await pool.submit(me);
    const obedient = async (): Promise<void> => {
      const { signal } = currentTask()!;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      (globalThis as { heard?: unknown }).heard = signal.reason;
    };
    await assert.rejects(pool.with({ timeout: 20 }).submit(obedient), TimeoutError);
    const [heard, who] = await pool.submit(() => [(globalThis as { heard?: unknown }).heard, `${process.pid}:${threadId}`] as const);
    assert.equal(who, before);
    assert.ok(heard instanceof TimeoutError);
    assert.equal(heard.message, 'obedient has not ended within 20 ms');
  });

  test(`${kind}: of a timeout and an abort the first gives the reason`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 30 });
    const controller = new AbortController();
    const task = pool.with({ signal: controller.signal, timeout: 10 }).submit(hang);
    task.addDoneCallback(() => controller.abort('late'));
    await assert.rejects(task, TimeoutError);
    assert.equal(await pool.submit(() => 'next'), 'next');
  });

  test(`${kind}: a timeout is tried again unless retryOn says no`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 10 });
    const asked: unknown[] = [];
    await assert.rejects(pool.with({ timeout: 20, retries: 1 }).submit(spin), TimeoutError);
    assert.equal(pool.statistics().retried, 1);
    const retryOn = (error: unknown): boolean => (asked.push(error), false);
    await assert.rejects(pool.with({ timeout: 20, retries: 3, retryOn }).submit(spin), TimeoutError);
    assert.deepEqual(
      asked.map((error) => (error as Error).message),
      ['spin has not ended within 20 ms'],
    );
    assert.equal(pool.statistics().retried, 1);
  });

  test(`${kind}: a timeout that retryOn accepts is tried again, after the last attempt has ended`, async () => {
    await using pool = open({ maxWorkers: 2, graceful: 10, initializer });
    const asked: unknown[] = [];
    const retryOn = (error: unknown): boolean => (asked.push(error), error instanceof TimeoutError);
    const third = (): number => {
      if (currentTask()!.attempt < 3) for (;;);
      return currentTask()!.attempt;
    };
    // On a busy machine the third may be overdue before its worker has looked at it.
    const last = await pool.with({ timeout: 200, retries: 1000, retryOn }).submit(third);
    assert.ok(last >= 3);
    assert.equal(asked.length, last - 1);
    assert.equal(pool.statistics().retried, last - 1);
    await assert.rejects(pool.with({ timeout: 20, retries: 1, retryOn }).submit(spin), {
      name: 'TimeoutError',
      message: 'spin has not ended within 20 ms',
    });
  });

  test(`${kind}: a timeout after an attempt that failed otherwise is told as what that one failed with`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 10, initializer });
    const second = (): void => {
      if (currentTask()!.attempt === 1) throw new RangeError('the first');
      for (;;);
    };
    await assert.rejects(pool.with({ timeout: 100, retries: 1 }).submit(second), TimeoutError);
  });

  test(`${kind}: a good end that comes late, while another attempt is due, counts`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 60_000, initializer });
    const late = async (): Promise<string> => {
      const { attempt, signal } = currentTask()!;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return `attempt ${attempt} ended well`;
    };
    const view = pool.with({ timeout: 20, retries: 5, retryOn: () => true });
    assert.equal(await view.submit(late), 'attempt 1 ended well');
    const { submitted, completed, failed, retried } = pool.statistics();
    assert.deepEqual({ submitted, completed, failed, retried }, { submitted: 1, completed: 1, failed: 0, retried: 0 });
    // Without an attempt that is due, the task has failed by then.
    await assert.rejects(pool.with({ timeout: 20 }).submit(late), TimeoutError);
  });

  test(`${kind}: an attempt that fails late for another reason is tried again, and the timeout stays its error`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 60_000, initializer });
    const failing = async (): Promise<never> => {
      const { signal } = currentTask()!;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new RangeError('stopped');
    };
    const asked: string[] = [];
    const retryOn = (error: unknown): boolean => (asked.push((error as Error).name), error instanceof TimeoutError);
    await assert.rejects(pool.with({ timeout: 20, retries: 2, retryOn }).submit(failing), TimeoutError);
    assert.deepEqual(asked, ['TimeoutError', 'TimeoutError', 'TimeoutError'].slice(0, asked.length));
    assert.equal(pool.statistics().retried, 2);
  });
}
