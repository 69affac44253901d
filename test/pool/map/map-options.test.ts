/** The options of `map`: signal, timeout of each item, progress, and the rest of a map that is not consumed to its end. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import { type MapOptions, Semaphore, TimeoutError, currentTask } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { stopClock, takeAll } from '../faked-clock.ts';
import { kinds } from '../kinds.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-map-options-'));
test.after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, String(files++));

const me = (): string => `${process.pid}:${threadId}`;
const hang = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
const spin = (): never => {
  for (;;);
};
const numbers = (count: number): number[] => [...Array(count).keys()];

/** Knows whether it was closed, and how far it was read. */
class Naturals implements Iterable<number> {
  read = 0;
  isClosed = false;

  *[Symbol.iterator](): Generator<number> {
    try {
      for (;;) yield this.read++;
    } finally {
      this.isClosed = true;
    }
  }
}

const wrong: readonly [options: unknown, message: RegExp][] = [
  [
    { chunksize: 1 },
    /^unknown key 'chunksize' in options: known are chunkSize, bufferSize, signal, timeout, retries, retryOn, backoff, progress$/,
  ],
  [{ chunkSize: 0 }, /^expected chunkSize to be an integer >= 1, got 0$/],
  [{ chunkSize: '2' }, /^expected chunkSize to be an integer >= 1, got '2'$/],
  [{ bufferSize: 1.5 }, /^expected bufferSize to be an integer >= 1, got 1.5$/],
  [{ timeout: -1 }, /^expected timeout to be a number >= 0, got -1$/],
  [{ retries: -1 }, /^expected retries to be an integer >= 0, got -1$/],
  [{ retryOn: 1 }, /^expected retryOn to be a function, got 1$/],
  [{ backoff: -1 }, /^expected backoff to be a number >= 0 or a function, got -1$/],
  [{ signal: {} }, /^expected signal to be an AbortSignal, got \{\}$/],
  [{ progress: 7 }, /^expected progress to be a boolean, a string or a function, got 7$/],
];

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a wrong option of map is refused with what came`, async () => {
    const pool = shared(1);
    for (const [options, message] of wrong) {
      const source = new Naturals();
      await assert.rejects(pool.map((x) => x, source, options as MapOptions).next(), ({ message: text }: Error) => message.test(text));
      assert.equal(source.read, 0);
    }
  });

  test(`${kind}: an abort closes the source of a map, frees its workers, and gives its reason (during a wait)`, async () => {
    await using pool = open({ maxWorkers: 2, graceful: 20 });
    for (const stuck of [spin, hang]) {
      for (const chunkSize of [1, 5]) {
        const controller = new AbortController();
        const source = new Naturals();
        const work = (x: number): unknown => (x < 10 ? x : stuck());
        const results = pool.map(work, source, { signal: controller.signal, chunkSize });
        for (let i = 0; i < 10; i++) assert.equal((await results.next()).value, i);
        const waiting = results.next();
        const reason = { why: 'enough' };
        controller.abort(reason);
        await assert.rejects(waiting, (thrown) => thrown === reason);
        assert.equal(source.isClosed, true);
        assert.deepEqual(await results.next(), { done: true, value: undefined });
        assert.equal(await pool.submit((x: number) => x, 1), 1);
        await until(() => pool.statistics().running === 0);
        const { submitted, completed, failed, cancelled, queued } = pool.statistics();
        assert.equal(submitted, completed + failed + cancelled);
        assert.equal(queued, 0);
      }
    }
  });

  test(`${kind}: an abort without a waiter is kept, and drops the results`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const source = new Naturals();
    const results = pool.map((x: number) => x, source, { signal: controller.signal, bufferSize: 20 });
    assert.equal((await results.next()).value, 0);
    await until(() => pool.statistics().queued + pool.statistics().running === 0);
    controller.abort('off');
    assert.equal(source.isClosed, true);
    await assert.rejects(results.next(), (thrown) => thrown === 'off');
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    assert.equal(pool.statistics().workersEnded, 0);
  });

  test(`${kind}: an abort before the call keeps a map from reading its source`, async () => {
    const pool = shared(1);
    const source = new Naturals();
    const results = pool.map((x: number) => x, source, { signal: AbortSignal.abort('off') });
    await assert.rejects(results.next(), (thrown) => thrown === 'off');
    assert.equal(source.read, 0);
    assert.deepEqual(await results.next(), { done: true, value: undefined });
  });

  test(`${kind}: an abort does not wait for an async source`, async () => {
    const pool = shared(1);
    const controller = new AbortController();
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    async function* slow(): AsyncGenerator<number> {
      yield 1;
      await gate;
      yield 2;
    }
    const results = pool.map((x: number) => x, slow(), { signal: controller.signal });
    assert.equal((await results.next()).value, 1);
    const waiting = results.next();
    controller.abort('off');
    await assert.rejects(waiting, (thrown) => thrown === 'off');
    release();
  });

  test(`${kind}: the running item of a chunk is told of an abort, and later items do not run`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 60_000 });
    const before = await pool.submit(me);
    const file = newFile();
    const controller = new AbortController();
    const work = async (x: number): Promise<number> => {
      appendFileSync(file, `${x}\n`);
      if (x < 3) return x;
      const { signal } = currentTask()!;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      appendFileSync(file, `heard ${signal.reason}\n`);
      return x;
    };
    const results = pool.map(work, numbers(50), { signal: controller.signal, chunkSize: 50 });
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('3\n'));
    controller.abort('off');
    await assert.rejects(results.next(), (thrown) => thrown === 'off');
    assert.equal(await pool.submit(me), before);
    assert.equal(readFileSync(file, 'utf8'), '0\n1\n2\n3\nheard off\n');
    const { submitted, completed, failed, cancelled } = pool.statistics();
    assert.equal(submitted, completed + failed + cancelled);
  });

  for (const [what, stuck] of [
    ['an endless loop', spin],
    ['an endless wait', hang],
  ] as const) {
    test(`${kind}: the timeout of an item ends it and spares its neighbours (${what})`, async (t) => {
      stopClock(t);
      await using pool = open({ maxWorkers: 1, graceful: 20, startTimeout: Infinity });
      const work = (x: number): unknown => (x === 3 || x === 7 ? stuck() : x * 2);
      for (const chunkSize of [1, 20]) {
        const outcomes = await takeAll(
          t.mock,
          mapOutcomes(pool, work, numbers(20), { chunkSize, timeout: 400 }),
          (taken) => taken === 3 || taken === 7,
        );
        assert.deepEqual(
          outcomes.filter(({ ok }) => !ok).map(({ index }) => index),
          [3, 7],
        );
        for (const { index, ok, value } of outcomes) {
          if (ok) assert.equal(value, index * 2);
          else {
            assert.ok(value instanceof TimeoutError, String(value));
            assert.equal((value as Error).message, 'work has not ended within 400 ms');
          }
        }
      }
      const { submitted, completed, failed } = pool.statistics();
      assert.deepEqual({ submitted, completed, failed }, { submitted: 40, completed: 36, failed: 4 });
    });
  }

  test(`${kind}: the timeout is for each item of a chunk, not for all of them`, async (t) => {
    const pool = shared(1);
    stopClock(t);
    const [begun, go] = [new Semaphore(0), new Semaphore(0)];
    const work = async (x: number): Promise<number> => {
      begun.release();
      await go.acquire();
      return x;
    };
    const results = pool.map(work, numbers(5), { chunkSize: 5, timeout: 1000 });
    for (const i of numbers(5)) {
      // The item before it was reported: the time that passes now is the time of this one.
      await until(() => begun.getValue() > i);
      t.mock.timers.tick(600);
      go.release();
      assert.equal((await results.next()).value, i);
    }
  });

  test(`${kind}: an item that stops in time keeps its worker, and fails`, async (t) => {
    stopClock(t);
    await using pool = open({ maxWorkers: 1, graceful: Infinity });
    const before = await pool.submit(me);
    const work = async (x: number): Promise<string> => {
      const { signal } = currentTask()!;
      if (x === 1 && !signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (x === 1) throw new RangeError('stopped');
      return `${process.pid}:${threadId}`;
    };
    const outcomes = await takeAll(t.mock, mapOutcomes(pool, work, numbers(3), { chunkSize: 3, timeout: 400 }), (taken) => taken === 1);
    assert.deepEqual(
      outcomes.map(({ ok }) => ok),
      [true, false, true],
    );
    assert.equal(outcomes[2]!.value, before);
    assert.ok((outcomes[1]!.value as unknown) instanceof TimeoutError);
  });

  test(`${kind}: an item that takes too long and still ends well has failed`, async (t) => {
    stopClock(t);
    await using pool = open({ maxWorkers: 1, graceful: Infinity });
    const before = await pool.submit(me);
    const work = async (x: number): Promise<string> => {
      const { signal } = currentTask()!;
      if (x === 1 && !signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return `${process.pid}:${threadId}`;
    };
    const outcomes = await takeAll(t.mock, mapOutcomes(pool, work, numbers(3), { chunkSize: 3, timeout: 400 }), (taken) => taken === 1);
    assert.deepEqual(
      outcomes.map(({ value }) => value as unknown).map((value) => (value instanceof Error ? value.message : value)),
      [before, 'work has not ended within 400 ms', before],
    );
    const { completed, failed } = pool.statistics();
    assert.deepEqual({ completed, failed }, { completed: 3, failed: 1 });
  });

  test(`${kind}: an item that took too long is tried again unless retryOn says no`, async (t) => {
    stopClock(t);
    await using pool = open({ maxWorkers: 2, graceful: 20, startTimeout: Infinity });
    const work = (x: number): string => {
      const { attempt } = currentTask()!;
      if (x === 2 && attempt < 3) for (;;);
      return `${x}@${attempt}`;
    };
    const options = { chunkSize: 3, timeout: 400, retries: 2 };
    // The other four items are done: what runs is an attempt that takes too long.
    const isLate = (): boolean => pool.statistics().completed === 4 && pool.statistics().retried < 2;
    const results = await takeAll(t.mock, pool.map(work, numbers(5), options), isLate);
    assert.deepEqual(results, ['0@1', '1@1', '2@3', '3@1', '4@1']);
    const never = { ...options, retryOn: () => false };
    await assert.rejects(
      takeAll(t.mock, pool.map(work, numbers(5), never), () => pool.statistics().completed === 9),
      TimeoutError,
    );
  });

  test(`${kind}: a map through with() has the options of its tasks, and its own`, async () => {
    await using pool = open({ maxWorkers: 2, graceful: 20 });
    const work = (x: number): string => {
      if (x === 1 && currentTask()!.attempt === 1) process.exit(1);
      return `${process.pid}:${threadId}`;
    };
    const keyed = await all(pool.with({ key: 'k' }).map(() => `${process.pid}:${threadId}`, numbers(40), { chunkSize: 2 }));
    assert.equal(new Set(keyed).size, 1);
    assert.equal((await all(pool.with({ retries: 1 }).map(work, numbers(3)))).length, 3);
    await assert.rejects(all(pool.with({ retries: 1 }).map(work, numbers(3), { retries: 0 })), { name: 'WorkerLost' });
    await assert.rejects(all(pool.with({ timeout: 50 }).map(hang, [1])), TimeoutError);
    await assert.rejects(all(pool.with({ signal: AbortSignal.abort('a') }).map(hang, [1])), (thrown) => thrown === 'a');
    await assert.rejects(
      all(pool.with({ signal: AbortSignal.abort('a') }).map(hang, [1], { signal: AbortSignal.abort('b') })),
      (thrown) => thrown === 'b',
    );
  });

  test(`${kind}: an early return stops a chunk behind its current item`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const file = newFile();
    const word = join(folder, `go-${kind}`);
    const work = async (x: number): Promise<number> => {
      appendFileSync(file, `${x}\n`);
      const { existsSync: isThere } = await import('node:fs');
      if (x === 5) {
        while (!isThere(word)) await new Promise((resolve) => setTimeout(resolve, 5));
        // Earlier messages are read before this comes.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return x;
    };
    const source = new Naturals();
    const results = pool.map(work, source, { chunkSize: 20 });
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('5\n'));
    await results.return!();
    assert.equal(source.isClosed, true);
    // The message to the worker leaves with the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    appendFileSync(word, '');
    await until(() => pool.statistics().running + pool.statistics().queued === 0);
    assert.equal(readFileSync(file, 'utf8'), '0\n1\n2\n3\n4\n5\n');
    const { submitted, completed, failed, cancelled } = pool.statistics();
    assert.equal(submitted, completed + failed + cancelled);
    assert.equal(failed, 0);
  });

  test(`${kind}: an endless source is read as far as the buffer goes`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const source = new Naturals();
    const results = pool.map((x: number) => x, source, { bufferSize: 50 });
    for (let i = 0; i < 2000; i++) {
      assert.equal((await results.next()).value, i);
      assert.ok(source.read <= i + 1 + 50, `read ${source.read} at ${i}`);
    }
    await until(() => pool.statistics().queued + pool.statistics().running === 0);
    assert.ok(source.read <= 2050);
    await results.return!();
    assert.equal(source.isClosed, true);
  });

  test(`${kind}: progress is told every 100 ms and at the end, and a function that throws spoils nothing`, async (t) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const pool = shared(2);
    stopClock(t);
    const told: { done: number; total: number | null; failed: number }[] = [];
    const work = (x: number): number => {
      if (x % 10 === 0 && currentTask()!.attempt === 1) throw new RangeError('once');
      return x;
    };
    const results = pool.map(work, numbers(50), { progress: (p) => told.push(p), retries: 1 });
    for (let i = 0; i < 20; i++) await results.next();
    assert.equal(told.length, 0);
    t.mock.timers.tick(100);
    assert.equal(told.length, 1);
    assert.ok(told[0]!.done >= 20);
    await all(results);
    assert.equal(told.length, 2);
    assert.deepEqual([told[1]!.done, told[1]!.total, told[1]!.failed], [50, 50, 0]);

    const counted: (number | null)[] = [];
    async function* later(): AsyncGenerator<number> {
      yield* numbers(3);
      await new Promise(setImmediate);
    }
    await all(pool.map((x) => x, later(), { progress: (p) => counted.push(p.done, p.total) }));
    assert.deepEqual(counted.slice(-2), [3, null]);
    const empty: number[] = [];
    await all(pool.map((x) => x, [], { progress: (p) => empty.push(p.done) }));
    assert.deepEqual(empty, [0]);
    const throwing = (): never => {
      throw new Error('from progress');
    };
    assert.deepEqual(await all(pool.map((x: number) => x, [1, 2], { progress: throwing })), [1, 2]);
    await until(() => warnings.length > 0);
    process.off('warning', onWarning);
    assert.match(warnings[0]!.message, /threw: Error: from progress$/);
  });

  test(`${kind}: a map that shows its progress writes it to standard error, in a log and in a pipe`, async () => {
    const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
    const program = `
      import { ${name} as Pool } from 'heddle';
      const pool = new Pool({ maxWorkers: 1 });
      for (const progress of [true, 'hashing', false]) for await (const x of pool.map((x) => x, [1, 2, 3], { progress })) console.log(x);`;
    const run = (env: object): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, CI: '', ...env } });
    for (const env of [{ CI: 'true' }, {}]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { stdout, stderr } = await run(env);
      assert.equal(stdout, '1\n2\n3\n'.repeat(3));
      assert.match(stderr, /^3 of 3 \(100 %\), [^\n]*\nhashing: 3 of 3 \(100 %\), [^\n]*\n$/);
    }
  });

  test(`${kind}: an abandoned map does not keep its program alive`, async () => {
    const name = kind === 'thread' ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
    const program = `
      import { ${name} as Pool } from 'heddle';
      const pool = new Pool({ maxWorkers: 1 });
      function* naturals() { for (let i = 0; ; i++) yield i; }
      const controller = new AbortController();
      const results = pool.map((x) => x, naturals(), { signal: controller.signal, progress: () => {}, timeout: 60_000 });
      console.log((await results.next()).value, (await results.next()).value);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(stdout, '0 1\n');
  });
}
