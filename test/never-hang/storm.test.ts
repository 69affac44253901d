/** Workers die at random moments, again and again, and every result comes once. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { type Events, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { children } from './children.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;
const tasks = isLong ? 10_000 : 1000;
const kills = isLong ? 200 : 20;
/** More losses of one task in a row than chance produces. */
const retries = 50;
const seed = Number(process.env['HEDDLE_SEED'] ?? Date.now() % 1_000_000);
console.log(`HEDDLE_SEED=${seed}`);

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const work = async (x: number): Promise<number> => {
  if (x % 3 === 0) await new Promise((resolve) => setTimeout(resolve, x % 5));
  return x * 2;
};
const numbers = Array.from({ length: tasks }, (_, i) => i);

/**
 * Kills as results come in, so that kills are spread over the run whatever its speed. A victim is any child there is: one that
 * starts, is idle or works; or one of those that told that they are ready.
 */
class Storm {
  readonly #random = randomFrom(seed);
  readonly #ready = new Set<number>();
  #results = 0;
  killed = 0;

  constructor() {
    subscribe('heddle:workerStarted', this.#started);
    subscribe('heddle:workerEnded', this.#ended);
  }

  readonly #started = (message: unknown): void => void this.#ready.add((message as Events['workerStarted']).pid);
  readonly #ended = (message: unknown): void => void this.#ready.delete((message as Events['workerEnded']).pid!);

  /** A result has come. */
  result(): void {
    if (++this.#results % (tasks / kills) === 0) setTimeout(() => this.strike(), this.#random() * 4);
  }

  /** Kills one now. */
  strike(): void {
    if (this.killed >= kills) return;
    const all = children();
    const victims = this.#random() < 0.5 ? all.filter((pid) => this.#ready.has(pid)) : all;
    const pid = victims[Math.floor(this.#random() * victims.length)];
    if (pid === undefined) return;
    this.killed++;
    process.kill(pid, 'SIGKILL');
  }

  end(): void {
    unsubscribe('heddle:workerStarted', this.#started);
    unsubscribe('heddle:workerEnded', this.#ended);
  }
}

test('process: a task that is tried again after its worker was killed has no result, or two', async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 3 });
  const storm = new Storm();
  try {
    const seen: number[] = [];
    const patient = pool.with({ retries });
    // Some at a time, so that workers are idle in between and die then.
    for (let from = 0; from < tasks; from += tasks / 10) {
      const futures = numbers.slice(from, from + tasks / 10).map((x) => patient.submit(work, x));
      for (const future of futures)
        future.addDoneCallback(() => {
          seen.push(0);
          storm.result();
        });
      const results = await Promise.all(futures);
      assert.deepEqual(
        results,
        numbers.slice(from, from + tasks / 10).map((x) => x * 2),
      );
      storm.strike();
    }
    assert.equal(seen.length, tasks, 'ends of tasks');
    assert.ok(storm.killed >= kills * 0.9, `${storm.killed} kills`);
    assert.equal(await pool.submit(work, 1), 2);
  } finally {
    storm.end();
    await pool.shutdown();
  }
  const { submitted, completed, failed, cancelled } = pool.statistics();
  assert.deepEqual({ submitted, completed, failed, cancelled }, { submitted: tasks + 1, completed: tasks + 1, failed: 0, cancelled: 0 });
});

test('process: an item of a map whose worker was killed is missing, or comes twice', async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 3 });
  const storm = new Storm();
  try {
    const seen: number[] = [];
    for await (const result of pool.map(work, numbers, { retries, chunkSize: 7 })) {
      seen.push(result);
      storm.result();
    }
    assert.deepEqual(
      seen,
      numbers.map((x) => x * 2),
    );
    assert.ok(storm.killed >= kills * 0.8, `${storm.killed} kills`);
  } finally {
    storm.end();
    await pool.shutdown();
  }
  const { submitted, completed, failed } = pool.statistics();
  assert.deepEqual({ submitted, completed, failed }, { submitted: tasks, completed: tasks, failed: 0 });
});

test('thread: a task that is tried again after its worker exited has no result, or two', async () => {
  const random = randomFrom(seed);
  // Which die is decided here; a further attempt of the same task finds it done.
  const fatal = new Set(Array.from({ length: kills }, () => Math.floor(random() * tasks)));
  const died = new Uint8Array(new SharedArrayBuffer(tasks));
  await using pool = new ThreadPoolExecutor({ maxWorkers: 3 });
  const patient = pool.with({ retries });
  const workOrDie = async (x: number, isFatal: boolean, ms: number): Promise<number> => {
    if (isFatal && Atomics.exchange(died, x, 1) === 0) {
      if (ms < 1) process.exit(3);
      setTimeout(() => process.exit(4), ms);
      await new Promise(() => {});
    }
    return work(x);
  };
  const results = await Promise.all(numbers.map((x) => patient.submit(workOrDie, x, fatal.has(x), Math.floor(random() * 4))));
  assert.deepEqual(
    results,
    numbers.map((x) => x * 2),
  );
  const mapped: number[] = [];
  const again = new Uint8Array(new SharedArrayBuffer(tasks));
  const exitOnce = (x: number): Promise<number> => {
    if (fatal.has(x) && Atomics.exchange(again, x, 1) === 0) process.exit(5);
    return work(x);
  };
  for await (const result of pool.map(exitOnce, numbers, { retries })) mapped.push(result);
  assert.deepEqual(mapped, results);
  await pool.shutdown();
  const { submitted, completed, failed, retried } = pool.statistics();
  assert.deepEqual({ submitted, completed, failed }, { submitted: 2 * tasks, completed: 2 * tasks, failed: 0 });
  assert.ok(retried >= 2 * fatal.size, `${retried} retried`);
});
