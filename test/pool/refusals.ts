/** A program that makes refusals of each family, every one in a function that is named after it, and prints their stacks as JSON. */

import { Event, Executor, Lock, Pool, Semaphore, ThreadPool, ThreadPoolExecutor, wait } from 'heddle';
import { Queue, Semaphore as Permits, spawn } from 'heddle/coroutine';

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const pool = new ThreadPool(1);
const closed = new ThreadPoolExecutor({ maxWorkers: 1 });
await closed.shutdown();
const weak: unknown = new WeakMap();
const deep = (levels: number): unknown => (levels === 0 ? weak : [deep(levels - 1)]);
const same = <T>(x: T): T => x;
const any = (value: unknown): any => value;

const refusals: readonly (() => unknown)[] = [
  function submitsWhatCannotCross() {
    return executor.submit(same, weak);
  },
  function submitsWhatIsDeep() {
    return executor.submit(same, deep(50));
  },
  function submitsNoFunction() {
    return executor.submit(any(5));
  },
  function submitsAfterShutdown() {
    return closed.submit(same, 1);
  },
  function mapsWithAWrongOption() {
    return executor.map(same, [1], any({ chunksize: 1 })).next();
  },
  function mapsAnItemThatCannotCross() {
    return executor.map(same, [weak]).next();
  },
  function streamsWhatCannotCross() {
    return executor.stream(any(same), weak).next();
  },
  function broadcastsWhatCannotCross() {
    return executor.broadcast(same, weak);
  },
  function appliesWhatCannotCross() {
    return pool.apply(same, [weak]);
  },
  function mapsInAPool() {
    return pool.map(same, [weak]);
  },
  function iteratesInAPool() {
    return pool.imap(same, any(5)).next();
  },
  function setsAWrongOption() {
    return executor.with(any({ timout: 1 }));
  },
  function makesAnExecutor() {
    return new ThreadPoolExecutor({ maxWorkers: 0 });
  },
  function makesAnAbstractOne() {
    return new (any(Executor))();
  },
  function makesAPool() {
    return new Pool(-1);
  },
  function waitsForNoFuture() {
    return wait([any(1)]);
  },
  function waitsForAWrongTime() {
    return executor.submit(same, 1).result(-1);
  },
  function addsNoCallback() {
    return executor.submit(same, 1).addDoneCallback(any(1));
  },
  function makesALock() {
    return new Lock(any(5));
  },
  function releasesALock() {
    return new Lock().release();
  },
  function acquiresForAWrongTime() {
    return new Lock().acquire(-1);
  },
  function makesASemaphore() {
    return new Semaphore(-1);
  },
  function waitsForAnEvent() {
    return new Event().wait(any('soon'));
  },
  function getsFromAnEmptyQueue() {
    return new Queue().getNowait();
  },
  function makesAQueue() {
    return new Queue(any('big'));
  },
  function makesPermits() {
    return new Permits(any(-1));
  },
  function spawnsNoFunction() {
    return spawn(any(5));
  },
];

const told: (readonly [name: string, stack: string])[] = [];
for (const refused of refusals)
  try {
    await refused();
    told.push([refused.name, 'not refused']);
  } catch (error) {
    told.push([refused.name, String((error as Error).stack)]);
  }
const failing = executor.submit(function fails() {
  throw new Error('as always');
});
const stack = await failing.catch((error: Error) => String(error.stack));
console.log(JSON.stringify({ told, stack }));
await executor.shutdown();
await pool.terminate();
