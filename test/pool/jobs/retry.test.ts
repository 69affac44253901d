/** `retries` and `retryOn`: what is tried again, how often, and never at the same time. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { ShutDown, WorkerLost, currentTask, move } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-retry-'));
test.after(async () => {
  const { rmSync } = await import('node:fs');
  rmSync(folder, { recursive: true });
});
let files = 0;
const newFile = (): string => join(folder, String(files++));
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

for (const { kind, open, shared } of kinds) {
  test(`${kind}: a task whose worker is lost is tried again as often as allowed, and knows its attempt`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const file = newFile();
    const dying = (path: string, until: number): string => {
      const { attempt } = currentTask()!;
      appendFileSync(path, `${attempt}\n`);
      if (attempt < until) process.exit(3);
      return `attempt ${attempt}`;
    };
    assert.equal(await pool.with({ retries: 2 }).submit(dying, file, 3), 'attempt 3');
    assert.deepEqual(linesOf(file), ['1', '2', '3']);
    const second = newFile();
    await assert.rejects(
      pool.with({ retries: 2 }).submit(dying, second, 9),
      (error) => error instanceof WorkerLost && error.exitCode === 3,
    );
    assert.deepEqual(linesOf(second), ['1', '2', '3']);
    const third = newFile();
    await assert.rejects(pool.submit(dying, third, 9), WorkerLost);
    assert.deepEqual(linesOf(third), ['1']);
    const { submitted, completed, failed, retried } = pool.statistics();
    assert.deepEqual({ submitted, completed, failed, retried }, { submitted: 3, completed: 1, failed: 2, retried: 4 });
  });

  test(`${kind}: every error is tried again, unless retryOn says no, and the last one is told`, async () => {
    const pool = shared(1);
    const failing = (): never => {
      throw new RangeError(`attempt ${currentTask()!.attempt}`);
    };
    await assert.rejects(pool.with({ retries: 3 }).submit(failing), { message: 'attempt 4' });
    await assert.rejects(pool.with({ retries: 3, retryOn: () => false }).submit(failing), { message: 'attempt 1' });
    const seen: string[] = [];
    const view = pool.with({ retries: 3, retryOn: (error) => (seen.push((error as Error).message), error instanceof RangeError) });
    await assert.rejects(view.submit(failing), { name: 'RangeError', message: 'attempt 4' });
    assert.deepEqual(seen.slice(0, 3), ['attempt 1', 'attempt 2', 'attempt 3']);
    await assert.rejects(view.with({ retryOn: (error) => !String(error).includes('2') }).submit(failing), { message: 'attempt 2' });
    await assert.rejects(view.with({ retries: 0 }).submit(failing), { message: 'attempt 1' });
  });

  test(`${kind}: a retryOn that throws hides no error of the task, and does not end the program`, async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    await using pool = open({ maxWorkers: 1 });
    const failing = (): never => {
      throw new RangeError('the task');
    };
    const retryOn = (): never => {
      throw new Error('the question');
    };
    await assert.rejects(pool.with({ retries: 3, retryOn }).submit(failing), { name: 'RangeError', message: 'the task' });
    const results = pool.map(failing, [1], { retries: 3, retryOn });
    await assert.rejects(results.next(), { message: 'the task' });
    await until(() => warnings.length === 2);
    process.off('warning', onWarning);
    assert.match(warnings[0]!.message, /^retryOn threw: Error: the question$/);
  });

  test(`${kind}: an async retryOn, which says yes to everything, counts as no`, async () => {
    const warned = once(process, 'warning') as Promise<[Error]>;
    await using pool = open({ maxWorkers: 1 });
    const failing = (): never => {
      throw new RangeError('the task');
    };
    const retryOn = (async () => Promise.reject(new Error('told by the refusal'))) as unknown as () => boolean;
    await assert.rejects(pool.with({ retries: 3, retryOn }).submit(failing), { name: 'RangeError', message: 'the task' });
    assert.match((await warned)[0].message, /^retryOn threw: TypeError: expected what it returns to be a boolean, got Promise/);
    assert.equal(pool.statistics().retried, 0);
  });

  test(`${kind}: of each item that fails retryOn is asked once`, async () => {
    const pool = shared(1);
    const falter = (n: number): never => {
      throw new Error(`${n}@${currentTask()!.attempt}`);
    };
    for (const unordered of [false, true]) {
      const asked: string[] = [];
      // Between items that are tried again there are some that are not.
      const retryOn = (error: unknown): boolean => {
        const { message } = error as Error;
        asked.push(message);
        return Number(message.split('@')[0]) % 3 > 0;
      };
      const outcomes = await all(mapOutcomes(pool, falter, [...Array(12).keys()], { chunkSize: 12, retries: 1, retryOn, unordered }));
      assert.equal(outcomes.length, 12);
      assert.deepEqual(
        asked.toSorted((a, b) => parseInt(a, 10) - parseInt(b, 10)),
        [...Array(12).keys()].map((n) => `${n}@1`),
      );
    }
  });

  test(`${kind}: an attempt begins after the earlier one has ended`, async () => {
    // Workers import what the attempts need before their time begins to run.
    await using pool = open({ maxWorkers: 3, graceful: 60_000, initializer: () => void currentTask() });
    const file = newFile();
    const overlapping = async (path: string): Promise<string> => {
      const { attempt, signal } = currentTask()!;
      appendFileSync(path, `begin ${attempt}\n`);
      if (attempt === 4) return 'done';
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(path, `end ${attempt}\n`);
      throw new RangeError('late');
    };
    // One more than it needs: on a busy machine the last attempt may be late, too.
    const view = pool.with({ timeout: 100, retries: 4, retryOn: () => true });
    assert.equal(await view.submit(overlapping, file), 'done');
    assert.deepEqual(linesOf(file), ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3', 'begin 4']);
  });

  test(`${kind}: an aborted task is not tried again`, async () => {
    await using pool = open({ maxWorkers: 1, graceful: 20 });
    const file = newFile();
    const controller = new AbortController();
    const stuck = (path: string): Promise<never> => {
      appendFileSync(path, 'begun\n');
      return new Promise(() => setInterval(() => {}, 1000));
    };
    let asked = 0;
    const view = pool.with({ signal: controller.signal, retries: 5, retryOn: () => ++asked > 0 });
    const task = view.submit(stuck, file);
    await until(() => {
      try {
        return linesOf(file).length === 1;
      } catch {
        return false;
      }
    });
    controller.abort('off');
    await assert.rejects(task, (thrown) => thrown === 'off');
    assert.equal(await pool.submit(() => 1), 1);
    assert.deepEqual([linesOf(file), asked, pool.statistics().retried], [['begun'], 0, 0]);
  });

  test(`${kind}: between two attempts a task can be cancelled and aborted`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const controller = new AbortController();
    const dying = (): never => process.exit(1);
    const gone = new WeakSet<object>();
    let waits = 0;
    const retryOn = (): boolean => ++waits > 0;
    const failing = (): never => {
      throw new Error('again');
    };
    // The others are in front of the next attempt: `before its equals` is behind a higher priority.
    const low = pool.with({ retries: 1000, retryOn, priority: -1, signal: controller.signal }).submit(failing);
    await until(() => waits > 0);
    const lost = pool.with({ retries: 1000, signal: controller.signal }).submit(dying);
    await until(() => pool.statistics().workersEnded > 0);
    controller.abort(gone);
    await assert.rejects(low, (thrown) => thrown === gone);
    await assert.rejects(lost, (thrown) => thrown === gone);
    assert.equal(await pool.submit(() => 1), 1);
  });

  test(`${kind}: a task with moved memory is not tried again`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const size = (buffer: ArrayBuffer): string => {
      const { attempt } = currentTask()!;
      if (attempt === 1) process.exit(1);
      return `${attempt}: ${buffer.byteLength}`;
    };
    const listed = new ArrayBuffer(100_000);
    assert.equal(await pool.with({ retries: 1, transfer: [listed] }).submit(size, listed), '2: 100000');
    const moved = new ArrayBuffer(100_000);
    assert.equal(await pool.with({ retries: 1 }).submit(size, move(moved)), '2: 100000');
  });

  test(`${kind}: after shutdown a task that was submitted before is tried again, after a cancel it is not`, async () => {
    const dying = (): number => {
      const { attempt } = currentTask()!;
      if (attempt < 3) process.exit(1);
      return attempt;
    };
    const pool = open({ maxWorkers: 1 });
    const task = pool.with({ retries: 2 }).submit(dying);
    const mapped = pool.map((x: number) => (x === 2 ? process.exit(1) : x), [1, 2, 3], { chunkSize: 3, retries: 2 });
    await pool.shutdown();
    assert.equal(await task, 3);
    assert.equal((await mapped.next()).value, 1);
    await assert.rejects(mapped.next(), (error) => error instanceof WorkerLost || error instanceof ShutDown);
    const second = open({ maxWorkers: 1 });
    const other = second.with({ retries: 2 }).submit(dying);
    await until(() => other.running());
    await second.shutdown({ cancelFutures: true });
    await assert.rejects(other, WorkerLost);
  });

  for (const chunkSize of [1, 7, 1000]) {
    for (const unordered of [false, true]) {
      const isAsync = unordered === (chunkSize === 7);
      const what = `${unordered ? 'unordered' : 'ordered'}, ${isAsync ? 'async' : 'sync'}, chunks of ${chunkSize}`;
      test(`${kind}: items that are tried again keep their places, run once more, and spare others (${what})`, async () => {
        const pool = shared(2);
        const before = pool.statistics();
        const file = newFile();
        const count = 300;
        const work = (x: number, path: string): string => {
          const { attempt } = currentTask()!;
          if (x % 100 === 3 && attempt === 1) process.exit(1);
          if (x % 20 === 5 && attempt < 3) throw new RangeError(`item ${x}`);
          if (x === 111) throw new TypeError('for good');
          appendFileSync(path, `${x}\n`);
          return `${x}@${attempt}`;
        };
        function* numbers(): Generator<number> {
          for (let i = 0; i < count; i++) yield i;
        }
        async function* later(): AsyncGenerator<number> {
          for (let i = 0; i < count; i++) {
            if (i % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
            yield i;
          }
        }
        const fn = (x: number): string => work(x, file);
        const outcomes = await all(
          mapOutcomes(pool, fn, isAsync ? later() : numbers(), {
            chunkSize,
            retries: 2,
            retryOn: (error) => error instanceof RangeError || error instanceof WorkerLost,
            unordered,
          }),
        );
        const indices = outcomes.map(({ index }) => index);
        if (!unordered) assert.deepEqual(indices, [...Array(count).keys()]);
        outcomes.sort((a, b) => a.index - b.index);
        const expected = (i: number): string => {
          if (i === 111) return 'TypeError: for good';
          return `${i}@${i % 20 === 5 ? 3 : i % 100 === 3 ? 2 : 1}`;
        };
        assert.deepEqual(
          outcomes.map(({ value }: { readonly value: unknown }) => String(value)),
          Array.from({ length: count }, (_, i) => expected(i)),
        );
        // Each item came to a good end once.
        const ran = linesOf(file)
          .map(Number)
          .sort((a, b) => a - b);
        assert.deepEqual(
          ran,
          [...Array(count).keys()].filter((i) => i !== 111),
        );
        const now = pool.statistics();
        const more = (name: 'submitted' | 'completed' | 'failed' | 'retried'): number => now[name] - before[name];
        assert.deepEqual([more('submitted'), more('completed'), more('failed'), more('retried')], [count, count - 1, 1, 2 * 15 + 3]);
        assert.deepEqual([now.queued, now.running], [0, 0]);
      });
    }
  }

  test(`${kind}: items that are tried again stay behind those before them in their chunk`, async () => {
    const pool = shared(1);
    const falter = (n: number): number => {
      if (n % 10 === 3 && currentTask()!.attempt === 1) throw new Error('not yet');
      return n;
    };
    const items = Array.from({ length: 2000 }, (_, n) => n);
    const retries = { chunkSize: 100, retries: 1, retryOn: () => true };
    const outcomes = await all(mapOutcomes(pool, falter, items, { ...retries, unordered: true }));
    assert.deepEqual(
      outcomes.filter(({ index, value }) => index !== value),
      [],
    );
    assert.deepEqual(await all(pool.map(falter, items, retries)), items);
  });

  test(`${kind}: retries of tasks leave the others their turn`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const failing = (): string => {
      throw new RangeError('again');
    };
    const endless = pool.with({ retries: 200, retryOn: () => true }).submit(failing);
    const other = pool.with({ priority: 1 }).submit(() => threadId >= 0);
    assert.equal(await other, true);
    await assert.rejects(endless, RangeError);
    assert.equal(pool.statistics().retried, 200);
  });
}
