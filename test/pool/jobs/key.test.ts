/** `key` and `priority`: what runs where, and in which order. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { currentTask } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const me = (): string => `${process.pid}:${threadId}`;
const note = (x: number): [string, number] => {
  const order = ((globalThis as { order?: number[] }).order ??= []);
  order.push(x);
  return [`${process.pid}:${threadId}`, order.indexOf(x)];
};
const wait = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

const folder = mkdtempSync(join(tmpdir(), 'heddle-key-'));
test.after(() => rmSync(folder, { recursive: true }));

for (const { kind, open } of kinds) {
  test(`${kind}: tasks of one key run in one worker, one at a time, in order`, async () => {
    await using pool = open({ maxWorkers: 3, tasksPerWorker: 2 });
    const steps = async (x: number): Promise<[string, boolean, number]> => {
      const here = globalThis as { busy?: Set<string>; seen?: number[] };
      const busy = (here.busy ??= new Set());
      const isAlone = !busy.has('a');
      busy.add('a');
      await new Promise((resolve) => setTimeout(resolve, 2));
      busy.delete('a');
      return [`${process.pid}:${threadId}`, isAlone, (here.seen ??= []).push(x)];
    };
    const others = Array.from({ length: 20 }, () => pool.submit(me));
    // A number and a string are two keys.
    const view = pool.with({ key: 1 });
    const ends = await Promise.all(Array.from({ length: 20 }, (_, i) => view.submit(steps, i)));
    assert.equal(new Set(ends.map(([who]) => who)).size, 1);
    assert.ok(ends.every(([, isAlone]) => isAlone));
    assert.deepEqual(
      ends.map(([, , nth]) => nth),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    await Promise.all(others);
    assert.equal(await view.submit(me), ends[0]![0]);
  });

  test(`${kind}: different keys spread over the workers`, async () => {
    await using pool = open({ maxWorkers: 2 });
    await pool.broadcast(me);
    const who = await Promise.all(Array.from({ length: 10 }, (_, i) => pool.with({ key: `k${i}` }).submit(me)));
    assert.equal(new Set(who).size, 2);
    const again = await Promise.all(Array.from({ length: 10 }, (_, i) => pool.with({ key: `k${i}` }).submit(me)));
    assert.deepEqual(again, who);
  });

  test(`${kind}: a task that is tried again does not let the next of its key pass`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const view = pool.with({ key: 'k', retries: 2, retryOn: () => true });
    const failing = (x: number): string => {
      if (currentTask()!.attempt < 3) throw new Error('again');
      return `${process.pid}:${threadId} ${(((globalThis as { seen?: number[] }).seen ??= [])).push(x)}`;
    };
    const ends = await Promise.all([view.submit(failing, 0), view.submit(failing, 1), view.submit(failing, 2)]);
    assert.deepEqual(
      ends.map((end) => end.split(' ')[1]),
      ['1', '2', '3'],
    );
    assert.equal(new Set(ends.map((end) => end.split(' ')[0])).size, 1);
  });

  test(`${kind}: items of one key run in order, though results are big or items are tried again, also after a shutdown`, async () => {
    const items = [...Array(20).keys()];
    const twice = items.flatMap((n) => (n % 6 === 2 ? [n, n] : [n]));
    const big = (n: number): Uint8Array => {
      appendFileSync(file, `${n}\n`);
      return new Uint8Array(400_000);
    };
    const falters = (n: number): number => {
      appendFileSync(file, `${n}\n`);
      if (n % 6 === 2 && currentTask()!.attempt === 1) throw new Error('again');
      return n;
    };
    const dies = (n: number): number => {
      appendFileSync(file, `${n}\n`);
      if (n % 6 === 2 && currentTask()!.attempt === 1) process.exit(1);
      return n;
    };
    const retries = { retries: 1, bufferSize: 20 };
    let file = '';
    let files = 0;
    for (const [fn, options, order] of [
      [big, { chunkSize: 5, bufferSize: 20 }, items],
      [big, { chunkSize: 5, bufferSize: 20, unordered: true }, items],
      [falters, { chunkSize: 1, ...retries }, twice],
      [falters, { chunkSize: 5, ...retries }, twice],
      [falters, { backoff: 5, unordered: true, ...retries }, twice],
      [dies, retries, twice],
    ] as const) {
      for (const isShutDown of [false, true]) {
        await using pool = open({ maxWorkers: 2 });
        file = join(folder, `${kind}-${files++}`);
        const outcomes = mapOutcomes<number, unknown>(pool.with({ key: 'a' }), fn, items, options);
        const ended = isShutDown ? pool.shutdown() : undefined;
        assert.ok((await all(outcomes)).every(({ ok }) => ok));
        await ended;
        assert.deepEqual(readFileSync(file, 'utf8').trimEnd().split('\n').map(Number), order);
      }
    }
  });

  test(`${kind}: a key survives its worker`, async () => {
    await using pool = open({ maxWorkers: 2 });
    const view = pool.with({ key: 'k' });
    const before = await view.submit(me);
    const lost = view.submit(() => process.exit(1));
    const behind = Array.from({ length: 5 }, (_, i) => view.submit(note, i));
    await assert.rejects(lost, { name: 'WorkerLost' });
    const ends = await Promise.all(behind);
    assert.equal(new Set(ends.map(([who]) => who)).size, 1);
    assert.notEqual(ends[0]![0], before);
    assert.deepEqual(
      ends.map(([, nth]) => nth),
      [0, 1, 2, 3, 4],
    );
  });

  test(`${kind}: waiting tasks begin in the order of their priority`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const gate = new AbortController();
    const busy = pool.submit(wait, gate.signal);
    await until(() => busy.running());
    const priorities = [0, -1, 5, 0, Infinity, 5, 0.5, -Infinity, 1];
    const order: number[] = [];
    const tasks = priorities.map((priority, i) =>
      pool
        .with({ priority })
        .submit((x: number) => x, i)
        .then((x) => order.push(x)),
    );
    const keyed = pool
      .with({ priority: 7, key: 'k' })
      .submit((x: number) => x, 100)
      .then((x) => order.push(x));
    gate.abort();
    await Promise.all([...tasks, keyed]);
    assert.deepEqual(order, [4, 100, 2, 5, 8, 6, 0, 3, 1, 7]);
  });

  test(`${kind}: a map of high priority goes before tasks of a lower one`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const gate = new AbortController();
    const busy = pool.submit(wait, gate.signal);
    await until(() => busy.running());
    const low = Array.from({ length: 5 }, (_, i) => pool.submit(note, 100 + i));
    const mapped = all(pool.with({ priority: 1 }).map(note, [1, 2, 3], { chunkSize: 1 }));
    gate.abort();
    const first = (await mapped).map(([, nth]) => nth);
    assert.deepEqual(first, [0, 1, 2]);
    assert.deepEqual(
      (await Promise.all(low)).map(([, nth]) => nth),
      [3, 4, 5, 6, 7],
    );
  });
}
