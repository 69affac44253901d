/** Objects that were sent to workers that end in every way, and then dropped, are no longer in the shared heap. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as heddle from 'heddle';
import { type Executor, type Lock, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { collect, features, heapStatistics, type SharedObject, Word } from 'heddle/lowlevel';
import { all } from './collect.ts';

const rounds = process.env['HEDDLE_LONG'] === undefined ? 60 : 10_000;
/** One worker of each pool dies once in this number of rounds. */
const deathEvery = 15;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

type Kind = new (...args: unknown[]) => SharedObject;
/** The required arguments of a constructor. */
const needed: Record<string, unknown[]> = { Barrier: [2], Value: ['i'], RawValue: ['d'], SharedArray: ['i', 5], RawArray: ['c', 5000] };
const base = Object.getPrototypeOf(Word) as abstract new () => SharedObject;
const exported: unknown[] = Object.values({ Word, ...heddle });
const classes = exported.filter(
  (one): one is Kind => typeof one === 'function' && one.prototype instanceof base && one !== heddle.Connection,
);
/** One of every kind, and both ends of a pipe. */
const one = (): SharedObject[] => [...classes.map((Class) => new Class(...(needed[Class.name] ?? []))), ...heddle.Pipe()];

/** A worker's use of them: takes what can be taken, keeps some for a while, makes some, returns some. */
function use(objects: SharedObject[], round: number): unknown {
  for (const object of objects) if (round % 2 === 0) (object as Partial<Lock>).tryAcquire?.();
  const kept = ((globalThis as { keptHandles?: unknown[] }).keptHandles ??= []);
  kept.push(objects[round % objects.length], new Word(round));
  if (kept.length > 20) kept.length = 0;
  if (round % 3 === 0) return [objects[0], new Word(round)];
  if (round % 7 === 0) throw Object.assign(new Error('with handles'), { objects });
  return round;
}

const end = { thread: () => process.exit(), process: () => process.kill(process.pid, 'SIGKILL') };

async function round(pool: Executor, kind: 'thread' | 'process', number: number): Promise<void> {
  const objects = one();
  const running: Promise<unknown>[] = [
    pool.submit(use, objects, number),
    pool.submit(() => use(objects, number)),
    all(pool.map((object) => use([object], number), objects, { chunkSize: 1 + (number % 3) })),
  ];
  if (number % deathEvery === 0) running.push(pool.submit(end[kind]), pool.submit(use, objects, number));
  if (number % 10 === 3) running.push(...[1, 2, 3].map(() => cancelled(pool.submit(use, objects, number))));
  await Promise.allSettled(running);
}

async function cancelled(future: { cancel(): boolean } & PromiseLike<unknown>): Promise<unknown> {
  future.cancel();
  return await future;
}

/** Bytes in use when all garbage is gone, here and in the workers that have ended. */
async function used(): Promise<number> {
  let least = Infinity;
  for (let same = 0; same < 5; ) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const now = heapStatistics().used;
    same = now < least ? 0 : same + 1;
    least = Math.min(least, now);
  }
  return least;
}

async function run(kind: 'thread' | 'process', count: number): Promise<void> {
  const pool =
    kind === 'thread' ? new ThreadPoolExecutor({ maxWorkers: 2, tasksPerWorker: 2 }) : new ProcessPoolExecutor({ maxWorkers: 2 });
  for (let number = 1; number <= count; number++) await round(pool, kind, number);
  // The last of them are ended in the middle of something.
  const late = [1, 2, 3, 4, 5, 6].map(() => pool.submit(use, one(), 1));
  const ended = pool.killWorkers();
  await Promise.allSettled([...late, ended]);
}

for (const kind of ['thread', 'process'] as const) {
  const skip = kind === 'process' ? (features().sharedHeap ?? false) : false;
  test(`${kind}: objects that were sent, to workers that live or die, and dropped, leave the heap`, { skip }, async () => {
    await run(kind, deathEvery);
    const before = await used();
    const { parcels } = heapStatistics();
    await run(kind, rounds);
    assert.equal(await used(), before);
    assert.deepEqual([heapStatistics().parcels, parcels], [0, 0]);
  });
}
