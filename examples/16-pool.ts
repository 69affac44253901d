/** A pool of two processes and ten tasks, called in every way: Python's tutorial of `multiprocessing.Pool`. */

import { CancelledError, Pool } from 'heddle';

const square = (n: number): number => {
  if (process.pid === parent) throw new Error('this must run in a worker');
  return n * n;
};
const parent = process.pid;
const ten = Array.from({ length: 10 }, (_, i) => i);

const pool = new Pool(2);

// All at once; the callback runs here, in the parent.
const seen: number[] = [];
const results = ten.map((n) => pool.applyAsync(square, [n], { callback: (x) => process.pid === parent && seen.push(x) }));
console.log('applyAsync', (await Promise.all(results.map((result) => result.get()))).join(' '));
console.log('callbacks ', seen.sort((a, b) => a - b).join(' '));

// One after another.
const applied: number[] = [];
for (const n of ten) applied.push(await pool.apply(square, [n]));
console.log('apply     ', applied.join(' '));

console.log('map       ', (await pool.map(square, ten)).join(' '));

// No new tasks; what it has is done.
const last = pool.applyAsync(square, [10]);
pool.close();
await pool.apply(square, [11]).catch((error: Error) => console.log('closed    ', error.name));
await pool.join();
console.log('joined    ', await last.get());

// Ends at once: waiting calls get an error.
const other = new Pool(1);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sleeping = ten.map(() => other.applyAsync(sleep, [60_000]));
await other.terminate();
const cancelled = (await Promise.allSettled(sleeping)).filter((end) => end.status === 'rejected' && end.reason instanceof CancelledError);
console.log('terminated', cancelled.length > 0 && sleeping.every((result) => !result.successful()));
